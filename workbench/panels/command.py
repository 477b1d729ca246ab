"""The Command page: what needs attention, where every project stands, what has happened."""

from __future__ import annotations

from typing import Any, ClassVar, Final

import panel_material_ui as pmu

from workbench import operator_services as ops
from workbench.enums import Mode, Platform, ProjectState, Role
from workbench.operator_services.types import ActivityEvent, AttentionMetrics, PipelineProject
from workbench.panels import safe
from workbench.panels.base import PageView, action, quietly
from workbench.panels.components.board import Board
from workbench.panels.components.feed import Feed
from workbench.panels.components.first_run import FirstRun
from workbench.panels.components.link_list import LinkList
from workbench.panels.components.metric_row import MetricRow
from workbench.panels.layout import split
from workbench.panels.long_work import GOES_ON_WHOLE, LongWork
from workbench.panels.new_project import NewProject
from workbench.panels.state import WorkbenchState
from workbench.services.progress import Asked, Tell

PAGE_OF_FEED: Final = 25
#: A refresh reads again what was loaded, up to here.
LONGEST_FEED: Final = 1_000
#: What the feed may be narrowed to: the contract's kind -> label.
KINDS: Final = {
    "": "Everything",
    "sent": "Sent",
    "trouble": "Failed or unknown",
    "replies": "Replies",
    "decisions": "Decisions",
    "searches": "Lead searches",
}

DEMO: Final = "Load the demo"

_ICONS: Final = {"attempt": "send", "contact": "reply", "discovery": "search", "audit": "edit"}
_TONED_ICONS: Final = {"error": "error", "warn": "warn"}

#: Where the list behind a number stands: page and filters. Two lists span projects and are shown in a dialog.
LISTS: Final[dict[str, tuple[str, dict[str, str]]]] = {
    "failed": ("control-tower", {"show": "failed", "range": "24h"}),
    "unknown": ("control-tower", {"show": "unknown"}),
    "overdue": ("control-tower", {"show": "queue", "due": "overdue"}),
    "missed": ("control-tower", {"show": "queue", "status": "MISSED"}),
    "gateways": ("control-tower", {"show": "gateways"}),
    "success": ("control-tower", {"show": "timeline"}),
    "leads": ("leads", {}),
    "intent": ("leads", {"intent": "high"}),
}


def attention_cards(metrics: AttentionMetrics) -> list[dict[str, str]]:
    """The cards of the metric row, those that ask for something first."""
    success = metrics["execution_success"]
    other = metrics["other_mode_attempts"]
    elsewhere = f"{other:,} in the other mode are apart" if other else "last 7 days"

    def card(key: str, label: str, value: int, detail: str, tone: str, icon: str) -> dict[str, str]:
        calm = tone if value else "calm"
        return {"key": key, "label": label, "value": f"{value:,}", "detail": detail, "tone": calm, "icon": icon}

    return [
        card(
            "approvals",
            "Waiting for approval",
            metrics["approvals_pending"],
            "strategies and creatives",
            "warn",
            "approval",
        ),
        card("failed", "Failed", metrics["failed_last_24h"], "last 24 hours", "error", "error"),
        card("unknown", "Unknown outcome", metrics["unknown_outcomes"], "sent or not? decide", "error", "help"),
        card("overdue", "Overdue", metrics["overdue"], "due for 5 minutes or more", "warn", "clock"),
        card("missed", "Missed", metrics["missed"], "too old: wait for a person", "warn", "warn"),
        card("gateways", "Gateways down", metrics["gateways_down"], "at the last probe", "error", "cloud"),
        card("stale", "Stale creatives", metrics["stale_creatives"], "strategy has changed", "warn", "sparkle"),
        {
            "key": "success",
            "label": "Sent successfully",
            "value": "–" if success is None else f"{success:.1%}",
            "detail": "nothing tried yet" if success is None else elsewhere,
            "tone": "calm" if success is None else "ok" if success >= 0.95 else "warn",
            "icon": "check",
        },
        card("intent", "High intent", metrics["high_intent"], "replied or qualified", "ok", "star"),
        card("leads", "Leads", metrics["leads"], "in all campaigns", "info", "people"),
    ]


def board_card(project: PipelineProject) -> dict[str, Any]:
    """One project as a card of the board."""
    chips = [{"text": Platform(name).label, "tone": ""} for name in project["platforms"]]

    def chip(text: str, tone: str, wanted: object = True) -> None:
        if wanted:
            chips.append({"text": text, "tone": tone})

    chip("Paused", "warn", project["paused"])
    chip("Needs approval", "error", project["strategy_status"] == "DRAFT" and project["state"] != "DONE")
    chip("Strategy rejected", "warn", project["strategy_status"] == "REJECTED")
    chip(f"{project['creatives_unknown']} unknown", "error", project["creatives_unknown"])
    chip(f"{project['creatives_failed']} failed", "error", project["creatives_failed"])
    working = project["state"] in (ProjectState.CREATIVE, ProjectState.EXECUTION)
    chip(f"{project['creatives_draft']} to approve", "warn", working and project["creatives_draft"])
    chip(f"{project['creatives_scheduled']} scheduled", "info", project["creatives_scheduled"])
    if project["state"] == ProjectState.INTAKE:
        note = "Brief is complete" if project["clarity"] >= 100 else f"Brief {project['clarity']}% complete"
    else:
        note = f"{project['lead_count']:,} leads · {project['outreach_count']:,} sent"
    upcoming = project["next_scheduled"]
    return {
        "id": project["id"],
        "name": project["name"],
        "client": project["client"],
        "state": project["state"],
        "chips": chips,
        "note": note,
        "next": upcoming.isoformat() if upcoming else None,
    }


def feed_entry(event: ActivityEvent) -> dict[str, Any]:
    """One event as an entry of the feed."""
    return {
        "id": f"{event['source']}-{event['source_id']}",
        "time": event["time"].isoformat(),
        "event": event["event"],
        "detail": event["detail"],
        "tone": {"info": "accent"}.get(event["tone"], event["tone"]),
        "icon": _TONED_ICONS.get(event["tone"]) or _ICONS.get(event["source"], "info"),
        "project_id": event["project_id"],
    }


# Read and shaped once for all who look at the same.


def _read_board(db: Any) -> list[dict[str, Any]]:
    return [board_card(project) for project in ops.get_projects_pipeline(db)]


def _read_attention(db: Any, project_id: int | None) -> list[dict[str, str]]:
    return attention_cards(ops.get_attention_metrics(db, project_id=project_id))


def _read_feed(
    db: Any, limit: int, project_id: int | None, before: str | None, kind: str | None
) -> tuple[list[ActivityEvent], list[dict[str, Any]]]:
    events = ops.get_activity_feed(db, limit, project_id=project_id, before=before, kind=kind)
    return events, [feed_entry(event) for event in events]


def demo_refusal(state: WorkbenchState) -> str:
    """Why this person may not load the demo here; empty when they may."""
    if state.mode == Mode.LIVE:
        return "This installation is live and takes no demo data."
    return "" if state.may(Role.ADMIN) else "Loading the demo needs the role admin."


def whose(project: PipelineProject) -> str:
    """Client and name, as a list of several clients' projects shows them."""
    return f"{project['client']} / {project['name']}" if project["client"] else project["name"]


def creatives(number: int) -> str:
    """How many creatives, in words."""
    return "1 creative" if number == 1 else f"{number:,} creatives"


def waiting_links(projects: list[PipelineProject]) -> list[dict[str, Any]]:
    """What waits for an approval, project by project."""
    links: list[dict[str, Any]] = []
    for project in projects:
        text = whose(project)
        if project["strategy_status"] == "DRAFT":
            links.append({"text": text, "detail": "Strategy", "page": "war-room", "project": project["id"]})
        if project["creatives_draft"]:
            detail = creatives(project["creatives_draft"])
            links.append({"text": text, "detail": detail, "page": "gallery", "project": project["id"]})
    return links


class Command(PageView):
    """Attention, board and feed. The chosen project narrows the numbers and the feed."""

    key: ClassVar[str] = "command"

    def __init__(self, state: WorkbenchState, **params: Any) -> None:
        super().__init__(state, **params)
        self.metrics = MetricRow(on_open=self._open_list)
        self.board = Board(
            columns=[{"key": one.value, "label": one.value.capitalize()} for one in ProjectState],
            on_open=self._open_project,
            on_move=self._move,
            on_add=self._click_new,
        )
        self.feed = Feed(
            kinds=[{"key": key, "label": label} for key, label in KINDS.items()],
            on_more=self._load_more,
            on_open=self._open_event,
            on_kind=self._click_kind,
        )
        self.first_run = FirstRun(visible=False, on_choose=self._choose_first)
        self.new_project = NewProject(self)
        self.loading = LongWork(state, DEMO, closing=GOES_ON_WHOLE)
        self.main = split(self.board, self.feed)
        self.body[:] = [self.metrics, self.first_run, self.main]
        self._events: list[ActivityEvent] = []
        self._feed_of: tuple[int | None, str] = (None, "")

    def _update(self) -> None:
        state = self.state
        zone = state.host.settings.timezone
        cards = state.read(_read_board)
        may_write = state.may(Role.OPERATOR)
        why_not = demo_refusal(state)
        self.first_run.put(visible=not cards, may_write=may_write, may_load=not why_not, why_not=why_not)
        for part in (self.metrics, self.main):
            part.visible = bool(cards)
        self.metrics.put(cards=state.read(_read_attention, state.project_id))
        self.board.put(cards=cards, movable=may_write, may_add=may_write, zone=zone)
        kind = state.filters.get("kind", "")
        asked = state.project_id, kind if kind in KINDS else ""
        shown = len(self._events) if asked == self._feed_of else 0
        self._feed_of = asked
        self._events = self._read_feed(max(PAGE_OF_FEED, min(shown, LONGEST_FEED)))
        project = state.project()
        self.feed.put(
            heading=f"Activity of {project['name']}" if project else "Activity",
            zone=zone,
            kind=asked[1],
            empty="Nothing of this kind has happened yet." if asked[1] else "Nothing has happened yet.",
        )

    def _read_feed(self, limit: int, before: str | None = None) -> list[ActivityEvent]:
        project_id, kind = self._feed_of
        events, entries = self.state.read(_read_feed, limit, project_id, before, kind or None)
        more = len(events) == limit
        if before:
            events, entries = [*self._events, *events], [*self.feed.events, *entries]
        self.feed.put(events=entries, more=more)
        return events

    @quietly
    def _load_more(self) -> None:
        with self.state.lock:
            if self._events:
                self._events = self._read_feed(PAGE_OF_FEED, self._events[-1]["cursor"])

    def _click_kind(self, kind: str) -> None:
        if self.shown and kind in KINDS:
            self.state.go(**{**self.state.filters, "kind": kind})

    def _open_event(self, id: str) -> None:
        event = next((one for one in self._events if f"{one['source']}-{one['source_id']}" == id), None)
        if event is None or event["project_id"] is None:
            return
        page = {"attempt": "control-tower", "contact": "leads"}.get(event["source"], "war-room")
        self.state.go(page, project_id=event["project_id"])

    def _open_project(self, id: int) -> None:
        self.state.go("war-room", project_id=id)

    @action
    def _move(self, id: int, state: str) -> None:
        moved = False
        try:
            self.state.call(ops.move_project, id, state)
            moved = True
        finally:
            if not moved:
                self.board.refuse(id)

    def _click_new(self) -> None:
        self.new_project.open()

    def _choose_first(self, what: str) -> None:
        if what == "project":
            self.new_project.open()
        elif what == "leads":
            self.state.go("leads")
        elif what == "demo" and self.loading.running:
            self._show_loading()
        elif what == "demo" and not demo_refusal(self.state):
            self.open_dialog(
                DEMO,
                safe.text(
                    "Eight projects with 40 campaigns, 5,000 invented people and 90 days of activity are written into "
                    "this database. It takes some seconds, and it cannot be taken back: a database that holds the "
                    "demo can never go live. For real work open another one, with WORKBENCH_DATA_DIR."
                ),
                self.buttons(pmu.Button(label="Load the demo", on_click=self._click_load)),
                closes_on_click=True,
            )

    @action
    def _click_load(self, *_: Any) -> None:
        def run(tell: Tell, cancelled: Asked) -> bool:
            return self.state.call(ops.load_demo, progress=tell, cancelled=cancelled)

        self.first_run.progress = "Loading the demo…"
        self.loading.start(
            run, self._demo_loaded, show=self._show_loading, words="Inventing people…", failed=self._demo_ended
        )

    def _show_loading(self) -> None:
        self._loading = self.open_dialog(DEMO, self.loading.part, closes_on_click=True)

    def _demo_ended(self) -> None:
        self.first_run.progress = ""
        self._loading.open = False

    def _demo_loaded(self, loaded: bool) -> None:
        self._demo_ended()
        if loaded:
            self.state.tell("The demo is loaded. Choose a project in the header, or open a card of the board.")
        else:
            self.state.tell("There are projects already, so nothing was loaded.", "warn")

    @action
    def _open_list(self, key: str) -> None:
        if key in LISTS:
            page, filters = LISTS[key]
            self.state.go(page, **filters)
            return
        projects = self.state.call(ops.get_projects_pipeline)
        if key == "approvals":
            self._show_links("Waiting for approval", waiting_links(projects), {"gallery": {"status": "DRAFT"}})
        elif key == "stale":
            stale = {
                row["id"]: self.state.call(ops.count_creatives, row["id"], stale=True)
                for row in projects
                if row["creatives"]
            }
            links = [
                {"text": whose(row), "detail": creatives(number), "page": "gallery", "project": row["id"]}
                for row in projects
                if (number := stale.get(row["id"], 0))
            ]
            self._show_links("Stale creatives", links, {"gallery": {"stale": "yes"}})

    def _show_links(self, title: str, links: list[dict[str, Any]], filters: dict[str, dict[str, str]]) -> None:
        mine = [link for link in links if self.state.project_id in (None, link["project"])]

        def follow(page: str, project: int) -> None:
            self.close_dialog()
            self.state.go(page, project_id=project, **filters.get(page, {}))

        shown = LinkList(links=mine, on_follow=follow) if mine else safe.text("Nothing: all is decided.", kind="note")
        self.open_dialog(title, shown, closes_on_click=True)

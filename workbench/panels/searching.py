"""What the palette finds and does: projects, creatives and leads by their words, and commands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from workbench import operator_services as ops
from workbench.enums import Role
from workbench.errors import WorkbenchError
from workbench.operator_services.types import SearchHit
from workbench.panels import address
from workbench.panels.base import UNEXPECTED, StateView
from workbench.panels.components.palette import Palette
from workbench.panels.new_project import NewProject
from workbench.panels.state import PAGES, WorkbenchState

#: Hits of each kind.
MOST: Final = 5

#: Views that are gone to by name: command -> title, what else it is called, page, filters.
VIEWS: Final[dict[str, tuple[str, str, str, dict[str, str]]]] = {
    "failed": ("What failed", "errors, retry", "control-tower", {"show": "failed"}),
    "unknown": ("Unknown outcomes", "sent or not, reconcile", "control-tower", {"show": "unknown"}),
    "queue": ("The queue as a list", "scheduled, why not running", "control-tower", {"show": "queue", "view": "list"}),
    "calendar": ("The calendar", "schedule, month, week", "control-tower", {"show": "queue", "view": "month"}),
    "gateways": ("Gateways", "probe, down, accounts", "control-tower", {"show": "gateways"}),
    "audit": ("The audit log", "who did what", "control-tower", {"show": "audit"}),
    "intent": ("Leads of high intent", "replied, qualified", "leads", {"intent": "high"}),
}


def place(hit: SearchHit) -> tuple[str, dict[str, str]]:
    """The page and filters that show a hit; its project goes with it."""
    if hit["kind"] == "lead":
        return "leads", {"lead": str(hit["id"])}
    if hit["kind"] == "creative":
        return "gallery", {"q": hit["title"]}
    return "war-room", {}


def commands(state: WorkbenchState) -> list[dict[str, str]]:
    """What this person may be offered to do now: id, title, detail, icon and href of each."""

    def link(page: str, filters: dict[str, str]) -> str:
        return address.write(page, state.project_id, filters, dark=state.dark)

    def command(id: str, title: str, detail: str, icon: str, href: str = "") -> dict[str, str]:
        return {"id": id, "title": title, "detail": detail, "icon": icon, "href": href}

    found = [command(f"page:{key}", label, "Go to the page", "arrow", link(key, {})) for key, label in PAGES.items()]
    if state.paused and state.may(Role.APPROVER):
        found.append(command("pause", "Resume sending…", "See what would go out first", "play"))
    elif not state.paused and state.may(Role.OPERATOR):
        found.append(command("pause", "Pause everything…", "Stop all sending", "pause"))
    if state.may(Role.OPERATOR):
        found.append(command("project", "New project…", "Write a brief", "add"))
    found += [
        command(f"view:{key}", title, detail, "arrow", link(page, filters))
        for key, (title, detail, page, filters) in VIEWS.items()
    ]
    if state.project_id is not None:
        found.append(command("all", "All projects", "Show every project", "campaign"))
    found.append(command("theme", "Light theme" if state.dark else "Dark theme", "Switch the colours", "star"))
    return found


class Searching(StateView):
    """The palette of one session. ``pause()`` and ``theme()`` are what others do for it."""

    def __init__(
        self,
        state: WorkbenchState,
        *,
        pause: Callable[[], object],
        theme: Callable[[], object],
        **params: Any,
    ) -> None:
        super().__init__(state, **params)
        self._pause, self._theme = pause, theme
        self.palette = Palette(on_search=self._search, on_choose=self._choose)
        self.new_project = NewProject(self)
        self._newest = 0
        self._hits: dict[tuple[str, str], SearchHit] = {}
        state.param.watch(self._show_commands, ["pause", "project_id", "dark"])
        self._show_commands()

    def _show_commands(self, *_: Any) -> None:
        self.palette.commands = commands(self.state)

    def _search(self, number: int, text: str) -> None:
        self._newest = max(self._newest, number)
        if number < self._newest:
            return  # more has been typed while this waited for its turn
        try:
            hits = self.state.call(ops.search, text, limit=MOST)
        except WorkbenchError as error:
            self.palette.answer(number, [], error.message)
            return
        except Exception:
            self.palette.answer(number, [], UNEXPECTED)
            raise
        if number < self._newest:
            return  # or a hit of the newer answer could not be opened
        self._hits = {(hit["kind"], str(hit["id"])): hit for hit in hits}
        self.palette.answer(number, [self._line(hit) for hit in hits])

    def _line(self, hit: SearchHit) -> dict[str, str]:
        page, filters = place(hit)
        where = "" if hit["kind"] == "project" else hit["project"]
        return {
            "kind": hit["kind"],
            "id": str(hit["id"]),
            "title": hit["title"],
            "detail": " · ".join(part for part in (hit["detail"], where) if part),
            "href": address.write(page, hit["project_id"], filters, dark=self.state.dark),
        }

    def _choose(self, kind: str, id: str) -> None:
        if kind == "command":
            self._do(id)
        elif (hit := self._hits.get((kind, id))) is not None:
            page, filters = place(hit)
            self.state.go(page, project_id=hit["project_id"], **filters)

    def _do(self, id: str) -> None:
        what, _, key = id.partition(":")
        if what == "page" and key in PAGES:
            self.state.go(key)
        elif what == "view" and key in VIEWS:
            _, _, page, filters = VIEWS[key]
            self.state.go(page, **filters)
        elif what == "pause":
            self._pause()
        elif what == "project":
            self.new_project.open()
        elif what == "all":
            self.state.go(project_id=None, **self.state.filters)
        elif what == "theme":
            self._theme()

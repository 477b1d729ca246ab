"""The Leads page: who may be written to, who answered, and everything known about one of them."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Any, ClassVar, Final

import panel as pn
import panel_material_ui as pmu

from workbench import operator_services as ops
from workbench.enums import LeadSource, LeadStatus, Role
from workbench.operator_services.types import LeadRow
from workbench.panels import safe
from workbench.panels.address import page_of
from workbench.panels.base import PageView, action
from workbench.panels.components.search_field import SearchField
from workbench.panels.components.tab_bar import TabBar
from workbench.panels.components.table import Table
from workbench.panels.layout import bar
from workbench.panels.lead_bulk import AT_ONCE, LeadBulk
from workbench.panels.lead_campaigns import LeadCampaigns
from workbench.panels.lead_discovery import LeadDiscovery
from workbench.panels.lead_history import LeadHistoryView
from workbench.panels.lead_import import LeadImport
from workbench.panels.lead_lists import Replies, Suppressed
from workbench.panels.lead_words import CONSENT_WORDS, SOURCE_WORDS, consent_chips, status_chip, word
from workbench.panels.state import WorkbenchState
from workbench.panels.tools import STACK, tool

PAGE_SIZE: Final = 50
MOST_CHOSEN: Final = 1_000_000

VIEWS: Final = {"people": "People", "replies": "Replies", "suppressed": "Suppressed"}

COLUMNS: Final = [
    {"key": "who", "label": "Name", "kind": "open", "sort": "name", "sub": "title"},
    {"key": "company", "label": "Company", "sort": "company"},
    {"key": "email", "label": "E-mail", "sort": "email"},
    {"key": "status", "label": "Status", "kind": "chip", "sort": "status"},
    {"key": "consent", "label": "Consent", "kind": "chip", "sort": "consent_status"},
    {"key": "campaign", "label": "Campaign", "sub": "tags"},
    {"key": "last_contacted_at", "label": "Last contact", "kind": "time", "sort": "last_contacted_at"},
]
_SORTS: Final = frozenset({column["sort"] for column in COLUMNS if "sort" in column})


def lead_line(lead: LeadRow) -> dict[str, Any]:
    """One lead as a row of the table."""
    at = lead["last_contacted_at"]
    return {
        "id": lead["id"],
        "who": lead["name"] or lead["first_name"] or lead["email"] or f"Lead {lead['id']}",
        "title": lead["title"],
        "company": lead["company"],
        "email": lead["email"],
        "status": status_chip(lead["status"]),
        "consent": consent_chips(lead["consent_status"], lead["suppressed"]),
        "campaign": lead["campaign"],
        "tags": ", ".join(lead["tags"] or ()),
        "last_contacted_at": at.isoformat() if at else None,
    }


def order_of(value: str) -> tuple[str, bool]:
    """What the address says of the order: ``name``, or ``-name`` for descending. Newest first without. Pure."""
    by = value.removeprefix("-")
    return (by, value.startswith("-")) if by in _SORTS else ("id", True)


class Leads(PageView):
    """Import, filters, the table, and what is done with those selected. The chosen project narrows it."""

    key: ClassVar[str] = "leads"

    def __init__(self, state: WorkbenchState, **params: Any) -> None:
        super().__init__(state, **params)
        #: The time zone that times are shown in: the chosen project's.
        self.zone = state.host.settings.timezone
        self.importing = LeadImport(self)
        self.finding = LeadDiscovery(self)
        self.history = LeadHistoryView(self)
        self.bulk = LeadBulk(self)
        self.campaigns = LeadCampaigns(self)
        self.replies = Replies(self)
        self.suppressed = Suppressed(self)
        self.views = TabBar(
            tabs=[{"key": key, "label": label} for key, label in VIEWS.items()],
            active="people",
            label="Views of the leads",
            sizing_mode=None,
            width=310,
            on_choose=self._click_view,
        )
        self._build_filters()
        may_write = state.may(Role.OPERATOR)
        self.import_button = pmu.Button(
            label="Import leads",
            icon="upload",
            disabled=not may_write,
            on_click=lambda *_: self.importing.open(),
            **tool(),
        )
        self.find_button = pmu.Button(label="Find people…", variant="outlined", on_click=self._click_find, **tool())
        self.campaigns_button = pmu.Button(
            label="Campaigns…", variant="outlined", disabled=not may_write, on_click=self._click_campaigns, **tool()
        )
        self.change = pmu.Button(label="Change…", variant="outlined", on_click=self._click_change, **tool())
        self.export = pmu.Button(
            label="Export…", variant="outlined", disabled=not may_write, on_click=self._click_export, **tool()
        )
        self.select_all = pmu.Button(label="Select all", variant="text", on_click=self._click_select_all, **tool())
        #: Who is to be changed or exported: as many as there are, so the browser is told of those it shows.
        self.chosen_ids: Sequence[int] = ()
        self.chosen = bar(self.change, self.select_all, visible=False)
        self.narrowed = bar(
            safe.text(
                "Only those who replied, are qualified, or wrote within 14 days.",
                kind="note",
                sizing_mode=None,
                align="center",
            ),
            pmu.Button(label="Show all", variant="text", on_click=self._click_show_all, **tool()),
            visible=False,
        )
        self.table = Table(
            label="Leads",
            columns=COLUMNS,
            selectable=may_write,
            page_size=PAGE_SIZE,
            sorted_by="id",
            descending=True,
            on_open=self._click_open,
            on_choose=self._choose,
            on_sort=self._click_sort,
            on_turn=self._click_turn,
            on_unfilter=self._click_unfilter,
        )
        self.people = pn.Column(
            bar(*self._filters().values()),
            self.narrowed,
            self.chosen,
            self.table,
            sizing_mode="stretch_width",
            margin=0,
            stylesheets=[STACK],
        )
        buttons = (self.export, self.campaigns_button, self.find_button, self.import_button)
        self.body[:] = [bar(self.views, pn.layout.HSpacer(), *buttons), self.people]

    def _build_filters(self) -> None:
        def select(label: str, options: dict[str, str], width: int) -> pmu.Select:
            return pmu.Select(label=label, options={"All": "", **options}, **tool(width))

        self.search = SearchField(
            placeholder="Name, company or address", lock=self.state.lock, again=self.refresh, width=240
        )
        self.status = select("Status", {word(one): one.value for one in LeadStatus}, 140)
        self.consent = select("Consent", {text: key for key, text in CONSENT_WORDS.items()}, 150)
        self.address = select("Address", {"Suppressed": "suppressed", "Not suppressed": "free"}, 140)
        self.source = select("Source", {SOURCE_WORDS[one.value]: one.value for one in LeadSource}, 120)
        self.campaign = select("Campaign", {}, 200)
        self.tag = pmu.TextInput(label="Tag", **tool(110))
        for name, widget in self._filters().items():
            widget.param.watch(lambda event, name=name: self._click_filter(name, event.new), "value")

    def _filters(self) -> dict[str, Any]:
        return {
            "q": self.search,
            "status": self.status,
            "consent": self.consent,
            "address": self.address,
            "source": self.source,
            "campaign": self.campaign,
            "tag": self.tag,
        }

    def _update(self) -> None:
        project = self.state.project_id
        if project is not None:
            self.zone = self.state.read(ops.get_project_context, project)["timezone"]
        else:
            self.zone = self.state.host.settings.timezone
        view = self.state.filters.get("view", "people")
        view = view if view in VIEWS else "people"
        self.views.active = view
        shown = {"people": self.people, "replies": self.replies.body, "suppressed": self.suppressed.body}[view]
        if self.body[1] is not shown:
            self.body[1] = shown
        {"people": self._update_people, "replies": self.replies.update, "suppressed": self.suppressed.update}[view]()
        self.finding.update()
        self.history.follow()

    def _on_state(self, *events: Any) -> None:
        # Who opens or closes a person's history looks at the same list.
        if self.shown and not self._behind and len(events) == 1 and events[0].name == "filters":
            before, after = ({**filters, "lead": ""} for filters in (events[0].old, events[0].new))
            if before == after:
                with self.state.lock:
                    self.history.follow()
                return
        super()._on_state(*events)

    def _update_people(self) -> None:
        state = self.state
        campaigns = state.read(ops.list_campaigns, state.project_id)
        names = {
            f"{row['name']}{'' if row['active'] else ' (stopped)'} · {row['lead_count']:,}": str(row["id"])
            for row in campaigns
        }
        self.campaign.options = {"All": "", **names}
        for name, widget in self._filters().items():
            value = state.filters.get(name, "")
            if widget.value != value and value in getattr(widget, "values", [value]):
                widget.value = value
        which, asked = self.which(), self.search.newest
        self.narrowed.visible = which["high_intent"]
        total = state.read(ops.count_leads, **which)
        sorted_by, descending = order_of(state.filters.get("sort", ""))
        page = min(page_of(state.filters.get("p", "")), max(1, -(-total // PAGE_SIZE)))
        rows = state.read(
            ops.list_leads, **which, sort=sorted_by, descending=descending, page=page, page_size=PAGE_SIZE
        )
        if self.search.newest != asked:
            return  # more was typed meanwhile, and is looked for next
        filtered = any(state.filters.get(name) for name in (*self._filters(), "intent"))
        self.table.put(
            rows=[lead_line(row) for row in rows],
            total=total,
            page=page,
            sorted_by=sorted_by,
            descending=descending,
            empty="No lead fits these filters." if filtered else "No leads yet. Import a CSV file to begin.",
            filtered=filtered,
            zone=self.zone,
        )
        if self.table.selected_total:
            self.table.selected = [row["id"] for row in rows]
        self._show_chosen()

    def which(self) -> dict[str, Any]:
        """The filters as the contract takes them."""
        filters = self.state.filters
        campaign = filters.get("campaign", "")
        address = filters.get("address", "")
        return {
            "project_id": self.state.project_id,
            "campaign_id": int(campaign) if campaign in self.campaign.values and campaign else None,
            "status": filters.get("status") or None,
            "consent": filters.get("consent") or None,
            "source": filters.get("source") or None,
            "tag": filters.get("tag") or None,
            "suppressed": {"suppressed": True, "free": False}.get(address),
            "search": filters.get("q") or None,
            "high_intent": filters.get("intent") == "high",
        }

    @action
    def _click_view(self, key: str) -> None:
        self.state.go(view="" if key == "people" else key)

    @action
    def _click_find(self, *_: Any) -> None:
        self.finding.open()

    @action
    def _click_campaigns(self, *_: Any) -> None:
        self.campaigns.open()

    def _go(self, **changes: str) -> None:
        """This view with some of its filters changed, from its first page unless that is one of them."""
        self.state.go(**{**self.state.filters, "p": "", **changes})

    def _click_filter(self, name: str, value: str) -> None:
        if self.shown and self.state.filters.get(name, "") != (value or ""):
            self._choose([])
            self._go(**{name: value or ""})

    def _click_unfilter(self) -> None:
        self._choose([])
        self._go(intent="", **dict.fromkeys(self._filters(), ""))

    def _click_show_all(self, *_: Any) -> None:
        self._go(intent="")

    def _click_sort(self, by: str) -> None:
        if by not in _SORTS:
            return
        again = by == self.table.sorted_by
        self._go(sort=f"{'-' if again and not self.table.descending else ''}{by}")

    def _click_turn(self, page: int) -> None:
        self._go(p=str(page) if page > 1 else "")

    def _choose(self, ids: list[Any]) -> None:
        self.chosen_ids = [one for one in ids if isinstance(one, int) and not isinstance(one, bool)]
        self.table.param.update(selected=self.chosen_ids, selected_total=0)
        self._show_chosen()

    def _show_chosen(self) -> None:
        number, total = len(self.chosen_ids), self.table.total
        self.chosen.visible = bool(number)
        self.change.label = f"Change {number:,}…"
        self.select_all.visible = len(self.table.rows) <= number < total
        self.select_all.label = f"Select all {total:,} that match"

    @action
    def _click_select_all(self, *_: Any) -> None:
        ids = self.state.call(ops.find_lead_ids, **self.which(), most=MOST_CHOSEN)
        if len(ids) <= AT_ONCE:
            self._choose(ids)
            return
        self.chosen_ids = array("i", ids)
        self.table.param.update(selected=[row["id"] for row in self.table.rows], selected_total=len(ids))
        self._show_chosen()

    @action
    def _click_open(self, id: int) -> None:
        self.history.show(id)

    @action
    def _click_change(self, *_: Any) -> None:
        self.bulk.open(self.chosen_ids)

    def _click_export(self, *_: Any) -> None:
        self.bulk.open_export(self.chosen_ids)

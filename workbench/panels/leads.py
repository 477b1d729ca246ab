"""The Leads page: who may be written to, who answered, and everything known about one of them."""

from __future__ import annotations

from typing import Any, ClassVar, Final

import panel as pn
import panel_material_ui as pmu

from workbench import operator_services as ops
from workbench.enums import Consent, LeadStatus, Role
from workbench.operator_services.types import LeadRow
from workbench.panels import safe
from workbench.panels.base import PageView, action
from workbench.panels.components.table import Table
from workbench.panels.layout import bar
from workbench.panels.lead_discovery import LeadDiscovery
from workbench.panels.lead_history import LeadHistoryView
from workbench.panels.lead_import import LeadImport
from workbench.panels.new_project import typed
from workbench.panels.state import WorkbenchState
from workbench.panels.tools import number, number_input, tool

PAGE_SIZE: Final = 50

COLUMNS: Final = [
    {"key": "who", "label": "Name", "kind": "open", "sort": "name", "sub": "title"},
    {"key": "company", "label": "Company", "sort": "company"},
    {"key": "email", "label": "E-mail", "sort": "email"},
    {"key": "status", "label": "Status", "kind": "chip", "sort": "status"},
    {"key": "consent", "label": "Consent", "kind": "chip"},
    {"key": "campaign", "label": "Campaign"},
    {"key": "last_contacted_at", "label": "Last contact", "kind": "time", "sort": "last_contacted_at"},
]

CONSENT_WORDS: Final = {
    Consent.UNKNOWN.value: "Not asked",
    Consent.CONSENTED.value: "Consented",
    Consent.DNC.value: "Do not contact",
}
_STATUS_TONES: Final = {"REPLIED": "ok", "QUALIFIED": "ok", "LOST": "", "MANUAL_REVIEW": "warn", "CONTACTED": "info"}
_CONSENT_TONES: Final = {"CONSENTED": "ok", "DNC": "error"}


def word(state: str) -> str:
    """A state as a person would write it."""
    return state.replace("_", " ").capitalize()


def lead_line(lead: LeadRow) -> dict[str, Any]:
    """One lead as a row of the table."""
    consent = [{"text": CONSENT_WORDS[lead["consent_status"]], "tone": _CONSENT_TONES.get(lead["consent_status"], "")}]
    if lead["suppressed"]:
        consent.append({"text": "Suppressed", "tone": "error", "title": "Nothing is sent to this address."})
    at = lead["last_contacted_at"]
    return {
        "id": lead["id"],
        "who": lead["name"] or lead["first_name"] or lead["email"] or f"Lead {lead['id']}",
        "title": lead["title"],
        "company": lead["company"],
        "email": lead["email"],
        "status": {"text": word(lead["status"]), "tone": _STATUS_TONES.get(lead["status"], "")},
        "consent": consent,
        "campaign": lead["campaign"],
        "last_contacted_at": at.isoformat() if at else None,
    }


class Leads(PageView):
    """Import, filters, the table, and what is done with those selected. The chosen project narrows it."""

    key: ClassVar[str] = "leads"

    def __init__(self, state: WorkbenchState, **params: Any) -> None:
        super().__init__(state, **params)
        self.importing = LeadImport(self)
        self.finding = LeadDiscovery(self)
        self.history = LeadHistoryView(self)
        self.search = pmu.TextInput(label="Search", placeholder="Name, company or address", **tool(240))
        self.status = pmu.Select(
            label="Status", options={"All": "", **{word(one): one.value for one in LeadStatus}}, **tool(150)
        )
        self.consent = pmu.Select(
            label="Consent",
            options={"All": "", **{text: key for key, text in CONSENT_WORDS.items()}},
            **tool(160),
        )
        self.campaign = pmu.Select(label="Campaign", options={"All": ""}, **tool(220))
        for name, widget in self._filters().items():
            widget.param.watch(lambda event, name=name: self._click_filter(name, event.new), "value")
        may_write = state.may(Role.OPERATOR)
        self.set_consent = pmu.Button(
            label="Set consent…", variant="outlined", disabled=True, on_click=self._click_consent, **tool()
        )
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
        )
        self.body[:] = [
            bar(
                *self._filters().values(),
                pn.layout.HSpacer(),
                self.set_consent,
                self.campaigns_button,
                self.find_button,
                self.import_button,
            ),
            self.narrowed,
            self.table,
        ]

    def _filters(self) -> dict[str, Any]:
        return {"q": self.search, "status": self.status, "consent": self.consent, "campaign": self.campaign}

    def _update(self) -> None:
        state = self.state
        campaigns = state.call(ops.list_campaigns, state.project_id)
        names = {
            f"{row['name']}{'' if row['active'] else ' (stopped)'} · {row['lead_count']:,}": str(row["id"])
            for row in campaigns
        }
        wanted = {name: state.filters.get(name, "") for name in self._filters()}
        if wanted["campaign"] not in names.values():
            wanted["campaign"] = ""
        self.campaign.options = {"All": "", **names}
        for name, widget in self._filters().items():
            if widget.value != wanted[name] and wanted[name] in getattr(widget, "values", [wanted[name]]):
                widget.value = wanted[name]
        chosen: dict[str, Any] = {
            "project_id": state.project_id,
            "campaign_id": int(wanted["campaign"]) if wanted["campaign"] else None,
            "status": wanted["status"] or None,
            "consent": wanted["consent"] or None,
            "search": wanted["q"] or None,
            "high_intent": state.filters.get("intent") == "high",
        }
        self.narrowed.visible = chosen["high_intent"]
        total = state.call(ops.count_leads, **chosen)
        page = max(1, min(int(self.table.page), -(-total // PAGE_SIZE)))
        rows = state.call(
            ops.list_leads,
            **chosen,
            sort=self.table.sorted_by,
            descending=self.table.descending,
            page=page,
            page_size=PAGE_SIZE,
        )
        empty = (
            "No lead fits these filters."
            if any(state.filters.values())
            else "No leads yet. Import a CSV file to begin."
        )
        zone = state.host.settings.timezone
        self.table.param.update(rows=[lead_line(row) for row in rows], total=total, page=page, empty=empty, zone=zone)

        self.finding.update()

    @action
    def _click_find(self, *_: Any) -> None:
        self.finding.open()

    def _click_filter(self, name: str, value: str) -> None:
        if self.shown and self.state.filters.get(name, "") != (value or ""):
            self.table.page = 1
            self.state.go(**{**self.state.filters, name: value or ""})

    def _click_show_all(self, *_: Any) -> None:
        self.table.page = 1
        self.state.go(**{name: value for name, value in self.state.filters.items() if name != "intent"})

    def _click_sort(self, by: str) -> None:
        if by not in {column.get("sort") for column in COLUMNS}:
            return
        again = by == self.table.sorted_by
        self.table.param.update(sorted_by=by, descending=again and not self.table.descending, page=1)
        self.refresh()

    def _click_turn(self, page: int) -> None:
        self.table.page = max(1, page)
        self.refresh()

    def _choose(self, ids: list[Any]) -> None:
        self.table.selected = [one for one in ids if isinstance(one, int) and not isinstance(one, bool)]
        self.set_consent.disabled = not self.table.selected

    @action
    def _click_open(self, id: int) -> None:
        self.history.open(id)

    def _click_consent(self, *_: Any) -> None:
        self.consent_choice = pmu.RadioBoxGroup(
            options={text: key for key, text in CONSENT_WORDS.items()}, value=Consent.DNC.value
        )
        self.reason = pmu.TextInput(label="Reason (needed to take “Do not contact” back)", sizing_mode="stretch_width")
        self.open_dialog(
            f"Consent of {len(self.table.selected):,} leads",
            safe.text("Somebody who must not be contacted is mailed from no project.", kind="note"),
            self.consent_choice,
            self.reason,
            self.buttons(pmu.Button(label="Set consent", on_click=self._click_set_consent)),
        )

    @action
    def _click_set_consent(self, *_: Any) -> None:
        ids = list(self.table.selected)
        result = self.state.call(ops.set_consent, ids, self.consent_choice.value, reason=typed(self.reason) or None)
        self.close_dialog()
        self._choose([])
        refused = [outcome["reason"] for outcome in result["outcomes"] if not outcome["ok"]]
        batch = result["batch_id"]
        undo = (lambda: self.state.call(ops.undo_batch, batch)) if batch else None
        if refused:
            self.state.tell(f"{result['done']} set, {len(refused)} not: {refused[0]}", "warn", undo=undo)
        else:
            self.state.tell(
                f"Consent of {result['done']:,} leads is {CONSENT_WORDS[self.consent_choice.value].lower()}.", undo=undo
            )

    @action
    def _click_campaigns(self, *_: Any) -> None:
        if self.state.project_id is None:
            self.state.fail("Choose a project in the header first: campaigns belong to a project.")
            return
        self.campaign_name = pmu.TextInput(label="Name of a new campaign", max_length=200, sizing_mode="stretch_width")
        self.daily = number_input("Most e-mails a day (empty: no limit)")
        self.campaign_table = Table(
            label="Campaigns",
            columns=[
                {"key": "name", "label": "Campaign"},
                {"key": "leads", "label": "Leads", "kind": "number"},
                {"key": "state", "label": "State", "kind": "chip"},
            ],
            actions=[{"key": "stop", "label": "Stop", "tone": "error"}, {"key": "start", "label": "Let go out"}],
            on_act=self._click_switch,
            empty="No campaign yet.",
        )
        self._show_campaigns()
        self.open_dialog(
            "Campaigns",
            self.campaign_table,
            self.campaign_name,
            self.daily,
            self.buttons(pmu.Button(label="Add campaign", on_click=self._click_add_campaign)),
            width="md",
        )

    def _show_campaigns(self) -> None:
        rows = self.state.call(ops.list_campaigns, self.state.project_id)
        self.campaign_table.param.update(
            rows=[
                {
                    "id": row["id"],
                    "name": row["name"],
                    "leads": row["lead_count"],
                    "state": {"text": "Active", "tone": "ok"} if row["active"] else {"text": "Stopped", "tone": "warn"},
                    "actions": ["stop"] if row["active"] else ["start"],
                }
                for row in rows
            ],
            total=len(rows),
        )

    @action
    def _click_switch(self, key: str, id: int) -> None:
        self.state.call(ops.set_campaign_active, id, key == "start", "switched on the Leads page")
        self._show_campaigns()

    @action
    def _click_add_campaign(self, *_: Any) -> None:
        if self.state.project_id is None:
            return
        made = self.state.call(
            ops.create_campaign, self.state.project_id, typed(self.campaign_name), max_emails_per_day=number(self.daily)
        )
        self.campaign_name.value = ""
        self._show_campaigns()
        self.state.tell(f"The campaign {made['name']} was made.")

"""The dialog that finds people at Apollo: say whom, look at the first of them, start; below, how far each search is."""

from __future__ import annotations

from typing import Any, Final

import panel as pn
import panel_material_ui as pmu

from workbench import operator_services as ops
from workbench.enums import Role
from workbench.errors import InputError
from workbench.operator_services.discovery import COMPANY_SIZES, SEARCH_FIELDS, SENIORITIES
from workbench.operator_services.types import DiscoveryPreview, DiscoveryRow
from workbench.panels import safe
from workbench.panels.base import StateView, action
from workbench.panels.components.table import Table
from workbench.panels.new_project import typed
from workbench.panels.tools import lined_up, number, number_input

#: Written one a line, since a place has commas of its own.
LINES: Final = {
    "titles": "COO\nHead of Operations",
    "locations": "Berlin, Germany\nAustria",
    "company_locations": "Germany",
}
PAID_HELP: Final = (
    "Apollo's search names no e-mail addresses. Each address that is asked for may cost one of your Apollo credits; "
    "never more are asked for than you say here. Whoever comes after that is kept without an address. People this "
    "campaign has an address of cost nothing."
)
_TONES: Final = {"QUEUED": "info", "RUNNING": "info", "DONE": "ok", "FAILED": "error", "CANCELLED": "warn"}
_OPEN: Final = ("PENDING", "QUEUED", "RUNNING")

COLUMNS: Final = [
    {"key": "name", "label": "Search", "sub": "campaign"},
    {"key": "state", "label": "State", "kind": "chip"},
    {"key": "progress", "label": "Looked at"},
    {"key": "result", "label": "What became of them", "sub": "why"},
]


class LeadDiscovery:
    """One dialog: the form where Apollo is configured, and the searches there are."""

    def __init__(self, page: StateView) -> None:
        self.page = page
        self.state = page.state
        self.searches: Table | None = None
        self.dialog: pmu.Dialog | None = None

    def open(self) -> None:
        """Show the dialog, with nothing looked for yet."""
        apollo = self.state.call(ops.get_gateway_status)["apollo"]
        parts = self._form() if apollo["status"] != "unconfigured" else [_unconfigured(apollo["detail"])]
        self.searches = Table(
            label="Searches",
            columns=COLUMNS,
            actions=[{"key": "cancel", "label": "Cancel", "tone": "error"}] if self._may else [],
            on_act=self._click_cancel,
            page_size=50,
            empty="No search yet.",
        )
        heading = safe.text("Searches", kind="heading")
        self.dialog = self.page.open_dialog("Find people", *lined_up(*parts, heading, self.searches), width="md")
        self.update()

    def update(self) -> None:
        """Read again how far the searches are, while the dialog is open."""
        if self.searches is None or self.dialog is None or not self.dialog.open:
            return
        rows = self.state.call(ops.list_discoveries, self.state.project_id)
        self.searches.param.update(rows=[search_line(row, may=self._may) for row in rows], total=len(rows))

    @property
    def _may(self) -> bool:
        return self.state.may(Role.OPERATOR)

    def _form(self) -> list[Any]:
        campaigns = self.state.call(ops.list_campaigns, self.state.project_id)
        if not campaigns:
            return [safe.text("Make a campaign first (Campaigns…): people found become leads of one.", kind="note")]
        if not self._may:
            return [safe.text("Searching needs the role operator. Ask an administrator.", kind="note")]
        wide = {"sizing_mode": "stretch_width"}
        self.campaign = pmu.Select(label="Campaign", options={row["name"]: str(row["id"]) for row in campaigns}, **wide)
        self.lines = {
            name: pmu.TextAreaInput(
                label=f"{SEARCH_FIELDS[name]}, one a line",
                placeholder=example,
                rows=2,
                max_rows=6,
                auto_grow=True,
                **wide,
            )
            for name, example in LINES.items()
        }
        self.seniorities = pmu.MultiChoice(
            label=SEARCH_FIELDS["seniorities"], options={word: key for key, word in SENIORITIES.items()}, **wide
        )
        self.sizes = pmu.MultiChoice(label=SEARCH_FIELDS["company_sizes"], options=list(COMPANY_SIZES), **wide)
        self.keywords = pmu.TextInput(label=SEARCH_FIELDS["keywords"], placeholder="logistics", **wide)
        self.people = number_input("How many people at most", 100)
        self.paid = number_input("How many addresses to ask for at most (Apollo credits)", 0)
        self.found = pn.Column(**wide)
        look = pmu.Button(label="Look", variant="outlined", on_click=self._click_look)
        asked = lined_up(
            self.campaign,
            *self.lines.values(),
            self.seniorities,
            self.sizes,
            self.keywords,
            self.people,
            self.paid,
            safe.text(PAID_HELP, kind="note"),
            self.page.buttons(look),
        )
        self.form = pn.Column(*asked, margin=(0, 0), **wide)
        return [self.form, self.found]

    def _criteria(self) -> dict[str, Any]:
        lines = {name: typed(widget).splitlines() for name, widget in self.lines.items()}
        chosen = {"seniorities": list(self.seniorities.value or []), "company_sizes": list(self.sizes.value or [])}
        return {**lines, **chosen, "keywords": typed(self.keywords)}

    @action
    def _click_look(self, *_: Any) -> None:
        self._show(self.state.call(ops.preview_discovery, int(self.campaign.value), self._criteria()))

    def _show(self, preview: DiscoveryPreview) -> None:
        """How many there are and the first of them, in the form's place; only now there is something to start."""
        total = preview["total"]
        many = "Apollo does not say how many people fit." if total is None else f"{total:,} people fit."
        rows = [
            {
                "id": number,
                "name": person["name"],
                "title": person["title"],
                "company": person["company"],
                "known": {"text": "In this campaign", "tone": "info"} if person["known"] else None,
            }
            for number, person in enumerate(preview["people"], 1)
        ]
        table = Table(
            label="The first people found",
            columns=[
                {"key": "name", "label": "Name"},
                {"key": "title", "label": "Job title"},
                {"key": "company", "label": "Company"},
                {"key": "known", "label": "", "kind": "chip"},
            ],
            rows=rows,
            total=len(rows),
            page_size=max(1, len(rows)),
            empty="Nobody. Ask for less: fewer words, a larger place.",
        )
        start = pmu.Button(label="Start the search", disabled=not rows, on_click=self._click_start)
        row = pn.Row(pn.layout.HSpacer(), self._back("Change the search"), start, sizing_mode="stretch_width")
        self.found[:] = [safe.text(f"{many} The first {len(rows)}:" if rows else many, kind="note"), table, row]
        self.form.visible = False

    def _back(self, label: str) -> pmu.Button:
        return pmu.Button(label=label, variant="outlined", on_click=self._click_back)

    def _click_back(self, *_: Any) -> None:
        self.found[:] = []
        self.form.visible = True

    @action
    def _click_start(self, *_: Any) -> None:
        people = number(self.people)
        if people is None:
            raise InputError("How many people at most? Write a number such as 100.")
        made = self.state.call(
            ops.start_discovery,
            int(self.campaign.value),
            self._criteria(),
            max_people=people,
            max_credits=number(self.paid) or 0,
        )
        self.found[:] = [self._back("Another search")]
        self.update()
        self.state.tell(f"The search {made['name']} was started. It goes on when this is closed.")

    @action
    def _click_cancel(self, key: str, id: int) -> None:
        row = self.state.call(ops.cancel_discovery, id, "cancelled on the Leads page")
        self.update()
        self.state.tell(f"The search was cancelled. {row['added']:,} people it added stay.")


def search_line(row: DiscoveryRow, *, may: bool) -> dict[str, Any]:
    """One search as a row of the table."""
    most = row["max_people"] if row["found"] is None else min(row["max_people"], row["found"])
    told = [
        f"{row[key]:,} {word}"  # type: ignore[literal-required]
        for key, word in (("added", "new"), ("merged", "merged"), ("unchanged", "known"), ("rejected", "rejected"))
        if row[key]  # type: ignore[literal-required]
    ]
    if row["without_email"]:
        told.append(f"{row['without_email']:,} without an address")
    if row["credits_used"]:
        told.append(f"{row['credits_used']:,} of {row['max_credits']:,} credits")
    reasons = [f"{one['count']:,} rejected: {one['reason']}" for one in row["rejections"]]
    failed = row["error"] if row["status"] == "FAILED" else None
    return {
        "id": row["id"],
        "name": row["name"],
        "campaign": row["campaign"],
        "state": {"text": row["status"].lower(), "tone": _TONES.get(row["status"], "")},
        "progress": f"{row['seen']:,} of {most:,}" if row["max_people"] else "",
        "result": ", ".join(told),
        "why": " ".join(part for part in (row["why"], failed, *reasons) if part),
        "actions": ["cancel"] if may and row["status"] in _OPEN else [],
    }


def _unconfigured(detail: str) -> Any:
    return safe.text(f"People cannot be searched for yet: Apollo is not configured. {detail}", kind="note")

"""Two more views of the Leads page: what people wrote to us, and the addresses nothing is sent to."""

from __future__ import annotations

from typing import Any, ClassVar, Final

import panel as pn
import panel_material_ui as pmu

from workbench import operator_services as ops
from workbench.enums import Role
from workbench.errors import InputError
from workbench.panels import safe
from workbench.panels.address import page_of
from workbench.panels.base import action
from workbench.panels.components.search_field import SearchField
from workbench.panels.components.table import Table
from workbench.panels.layout import bar
from workbench.panels.lead_words import REASON_WORDS, status_chip, word
from workbench.panels.new_project import typed
from workbench.panels.tools import STACK, lined_up, tool

PAGE_SIZE: Final = 50


class _List:
    """A searched, paged table over the page; its search stands in the address as ``q``, its page as ``p``."""

    label: ClassVar[str]
    placeholder: ClassVar[str]
    columns: ClassVar[list[dict[str, str]]]
    empty: ClassVar[str]

    def __init__(self, page: Any) -> None:
        self.page = page
        self.state = page.state
        self.search = SearchField(placeholder=self.placeholder, lock=self.state.lock, again=page.refresh, width=260)
        self.search.param.watch(self._click_search, "value")
        self.table = Table(
            label=self.label,
            columns=self.columns,
            page_size=PAGE_SIZE,
            empty=self.empty,
            on_open=self._click_open,
            on_turn=self._click_turn,
            on_act=self._click_act,
            on_unfilter=lambda: self.state.go(**{**self.state.filters, "p": "", "q": ""}),
        )
        top = bar(self.search, *self._tools())
        self.body = pn.Column(top, self.table, sizing_mode="stretch_width", margin=0, stylesheets=[STACK])

    def _tools(self) -> list[Any]:
        return []

    def update(self) -> None:
        """Read the page of the list that the address names."""
        words = self.state.filters.get("q", "")
        if self.search.value != words:
            self.search.value = words
        page = page_of(self.state.filters.get("p", ""))
        asked = self.search.newest
        lines, total = self._read(words or None, page)
        if self.search.newest != asked:
            return  # more was typed meanwhile, and is looked for next
        empty = "Nothing fits this search." if words else self.empty
        self.table.put(rows=lines, total=total, page=page, zone=self.page.zone, empty=empty, filtered=bool(words))

    def _read(self, search: str | None, page: int) -> tuple[list[dict[str, Any]], int]:
        raise NotImplementedError

    def _click_search(self, event: Any) -> None:
        if self.page.shown and self.state.filters.get("q", "") != (event.new or ""):
            self.state.go(**{**self.state.filters, "p": "", "q": event.new or ""})

    def _click_turn(self, page: int) -> None:
        self.state.go(**{**self.state.filters, "p": str(page) if page > 1 else ""})

    def _click_open(self, id: int) -> None:
        """A row was opened: those of some lists can be."""

    def _click_act(self, key: str, id: int) -> None:
        """A row's button was clicked: those of some lists have one."""


class Replies(_List):
    """What people wrote to us, newest first."""

    label = "Replies"
    placeholder = "What was said, or who said it"
    empty = "Nobody has answered yet. Record a reply in a person's history."
    columns: ClassVar[list[dict[str, str]]] = [
        {"key": "at", "label": "When", "kind": "time"},
        {"key": "who", "label": "Who", "kind": "open", "sub": "company"},
        {"key": "what", "label": "What", "kind": "chip"},
        {"key": "said", "label": "What was said"},
        {"key": "status", "label": "Status now", "kind": "chip"},
        {"key": "campaign", "label": "Campaign"},
    ]

    def _read(self, search: str | None, page: int) -> tuple[list[dict[str, Any]], int]:
        rows = self.state.call(
            ops.list_replies, project_id=self.state.project_id, search=search, page=page, page_size=PAGE_SIZE
        )
        # How many there are in all is not counted; whether there is another page is seen by looking.
        full = len(rows) == PAGE_SIZE
        more = full and bool(
            self.state.call(
                ops.list_replies,
                project_id=self.state.project_id,
                search=search,
                page=page * PAGE_SIZE + 1,
                page_size=1,
            )
        )
        self._leads = {row["id"]: row["lead_id"] for row in rows}
        lines = [
            {
                "id": row["id"],
                "at": row["event_at"].isoformat(),
                "who": row["name"] or row["email"] or f"Lead {row['lead_id']}",
                "company": row["company"],
                "what": {
                    "text": word(row["event_type"]),
                    "tone": "warn" if row["event_type"] == "unsubscribe" else "ok",
                },
                "said": row["summary"],
                "status": status_chip(row["status"]),
                "campaign": row["campaign"],
            }
            for row in rows
        ]
        return lines, (page - 1) * PAGE_SIZE + len(rows) + more

    @action
    def _click_open(self, id: int) -> None:
        if id in self._leads:
            self.page.history.show(self._leads[id])


class Suppressed(_List):
    """The addresses nothing is sent to, in any project."""

    label = "Suppressed addresses"
    placeholder = "A part of the address"
    empty = "No address is suppressed. Who unsubscribes, or whose mailbox refuses for good, comes here by itself."
    columns: ClassVar[list[dict[str, str]]] = [
        {"key": "address", "label": "Address"},
        {"key": "reason", "label": "Why", "kind": "chip"},
        {"key": "source", "label": "By"},
        {"key": "at", "label": "Since", "kind": "time"},
    ]

    def _tools(self) -> list[Any]:
        may = self.state.may(Role.OPERATOR)
        self.add = pmu.Button(
            label="Suppress addresses…", variant="outlined", disabled=not may, on_click=self._click_add, **tool()
        )
        if self.state.may(Role.APPROVER):
            self.table.actions = [{"key": "lift", "label": "Allow again…"}]
        return [pn.layout.HSpacer(), self.add]

    def _read(self, search: str | None, page: int) -> tuple[list[dict[str, Any]], int]:
        rows = self.state.call(ops.list_suppressions, search=search, page=page, page_size=PAGE_SIZE)
        self._addresses = {row["id"]: row["address"] for row in rows}
        lines = [
            {
                "id": row["id"],
                "address": row["address"] or "Somebody who was erased",
                "reason": {"text": REASON_WORDS.get(row["reason"], row["reason"]), "tone": ""},
                "source": row["source"],
                "at": row["created_at"].isoformat(),
                "actions": ["lift"] if row["address"] else [],
            }
            for row in rows
        ]
        return lines, self.state.call(ops.count_suppressions, search=search)

    @action
    def _click_add(self, *_: Any) -> None:
        wide: dict[str, Any] = {"sizing_mode": "stretch_width"}
        self.addresses = pmu.TextAreaInput(
            label="Addresses, one a line", rows=5, max_rows=12, auto_grow=True, max_length=1_000_000, **wide
        )
        self.file = pn.widgets.FileInput(accept=".csv,.tsv,.txt", multiple=False, **wide)
        kinds = {text: key for key, text in REASON_WORDS.items() if key != "operator"}
        self.kind = pmu.Select(label="Why", options={**kinds, "Another reason": ""}, value="", **wide)
        self.reason = pmu.TextInput(label="Which, without naming anybody (kept for good)", max_length=500, **wide)
        self.kind.param.watch(lambda event: setattr(self.reason, "visible", event.new == ""), "value")
        self.page.open_dialog(
            "Suppress addresses",
            *lined_up(
                safe.text("Nothing is sent to them any more, in any project.", kind="note"),
                self.addresses,
                safe.text("Or a file: a list of addresses, or a CSV file with an e-mail column.", kind="note"),
                self.file,
                self.kind,
                self.reason,
                self.page.buttons(pmu.Button(label="Suppress", on_click=self._click_suppress)),
            ),
        )

    @action
    def _click_suppress(self, *_: Any) -> None:
        data = self.file.value or typed(self.addresses)
        if not data:
            raise InputError("Write at least one address, or choose a file.")
        result = self.state.call(ops.import_suppressions, data, self.kind.value or typed(self.reason))
        self.page.close_dialog()
        told = f"{result['added']:,} suppressed, {result['already']:,} were already."
        if result["rejected_count"]:
            first = result["rejected"][0]
            said = f"{told} {result['rejected_count']:,} rows are no address; the first is row {first['row']}."
            self.state.tell(said, "warn")
        else:
            self.state.tell(told)

    @action
    def _click_act(self, key: str, id: int) -> None:
        self.lifted = self._addresses.get(id) or ""
        self.why = pmu.TextInput(label="Why may it be written to again?", max_length=500, sizing_mode="stretch_width")
        self.page.open_dialog(
            "Allow this address again",
            safe.text(f"{self.lifted}. Leads that are “do not contact” stay so."),
            self.why,
            self.page.buttons(pmu.Button(label="Allow again", on_click=self._click_allow)),
        )

    @action
    def _click_allow(self, *_: Any) -> None:
        lifted = self.state.call(ops.lift_suppression, self.lifted, typed(self.why))
        self.page.close_dialog()
        self.state.tell("It may be written to again." if lifted else "It was not suppressed any more.")

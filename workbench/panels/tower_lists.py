"""The lists of the Control Tower: the queue, what failed, what is unknown, the timeline, the audit log."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any, Final
from zoneinfo import ZoneInfo

import panel as pn
import panel_material_ui as pmu

from workbench import operator_services as ops
from workbench.clock import now
from workbench.enums import AttemptStatus, Role
from workbench.panels import safe
from workbench.panels.base import StateView, action, quietly
from workbench.panels.components.download import Download
from workbench.panels.components.table import Table
from workbench.panels.layout import Later, bar, unfold
from workbench.panels.queue_dialogs import QueueDialogs
from workbench.panels.settling import SettleDialog
from workbench.panels.tools import STACK, tool
from workbench.panels.tower_filters import OF_LIST, narrowing, page_of
from workbench.panels.tower_lines import (
    ATTEMPT_COLUMNS,
    AUDIT_COLUMNS,
    QUEUE_COLUMNS,
    attempt_line,
    audit_line,
    queue_line,
)

ROWS: Final = 100
#: The pages that a list without a count can be turned to.
_FURTHEST: Final = 90
LABELS: Final = {
    "queue": "Schedule",
    "failed": "Failed",
    "unknown": "Unknown",
    "timeline": "Timeline",
    "audit": "Audit log",
}
_DECISIONS: Final = {
    "failed": [{"key": "retry", "label": "Retry"}],
    "unknown": [
        {"key": "sent", "label": "It was sent"},
        {"key": "not_sent", "label": "It was not sent", "tone": "error"},
    ],
}


class TowerLists:
    """``view`` is shown below the tabs; ``go(**filters)`` opens the same list with other filters."""

    def __init__(self, page: StateView, dialogs: QueueDialogs, go: Callable[..., None]) -> None:
        self.state = page.state
        self.dialogs = dialogs
        self._go = go
        self.listed = "queue"
        self._of = ""
        self.settle = SettleDialog(page, self._unselect)
        self.table = Table(
            page_size=ROWS, on_act=self._act, on_choose=self._choose, on_turn=self._turn, on_unfilter=self._go_all
        )
        self.note = safe.text("", kind="note", sizing_mode=None, align="center")
        self.show_all = pmu.Button(label="Show all", variant="text", on_click=lambda *_: self._go_all(), **tool())
        self.many = {
            "retry": pmu.Button(label="Retry…", on_click=self._decide("retry"), **tool()),
            "sent": pmu.Button(label="They were sent…", on_click=self._decide("sent"), **tool()),
            "not_sent": pmu.Button(
                label="They were not sent…", color="error", on_click=self._decide("not_sent"), **tool()
            ),
        }
        self.newest = pmu.Button(
            label="Newest", variant="outlined", on_click=lambda *_: self._go(n="", before=""), **tool()
        )
        self.older = pmu.Button(label="Older", variant="outlined", on_click=self._click_older, **tool())
        self.export = Download(filename="audit-log.csv", write=self.audit_csv, sizing_mode=None, align="center")
        self._tools = (self.note, self.show_all, *self.many.values(), self.newest, self.older, self.export)
        for one in self._tools:
            one.visible = False
        self.bar = bar()
        stacked: dict[str, Any] = {"sizing_mode": "stretch_width", "margin": 0, "stylesheets": [STACK]}
        self.view = Later(lambda: pn.Column(self.bar, self.table, **stacked))

    def show(self, listed: str, zone: str) -> None:
        """Read and show the list called ``listed``, as the address narrows it."""
        state, self.listed = self.state, listed
        # Turning a page keeps what is ticked; another list, project or filter does not.
        where = f"{listed} {state.project_id} { {name: value for name, value in state.filters.items() if name != 'n'} }"
        if where != self._of:
            self._of = where
            self.table.selected = []
        asked = narrowing(state.filters, OF_LIST[listed], now(), ZoneInfo(zone))
        readers = {"queue": self._queue, "timeline": self._timeline, "audit": self._audit}
        shown = readers.get(listed, self._attempts)(asked)
        filtered = any(asked.values())
        if filtered:
            shown["empty"] = "Nothing fits these filters."
        self.table.put(
            label=LABELS[listed],
            zone=zone,
            filtered=filtered,
            selectable=state.may(Role.APPROVER) and listed in _DECISIONS,
            **{"actions": [], "page": 1, **shown},
        )
        self._show_tools()

    def hide(self) -> None:
        """Show nothing: another view is on the screen."""
        self.view.reveal(False)

    def _show_tools(self) -> None:
        table, listed = self.table, self.listed
        due = self.state.filters.get("due", "") if listed == "queue" else ""
        chosen = len(table.selected)
        words = ["Only what is overdue."] if due == "overdue" else []
        offered = {one["key"] for one in _DECISIONS.get(listed, [])} if table.selectable else set()
        for key, button in self.many.items():
            button.param.update(visible=key in offered, disabled=chosen == 0)
        if offered and not chosen and table.rows:
            words.append("Tick several to settle them in one step.")
        paged = listed in ("timeline", "audit")
        self.newest.visible = paged and bool(self.state.filters.get("n") or self.state.filters.get("before"))
        self.older.visible = paged and self._more
        self.export.visible = listed == "audit"
        self.show_all.visible = bool(due)
        self.note.param.update(object=safe.text_html(" ".join(words), "note"), visible=bool(words))
        self.bar.visible = any(one.visible for one in self._tools)
        unfold(self.bar, self._tools)
        self.view.reveal()

    # Reading

    def _queue(self, asked: dict[str, Any]) -> dict[str, Any]:
        state = self.state
        asked["overdue"] = state.filters.get("due") == "overdue"
        page, total = self._page(state.call(ops.count_queue, state.project_id, **asked))
        items = state.call(ops.get_queue, state.project_id, limit=ROWS, page=page, next_first=True, **asked)
        actions = [
            {"key": "move", "label": "Reschedule"},
            {"key": "retry", "label": "Retry"},
            {"key": "cancel", "label": "Cancel", "tone": "error"},
        ]
        return {
            "rows": [queue_line(item) for item in items],
            "columns": QUEUE_COLUMNS,
            "empty": "Nothing is scheduled. Approve and schedule in the Gallery.",
            "actions": actions if state.may(Role.APPROVER) else [],
            "page": page,
            "total": total,
        }

    def _attempts(self, asked: dict[str, Any]) -> dict[str, Any]:
        state, failed = self.state, self.listed == "failed"
        status = AttemptStatus.FAILED if failed else AttemptStatus.UNKNOWN
        page, total = self._page(state.call(ops.count_open_attempts, status.value, state.project_id, **asked))
        read = ops.list_failed_attempts if failed else ops.list_unknown_attempts
        rows = state.call(read, state.project_id, limit=ROWS, page=page, **asked)
        decisions = _DECISIONS[self.listed]
        offered = [one["key"] for one in decisions]
        return {
            "rows": [attempt_line(row, actions=offered if row["queue_id"] else []) for row in rows],
            "columns": ATTEMPT_COLUMNS,
            "empty": "Nothing failed." if failed else "No outcome is unknown.",
            "actions": decisions if state.may(Role.APPROVER) else [],
            "page": page,
            "total": total,
        }

    def _timeline(self, asked: dict[str, Any]) -> dict[str, Any]:
        page = min(page_of(self.state.filters), _FURTHEST)
        wanted = page * ROWS + 1
        rows = self.state.call(ops.get_execution_timeline, self.state.project_id, wanted, **asked)
        self._more = len(rows) == wanted and page < _FURTHEST
        shown = rows[(page - 1) * ROWS : page * ROWS]
        lines = [attempt_line(row) | {"id": number} for number, row in enumerate(shown, 1)]
        empty = "Nothing is planned and nothing was sent yet."
        return {"rows": lines, "columns": ATTEMPT_COLUMNS, "empty": empty, "total": len(lines)}

    def _audit(self, asked: dict[str, Any]) -> dict[str, Any]:
        state = self.state
        text = state.filters.get("before", "")
        before = int(text) if text.isascii() and text.isdigit() and 0 < int(text) < 2**31 else None
        rows = state.call(ops.get_audit_log, project_id=state.project_id, limit=ROWS + 1, before=before, **asked)
        self._more = len(rows) > ROWS
        lines = [audit_line(row) for row in rows[:ROWS]]
        empty = "Nothing has been done here yet."
        return {"rows": lines, "columns": AUDIT_COLUMNS, "empty": empty, "total": len(lines)}

    def _page(self, total: int) -> tuple[int, int]:
        self._more = False
        return min(page_of(self.state.filters), max(1, -(-total // ROWS))), total

    @action
    def audit_csv(self) -> str:
        """All events that the filters leave, as the text of a CSV file."""
        state = self.state
        asked = narrowing(state.filters, OF_LIST["audit"], now(), ZoneInfo(self.table.zone))
        written = io.StringIO(newline="")
        state.call(ops.export_audit_log, to=written, project_id=state.project_id, **asked)
        return written.getvalue()

    # Clicking

    def _go_all(self) -> None:
        self._go(due="", n="", before="", **dict.fromkeys(OF_LIST[self.listed], ""))

    def _turn(self, page: int) -> None:
        self._go(n=str(page) if page > 1 else "")

    def _click_newest(self, *_: Any) -> None:
        self._go(n="", before="")

    @quietly
    def _click_older(self, *_: Any) -> None:
        if self.listed == "timeline":
            self._go(n=str(page_of(self.state.filters) + 1))
        elif self.table.rows:
            self._go(before=str(self.table.rows[-1]["id"]))

    def _choose(self, ids: list[Any]) -> None:
        self.table.selected = [one for one in ids if isinstance(one, int) and not isinstance(one, bool)]
        self._show_tools()

    def _unselect(self) -> None:
        self.table.selected = []

    def _decide(self, decision: str) -> Callable[..., None]:
        return lambda *_: self._open(decision, list(self.table.selected))

    @quietly
    def _open(self, decision: str, ids: list[int]) -> None:
        if ids:
            self.settle.open(decision, ids)

    @quietly
    def _act(self, key: str, id: int) -> None:
        if self.listed == "queue" and key in ("move", "retry", "cancel"):
            self.dialogs.open(key, id)
        elif self.listed == "failed" and key == "retry":
            self.settle.open(key, [id])
        elif self.listed == "unknown" and key == "sent":
            self.dialogs.open_reconcile(id, "sent")
        elif self.listed == "unknown" and key == "not_sent":
            self.dialogs.open_reconcile(id, "not_sent")

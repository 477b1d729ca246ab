"""The Control Tower page: what is planned, what went out, what did not and why, and through which gateways."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar, Final

import panel as pn
import panel_material_ui as pmu

from workbench import operator_services as ops
from workbench.clock import now
from workbench.enums import Platform, Role
from workbench.operator_services.types import GatewayStatus
from workbench.panels import safe
from workbench.panels.base import PageView, action, quietly
from workbench.panels.calendar import Calendar, view_of
from workbench.panels.components.gateways import Gateways
from workbench.panels.components.tab_bar import TabBar
from workbench.panels.components.table import Table
from workbench.panels.layout import bar, split
from workbench.panels.pausing import PauseSwitch, gateway_scope
from workbench.panels.queue_dialogs import QueueDialogs
from workbench.panels.state import WorkbenchState
from workbench.panels.tools import STACK, tool
from workbench.panels.tower_charts import USUAL, TowerCharts
from workbench.panels.tower_lines import (
    ATTEMPT_COLUMNS,
    AUDIT_COLUMNS,
    QUEUE_COLUMNS,
    attempt_line,
    audit_line,
    gateway_entry,
    in_order,
    queue_line,
    worker_line,
)

MOST_ROWS: Final = 200
OVERDUE_AFTER: Final = timedelta(minutes=5)

#: Key in the address -> label of the view.
VIEWS: Final = {
    "queue": "Schedule",
    "failed": "Failed",
    "unknown": "Unknown",
    "timeline": "Timeline",
    "charts": "Charts",
    "audit": "Audit log",
}


class ControlTower(PageView):
    """Lists and charts on the left by what is asked; gateways and workers beside them."""

    key: ClassVar[str] = "control-tower"

    def __init__(self, state: WorkbenchState, **params: Any) -> None:
        super().__init__(state, **params)
        self.views = TabBar(
            tabs=[{"key": key, "label": label} for key, label in VIEWS.items()],
            active="queue",
            label="Lists of the Control Tower",
            on_choose=self._click_view,
        )
        self.platform = pmu.Select(
            label="Platform", options={"All": "", **{one.label: one.value for one in Platform}}, **tool(130)
        )
        self.platform.param.watch(lambda event: self._click_filter("platform", event.new), "value")
        self.note = safe.text("", kind="note", sizing_mode=None, align="center")
        self.show_all = pmu.Button(label="Show all", variant="text", on_click=self._click_show_all, **tool())
        self.narrowed = bar(self.note, self.show_all, visible=False)
        self.table = Table(page_size=MOST_ROWS, on_act=self._act)
        self.gateways = Gateways(on_probe=self._click_probe, on_switch=self._click_switch)
        self.workers = Table(
            label="Workers",
            columns=[
                {"key": "name", "label": "Worker", "sub": "doing"},
                {"key": "state", "label": "State", "kind": "chip"},
                {"key": "beat", "label": "Last heartbeat", "kind": "time"},
            ],
            empty="No worker has ever run. Start one: workbench worker",
        )
        self.charts = TowerCharts(state, visible=False)
        self.charts.range.param.watch(self._click_days, "value")
        self.dialogs = QueueDialogs(self)
        self.pausing = PauseSwitch(state)
        self.calendar = Calendar(self, self.dialogs)
        state.param.watch(self._on_loading, "loading")
        state.param.watch(self._on_pulse, "pulse")
        stacked: dict[str, Any] = {"sizing_mode": "stretch_width", "margin": 0, "stylesheets": [STACK]}
        head = bar(
            pn.Column(self.views, min_width=280, sizing_mode="stretch_width", margin=0),
            self.platform,
            self.charts.range,
        )
        main = pn.Column(head, self.calendar.grid, self.narrowed, self.table, self.charts.body, **stacked)
        side = pn.Column(self.gateways, pn.Column(safe.text("Workers", kind="heading"), self.workers), **stacked)
        self.body[:] = [split(main, side), self.pausing.overlay]

    def _update(self) -> None:
        state = self.state
        wanted = state.filters.get("show", "queue")
        shown = wanted if wanted in VIEWS else "queue"
        platform = state.filters.get("platform", "")
        self.views.active = shown
        if self.platform.value != platform and platform in self.platform.options.values():
            self.platform.value = platform
        self.platform.visible = shown not in ("audit", "charts")
        self.charts.range.visible = self.charts.body.visible = shown == "charts"
        listed = shown != "charts" and (shown != "queue" or view_of(state.filters) == "list")
        self.calendar.grid.visible = shown == "queue"
        self.table.visible = listed
        readers: dict[str, Callable[[], None]] = {
            "queue": self._show_schedule,
            "failed": lambda: self._show_attempts("failed"),
            "unknown": lambda: self._show_attempts("unknown"),
            "timeline": self._show_timeline,
            "charts": self._show_charts,
            "audit": self._show_audit,
        }
        readers[shown]()
        self._show_beats()

    def _zone(self) -> str:
        project = self.state.project()
        if project is None:
            return self.state.host.settings.timezone
        return str(self.state.call(ops.get_project_context, project["id"])["timezone"])

    def _show_rows(self, rows: list[dict[str, Any]], columns: list[dict[str, str]], empty: str, **more: Any) -> None:
        values = {"label": VIEWS[self.views.active], "actions": [], "page": 1, "zone": self._zone(), **more}
        self.table.param.update(rows=rows, columns=columns, total=len(rows), empty=empty, **values)
        chosen = [self.state.filters.get(name, "") for name in ("due", "status")]
        words = [f"Only {word.lower()}." for word in chosen if word and self.views.active == "queue"]
        self.show_all.visible = bool(words)
        if len(rows) == MOST_ROWS:
            words.append(f"The newest {MOST_ROWS} are shown. Choose a project or platform to see others.")
        self.note.object = safe.text_html(" ".join(words), "note")
        self.narrowed.visible = bool(words)

    def _show_schedule(self) -> None:
        view = view_of(self.state.filters)
        self.calendar.show(view, self._zone())
        if view == "list":
            self._show_queue()
        else:
            self.narrowed.visible = False

    def _show_queue(self) -> None:
        filters = self.state.filters
        items = self.state.call(
            ops.get_queue, self.state.project_id, status=filters.get("status") or None, limit=MOST_ROWS
        )
        if filters.get("platform"):
            items = [item for item in items if item["platform"] == filters["platform"]]
        if filters.get("due") == "overdue":
            items = [
                item for item in items if item["status"] == "QUEUED" and item["scheduled_time"] < now() - OVERDUE_AFTER
            ]
        may = self.state.may(Role.APPROVER)
        actions = [
            {"key": "move", "label": "Reschedule"},
            {"key": "retry", "label": "Retry"},
            {"key": "cancel", "label": "Cancel", "tone": "error"},
        ]
        self._show_rows(
            [queue_line(item) for item in in_order(items)],
            QUEUE_COLUMNS,
            "Nothing is scheduled. Approve and schedule in the Gallery.",
            actions=actions if may else [],
        )

    def _show_attempts(self, which: str) -> None:
        read = ops.list_failed_attempts if which == "failed" else ops.list_unknown_attempts
        rows = self.state.call(read, self.state.project_id)
        if platform := self.state.filters.get("platform"):
            rows = [row for row in rows if row["platform"] == platform]
        offered = ["retry"] if which == "failed" else ["sent", "not_sent"]
        actions = [
            {"key": "retry", "label": "Retry"},
            {"key": "sent", "label": "It was sent"},
            {"key": "not_sent", "label": "It was not sent", "tone": "error"},
        ]
        self._queue_of = {row["id"]: row["queue_id"] for row in rows}
        empty = "Nothing failed." if which == "failed" else "No outcome is unknown."
        self._show_rows(
            [attempt_line(row, actions=offered if row["queue_id"] else []) for row in rows],
            ATTEMPT_COLUMNS,
            empty,
            actions=actions if self.state.may(Role.APPROVER) else [],
        )

    def _show_timeline(self) -> None:
        platform = self.state.filters.get("platform") or None
        rows = self.state.call(ops.get_execution_timeline, self.state.project_id, MOST_ROWS, platform=platform)
        lines = [attempt_line(row) | {"id": number} for number, row in enumerate(rows, 1)]
        self._show_rows(lines, ATTEMPT_COLUMNS, "Nothing is planned and nothing was sent yet.")

    def _show_audit(self) -> None:
        rows = self.state.call(ops.get_audit_log, project_id=self.state.project_id, limit=MOST_ROWS)
        self._show_rows([audit_line(row) for row in rows], AUDIT_COLUMNS, "Nothing has been done here yet.")

    def _on_pulse(self, *_: Any) -> None:
        if self.shown:
            self._show_beats()

    def _show_beats(self) -> None:
        """Gateways and workers: probes and heartbeats are no changes, so a page that is open asks for them."""
        state = self.state
        self._show_gateways(state.call(ops.get_gateway_status))
        workers = [row for row in state.call(ops.get_workers) if row["alive"]] or state.call(ops.get_workers)[:3]
        rows = [worker_line(number, worker) for number, worker in enumerate(workers, 1)]
        self.workers.param.update(rows=rows, total=len(rows), page_size=max(1, len(rows)), zone=self._zone())

    def _show_gateways(self, statuses: dict[str, GatewayStatus]) -> None:
        pauses = {key: gateway_scope(key).pause_in(self.state.pause) for key in statuses}
        entries = [gateway_entry(key, status, pauses[key]) for key, status in statuses.items()]
        self.gateways.param.update(gateways=entries, may_act=self.state.may(Role.OPERATOR))

    @quietly
    def _on_loading(self, *_: Any) -> None:
        """Charts say how far their numbers are, and show them once they are there."""
        if self.shown and self.views.active == "charts":
            self.charts.show(self._zone())

    def _show_charts(self) -> None:
        self.narrowed.visible = False
        self.charts.show(self._zone())

    def _click_view(self, key: str) -> None:
        if key in VIEWS:
            self._click_filter("show", key)

    def _click_filter(self, name: str, value: str) -> None:
        if self.shown and self.state.filters.get(name, "") != (value or ""):
            kept = {key: self.state.filters.get(key, "") for key in ("platform", "show", "view", "date", "days")}
            self.state.go(**{**kept, name: value or ""})

    def _click_days(self, event: Any) -> None:
        self._click_filter("days", "" if event.new == USUAL else event.new)

    def _click_show_all(self, *_: Any) -> None:
        self.state.go(show="queue", view="list")

    @quietly
    def _act(self, key: str, id: int) -> None:
        shown = self.views.active
        if shown == "queue" and key in ("move", "retry", "cancel"):
            self.dialogs.open(key, id)
        elif shown == "failed" and key == "retry" and self._queue_of.get(id):
            self.dialogs.open("retry", int(self._queue_of[id] or 0))
        elif shown == "unknown" and key == "sent":
            self.dialogs.open_reconcile(id, "sent")
        elif shown == "unknown" and key == "not_sent":
            self.dialogs.open_reconcile(id, "not_sent")

    @action
    def _click_probe(self, key: str) -> None:
        self.gateways.probing = True
        try:
            self._show_gateways(self.state.call(ops.probe_gateways, key or None))
        finally:
            self.gateways.probing = False

    def _click_switch(self, key: str) -> None:
        self.pausing.open(gateway_scope(key))

"""The Control Tower page: what is planned, what went out, what did not and why, and through which gateways."""

from __future__ import annotations

from typing import Any, ClassVar, Final

import panel as pn

from workbench import operator_services as ops
from workbench.enums import Role
from workbench.operator_services.types import GatewayStatus
from workbench.panels import safe
from workbench.panels.base import PageView, action, quietly
from workbench.panels.calendar import Calendar, view_of
from workbench.panels.components.gateways import Gateways
from workbench.panels.components.tab_bar import TabBar
from workbench.panels.components.table import Table
from workbench.panels.layout import Later, split
from workbench.panels.pausing import PauseSwitch, gateway_scope
from workbench.panels.queue_dialogs import QueueDialogs
from workbench.panels.state import WorkbenchState
from workbench.panels.tools import STACK
from workbench.panels.tower_charts import TowerCharts
from workbench.panels.tower_filters import OF_LIST, TowerFilters
from workbench.panels.tower_lines import gateway_entry, worker_line
from workbench.panels.tower_lists import TowerLists

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
        self.zone = state.host.settings.timezone
        self.views = TabBar(
            tabs=[{"key": key, "label": label} for key, label in VIEWS.items()],
            active="queue",
            label="Lists of the Control Tower",
            on_choose=self._click_view,
        )
        self.filters = TowerFilters(self._click_filter)
        self.dialogs = QueueDialogs(self)
        self.lists = TowerLists(self, self.dialogs, self._go)
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
        self.pausing = PauseSwitch(state)
        self.pausing.overlay = self.overlay
        self.calendar = Calendar(self, self.dialogs)
        self.plan = Later(lambda: self.calendar.grid)
        state.param.watch(self._on_loading, "loading")
        state.param.watch(self._on_pulse, "pulse")
        stacked: dict[str, Any] = {"sizing_mode": "stretch_width", "margin": 0, "stylesheets": [STACK]}
        main = pn.Column(self.views, self.filters.view, self.plan, self.lists.view, self.charts.body, **stacked)
        side = pn.Column(self.gateways, pn.Column(safe.text("Workers", kind="heading"), self.workers), **stacked)
        self.body[:] = [split(main, side)]

    def _update(self) -> None:
        state = self.state
        self.zone = self._read_zone()
        wanted = state.filters.get("show", "queue")
        shown = wanted if wanted in VIEWS else "queue"
        planned = shown == "queue" and view_of(state.filters) != "list"
        self.views.active = shown
        self.filters.show(state.filters, OF_LIST["calendar" if planned else shown])
        self.charts.body.visible = shown == "charts"
        if planned:
            self._show_calendar()
        elif shown == "charts":
            self._show_charts()
        else:
            self._show_list(shown)
        self.plan.reveal(shown == "queue")
        self._show_beats()

    def _read_zone(self) -> str:
        project = self.state.project()
        if project is None:
            return self.state.host.settings.timezone
        return str(self.state.read(ops.get_project_context, project["id"])["timezone"])

    def _show_calendar(self) -> None:
        self.lists.hide()
        self.calendar.show(view_of(self.state.filters), self.zone)

    def _show_list(self, listed: str) -> None:
        if listed == "queue":
            self.calendar.show("list", self.zone)
        self.lists.show(listed, self.zone)

    def _show_charts(self) -> None:
        self.lists.hide()
        self.charts.show(self.zone)

    def _on_pulse(self, *_: Any) -> None:
        if self.shown:
            self._show_beats()

    def _show_beats(self) -> None:
        """Gateways and workers: probes and heartbeats are no changes, so a page that is open asks for them."""
        state = self.state
        self._show_gateways(state.read(ops.get_gateway_status))
        known = state.read(ops.get_workers)
        workers = [row for row in known if row["alive"]] or known[:3]
        rows = [worker_line(number, worker) for number, worker in enumerate(workers, 1)]
        self.workers.put(rows=rows, total=len(rows), page_size=max(1, len(rows)), zone=self.zone)

    def _show_gateways(self, statuses: dict[str, GatewayStatus]) -> None:
        pauses = {key: gateway_scope(key).pause_in(self.state.pause) for key in statuses}
        entries = [gateway_entry(key, status, pauses[key]) for key, status in statuses.items()]
        self.gateways.put(gateways=entries, may_act=self.state.may(Role.OPERATOR), zone=self.zone)

    @quietly
    def _on_loading(self, *_: Any) -> None:
        """Charts say how far their numbers are, and show them once they are there."""
        if self.shown and self.views.active == "charts":
            self.charts.show(self.zone)

    def _click_view(self, key: str) -> None:
        if key in VIEWS and self.shown and key != self.views.active:
            kept = {name: self.state.filters.get(name, "") for name in ("platform", "view", "date", "days")}
            self.state.go(**{**kept, "show": key})

    def _click_filter(self, name: str, value: str) -> None:
        if self.shown and self.state.filters.get(name, "") != value:
            # What was on another page of the list may be on none of the new one.
            self._go(**{"n": "", "before": "", name: value})

    def _go(self, **filters: str) -> None:
        self.state.go(**{**self.state.filters, **filters})

    @action
    def _click_probe(self, key: str) -> None:
        self.gateways.probing = True
        try:
            self._show_gateways(self.state.call(ops.probe_gateways, key or None))
        finally:
            self.gateways.probing = False

    def _click_switch(self, key: str) -> None:
        self.pausing.open(gateway_scope(key))

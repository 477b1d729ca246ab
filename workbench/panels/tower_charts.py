"""The Charts view of the Control Tower: made when it is first opened, and read only while it is shown."""

from __future__ import annotations

from typing import Any, Final
from zoneinfo import ZoneInfo

import panel as pn

from workbench.panels.charts import ChartView, draw
from workbench.panels.state import WorkbenchState
from workbench.panels.theme import style

#: The address's ``days`` -> what the choice says.
DAYS: Final = {"1": "24 hours", "7": "7 days", "30": "30 days", "90": "90 days"}
USUAL: Final = "7"
_KEYS: Final = ("delivery", "success", "queue_ahead", "funnel")


def days_of(filters: dict[str, str]) -> str:
    """How many days the address asks for; the usual number for none and for nonsense."""
    wanted = filters.get("days", USUAL)
    return wanted if wanted in DAYS else USUAL


class TowerCharts:
    """``body`` holds the charts."""

    def __init__(self, state: WorkbenchState, **params: Any) -> None:
        self.state = state
        self.views: dict[str, ChartView] = {}
        self.body = pn.Column(sizing_mode="stretch_width", margin=0, **params)
        self._drawn = ""

    def show(self, zone: str) -> None:
        """Draw what is not drawn yet of this project, these days and the newest changes."""
        state, days = self.state, days_of(self.state.filters)
        key = f"{state.changes} {state.project_id} {days} {zone}"
        if key == self._drawn:
            return
        made = {} if self.views else {name: ChartView() for name in _KEYS}
        if state.polled and (loading := state.host.metrics.loading):
            # poll() asks how far it is from now on; the last answer, that it is done, brings this back here.
            state.loading = loading
            for view in (made or self.views).values():
                view.wait(f"{loading} …")
        else:
            self._drawn = key
            for name, view in (made or self.views).items():
                view.draw(draw(name, state.host.metrics, state.project_id, ZoneInfo(zone), int(days)))
        if made:
            self.views = made
            grid = pn.Column(
                *made.values(), sizing_mode="stretch_width", margin=0, stylesheets=[style("chart-grid.css")]
            )
            # A display of its own would show what Panel hides: visible works on the column around it.
            self.body[:] = [grid]

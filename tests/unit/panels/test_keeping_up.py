"""An open page keeps up with the database, costs next to nothing while nothing happens, and never waits for numbers."""

from __future__ import annotations

import threading

import sqlalchemy as sa

from workbench.bootstrap import Workbench
from workbench.metrics.loading import Loading
from workbench.panels import ControlTower, WorkbenchState


def test_polls_run_no_query_while_nothing_happens(state: WorkbenchState, wb: Workbench, project_id: int) -> None:
    state.poll(force=True)
    statements: list[str] = []

    @sa.event.listens_for(wb.engine, "before_cursor_execute")
    def _watched(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    for _ in range(20):
        state.poll()
    assert statements == []
    with wb.engine.begin() as connection:
        connection.execute(sa.text("UPDATE projects SET name = 'Other'"))
    state.poll()
    assert state.projects[0]["name"] == "Other"


def test_a_polled_page_says_that_numbers_are_loading_and_shows_them_when_they_are_there(
    state: WorkbenchState, wb: Workbench, project_id: int
) -> None:
    state.polled = True
    with wb._mirror._lock:  # the load stands still
        tower = ControlTower(state)
        state.go("control-tower", project_id=project_id)
        assert state.loading.startswith("Loading numbers")
        assert tower.chart.empty == f"{state.loading} …"
        assert tower.chart.labels == []
        wb._mirror.loading = Loading(1, 4)
        state.poll()
        assert tower.chart.empty == "Loading numbers: 25% of about 4 rows …"
    for thread in threading.enumerate():
        if thread.name == "mirror":
            thread.join(60)
    state.poll()
    assert state.loading == ""
    assert len(tower.chart.labels) == 30
    assert tower.chart.empty == "Nothing was sent in these days."


def test_a_page_that_nobody_polls_waits_for_its_numbers(state: WorkbenchState, project_id: int) -> None:
    tower = ControlTower(state)
    state.go("control-tower", project_id=project_id)
    assert state.loading == ""
    assert len(tower.chart.labels) == 30

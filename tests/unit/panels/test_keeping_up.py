"""An open page keeps up with the database, costs next to nothing while nothing happens, and never waits for numbers."""

from __future__ import annotations

import threading

import sqlalchemy as sa

from workbench.bootstrap import Workbench
from workbench.metrics.loading import Loading
from workbench.panels import WorkbenchState


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


def test_a_page_says_how_far_the_numbers_are_loaded_until_they_are_there(state: WorkbenchState, wb: Workbench) -> None:
    state.poll(force=True)
    with wb._mirror._lock:  # the load stands still
        state.loading = wb.metrics.loading
        assert state.loading == "Loading numbers"
        wb._mirror.loading = Loading(1, 4)
        state.poll()
        assert state.loading == "Loading numbers: 25% of about 4 rows"
    for thread in threading.enumerate():
        if thread.name == "mirror":
            thread.join(60)
    state.poll()
    assert state.loading == ""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from tests import factories
from workbench import operator_services as ops
from workbench.bootstrap import Workbench
from workbench.clock import now
from workbench.db import transaction
from workbench.enums import Role
from workbench.errors import NotFoundError
from workbench.models import WorkerHeartbeat
from workbench.panels import WorkbenchState


def watched(state: WorkbenchState, *names: str) -> list[str]:
    """Names of parameters in the order in which their watchers heard of them."""
    heard: list[str] = []
    state.param.watch(lambda *events: heard.extend(event.name for event in events), list(names))
    return heard


def test_the_same_words_twice_are_two_messages(state: WorkbenchState) -> None:
    heard = watched(state, "message")
    state.tell("Saved.")
    state.tell("Saved.")
    assert heard == ["message", "message"]


def test_a_view_is_opened_in_one_step(state: WorkbenchState, project_id: int) -> None:
    calls: list[int] = []
    state.param.watch(lambda *events: calls.append(len(events)), ["page", "project_id", "filters"])
    state.go("gallery", project_id=project_id, status="DRAFT", platform="")
    assert calls == [3]
    assert (state.page, state.project_id, state.filters) == ("gallery", project_id, {"status": "DRAFT"})


def test_going_without_a_project_keeps_the_one_chosen(state: WorkbenchState, project_id: int) -> None:
    state.go("gallery", project_id=project_id)
    state.go("leads")
    assert state.project_id == project_id


def test_a_page_that_does_not_exist_is_refused(state: WorkbenchState) -> None:
    with pytest.raises(ValueError, match="page"):
        state.page = "cockpit"


def test_a_call_acts_as_the_person_and_raises_what_the_contract_raises(state: WorkbenchState) -> None:
    made = state.call(ops.create_project, "Launch", "Acme")
    (event,) = [row for row in state.call(ops.get_audit_log, project_id=made) if row["action"] == "project.create"]
    assert event["actor"] == "Ada"
    with pytest.raises(NotFoundError):
        state.call(ops.get_project_context, made + 1)


def test_a_poll_is_silent_until_something_changed(state: WorkbenchState, wb: Workbench) -> None:
    state.poll(force=True)
    heard = watched(state, "changes", "projects")
    state.poll()
    assert heard == []
    with wb.session() as db:
        ops.create_project(db, "Launch")
    state.poll()
    assert heard == ["projects", "changes"]
    assert [row["name"] for row in state.projects] == ["Launch"]


def test_a_forced_poll_speaks_though_nothing_changed(state: WorkbenchState) -> None:
    state.poll(force=True)
    heard = watched(state, "changes")
    state.poll(force=True)
    assert heard == ["changes"]


def test_a_poll_does_not_wait_for_a_running_refresh(state: WorkbenchState) -> None:
    state.poll(force=True)
    with state.lock:
        poll = threading.Thread(target=state.poll)
        poll.start()
        poll.join(timeout=5)
        assert not poll.is_alive()


def test_a_database_that_cannot_be_read_is_said_and_forgotten_when_it_can(state: WorkbenchState, wb: Workbench) -> None:
    state.poll(force=True)
    with wb.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE projects RENAME TO elsewhere"))
    state.poll(force=True)
    assert "workbench migrate" in state.trouble
    with wb.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE elsewhere RENAME TO projects"))
    state.poll(force=True)
    assert state.trouble == ""


def test_a_project_that_does_not_exist_is_let_go_and_said(state: WorkbenchState) -> None:
    state.project_id = 4711
    state.poll(force=True)
    assert state.project_id is None
    assert "There is no project 4711" in state.message.text


def test_a_worker_is_alive_while_it_beats(state: WorkbenchState, wb: Workbench) -> None:
    state.poll(force=True)
    assert not state.workers_alive
    with wb.session() as db, transaction(db, write=True):
        db.add(WorkerHeartbeat(worker_id="w1", host="here", pid=1, started_at=now(), beat_at=now()))
    state.poll(force=True)
    assert state.workers_alive


def test_the_pause_is_known_with_its_reason(state: WorkbenchState) -> None:
    state.poll(force=True)
    assert not state.paused
    state.call(ops.set_system_pause, True, reason="Wrong price")
    state.poll()
    assert state.paused
    assert state.pause["reason"] == "Wrong price"


def test_busy_lasts_as_long_as_the_longest_of_several_actions(state: WorkbenchState) -> None:
    with state.working():
        with state.working():
            assert state.busy
        assert state.busy
    assert not state.busy


@pytest.mark.parametrize(
    ("role", "needed", "may"),
    [
        (Role.VIEWER, Role.OPERATOR, False),
        (Role.OPERATOR, Role.OPERATOR, True),
        (Role.OPERATOR, Role.APPROVER, False),
        (Role.ADMIN, Role.APPROVER, True),
    ],
)
def test_only_what_the_role_allows_is_offered(
    session_of: Callable[[str, Role], WorkbenchState], role: Role, needed: Role, may: bool
) -> None:
    assert session_of("Vera", role).may(needed) is may


def test_the_chosen_projects_row_is_at_hand(state: WorkbenchState, wb: Workbench) -> None:
    with wb.session() as db:
        made: Any = factories.project(db, name="Launch")
        db.commit()
    state.poll(force=True)
    assert state.project() is None
    state.project_id = made.id
    assert state.project()["name"] == "Launch"

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests import factories
from workbench import operator_services as ops
from workbench.bootstrap import Workbench
from workbench.clock import now
from workbench.enums import AttemptStatus, QueueStatus, Role
from workbench.models import QueueRow
from workbench.panels import WorkbenchState
from workbench.panels.pausing import PauseSwitch, pause_banner, preview_table, switch_looks


@pytest.fixture
def switch(state: WorkbenchState) -> PauseSwitch:
    state.poll(force=True)
    return PauseSwitch(state)


def overdue(wb: Workbench, minutes: int, title: str = "Hello", **project_values: Any) -> int:
    with wb.session() as db:
        project = factories.project(db, **project_values)
        factories.strategy(db, project, status=factories.StrategyStatus.APPROVED)
        item = factories.creative(db, project, platform="linkedin", title=title, body_text="Hello")
        row = factories.queued(db, item, at=now() - timedelta(minutes=minutes))
        db.commit()
        return row.id


def test_one_click_asks_for_a_reason_and_the_next_stops_everything(switch: PauseSwitch) -> None:
    switch.open()
    switch.reason.value = "Wrong price"
    switch._click_pause()
    assert switch.state.paused
    assert switch.state.pause["reason"] == "Wrong price"
    assert not switch.overlay[0].open


def test_a_pause_without_a_reason_does_not_happen(switch: PauseSwitch) -> None:
    switch.open()
    switch._click_pause()
    assert not switch.state.call(ops.get_system_pause)
    assert switch.reason.error_state


def test_a_pause_is_confirmed_only_when_nothing_is_in_flight(switch: PauseSwitch, wb: Workbench) -> None:
    with wb.session() as db:
        attempt = factories.attempt(db, status=AttemptStatus.SENDING)
        db.commit()
        switch.state.call(ops.set_system_pause, True, reason="Wrong price")
        switch.state.poll()
        assert switch_looks(switch.state)["pause_label"] == "Pausing: 1 in flight"
        assert pause_banner(switch.state)["title"] == "Pausing: 1 in flight"
        attempt.status = AttemptStatus.SENT
        db.commit()
    switch.state.poll()
    banner = pause_banner(switch.state)
    assert banner["title"] == "Paused, confirmed"
    assert "Paused by Ada: Wrong price" in banner["text"]


def test_no_banner_while_everything_runs(switch: PauseSwitch) -> None:
    assert pause_banner(switch.state) is None


@pytest.mark.parametrize(
    ("role", "paused", "may"),
    [
        (Role.VIEWER, False, False),
        (Role.OPERATOR, False, True),
        (Role.OPERATOR, True, False),
        (Role.APPROVER, True, True),
    ],
)
def test_the_switch_is_offered_to_whoever_may_use_it(
    session_of: Callable[[str, Role], WorkbenchState], state: WorkbenchState, role: Role, paused: bool, may: bool
) -> None:
    if paused:
        state.call(ops.set_system_pause, True, reason="Wrong price")
    theirs = session_of("Vera", role)
    theirs.poll(force=True)
    assert switch_looks(theirs)["may_switch"] is may
    if paused:
        assert bool(pause_banner(theirs)["button"]) is may


def test_resuming_shows_what_would_go_out_before_anything_does(switch: PauseSwitch, wb: Workbench) -> None:
    overdue(wb, 10, "Fresh <img src=x>")
    overdue(wb, 600, "Old")
    switch.state.call(ops.set_system_pause, True, reason="Wrong <b>price</b>")
    switch.state.poll()
    switch.open()
    (dialog,) = switch.overlay
    why, told, (table,), *_ = dialog
    assert "Wrong &lt;b&gt;price" in why.object
    assert "would send 1" in told.object
    assert "1 is too old" in told.object
    assert {row["title"]: row["then"]["text"] for row in table.rows} == {
        "Fresh <img src=x>": "goes out",
        "Old": "too old: waits for a person",
    }
    assert switch.state.call(ops.get_system_pause)


def test_each_row_of_the_preview_is_in_its_projects_zone(switch: PauseSwitch, wb: Workbench) -> None:
    zones = ("Asia/Tokyo", "Europe/Berlin")
    for zone in zones:
        overdue(wb, 10, timezone=zone)
    switch.state.call(ops.set_system_pause, True, reason="Wrong price")
    table = preview_table(switch.state.call(ops.preview_resume))
    (when, *_) = table.columns
    assert (when["kind"], [row[when["zone"]] for row in table.rows]) == ("time", list(zones))


@pytest.mark.parametrize(
    ("choice", "status", "later"),
    [
        ("send", QueueStatus.QUEUED, False),
        ("reschedule", QueueStatus.QUEUED, True),
        ("skip", QueueStatus.CANCELLED, False),
    ],
)
def test_what_is_overdue_goes_the_chosen_way(
    switch: PauseSwitch, wb: Workbench, choice: str, status: QueueStatus, later: bool
) -> None:
    row = overdue(wb, 10)
    switch.state.call(ops.set_system_pause, True, reason="Wrong price")
    switch.state.poll()
    switch.open()
    switch.choice.value = choice
    assert switch.spacing.visible is (choice == "reschedule")
    switch._click_resume()
    assert not switch.state.paused
    with wb.session() as db:
        stored: Any = db.get_one(QueueRow, row)
        assert stored.status == status
        assert (stored.scheduled_time > now() - timedelta(minutes=1)) is later


def test_a_viewer_who_sends_the_message_anyway_is_refused(
    session_of: Callable[[str, Role], WorkbenchState], state: WorkbenchState
) -> None:
    theirs = session_of("Vera", Role.VIEWER)
    theirs.poll(force=True)
    switch = PauseSwitch(theirs)
    switch.open()
    switch.reason.value = "Because"
    switch._click_pause()
    assert "operator" in theirs.message.text
    assert not state.call(ops.get_system_pause)

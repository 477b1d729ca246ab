"""Workers that are frozen until their lease has run out by itself, and wake up when somebody else has the row."""

from __future__ import annotations

import os
import signal

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.chaos.far_side import FarSide
from tests.chaos.fleet import Fleet, Hand, wait_for
from tests.chaos.verdict import judge
from tests.chaos.world import World
from workbench.db import make_engine
from workbench.errors import DatabaseBusy, InvalidTransition
from workbench.models import OutreachAttempt, QueueRow
from workbench.operator_services import get_pause_state, reconcile_unknown, set_system_pause

#: Short enough to wait for, and long enough for a worker that is not frozen.
LEASE = {"lease_seconds": 3, "send_timeout_seconds": 2}


@pytest.fixture
def world(engine) -> World:  # type: ignore[no-untyped-def]
    return World(engine, people=5)


def _frozen(world: World, fleet: Fleet, point: str, at: int) -> tuple[Hand, set[int]]:
    """A worker that froze itself there and lost its row to another; what it was sending."""
    hand = fleet.start(freezes=point, at=at, unchecked=LEASE)
    fleet.wait_frozen(hand)
    cut = {row.id for row in world.sending()}
    fleet.start()
    wait_for("the row taken over", lambda: not world.holds(hand))
    return hand, cut


def test_a_worker_that_was_frozen_between_the_check_and_the_call_sends_late_and_is_said_to_be_able_to(
    world: World, far: FarSide, fleet: Fleet, db: Session
) -> None:
    """No queue can prevent the late message. So nobody may call it not sent while the worker exists."""
    world.add("linkedin")
    hand, cut = _frozen(world, fleet, "before the call", 1)
    (attempt,) = cut
    assert far.accepted == []
    said = world.last_error(attempt)
    assert "may still deliver" in said
    assert hand.worker_id in said
    assert get_pause_state(db)["may_still_deliver"] == 1
    with pytest.raises(InvalidTransition, match=f"process {hand.pid} on this host, still exists. Stop it first"):
        reconcile_unknown(db, attempt, "not_sent", "it is not on the page")

    fleet.thaw(hand)
    wait_for("the late message", lambda: far.accepted)
    wait_for("its late report", lambda: "reported later: sent" in world.last_error(attempt))
    with pytest.raises(InvalidTransition, match="still exists"):
        reconcile_unknown(db, attempt, "not_sent", "it is not on the page")
    judge(world, far, cut)

    fleet.kill(hand)
    assert get_pause_state(db)["may_still_deliver"] == 0
    assert reconcile_unknown(db, attempt, "sent", "it is on the page")["status"] == "DONE"


def test_what_a_dead_worker_was_sending_may_be_called_not_sent_and_goes_out_again(
    world: World, far: FarSide, fleet: Fleet, db: Session
) -> None:
    world.add("linkedin")
    hand, cut = _frozen(world, fleet, "before the call", 1)
    (attempt,) = cut
    fleet.kill(hand)
    assert reconcile_unknown(db, attempt, "not_sent", "it is not on the page")["status"] == "FAILED"
    assert far.accepted == []


@pytest.mark.parametrize("people_before", [1, 3])
def test_a_worker_that_was_frozen_after_a_call_finishes_nothing_and_sends_nothing_more(
    world: World, far: FarSide, fleet: Fleet, people_before: int
) -> None:
    world.add("email")
    hand, cut = _frozen(world, fleet, "after the call", people_before)
    assert len(cut) == 6
    assert len(far.accepted) == people_before
    wait_for("an end of all rows", lambda: not world.waiting())
    fleet.thaw(hand)
    wait_for("its giving up", lambda: "claim lost" in fleet.said(hand))
    os.kill(hand.pid, signal.SIGTERM)
    assert fleet.wait(hand) == 0
    fleet.stop()
    assert len(far.accepted) == people_before
    judge(world, far, cut)
    late = [world.last_error(one) for one in sorted(cut)]
    assert ["reported later: sent" in one for one in late] == [True] * people_before + [False] * (6 - people_before)
    assert all("reported later that it had not handed this over" in one for one in late[people_before:])


def test_a_worker_that_is_frozen_while_it_begins_a_send_holds_up_the_pause_no_longer_than_a_message(
    world: World, far: FarSide, fleet: Fleet, db: Session
) -> None:
    """It holds the lock that a pause waits for. PostgreSQL takes it away from it; SQLite says who must be ended."""
    world.add("email")
    hand = fleet.start(freezes="before begin commits", unchecked=LEASE)
    fleet.wait_frozen(hand)
    if world.engine.dialect.name == "sqlite":
        impatient = make_engine(str(world.engine.url), busy_timeout_ms=100)
        with Session(impatient, info=db.info) as other, pytest.raises(DatabaseBusy, match="locked by another program"):
            set_system_pause(other, True, "storm")
        impatient.dispose()
        fleet.kill(hand)
        assert set_system_pause(db, True, "storm")["in_flight"] == 0
    else:
        assert set_system_pause(db, True, "storm")["in_flight"] == 0
        fleet.thaw(hand)
        wait_for("its noticing", lambda: "released" in fleet.said(hand))
    assert far.accepted == []
    set_system_pause(db, False)
    if hand not in fleet.alive:
        world.run_out(hand)
        fleet.start()
    wait_for("an end of all rows", lambda: not world.waiting())
    fleet.stop()
    judge(world, far, set())


def test_a_worker_that_was_frozen_does_not_touch_the_row_that_another_one_holds_now(
    world: World, far: FarSide, fleet: Fleet
) -> None:
    """Two rows of people: the one that took over is itself in the middle of sending when the first wakes up."""
    (row,) = world.add("email")
    first = fleet.start(freezes="before the call", at=1, unchecked={**LEASE, "email_batch": 3})
    fleet.wait_frozen(first)
    cut = {one.id for one in world.sending()}
    second = fleet.start(freezes="after the call", at=1, unchecked={"email_batch": 3})
    fleet.wait_frozen(second)
    with world.engine.connect() as connection:
        token = sa.select(QueueRow.claim_token, QueueRow.worker_id).where(QueueRow.id == row)
        held = connection.execute(token).one()
    assert held.worker_id == second.worker_id

    fleet.thaw(first)
    wait_for("its giving up", lambda: "claim lost" in fleet.said(first))
    with world.engine.connect() as connection:
        assert connection.execute(token).one() == held
        sending = connection.scalars(sa.select(OutreachAttempt.sender).where(OutreachAttempt.status == "SENDING")).all()
    assert sending == [second.worker_id] * 3
    fleet.thaw(second)
    wait_for("an end of all rows", lambda: not world.waiting())
    fleet.stop()
    judge(world, far, cut)

"""Several `workbench worker` processes on one database, each with its sign of life, stopped in good order."""

from __future__ import annotations

import os
import random
import signal

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.chaos.far_side import FarSide
from tests.chaos.fleet import Fleet, wait_for
from tests.chaos.verdict import judge, judge_log
from tests.chaos.world import World
from workbench.models import OutreachAttempt, QueueRow, WorkerHeartbeat

WORKERS = 3


@pytest.mark.parametrize("word", [signal.SIGTERM, signal.SIGINT])
def test_who_is_told_to_stop_finishes_what_is_being_sent_and_gives_back_the_rest(
    world: World, far: FarSide, fleet: Fleet, chance: random.Random, word: signal.Signals
) -> None:
    far.slowness = 0.05
    world.add(*["email"] * WORKERS)
    hands = [fleet.start() for _ in range(WORKERS)]
    wait_for("all of them to be sending", lambda: {one.worker_id for one in hands} == _holders(world))
    wait_for("some messages", lambda: len(far.accepted) > chance.randrange(3, 12))
    for hand in hands:
        os.kill(hand.pid, word)
    assert {fleet.wait(hand) for hand in hands} == {0}, fleet.crashes()

    with Session(world.engine) as db:
        assert set(db.scalars(sa.select(QueueRow.status))) == {"QUEUED"}
        left = set(db.scalars(sa.select(OutreachAttempt.status)))
        assert left - {"FAILED", "SKIPPED"} == {"SENT", "PENDING"}, "nothing is in flight, and nothing is unknown"
        sent = db.scalar(sa.select(sa.func.count()).where(OutreachAttempt.status == "SENT"))
        assert sent == len(far.accepted)
        beats = db.scalars(sa.select(WorkerHeartbeat)).all()
        assert {one.worker_id for one in beats} == {hand.worker_id for hand in hands}
        assert all(one.stopped_at is not None for one in beats)
    for hand in hands:
        assert f"worker stopped worker={hand.worker_id}" in fleet.said(hand)

    far.slowness = 0.0
    fleet.start()
    wait_for("an end of all rows", lambda: not world.waiting())
    fleet.stop()
    judge(world, far, set())
    judge_log(fleet.said_by_all())


def _holders(world: World) -> set[str | None]:
    with Session(world.engine) as db:
        sending = sa.select(OutreachAttempt.sender).where(OutreachAttempt.status == "SENDING")
        return set(db.scalars(sending))

"""Random pauses of everything, a gateway or a project, while four workers are busy. The far side is the witness."""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from tests.chaos.child import Spec
from tests.chaos.far_side import Accepted, FarSide
from tests.chaos.fleet import Fleet, wait_for
from tests.chaos.verdict import judge, judge_log
from tests.chaos.world import World
from workbench.db import begin_write
from workbench.models import GatewaySetting, QueueRow
from workbench.operator_services import (
    get_pause_state,
    set_gateway_pause,
    set_project_pause,
    set_system_pause,
)
from workbench.operator_services.types import PauseState

WORKERS = 4
PLATFORMS = ("email", "email", "linkedin", "twitter", "linkedin", "twitter")
#: Of each LinkedIn account, a minute. The others have none that could be reached.
CAP = 20


@dataclass(frozen=True)
class Scope:
    """One switch, and which messages it stops."""

    name: str
    switch: Callable[[Session, bool], PauseState]
    flying: Callable[[PauseState], int]
    stops: Callable[[str, str], bool]


def _scopes(world: World) -> list[Scope]:
    def gateway(name: str) -> Scope:
        return Scope(
            name,
            lambda db, flag: set_gateway_pause(db, name, flag, "storm"),
            lambda state: next(one["in_flight"] for one in state["gateways"] if one["gateway"] == name),
            lambda of, account: of == name,
        )

    def project(number: int, account_name: str) -> Scope:
        key = world.projects[number]
        return Scope(
            account_name,
            lambda db, flag: set_project_pause(db, key, flag, "storm"),
            lambda state: next(one["in_flight"] for one in state["projects"] if one["id"] == key),
            lambda of, account: account == account_name,
        )

    everything = Scope(
        "everything",
        lambda db, flag: set_system_pause(db, flag, "storm"),
        lambda state: state["in_flight"],
        lambda of, account: True,
    )
    return [everything, gateway("email"), gateway("linkedin"), gateway("x"), project(0, "acme"), project(1, "beta")]


@pytest.fixture
def spec(spec: Spec, far: FarSide) -> Spec:
    return replace(spec, accounts=far.accounts(per_minute=CAP))


def test_no_send_starts_after_a_pause_is_confirmed_and_nothing_bursts_when_it_is_lifted(
    world: World,
    far: FarSide,
    fleet: Fleet,
    sessions: sessionmaker[Session],
    chance: random.Random,
    pauses: int,
) -> None:
    far.slowness = 0.01
    scopes = _scopes(world)
    begun = time.monotonic()
    for _ in range(WORKERS):
        fleet.start()
    done: Counter[str] = Counter()
    in_flight = 0
    while done.total() < pauses:
        _keep_busy(world, far, chance)
        # Of two at a time the first is lifted while the second still holds.
        chosen = chance.sample(scopes, 2 if chance.random() < 0.3 else 1)
        with sessions() as db:
            if len(chosen) == 2:
                with _paused(chosen[1], db, far, chance) as was_flying:
                    in_flight += was_flying
                    with _paused(chosen[0], db, far, chance):
                        pass
                    _spread(db)
            else:
                with _paused(chosen[0], db, far, chance) as was_flying:
                    in_flight += was_flying
        done.update(one.name for one in chosen)
        with sessions() as db:
            _spread(db)
    assert in_flight, "no pause ever met a message that was being sent"
    _judge_caps(far.accepted)
    _lift_the_caps(sessions, world)
    fleet.stop()
    judge(world, far, set())
    judge_log(fleet.said_by_all())
    sys.stdout.write(
        f"{world.engine.dialect.name}: {done.total()} pauses {dict(done)} in {time.monotonic() - begun:.0f} s, which "
        f"met {in_flight} messages in flight; {len(far.accepted)} accepted\n"
    )


def _keep_busy(world: World, far: FarSide, chance: random.Random) -> None:
    """All workers have something to send, and are at it."""
    before = len(far.accepted)
    while world.due("email") < WORKERS:
        world.add(*PLATFORMS, project=chance.randrange(2))
    wait_for("something to be sent", lambda: len(far.accepted) > before)
    time.sleep(chance.uniform(0, 0.03))


@contextmanager
def _paused(scope: Scope, db: Session, far: FarSide, chance: random.Random) -> Iterator[int]:
    """Pause it, wait for the confirmation, and look what begins until it is lifted."""
    state = scope.switch(db, True)
    flying = scope.flying(state)
    while scope.flying(get_pause_state(db)):
        time.sleep(0.001)
    confirmed = time.monotonic()
    time.sleep(chance.uniform(0, 0.04))
    yield flying
    lifted = time.monotonic()
    scope.switch(db, False)
    after = [
        (moment, gateway, account)
        for moment, gateway, account in list(far.begun)
        if confirmed < moment < lifted and scope.stops(gateway, account)
    ]
    assert not after, f"{scope.name} was paused at {confirmed}, and then began {after}"


def _spread(db: Session) -> None:
    """What was overdue at the end of a pause goes out one by one for each account; the test does not wait for that."""
    spread = sa.and_(QueueRow.status == "QUEUED", QueueRow.last_error.is_(None))
    db.execute(sa.update(QueueRow).where(spread).values(next_attempt_at=None))
    db.commit()


def _lift_the_caps(sessions: sessionmaker[Session], world: World) -> None:
    """So that what waits for the next minute need not."""
    with sessions() as db:
        begin_write(db)
        setting = db.scalar(sa.select(GatewaySetting).where(GatewaySetting.gateway == "linkedin"))
        setting = setting or GatewaySetting(gateway="linkedin")
        setting.caps = {"per_minute": 10**6}
        db.add(setting)
        db.execute(sa.update(QueueRow).where(QueueRow.status == "QUEUED").values(next_attempt_at=None))
        db.commit()
    wait_for("an end of all rows", lambda: not world.waiting())


def _judge_caps(accepted: Sequence[Accepted]) -> None:
    """A message that began in the last second of a minute may arrive in the next: one for each worker."""
    minutes = Counter((one.account, one.minute) for one in accepted if one.gateway == "linkedin")
    assert minutes
    assert max(minutes.values()) <= CAP + WORKERS, minutes

"""Workers that are killed and frozen at random moments: nothing goes out twice, nothing is lost."""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path

from tests.chaos.far_side import FarSide
from tests.chaos.fleet import Fleet, Hand, wait_for
from tests.chaos.verdict import judge, judge_log
from tests.chaos.world import Held, World

WORKERS = 3
PLATFORMS = ("email", "email", "linkedin", "twitter", "linkedin", "twitter")


def test_workers_that_are_killed_or_frozen_at_random_send_nothing_twice_and_lose_nothing(
    world: World, far: FarSide, fleet: Fleet, chance: random.Random, kills: int, tmp_path: Path
) -> None:
    far.slowness = 0.003
    begun = time.monotonic()
    cut: set[int] = set()
    killed = frozen = held = 0
    for _ in range(WORKERS):
        fleet.start()
    while killed < kills:
        if world.waiting() < 2 * WORKERS:
            world.add(*PLATFORMS, project=chance.randrange(2))
        time.sleep(chance.uniform(0, 0.12))
        hand = chance.choice(fleet.alive)
        if chance.random() < 0.1:
            frozen += 1
            held += not _freeze(world, fleet, hand, chance, cut)
            continue
        fleet.kill(hand)
        killed += 1
        cut |= world.run_out(hand)
        fleet.start()
    wait_for("an end of all rows", lambda: not world.waiting())
    fleet.stop()
    ended = judge(world, far, cut)
    judge_log(fleet.said_by_all())
    assert ended["UNKNOWN"] == len(cut)
    seconds = time.monotonic() - begun
    sys.stdout.write(
        f"{world.engine.dialect.name}: {killed} killed, {frozen} frozen ({held} of them inside a transaction) in "
        f"{seconds:.0f} s; {len(far.accepted)} accepted; {dict(ended)}\n"
    )


def _freeze(world: World, fleet: Fleet, hand: Hand, chance: random.Random, cut: set[int]) -> bool:
    """Half of them for a moment; the others until their lease is over and somebody else has taken their row.

    False for a worker that sits in a transaction: nobody can take its row before that ends.
    """
    fleet.freeze(hand)
    try:
        if chance.random() < 0.5:
            time.sleep(chance.uniform(0, 0.05))
            return True
        cut |= world.run_out(hand, frozen=True)
        wait_for("its row taken from it", lambda: not world.holds(hand))
        return True
    except Held:
        return False
    finally:
        fleet.thaw(hand)

"""A worker that dies at each named point of its way: what is unknown afterwards is what was being sent, and no more."""

from __future__ import annotations

import signal

import pytest

from tests.chaos.child import POINTS
from tests.chaos.far_side import FarSide
from tests.chaos.fleet import Fleet, wait_for
from tests.chaos.verdict import judge
from tests.chaos.world import World

#: Six people in two batches; whoever is refused or skipped comes on top, in the second.
BATCH = 3
#: point → (message it is about, accepted by then, unknown afterwards) of a mailing.
MAILING = {
    "after the claim": (1, 0, 0),
    "after expanding": (1, 0, 0),
    "before begin commits": (1, 0, 0),
    "after begin": (1, 0, 3),
    "before the call": (1, 0, 3),
    "after the call": (2, 2, 3),
    "before finish commits": (1, 3, 3),
    "after finish": (1, 3, 3),  # the second batch was begun in the same commit
    "before release commits": (1, 5, 3),
    "after release": (1, 5, 0),
}
#: The same of a post, whose only message is all of it. It is expanded with its claim.
POST = {
    "after the claim": (1, 0, 0),
    "before begin commits": (1, 0, 0),
    "after begin": (1, 0, 1),
    "before the call": (1, 0, 1),
    "after the call": (1, 1, 1),
    "before finish commits": (1, 1, 1),
    "after finish": (1, 1, 0),
    "before release commits": (1, 1, 1),
    "after release": (1, 1, 0),
}
CASES = [("email", point, *told) for point, told in MAILING.items()] + [
    ("linkedin", point, *told) for point, told in POST.items()
]


@pytest.fixture
def world(engine) -> World:  # type: ignore[no-untyped-def]
    """Five who are mailed, one who is refused and one who said no: with the refused one, two full batches."""
    return World(engine, people=5)


def test_every_point_has_its_case() -> None:
    assert set(MAILING) == set(POINTS) - {"before reap commits"}


@pytest.mark.parametrize(("platform", "point", "at", "accepted", "unknown"), CASES)
def test_a_worker_that_dies_leaves_unknown_what_it_was_sending_and_the_rest_goes_on(
    world: World, far: FarSide, fleet: Fleet, platform: str, point: str, at: int, accepted: int, unknown: int
) -> None:
    world.add(platform)
    first = fleet.start(dies=point, at=at, unchecked={"email_batch": BATCH})
    assert fleet.wait(first) == -signal.SIGKILL, fleet.crashes()
    assert len(far.accepted) == accepted
    cut = world.run_out(first)
    assert len(cut) == unknown
    fleet.start(unchecked={"email_batch": BATCH})
    wait_for("an end of all rows", lambda: not world.waiting())
    fleet.stop()
    ended = judge(world, far, cut)
    assert ended["UNKNOWN"] == unknown


def test_who_dies_while_reaping_leaves_it_to_the_next(world: World, far: FarSide, fleet: Fleet) -> None:
    world.add("email")
    first = fleet.start(dies="after begin")
    fleet.wait(first)
    cut = world.run_out(first)
    second = fleet.start(dies="before reap commits")
    assert fleet.wait(second) == -signal.SIGKILL, fleet.crashes()
    assert {one.status for one in world.attempts() if one.id in cut} == {"SENDING"}
    fleet.start()
    wait_for("an end of all rows", lambda: not world.waiting())
    fleet.stop()
    judge(world, far, cut)

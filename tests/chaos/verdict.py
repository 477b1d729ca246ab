"""What must be true when everything has come to rest, whatever was done to the workers meanwhile."""

from __future__ import annotations

from collections import Counter
from collections.abc import Set

import sqlalchemy as sa

from tests.chaos.far_side import FarSide
from tests.chaos.world import WORDS, World
from workbench.models import SendCounter

#: row → creative. A creative of which something went out is PUBLISHED.
CREATIVE = {"DONE": "PUBLISHED", "PARTIAL": "PUBLISHED", "FAILED": "FAILED", "UNKNOWN": "UNKNOWN"}
FINAL = {"SENT", "FAILED", "SKIPPED", "UNKNOWN"}


def judge(world: World, far: FarSide, cut: Set[int], *, caps_may_be_high: bool = False) -> Counter[str]:
    """``cut``: the attempts that were SENDING when their worker died, or lost its lease. Answers how many ended how."""
    attempts = world.attempts()
    accepted = Counter(one.identity for one in far.accepted)
    named = {one.identity: one.external_id for one in far.accepted}
    identity = {
        one.id: ("email", one.title, one.address_norm)
        if one.channel == "email"
        else ({"twitter": "x"}.get(one.channel, one.channel), one.body_text, "")
        for one in attempts
    }

    twice = [message for message, times in accepted.items() if times > 1]
    assert not twice, f"accepted twice: {twice[:5]}"
    assert len(far.journal.read_text().splitlines()) == len(far.accepted)

    stuck = [(one.id, one.status) for one in attempts if one.status not in FINAL]
    assert not stuck, f"not at an end: {stuck[:5]}"
    mute = [one.id for one in attempts if one.status != "SENT" and not one.last_error]
    assert not mute, f"ended without a reason: {mute[:5]}"

    unproven = [one.id for one in attempts if one.status == "SENT" and not accepted[identity[one.id]]]
    assert not unproven, f"SENT, and nobody has it: {unproven[:5]}"
    known = {identity[one.id] for one in attempts if one.status in ("SENT", "UNKNOWN")}
    lost = set(accepted) - known
    assert not lost, f"somebody has it, and it is neither SENT nor UNKNOWN: {list(lost)[:5]}"
    misnamed = [one.id for one in attempts if one.status == "SENT" and one.external_id != named.get(identity[one.id])]
    assert not misnamed, f"known by another name than the far side gave: {misnamed[:5]}"

    unknown = {one.id for one in attempts if one.status == "UNKNOWN"}
    assert unknown - cut == set(), "UNKNOWN, though its worker was not cut off"
    assert cut - unknown == set(), "cut off, and not UNKNOWN"
    assert all("may still deliver" in one.last_error for one in attempts if one.id in cut)

    _judge_rows(world, attempts)
    _judge_people(world, attempts)
    _judge_counters(world, attempts, caps_may_be_high)
    return Counter(one.status for one in attempts)


def _judge_rows(world: World, attempts: list[object]) -> None:
    states: dict[int, Counter[str]] = {}
    for one in attempts:
        states.setdefault(one.queue_id, Counter())[one.status] += 1  # type: ignore[attr-defined]
    for queue_id, status, why, holder, creative in world.rows():
        of = states[queue_id]
        expected = "UNKNOWN" if of["UNKNOWN"] else "FAILED" if not of["SENT"] else "PARTIAL" if of["FAILED"] else "DONE"
        assert status == expected, f"row {queue_id} is {status} and its attempts are {of}"
        assert creative == CREATIVE[expected]
        assert holder is None
        assert (why is None) == (status == "DONE"), f"row {queue_id} is {status} and says {why}"


def _judge_people(world: World, attempts: list[object]) -> None:
    """Everybody stands once in every mailing: nobody was forgotten, nobody was written down twice."""
    mailings: dict[int, Counter[str]] = {}
    for one in attempts:
        if one.channel == "email":  # type: ignore[attr-defined]
            mailings.setdefault(one.queue_id, Counter())[one.address_norm] += 1  # type: ignore[attr-defined]
    for queue_id, people in mailings.items():
        assert len(people) == world.people + 2, f"row {queue_id} went to {len(people)} people"
        assert set(people.values()) == {1}


def _judge_counters(world: World, attempts: list[object], may_be_high: bool) -> None:
    """A cap counts what was handed over, and what may have been: neither more nor less."""
    with world.engine.connect() as connection:
        counters = connection.execute(
            sa.select(SendCounter.gateway, SendCounter.account, SendCounter.campaign_id, SendCounter.window,
                      SendCounter.count)
        ).all()  # fmt: skip
    spent = [one for one in attempts if one.status in ("SENT", "UNKNOWN", "FAILED")]  # type: ignore[attr-defined]
    gateway = {"twitter": "x"}
    expected: Counter[tuple[str, str, int]] = Counter()
    for one in spent:
        name = gateway.get(one.channel, one.channel)  # type: ignore[attr-defined]
        expected[name, one.account, 0] += 1  # type: ignore[attr-defined]
        if one.campaign_id:  # type: ignore[attr-defined]
            expected[name, "", one.campaign_id] += 1  # type: ignore[attr-defined]
    for kind in ("m:", "d:"):
        counted: Counter[tuple[str, str, int]] = Counter()
        for one in counters:
            if one.window.startswith(kind):
                counted[one.gateway, one.account, one.campaign_id] += one.count
        accounts = {key: count for key, count in expected.items() if kind == "d:" or not key[2]}
        if may_be_high:
            assert all(counted[key] >= count for key, count in accounts.items())
        else:
            assert {key: count for key, count in counted.items() if count} == accounts


def judge_log(said: str) -> None:
    """Ids only: no word of a text, no name, no address."""
    assert "worker started" in said
    for word in (*WORDS, "@", "example.com"):
        assert word.lower() not in said.lower(), f"{word!r} is in the log"

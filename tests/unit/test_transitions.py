"""Every pair of states: the allowed ones are allowed, all others are refused with state and reason."""

from __future__ import annotations

from enum import StrEnum
from itertools import product

import pytest

from workbench.enums import (
    CREATIVE_TRANSITIONS,
    PROJECT_TRANSITIONS,
    QUEUE_TRANSITIONS,
    CreativeStatus,
    ProjectState,
    QueueStatus,
    Transitions,
    check_transition,
)
from workbench.errors import InvalidTransition

TABLES: list[tuple[str, type[StrEnum], Transitions]] = [
    ("project", ProjectState, PROJECT_TRANSITIONS),
    ("creative", CreativeStatus, CREATIVE_TRANSITIONS),
    ("queue", QueueStatus, QUEUE_TRANSITIONS),
]

# Written out once more, by hand, from the design: a table that tests itself proves nothing.
ALLOWED = {
    "project": """INTAKE>STRATEGY INTAKE>CREATIVE STRATEGY>CREATIVE CREATIVE>STRATEGY EXECUTION>STRATEGY
        CREATIVE>EXECUTION EXECUTION>DONE CREATIVE>DONE DONE>EXECUTION""",
    "creative": """DRAFT>APPROVED APPROVED>DRAFT SCHEDULED>DRAFT FAILED>DRAFT APPROVED>SCHEDULED SCHEDULED>APPROVED
        SCHEDULED>PUBLISHING PUBLISHING>PUBLISHED PUBLISHING>FAILED PUBLISHING>UNKNOWN PUBLISHING>SCHEDULED
        UNKNOWN>PUBLISHED UNKNOWN>APPROVED FAILED>APPROVED""",
    "queue": """QUEUED>RUNNING RUNNING>QUEUED RUNNING>DONE RUNNING>PARTIAL RUNNING>FAILED RUNNING>UNKNOWN
        QUEUED>CANCELLED MISSED>CANCELLED QUEUED>MISSED MISSED>QUEUED FAILED>QUEUED PARTIAL>QUEUED
        UNKNOWN>DONE UNKNOWN>PARTIAL UNKNOWN>FAILED""",
}

PAIRS = [
    pytest.param(table, now, to, f"{now}>{to}" in ALLOWED[name].split(), id=f"{name}-{now}-{to}")
    for name, states, table in TABLES
    for now, to in product(states, states)
    if now != to
]


@pytest.mark.parametrize(("table", "now", "to", "allowed"), PAIRS)
def test_a_move_is_allowed_exactly_when_the_design_says_so(
    table: Transitions, now: StrEnum, to: StrEnum, allowed: bool
) -> None:
    if allowed:
        check_transition(table, now, to, "It")
        assert table[(now, to)]
    else:
        with pytest.raises(InvalidTransition, match=f"It is {now} and cannot become {to}") as caught:
            check_transition(table, now, to, "It")
        assert caught.value.context == {"state": now, "to": to}


@pytest.mark.parametrize(("name", "states", "table"), TABLES, ids=[name for name, _, _ in TABLES])
def test_repeating_a_decision_is_harmless(name: str, states: type[StrEnum], table: Transitions) -> None:
    for state in states:
        check_transition(table, state, state, name)


def test_an_end_says_that_it_is_one() -> None:
    with pytest.raises(InvalidTransition, match="It cannot change any more"):
        check_transition(QUEUE_TRANSITIONS, QueueStatus.DONE, QueueStatus.QUEUED, "Row 1")

"""When something deferred is tried again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.execution.retry import FIRST, JITTER, LONGEST, SOONEST, next_try

NOW = datetime(2026, 11, 19, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("tries", "chance", "seconds"),
    [(1, 0, 30), (2, 0, 60), (3, 0, 120), (4, 0, 240), (9, 0, 3600), (1, 1, 36), (2, 0.5, 66)],
)
def test_the_wait_doubles_up_to_an_hour_with_some_jitter(tries: int, chance: float, seconds: float) -> None:
    assert next_try(tries, 100, NOW, chance=chance) == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize(("tries", "limit"), [(5, 5), (6, 5), (1, 1), (1, 0)])
def test_it_is_given_up_after_the_last_try_even_when_the_far_side_names_a_time(tries: int, limit: int) -> None:
    assert next_try(tries, limit, NOW) is None
    assert next_try(tries, limit, NOW, asked=NOW + timedelta(hours=1)) is None


def test_the_far_sides_own_time_is_obeyed_but_never_one_that_is_past() -> None:
    later = NOW + timedelta(days=1)
    assert next_try(1, 5, NOW, asked=later) == later
    assert next_try(1, 5, NOW, asked=NOW - timedelta(days=1)) == NOW + SOONEST


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_the_wait_is_always_between_the_first_and_the_longest(tries: int, chance: float) -> None:
    moment = next_try(tries, 10_001, NOW, chance=chance)
    assert moment is not None
    assert FIRST <= moment - NOW <= LONGEST * (1 + JITTER)

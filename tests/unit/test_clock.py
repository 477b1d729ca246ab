"""Now is aware UTC, and can be made to stand still."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest

from workbench import clock
from workbench.errors import InputError

MOMENT = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _time_runs_again() -> Iterator[None]:
    yield
    clock.pin(None)


def test_now_is_aware_and_in_utc() -> None:
    assert clock.now().utcoffset() == timedelta(0)


def test_a_naive_moment_is_refused_because_nobody_knows_whose_clock_it_was() -> None:
    with pytest.raises(InputError, match="no time zone"):
        clock.as_utc(datetime(2026, 3, 29, 1, 30))


def test_a_moment_elsewhere_is_the_same_moment_in_utc() -> None:
    berlin = timezone(timedelta(hours=2))
    assert clock.as_utc(datetime(2026, 3, 29, 3, 30, tzinfo=berlin)) == MOMENT
    assert clock.as_utc(datetime(2026, 3, 29, 3, 30, tzinfo=berlin)).tzinfo is UTC


def test_time_stands_still_inside_the_block_alone() -> None:
    with clock.frozen(MOMENT):
        assert clock.now() == MOMENT
        with clock.frozen(MOMENT + timedelta(hours=1)):
            assert clock.now() == MOMENT + timedelta(hours=1)
        assert clock.now() == MOMENT
    assert clock.now() > MOMENT


def test_a_pinned_process_stays_pinned_until_it_is_let_go() -> None:
    clock.pin(MOMENT)
    assert clock.now() == MOMENT
    clock.pin(None)
    assert clock.now() > MOMENT

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from workbench.errors import GatewayFault
from workbench.execution.discovering import TRIES, rest, retry_at

NOW = datetime(2026, 11, 19, 10, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.mark.parametrize(
    ("left", "pause"),
    [
        ({}, None),
        ({"minute": 1, "daily": 3}, None),
        ({"minute": 0}, MINUTE),
        ({"hourly": 0, "minute": 0}, 15 * MINUTE),
        ({"daily": 0, "minute": 40}, HOUR),
        ({"yearly": 0}, None),
    ],
)
def test_the_longest_window_without_requests_says_how_long_to_wait(
    left: Mapping[str, int], pause: timedelta | None
) -> None:
    assert rest(left) == pause


@pytest.mark.parametrize(
    ("status", "asked", "tries", "until"),
    [
        (429, None, 1, NOW + MINUTE),
        (429, NOW + HOUR, 1, NOW + HOUR),
        (429, None, TRIES + 50, NOW + MINUTE),
        (None, None, 1, NOW + MINUTE / 2),
        (None, None, 2, NOW + MINUTE),
        (500, None, TRIES - 1, NOW + 32 * MINUTE),
        (500, None, TRIES, None),
        (503, NOW + HOUR, 1, NOW + HOUR),
        (408, None, 1, NOW + MINUTE / 2),
        *((status, None, 1, None) for status in (301, 400, 401, 402, 403, 404, 422)),
    ],
)
def test_a_refusal_is_for_good_a_limit_is_no_failure_and_the_rest_may_pass(
    status: int | None, asked: datetime | None, tries: int, until: datetime | None
) -> None:
    context = {} if status is None else {"status": status}
    assert retry_at(GatewayFault("no", retry_at=asked, **context), tries, NOW) == until

"""Which counters limit a batch, and who of it may go."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.accounts import Account
from workbench.enums import Platform
from workbench.execution.caps import Limits, Window, grant, limits_for, windows

NOW = datetime(2026, 11, 19, 23, 59, 30, tzinfo=UTC)
MINUTE = Window("acme", 0, "m:2026-11-19T23:59", 3, datetime(2026, 11, 20, tzinfo=UTC))
DAY = Window("acme", 0, "d:2026-11-19", 5, datetime(2026, 11, 20, tzinfo=UTC))
FIRST = Window("", 1, "d:2026-11-19", 2, datetime(2026, 11, 20, tzinfo=UTC))


def test_an_account_has_a_minute_and_a_day_and_a_campaign_its_own_day_all_in_utc() -> None:
    assert windows("acme", Limits(3, 5), {1: 2, 2: None, 0: 9}, NOW) == [MINUTE, DAY, FIRST]


def test_what_has_no_limit_has_no_counter() -> None:
    assert windows("acme", Limits(), {1: None}, NOW) == []


@pytest.mark.parametrize(
    ("account", "overrides", "limits"),
    [
        (Account(name="a", platform=Platform.EMAIL, identity="a@example.com", per_minute=7, per_day=70), None, (7, 70)),
        (
            Account(name="a", platform=Platform.EMAIL, identity="a@example.com", per_minute=7, per_day=70),
            {"per_day": 5},
            (7, 5),
        ),
        (None, None, (None, None)),
        (None, {"per_minute": 2}, (2, None)),
    ],
)
def test_the_gateways_setting_stands_in_for_the_accounts(
    account: Account | None, overrides: dict[str, int] | None, limits: tuple[int | None, int | None]
) -> None:
    assert limits_for(account, overrides) == Limits(*limits)


@pytest.mark.parametrize(
    ("messages", "counted", "answers"),
    [
        ([0, 0], [], [None, None]),
        ([0, 0, 0, 0], [(MINUTE, 0)], [None, None, None, MINUTE]),
        ([0, 0], [(MINUTE, 3)], [MINUTE, MINUTE]),
        ([0, 0], [(MINUTE, 2), (DAY, 5)], [DAY, DAY]),
        ([1, 2, 1, 1, 2], [(FIRST, 0)], [None, None, None, FIRST, None]),
        ([1, 1, 2, 2], [(FIRST, 1), (MINUTE, 1)], [None, FIRST, None, MINUTE]),
    ],
)
def test_a_message_goes_when_every_counter_has_room(
    messages: list[int], counted: list[tuple[Window, int]], answers: list[Window | None]
) -> None:
    assert grant(messages, counted) == answers


@given(
    st.lists(st.integers(0, 3), max_size=30),
    st.lists(st.tuples(st.integers(0, 3), st.integers(1, 10), st.integers(0, 12)), max_size=4),
)
def test_no_counter_ever_goes_over_its_limit(messages: list[int], given_counters: list[tuple[int, int, int]]) -> None:
    counted = [
        (Window("", campaign, f"d:{number}", limit, NOW + timedelta(hours=number)), used)
        for number, (campaign, limit, used) in enumerate(given_counters)
    ]
    answers = grant(messages, counted)
    for window, used in counted:
        mine = [
            answer
            for campaign, answer in zip(messages, answers, strict=True)
            if answer is None and window.campaign_id in (0, campaign)
        ]
        assert used + len(mine) <= max(window.limit, used)

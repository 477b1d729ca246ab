from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from workbench.enums import Gateway, GatewayState
from workbench.services.gateway_checks import FRESH_FOR, INTERVAL, Check, is_due, judge, worst

NOW = datetime(2026, 11, 19, 10, 0, tzinfo=UTC)
OK, WARN, DOWN = GatewayState.OK, GatewayState.WARN, GatewayState.DOWN
UNCONFIGURED, UNKNOWN = GatewayState.UNCONFIGURED, GatewayState.UNKNOWN


def _checks(*found: tuple[GatewayState, timedelta]) -> list[Check]:
    return [Check(Gateway.X, "one", NOW - age, state, NOW - age + FRESH_FOR) for state, age in found]


@pytest.mark.parametrize(
    ("checks", "state"),
    [
        ([], UNKNOWN),
        ([(OK, timedelta(0))], OK),
        ([(WARN, timedelta(0))], WARN),
        ([(UNCONFIGURED, timedelta(0))], UNCONFIGURED),
        ([(DOWN, timedelta(0))], WARN),
        ([(DOWN, timedelta(0)), (OK, INTERVAL)], WARN),
        ([(DOWN, timedelta(0)), (WARN, INTERVAL)], WARN),
        ([(DOWN, timedelta(0)), (DOWN, INTERVAL)], DOWN),
        ([(OK, timedelta(0)), (DOWN, INTERVAL)], OK),
        ([(OK, FRESH_FOR)], OK),
        ([(OK, FRESH_FOR + timedelta(microseconds=1))], UNKNOWN),
        ([(DOWN, FRESH_FOR + timedelta(seconds=1)), (DOWN, FRESH_FOR + INTERVAL)], UNKNOWN),
    ],
)
def test_one_failure_warns_two_in_a_row_are_down_and_old_probes_say_nothing(
    checks: list[tuple[GatewayState, timedelta]], state: GatewayState
) -> None:
    assert judge(_checks(*checks), NOW) is state


@pytest.mark.parametrize(
    ("states", "said"),
    [
        ([], UNKNOWN),
        ([OK, OK], OK),
        ([OK, DOWN, WARN], DOWN),
        ([OK, WARN], WARN),
        ([OK, UNKNOWN], UNKNOWN),
        ([OK, UNCONFIGURED], OK),
        ([UNCONFIGURED], UNCONFIGURED),
    ],
)
def test_a_gateway_is_as_its_worst_account(states: list[GatewayState], said: GatewayState) -> None:
    assert worst(states) is said


@pytest.mark.parametrize(
    ("ages", "due"),
    [
        ({}, True),
        ({"one": timedelta(0), "two": timedelta(0)}, False),
        ({"one": timedelta(0)}, True),
        ({"one": timedelta(0), "two": INTERVAL}, True),
        ({"one": timedelta(0), "two": INTERVAL - timedelta(seconds=1)}, False),
        ({"one": timedelta(0), "two": timedelta(0), "gone": 9 * INTERVAL}, False),
    ],
)
def test_a_gateway_is_due_when_one_of_its_accounts_is(ages: dict[str, timedelta], due: bool) -> None:
    assert is_due({name: NOW - age for name, age in ages.items()}, ["one", "two"], NOW, INTERVAL) is due

"""What stops a claimed row, from all that may have changed since the claim."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from workbench.enums import CreativeStatus, Mode, QueueStatus
from workbench.execution.standing import Standing, Stop, halt

FINE = Standing(
    token=3,
    status=QueueStatus.RUNNING,
    lease_left=timedelta(seconds=60),
    installation_mode=Mode.LIVE,
    row_mode=Mode.LIVE,
    system_paused=False,
    gateway_paused=False,
    project_paused=False,
    deleted=False,
    item_status=CreativeStatus.PUBLISHING,
    item_version=2,
    version_number=2,
    strategy_id=7,
    approved_strategy_id=7,
    account="acme",
    bound_account="acme",
    now=datetime(2026, 11, 19, tzinfo=UTC),
)


@pytest.mark.parametrize(
    "changes", [{}, {"bound_account": None}, {"account": "simulation"}, {"item_status": CreativeStatus.PUBLISHED}]
)
def test_a_row_that_stands_as_it_was_claimed_is_sent(changes: dict[str, Any]) -> None:
    assert halt(replace(FINE, **changes), 3) is None


@pytest.mark.parametrize(
    ("changes", "stop"),
    [
        ({"token": 4}, Stop.LOST),
        ({"status": QueueStatus.QUEUED}, Stop.LOST),
        ({"lease_left": timedelta(0)}, Stop.LOST),
        ({"lease_left": timedelta(seconds=-1)}, Stop.LOST),
        ({"system_paused": True}, Stop.PAUSED),
        ({"gateway_paused": True}, Stop.PAUSED),
        ({"project_paused": True}, Stop.PAUSED),
        ({"installation_mode": Mode.SIMULATION}, Stop.PAUSED),
        ({"deleted": True}, Stop.WITHDRAWN),
        ({"item_status": CreativeStatus.DRAFT}, Stop.WITHDRAWN),
        ({"item_version": 3}, Stop.WITHDRAWN),
        ({"approved_strategy_id": 8}, Stop.HELD),
        ({"approved_strategy_id": None, "strategy_id": None}, Stop.HELD),
        ({"bound_account": "somebody else"}, Stop.HELD),
    ],
)
def test_each_change_since_the_claim_stops_it(changes: dict[str, Any], stop: Stop) -> None:
    found = halt(replace(FINE, **changes), 3)
    assert found is not None
    assert found.stop is stop
    assert found.reason


@pytest.mark.parametrize(
    ("changes", "reason"), [({"system_paused": True}, "Paused."), ({"installation_mode": Mode.SIMULATION}, "mode")]
)
def test_a_pause_and_a_change_of_the_mode_are_told_apart(changes: dict[str, Any], reason: str) -> None:
    found = halt(replace(FINE, **changes), 3)
    assert found is not None
    assert reason in found.reason


def test_a_lost_claim_is_said_first_whatever_else_is_true() -> None:
    found = halt(replace(FINE, token=9, system_paused=True, deleted=True), 3)
    assert found is not None
    assert found.stop is Stop.LOST

"""Why a row is not going out: the first thing that holds it back, in a sentence that says what to do."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from workbench.enums import Mode, QueueStatus
from workbench.services.why import Facts, why

NOW = datetime(2026, 11, 19, 10, 0, tzinfo=UTC)
DUE = Facts(
    status=QueueStatus.QUEUED,
    now=NOW,
    scheduled_time=NOW - timedelta(minutes=1),
    mode=Mode.LIVE,
    installation_mode=Mode.LIVE,
    gateway="LinkedIn",
)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "waits for a worker to come to it"),
        ({"installation_mode": Mode.SIMULATION}, "queued in live mode and the installation is in simulation"),
        ({"system_pause": "storm"}, "Everything is paused: storm."),
        ({"system_pause": ""}, "Everything is paused."),
        ({"gateway_pause": "token"}, "LinkedIn is paused: token."),
        ({"project_pause": ""}, "Its project is paused."),
        ({"deleted": True}, "was deleted"),
        ({"stale": True}, "strategy that is not in force"),
        ({"account_problem": "Bind it to one first."}, "Bind it to one first."),
        ({"scheduled_time": NOW + timedelta(hours=1)}, "not due yet."),
        ({"scheduled_time": NOW}, "waits for a worker to come to it"),
        ({"scheduled_time": NOW + timedelta(hours=1), "workers_alive": 0}, "not due yet. No worker is alive"),
        ({"workers_alive": 0}, "no worker is alive. Start one with: workbench worker"),
        ({"gateway_down": True}, "LinkedIn does not answer its probes"),
        (
            {"next_attempt_at": NOW + timedelta(minutes=1), "last_error": "The cap is used up."},
            "It waits until 2026-11-19 10:01:00 UTC. The cap is used up.",
        ),
        ({"next_attempt_at": NOW - timedelta(minutes=1), "last_error": "old news"}, "waits for a worker"),
        ({"next_attempt_at": NOW, "last_error": "old news"}, "waits for a worker"),
        ({"status": QueueStatus.MISSED}, "overdue by more than 60 minutes"),
        ({"status": QueueStatus.UNKNOWN, "unknown": 2}, "Nobody knows whether 2 of it went out"),
        ({"status": QueueStatus.FAILED, "last_error": "550 no"}, "550 no"),
        ({"status": QueueStatus.PARTIAL}, "Some of it failed"),
        ({"status": QueueStatus.RUNNING, "lease_expires_at": NOW}, "has stopped answering"),
    ],
)
def test_the_reason_is_named(changes: dict[str, Any], said: str) -> None:
    answer = why(replace(DUE, **changes))
    assert answer is not None
    assert said in answer


@pytest.mark.parametrize(
    "changes",
    [
        {"status": QueueStatus.DONE},
        {"status": QueueStatus.CANCELLED},
        {"status": QueueStatus.RUNNING, "lease_expires_at": NOW + timedelta(seconds=1)},
    ],
)
def test_what_went_or_is_going_out_has_none(changes: dict[str, Any]) -> None:
    assert why(replace(DUE, **changes)) is None


def test_a_pause_is_named_before_what_would_hold_it_back_anyway() -> None:
    answer = why(replace(DUE, system_pause="storm", stale=True, workers_alive=0))
    assert answer is not None
    assert "storm" in answer

"""Why a queue row is not going out, in one sentence that names what to do. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from workbench.enums import Mode, QueueStatus


@dataclass(frozen=True)
class Facts:
    """All that decides whether a row goes out. Moments are aware UTC."""

    status: QueueStatus
    now: datetime
    scheduled_time: datetime
    mode: Mode
    installation_mode: Mode
    next_attempt_at: datetime | None = None
    last_error: str | None = None
    lease_expires_at: datetime | None = None
    unknown: int = 0
    staleness_minutes: int = 60
    #: The reason given, "" when none was; None: not paused.
    system_pause: str | None = None
    gateway_pause: str | None = None
    project_pause: str | None = None
    gateway: str = ""
    #: Its text was approved for the strategy that is in force now.
    stale: bool = False
    deleted: bool = False
    #: What is wrong with the account, in words; None when nothing is.
    account_problem: str | None = None
    gateway_down: bool = False
    workers_alive: int = 1


def why(facts: Facts) -> str | None:
    """The first thing that keeps the row from going out; None when it went or is going out."""
    if facts.status in (QueueStatus.DONE, QueueStatus.CANCELLED):
        return None
    if facts.status is QueueStatus.RUNNING:
        return _running(facts)
    if facts.status is QueueStatus.MISSED:
        detail = f" {facts.last_error}" if facts.last_error else ""
        return (
            f"It was overdue by more than {facts.staleness_minutes} minutes and waits for a person: "
            f"reschedule or cancel it.{detail}"
        )
    if facts.status is QueueStatus.UNKNOWN:
        return (
            f"Nobody knows whether {facts.unknown} of it went out: look at the far side, then reconcile it "
            "as sent or not sent."
        )
    if facts.status in (QueueStatus.FAILED, QueueStatus.PARTIAL):
        return facts.last_error or "Some of it failed. Its attempts say why; retry them when that is mended."
    return _blocked(facts) or _waiting(facts)


def _running(facts: Facts) -> str | None:
    if facts.lease_expires_at is not None and facts.lease_expires_at <= facts.now:
        return "The worker that took it has stopped answering. The next worker takes it over."
    return None


def _blocked(facts: Facts) -> str | None:
    if facts.mode is not facts.installation_mode:
        return (
            f"It was queued in {facts.mode.value} mode and the installation is in {facts.installation_mode.value} mode."
        )
    pauses = (
        ("Everything is", facts.system_pause),
        (f"{facts.gateway} is", facts.gateway_pause),
        ("Its project is", facts.project_pause),
    )
    for who, reason in pauses:
        if reason is not None:
            return f"{who} paused{f': {reason}' if reason else ''}. Resume it when that is right."
    if facts.deleted:
        return "The creative was deleted. Restore it, or cancel this."
    if facts.stale:
        return "The creative was made for a strategy that is not in force any more. Confirm or edit it."
    return facts.account_problem


def _waiting(facts: Facts) -> str:
    if facts.next_attempt_at is not None and facts.next_attempt_at > facts.now:
        reason = f" {facts.last_error}" if facts.last_error else ""
        return f"It waits until {facts.next_attempt_at:%Y-%m-%d %H:%M:%S} UTC.{reason}"
    if facts.scheduled_time > facts.now:
        worker = "" if facts.workers_alive else " No worker is alive now: start one with: workbench worker"
        return f"It is not due yet.{worker}"
    if not facts.workers_alive:
        return "It is due, but no worker is alive. Start one with: workbench worker"
    if facts.gateway_down:
        return f"It is due, but {facts.gateway} does not answer its probes. See the gateways."
    return "It is due and waits for a worker to come to it."

"""Gateways, workers, mode and pause."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, TypedDict


class DayCap(TypedDict):
    account: str
    #: Messages a day (UTC), and how many of today's are left.
    limit: int
    left: int


class GatewayStatus(TypedDict):
    status: Literal["ok", "warn", "down", "unconfigured", "unknown"]
    checked_at: datetime | None
    #: Seconds since the probe; None when there was none.
    age: float | None
    latency_ms: float | None
    detail: str
    #: Sent in the last 24 hours, in the installation's mode.
    recent_activity: int
    queued: int
    paused: bool
    pause_reason: str | None
    accounts: list[str]
    #: Of the accounts that may send only so many a day.
    caps: list[DayCap]


class WorkerRow(TypedDict):
    worker_id: str
    host: str
    pid: int
    started_at: datetime
    beat_at: datetime
    alive: bool
    working_on: str | None


class ModeChange(TypedDict):
    mode: str
    #: Queue rows that came off the queue because they were queued in simulation.
    returned: int
    #: Live only: gateways that are not configured, by their names; what they should send will say so.
    unconfigured: list[str]
    #: Messages that were being sent when the mode changed; the change is complete when this is 0.
    in_flight: int


class PauseState(TypedDict):
    paused: bool
    reason: str | None
    by: str | None
    at: datetime | None
    #: Messages being sent right now; the pause is confirmed when this is 0.
    in_flight: int
    #: Messages of unknown outcome whose worker may be frozen rather than gone: they may still go out.
    may_still_deliver: int
    #: Each with id or gateway, name, reason, by, at and its own in_flight.
    projects: list[dict[str, Any]]
    gateways: list[dict[str, Any]]


class ResumeItem(TypedDict):
    queue_id: int
    project: str
    platform: str
    title: str
    scheduled_time: datetime
    #: Of the project, an IANA name.
    timezone: str
    overdue_seconds: float
    #: True when it would become MISSED and wait for a person.
    too_old: bool
    recipients: int | None


class ResumePreview(TypedDict):
    items: list[ResumeItem]
    would_send: int
    would_miss: int

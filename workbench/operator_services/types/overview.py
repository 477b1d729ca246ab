"""What the Command page shows and the logs say."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypedDict


class AttentionMetrics(TypedDict):
    leads: int
    high_intent: int
    approvals_pending: int
    execution_success: float | None
    failed_last_24h: int
    unknown_outcomes: int
    overdue: int
    missed: int
    gateways_down: int
    stale_creatives: int
    #: Attempts of the last 7 days in the mode the installation is not in.
    other_mode_attempts: int
    mode: str
    as_of: datetime


class ActivityEvent(TypedDict):
    time: datetime
    event: str
    detail: str
    project_id: int | None
    #: attempt, contact, discovery or audit; with ``source_id`` the row behind it.
    source: str
    source_id: int
    #: ok, warn, error or info: how it should look.
    tone: str
    #: Pass to ``before=`` for the next page.
    cursor: str


class PipelineProject(TypedDict):
    id: int
    name: str
    client: str
    state: str
    #: How complete the brief is, 0–100.
    clarity: int
    strategy_status: str | None
    paused: bool
    lead_count: int
    outreach_count: int
    creatives: int
    creatives_draft: int
    creatives_approved: int
    creatives_scheduled: int
    creatives_published: int
    creatives_failed: int
    creatives_unknown: int
    next_scheduled: datetime | None
    platforms: list[str]


class TimelineRow(TypedDict):
    at: datetime
    #: queue or attempt
    kind: str
    id: int
    queue_id: int | None
    project_id: int
    project: str
    platform: str
    status: str
    mode: str
    title: str
    lead_id: int | None
    lead: str | None
    external_id: str | None
    error: str | None


class OpenAttempt(TimelineRow):
    """An attempt that needs a person: it failed, or nobody knows what became of it."""

    attempt_id: int
    content_item_id: int
    #: Why it cannot be called "not sent" yet; None when it can.
    may_still_deliver: str | None


class AuditRow(TypedDict):
    id: int
    at: datetime
    actor: str
    role: str
    action: str
    entity: str
    entity_id: int | None
    project_id: int | None
    batch_id: str | None
    reason: str | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None

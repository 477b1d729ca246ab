"""The shapes the contract returns. All times are aware datetimes in UTC unless a name says otherwise."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, TypedDict


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


class ProjectContext(TypedDict):
    project_id: int
    project_name: str
    client: str
    goal: str
    constraints: str
    audience: str
    budget: str
    target_niche: str
    #: Number of the newest brief; 0 when there is none.
    intake_number: int
    #: Of the newest revision; None when there is none.
    strategy_status: str | None
    strategy_number: int
    rejection_reason: str | None
    #: Number of the revision in force.
    approved_number: int | None
    lead_count: int
    outreach_count: int
    state: str
    timezone: str
    paused: bool
    #: platform -> account name, or None when it is not bound.
    accounts: dict[str, str | None]
    created_at: datetime


class IntakeRevision(TypedDict):
    id: int
    number: int
    goal: str
    constraints: str
    audience: str
    budget: str
    target_niche: str
    author: str
    created_at: datetime


class StrategyRevision(TypedDict):
    id: int
    project_id: int
    number: int
    text: str
    status: str
    in_force: bool
    rejection_reason: str | None
    author: str
    decided_by: str | None
    decided_at: datetime | None
    created_at: datetime


class Creative(TypedDict):
    #: None when a viewer sees template drafts that were not saved.
    id: int | None
    project_id: int
    platform: str
    title: str
    body_text: str
    caption: str
    status: str
    version: int
    stale: bool
    #: Of the newest version: ``operator``, ``template`` or ``model:NAME``.
    source: str
    #: What to know about the newest version, e.g. that a template could not follow the instruction.
    note: str | None
    #: Problems its platform would have with it; empty when it may be approved.
    problems: list[str]
    scheduled_time: datetime | None
    queue_id: int | None
    account: str | None
    last_error: str | None
    deleted: bool
    created_at: datetime
    updated_at: datetime


class CreativeVersion(TypedDict):
    id: int
    creative_id: int
    number: int
    title: str
    body_text: str
    caption: str
    source: str
    instruction: str | None
    author: str
    created_at: datetime


class ItemOutcome(TypedDict):
    """What happened to one id of a bulk call."""

    id: int
    ok: bool
    status: str | None
    reason: str | None


class BulkResult(TypedDict):
    #: Pass to ``undo_batch``; None when nothing changed.
    batch_id: str | None
    done: int
    failed: int
    outcomes: list[ItemOutcome]


class Skipped(TypedDict):
    reason: str
    count: int


class SlotPreview(TypedDict):
    id: int
    title: str
    platform: str
    ok: bool
    reason: str | None
    #: ``YYYY-MM-DDTHH:MM:SS`` in ``timezone``.
    local_time: str | None
    scheduled_time: datetime | None
    account: str | None
    #: People who will get it: 1 for a post's audience is not known, so None.
    recipients: int | None
    skipped: list[Skipped]


class SchedulePreview(TypedDict):
    timezone: str
    mode: str
    slots: list[SlotPreview]
    recipients: int
    skipped: list[Skipped]


class ScheduleOutcome(ItemOutcome):
    queue_id: int | None
    local_time: str | None
    scheduled_time: datetime | None
    recipients: int | None
    skipped: list[Skipped]


class ScheduleResult(TypedDict):
    batch_id: str | None
    done: int
    failed: int
    recipients: int
    skipped: list[Skipped]
    outcomes: list[ScheduleOutcome]


class QueueItem(TypedDict):
    id: int
    content_item_id: int
    project_id: int
    project: str
    platform: str
    title: str
    account: str
    mode: str
    status: str
    scheduled_time: datetime
    local_time: str
    timezone: str
    next_attempt_at: datetime | None
    attempts: int
    last_error: str | None
    #: Why it is not going out now, in a sentence; None when it is done or being sent.
    why: str | None
    sent: int
    failed: int
    pending: int
    unknown: int
    skipped: int


class CalendarItem(TypedDict):
    """A queue row on the calendar; ``get_queue_item`` has the rest of it."""

    id: int
    project_id: int
    project: str
    platform: str
    #: Of the version that goes out; a post without one shows how its text begins.
    title: str
    mode: str
    status: str
    scheduled_time: datetime
    local_time: str
    timezone: str


class CalendarDay(TypedDict):
    #: ``YYYY-MM-DD``
    date: str
    #: All of the day, also those that are not among ``items``.
    total: int
    items: list[CalendarItem]


class MovePreview(TypedDict):
    """What ``reschedule`` would make of a row."""

    item: QueueItem
    #: ``YYYY-MM-DDTHH:MM:SS`` in ``timezone``.
    local_time: str
    timezone: str
    scheduled_time: datetime


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
    overdue_seconds: float
    #: True when it would become MISSED and wait for a person.
    too_old: bool
    recipients: int | None


class ResumePreview(TypedDict):
    items: list[ResumeItem]
    would_send: int
    would_miss: int


class LeadRow(TypedDict):
    id: int
    campaign_id: int
    campaign: str
    project_id: int
    name: str | None
    first_name: str | None
    title: str | None
    company: str | None
    email: str | None
    linkedin_url: str | None
    source: str
    status: str
    consent_status: str
    suppressed: bool
    lead_score: float | None
    last_contacted_at: datetime | None
    last_replied_at: datetime | None
    created_at: datetime


class LeadHistory(TypedDict):
    lead: LeadRow
    events: list[dict[str, Any]]
    attempts: list[dict[str, Any]]
    enrichment: dict[str, Any]


class CampaignRow(TypedDict):
    id: int
    project_id: int
    name: str
    description: str | None
    target_niche: str | None
    active: bool
    max_emails_per_day: int | None
    lead_count: int
    created_at: datetime


class RowOutcome(TypedDict):
    #: 1-based, counting the header as row 1, as a spreadsheet shows it.
    row: int
    outcome: Literal["imported", "merged", "unchanged", "rejected"]
    reason: str | None


class ImportPreview(TypedDict):
    """What a file looks like before it is imported."""

    encoding: str
    separator: str
    rows: int
    #: header -> field it is recognised as; None is kept as enrichment.
    columns: dict[str, str | None]
    sample: list[dict[str, str]]
    origin: str


class ImportResult(TypedDict):
    campaign_id: int
    project_id: int
    rows: int
    imported: int
    merged: int
    unchanged: int
    rejected: int
    outcomes: list[RowOutcome]
    #: Rejected rows with number and reason, ready to be mended and imported again; None when there are none.
    rejected_file: str | None


class FoundPerson(TypedDict):
    """Somebody on the first page of a search. Apollo shortens last names there and names no address."""

    name: str
    title: str
    company: str
    location: str
    #: Whether Apollo has an address; None when it does not say.
    has_email: bool | None
    #: Whether the campaign has them already.
    known: bool


class DiscoveryPreview(TypedDict):
    campaign_id: int
    #: What the search will be called.
    name: str
    #: None when Apollo does not say.
    total: int | None
    people: list[FoundPerson]


class DiscoveryReason(TypedDict):
    reason: str
    count: int


class DiscoveryRow(TypedDict):
    id: int
    campaign_id: int | None
    campaign: str | None
    project_id: int | None
    name: str
    #: PENDING (another tool's), QUEUED, RUNNING, DONE, FAILED or CANCELLED.
    status: str
    #: Why it is not going on right now, in a sentence; None when it is, or is over.
    why: str | None
    #: Why it failed, or what it was last put off for.
    error: str | None
    #: How many people Apollo says there are; None while it has not said.
    found: int | None
    max_people: int
    pages_done: int
    #: People looked at: the sum of the four that follow.
    seen: int
    added: int
    merged: int
    unchanged: int
    rejected: int
    rejections: list[DiscoveryReason]
    #: Of those added, merged and unchanged.
    without_email: int
    max_credits: int
    credits_used: int
    started_by: str | None
    next_attempt_at: datetime | None
    created_at: datetime
    completed_at: datetime | None


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


class WorkerRow(TypedDict):
    worker_id: str
    host: str
    pid: int
    started_at: datetime
    beat_at: datetime
    alive: bool
    working_on: str | None


class DraftText(TypedDict):
    text: str
    base: int
    updated_at: datetime


class RenderedMessage(TypedDict):
    platform: str
    title: str
    body_text: str
    caption: str
    #: Placeholders that had no value for this lead.
    missing: list[str]
    problems: list[str]


class OpenAttempt(TimelineRow):
    """An attempt that needs a person: it failed, or nobody knows what became of it."""

    attempt_id: int
    content_item_id: int
    #: Why it cannot be called "not sent" yet; None when it can.
    may_still_deliver: str | None


class ModeChange(TypedDict):
    mode: str
    #: Queue rows that came off the queue because they were queued in simulation.
    returned: int
    #: Live only: gateways that are not configured, by their names; what they should send will say so.
    unconfigured: list[str]
    #: Messages that were being sent when the mode changed; the change is complete when this is 0.
    in_flight: int


class SentTest(TypedDict):
    outcome: Literal["sent", "rejected", "deferred", "unknown"]
    detail: str
    #: None for a post.
    to: str | None
    mode: str

"""The queue and the calendar, and what would be put there."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict

from workbench.operator_services.types.bulk import ItemOutcome
from workbench.operator_services.types.creatives import Repeat


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
    #: What the same readers get within a week that says (nearly) the same.
    repeats: Repeat | None


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

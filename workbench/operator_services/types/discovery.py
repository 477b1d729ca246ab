"""People searches."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict


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

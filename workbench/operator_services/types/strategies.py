"""A project's brief and strategy."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict


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


class WaitingStrategy(TypedDict):
    """A newest revision that waits for a decision."""

    project_id: int
    project_name: str
    client: str
    number: int
    author: str
    created_at: datetime


class ApprovalPreview(TypedDict):
    """What approving a revision would change."""

    number: int
    #: The revision in force now; None when there is none, or it is this one.
    replaces: int | None
    #: Creatives still to be published that were made from another revision, and how many of them are on the queue.
    stale: int
    queued: int


class DraftText(TypedDict):
    text: str
    base: int
    updated_at: datetime

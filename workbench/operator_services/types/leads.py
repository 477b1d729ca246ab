"""Campaigns, leads, and files of leads."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, TypedDict


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
    #: None when it never had any.
    tags: list[str] | None
    suppressed: bool
    lead_score: float | None
    last_contacted_at: datetime | None
    last_replied_at: datetime | None
    created_at: datetime


class LeadHistory(TypedDict):
    lead: LeadRow
    events: list[dict[str, Any]]
    attempts: list[dict[str, Any]]
    changes: list[dict[str, Any]]
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
    #: Rows of the file that were dealt with: all, unless it was cancelled.
    rows: int
    #: Rows of the file.
    total: int
    #: Whether it was stopped before the end. What is in stays; importing the file again goes on.
    cancelled: bool
    imported: int
    merged: int
    unchanged: int
    rejected: int
    outcomes: list[RowOutcome]
    #: Rejected rows with number and reason, ready to be mended and imported again; None when there are none.
    rejected_file: str | None


class ReasonCount(TypedDict):
    reason: str
    count: int


class LeadChangePreview(TypedDict):
    """What a bulk change of leads would do, as things stand."""

    changing: int
    #: They are so already.
    unchanged: int
    refused: int
    #: Why, the most frequent first.
    reasons: list[ReasonCount]


class ErasurePreview(TypedDict):
    """What erasing a person would remove, and what would stay without naming anybody."""

    #: Leads with the same address, in whatever campaign.
    leads: int
    campaigns: list[str]
    contact_events: int
    drafts: int
    #: They stay as numbers, about nobody.
    attempts: int
    #: Of these: not begun, and skipped then.
    pending: int


class ReplyRow(TypedDict):
    id: int
    lead_id: int
    channel: str
    event_type: str
    summary: str | None
    event_at: datetime
    name: str | None
    email: str | None
    company: str | None
    #: The lead's.
    status: str
    campaign: str
    project_id: int

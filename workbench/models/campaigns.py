"""Campaigns with their leads, what was tried with them and what they answered (the ``cam_`` tables).

Their status, source and channel columns have no CHECK: rows from before the workbench keep the words they came with.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from workbench.clock import now
from workbench.db import UtcDateTime
from workbench.enums import AttemptStatus, Consent, Direction, DiscoveryStatus, LeadSource, LeadStatus, Mode
from workbench.models.base import Base, Timestamps, one_of

#: A query uses the index of these only when it repeats the condition in these words.
OPEN_ATTEMPTS = "status IN ('SENDING', 'FAILED', 'UNKNOWN')"


class Campaign(Timestamps, Base):
    """An outreach track of a project, with its own leads."""

    __tablename__ = "cam_campaigns"
    __table_args__ = (sa.UniqueConstraint("project_id", "name"),)

    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(200))
    description: Mapped[str | None] = mapped_column(Text)
    target_niche: Mapped[str | None] = mapped_column(Text)
    active: Mapped[bool] = mapped_column(default=True, server_default=sa.true())
    max_emails_per_day: Mapped[int | None]


class Lead(Timestamps, Base):
    """A person a campaign wants to reach. One per campaign and normalised address."""

    __tablename__ = "cam_leads"
    __table_args__ = (
        Index(
            "uq_cam_leads_campaign_id_email_norm",
            "campaign_id",
            "email_norm",
            unique=True,
        ),
        Index("ix_cam_leads_campaign_id_status", "campaign_id", "status"),
        Index("ix_cam_leads_email_norm", "email_norm"),
        one_of("consent_status", Consent),
    )

    campaign_id: Mapped[int] = mapped_column(ForeignKey("cam_campaigns.id", ondelete="CASCADE"))
    name: Mapped[str | None] = mapped_column(String(300))
    first_name: Mapped[str | None] = mapped_column(String(150))
    title: Mapped[str | None] = mapped_column(String(300))
    company: Mapped[str | None] = mapped_column(String(300))
    email: Mapped[str | None] = mapped_column(String(320))
    #: Lower-cased, IDNA domain; null without an address, and on a later double of the same campaign.
    email_norm: Mapped[str | None] = mapped_column(String(320))
    linkedin_url: Mapped[str | None] = mapped_column(String(500))
    source: Mapped[str] = mapped_column(String(50), default=LeadSource.OTHER, server_default="other")
    status: Mapped[str] = mapped_column(String(50), default=LeadStatus.NEW, server_default="NEW")
    stage: Mapped[str | None] = mapped_column(String(50))
    lead_score: Mapped[float | None]
    tags: Mapped[list[str] | None]
    consent_status: Mapped[str] = mapped_column(String(16), default=Consent.UNKNOWN, server_default="UNKNOWN")
    enrichment_data: Mapped[dict[str, Any] | None]
    notes: Mapped[str | None] = mapped_column(Text)
    last_contacted_at: Mapped[datetime | None]
    next_action_at: Mapped[datetime | None]
    last_replied_at: Mapped[datetime | None]


class OutreachAttempt(Timestamps, Base):
    """One thing sent, or tried: a post, or one e-mail to one lead."""

    __tablename__ = "cam_outreach_attempts"
    __table_args__ = (
        Index(
            "uq_cam_outreach_attempts_queue_id_post",
            "queue_id",
            unique=True,
            sqlite_where=sa.text("lead_id IS NULL AND address_norm IS NULL"),
            postgresql_where=sa.text("lead_id IS NULL AND address_norm IS NULL"),
        ),
        # With the mode: what was only simulated must not keep a person from ever getting the real thing.
        Index(
            "uq_cam_outreach_attempts_item_address",
            "content_item_id",
            "address_norm",
            "mode",
            unique=True,
            sqlite_where=sa.text("status <> 'SKIPPED'"),
            postgresql_where=sa.text("status <> 'SKIPPED'"),
        ),
        # With the id: the next batch of a long run is read in order, without sorting what is left of it.
        Index("ix_cam_outreach_attempts_queue_id_status", "queue_id", "status", "id"),
        # The few that are being sent or went wrong, among millions that are fine.
        Index(
            "ix_cam_outreach_attempts_open",
            "status",
            "attempted_at",
            "id",
            sqlite_where=sa.text(OPEN_ATTEMPTS),
            postgresql_where=sa.text(OPEN_ATTEMPTS),
        ),
        Index("ix_cam_outreach_attempts_lead_id", "lead_id"),
        Index("ix_cam_outreach_attempts_created_at_id", "created_at", "id"),
        Index("ix_cam_outreach_attempts_attempted_at", "attempted_at"),
        # The newest of a project: of its campaigns, and of its posts, which have none.
        Index("ix_cam_outreach_attempts_campaign_newest", "campaign_id", "status", "attempted_at", "id"),
        Index(
            "ix_cam_outreach_attempts_no_campaign",
            "content_item_id",
            "attempted_at",
            "id",
            sqlite_where=sa.text("campaign_id IS NULL"),
            postgresql_where=sa.text("campaign_id IS NULL"),
        ),
        # The newest on one platform, where millions of e-mails may stand between two posts.
        Index(
            "ix_cam_outreach_attempts_no_email",
            "channel",
            "attempted_at",
            "id",
            sqlite_where=sa.text("channel <> 'email'"),
            postgresql_where=sa.text("channel <> 'email'"),
        ),
        one_of("mode", Mode),
    )

    queue_id: Mapped[int | None] = mapped_column(ForeignKey("execution_queue.id", ondelete="SET NULL"))
    content_item_id: Mapped[int | None] = mapped_column(ForeignKey("content_items.id", ondelete="SET NULL"))
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("cam_campaigns.id", ondelete="CASCADE"))
    #: None for a post, and after the person was erased (``address_norm`` then holds a hash).
    lead_id: Mapped[int | None] = mapped_column(ForeignKey("cam_leads.id", ondelete="SET NULL"))
    address_norm: Mapped[str | None] = mapped_column(String(320))
    #: linkedin, twitter or email.
    channel: Mapped[str] = mapped_column(String(50), default="email", server_default="email")
    step_number: Mapped[int] = mapped_column(default=1, server_default="1")
    status: Mapped[str] = mapped_column(String(50), default=AttemptStatus.PENDING, server_default="PENDING")
    mode: Mapped[str] = mapped_column(String(16), default=Mode.SIMULATION, server_default="simulation")
    next_attempt_at: Mapped[datetime | None]
    retry_count: Mapped[int] = mapped_column(default=0, server_default="0")
    max_retries: Mapped[int | None]
    external_id: Mapped[str | None] = mapped_column(String(300))
    last_error: Mapped[str | None] = mapped_column(Text)
    #: The worker that began the send, ``host:pid:nonce``, for as long as it might still deliver it.
    sender: Mapped[str | None] = mapped_column(String(200))
    attempted_at: Mapped[datetime | None]


class ContactEvent(Base):
    """Something that passed between a lead and us."""

    __tablename__ = "cam_contact_events"
    __table_args__ = (
        Index("ix_cam_contact_events_lead_id", "lead_id"),
        Index("ix_cam_contact_events_event_at_id", "event_at", "id"),
        one_of("direction", Direction),
    )

    lead_id: Mapped[int] = mapped_column(ForeignKey("cam_leads.id", ondelete="CASCADE"))
    channel: Mapped[str] = mapped_column(String(50))
    direction: Mapped[str] = mapped_column(String(16))
    event_type: Mapped[str] = mapped_column(String(50), default="note", server_default="note")
    summary: Mapped[str | None] = mapped_column(Text)
    event_at: Mapped[datetime] = mapped_column(default=now)


class DiscoveryJob(Base):
    """A search for leads at an outside source."""

    __tablename__ = "cam_discovery_jobs"

    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("cam_campaigns.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(200))
    criteria: Mapped[dict[str, Any] | None]
    status: Mapped[str] = mapped_column(String(50), default=DiscoveryStatus.PENDING, server_default="PENDING")
    #: Why it failed, or what it was last put off for.
    error_message: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=now)
    completed_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    started_by: Mapped[str | None] = mapped_column(String(200))
    max_people: Mapped[int] = mapped_column(default=0, server_default="0")
    #: How many enrichments it may ask for; each is counted before it is asked for.
    max_credits: Mapped[int] = mapped_column(default=0, server_default="0")
    credits_used: Mapped[int] = mapped_column(default=0, server_default="0")
    #: How many people Apollo says there are; None while it has not said.
    found: Mapped[int | None]
    pages_done: Mapped[int] = mapped_column(default=0, server_default="0")
    #: Apollo's ids of those on the page in progress who are done.
    page_ids: Mapped[list[str] | None]
    #: How many people were looked at, and what became of them.
    seen: Mapped[int] = mapped_column(default=0, server_default="0")
    added: Mapped[int] = mapped_column(default=0, server_default="0")
    merged: Mapped[int] = mapped_column(default=0, server_default="0")
    unchanged: Mapped[int] = mapped_column(default=0, server_default="0")
    rejected: Mapped[int] = mapped_column(default=0, server_default="0")
    #: reason → how many; of nobody in particular.
    rejections: Mapped[dict[str, Any] | None]
    #: How many of those added, merged or unchanged have no address.
    without_email: Mapped[int] = mapped_column(default=0, server_default="0")
    #: Failures in a row.
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    next_attempt_at: Mapped[datetime | None]
    worker_id: Mapped[str | None] = mapped_column(String(200))
    claim_token: Mapped[int] = mapped_column(default=0, server_default="0")
    lease_expires_at: Mapped[datetime | None]


class SafetySettings(Base):
    """The installation's mode and the switch that stops everything. One row, id 1."""

    __tablename__ = "cam_safety_settings"
    __table_args__ = (sa.CheckConstraint("id = 1", name="singleton"), one_of("mode", Mode))

    data: Mapped[dict[str, Any] | None]
    mode: Mapped[str] = mapped_column(String(16), default=Mode.SIMULATION, server_default="simulation")
    system_paused: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    pause_reason: Mapped[str | None] = mapped_column(Text)
    paused_by: Mapped[str | None] = mapped_column(String(200))
    #: When set, this database was filled by the demo, and refuses to go live.
    demo_at: Mapped[datetime | None]
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)

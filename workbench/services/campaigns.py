"""Campaigns: the outreach tracks of a project, each with its own leads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from workbench.db import PAUSE_LOCK, lock
from workbench.errors import InputError, NotFoundError
from workbench.models import Campaign, Lead, Project
from workbench.services.audit import Actor, record


def get_campaign(session: Session, campaign_id: int) -> Campaign:
    """The campaign as the database has it now. Raises :class:`NotFoundError`."""
    campaign = session.get(Campaign, campaign_id, populate_existing=True)
    if campaign is None:
        raise NotFoundError(f"There is no campaign {campaign_id}.")
    return campaign


def create(
    session: Session,
    actor: Actor,
    project: Project,
    name: str,
    *,
    description: str | None,
    target_niche: str | None,
    max_emails_per_day: int | None,
) -> Campaign:
    """A new, active campaign. Raises :class:`InputError` for a name the project already has."""
    campaign = Campaign(
        project_id=project.id,
        name=name,
        description=description,
        target_niche=target_niche,
        max_emails_per_day=max_emails_per_day,
        active=True,
    )
    try:
        with session.begin_nested():
            session.add(campaign)
    except IntegrityError as error:
        raise InputError(
            f"{project.name} already has a campaign called {name}. Use that one, or choose another name."
        ) from error
    record(
        session,
        actor,
        "campaign.create",
        "campaign",
        campaign.id,
        project_id=project.id,
        after={"name": name, "max_emails_per_day": max_emails_per_day},
    )
    return campaign


def set_active(session: Session, actor: Actor, campaign: Campaign, active: bool, reason: str | None) -> bool:
    """Let the campaign's leads be mailed, or not. Says whether that changed anything. Flushes.

    No e-mail to them starts once a stop is committed.
    """
    lock(session, PAUSE_LOCK)
    session.refresh(campaign, with_for_update=True)
    if campaign.active == active:
        return False
    campaign.active = active
    session.flush()
    record(
        session,
        actor,
        "campaign.start" if active else "campaign.stop",
        "campaign",
        campaign.id,
        project_id=campaign.project_id,
        reason=reason,
        before={"active": not active},
        after={"active": active},
    )
    return True


def rows(
    session: Session,
    *,
    project_id: int | None = None,
    campaign_id: int | None = None,
    counted: Mapping[int, int] | None = None,
) -> list[dict[str, Any]]:
    """Campaigns with how many leads they have, by project and name; ``counted`` has those numbers, when known."""
    number = sa.select(sa.func.count()).where(Lead.campaign_id == Campaign.id).correlate(Campaign).scalar_subquery()
    leads = number if counted is None else sa.literal(0)
    columns: list[Any] = [
        Campaign.id,
        Campaign.project_id,
        Campaign.name,
        Campaign.description,
        Campaign.target_niche,
        Campaign.active,
        Campaign.max_emails_per_day,
        leads.label("lead_count"),
        Campaign.created_at,
    ]
    query = sa.select(*columns).order_by(Campaign.project_id, Campaign.name, Campaign.id)
    if project_id is not None:
        query = query.where(Campaign.project_id == project_id)
    if campaign_id is not None:
        query = query.where(Campaign.id == campaign_id)
    found = [dict(row) for row in session.execute(query).mappings()]
    if counted is not None:
        for row in found:
            row["lead_count"] = counted.get(row["id"], 0)
    return found

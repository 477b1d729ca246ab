"""Searches for people at Apollo: started by a person, carried out by a worker, seen and cancelled by a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from workbench.clock import now
from workbench.db import database_now
from workbench.enums import DISCOVERY_TRANSITIONS, DiscoveryStatus, Gateway, check_transition
from workbench.errors import NotFoundError
from workbench.models import Campaign, DiscoveryJob, GatewaySetting, Project
from workbench.services import discovery_criteria, workers
from workbench.services.audit import Actor, record
from workbench.services.discovery_criteria import Criteria
from workbench.services.safety import is_paused

#: As far as Apollo's pages go.
MOST_PEOPLE = 50_000


@dataclass(frozen=True)
class Search:
    """One job with where it belongs, and why it is not going on right now (None when it is, or is over)."""

    job: DiscoveryJob
    campaign: str | None
    project_id: int | None
    why: str | None


def start(
    session: Session, actor: Actor, campaign: Campaign, criteria: Criteria, *, max_people: int, max_credits: int
) -> DiscoveryJob:
    """Queue a search of at most ``max_people`` for a worker. ``criteria`` as they were read. Flushes."""
    job = DiscoveryJob(
        campaign_id=campaign.id,
        name=discovery_criteria.name_of(criteria),
        criteria=criteria,
        status=DiscoveryStatus.QUEUED,
        started_by=actor.name,
        max_people=max_people,
        max_credits=max_credits,
        created_at=now(),
    )
    session.add(job)
    session.flush()
    record(
        session,
        actor,
        "discovery.start",
        "discovery",
        job.id,
        project_id=campaign.project_id,
        after={"campaign_id": campaign.id, "max_people": max_people, "max_credits": max_credits},
    )
    return job


def cancel(session: Session, actor: Actor, discovery_id: int, reason: str | None) -> DiscoveryJob:
    """End a search that is not over. Who is in the campaign by then stays there. Flushes.

    The worker that carries it out notices before its next call. Raises :class:`NotFoundError`,
    :class:`InvalidTransition` for one that is over; a repeated cancel changes nothing.
    """
    job = session.get(DiscoveryJob, discovery_id, populate_existing=True, with_for_update=True)
    if job is None:
        raise NotFoundError(f"There is no search {discovery_id}.")
    check_transition(DISCOVERY_TRANSITIONS, DiscoveryStatus(job.status), DiscoveryStatus.CANCELLED, "This search")
    if job.status == DiscoveryStatus.CANCELLED:
        return job
    before = job.status
    end(job, DiscoveryStatus.CANCELLED, now())
    session.flush()
    campaign = session.get(Campaign, job.campaign_id) if job.campaign_id is not None else None
    record(
        session,
        actor,
        "discovery.cancel",
        "discovery",
        job.id,
        project_id=campaign.project_id if campaign else None,
        reason=reason,
        before={"status": before},
        after={"status": job.status, "seen": job.seen, "added": job.added, "credits_used": job.credits_used},
    )
    return job


def end(job: DiscoveryJob, status: DiscoveryStatus, at: datetime, error: str | None = None) -> None:
    """Nothing more is done of ``job``."""
    job.status, job.completed_at, job.error_message = status, at, error
    job.worker_id = job.lease_expires_at = job.next_attempt_at = job.page_ids = None


def paused() -> sa.ColumnElement[bool]:
    """Whether a job's project, or Apollo, is paused: for queries that join :class:`Project`."""
    apollo = sa.select(GatewaySetting.id).where(GatewaySetting.gateway == Gateway.APOLLO, GatewaySetting.paused)
    return sa.or_(Project.paused, sa.exists(apollo))


def searches(
    session: Session,
    *,
    configured: bool,
    project_id: int | None = None,
    discovery_id: int | None = None,
    limit: int = 50,
) -> Sequence[Search]:
    """The newest searches. ``configured``: whether Apollo is, here."""
    query = (
        sa.select(DiscoveryJob, Campaign.name, Campaign.project_id, paused())
        .outerjoin(Campaign, Campaign.id == DiscoveryJob.campaign_id)
        .outerjoin(Project, Project.id == Campaign.project_id)
        .order_by(DiscoveryJob.id.desc())
        .limit(limit)
        .execution_options(populate_existing=True)
    )
    if project_id is not None:
        query = query.where(Campaign.project_id == project_id)
    if discovery_id is not None:
        query = query.where(DiscoveryJob.id == discovery_id)
    moment = database_now(session)
    stopped, alive = is_paused(session), workers.alive_count(session, moment)
    return [
        Search(
            job,
            campaign,
            project,
            _why(job, moment, held=stopped or held, configured=configured, alive=alive > 0),
        )
        for job, campaign, project, held in session.execute(query)
    ]


def _why(job: DiscoveryJob, moment: datetime, *, held: bool, configured: bool, alive: bool) -> str | None:
    if job.status == DiscoveryStatus.PENDING:
        return "It was asked for by another tool, and no worker takes it. Start a new search instead."
    if job.status == DiscoveryStatus.RUNNING:
        lost = job.lease_expires_at is not None and job.lease_expires_at <= moment
        return "Its worker is gone. Another one goes on with it." if lost and alive else None
    if job.status != DiscoveryStatus.QUEUED:
        return None
    if held:
        return "It is paused. It goes on when that is lifted."
    if not configured:
        return "Apollo is not configured. Set WORKBENCH_APOLLO_API_KEY for the workers and here."
    if not alive:
        return "No worker is alive. Start one: workbench worker"
    if job.next_attempt_at is not None and job.next_attempt_at > moment:
        return f"{job.error_message or 'It was put off.'} It goes on at {job.next_attempt_at:%Y-%m-%d %H:%M} UTC."
    return "A worker takes it in a moment."

"""What goes through each gateway: sent lately, still queued, paused. Evidence of activity, not of health."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from workbench.enums import AttemptStatus, Gateway, Mode, Platform, QueueStatus
from workbench.models import ContentItem, ContentVersion, DiscoveryJob, GatewaySetting, OutreachAttempt, QueueRow
from workbench.services.safety import mode_of


@dataclass
class Facts:
    """One gateway's; ``pause_reason`` is None when no reason was given."""

    recent_activity: int = 0
    queued: int = 0
    paused: bool = False
    pause_reason: str | None = None
    #: The gateway's own caps, in place of its accounts'.
    caps: dict[str, Any] | None = None


def gateway_facts(session: Session, at: datetime) -> dict[Gateway, Facts]:
    """Every gateway's facts at ``at``, in a fixed number of queries. Sends and queue count in the present mode.

    Recent activity of the last 24 hours: what was SENT; for the language model the versions it wrote; for Apollo
    the searches that were started.
    """
    found = {gateway: Facts() for gateway in Gateway}
    mode = mode_of(session)
    since = at - timedelta(hours=24)
    for platform, count in _sent(session, mode, since, at):
        if platform in set(Platform):
            found[Platform(platform).gateway].recent_activity += count
    for platform, count in _queued(session, mode):
        found[Platform(platform).gateway].queued += count
    written = sa.select(sa.func.count()).where(
        ContentVersion.source.startswith("model:"),
        ContentVersion.created_at > since,
        ContentVersion.created_at <= at,
    )
    found[Gateway.OPENAI].recent_activity = session.scalar(written) or 0
    started = sa.select(sa.func.count()).where(DiscoveryJob.created_at > since, DiscoveryJob.created_at <= at)
    found[Gateway.APOLLO].recent_activity = session.scalar(started) or 0
    for row in session.execute(
        sa.select(GatewaySetting.gateway, GatewaySetting.paused, GatewaySetting.reason, GatewaySetting.caps)
    ):
        facts = found[Gateway(row.gateway)]
        facts.caps = row.caps
        facts.paused, facts.pause_reason = row.paused, row.reason if row.paused else None
    return found


def _sent(session: Session, mode: Mode, since: datetime, at: datetime) -> list[tuple[str, int]]:
    query = (
        sa.select(OutreachAttempt.channel, sa.func.count())
        .where(
            OutreachAttempt.status == AttemptStatus.SENT,
            OutreachAttempt.mode == mode,
            OutreachAttempt.attempted_at > since,
            OutreachAttempt.attempted_at <= at,
        )
        .group_by(OutreachAttempt.channel)
    )
    return [(channel, count) for channel, count in session.execute(query)]


def _queued(session: Session, mode: Mode) -> list[tuple[str, int]]:
    query = (
        sa.select(ContentItem.platform, sa.func.count())
        .join(QueueRow, QueueRow.content_item_id == ContentItem.id)
        .where(QueueRow.status == QueueStatus.QUEUED, QueueRow.mode == mode)
        .group_by(ContentItem.platform)
    )
    return [(platform, count) for platform, count in session.execute(query)]

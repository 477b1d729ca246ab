"""What is paused and by whom, and what is still on its way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from workbench.enums import AttemptStatus, Gateway
from workbench.models import AuditEvent, ContentItem, GatewaySetting, OutreachAttempt, Project, SafetySettings
from workbench.models.campaigns import OPEN_ATTEMPTS
from workbench.services.safety import settings_row
from workbench.services.schedules import gateway_of
from workbench.services.workers import may_still_act


@dataclass(frozen=True)
class Paused:
    """One paused project or gateway."""

    key: int | str
    name: str
    reason: str | None
    by: str | None
    at: datetime | None
    #: What of it is still being sent; its pause is confirmed at 0, however busy the others are.
    in_flight: int


@dataclass(frozen=True)
class Pauses:
    """Everything that is paused, and what is still on its way."""

    system: SafetySettings
    in_flight: int
    may_still_deliver: int
    projects: Sequence[Paused]
    gateways: Sequence[Paused]


def in_flight(session: Session) -> int:
    """How many messages are being sent. After a pause, none starts any more; at 0 the pause is confirmed."""
    return (
        session.scalar(
            sa.select(sa.func.count())
            .select_from(OutreachAttempt)
            .where(sa.text(OPEN_ATTEMPTS), OutreachAttempt.status == AttemptStatus.SENDING)
        )
        or 0
    )


def _in_flight_by(session: Session, column: Any) -> dict[Any, int]:
    """How many messages are being sent for each value of a column of attempts or creatives."""
    counts = session.execute(
        sa.select(column, sa.func.count())
        .select_from(OutreachAttempt)
        .join(ContentItem, ContentItem.id == OutreachAttempt.content_item_id)
        .where(sa.text(f"cam_outreach_attempts.{OPEN_ATTEMPTS}"), OutreachAttempt.status == AttemptStatus.SENDING)
        .group_by(column)
    )
    return dict(counts.all())


def may_still_deliver(session: Session) -> int:
    """How many UNKNOWN messages were begun by a worker that may be frozen rather than gone."""
    counts = session.execute(
        sa.select(OutreachAttempt.sender, sa.func.count())
        .where(sa.text(OPEN_ATTEMPTS), OutreachAttempt.status == AttemptStatus.UNKNOWN)
        .group_by(OutreachAttempt.sender)
    ).all()
    return sum(count for sender, count in counts if may_still_act(session, sender))


def pause_state(session: Session) -> Pauses:
    """What is paused and by whom, and what is still on its way."""
    system = settings_row(session)
    flying = _in_flight_by(session, gateway_of)
    gateways = [
        Paused(row.gateway, Gateway(row.gateway).label, row.reason, row.by, row.at, flying.get(row.gateway, 0))
        for row in session.scalars(
            sa.select(GatewaySetting)
            .where(GatewaySetting.paused)
            .order_by(GatewaySetting.id)
            .execution_options(populate_existing=True)
        )
    ]
    return Pauses(system, in_flight(session), may_still_deliver(session), _paused_projects(session), gateways)


def _paused_projects(session: Session) -> list[Paused]:
    paused = session.execute(sa.select(Project.id, Project.name).where(Project.paused).order_by(Project.id)).all()
    newest = (
        sa.select(sa.func.max(AuditEvent.id))
        .where(
            AuditEvent.entity == "project",
            AuditEvent.entity_id.in_([row.id for row in paused]),
            AuditEvent.action == "project.pause",
        )
        .group_by(AuditEvent.entity_id)
    )
    told = {event.entity_id: event for event in session.scalars(sa.select(AuditEvent).where(AuditEvent.id.in_(newest)))}
    flying = _in_flight_by(session, ContentItem.project_id)
    return [
        Paused(
            row.id,
            row.name,
            told[row.id].reason if row.id in told else None,
            told[row.id].actor if row.id in told else None,
            told[row.id].at if row.id in told else None,
            flying.get(row.id, 0),
        )
        for row in paused
    ]

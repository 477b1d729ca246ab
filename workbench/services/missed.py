"""What is overdue by more than the staleness limit becomes MISSED and waits for a person. Nothing bursts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from workbench.clock import now as host_now
from workbench.db import database_now
from workbench.enums import QueueStatus
from workbench.models import ContentItem, Project, QueueRow
from workbench.services.audit import SYSTEM, Actor, record_many
from workbench.services.safety import is_paused, mode_of
from workbench.services.schedules import chunks, due_at, gateway_paused, join_flags


def mark_missed(session: Session, actor: Actor, queue_ids: Sequence[int]) -> None:
    """QUEUED → MISSED: overdue by more than the limit; a person decides. The rows must be held."""
    for chunk in chunks(queue_ids):
        session.execute(
            sa.update(QueueRow)
            .where(QueueRow.id.in_(chunk), QueueRow.status == QueueStatus.QUEUED)
            .values(status=QueueStatus.MISSED, updated_at=host_now())
        )
        projects = session.execute(
            sa.select(QueueRow.id, ContentItem.project_id)
            .join(ContentItem, ContentItem.id == QueueRow.content_item_id)
            .where(QueueRow.id.in_(chunk))
        )
        events = (
            {
                "entity_id": row.id,
                "project_id": row.project_id,
                "before": {"status": QueueStatus.QUEUED.value},
                "after": {"status": QueueStatus.MISSED.value},
            }
            for row in projects
        )
        record_many(session, actor, "schedule.miss", "queue", events)


def miss_overdue(session: Session, staleness: timedelta) -> int:
    """Mark as MISSED what no pause holds back and is overdue by more than ``staleness``; how many there were."""
    if is_paused(session):
        return 0
    limit = database_now(session) - staleness
    query = (
        join_flags(sa.select(QueueRow.id))
        .where(
            QueueRow.mode == mode_of(session),
            QueueRow.status == QueueStatus.QUEUED,
            QueueRow.scheduled_time < limit,  # a row is never due before its time: so that the index serves
            due_at < limit,
            sa.not_(Project.paused),
            sa.not_(gateway_paused()),
        )
        .limit(10_000)
        .with_for_update(of=QueueRow, skip_locked=True)
    )
    late = session.scalars(query).all()
    if late:
        mark_missed(session, SYSTEM, late)
    return len(late)

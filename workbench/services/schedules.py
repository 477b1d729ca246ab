"""Taking creatives off the queue, and what joins a queue row with all that can hold it up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any, Final, TypeVarTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from workbench.clock import now
from workbench.enums import (
    ACTIVE_QUEUE,
    AttemptStatus,
    CreativeStatus,
    Platform,
    QueueStatus,
)
from workbench.errors import InvalidTransition
from workbench.models import ContentItem, GatewaySetting, OutreachAttempt, Project, QueueRow
from workbench.services.audit import Actor, record_many

Columns = TypeVarTuple("Columns")

#: Ids in one statement: SQLite takes 32,766 parameters, PostgreSQL 65,535.
CHUNK: Final = 10_000

#: The gateway a creative goes through, in SQL.
gateway_of: Final = sa.case(
    {platform.value: platform.gateway.value for platform in Platform}, value=ContentItem.platform
)

#: Since when a row waits: its time, or the later one it was deferred to.
due_at: Final = sa.func.coalesce(QueueRow.next_attempt_at, QueueRow.scheduled_time)


def join_flags(query: sa.Select[*Columns]) -> sa.Select[*Columns]:
    """``query`` from queue rows joined with creative, project and the gateway's own settings (may be none)."""
    return (
        query.select_from(QueueRow)
        .join(ContentItem, ContentItem.id == QueueRow.content_item_id)
        .join(Project, Project.id == ContentItem.project_id)
        .outerjoin(GatewaySetting, GatewaySetting.gateway == gateway_of)
    )


def gateway_paused() -> sa.ColumnElement[bool]:
    """Whether the row's gateway is paused; a gateway without settings is not."""
    return sa.func.coalesce(GatewaySetting.paused, sa.false())


def chunks(ids: Iterable[int], size: int = CHUNK) -> Iterable[list[int]]:
    """``ids`` in lists short enough for one statement."""
    remaining = iter(ids)
    while chunk := list(islice(remaining, size)):
        yield chunk


def take_off_queue(
    session: Session,
    actor: Actor,
    item_ids: Sequence[int],
    *,
    reason: str,
    batch_id: str | None = None,
) -> list[int]:
    """Cancel the waiting queue rows of these creatives and put the creatives back to APPROVED. Flushes.

    Answers the ids of the rows that were cancelled. What was sent already stays sent; the rest of the
    recipients are SKIPPED with the reason, so that a later schedule reaches them. All rows are held, in order,
    before anything changes.

    Raises :class:`InvalidTransition` when one of them is being sent; then nothing was changed.
    """
    taken: list[Any] = []
    for chunk in chunks(sorted(set(item_ids))):
        query = (
            sa.select(QueueRow.id, QueueRow.status, QueueRow.content_item_id, ContentItem.project_id)
            .join(ContentItem, ContentItem.id == QueueRow.content_item_id)
            .where(QueueRow.content_item_id.in_(chunk), QueueRow.status.in_(ACTIVE_QUEUE))
            .order_by(QueueRow.id)
            .with_for_update(of=QueueRow)
        )
        taken += session.execute(query).all()
    running = [row.content_item_id for row in taken if row.status == QueueStatus.RUNNING]
    if running:
        raise InvalidTransition(
            f"{_creatives(running)} being sent right now. Wait until that is done, or pause first.",
            ids=running,
            state=CreativeStatus.PUBLISHING,
        )
    cancel_rows(session, [row.id for row in taken], reason)
    release_items(session, [row.content_item_id for row in taken])
    record_many(
        session,
        actor,
        "schedule.cancel",
        "queue",
        (
            {
                "entity_id": row.id,
                "project_id": row.project_id,
                "before": {"status": row.status, "content_item_id": row.content_item_id},
                "after": {"status": QueueStatus.CANCELLED.value, "content_item_id": row.content_item_id},
            }
            for row in taken
        ),
        batch_id=batch_id,
        reason=reason,
    )
    return [row.id for row in taken]


def cancel_rows(session: Session, row_ids: Iterable[int], reason: str) -> None:
    """QUEUED or MISSED → CANCELLED; their recipients that are left → SKIPPED. The rows must be held."""
    for chunk in chunks(row_ids):
        session.execute(
            sa.update(OutreachAttempt)
            .where(OutreachAttempt.queue_id.in_(chunk), OutreachAttempt.status == AttemptStatus.PENDING)
            .values(status=AttemptStatus.SKIPPED, last_error=f"Cancelled: {reason}", next_attempt_at=None),
            execution_options={"synchronize_session": False},
        )
        session.execute(
            sa.update(QueueRow)
            .where(QueueRow.id.in_(chunk), QueueRow.status.in_((QueueStatus.QUEUED, QueueStatus.MISSED)))
            .values(status=QueueStatus.CANCELLED, last_error=reason, next_attempt_at=None, updated_at=now())
        )


def release_items(session: Session, item_ids: Iterable[int]) -> None:
    """SCHEDULED → APPROVED, wherever that is still the state."""
    for chunk in chunks(item_ids):
        session.execute(
            sa.update(ContentItem)
            .where(ContentItem.id.in_(chunk), ContentItem.status == CreativeStatus.SCHEDULED)
            .values(status=CreativeStatus.APPROVED, updated_at=now())
        )


def _creatives(ids: Sequence[int]) -> str:
    listed = ", ".join(str(one) for one in ids[:10]) + (" and more" if len(ids) > 10 else "")
    return f"Creative {listed} is" if len(ids) == 1 else f"Creatives {listed} are"

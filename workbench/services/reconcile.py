"""What a person says became of a message whose outcome nobody knew."""

from __future__ import annotations

from typing import Final, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from workbench.clock import now
from workbench.enums import (
    ACTIVE_QUEUE,
    CREATIVE_TRANSITIONS,
    QUEUE_TRANSITIONS,
    AttemptStatus,
    CreativeStatus,
    Mode,
    QueueStatus,
    check_transition,
)
from workbench.errors import InvalidTransition, NotFoundError
from workbench.models import AuditEvent, OutreachAttempt, QueueRow
from workbench.services.audit import Actor, record
from workbench.services.queue_rows import get_row, item_of
from workbench.services.rollup import Counts, creative_reconciled, roll_up
from workbench.services.workers import may_still_act

Verdict = Literal["sent", "not_sent"]
RECONCILE: Final = "attempt.reconcile"


def reconcile(
    session: Session,
    actor: Actor,
    attempt_id: int,
    verdict: Verdict,
    reason: str,
    external_id: str | None,
    *,
    batch_id: str | None = None,
) -> QueueRow | None:
    """UNKNOWN → SENT or FAILED, and the row and the creative follow; answers the row (None when it is gone).

    ``not_sent`` makes the attempt FAILED with the reason, so that a person can retry it. Raises
    :class:`NotFoundError`; :class:`InvalidTransition` when the outcome is known, and for ``not_sent`` while the
    worker that began it may still deliver. Repeating the same verdict is harmless.
    """
    attempt = _attempt(session, attempt_id)
    # Rows are held before their attempts, as the worker does it.
    row = get_row(session, attempt.queue_id, lock=True) if attempt.queue_id is not None else None
    attempt = _attempt(session, attempt_id, lock=True)
    wanted = AttemptStatus.SENT if verdict == "sent" else AttemptStatus.FAILED
    if attempt.status == wanted:
        return row
    if attempt.status != AttemptStatus.UNKNOWN:
        raise InvalidTransition(
            f"Attempt {attempt_id} is {attempt.status}; only one whose outcome is UNKNOWN is reconciled.",
            state=attempt.status,
        )
    if verdict == "not_sent" and (alive := may_still_act(session, attempt.sender)):
        raise InvalidTransition(f"Attempt {attempt_id} cannot be called not sent yet. {alive}", state=attempt.status)
    before = {"status": attempt.status, "sender": attempt.sender}
    attempt.status = wanted
    attempt.sender = None
    attempt.external_id = external_id or attempt.external_id
    attempt.last_error = None if verdict == "sent" else f"Reconciled as not sent by {actor.name}: {reason}"
    session.flush()
    project_id = _follow(session, row) if row is not None else None
    record(
        session,
        actor,
        RECONCILE,
        "attempt",
        attempt.id,
        project_id=project_id,
        batch_id=batch_id,
        reason=reason,
        before=before,
        after={"status": attempt.status, "external_id": external_id},
    )
    return row


def was_reconciled(session: Session, content_item_id: int, mode: Mode) -> bool:
    """Whether the outcome of a try of this item was once unknown, and what is held of it is a person's word."""
    query = (
        sa.select(AuditEvent.id)
        .join(OutreachAttempt, OutreachAttempt.id == AuditEvent.entity_id)
        .where(
            AuditEvent.entity == "attempt",
            AuditEvent.action == RECONCILE,
            OutreachAttempt.content_item_id == content_item_id,
            OutreachAttempt.mode == mode,
        )
    )
    return session.scalar(query.limit(1)) is not None


def _attempt(session: Session, attempt_id: int, *, lock: bool = False) -> OutreachAttempt:
    query = sa.select(OutreachAttempt).where(OutreachAttempt.id == attempt_id)
    query = query.execution_options(populate_existing=True)
    found = session.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise NotFoundError(f"There is no attempt {attempt_id}.")
    return found


def _follow(session: Session, row: QueueRow) -> int:
    """Let an UNKNOWN row and its creative follow its attempts; answers the project. Others go on as they are."""
    item, project = item_of(session, row, lock=True)
    if row.status != QueueStatus.UNKNOWN:
        return project.id
    grouped = session.execute(
        sa.select(OutreachAttempt.status, sa.func.count().label("attempts"))
        .where(OutreachAttempt.queue_id == row.id)
        .group_by(OutreachAttempt.status)
    ).all()
    ended = roll_up(Counts.of({one.status: one.attempts for one in grouped}))
    if ended is None or ended is QueueStatus.UNKNOWN:
        return project.id
    check_transition(QUEUE_TRANSITIONS, QueueStatus.UNKNOWN, ended, f"Queue row {row.id}")
    row.status = ended
    row.updated_at = now()
    if ended is QueueStatus.DONE:
        row.last_error = None
    if item.status == CreativeStatus.UNKNOWN and not _queued_anew(session, item.id):
        to = creative_reconciled(ended)
        check_transition(CREATIVE_TRANSITIONS, CreativeStatus.UNKNOWN, to, f"Creative {item.id}")
        item.status = to
    session.flush()
    return project.id


def _queued_anew(session: Session, item_id: int) -> bool:
    query = sa.select(QueueRow.id).where(QueueRow.content_item_id == item_id, QueueRow.status.in_(ACTIVE_QUEUE))
    return session.scalar(query.limit(1)) is not None

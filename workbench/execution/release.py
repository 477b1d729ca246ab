"""Letting go of a queue row: it ends with what its attempts say, or waits for more. And reaping expired leases."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from workbench.db import UtcDateTime, database_now
from workbench.enums import AttemptStatus, CreativeStatus, Mode, QueueStatus
from workbench.execution.queue import Claim, Held, attempts, hold, items, queue
from workbench.services.audit import SYSTEM
from workbench.services.missed import mark_missed
from workbench.services.rollup import Counts, creative_after, roll_up

CUT: Final = (
    "The worker ({sender}) stopped between beginning to send this and hearing what became of it. If it is only "
    "frozen, it may still deliver."
)


def release(
    session: Session,
    claim: Claim,
    *,
    until: datetime | None = None,
    reason: str | None = None,
    uncalled: bool = False,
    miss_after: timedelta | None = None,
    held: Held | None = None,
) -> QueueStatus | None:
    """Let go of the row: it ends if nothing is left to send, else it waits in QUEUED.

    Parameters
    ----------
    until
        Not before this moment; else as soon as the first of its attempts is due.
    reason
        Why it waits, for a person.
    uncalled
        The worker knows that it called no gateway for what is SENDING: that is PENDING again.
    miss_after
        When nothing of it was ever sent and its time is past by more than this, it waits in MISSED.
    held
        The row, when this transaction holds it already.

    Answers the row's new state, or None when the claim did not stand any more and nothing was changed.
    """
    held = held or hold(session, claim)
    if held is None:
        return None
    if uncalled:
        session.execute(
            sa.update(attempts)
            .where(
                attempts.c.queue_id == claim.queue_id,
                attempts.c.status == AttemptStatus.SENDING,
                attempts.c.sender == claim.worker_id,
            )
            .values(status=AttemptStatus.PENDING, sender=None, attempted_at=None)
        )
    status = close(session, claim.queue_id, claim.content_item_id, held, until=until, reason=reason)
    if status is QueueStatus.QUEUED and miss_after and held.moment - claim.scheduled_time > miss_after:
        begun = session.scalar(
            sa.select(attempts.c.id)
            .where(
                attempts.c.queue_id == claim.queue_id,
                attempts.c.status.not_in((AttemptStatus.PENDING, AttemptStatus.SKIPPED)),
            )
            .limit(1)
        )
        if begun is None:
            mark_missed(session, SYSTEM, [claim.queue_id])
            return QueueStatus.MISSED
    return status


def reap(session: Session) -> list[int]:
    """Take back the rows whose lease has expired: SENDING → UNKNOWN, PENDING stays. Answers the rows.

    What is PENDING goes on with the next claim; what is UNKNOWN waits for a person.
    """
    moment = database_now(session)
    rows = session.execute(
        sa.select(queue.c.id, queue.c.content_item_id, queue.c.worker_id, queue.c.expanded)
        .where(
            queue.c.mode.in_([mode.value for mode in Mode]),  # so that the index serves
            queue.c.status == QueueStatus.RUNNING,
            queue.c.lease_expires_at < moment,
        )
        .order_by(queue.c.id)
        .with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        session.execute(
            sa.update(attempts)
            .where(attempts.c.queue_id == row.id, attempts.c.status == AttemptStatus.SENDING)
            .values(
                status=AttemptStatus.UNKNOWN,
                last_error=CUT.format(sender=row.worker_id),
                sender=row.worker_id,
                updated_at=moment,
            )
        )
        held = Held(moment, row.expanded)
        close(session, row.id, row.content_item_id, held, reason="Its worker stopped; it goes on from there.")
    return [row.id for row in rows]


def close(
    session: Session,
    queue_id: int,
    item_id: int,
    held: Held,
    *,
    until: datetime | None = None,
    reason: str | None = None,
) -> QueueStatus:
    """RUNNING → what its attempts say; its creative follows."""
    moment = held.moment
    by_status = session.connection().execute(_BY_STATUS, {"of_queue": queue_id, "moment": moment}).all()
    counts = Counts.of({status: count for status, count, _ in by_status})
    ended = roll_up(counts)
    # A row that is still to be expanded has no attempts, or skipped ones of the last time, and is not done for that.
    if not held.expanded:
        ended = None
    if ended is None:
        waits = [when for status, _, when in by_status if status == AttemptStatus.PENDING]
        _let_go(session, queue_id, QueueStatus.QUEUED, until or max([moment, *waits[:1]]), reason, moment)
        _publishing(session, item_id, CreativeStatus.SCHEDULED, moment)
        return QueueStatus.QUEUED
    _let_go(session, queue_id, ended, None, _summary(session, queue_id, ended, counts), moment)
    _publishing(session, item_id, creative_after(ended), moment)
    return ended


def _let_go(
    session: Session,
    queue_id: int,
    status: QueueStatus,
    next_attempt_at: datetime | None,
    reason: str | None,
    moment: datetime,
) -> None:
    session.connection().execute(
        _LET_GO,
        {"of_queue": queue_id, "to_status": status, "until": next_attempt_at, "reason": reason, "moment": moment},
    )


def _publishing(session: Session, item_id: int, to: CreativeStatus, moment: datetime) -> None:
    """PUBLISHING → ``to``. A PUBLISHED creative whose failed recipients are tried again stays PUBLISHED."""
    session.connection().execute(_FOLLOW, {"of_item": item_id, "to_status": to, "moment": moment})


# Made once and only filled in: making a statement costs more than running it.

_BY_STATUS: Final = (
    sa.select(
        attempts.c.status,
        sa.func.count(),
        sa.func.min(sa.func.coalesce(attempts.c.next_attempt_at, sa.bindparam("moment", type_=UtcDateTime()))),
    )
    .where(attempts.c.queue_id == sa.bindparam("of_queue"))
    .group_by(attempts.c.status)
)
_LET_GO: Final = (
    sa.update(queue)
    .where(queue.c.id == sa.bindparam("of_queue"), queue.c.status == QueueStatus.RUNNING)
    .values(
        status=sa.bindparam("to_status"),
        next_attempt_at=sa.bindparam("until"),
        last_error=sa.bindparam("reason"),
        worker_id=None,
        lease_expires_at=None,
        updated_at=sa.bindparam("moment"),
    )
)
_FOLLOW: Final = (
    sa.update(items)
    .where(items.c.id == sa.bindparam("of_item"), items.c.status == CreativeStatus.PUBLISHING)
    .values(status=sa.bindparam("to_status"), updated_at=sa.bindparam("moment"))
)


def _summary(session: Session, queue_id: int, ended: QueueStatus, counts: Counts) -> str | None:
    """What a person should know of a row that did not end well."""
    if ended is QueueStatus.DONE:
        return None
    if not (counts.failed or counts.unknown):
        return f"Nobody could be mailed: {_skipped(session, queue_id) or 'the project has no leads yet'}."
    status = AttemptStatus.UNKNOWN if counts.unknown else AttemptStatus.FAILED
    return session.scalar(
        sa.select(attempts.c.last_error)
        .where(attempts.c.queue_id == queue_id, attempts.c.status == status)
        .order_by(attempts.c.id)
        .limit(1)
    )


def _skipped(session: Session, queue_id: int) -> str:
    reasons: Sequence[Any] = session.execute(
        sa.select(attempts.c.last_error, sa.func.count())
        .where(attempts.c.queue_id == queue_id, attempts.c.status == AttemptStatus.SKIPPED)
        .group_by(attempts.c.last_error)
        .order_by(sa.func.count().desc())
        .limit(5)
    ).all()
    return ", ".join(f"{count:,} {reason}" for reason, count in reasons)

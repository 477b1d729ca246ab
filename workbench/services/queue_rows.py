"""What a person does to one queue row: another time, off the queue, another try."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from workbench.clock import now
from workbench.enums import (
    CREATIVE_TRANSITIONS,
    QUEUE_TRANSITIONS,
    AttemptStatus,
    CreativeStatus,
    Mode,
    Platform,
    ProjectState,
    QueueStatus,
    check_transition,
)
from workbench.errors import InvalidTransition, NotFoundError
from workbench.models import ContentItem, ContentVersion, OutreachAttempt, Project, QueueRow
from workbench.services import slots
from workbench.services.audit import Actor, record
from workbench.services.creatives import is_stale
from workbench.services.projects import enter_state, get_project
from workbench.services.schedules import chunks, take_off_queue

_Q, _C = QueueStatus, CreativeStatus


def get_row(session: Session, queue_id: int, *, lock: bool = False) -> QueueRow:
    """The row as the database has it now, held with ``lock``. Raises :class:`NotFoundError`."""
    query = sa.select(QueueRow).where(QueueRow.id == queue_id).execution_options(populate_existing=True)
    row = session.scalar(query.with_for_update() if lock else query)
    if row is None:
        raise NotFoundError(f"There is no queue row {queue_id}.")
    return row


def item_of(session: Session, row: QueueRow, *, lock: bool = False) -> tuple[ContentItem, Project]:
    """The creative of a row, and its project. Rows are held before their creatives, as the worker does it."""
    query = (
        sa.select(ContentItem).where(ContentItem.id == row.content_item_id).execution_options(populate_existing=True)
    )
    item = session.scalars(query.with_for_update() if lock else query).one()
    project = session.get_one(Project, item.project_id, populate_existing=True)
    return item, project


def reschedule(
    session: Session,
    actor: Actor,
    queue_id: int,
    local_time: object,
    timezone: str | None,
    reason: str | None,
) -> QueueRow:
    """Another time for a QUEUED or MISSED row; in its own zone unless one is given.

    Raises :class:`NotFoundError`, :class:`InvalidTransition`, and :class:`ScheduleInvalid` for a time that is
    past, skipped, repeated or no time.
    """
    row = get_row(session, queue_id, lock=True)
    slot, zone = another_time(row, local_time, timezone)
    assert slot.utc is not None
    item, _ = item_of(session, row)
    before = {"status": row.status, "local_time": row.local_time, "timezone": row.timezone}
    set_time(row, slot.local, slot.utc, zone.key)
    session.flush()
    record(
        session,
        actor,
        "schedule.reschedule",
        "queue",
        row.id,
        project_id=item.project_id,
        reason=reason,
        before=before,
        after={"status": row.status, "local_time": row.local_time, "timezone": row.timezone},
    )
    return row


def another_time(row: QueueRow, local_time: object, timezone: str | None) -> tuple[slots.Slot, ZoneInfo]:
    """The slot that :func:`reschedule` would give ``row``, and its zone. Raises what that raises."""
    what = f"Queue row {row.id}"
    check_transition(QUEUE_TRANSITIONS, QueueStatus(row.status), _Q.QUEUED, what)
    if row.status not in (_Q.QUEUED, _Q.MISSED):
        raise InvalidTransition(
            f"{what} is {row.status}; only a QUEUED or MISSED one is rescheduled. Retry it instead.", state=row.status
        )
    zone = slots.find_zone(timezone or row.timezone)
    return slots.to_utc(slots.read_time(local_time), zone, now()), zone


def set_time(row: QueueRow, local: datetime, utc: datetime, zone: str) -> None:
    """Queue a row for another moment: ``local`` naive in ``zone``, and the same in UTC."""
    row.scheduled_time, row.timezone = utc, zone
    row.local_time = local.isoformat(timespec="seconds")
    row.status, row.next_attempt_at, row.last_error = _Q.QUEUED, None, None


@dataclass(frozen=True)
class Cancelled:
    """What happened to one queue id."""

    queue_id: int
    ok: bool
    status: str | None
    reason: str | None = None
    changed: bool = False


def cancel(session: Session, actor: Actor, queue_ids: Sequence[int], reason: str, batch_id: str) -> list[Cancelled]:
    """Take each of these rows off the queue and its creative back to APPROVED; an answer for every id."""
    unique = list(dict.fromkeys(queue_ids))
    found: dict[int, Any] = {}
    for chunk in chunks(sorted(unique)):
        query = sa.select(QueueRow.id, QueueRow.status, QueueRow.content_item_id).where(QueueRow.id.in_(chunk))
        found |= {row.id: row for row in session.execute(query.order_by(QueueRow.id).with_for_update())}
    waiting = [row for row in found.values() if row.status in (_Q.QUEUED, _Q.MISSED)]
    taken = take_off_queue(session, actor, [row.content_item_id for row in waiting], reason=reason, batch_id=batch_id)
    off = set(taken)
    return [_cancelled(queue_id, found.get(queue_id), off) for queue_id in unique]


def _cancelled(queue_id: int, row: Any | None, taken: Container[int]) -> Cancelled:
    if row is None:
        return Cancelled(queue_id, False, None, f"There is no queue row {queue_id}.")
    if queue_id in taken or row.status == _Q.CANCELLED:
        return Cancelled(queue_id, True, _Q.CANCELLED.value, changed=queue_id in taken)
    now_what = "is being sent right now" if row.status == _Q.RUNNING else f"is {row.status} already"
    return Cancelled(queue_id, False, row.status, f"It {now_what} and cannot be cancelled.")


def retry_failed(
    session: Session,
    actor: Actor,
    queue_id: int,
    reason: str,
    mode: Mode,
    *,
    attempt_ids: Sequence[int] | None = None,
    batch_id: str | None = None,
) -> QueueRow:
    """Queue the failed attempts of a FAILED or PARTIAL row again, for now; nobody who got it gets it again.

    With ``attempt_ids`` only those of them, which undoing the ``batch_id`` makes FAILED again. A post goes out in the
    text that is approved now; the creative is SCHEDULED again, or stays PUBLISHED when some of it went out. Like
    scheduling it moves the project to EXECUTION. Raises :class:`NotFoundError`; :class:`InvalidTransition` for a row in
    another state or of the other mode, a creative that is deleted, stale, queued anew or changed since, a post that
    another row published, and a project that is DONE.
    """
    row = get_row(session, queue_id)
    what = f"Queue row {queue_id}"
    # Projects are held before their rows, and rows before their creatives.
    project = get_project(session, item_of(session, row)[1].id, lock=True)
    row = get_row(session, queue_id, lock=True)
    item, _ = item_of(session, row, lock=True)
    _check_retry(session, what, row, item, project, mode)
    again = _pending_again(session, row, attempt_ids)
    if row.expanded and not again:
        # Nobody was found to mail: look again, the project may have leads by now.
        row.expanded = False
    before: dict[str, Any] = {"status": row.status}
    if batch_id is not None:
        before |= {"creative": item.status, "attempts": list(again)}
    row.status = _Q.QUEUED
    row.next_attempt_at, row.last_error = now(), None
    if item.status in (_C.FAILED, _C.APPROVED):
        item.status = _C.SCHEDULED
    session.flush()
    record(
        session,
        actor,
        "schedule.retry",
        "queue",
        row.id,
        project_id=item.project_id,
        batch_id=batch_id,
        reason=reason,
        before=before,
        after={"status": row.status, "attempts": len(again)},
    )
    enter_state(session, actor, project, ProjectState.EXECUTION, "A creative of it was retried.")
    return row


def check_retry(session: Session, queue_id: int, mode: Mode) -> None:
    """Raise what :func:`retry_failed` would raise, as things stand; nothing is changed."""
    row = get_row(session, queue_id)
    _check_retry(session, "It", row, *item_of(session, row), mode)


def _pending_again(session: Session, row: QueueRow, attempt_ids: Sequence[int] | None) -> Sequence[int]:
    again = (
        sa.update(OutreachAttempt)
        .where(OutreachAttempt.queue_id == row.id, OutreachAttempt.status == AttemptStatus.FAILED)
        # What it failed of stays with it until it is tried: it may be taken back.
        .values(status=AttemptStatus.PENDING, retry_count=0, next_attempt_at=None, sender=None, updated_at=now())
        .returning(OutreachAttempt.id)
        .execution_options(synchronize_session=False)
    )
    if attempt_ids is None:
        return session.scalars(again).all()
    found: list[int] = []
    for chunk in chunks(list(attempt_ids)):
        found += session.scalars(again.where(OutreachAttempt.id.in_(chunk))).all()
    if len(found) != len(attempt_ids):
        raise InvalidTransition("Some of it is not failed any more. Look again.", state=row.status)
    return found


def _check_retry(session: Session, what: str, row: QueueRow, item: ContentItem, project: Project, mode: Mode) -> None:
    if row.status not in (_Q.FAILED, _Q.PARTIAL):
        raise InvalidTransition(f"{what} is {row.status}; only a FAILED or PARTIAL one is retried.", state=row.status)
    version = session.get_one(ContentVersion, row.content_version_id)
    problem = None
    if row.mode != mode:
        problem = f"was sent in {row.mode} mode; the installation is in {mode.value} mode"
    elif item.deleted_at is not None:
        problem = "belongs to a creative that was deleted; restore it first"
    elif version.number != item.version:
        problem = "is of a text that was changed since; approve and schedule the creative instead"
    elif project.approved_strategy_id is None or is_stale(item, project):
        problem = "belongs to a creative that is stale; confirm or edit it first"
    elif item.status not in (_C.FAILED, _C.APPROVED, _C.PUBLISHED):
        problem = f"belongs to a creative that is {item.status} now"
    elif item.status == _C.PUBLISHED and item.platform != Platform.EMAIL:
        # Of an e-mail each person gets one at most; of a post nothing else keeps a second one from going out.
        problem = "belongs to a post that was published since"
    elif project.state == ProjectState.DONE:
        problem = "belongs to a project that is DONE; reopen it first"
    if problem:
        raise InvalidTransition(f"{what} {problem}.", state=row.status)
    if item.status == _C.FAILED:
        # The person who retries it approves it again, on the way to the queue.
        check_transition(CREATIVE_TRANSITIONS, _C.FAILED, _C.APPROVED, f"Creative {item.id}")

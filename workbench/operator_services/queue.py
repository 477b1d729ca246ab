"""The queue: what is on it, why it is not going out, and what became of what nobody knew."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Literal

from sqlalchemy.orm import Session

from workbench.clock import as_utc, now
from workbench.enums import AttemptStatus, Platform, QueueStatus, Role
from workbench.errors import InputError, NotFoundError
from workbench.metrics.views import OVERDUE_AFTER
from workbench.models import OutreachAttempt
from workbench.operator_services._edge import as_id, operation, require_text, runtime_of
from workbench.operator_services.types import OpenAttempt, QueueItem
from workbench.services import queue_view, reconcile
from workbench.services.projects import get_project
from workbench.services.queue_view import Narrowed, QueueEntry
from workbench.services.safety import mode_of
from workbench.services.ways import Ways
from workbench.services.workers import may_still_act

LIMIT = 10_000


def ways_of(db: Session) -> Ways:
    """What the session's settings say about how messages leave."""
    runtime = runtime_of(db)
    return Ways(runtime.accounts, mode_of(db), runtime.settings.public_url)


def get_queue(
    db: Session,
    project_id: int | None = None,
    *,
    status: str | Sequence[str] | None = None,
    platform: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    overdue: bool = False,
    limit: int = 100,
    page: int = 1,
    next_first: bool = False,
) -> list[QueueItem]:
    """Page ``page`` of ``limit`` queue rows, the newest by their time first, each with ``why`` it is not going out.

    ``since`` is part of the range of their times, ``until`` is not; both are aware. ``overdue``: what the attention
    metric of that name counts. ``next_first``: what is still to come on top, the next one first, what is over below.
    For viewers. Raises :class:`NotFoundError`, :class:`InputError`.
    """
    with operation(db, Role.VIEWER, write=False):
        found = queue_view.entries(
            db,
            ways_of(db),
            runtime_of(db).settings.staleness_minutes,
            _narrowed(db, project_id, platform, since, until, status=status, overdue=overdue),
            limit=_limit(limit),
            offset=_offset(page, limit),
            next_first=next_first,
        )
        return [_shape(entry) for entry in found]


def count_queue(
    db: Session,
    project_id: int | None = None,
    *,
    status: str | Sequence[str] | None = None,
    platform: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    overdue: bool = False,
) -> int:
    """How many rows :func:`get_queue` has on all pages. For viewers. Raises what that raises."""
    with operation(db, Role.VIEWER, write=False):
        wanted = _narrowed(db, project_id, platform, since, until, status=status, overdue=overdue)
        return queue_view.count(db, wanted)


def get_queue_item(db: Session, queue_id: int) -> QueueItem:
    """One row in the shape of :func:`get_queue`. For viewers. Raises :class:`NotFoundError`."""
    with operation(db, Role.VIEWER, write=False):
        return queue_item(db, as_id(queue_id, "queue row"))


def queue_item(db: Session, queue_id: int) -> QueueItem:
    """One row in the shape of :func:`get_queue`, inside an operation."""
    found = queue_view.entries(db, ways_of(db), runtime_of(db).settings.staleness_minutes, queue_ids=[queue_id])
    if not found:
        raise NotFoundError(f"There is no queue row {queue_id}.")
    return _shape(found[0])


def list_unknown_attempts(
    db: Session,
    project_id: int | None = None,
    *,
    platform: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int = 100,
    page: int = 1,
) -> list[OpenAttempt]:
    """The attempts nobody knows the outcome of, newest first, in pages of ``limit``. For viewers.

    ``since`` is part of the range of when they were begun, ``until`` is not. Raises :class:`NotFoundError`,
    :class:`InputError`.
    """
    return _open_attempts(db, AttemptStatus.UNKNOWN, project_id, platform, since, until, limit, page)


def list_failed_attempts(
    db: Session,
    project_id: int | None = None,
    *,
    platform: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int = 100,
    page: int = 1,
) -> list[OpenAttempt]:
    """The attempts that failed, as :func:`list_unknown_attempts` lists those of unknown outcome."""
    return _open_attempts(db, AttemptStatus.FAILED, project_id, platform, since, until, limit, page)


def count_open_attempts(
    db: Session,
    status: str,
    project_id: int | None = None,
    *,
    platform: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> int:
    """How many attempts are FAILED, or UNKNOWN: those that the lists of them have on all pages. For viewers."""
    with operation(db, Role.VIEWER, write=False):
        if status not in (AttemptStatus.FAILED, AttemptStatus.UNKNOWN):
            raise InputError(f"{status!r:.80} is not a state that needs a person. Say FAILED or UNKNOWN.")
        wanted = _narrowed(db, project_id, platform, since, until)
        return queue_view.count_open_attempts(db, AttemptStatus(status), wanted)


def reconcile_unknown(
    db: Session,
    attempt_id: int,
    outcome: Literal["sent", "not_sent"],
    reason: str,
    external_id: str | None = None,
) -> QueueItem | None:
    """Say what became of an attempt whose outcome is UNKNOWN. For approvers.

    ``not_sent`` makes it FAILED, ready to be retried. Answers the queue row, None when it is gone. Raises
    :class:`NotFoundError`; :class:`InvalidTransition` when the outcome is known, and for ``not_sent`` while the
    worker that began it may still deliver; :class:`InputError` without a reason.
    """
    with operation(db, Role.APPROVER, write=True) as actor:
        if outcome not in ("sent", "not_sent"):
            raise InputError(f"{outcome!r} is not an outcome. Say sent or not_sent.")
        why = require_text(reason, "Say how you know: what did you find on the far side?")
        given = None if external_id is None else require_text(external_id, "The id is empty.", longest=300)
        row = reconcile.reconcile(db, actor, as_id(attempt_id, "attempt"), outcome, why, given)
        return queue_item(db, row.id) if row is not None else None


def _open_attempts(
    db: Session,
    status: AttemptStatus,
    project_id: int | None,
    platform: str | None,
    since: datetime | None,
    until: datetime | None,
    limit: int,
    page: int,
) -> list[OpenAttempt]:
    with operation(db, Role.VIEWER, write=False):
        wanted = _narrowed(db, project_id, platform, since, until)
        rows = queue_view.open_attempts(db, status, wanted, limit=_limit(limit), offset=_offset(page, limit))
        alive = {sender: may_still_act(db, sender) for sender in {row.OutreachAttempt.sender for row in rows}}
        return [_open_shape(row, alive) for row in rows]


def _narrowed(
    db: Session,
    project_id: int | None,
    platform: str | None,
    since: datetime | None,
    until: datetime | None,
    *,
    status: str | Sequence[str] | None = None,
    overdue: bool = False,
) -> Narrowed:
    if platform is not None and platform not in list(Platform):
        raise InputError(f"{platform!r:.80} is not a platform. Choose one of {', '.join(Platform)}.")
    return Narrowed(
        project_id=get_project(db, as_id(project_id, "project")).id if project_id is not None else None,
        platform=platform,
        status=_statuses(status),
        since=as_utc(since) if since else None,
        until=as_utc(until) if until else None,
        due_before=now() - OVERDUE_AFTER if overdue else None,
    )


def _open_shape(row: Any, alive: dict[str | None, str | None]) -> OpenAttempt:
    attempt: OutreachAttempt = row.OutreachAttempt
    return {
        "at": attempt.attempted_at or attempt.updated_at,
        "kind": "attempt",
        "id": attempt.id,
        "attempt_id": attempt.id,
        "queue_id": attempt.queue_id,
        "content_item_id": attempt.content_item_id or 0,
        "project_id": row.project_id,
        "project": row.project,
        "platform": attempt.channel,
        "status": attempt.status,
        "mode": attempt.mode,
        "title": row.title,
        "lead_id": attempt.lead_id,
        "lead": row.lead,
        "external_id": attempt.external_id,
        "error": attempt.last_error,
        "may_still_deliver": alive[attempt.sender] if attempt.status == AttemptStatus.UNKNOWN else None,
    }


def _shape(entry: QueueEntry) -> QueueItem:
    row, counts = entry.row, entry.counts
    return {
        "id": row.id,
        "content_item_id": row.content_item_id,
        "project_id": entry.project_id,
        "project": entry.project,
        "platform": entry.platform,
        "title": entry.title,
        "account": row.account,
        "mode": row.mode,
        "status": row.status,
        "scheduled_time": row.scheduled_time,
        "local_time": row.local_time,
        "timezone": row.timezone,
        "next_attempt_at": row.next_attempt_at,
        "attempts": row.attempts,
        "last_error": row.last_error,
        "why": entry.why,
        "sent": counts.sent,
        "failed": counts.failed,
        "pending": counts.pending + counts.sending,
        "unknown": counts.unknown,
        "skipped": counts.skipped,
    }


def _statuses(status: str | Sequence[str] | None) -> list[QueueStatus] | None:
    if status is None:
        return None
    if not isinstance(status, Iterable):
        raise InputError(f"{status!r:.80} is not a status of the queue. There are: {', '.join(QueueStatus)}.")
    given = [status] if isinstance(status, str) else list(status)
    wrong = [one for one in given if one not in list(QueueStatus)]
    if wrong:
        raise InputError(f"{wrong[0]!r} is not a status of the queue. There are: {', '.join(QueueStatus)}.")
    return [QueueStatus(one) for one in given]


def _limit(limit: int) -> int:
    if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= LIMIT:
        raise InputError(f"limit must be a whole number from 1 to {LIMIT:,}.")
    return limit


def _offset(page: int, limit: int) -> int:
    if isinstance(page, bool) or not isinstance(page, int) or not 1 <= page <= LIMIT:
        raise InputError(f"page must be a whole number from 1 to {LIMIT:,}.")
    return (page - 1) * limit

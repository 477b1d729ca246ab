"""The queue: what is on it, why it is not going out, and what became of what nobody knew."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any, Literal, cast

from sqlalchemy.orm import Session

from workbench.enums import AttemptStatus, QueueStatus, Role
from workbench.errors import InputError, NotFoundError
from workbench.models import OutreachAttempt
from workbench.operator_services._edge import as_id, as_ids, operation, require_text, runtime_of
from workbench.operator_services.types import BulkResult, DecisionOutcome, DecisionPreview, OpenAttempt, QueueItem
from workbench.services import attempts, queue_view, reconcile
from workbench.services.attempts import Decision
from workbench.services.projects import get_project
from workbench.services.queue_view import QueueEntry
from workbench.services.safety import mode_of
from workbench.services.scheduling import Ways
from workbench.services.workers import may_still_act

LIMIT = 10_000


def ways_of(db: Session) -> Ways:
    """What the session's settings say about how messages leave."""
    runtime = runtime_of(db)
    return Ways(runtime.accounts, mode_of(db), runtime.settings.public_url)


def get_queue(
    db: Session, project_id: int | None = None, *, status: str | Sequence[str] | None = None, limit: int = 100
) -> list[QueueItem]:
    """The newest queue rows by their time, each with ``why`` it is not going out. For viewers.

    Raises :class:`NotFoundError`, :class:`InputError`.
    """
    with operation(db, Role.VIEWER, write=False):
        project = get_project(db, as_id(project_id, "project")).id if project_id is not None else None
        staleness = runtime_of(db).settings.staleness_minutes
        found = queue_view.entries(
            db, ways_of(db), staleness, project_id=project, status=_statuses(status), limit=_limit(limit)
        )
        return [_shape(entry) for entry in found]


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


def list_unknown_attempts(db: Session, project_id: int | None = None, *, limit: int = 100) -> list[OpenAttempt]:
    """The attempts nobody knows the outcome of, newest first. For viewers. Raises :class:`NotFoundError`."""
    return _open_attempts(db, AttemptStatus.UNKNOWN, project_id, limit)


def list_failed_attempts(db: Session, project_id: int | None = None, *, limit: int = 100) -> list[OpenAttempt]:
    """The attempts that failed, newest first. For viewers. Raises :class:`NotFoundError`."""
    return _open_attempts(db, AttemptStatus.FAILED, project_id, limit)


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


def preview_attempts(db: Session, attempt_ids: Sequence[int], decision: str) -> DecisionPreview:
    """What :func:`settle_attempts` would do to each, as things stand; nothing is changed. For viewers.

    Raises :class:`InputError` for a decision there is not.
    """
    with operation(db, Role.VIEWER, write=False):
        planned = attempts.plan(db, as_ids(attempt_ids, "attempt"), _decision(decision), mode_of(db))
        changing = sum(one.changes for one in planned)
        refused = sum(not one.ok for one in planned)
        return {
            "changing": changing,
            "unchanged": len(planned) - changing - refused,
            "refused": refused,
            "outcomes": [cast(DecisionOutcome, asdict(one)) for one in planned],  # a test compares the fields
        }


def settle_attempts(db: Session, attempt_ids: Sequence[int], decision: str, reason: str) -> BulkResult:
    """Settle many failed or unknown attempts in one step; an answer for every id. For approvers.

    ``retry``: those that FAILED are tried again, now, and no others of their row. ``sent`` and ``not_sent``: what
    became of those that are UNKNOWN, as :func:`reconcile_unknown` says it of one. ``undo_batch`` takes it back where
    no worker came to it since. Raises :class:`InputError` for a decision there is not, and without a reason.
    """
    with operation(db, Role.APPROVER, write=True) as actor:
        wanted, ids = _decision(decision), as_ids(attempt_ids, "attempt")
        asked = "Say why they are tried again." if wanted == "retry" else "Say how you know: what did you find?"
        why, batch_id = require_text(reason, asked), str(uuid.uuid4())
        answers = attempts.settle(db, actor, ids, wanted, why, mode_of(db), batch_id)
        done = sum(one.ok for one in answers)
        return {
            "batch_id": batch_id if any(one.changes for one in answers) else None,
            "done": done,
            "failed": len(answers) - done,
            "outcomes": [{"id": one.id, "ok": one.ok, "status": one.status, "reason": one.reason} for one in answers],
        }


def _decision(decision: str) -> Decision:
    if decision not in attempts.DECISIONS:
        raise InputError(f"{decision!r:.80} is not a decision. Say {', '.join(attempts.DECISIONS)}.")
    return cast(Decision, decision)


def _open_attempts(db: Session, status: AttemptStatus, project_id: int | None, limit: int) -> list[OpenAttempt]:
    with operation(db, Role.VIEWER, write=False):
        project = get_project(db, as_id(project_id, "project")).id if project_id is not None else None
        rows = queue_view.open_attempts(db, status, project_id=project, limit=_limit(limit))
        alive = {sender: may_still_act(db, sender) for sender in {row.OutreachAttempt.sender for row in rows}}
        return [_open_shape(row, alive) for row in rows]


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

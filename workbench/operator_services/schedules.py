"""Scheduling: who gets what when, shown before it is done; and another time, off the queue, another try."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from sqlalchemy.orm import Session

from workbench.enums import Role
from workbench.errors import PermissionDenied
from workbench.operator_services._edge import as_id, as_ids, operation, optional_dict, optional_text, require_text
from workbench.operator_services.queue import queue_item, ways_of
from workbench.operator_services.types import (
    BulkResult,
    ItemOutcome,
    LongBulkResult,
    MovePreview,
    QueueItem,
    Repeat,
    SchedulePreview,
    ScheduleResult,
    Skipped,
)
from workbench.services import near_texts, queue_rows, scheduling, undo
from workbench.services.progress import Progress
from workbench.services.projects import get_project
from workbench.services.safety import mode_of
from workbench.services.scheduling import Planned


def preview_schedule(
    db: Session, project_id: int, ids: Sequence[int], schedule_params: Mapping[str, Any] | None = None
) -> SchedulePreview:
    """What :func:`bulk_schedule_creatives` would do: the slot of each id, and who gets it. For viewers.

    ``repeats`` names what the same readers get within a week that says (nearly) the same.

    Raises :class:`NotFoundError`, and :class:`ScheduleInvalid` for parameters that make no sense.
    """
    with operation(db, Role.VIEWER, write=False):
        project = get_project(db, as_id(project_id, "project"))
        ways = ways_of(db)
        params = optional_dict(schedule_params, "schedule_params")
        planned = scheduling.plan(db, project, ids, params, ways)
        repeated = near_texts.of_plan(db, project, planned.items, ways)
        return {
            "timezone": planned.zone,
            "mode": ways.mode.value,
            "slots": [
                {
                    "id": one.id,
                    "title": one.title,
                    "platform": one.platform,
                    "ok": one.ok,
                    "reason": one.reason,
                    "local_time": _local(one),
                    "scheduled_time": one.slot.utc if one.slot else None,
                    "account": one.account,
                    "recipients": one.recipients,
                    "skipped": _skipped(one.skipped),
                    "repeats": cast("Repeat | None", repeated.get(one.id)),
                }
                for one in planned.items
            ],
            "recipients": _total(planned.items),
            "skipped": _all_skipped(planned.items),
        }


def bulk_schedule_creatives(
    db: Session, project_id: int, ids: Sequence[int], schedule_params: Mapping[str, Any] | None = None
) -> ScheduleResult:
    """Queue approved creatives at a series of slots; an answer for every id. For approvers.

    ``schedule_params`` may hold ``start`` (wall time, ``"2026-11-20T09:00"``, or a datetime), ``timezone`` (IANA;
    the project's), ``spacing_minutes`` (60) or ``slots`` (times of day, ``["09:00", "15:00"]``), and
    ``daily_cap``. Without a start, the next full hour. The first schedule moves the project to EXECUTION.

    Raises :class:`NotFoundError`; :class:`ScheduleInvalid` for a start that is past, that a clock change skips or
    repeats, and for parameters that make no sense.
    """
    with operation(db, Role.APPROVER, write=True) as actor:
        project = get_project(db, as_id(project_id, "project"), lock=True)
        params = optional_dict(schedule_params, "schedule_params")
        done = scheduling.schedule(db, actor, project, ids, params, ways_of(db))
        good = [one for one in done.items if one.ok]
        return {
            "batch_id": done.batch_id,
            "done": len(good),
            "failed": len(done.items) - len(good),
            "recipients": _total(done.items),
            "skipped": _all_skipped(done.items),
            "outcomes": [
                {
                    "id": one.id,
                    "ok": one.ok,
                    "status": one.status,
                    "reason": one.reason,
                    "queue_id": one.queue_id,
                    "local_time": _local(one),
                    "scheduled_time": one.slot.utc if one.slot else None,
                    "recipients": one.recipients,
                    "skipped": _skipped(one.skipped),
                }
                for one in done.items
            ],
        }


def reschedule(
    db: Session, queue_id: int, local_time: object, timezone: str | None = None, reason: str | None = None
) -> QueueItem:
    """Another time for a QUEUED or MISSED row: wall time in ``timezone``, or in the row's own. For approvers.

    Raises :class:`NotFoundError`, :class:`InvalidTransition`, :class:`ScheduleInvalid`.
    """
    with operation(db, Role.APPROVER, write=True) as actor:
        why = optional_text(reason, "The reason")
        row = queue_rows.reschedule(db, actor, as_id(queue_id, "queue row"), local_time, timezone, why)
        return queue_item(db, row.id)


def preview_reschedule(db: Session, queue_id: int, local_time: object, timezone: str | None = None) -> MovePreview:
    """What :func:`reschedule` would do with the same arguments; nothing is changed. For approvers.

    Raises what that raises: :class:`NotFoundError`, :class:`InvalidTransition`, :class:`ScheduleInvalid`.
    """
    with operation(db, Role.APPROVER, write=False):
        row = queue_rows.get_row(db, as_id(queue_id, "queue row"))
        slot, zone = queue_rows.another_time(row, local_time, timezone)
        assert slot.utc is not None
        return {
            "item": queue_item(db, row.id),
            "local_time": slot.local.isoformat(timespec="seconds"),
            "timezone": zone.key,
            "scheduled_time": slot.utc,
        }


def cancel_scheduled(db: Session, queue_ids: Sequence[int], reason: str) -> BulkResult:
    """Take rows off the queue; their creatives are APPROVED again. An answer for every id. For approvers.

    Raises :class:`InputError` without a reason.
    """
    with operation(db, Role.APPROVER, write=True) as actor:
        why = require_text(reason, "Say why it is cancelled.")
        batch_id = str(uuid.uuid4())
        answers = queue_rows.cancel(db, actor, as_ids(queue_ids, "queue row"), why, batch_id)
        return _bulk(
            [{"id": one.queue_id, "ok": one.ok, "status": one.status, "reason": one.reason} for one in answers],
            batch_id if any(one.changed for one in answers) else None,
        )


def retry_failed(db: Session, queue_id: int, reason: str) -> QueueItem:
    """Try what failed of a FAILED or PARTIAL row again, now; nobody who got it gets it again. For approvers.

    Raises :class:`NotFoundError`, :class:`InvalidTransition`, and :class:`InputError` without a reason.
    """
    with operation(db, Role.APPROVER, write=True) as actor:
        why = require_text(reason, "Say why it is tried again.")
        row = queue_rows.retry_failed(db, actor, as_id(queue_id, "queue row"), why, mode_of(db))
        return queue_item(db, row.id)


def undo_batch(
    db: Session,
    batch_id: str,
    *,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> LongBulkResult:
    """Take a bulk decision back where nothing was sent yet: an approval, a confirmation, a schedule, a
    cancellation, a deletion, consents. For whoever may take the decision itself.

    More than 10,000 leads are changed back as :func:`set_consent` changes them: in parts, ``progress`` told and
    ``cancelled`` asked after each. One that was stopped goes on when it is called again.

    Raises :class:`NotFoundError` for a batch that does not exist, :class:`InvalidTransition` when it was undone
    already, :class:`PermissionDenied`.
    """
    watched = Progress(progress, cancelled)
    result: LongBulkResult = {
        "batch_id": None, "done": 0, "failed": 0, "outcomes": [], "total": 0, "cancelled": False,
    }  # fmt: skip
    batch, last = None, 0
    while True:
        with operation(db, Role.OPERATOR, write=True) as actor:
            if batch is None:
                wanted = require_text(batch_id, "Give the batch_id that the bulk call answered.", longest=36)
                batch = undo.batch_of(db, wanted)
                last, result["total"] = batch.last, batch.total
            needed = batch.role
            if not actor.role.allows(needed):
                raise PermissionDenied(
                    f"Undoing this needs the role {needed.value}; {actor.name} is {actor.role.value}. Ask an "
                    "administrator."
                )
            events = undo.part_of(db, batch, last)
            if events:
                last = events[-1].id
            answers = undo.undo(db, actor, batch.batch_id, events) if events else []
        if not answers:
            return result
        for one in answers:
            result["done" if one.ok else "failed"] += 1
            if batch.whole or (not one.ok and len(result["outcomes"]) < undo.PART):
                result["outcomes"].append({"id": one.id, "ok": one.ok, "status": one.status, "reason": one.reason})
        if result["done"]:
            result["batch_id"] = batch.batch_id
        if watched.tell(result["done"] + result["failed"], result["total"]):
            result["cancelled"] = True
            return result
        if batch.whole:
            return result


def _bulk(outcomes: list[ItemOutcome], batch_id: str | None) -> BulkResult:
    done = sum(outcome["ok"] for outcome in outcomes)
    return {
        "batch_id": batch_id,
        "done": done,
        "failed": len(outcomes) - done,
        "outcomes": outcomes,
    }


def _local(one: Planned) -> str | None:
    return one.slot.local.isoformat(timespec="seconds") if one.slot else None


def _skipped(reasons: Mapping[str, int]) -> list[Skipped]:
    return [{"reason": reason, "count": count} for reason, count in sorted(reasons.items())]


def _all_skipped(items: Sequence[Planned]) -> list[Skipped]:
    total: Counter[str] = Counter()
    for one in items:
        if one.ok:
            total.update(one.skipped)
    return _skipped(total)


def _total(items: Sequence[Planned]) -> int:
    return sum(one.recipients or 0 for one in items if one.ok)

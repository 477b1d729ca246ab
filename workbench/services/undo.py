"""Taking the effect of one bulk decision back, in one step, where nothing has been sent yet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from workbench.clock import now
from workbench.enums import AttemptStatus, CreativeStatus, ProjectState, QueueStatus, Role
from workbench.errors import InvalidTransition, NotFoundError, WorkbenchError
from workbench.models import AuditEvent, ContentItem, ContentVersion, OutreachAttempt, QueueRow
from workbench.services import attempts, lead_changes
from workbench.services.audit import Actor, record, record_many
from workbench.services.leads import restore_consent
from workbench.services.projects import enter_state, get_project
from workbench.services.queue_rows import get_row, item_of
from workbench.services.safety import mode_of
from workbench.services.schedules import chunks, take_off_queue

_C, _Q = CreativeStatus, QueueStatus

#: What can be undone, and the role that it takes.
ROLES: Final = {
    "creative.approve": Role.APPROVER,
    "creative.confirm": Role.APPROVER,
    "creative.schedule": Role.APPROVER,
    "schedule.cancel": Role.APPROVER,
    "schedule.retry": Role.APPROVER,
    "attempt.reconcile": Role.APPROVER,
    "creative.delete": Role.OPERATOR,
    "creative.restore": Role.OPERATOR,
    "lead.consent": Role.OPERATOR,
    "lead.change": Role.OPERATOR,
}

#: What many are changed by at once, in parts: it is undone in parts as well, of so many events.
LONG: Final = frozenset({"lead.consent", "lead.change"})
PART: Final = 10_000


@dataclass(frozen=True)
class Undone:
    """What happened to one id of the batch."""

    id: int
    ok: bool
    status: str | None
    reason: str | None = None


@dataclass(frozen=True)
class Batch:
    """What there is to undo of a bulk decision."""

    batch_id: str
    #: Undoable events in all.
    total: int
    #: The role that undoing it takes.
    role: Role
    #: The newest event that was undone; a large batch is undone in parts, and goes on after it.
    last: int
    #: Whether it is undone in one transaction.
    whole: bool


def batch_of(session: Session, batch_id: str) -> Batch:
    """What there is to undo. Raises :class:`NotFoundError`, and :class:`InvalidTransition` when it was undone."""
    mine = AuditEvent.batch_id == batch_id
    counted = sa.select(AuditEvent.action, sa.func.count(), sa.func.max(AuditEvent.id))
    kinds = session.execute(counted.where(mine, AuditEvent.action.in_(ROLES)).group_by(AuditEvent.action)).all()
    if not kinds:
        raise NotFoundError(f"There is no batch {batch_id} that could be undone.")
    total = sum(number for _, number, _ in kinds)
    whole = total <= PART or not LONG.issuperset(action for action, _, _ in kinds)
    undone = sa.select(AuditEvent.entity_id).where(mine, AuditEvent.action == "batch.undo")
    newest = sa.select(sa.func.max(AuditEvent.id))
    last = session.scalar(newest.where(mine, AuditEvent.action.in_(ROLES), AuditEvent.entity_id.in_(undone))) or 0
    if (last and whole) or last >= max(highest for _, _, highest in kinds):
        raise InvalidTransition("This was undone already.", batch_id=batch_id)
    role = max((ROLES[action] for action, _, _ in kinds), key=lambda one: one.rank)
    return Batch(batch_id, total, role, last, whole)


def part_of(session: Session, batch: Batch, after: int) -> Sequence[AuditEvent]:
    """The next events to be undone together, after the event ``after``: all of them, or :data:`PART` of a large one."""
    query = sa.select(AuditEvent).where(
        AuditEvent.batch_id == batch.batch_id, AuditEvent.action.in_(ROLES), AuditEvent.id > after
    )
    return session.scalars(query.order_by(AuditEvent.id).limit(None if batch.whole else PART)).all()


def undo(session: Session, actor: Actor, batch_id: str, events: Sequence[AuditEvent]) -> list[Undone]:
    """Take back each part of the batch that is still as the batch left it; the answers in its order. Flushes."""
    answers: dict[int, Undone] = {}
    for action in ROLES:
        part = [event for event in events if event.action == action]
        if part:
            answers |= _UNDO[action](session, actor, part)
    record_many(
        session,
        actor,
        "batch.undo",
        events[0].entity,
        (
            {
                "entity_id": event.entity_id,
                "project_id": event.project_id,
                "before": event.after,
                "after": {"status": answers[event.id].status, "undone": event.action},
            }
            for event in events
            if answers[event.id].ok
        ),
        batch_id=batch_id,
    )
    return [answers[event.id] for event in events]


def _items(session: Session, events: Sequence[AuditEvent]) -> dict[int, ContentItem]:
    """The creatives of these events, held."""
    found: dict[int, ContentItem] = {}
    for chunk in chunks(sorted({event.entity_id for event in events if event.entity_id is not None})):
        query = sa.select(ContentItem).where(ContentItem.id.in_(chunk)).order_by(ContentItem.id).with_for_update()
        found |= {item.id: item for item in session.scalars(query.execution_options(populate_existing=True))}
    return found


def _approve(session: Session, actor: Actor, events: Sequence[AuditEvent]) -> dict[int, Undone]:
    items, answers = _items(session, events), {}
    for event in events:
        item = items.get(event.entity_id or 0)
        kept = _not_as_left(item, event) or (
            f"It is {item.status} by now. Undo that first." if item and item.status != _C.APPROVED else None
        )
        if item is not None and kept is None:
            item.status = _C.DRAFT
        answers[event.id] = _answer(event, kept, _C.DRAFT.value)
    session.flush()
    return answers


def _confirm(session: Session, actor: Actor, events: Sequence[AuditEvent]) -> dict[int, Undone]:
    items, answers = _items(session, events), {}
    for event in events:
        item = items.get(event.entity_id or 0)
        kept = _not_as_left(item, event)
        if item is not None and kept is None:
            if item.status in (_C.PUBLISHING, _C.PUBLISHED, _C.UNKNOWN):
                kept = f"It is {item.status} by now."
            elif item.strategy_id != (event.after or {}).get("strategy_id"):
                kept = "It was confirmed again since."
            else:
                item.strategy_id = (event.before or {}).get("strategy_id")
        answers[event.id] = _answer(event, kept, item.status if item else None)
    session.flush()
    return answers


def _not_as_left(item: ContentItem | None, event: AuditEvent) -> str | None:
    if item is None:
        return "It does not exist any more."
    return "Its text was changed since." if item.version != (event.after or {}).get("version") else None


def _answer(event: AuditEvent, kept: str | None, status: str | None) -> Undone:
    return Undone(event.entity_id or 0, kept is None, status if kept is None else None, kept)


def _schedule(session: Session, actor: Actor, events: Sequence[AuditEvent]) -> dict[int, Undone]:
    queue_ids = sorted(int((event.after or {})["queue_id"]) for event in events)
    rows: dict[int, QueueRow] = {}
    begun: set[int | None] = set()
    for chunk in chunks(queue_ids):
        query = sa.select(QueueRow).where(QueueRow.id.in_(chunk)).order_by(QueueRow.id).with_for_update()
        rows |= {row.id: row for row in session.scalars(query.execution_options(populate_existing=True))}
        sent = sa.select(OutreachAttempt.queue_id).where(
            OutreachAttempt.queue_id.in_(chunk),
            OutreachAttempt.status.not_in((AttemptStatus.PENDING, AttemptStatus.SKIPPED)),
        )
        begun.update(session.scalars(sent.distinct()))
    answers, off = {}, []
    for event in events:
        row = rows.get(int((event.after or {})["queue_id"]))
        kept = None
        if row is None or row.status not in (_Q.QUEUED, _Q.MISSED):
            kept = f"It is {row.status} by now." if row else "It does not exist any more."
        elif row.id in begun:
            kept = "Some of it was sent. Cancel the rest in the Control Tower."
        else:
            off.append(row.content_item_id)
        answers[event.id] = _answer(event, kept, _C.APPROVED.value)
    take_off_queue(session, actor, off, reason="The schedule was undone.")
    return answers


def _one_by_one(
    undo_one: Callable[[Session, Actor, AuditEvent], str],
) -> Callable[[Session, Actor, Sequence[AuditEvent]], dict[int, Undone]]:
    def undo_each(session: Session, actor: Actor, events: Sequence[AuditEvent]) -> dict[int, Undone]:
        answers = {}
        for event in events:
            try:
                with session.begin_nested():
                    answers[event.id] = _answer(event, None, undo_one(session, actor, event))
            except WorkbenchError as error:
                answers[event.id] = _answer(event, error.message, None)
        return answers

    return undo_each


def _cancel(session: Session, actor: Actor, event: AuditEvent) -> str:
    """A cancelled row stays cancelled; the creative gets a new one for the same moment."""
    project = get_project(session, int(event.project_id or 0), lock=True)
    old = get_row(session, int(event.entity_id or 0), lock=True)
    item, _ = item_of(session, old, lock=True)
    if item.status != _C.APPROVED or item.deleted_at is not None:
        raise InvalidTransition(f"The creative is {'deleted' if item.deleted_at else item.status} by now.")
    if project.approved_strategy_id is None or item.strategy_id != project.approved_strategy_id:
        raise InvalidTransition("The creative is stale by now. Confirm it and schedule it again.")
    if session.get_one(ContentVersion, old.content_version_id).number != item.version:
        raise InvalidTransition("Its text was changed since. Schedule it again.")
    if project.state == ProjectState.DONE:
        raise InvalidTransition("Its project is DONE by now. Reopen it first.")
    if old.scheduled_time <= now():
        raise InvalidTransition("Its time is past. Schedule it again.")
    if old.mode != mode_of(session):
        raise InvalidTransition("The installation's mode was changed since. Schedule it again.")
    row = QueueRow(
        content_item_id=old.content_item_id,
        content_version_id=old.content_version_id,
        account=old.account,
        mode=old.mode,
        scheduled_time=old.scheduled_time,
        local_time=old.local_time,
        timezone=old.timezone,
        status=_Q.QUEUED,
    )
    session.add(row)
    item.status = _C.SCHEDULED
    session.flush()
    after = {"status": item.status, "queue_id": row.id, "local_time": row.local_time, "timezone": row.timezone}
    record(
        session,
        actor,
        "creative.schedule",
        "creative",
        item.id,
        project_id=project.id,
        reason="The cancellation was undone.",
        before={"status": _C.APPROVED.value},
        after=after,
    )
    enter_state(session, actor, project, ProjectState.EXECUTION, "A cancellation was undone.")
    return _Q.QUEUED.value


def _delete(session: Session, actor: Actor, events: Sequence[AuditEvent]) -> dict[int, Undone]:
    items, answers = _items(session, events), {}
    for event in events:
        item = items.get(event.entity_id or 0)
        if item is not None:
            item.deleted_at = None
        kept = "It does not exist any more." if item is None else None
        answers[event.id] = _answer(event, kept, item.status if item else None)
    session.flush()
    return answers


def _restore(session: Session, actor: Actor, events: Sequence[AuditEvent]) -> dict[int, Undone]:
    items, answers = _items(session, events), {}
    for event in events:
        item = items.get(event.entity_id or 0)
        kept = _not_as_left(item, event)
        if item is not None and kept is None:
            if item.status != (event.after or {}).get("status"):
                kept = f"It is {item.status} by now. Delete it yourself if it should go."
            else:
                item.deleted_at = item.deleted_at or now()
        answers[event.id] = _answer(event, kept, item.status if item else None)
    session.flush()
    return answers


def _consent(session: Session, actor: Actor, events: Sequence[AuditEvent]) -> dict[int, Undone]:
    changes = restore_consent(session, events)
    return {
        event_id: Undone(change.lead_id, change.ok, change.consent if change.ok else None, change.reason)
        for event_id, change in changes.items()
    }


def _change(session: Session, actor: Actor, events: Sequence[AuditEvent]) -> dict[int, Undone]:
    changes = lead_changes.restore(session, events)
    return {
        event_id: Undone(change.lead_id, change.ok, change.status if change.ok else None, change.reason)
        for event_id, change in changes.items()
    }


_UNDO: Final[dict[str, Callable[[Session, Actor, Sequence[AuditEvent]], dict[int, Undone]]]] = {
    "creative.approve": _approve,
    "creative.confirm": _confirm,
    "creative.schedule": _schedule,
    "schedule.cancel": _one_by_one(_cancel),
    "schedule.retry": _one_by_one(attempts.undo_retry),
    "attempt.reconcile": _one_by_one(attempts.undo_reconcile),
    "creative.delete": _delete,
    "creative.restore": _restore,
    "lead.consent": _consent,
    "lead.change": _change,
}

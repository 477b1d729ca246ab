"""What waits behind a pause: shown before it is lifted, and spread out, moved or dropped when it is.

What is overdue by more than the staleness limit becomes MISSED and waits for a person. Nothing bursts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal, get_args

import sqlalchemy as sa
from sqlalchemy.orm import Session

from workbench.clock import now as host_now
from workbench.db import database_now
from workbench.enums import AttemptStatus, Gateway, Platform, QueueStatus
from workbench.errors import InputError
from workbench.models import ContentItem, OutreachAttempt, Project, QueueRow
from workbench.services import slots
from workbench.services.audience import ProjectAudience, had, required
from workbench.services.audit import SYSTEM, Actor, record_many
from workbench.services.queue_rows import get_row, set_time
from workbench.services.safety import is_paused, mode_of
from workbench.services.schedules import chunks, due_at, gateway_of, gateway_paused, join_flags, take_off_queue

Scope = Literal["system", "gateway", "project"]
Action = Literal["send", "reschedule", "skip"]

#: Between two overdue items of one account, unless the person says otherwise.
SPACING: Final = 5


@dataclass(frozen=True)
class Overdue:
    """A row that would go out if one pause were lifted."""

    queue_id: int
    content_item_id: int
    project_id: int
    project: str
    platform: str
    title: str
    account: str
    timezone: str
    expanded: bool
    scheduled_time: datetime
    #: Since when it waits: its time, or the later one it was deferred to.
    due: datetime
    overdue: timedelta
    too_old: bool


@dataclass(frozen=True)
class Choice:
    """What to do with overdue rows: for all of them, and for single ones by id."""

    action: Action = "send"
    spacing_minutes: int = SPACING
    #: Wall time of each row's own zone; the next full hour without.
    start: object = None
    items: Mapping[int, Action] = field(default_factory=dict)


def read_choice(given: Mapping[str, Any] | None) -> Choice:
    """A choice from a dict with action, spacing_minutes, start and items. Raises :class:`InputError`."""
    given = dict(given or {})
    unknown = sorted(set(given) - {"action", "spacing_minutes", "start", "items"})
    if unknown:
        raise InputError(f"There is no choice {', '.join(unknown)} for overdue items.")
    items = given.get("items") or {}
    actions = [given.get("action", "send"), *(items.values() if isinstance(items, Mapping) else [None])]
    wrong = [action for action in actions if action not in get_args(Action)]
    if wrong:
        raise InputError(f"{wrong[0]!r} is not one of {', '.join(get_args(Action))}.")
    spacing = given.get("spacing_minutes", SPACING)
    if isinstance(spacing, bool) or not isinstance(spacing, int) or not 0 <= spacing <= 60 * 24:
        raise InputError("spacing_minutes must be a whole number from 0 to 1,440.")
    return Choice(given.get("action", "send"), spacing, given.get("start"), dict(items))


def list_overdue(
    session: Session, scope: Scope, key: int | str | None, staleness: timedelta, *, lock: bool = False
) -> list[Overdue]:
    """The due rows that nothing but the pause of this scope holds back, the longest waiting first."""
    moment = database_now(session)
    query = (
        join_flags(
            sa.select(
                QueueRow.id,
                QueueRow.content_item_id,
                QueueRow.account,
                QueueRow.timezone,
                QueueRow.expanded,
                QueueRow.scheduled_time,
                due_at.label("due"),
                ContentItem.project_id,
                ContentItem.platform,
                ContentItem.title,
                Project.name,
            )
        )
        .where(
            QueueRow.mode == mode_of(session),
            QueueRow.status == QueueStatus.QUEUED,
            QueueRow.scheduled_time <= moment,  # a row is never due before its time: so that the index serves
            due_at <= moment,
            *_otherwise_free(session, scope, key),
        )
        .order_by(due_at, QueueRow.id)
    )
    rows = session.execute(query.with_for_update(of=QueueRow) if lock else query)
    return [
        Overdue(
            row.id,
            row.content_item_id,
            row.project_id,
            row.name,
            row.platform,
            row.title,
            row.account,
            row.timezone,
            row.expanded,
            row.scheduled_time,
            row.due,
            moment - row.due,
            moment - row.due > staleness,
        )
        for row in rows
    ]


def _otherwise_free(session: Session, scope: Scope, key: int | str | None) -> list[sa.ColumnElement[bool]]:
    """The conditions for a row to be in the scope and not to be held back by another pause."""
    project_free, gateway_free = sa.not_(Project.paused), sa.not_(gateway_paused())
    if scope == "system":
        return [project_free, gateway_free]
    if is_paused(session):
        return [sa.false()]
    if scope == "project":
        return [Project.id == key, gateway_free]
    return [gateway_of == Gateway(str(key)).value, project_free]


def recipients(session: Session, rows: Sequence[Overdue]) -> dict[int, int]:
    """queue id → people an e-mail among ``rows`` would still go to."""
    mails = [row for row in rows if row.platform == Platform.EMAIL]
    begun = [row.queue_id for row in mails if row.expanded]
    found: dict[int, int] = dict.fromkeys(begun, 0)
    for chunk in chunks(begun):
        pending = session.execute(
            sa.select(OutreachAttempt.queue_id, sa.func.count())
            .where(OutreachAttempt.queue_id.in_(chunk), OutreachAttempt.status == AttemptStatus.PENDING)
            .group_by(OutreachAttempt.queue_id)
        )
        found |= {queue_id: count for queue_id, count in pending if queue_id is not None}
    for project_id in {row.project_id for row in mails if not row.expanded}:
        fresh = [row for row in mails if not row.expanded and row.project_id == project_id]
        people = ProjectAudience.load(session, project_id)
        items = {row.content_item_id for row in fresh}
        already = had(session, items, mode_of(session))
        texts = {
            item.id: required(item.title, item.body_text, item.caption)
            for item in session.scalars(sa.select(ContentItem).where(ContentItem.id.in_(items)))
        }
        for row in fresh:
            one = row.content_item_id
            found[row.queue_id], _ = people.count(texts[one], already.get(one, {}))
    return found


def settle(
    session: Session,
    actor: Actor,
    scope: Scope,
    key: int | str | None,
    choice: Choice,
    staleness: timedelta,
) -> dict[str, int]:
    """Do with each overdue row what the person chose; how many were sent, missed, rescheduled and skipped.

    Called in the transaction that lifts the pause, before it is lifted. ``send`` spreads the rows of one account
    by the spacing, the first one now; one that is too old becomes MISSED all the same. Raises
    :class:`ScheduleInvalid` for a start that makes no sense.
    """
    rows = list_overdue(session, scope, key, staleness, lock=True)
    told = {row.queue_id: choice.items.get(row.queue_id, choice.action) for row in rows}
    missed = [row.queue_id for row in rows if told[row.queue_id] == "send" and row.too_old]
    send = [row for row in rows if told[row.queue_id] == "send" and not row.too_old]
    move = [row for row in rows if told[row.queue_id] == "reschedule"]
    skip = [row.content_item_id for row in rows if told[row.queue_id] == "skip"]
    mark_missed(session, actor, missed)
    _spread(session, send, timedelta(minutes=choice.spacing_minutes))
    _move(session, actor, move, choice)
    if skip:
        take_off_queue(session, actor, skip, reason="Skipped when the pause was lifted.")
    return {"sent": len(send), "missed": len(missed), "rescheduled": len(move), "skipped": len(skip)}


def _spread(session: Session, rows: Sequence[Overdue], spacing: timedelta) -> None:
    moment = database_now(session)
    before: Counter[tuple[str, str]] = Counter()
    for row in rows:
        turn = (row.platform, row.account)
        session.execute(
            sa.update(QueueRow)
            .where(QueueRow.id == row.queue_id)
            .values(next_attempt_at=moment + before[turn] * spacing, last_error=None, updated_at=host_now())
        )
        before[turn] += 1


def _move(session: Session, actor: Actor, rows: Sequence[Overdue], choice: Choice) -> None:
    moment = host_now()
    turns: dict[tuple[str, str, str], list[Overdue]] = {}
    for row in rows:
        turns.setdefault((row.platform, row.account, row.timezone), []).append(row)
    events = []
    for (_, _, zone), waiting in turns.items():
        params = {"timezone": zone, "start": choice.start, "spacing_minutes": choice.spacing_minutes}
        layout = slots.read_params(params, zone, moment)
        # Twice as many, so that hours which a clock change skips or repeats can be left out.
        free = [slot for slot in slots.series(layout, 2 * len(waiting) + 8, moment) if not slot.problem]
        for row, slot in zip(waiting, free, strict=False):
            assert slot.utc is not None
            stored = get_row(session, row.queue_id)
            before = _when(stored)
            set_time(stored, slot.local, slot.utc, zone)
            events.append(
                {
                    "entity_id": row.queue_id,
                    "project_id": row.project_id,
                    "before": before,
                    "after": _when(stored),
                }
            )
    session.flush()
    reason = "Moved when the pause was lifted."
    record_many(session, actor, "schedule.reschedule", "queue", events, reason=reason)


def _when(row: QueueRow) -> dict[str, str]:
    return {"status": row.status, "local_time": row.local_time, "timezone": row.timezone}


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

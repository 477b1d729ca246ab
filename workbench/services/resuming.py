"""What is done with overdue rows when a pause is lifted: spread out, moved or dropped. Nothing bursts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, Literal, get_args

import sqlalchemy as sa
from sqlalchemy.orm import Session

from workbench.clock import now as host_now
from workbench.db import database_now
from workbench.errors import InputError
from workbench.models import QueueRow
from workbench.services import slots
from workbench.services.audit import Actor, record_many
from workbench.services.missed import mark_missed
from workbench.services.overdue import Overdue, Scope, list_overdue
from workbench.services.queue_rows import get_row, set_time
from workbench.services.schedules import take_off_queue

Action = Literal["send", "reschedule", "skip"]

#: Between two overdue items of one account, unless the person says otherwise.
SPACING: Final = 5


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

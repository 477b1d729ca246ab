"""Many failed or unknown attempts at once: tried again, or said to be sent or not; an answer for each, and one undo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from workbench.clock import now
from workbench.enums import AttemptStatus, CreativeStatus, Mode, QueueStatus
from workbench.errors import InvalidTransition, NotFoundError, WorkbenchError
from workbench.models import AuditEvent, ContentItem, Lead, OutreachAttempt, QueueRow
from workbench.services import queue_rows, reconcile
from workbench.services.audit import Actor
from workbench.services.projects import get_project
from workbench.services.rollup import creative_reconciled
from workbench.services.schedules import chunks
from workbench.services.workers import may_still_act

Decision = Literal["retry", "sent", "not_sent"]
DECISIONS: Final = ("retry", "sent", "not_sent")

_A, _Q, _C = AttemptStatus, QueueStatus, CreativeStatus
#: Decision -> what an attempt must be, what it becomes, and what that means.
_RULES: Final[Mapping[str, tuple[AttemptStatus, AttemptStatus, str]]] = {
    "retry": (_A.FAILED, _A.PENDING, "It is sent again as soon as a worker comes to it."),
    "sent": (_A.UNKNOWN, _A.SENT, "It counts as sent, and is never sent again."),
    "not_sent": (_A.UNKNOWN, _A.FAILED, "It counts as failed, and can be tried again."),
}


@dataclass(frozen=True)
class Decided:
    """What a decision does, or did, to one attempt."""

    id: int
    ok: bool
    status: str | None
    reason: str | None = None
    #: Whether it makes a difference; a decision that is so already is ok too.
    changes: bool = False
    note: str | None = None
    title: str = ""
    platform: str | None = None


def plan(session: Session, attempt_ids: Sequence[int], decision: Decision, mode: Mode) -> list[Decided]:
    """What :func:`settle` would do to each, as things stand; changes nothing."""
    needed, becomes, note = _RULES[decision]
    # One look for all attempts of a row, and for all that one worker began.
    problems: dict[tuple[int | None, str | None], str | None] = {}
    planned = []
    for attempt_id, one in _read(session, attempt_ids).items():
        if one is None:
            planned.append(Decided(attempt_id, False, None, f"There is no attempt {attempt_id}."))
            continue
        attempt = one.attempt
        answer = Decided(attempt_id, True, attempt.status, title=one.title, platform=attempt.channel)
        if attempt.status == becomes and decision != "retry":
            planned.append(replace(answer, note="It is so already."))
            continue
        if attempt.status != needed:
            reason = f"It is {attempt.status}; this is for what is {needed}."
            planned.append(replace(answer, ok=False, reason=reason))
            continue
        key = (attempt.queue_id, attempt.sender)
        if key not in problems:
            problems[key] = _problem(session, attempt, decision, mode)
        if problem := problems[key]:
            planned.append(replace(answer, ok=False, reason=problem))
        else:
            planned.append(replace(answer, status=becomes.value, changes=True, note=note))
    return planned


def settle(
    session: Session,
    actor: Actor,
    attempt_ids: Sequence[int],
    decision: Decision,
    reason: str,
    mode: Mode,
    batch_id: str,
) -> list[Decided]:
    """Carry ``decision`` out for each, or say why not; one that fails leaves the others as they are. Flushes.

    Only the attempts that are named are tried again, not all that failed of their row.
    """
    answers = {one.id: one for one in plan(session, attempt_ids, decision, mode)}
    found = _read(session, [one.id for one in answers.values() if one.changes])
    # In the order in which everybody takes them: by project, then by row.
    good = sorted(
        (one for one in found.values() if one is not None),
        key=lambda one: (one.project_id or 0, one.attempt.queue_id or 0, one.attempt.id),
    )
    for queue_id, together in groupby(good, key=lambda one: one.attempt.queue_id):
        ids = [one.attempt.id for one in together]
        for some in [ids] if decision == "retry" else [[one] for one in ids]:
            try:
                with session.begin_nested():
                    if decision == "retry":
                        assert queue_id is not None
                        queue_rows.retry_failed(
                            session, actor, queue_id, reason, mode, attempt_ids=some, batch_id=batch_id
                        )
                    else:
                        reconcile.reconcile(session, actor, some[0], decision, reason, None, batch_id=batch_id)
            except WorkbenchError as error:
                for one in some:
                    answers[one] = replace(
                        answers[one], ok=False, status=None, reason=error.message, changes=False, note=None
                    )
    return list(answers.values())


def undo_retry(session: Session, actor: Actor, event: AuditEvent) -> str:
    """The attempts of one row that were to be tried again are FAILED again; refused once a worker came to it."""
    # Projects are held before their rows, and rows before their creatives.
    get_project(session, int(event.project_id or 0), lock=True)
    row = queue_rows.get_row(session, int(event.entity_id or 0), lock=True)
    item, _ = queue_rows.item_of(session, row, lock=True)
    before = event.before or {}
    if row.status != _Q.QUEUED:
        raise InvalidTransition(f"A worker came to it: it is {row.status} by now.")
    wanted = [int(one) for one in before["attempts"]]
    back: list[int] = []
    for chunk in chunks(wanted):
        query = sa.update(OutreachAttempt).where(OutreachAttempt.id.in_(chunk), OutreachAttempt.status == _A.PENDING)
        changed = query.values(status=_A.FAILED, updated_at=now()).returning(OutreachAttempt.id)
        back += session.scalars(changed.execution_options(synchronize_session=False)).all()
    if len(back) != len(wanted):
        raise InvalidTransition("Some of it was sent by now.")
    row.status, row.next_attempt_at = before["status"], None
    if item.status == _C.SCHEDULED and before["creative"] != _C.SCHEDULED:
        item.status = before["creative"]
    session.flush()
    return str(row.status)


def undo_reconcile(session: Session, actor: Actor, event: AuditEvent) -> str:
    """Nobody knows again whether it was sent; refused once it was queued again or its creative was changed."""
    query = sa.select(OutreachAttempt).where(OutreachAttempt.id == event.entity_id)
    query = query.execution_options(populate_existing=True)
    seen = session.scalar(query)
    if seen is None:
        raise NotFoundError("It does not exist any more.")
    row = queue_rows.get_row(session, seen.queue_id, lock=True) if seen.queue_id is not None else None
    attempt = session.scalars(query.with_for_update()).one()
    if attempt.status != (event.after or {})["status"]:
        raise InvalidTransition(f"It is {attempt.status} by now.")
    if row is not None:
        _take_back(session, row)
    attempt.status, attempt.sender = _A.UNKNOWN, (event.before or {}).get("sender")
    attempt.last_error = f"{actor.name} took back what was said of it. Look at the far side again."
    session.flush()
    return _A.UNKNOWN.value


def _take_back(session: Session, row: QueueRow) -> None:
    """An ended row and its creative are UNKNOWN again."""
    if row.status == _Q.UNKNOWN:
        return
    if row.status not in (_Q.DONE, _Q.PARTIAL, _Q.FAILED):
        raise InvalidTransition(f"It was queued again: its row is {row.status} by now.")
    item, _ = queue_rows.item_of(session, row, lock=True)
    left = creative_reconciled(QueueStatus(row.status))
    if item.status != left or item.deleted_at is not None:
        raise InvalidTransition(f"The creative is {'deleted' if item.deleted_at else item.status} by now.")
    row.status, item.status = _Q.UNKNOWN, _C.UNKNOWN
    row.updated_at = now()


@dataclass(frozen=True)
class _Found:
    attempt: OutreachAttempt
    project_id: int | None
    title: str


def _read(session: Session, attempt_ids: Sequence[int]) -> dict[int, _Found | None]:
    """Each id once, in their order, with what there is of it."""
    found: dict[int, _Found | None] = dict.fromkeys(attempt_ids)
    for chunk in chunks(list(found)):
        query = (
            sa.select(OutreachAttempt, ContentItem.title, ContentItem.project_id, Lead.name.label("lead"))
            .outerjoin(ContentItem, ContentItem.id == OutreachAttempt.content_item_id)
            .outerjoin(Lead, Lead.id == OutreachAttempt.lead_id)
            .where(OutreachAttempt.id.in_(chunk))
        )
        for row in session.execute(query.execution_options(populate_existing=True)):
            title = row.title or "(no title)"
            named = f"{title} to {row.lead}" if row.lead else title
            found[row.OutreachAttempt.id] = _Found(row.OutreachAttempt, row.project_id, named)
    return found


def _problem(session: Session, attempt: OutreachAttempt, decision: Decision, mode: Mode) -> str | None:
    """What keeps an attempt in the right state from it."""
    if decision == "not_sent":
        return may_still_act(session, attempt.sender)
    if decision == "retry" and attempt.queue_id is None:
        return "Its queue row is gone. Approve and schedule the creative again."
    if decision == "retry" and attempt.queue_id is not None:
        try:
            queue_rows.check_retry(session, attempt.queue_id, mode)
        except WorkbenchError as error:
            return error.message
    return None

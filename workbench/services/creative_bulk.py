"""Decisions on many creatives at once: a fixed number of statements, and an answer for every id."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from workbench.clock import now
from workbench.enums import ACTIVE_QUEUE, CreativeStatus, Platform, QueueStatus
from workbench.errors import InputError, InvalidTransition
from workbench.models import ContentItem, Project, QueueRow
from workbench.services.audit import Actor, record_many
from workbench.services.creative_text import CreativeText, problems
from workbench.services.schedules import take_off_queue

#: Ids in one statement: SQLite takes 32,766 parameters, PostgreSQL 65,535.
CHUNK = 10_000

_C = CreativeStatus


@dataclass(frozen=True)
class Outcome:
    """What happened, or would happen, to one id; ``changed`` when the database differs from before."""

    id: int
    ok: bool
    status: str | None
    reason: str | None = None
    changed: bool = False
    #: What also happens to one that changes.
    note: str | None = None
    title: str = ""
    platform: str | None = None


@dataclass(frozen=True)
class Bulk:
    """The answers, in the order of the ids. ``batch_id`` is None when nothing changed."""

    batch_id: str | None
    outcomes: Sequence[Outcome]


@dataclass(frozen=True)
class Decision:
    """One decision on any number of creatives: how each is judged, and what it changes."""

    action: str
    judge: Callable[[Any], Outcome]
    values: Callable[[], Mapping[str, Any]]
    #: Of a row, as the audit event tells it, before and after.
    before: Callable[[Any], dict[str, Any]]
    after: Callable[[Any], dict[str, Any]]
    leaves_queue: bool = False
    #: Whether it is taken on deleted creatives too.
    of_deleted: bool = False


def approval(versions: object = None) -> Decision:
    """DRAFT → APPROVED for every item that its platform would take, at the version given for it, if any.

    What is approved or queued already stays as it is, and counts as done. Raises :class:`InputError` when
    ``versions`` is not a dict of numbers.
    """
    seen = _check_versions(versions)

    def judge(row: Any) -> Outcome:
        if row.id in seen and seen[row.id] != row.version:
            return _no(
                row,
                f"It was changed: it is at version {row.version}, you saw {seen[row.id]}. Read it again.",
            )
        if row.status in (_C.APPROVED, _C.SCHEDULED):
            return _yes(row, row.status, changed=False)
        if row.status != _C.DRAFT:
            return _no(row, _WHY_NOT[CreativeStatus(row.status)])
        faults = problems(Platform(row.platform), CreativeText(row.title, row.body_text, row.caption))
        return _no(row, " ".join(faults)) if faults else _yes(row, _C.APPROVED)

    return Decision(
        "creative.approve",
        judge,
        values=lambda: {"status": _C.APPROVED},
        before=lambda row: {"status": row.status, "version": row.version},
        after=lambda row: {"status": _C.APPROVED.value, "version": row.version},
    )


def confirmation(project: Project) -> Decision:
    """Stale items still hold: from now on they are based on the strategy in force.

    What is not stale stays as it is, and counts as done. Raises :class:`InvalidTransition` when no strategy
    is in force.
    """
    base = project.approved_strategy_id
    if base is None:
        raise InvalidTransition(f"No strategy of {project.name} is in force. Approve one first.")

    def judge(row: Any) -> Outcome:
        if row.strategy_id == base:
            return _yes(row, row.status, changed=False)
        if row.status in (_C.PUBLISHING, _C.PUBLISHED, _C.UNKNOWN):
            return _no(row, _WHY_NOT[CreativeStatus(row.status)])
        return _yes(row, row.status)

    return Decision(
        "creative.confirm",
        judge,
        values=lambda: {"strategy_id": base},
        before=lambda row: {"status": row.status, "version": row.version, "strategy_id": row.strategy_id},
        after=lambda row: {"status": row.status, "version": row.version, "strategy_id": base},
    )


def deletion() -> Decision:
    """Hidden until they are restored; those that are queued come off the queue."""

    def judge(row: Any) -> Outcome:
        if row.running or row.status in (_C.PUBLISHING, _C.UNKNOWN):
            return _no(row, _WHY_NOT[_C.UNKNOWN if row.status == _C.UNKNOWN else _C.PUBLISHING])
        return _yes(row, row.status, note="It comes off the queue." if row.queued else None)

    return Decision(
        "creative.delete",
        judge,
        values=lambda: {"deleted_at": now()},
        before=lambda row: {"status": row.status, "version": row.version, "deleted": False},
        after=lambda row: {"status": row.status, "version": row.version, "deleted": True},
        leaves_queue=True,
    )


def restoration() -> Decision:
    """Deleted ones come back as they were. What is not deleted stays as it is, and counts as done."""

    def judge(row: Any) -> Outcome:
        return _yes(row, row.status, changed=row.deleted_at is not None)

    return Decision(
        "creative.restore",
        judge,
        values=lambda: {"deleted_at": None},
        before=lambda row: {"status": row.status, "version": row.version, "deleted": True},
        after=lambda row: {"status": row.status, "version": row.version, "deleted": False},
        of_deleted=True,
    )


_WHY_NOT = {
    _C.PUBLISHING: "It is being sent right now.",
    _C.PUBLISHED: "It was published already.",
    _C.UNKNOWN: "It may have been sent: reconcile it in the Control Tower first.",
    _C.FAILED: "It failed: change its text, or retry it in the Control Tower.",
}


def _no(row: Any, reason: str) -> Outcome:
    return Outcome(row.id, False, row.status, reason, title=row.title, platform=row.platform)


def _yes(row: Any, status: str, *, changed: bool = True, note: str | None = None) -> Outcome:
    state = CreativeStatus(status).value
    return Outcome(row.id, True, state, changed=changed, note=note, title=row.title, platform=row.platform)


def preview(session: Session, project: Project, decision: Decision, ids: object) -> Sequence[Outcome]:
    """What :func:`decide` would do to each of ``ids``, as things stand. Raises :class:`InputError` for no list."""
    wanted = _check_ids(ids)
    answers: dict[int, Outcome] = {}
    for chunk in _chunks(sorted({one for one in wanted if _could_be_id(one)})):
        answers |= {row.id: decision.judge(row) for row in session.execute(_rows(decision, project.id, chunk))}
    return _in_order(wanted, answers, project.id)


def decide(session: Session, actor: Actor, project: Project, decision: Decision, ids: object) -> Bulk:
    """Do it to every one of ``ids`` that may, and say of each what happened. Flushes.

    Raises :class:`InputError` when ``ids`` is not a list.
    """
    wanted = _check_ids(ids)
    batch_id = str(uuid.uuid4())
    answers: dict[int, Outcome] = {}
    for chunk in _chunks(sorted({one for one in wanted if _could_be_id(one)})):
        if decision.leaves_queue:
            # Queue rows are locked before their items, as the worker does it.
            going = [row.id for row in session.execute(_rows(decision, project.id, chunk)) if decision.judge(row).ok]
            take_off_queue(session, actor, going, reason="It was deleted.")
        query = _rows(decision, project.id, chunk).with_for_update(key_share=True, of=ContentItem)
        rows = session.execute(query).all()
        judged = {
            row.id: _just_queued(row) if decision.leaves_queue and row.queued else decision.judge(row) for row in rows
        }
        answers |= judged
        changing = [row for row in rows if judged[row.id].changed]
        if not changing:
            continue
        session.execute(
            sa.update(ContentItem).where(ContentItem.id.in_([row.id for row in changing])).values(**decision.values()),
            execution_options={"synchronize_session": False},
        )
        events = [
            {
                "entity_id": row.id,
                "project_id": project.id,
                "before": decision.before(row),
                "after": decision.after(row),
            }
            for row in changing
        ]
        record_many(session, actor, decision.action, "creative", events, batch_id=batch_id)
    outcomes = _in_order(wanted, answers, project.id)
    changed = any(outcome.changed for outcome in outcomes)
    return Bulk(batch_id if changed else None, outcomes)


def _just_queued(row: Any) -> Outcome:
    return _no(row, "It was put on the queue by somebody else at this moment. Look at it, and do it again.")


def _rows(decision: Decision, project_id: int, ids: Sequence[int]) -> sa.Select[Any]:
    """Those of ``ids`` the project has; by id, so that two who hold them never cross."""
    item = ContentItem
    columns: list[Any] = [item.id, item.platform, item.title, item.body_text, item.caption]
    columns += [item.status, item.version, item.strategy_id, item.deleted_at]
    if decision.leaves_queue:
        rows = sa.select(QueueRow.id).where(QueueRow.content_item_id == item.id).correlate(item)
        columns.append(rows.where(QueueRow.status.in_(ACTIVE_QUEUE)).exists().label("queued"))
        columns.append(rows.where(QueueRow.status == QueueStatus.RUNNING).exists().label("running"))
    mine = [item.project_id == project_id, item.id.in_(ids)]
    if not decision.of_deleted:
        mine.append(item.deleted_at.is_(None))
    return sa.select(*columns).where(*mine).order_by(item.id)


def _in_order(wanted: Sequence[Any], answers: Mapping[int, Outcome], project_id: int) -> list[Outcome]:
    return [
        answers[one] if _could_be_id(one) and one in answers else _nothing(one, project_id) for one in _once(wanted)
    ]


def _check_ids(ids: object) -> list[Any]:
    if isinstance(ids, str | bytes | Mapping) or not isinstance(ids, Iterable):
        raise InputError("Give the ids as a list of numbers, for example [1, 2, 3].")
    return list(ids)


def _check_versions(versions: object) -> Mapping[int, int]:
    if versions is None:
        return {}
    if not isinstance(versions, Mapping) or not all(
        isinstance(number, int) for pair in versions.items() for number in pair
    ):
        raise InputError("Give the versions you saw as a dict from id to version, for example {1: 3}.")
    return versions


def _could_be_id(one: object) -> bool:
    return isinstance(one, int) and not isinstance(one, bool) and 0 < one < 2**31


def _once(wanted: Sequence[Any]) -> Iterator[Any]:
    seen: set[int] = set()
    for one in wanted:
        if not _could_be_id(one):
            yield one
        elif one not in seen:
            seen.add(one)
            yield one


def _nothing(one: Any, project_id: int) -> Outcome:
    return Outcome(one, False, None, f"There is no creative {one!r} in project {project_id}.")


def _chunks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]

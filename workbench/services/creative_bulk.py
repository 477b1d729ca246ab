"""Decisions on many creatives at once: a fixed number of statements, and an answer for every id."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from workbench.enums import CreativeStatus, Platform
from workbench.errors import InputError, InvalidTransition
from workbench.models import ContentItem, Project
from workbench.services.audit import Actor, record_many
from workbench.services.creative_text import CreativeText, problems

#: Ids in one statement: SQLite takes 32,766 parameters, PostgreSQL 65,535.
CHUNK = 10_000

_C = CreativeStatus


@dataclass(frozen=True)
class Outcome:
    """What happened to one id; ``changed`` when the database differs from before."""

    id: int
    ok: bool
    status: str | None
    reason: str | None = None
    changed: bool = False


@dataclass(frozen=True)
class Bulk:
    """The answers, in the order of the ids. ``batch_id`` is None when nothing changed."""

    batch_id: str | None
    outcomes: Sequence[Outcome]


def approve(session: Session, actor: Actor, project: Project, ids: object, versions: object = None) -> Bulk:
    """DRAFT → APPROVED for every item that its platform would take, at the version given for it, if any.

    What is approved or queued already stays as it is, and counts as done. Raises :class:`InputError` when
    ``ids`` is not a list or ``versions`` not a dict of numbers.
    """
    seen = _check_versions(versions)

    def judge(row: Any) -> Outcome:
        if row.id in seen and seen[row.id] != row.version:
            return _no(
                row,
                f"It was changed: it is at version {row.version}, you saw {seen[row.id]}. Read it again.",
            )
        if row.status in (_C.APPROVED, _C.SCHEDULED):
            return Outcome(row.id, True, row.status)
        if row.status != _C.DRAFT:
            return _no(row, _WHY_NOT[CreativeStatus(row.status)])
        faults = problems(Platform(row.platform), CreativeText(row.title, row.body_text, row.caption))
        if faults:
            return _no(row, " ".join(faults))
        return Outcome(row.id, True, _C.APPROVED.value, changed=True)

    return _run(
        session,
        actor,
        project,
        ids,
        judge,
        action="creative.approve",
        values={"status": _C.APPROVED},
        before=lambda row: {"status": row.status, "version": row.version},
        after=lambda row: {"status": _C.APPROVED.value, "version": row.version},
    )


def confirm(session: Session, actor: Actor, project: Project, ids: object) -> Bulk:
    """Say that stale items still hold: from now on they are based on the strategy in force.

    What is not stale stays as it is, and counts as done. Raises :class:`InvalidTransition` when no strategy
    is in force, :class:`InputError` when ``ids`` is not a list.
    """
    base = project.approved_strategy_id
    if base is None:
        raise InvalidTransition(f"No strategy of {project.name} is in force. Approve one first.")

    def judge(row: Any) -> Outcome:
        if row.strategy_id == base:
            return Outcome(row.id, True, row.status)
        if row.status in (_C.PUBLISHING, _C.PUBLISHED, _C.UNKNOWN):
            return _no(row, _WHY_NOT[CreativeStatus(row.status)])
        return Outcome(row.id, True, row.status, changed=True)

    return _run(
        session,
        actor,
        project,
        ids,
        judge,
        action="creative.confirm",
        values={"strategy_id": base},
        before=lambda row: {"status": row.status, "version": row.version, "strategy_id": row.strategy_id},
        after=lambda row: {"status": row.status, "version": row.version, "strategy_id": base},
    )


_WHY_NOT = {
    _C.PUBLISHING: "It is being sent right now.",
    _C.PUBLISHED: "It was published already.",
    _C.UNKNOWN: "It may have been sent: reconcile it in the Control Tower first.",
    _C.FAILED: "It failed: change its text, or retry it in the Control Tower.",
}


def _no(row: Any, reason: str) -> Outcome:
    return Outcome(row.id, False, row.status, reason)


def _run(
    session: Session,
    actor: Actor,
    project: Project,
    ids: object,
    judge: Callable[[Any], Outcome],
    *,
    action: str,
    values: Mapping[str, Any],
    before: Callable[[Any], dict[str, Any]],
    after: Callable[[Any], dict[str, Any]],
) -> Bulk:
    wanted = _check_ids(ids)
    batch_id = str(uuid.uuid4())
    answers: dict[int, Outcome] = {}
    for chunk in _chunks(sorted({one for one in wanted if _could_be_id(one)})):
        rows = _locked(session, project.id, chunk)
        judged = {row.id: judge(row) for row in rows}
        answers |= judged
        changing = [row for row in rows if judged[row.id].changed]
        if not changing:
            continue
        session.execute(
            sa.update(ContentItem).where(ContentItem.id.in_([row.id for row in changing])).values(**values),
            execution_options={"synchronize_session": False},
        )
        events = [
            {"entity_id": row.id, "project_id": project.id, "before": before(row), "after": after(row)}
            for row in changing
        ]
        record_many(session, actor, action, "creative", events, batch_id=batch_id)
    outcomes = [
        answers[one] if _could_be_id(one) and one in answers else _nothing(one, project.id) for one in _once(wanted)
    ]
    changed = any(outcome.changed for outcome in outcomes)
    return Bulk(batch_id if changed else None, outcomes)


def _locked(session: Session, project_id: int, ids: Sequence[int]) -> Sequence[Any]:
    """Those of ``ids`` the project has, held to the transaction's end; by id, so that two never cross."""
    item = ContentItem
    query = (
        sa.select(
            item.id,
            item.platform,
            item.title,
            item.body_text,
            item.caption,
            item.status,
            item.version,
            item.strategy_id,
        )
        .where(item.project_id == project_id, item.deleted_at.is_(None), item.id.in_(ids))
        .order_by(item.id)
        .with_for_update(key_share=True)
    )
    return session.execute(query).all()


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

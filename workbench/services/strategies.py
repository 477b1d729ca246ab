"""The strategy of a project: append-only revisions, and the decision on each."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from workbench.clock import now
from workbench.enums import CreativeStatus, ProjectState, QueueStatus, StrategyStatus
from workbench.errors import EditConflict, InputError, InvalidTransition, NotFoundError
from workbench.models import ContentItem, Project, QueueRow, Strategy
from workbench.services import intakes, texts
from workbench.services.audit import Actor, record
from workbench.services.projects import enter_state
from workbench.services.schedules import take_off_queue

LONGEST = 50_000
#: Creatives whose strategy still matters: those that were not sent.
TO_COME = (CreativeStatus.DRAFT, CreativeStatus.APPROVED, CreativeStatus.SCHEDULED, CreativeStatus.FAILED)
LONGEST_REASON = 2_000


def newest(session: Session, project_id: int) -> Strategy | None:
    """The newest revision, or None before there is one."""
    return session.scalar(_of(project_id).limit(1))


def revisions(session: Session, project_id: int) -> Sequence[Strategy]:
    """Every revision of the project's strategy, newest first."""
    return session.scalars(_of(project_id)).all()


def _of(project_id: int) -> sa.Select[Strategy]:
    query = sa.select(Strategy).where(Strategy.project_id == project_id).order_by(Strategy.number.desc())
    return query.execution_options(populate_existing=True)


def in_force(session: Session, project: Project) -> Strategy | None:
    """The revision in force, or None."""
    return session.get(Strategy, project.approved_strategy_id) if project.approved_strategy_id else None


def waiting(session: Session) -> Sequence[tuple[Project, Strategy]]:
    """Projects whose newest revision is in DRAFT, the one written first at the top."""
    query = (
        sa.select(Project, Strategy)
        .join(Strategy, Strategy.id == Project.strategy_id)
        .where(Strategy.status == StrategyStatus.DRAFT)
        .order_by(Strategy.created_at, Strategy.id)
        .execution_options(populate_existing=True)
    )
    return [(project, revision) for project, revision in session.execute(query)]


def made_from_another(session: Session, project: Project, revision: Strategy) -> dict[CreativeStatus, int]:
    """How many creatives still to be published, by status, were not made from ``revision``."""
    query = (
        sa.select(ContentItem.status, sa.func.count())
        .where(
            ContentItem.project_id == project.id,
            ContentItem.deleted_at.is_(None),
            ContentItem.status.in_(TO_COME),
            ContentItem.strategy_id.is_distinct_from(revision.id),
        )
        .group_by(ContentItem.status)
    )
    return {CreativeStatus(status): number for status, number in session.execute(query)}


def save(session: Session, actor: Actor, project: Project, text: object, base_number: object) -> Strategy:
    """A new revision in DRAFT. What is in force stays in force. The caller holds the project's row.

    Raises :class:`EditConflict` when ``base_number`` is not the newest number (0: there is none yet),
    :class:`InputError` for a text that is empty or longer than :data:`LONGEST`.
    """
    words = texts.stated(text, "The strategy", LONGEST)
    if isinstance(base_number, bool) or not isinstance(base_number, int) or base_number < 0:
        raise InputError("base_number is the number of the revision you edited, or 0 when there was none.")
    last = newest(session, project.id)
    if base_number != (last.number if last else 0):
        raise _conflict(last, words)
    return add(session, actor, project, words, "strategy.save")


def add(session: Session, actor: Actor, project: Project, text: str, action: str) -> Strategy:
    """Store ``text`` as the next revision. Raises :class:`EditConflict` when its number is taken."""
    last = newest(session, project.id)
    number = last.number + 1 if last else 1
    revision = Strategy(project_id=project.id, number=number, text=text, author=actor.name)
    try:
        with session.begin_nested():
            session.add(revision)
    except IntegrityError as error:
        raise _conflict(newest(session, project.id), text) from error
    project.strategy_id = revision.id
    project.version += 1
    record(
        session,
        actor,
        action,
        "strategy",
        revision.id,
        project_id=project.id,
        before={"number": number - 1},
        after={"number": number, "status": revision.status, "characters": len(text)},
    )
    intakes.start_strategy(session, actor, project, intakes.newest(session, project.id))
    return revision


def approve(session: Session, actor: Actor, project: Project, number: int | None, reason: str | None) -> Strategy:
    """Put the newest revision in force; older ones become SUPERSEDED. The caller holds the project's row.

    Raises :class:`NotFoundError` when there is no such revision, :class:`EditConflict` when ``number`` is not
    the newest: somebody wrote another one since it was read.
    """
    revision = get(session, project, number)
    if revision.id == project.approved_strategy_id:
        return revision
    _check_newest(session, project, revision)
    before = _decision(revision, project)
    replaced = in_force(session, project)
    older = sa.update(Strategy).where(
        Strategy.project_id == project.id,
        Strategy.number < revision.number,
        Strategy.status != StrategyStatus.SUPERSEDED,
    )
    session.execute(older.values(status=StrategyStatus.SUPERSEDED))
    revision.rejection_reason = None
    _decide(session, actor, project, revision, StrategyStatus.APPROVED)
    project.approved_strategy_id = revision.id
    record(
        session,
        actor,
        "strategy.approve",
        "strategy",
        revision.id,
        project_id=project.id,
        reason=reason,
        before=before,
        after=_decision(revision, project)
        | {
            "replaces": replaced.number if replaced else None,
            "stale": sum(made_from_another(session, project, revision).values()),
        },
    )
    if project.state in (ProjectState.INTAKE, ProjectState.STRATEGY):
        enter_state(session, actor, project, ProjectState.CREATIVE, f"Strategy {revision.number} was approved.")
    return revision


def reject(session: Session, actor: Actor, project: Project, number: int | None, reason: str) -> Strategy:
    """Reject the newest revision, or the one in force: then nothing is in force and nothing stays queued.

    What is being sent at this moment is left to the worker, which starts nothing more of it. The caller holds
    the project's row. Raises like :func:`approve`, and :class:`InputError` without a reason.
    """
    why = texts.stated(reason, "The reason", LONGEST_REASON).strip()
    revision = get(session, project, number)
    was_in_force = revision.id == project.approved_strategy_id
    if revision.status == StrategyStatus.REJECTED:
        return revision
    if not was_in_force:
        _check_newest(session, project, revision)
    before = _decision(revision, project)
    revision.rejection_reason = why
    _decide(session, actor, project, revision, StrategyStatus.REJECTED)
    if was_in_force:
        project.approved_strategy_id = None
    record(
        session,
        actor,
        "strategy.reject",
        "strategy",
        revision.id,
        project_id=project.id,
        reason=why,
        before=before,
        after=_decision(revision, project),
    )
    if was_in_force:
        waiting = _waiting_items(session, project.id)
        if waiting:
            take_off_queue(session, actor, waiting, reason=f"Strategy {revision.number} was rejected: {why}")
        if project.state in (ProjectState.CREATIVE, ProjectState.EXECUTION):
            enter_state(session, actor, project, ProjectState.STRATEGY, f"Strategy {revision.number} was rejected.")
    return revision


def _waiting_items(session: Session, project_id: int) -> list[int]:
    """The creatives that wait on the queue, their rows held: no worker takes one of them at this moment."""
    query = (
        sa.select(ContentItem.id)
        .join(QueueRow, QueueRow.content_item_id == ContentItem.id)
        .where(
            ContentItem.project_id == project_id,
            QueueRow.status.in_((QueueStatus.QUEUED, QueueStatus.MISSED)),
        )
        .order_by(QueueRow.id)
        .with_for_update(of=QueueRow)
    )
    return list(session.scalars(query))


def get(session: Session, project: Project, number: object) -> Strategy:
    """Revision ``number``, by default the newest. Raises :class:`NotFoundError`."""
    if number is not None and (isinstance(number, bool) or not isinstance(number, int)):
        raise NotFoundError(f"There is no revision {number!r}: a number is a whole number.")
    if number is None:
        found = newest(session, project.id)
        if found is None:
            raise NotFoundError(f"The project {project.name} has no strategy yet. Write one first.")
        return found
    found = session.scalar(_of(project.id).where(Strategy.number == number)) if 0 < number < 2**31 else None
    if found is None:
        raise NotFoundError(f"The project {project.name} has no strategy revision {number}.")
    return found


def _check_newest(session: Session, project: Project, revision: Strategy) -> None:
    last = newest(session, project.id)
    if last is not None and last.id != revision.id:
        raise _conflict(last, revision.text)


def _conflict(stored: Strategy | None, yours: str) -> EditConflict:
    what = f"{stored.author or 'Somebody else'} saved revision {stored.number}" if stored else "It was never saved"
    return EditConflict(
        f"The strategy is not the one you read: {what}. Nothing was overwritten.",
        theirs=stored.text if stored else "",
        yours=yours,
        number=stored.number if stored else 0,
    )


def _decide(session: Session, actor: Actor, project: Project, revision: Strategy, status: StrategyStatus) -> None:
    if revision.status == StrategyStatus.SUPERSEDED:
        raise InvalidTransition(
            f"Strategy {revision.number} was superseded. Decide on the newest revision.",
            state=revision.status,
        )
    revision.status = status
    revision.decided_by = actor.name
    revision.decided_at = now()
    project.version += 1
    session.flush()


def _decision(revision: Strategy, project: Project) -> dict[str, object]:
    return {
        "number": revision.number,
        "status": StrategyStatus(revision.status).value,
        "in_force": revision.id == project.approved_strategy_id,
    }

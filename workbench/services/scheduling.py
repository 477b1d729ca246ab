"""Putting creatives on the queue, many at once: a fixed number of statements, and an answer for every id."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from workbench.clock import now
from workbench.db import insert_many
from workbench.enums import CreativeStatus, Mode, Platform, ProjectState, QueueStatus
from workbench.errors import InputError
from workbench.models import Base, ContentItem, ContentVersion, Project, QueueRow
from workbench.services import slots
from workbench.services.audience import ProjectAudience, had, required
from workbench.services.audit import Actor, record_many
from workbench.services.creative_text import CreativeText, problems
from workbench.services.projects import bound_accounts, enter_state
from workbench.services.schedules import chunks
from workbench.services.ways import ChosenAccounts, Ways

_C = CreativeStatus

_NOT_APPROVED = {
    _C.DRAFT: "It is a draft. Approve it first.",
    _C.SCHEDULED: "It is on the queue already. Reschedule it there.",
    _C.PUBLISHING: "It is being sent right now.",
    _C.PUBLISHED: "It was published already.",
    _C.FAILED: "It failed. Retry it, or change its text and approve it again.",
    _C.UNKNOWN: "It may have been sent: reconcile it first.",
}


@dataclass(frozen=True)
class Planned:
    """What would happen to one id."""

    id: int
    title: str = ""
    platform: str = ""
    status: str | None = None
    reason: str | None = None
    slot: slots.Slot | None = None
    account: str | None = None
    #: E-mail only: people who get it, and how many are skipped for each reason.
    recipients: int | None = None
    skipped: Counter[str] = field(default_factory=Counter)
    version_id: int | None = None
    queue_id: int | None = None

    @property
    def ok(self) -> bool:
        return self.reason is None


@dataclass(frozen=True)
class Schedule:
    """The answers in the order of the ids; ``batch_id`` is None when nothing was queued."""

    zone: str
    items: Sequence[Planned]
    batch_id: str | None = None


def plan(
    session: Session,
    project: Project,
    ids: object,
    params: Mapping[str, Any] | None,
    ways: Ways,
    *,
    lock: bool = False,
) -> Schedule:
    """What :func:`schedule` would do. Those that can go get the slots, in the order of ``ids``.

    Raises :class:`ScheduleInvalid` for parameters that make no sense; what is wrong with one creative only is its
    own ``reason``.
    """
    moment = now()
    layout = slots.read_params(params, project.timezone, moment)
    unique = _once(ids)
    rows = {row.id: row for row in _rows(session, project.id, [one for one in unique if _is_id(one)], lock)}
    accounts = ChosenAccounts(project, bound_accounts(session, project.id), ways)
    judged = [_judge(one, rows.get(one) if _is_id(one) else None, project, accounts) for one in unique]
    good = [one for one in judged if one.ok]
    timed = dict(zip((one.id for one in good), slots.series(layout, len(good), moment), strict=True))
    reach = _reach(session, project, [rows[one.id] for one in good], ways.mode)
    return Schedule(layout.zone.key, [_finish(one, timed.get(one.id), reach.get(one.id)) for one in judged])


def schedule(
    session: Session,
    actor: Actor,
    project: Project,
    ids: object,
    params: Mapping[str, Any] | None,
    ways: Ways,
) -> Schedule:
    """Queue every creative that can go, at its slot, and say of each id what happened.

    The first schedule of a project moves it to EXECUTION. Raises :class:`ScheduleInvalid` for parameters that
    make no sense. Flushes.
    """
    planned = plan(session, project, ids, params, ways, lock=True)
    going = [one for one in planned.items if one.ok]
    if not going:
        return planned
    batch_id = str(uuid.uuid4())
    moment = now()
    values = [_queue_values(one, planned.zone, ways.mode, batch_id, moment) for one in going]
    insert_many(session, Base.metadata.tables[QueueRow.__tablename__], values)
    for chunk in chunks(one.id for one in going):
        session.execute(
            sa.update(ContentItem).where(ContentItem.id.in_(chunk)).values(status=_C.SCHEDULED, updated_at=moment),
            execution_options={"synchronize_session": False},
        )
    made = session.execute(sa.select(QueueRow.content_item_id, QueueRow.id).where(QueueRow.batch_id == batch_id))
    queue_ids = {row.content_item_id: row.id for row in made}
    record_many(
        session,
        actor,
        "creative.schedule",
        "creative",
        (_event(one, project.id, queue_ids[one.id], planned.zone) for one in going),
        batch_id=batch_id,
    )
    if project.state != ProjectState.EXECUTION:
        enter_state(session, actor, project, ProjectState.EXECUTION, "Its first creative was scheduled.")
    done = [
        replace(one, queue_id=queue_ids.get(one.id), status=_C.SCHEDULED.value if one.ok else one.status)
        for one in planned.items
    ]
    return Schedule(planned.zone, done, batch_id)


def _once(ids: object) -> list[Any]:
    """Each id once. What could not be an id is answered like one that does not exist."""
    if isinstance(ids, str | bytes | Mapping) or not isinstance(ids, Iterable):
        raise InputError("Give the ids as a list of numbers, for example [1, 2, 3].")
    return list(dict.fromkeys(one if isinstance(one, Hashable) else repr(one) for one in ids))


def _is_id(one: object) -> bool:
    return isinstance(one, int) and not isinstance(one, bool) and 0 < one < 2**31


def _rows(session: Session, project_id: int, ids: Sequence[int], lock: bool) -> Iterator[Any]:
    item = ContentItem
    for chunk in chunks(sorted(ids)):
        query = (
            sa.select(
                item.id,
                item.platform,
                item.title,
                item.body_text,
                item.caption,
                item.status,
                item.strategy_id,
                ContentVersion.id.label("version_id"),
            )
            .outerjoin(
                ContentVersion,
                sa.and_(ContentVersion.content_item_id == item.id, ContentVersion.number == item.version),
            )
            .where(item.project_id == project_id, item.deleted_at.is_(None), item.id.in_(chunk))
            .order_by(item.id)
        )
        yield from session.execute(query.with_for_update(of=item) if lock else query)


def _judge(one: Any, row: Any | None, project: Project, accounts: ChosenAccounts) -> Planned:
    if row is None:
        return Planned(one, reason=f"There is no creative {one!r} in project {project.id}.")
    platform = Platform(row.platform)
    base = Planned(one, row.title, row.platform, row.status, version_id=row.version_id)
    account, reason = accounts.of(platform)
    return replace(base, account=account, reason=_refusal(row, platform, project) or reason)


def _refusal(row: Any, platform: Platform, project: Project) -> str | None:
    status = CreativeStatus(row.status)
    if status is not _C.APPROVED:
        return _NOT_APPROVED[status]
    if project.approved_strategy_id is None:
        return "No strategy of the project is in force. Approve one first."
    if project.state not in (ProjectState.CREATIVE, ProjectState.EXECUTION):
        return f"The project is {project.state}. Only a project in CREATIVE or EXECUTION schedules."
    if row.strategy_id != project.approved_strategy_id:
        return "It was made for a strategy that is not in force any more. Confirm, edit or regenerate it."
    if row.version_id is None:
        return "Its text was never stored as a version. Save it again and approve it."
    faults = problems(platform, CreativeText(row.title, row.body_text, row.caption))
    return " ".join(faults) or None


def _reach(session: Session, project: Project, rows: Sequence[Any], mode: Mode) -> dict[int, tuple[int, Counter[str]]]:
    """creative → recipients and reasons, for the e-mails among ``rows``."""
    mails = [row for row in rows if row.platform == Platform.EMAIL]
    if not mails:
        return {}
    people = ProjectAudience.load(session, project.id)
    already = had(session, [row.id for row in mails], mode)
    return {
        row.id: people.count(required(row.title, row.body_text, row.caption), already.get(row.id, {})) for row in mails
    }


def _finish(one: Planned, slot: slots.Slot | None, reach: tuple[int, Counter[str]] | None) -> Planned:
    if slot is None:
        return one
    if reach is None:
        return replace(one, slot=slot, reason=slot.problem)
    # Nobody to send to is no reason to refuse: the people are counted again when it goes out.
    recipients, skipped = reach
    return replace(one, slot=slot, recipients=recipients, skipped=skipped, reason=slot.problem)


def _queue_values(one: Planned, zone: str, mode: Mode, batch_id: str, moment: datetime) -> dict[str, Any]:
    assert one.slot is not None
    return {
        "content_item_id": one.id,
        "content_version_id": one.version_id,
        "account": one.account,
        "mode": mode,
        "scheduled_time": one.slot.utc,
        "local_time": one.slot.local.isoformat(timespec="seconds"),
        "timezone": zone,
        "status": QueueStatus.QUEUED,
        "batch_id": batch_id,
        "created_at": moment,
        "updated_at": moment,
    }


def _event(one: Planned, project_id: int, queue_id: int, zone: str) -> dict[str, Any]:
    assert one.slot is not None
    return {
        "entity_id": one.id,
        "project_id": project_id,
        "before": {"status": _C.APPROVED.value},
        "after": {
            "status": _C.SCHEDULED.value,
            "queue_id": queue_id,
            "local_time": one.slot.local.isoformat(timespec="seconds"),
            "timezone": zone,
        },
    }

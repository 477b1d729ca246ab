"""What waits behind a pause, and would go out if it were lifted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from workbench.db import database_now
from workbench.enums import AttemptStatus, Gateway, Platform, QueueStatus
from workbench.models import ContentItem, OutreachAttempt, Project, QueueRow
from workbench.services.audience import ProjectAudience, had, required
from workbench.services.safety import is_paused, mode_of
from workbench.services.schedules import chunks, due_at, gateway_of, gateway_paused, join_flags

Scope = Literal["system", "gateway", "project"]


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
    project_timezone: str


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
                Project.timezone.label("project_timezone"),
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
            row.project_timezone,
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

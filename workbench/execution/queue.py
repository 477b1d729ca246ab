"""Who holds a queue row: claim and renew. Every change is guarded by the claim token.

A row is RUNNING for as long as one worker holds it, with a lease by the database's clock and a token that goes up
with every claim. Whoever comes with an old token changes nothing. Functions take a session and never commit.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from workbench.clock import now
from workbench.db import UtcDateTime, database_now, present
from workbench.enums import AttemptStatus, CreativeStatus, Mode, Platform, QueueStatus
from workbench.models import (
    Base,
    ContentItem,
    ContentVersion,
    OutreachAttempt,
    Project,
    ProjectAccount,
    QueueRow,
    SafetySettings,
)
from workbench.services.creative_text import CreativeText
from workbench.services.projects import SIMULATED
from workbench.services.schedules import due_at, gateway_paused, join_flags

#: The tables themselves: no identity map stands between a worker and the rows.
queue = Base.metadata.tables[QueueRow.__tablename__]
attempts = Base.metadata.tables[OutreachAttempt.__tablename__]
items = Base.metadata.tables[ContentItem.__tablename__]


def places(name: str, number: int) -> list[sa.BindParameter[int]]:
    """So many ids of an IN list, each with a name of its own: an expanding parameter is written anew each time."""
    return [sa.bindparam(f"{name}_{place}", type_=sa.Integer) for place in range(number)]


def filling(name: str, ids: Iterable[int]) -> dict[str, Any]:
    """What fills in :func:`places`."""
    return {f"{name}_{place}": one for place, one in enumerate(ids)}


@dataclass(frozen=True)
class Claim:
    """A row this worker holds, with the text that was approved."""

    queue_id: int
    token: int
    worker_id: str
    content_item_id: int
    project_id: int
    platform: Platform
    account: str
    mode: Mode
    text: CreativeText
    item_created_at: datetime
    scheduled_time: datetime
    expanded: bool
    max_attempts: int


def claim_due(
    session: Session, worker_id: str, lease: timedelta, *, staleness: timedelta | None = None
) -> Claim | None:
    """Take the row that is due for longest and that nothing holds back: QUEUED → RUNNING, its creative → PUBLISHING.

    Due by the database's clock, of the installation's mode, nothing of them paused, deleted, stale or bound to
    another account by now. What is overdue by more than ``staleness`` is left alone: after a night's sleep of the
    machine this comes before the next look for what was missed. On PostgreSQL rows that another worker is just
    taking are passed over.
    """
    connection = session.connection()
    installation = connection.execute(_installation(connection.dialect.name), {"moment": now()}).one()
    if installation.system_paused:
        return None
    moment, mode = installation.moment, Mode(installation.mode or Mode.SIMULATION)
    values = {"mode": mode, "moment": moment, "earliest": moment - (staleness or _EVER)}
    row = connection.execute(_due(), values).first()
    if row is None:
        return None
    is_post = row.platform != Platform.EMAIL
    connection.execute(
        _TO_RUNNING,
        {
            "of_queue": row.id,
            "worker": worker_id,
            "token": row.claim_token + 1,
            "ends": moment + lease,
            "whole": row.expanded or is_post,
            "moment": moment,
        },
    )
    connection.execute(_TO_PUBLISHING, {"of_item": row.content_item_id, "moment": moment})
    if is_post and not row.expanded:
        connection.execute(_POST, _post(row, moment))
    return _claim(row, worker_id)


# Made once and only filled in: making a statement costs more than running it.


@cache
def _installation(dialect: str) -> sa.Select[*tuple[Any, ...]]:
    always = sa.select(sa.literal(1).label("one")).subquery()
    return sa.select(present(dialect).label("moment"), SafetySettings.system_paused, SafetySettings.mode).select_from(
        always.outerjoin(SafetySettings, SafetySettings.id == 1)
    )


_TO_RUNNING: Final = (
    sa.update(queue)
    .where(queue.c.id == sa.bindparam("of_queue"), queue.c.status == QueueStatus.QUEUED)
    .values(
        status=QueueStatus.RUNNING,
        worker_id=sa.bindparam("worker"),
        claim_token=sa.bindparam("token"),
        lease_expires_at=sa.bindparam("ends"),
        # A post's one attempt is written with the claim; an e-mail's recipients when a worker has counted them.
        expanded=sa.bindparam("whole"),
        updated_at=sa.bindparam("moment"),
    )
)
_TO_PUBLISHING: Final = (
    sa.update(items)
    .where(items.c.id == sa.bindparam("of_item"), items.c.status == CreativeStatus.SCHEDULED)
    .values(status=CreativeStatus.PUBLISHING, updated_at=sa.bindparam("moment"))
)
_POST: Final = sa.insert(attempts)


#: Nothing waits for longer.
_EVER: Final = timedelta(days=36_500)


@cache
def _due() -> sa.Select[*tuple[Any, ...]]:
    moment = sa.bindparam("moment", type_=UtcDateTime())
    bound = sa.and_(ProjectAccount.project_id == Project.id, ProjectAccount.platform == ContentItem.platform)
    return (
        join_flags(
            sa.select(
                QueueRow.id,
                QueueRow.claim_token,
                QueueRow.content_item_id,
                QueueRow.account,
                QueueRow.mode,
                QueueRow.scheduled_time,
                QueueRow.expanded,
                QueueRow.max_attempts,
                ContentItem.project_id,
                ContentItem.platform,
                ContentItem.created_at,
                ContentVersion.title,
                ContentVersion.body_text,
                ContentVersion.caption,
            )
        )
        .join(ContentVersion, ContentVersion.id == QueueRow.content_version_id)
        .outerjoin(ProjectAccount, bound)
        .where(
            QueueRow.mode == sa.bindparam("mode"),
            QueueRow.status == QueueStatus.QUEUED,
            QueueRow.scheduled_time <= moment,  # a row is never due before its time: so that the index serves
            due_at <= moment,
            due_at >= sa.bindparam("earliest", type_=UtcDateTime()),
            sa.not_(Project.paused),
            sa.not_(gateway_paused()),
            ContentItem.deleted_at.is_(None),
            ContentItem.strategy_id == Project.approved_strategy_id,
            sa.or_(
                QueueRow.account == SIMULATED,
                sa.func.coalesce(ProjectAccount.account, QueueRow.account) == QueueRow.account,
            ),
        )
        .limit(1)
        .order_by(due_at, QueueRow.id)  # who was let go of goes behind those who wait longer
        .with_for_update(of=QueueRow, skip_locked=True)
    )


def _post(row: Any, moment: datetime) -> dict[str, Any]:
    return {
        "queue_id": row.id,
        "content_item_id": row.content_item_id,
        "channel": row.platform,
        "status": AttemptStatus.PENDING,
        "mode": row.mode,
        "created_at": moment,
        "updated_at": moment,
    }


def _claim(row: Any, worker_id: str) -> Claim:
    return Claim(
        queue_id=row.id,
        token=row.claim_token + 1,
        worker_id=worker_id,
        content_item_id=row.content_item_id,
        project_id=row.project_id,
        platform=Platform(row.platform),
        account=row.account,
        mode=Mode(row.mode),
        text=CreativeText(row.title, row.body_text, row.caption),
        item_created_at=row.created_at,
        scheduled_time=row.scheduled_time,
        expanded=row.expanded or row.platform != Platform.EMAIL,
        max_attempts=row.max_attempts,
    )


@dataclass(frozen=True)
class Held:
    """A claimed row that nobody else changes before the transaction ends."""

    #: By the database's clock.
    moment: datetime
    expanded: bool


def hold(session: Session, claim: Claim) -> Held | None:
    """Hold the row to the transaction's end; None when the claim does not stand any more."""
    values = {"queue_id": claim.queue_id, "token": claim.token, "moment": now()}
    row = session.connection().execute(_held(session.get_bind().dialect.name), values).first()
    return Held(row.moment, row.expanded) if row else None


@cache
def _held(dialect: str) -> sa.Select[*tuple[Any, ...]]:
    return (
        sa.select(queue.c.expanded, present(dialect).label("moment"))
        .where(
            queue.c.id == sa.bindparam("queue_id"),
            queue.c.claim_token == sa.bindparam("token"),
            queue.c.status == QueueStatus.RUNNING,
        )
        .with_for_update()
    )


def renew(session: Session, claim: Claim, lease: timedelta) -> bool:
    """Hold the row for another ``lease``. False when the claim does not stand any more."""
    renewed = session.connection().execute(
        sa.update(queue)
        .where(
            queue.c.id == claim.queue_id,
            queue.c.claim_token == claim.token,
            queue.c.status == QueueStatus.RUNNING,
        )
        .values(lease_expires_at=database_now(session) + lease)
    )
    return bool(renewed.rowcount)

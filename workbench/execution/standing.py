"""How a claimed row stands at this moment, and whether that stops it. The decision is pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from workbench.clock import now
from workbench.db import present
from workbench.enums import CreativeStatus, Mode, QueueStatus
from workbench.execution import recipients
from workbench.execution.queue import Claim
from workbench.execution.recipients import Barred
from workbench.models import (
    ContentItem,
    ContentVersion,
    GatewaySetting,
    Project,
    ProjectAccount,
    QueueRow,
    SafetySettings,
)
from workbench.services.projects import SIMULATED
from workbench.services.schedules import gateway_paused, join_flags


class Stop(StrEnum):
    """Why nothing more of a row may be sent now."""

    #: Another worker has the row, or may take it at any moment.
    LOST = "lost"
    PAUSED = "paused"
    #: Waits until a person does something about it.
    HELD = "held"
    #: Can never be sent as it is.
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class Halt:
    """The decision to stop, with the reason a person reads."""

    stop: Stop
    reason: str


@dataclass(frozen=True)
class Standing:
    """What is true of a claimed row in one moment."""

    token: int
    status: str
    lease_left: timedelta
    installation_mode: str
    row_mode: str
    system_paused: bool
    gateway_paused: bool
    project_paused: bool
    deleted: bool
    item_status: str
    item_version: int
    version_number: int
    strategy_id: int | None
    approved_strategy_id: int | None
    account: str
    bound_account: str | None
    now: datetime
    #: The gateway's own caps, in place of the account's.
    caps: Mapping[str, Any] | None = None


def halt(standing: Standing, token: int) -> Halt | None:
    """What stops the row, or None when it may be sent."""
    s = standing
    if s.token != token or s.status != QueueStatus.RUNNING:
        return Halt(Stop.LOST, "Another worker has it.")
    if s.lease_left <= timedelta(0):
        return Halt(Stop.LOST, "The lease has run out.")
    if s.system_paused or s.gateway_paused or s.project_paused or s.row_mode != s.installation_mode:
        return Halt(Stop.PAUSED, "Paused." if s.row_mode == s.installation_mode else "The mode was changed.")
    if s.deleted:
        return Halt(Stop.WITHDRAWN, "The creative was deleted.")
    if s.item_status not in (CreativeStatus.PUBLISHING, CreativeStatus.PUBLISHED):
        return Halt(Stop.WITHDRAWN, f"The creative is {s.item_status}; it was not approved for sending.")
    if s.item_version != s.version_number:
        return Halt(Stop.WITHDRAWN, "The text was changed after it was approved. Approve and schedule it again.")
    if s.approved_strategy_id is None or s.strategy_id != s.approved_strategy_id:
        return Halt(Stop.HELD, "The strategy it was made for is not in force any more.")
    if s.bound_account not in (None, s.account) and s.account != SIMULATED:
        return Halt(Stop.HELD, f"The project speaks through {s.bound_account} now, not {s.account}. Schedule it again.")
    return None


def read(session: Session, claim: Claim) -> Standing | None:
    """How the row stands, its row held to the transaction's end. None when it is gone."""
    dialect = session.get_bind().dialect.name
    row = session.connection().execute(_held(dialect), {"queue_id": claim.queue_id, "moment": now()}).first()
    return _standing(row) if row else None


@dataclass(frozen=True)
class Glance:
    """A look between two messages: at the row, and at recipients that come next."""

    standing: Standing | None
    barred: Barred = field(default_factory=Barred)


def glance(connection: Connection, claim: Claim, addresses: Sequence[str], campaigns: Sequence[int]) -> Glance:
    """Look at everything that may have changed since the batch was begun. One statement, no lock."""
    rows = connection.execute(
        _glance(connection.dialect.name, len(addresses), len(campaigns)),
        {"queue_id": claim.queue_id, "moment": now()} | recipients.parameters(addresses, campaigns),
    ).all()
    if not rows:
        return Glance(None)
    return Glance(_standing(rows[0]), recipients.read(((row.kind, row.value) for row in rows), addresses))


# Each statement is made once and then only filled in: making it costs more than running it.


@cache
def _held(dialect: str) -> sa.Select[*tuple[Any, ...]]:
    return _query(dialect).with_for_update(of=QueueRow)


@cache
def _glance(dialect: str, addresses: int, campaigns: int) -> sa.Select[*tuple[Any, ...]]:
    barred = recipients.statement(addresses, campaigns).subquery()
    return _query(dialect).outerjoin(barred, sa.true()).add_columns(barred.c.kind, barred.c.value)


def _query(dialect: str) -> sa.Select[*tuple[Any, ...]]:
    return (
        join_flags(
            sa.select(
                QueueRow.claim_token,
                QueueRow.status,
                QueueRow.lease_expires_at,
                QueueRow.mode,
                QueueRow.account,
                ContentItem.deleted_at,
                ContentItem.status.label("item_status"),
                ContentItem.version,
                ContentItem.strategy_id,
                ContentVersion.number,
                Project.paused.label("project_paused"),
                Project.approved_strategy_id,
                gateway_paused().label("gateway_paused"),
                GatewaySetting.caps,
                SafetySettings.system_paused,
                SafetySettings.mode.label("installation_mode"),
                ProjectAccount.account.label("bound_account"),
                present(dialect).label("moment"),  # judges the lease, whatever this host thinks what time it is
            )
        )
        .join(ContentVersion, ContentVersion.id == QueueRow.content_version_id)
        .outerjoin(SafetySettings, SafetySettings.id == 1)
        .outerjoin(
            ProjectAccount,
            sa.and_(ProjectAccount.project_id == Project.id, ProjectAccount.platform == ContentItem.platform),
        )
        .where(QueueRow.id == sa.bindparam("queue_id", type_=sa.Integer))
    )


def _standing(row: Any) -> Standing:
    return Standing(
        token=row.claim_token,
        status=row.status,
        lease_left=(row.lease_expires_at - row.moment) if row.lease_expires_at else timedelta(0),
        installation_mode=row.installation_mode or Mode.SIMULATION,
        row_mode=row.mode,
        system_paused=bool(row.system_paused),
        gateway_paused=bool(row.gateway_paused),
        project_paused=row.project_paused,
        deleted=row.deleted_at is not None,
        item_status=row.item_status,
        item_version=row.version,
        version_number=row.number,
        strategy_id=row.strategy_id,
        approved_strategy_id=row.approved_strategy_id,
        account=row.account,
        bound_account=row.bound_account,
        now=row.moment,
        caps=row.caps,
    )

"""The switches that stop sending, and the installation's mode.

Whoever sets one takes the pause lock exclusively first; whoever begins a send holds it shared. So when the switch is
committed, every send that began before is visible as SENDING, and none begins after. Workers never write a switch.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from workbench.clock import now
from workbench.db import PAUSE_LOCK, lock
from workbench.enums import Gateway, Mode, QueueStatus
from workbench.errors import InvalidTransition
from workbench.models import (
    ContentItem,
    GatewaySetting,
    QueueRow,
    SafetySettings,
)
from workbench.services.audit import Actor, record
from workbench.services.projects import get_project
from workbench.services.schedules import take_off_queue


def settings_row(session: Session, *, lock_row: bool = False) -> SafetySettings:
    """The singleton, as the database has it now; a fresh one (not stored) when there is none."""
    query = sa.select(SafetySettings).where(SafetySettings.id == 1).execution_options(populate_existing=True)
    found = session.scalar(query.with_for_update() if lock_row else query)
    return found or SafetySettings(id=1, mode=Mode.SIMULATION, system_paused=False, updated_at=now())


def mode_of(session: Session) -> Mode:
    """The installation's mode; simulation while none was ever set."""
    return Mode(session.scalar(sa.select(SafetySettings.mode).where(SafetySettings.id == 1)) or Mode.SIMULATION)


def is_paused(session: Session) -> bool:
    """Whether everything is paused; False while the switch was never touched."""
    query = sa.select(SafetySettings.system_paused).where(SafetySettings.id == 1)
    return bool(session.scalar(query))


def set_system_pause(
    session: Session, actor: Actor, flag: bool, reason: str | None, after: dict[str, Any] | None = None
) -> bool:
    """Pause or resume everything. Says whether that changed anything; a repeated pause keeps the first reason."""
    lock(session, PAUSE_LOCK)
    row = settings_row(session, lock_row=True)
    if row.system_paused == flag:
        return False
    row.system_paused = flag
    row.pause_reason = reason if flag else None
    row.paused_by = actor.name if flag else None
    row.data = {**(row.data or {}), "paused_at": now().isoformat() if flag else None}
    session.add(row)
    session.flush()
    _record(session, actor, "safety", 1, flag, reason, after)
    return True


def set_project_pause(
    session: Session,
    actor: Actor,
    project_id: int,
    flag: bool,
    reason: str | None,
    after: dict[str, Any] | None = None,
) -> bool:
    """Pause or resume one project. Raises :class:`NotFoundError`."""
    lock(session, PAUSE_LOCK)
    project = get_project(session, project_id, lock=True)
    if project.paused == flag:
        return False
    project.paused = flag
    session.flush()
    _record(session, actor, "project", project_id, flag, reason, after, project_id)
    return True


def set_gateway_pause(
    session: Session,
    actor: Actor,
    gateway: Gateway,
    flag: bool,
    reason: str | None,
    after: dict[str, Any] | None = None,
) -> bool:
    """Pause or resume one gateway, whatever project uses it."""
    lock(session, PAUSE_LOCK)
    row = session.scalar(
        sa.select(GatewaySetting)
        .where(GatewaySetting.gateway == gateway)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if (row.paused if row else False) == flag:
        return False
    row = row or GatewaySetting(gateway=gateway)
    row.paused = flag
    row.reason = reason if flag else None
    row.by = actor.name if flag else None
    row.at = now() if flag else None
    session.add(row)
    session.flush()
    _record(session, actor, "gateway", row.id, flag, reason, {"gateway": gateway.value, **(after or {})})
    return True


def _record(
    session: Session,
    actor: Actor,
    entity: str,
    entity_id: int,
    flag: bool,
    reason: str | None,
    after: dict[str, Any] | None,
    project_id: int | None = None,
) -> None:
    record(
        session,
        actor,
        f"{entity}.{'pause' if flag else 'resume'}",
        entity,
        entity_id,
        project_id=project_id,
        reason=reason,
        before={"paused": not flag},
        after={"paused": flag, **(after or {})},
    )


def set_mode(session: Session, actor: Actor, mode: Mode, reason: str | None) -> list[int]:
    """Change the installation's mode; answers the queue rows that came off the queue.

    Going live takes what was queued in simulation back to APPROVED. Going back to simulation leaves what was
    queued live where it is: no worker touches it until the installation is live again. Like a pause, a change is
    complete when nothing is in flight any more.

    Raises :class:`InvalidTransition` when a database that holds demo data should go live.
    """
    lock(session, PAUSE_LOCK)
    row = settings_row(session, lock_row=True)
    before = Mode(row.mode)
    if before is mode:
        return []
    if mode is Mode.LIVE and row.demo_at is not None:
        raise InvalidTransition(
            f"This database was filled with demo data on {row.demo_at:%Y-%m-%d} and cannot go live. Open a "
            "database of your own, with WORKBENCH_DATABASE_URL or WORKBENCH_DATA_DIR.",
            state=before,
            to=mode,
        )
    row.mode = mode
    session.add(row)
    session.flush()
    returned = return_simulated_queue(session, actor)
    record(
        session,
        actor,
        "mode.change",
        "safety",
        1,
        reason=reason,
        before={"mode": before.value},
        after={"mode": mode.value, "returned": len(returned)},
    )
    return returned


def return_simulated_queue(session: Session, actor: Actor) -> list[int]:
    """In live mode, take what waits in simulation off the queue. Answers the cancelled rows.

    Called again by workers: a row that one of them held while the mode changed comes back only after.
    """
    if mode_of(session) is not Mode.LIVE:
        return []
    waiting = session.scalars(
        sa.select(ContentItem.id)
        .join(QueueRow, QueueRow.content_item_id == ContentItem.id)
        .where(
            QueueRow.mode == Mode.SIMULATION,
            QueueRow.status.in_((QueueStatus.QUEUED, QueueStatus.MISSED)),
        )
        .order_by(QueueRow.id)
        .with_for_update(of=QueueRow)
    ).all()
    if not waiting:
        return []
    return take_off_queue(session, actor, waiting, reason="The installation went live; this was queued in simulation.")

"""The switches that stop sending, what waits behind them, and the installation's mode."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from workbench.db import PAUSE_LOCK, lock
from workbench.enums import Gateway, Mode, Role
from workbench.errors import InputError
from workbench.operator_services._edge import as_id, operation, optional_dict, optional_text, runtime_of
from workbench.operator_services.types import ModeChange, PauseState, ResumePreview
from workbench.services import overdue, resuming, safety
from workbench.services.audit import Actor
from workbench.services.overdue import Scope
from workbench.services.pauses import Paused, Pauses, in_flight, pause_state
from workbench.services.projects import get_project


def set_system_pause(
    db: Session, flag: bool, reason: str | None = None, *, overdue: Mapping[str, Any] | None = None
) -> PauseState:
    """Pause everything, or resume. Pausing is for operators, resuming for approvers.

    After a pause no send starts; it is confirmed when ``in_flight`` of the answer, or of
    :func:`get_pause_state`, is 0; for one project or gateway, when its own is. When resuming, ``overdue`` says
    what becomes of what is due meanwhile:
    ``{"action": "send" | "reschedule" | "skip", "spacing_minutes": 5, "start": …, "items": {queue_id: action}}``.
    ``send`` spreads them; what is overdue by more than the staleness limit then becomes MISSED.
    """
    return _switch(
        db,
        flag,
        reason,
        overdue,
        "system",
        None,
        lambda actor, why, after: safety.set_system_pause(db, actor, flag, why, after),
    )


def get_system_pause(db: Session) -> bool:
    """Whether everything is paused. False while nobody ever touched the switch. For viewers."""
    with operation(db, Role.VIEWER, write=False):
        return safety.is_paused(db)


def get_pause_state(db: Session) -> PauseState:
    """Everything that is paused, by whom and why, and what is still in flight. For viewers."""
    with operation(db, Role.VIEWER, write=False):
        return _shape(pause_state(db))


def set_project_pause(
    db: Session,
    project_id: int,
    flag: bool,
    reason: str | None = None,
    *,
    overdue: Mapping[str, Any] | None = None,
) -> PauseState:
    """Pause or resume one project; the other switches stay as they are. Like :func:`set_system_pause`.

    Raises :class:`NotFoundError`.
    """
    project = as_id(project_id, "project")
    return _switch(
        db,
        flag,
        reason,
        overdue,
        "project",
        project,
        lambda actor, why, after: safety.set_project_pause(db, actor, project, flag, why, after),
    )


def set_gateway_pause(
    db: Session,
    gateway: str,
    flag: bool,
    reason: str | None = None,
    *,
    overdue: Mapping[str, Any] | None = None,
) -> PauseState:
    """Pause or resume one gateway; the other switches stay as they are. Like :func:`set_system_pause`.

    Raises :class:`InputError` for a gateway that does not exist.
    """
    known = _gateway(gateway)
    return _switch(
        db,
        flag,
        reason,
        overdue,
        "gateway",
        known.value,
        lambda actor, why, after: safety.set_gateway_pause(db, actor, known, flag, why, after),
    )


def preview_resume(db: Session, scope: str = "system", key: int | str | None = None) -> ResumePreview:
    """What would go out if one pause were lifted: ``scope`` is system, gateway or project, ``key`` which one.

    For viewers. Raises :class:`InputError`, :class:`NotFoundError`.
    """
    with operation(db, Role.VIEWER, write=False):
        wanted, which = _scope(db, scope, key)
        rows = overdue.list_overdue(db, wanted, which, _staleness(db))
        reach = overdue.recipients(db, rows)
        late = sum(row.too_old for row in rows)
        return {
            "items": [
                {
                    "queue_id": row.queue_id,
                    "project": row.project,
                    "platform": row.platform,
                    "title": row.title,
                    "scheduled_time": row.scheduled_time,
                    "timezone": row.project_timezone,
                    "overdue_seconds": row.overdue.total_seconds(),
                    "too_old": row.too_old,
                    "recipients": reach.get(row.queue_id),
                }
                for row in rows
            ],
            "would_send": len(rows) - late,
            "would_miss": late,
        }


def get_mode(db: Session) -> str:
    """The installation's mode, simulation or live. For viewers."""
    with operation(db, Role.VIEWER, write=False):
        return safety.mode_of(db).value


def set_mode(db: Session, mode: str, reason: str | None = None) -> ModeChange:
    """Go live, or back to simulation. For administrators.

    Going live takes what was queued in simulation back to APPROVED, and names the gateways that are not
    configured. Raises :class:`InputError` for another mode, :class:`InvalidTransition` for a database that holds
    demo data.
    """
    with operation(db, Role.ADMIN, write=True) as actor:
        try:
            wanted = Mode(mode)
        except ValueError as error:
            raise InputError(f"{mode!r} is not a mode. Choose simulation or live.") from error
        returned = safety.set_mode(db, actor, wanted, optional_text(reason, "The reason"))
        gateways = runtime_of(db).gateways
        missing = [one.label for one in Gateway if not gateways.configured(one)] if wanted is Mode.LIVE else []
        return {
            "mode": wanted.value,
            "returned": len(returned),
            "unconfigured": missing,
            "in_flight": in_flight(db),
        }


def _switch(
    db: Session,
    flag: bool,
    reason: str | None,
    given: Mapping[str, Any] | None,
    scope: Scope,
    key: int | str | None,
    change: Callable[[Actor, str | None, dict[str, Any] | None], bool],
) -> PauseState:
    if not isinstance(flag, bool):
        raise InputError(f"flag must be True (pause) or False (resume), not {flag!r}.")
    if flag and given is not None:
        raise InputError("overdue is for resuming: it says what becomes of what waited.")
    why = optional_text(reason, "The reason", longest=1_000)
    choice = resuming.read_choice(optional_dict(given, "overdue"))
    with operation(db, Role.OPERATOR if flag else Role.APPROVER, write=True) as actor:
        lock(db, PAUSE_LOCK)
        if scope == "project":
            # Held before the rows that settling takes, in the order in which everybody takes them.
            get_project(db, int(key or 0), lock=True)
        after = None
        if not flag and _is_paused(db, scope, key):
            after = {"overdue": resuming.settle(db, actor, scope, key, choice, _staleness(db))}
        change(actor, why, after)
        return _shape(pause_state(db))


def _is_paused(db: Session, scope: Scope, key: int | str | None) -> bool:
    if scope == "system":
        return safety.is_paused(db)
    if scope == "project":
        return get_project(db, int(key or 0)).paused
    return any(gateway.key == key for gateway in pause_state(db).gateways)


def _scope(db: Session, scope: str, key: int | str | None) -> tuple[Scope, int | str | None]:
    if scope == "system":
        return "system", None
    if scope == "project":
        return "project", get_project(db, as_id(key, "project")).id
    if scope == "gateway":
        return "gateway", _gateway(key).value
    raise InputError(f"{scope!r} is not a scope. Choose system, gateway or project.")


def _gateway(gateway: object) -> Gateway:
    try:
        return Gateway(str(gateway))
    except ValueError as error:
        raise InputError(f"{gateway!r} is not a gateway. There are: {', '.join(Gateway)}.") from error


def _staleness(db: Session) -> timedelta:
    return timedelta(minutes=runtime_of(db).settings.staleness_minutes)


def _shape(state: Pauses) -> PauseState:
    system = state.system
    since = (system.data or {}).get("paused_at") if system.system_paused else None
    return {
        "paused": system.system_paused,
        "reason": system.pause_reason,
        "by": system.paused_by,
        "at": datetime.fromisoformat(since) if since else None,
        "in_flight": state.in_flight,
        "may_still_deliver": state.may_still_deliver,
        "projects": [_paused("id", one) for one in state.projects],
        "gateways": [_paused("gateway", one) for one in state.gateways],
    }


def _paused(key: str, one: Paused) -> dict[str, Any]:
    return {
        key: one.key,
        "name": one.name,
        "reason": one.reason,
        "by": one.by,
        "at": one.at,
        "in_flight": one.in_flight,
    }

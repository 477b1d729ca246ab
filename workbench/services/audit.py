"""The record of who did what. Rows about leads hold ids and field names, never values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from workbench.clock import now
from workbench.db import insert_many
from workbench.enums import Role
from workbench.models import AuditEvent, Base


@dataclass(frozen=True)
class Actor:
    """Who acts. With a ``user_id`` the role is read from the users table at every operation."""

    name: str
    role: Role
    user_id: int | None = None


#: Acts on behalf of the system itself: a worker, a migration.
SYSTEM = Actor("workbench", Role.ADMIN)


def record(
    session: Session,
    actor: Actor,
    action: str,
    entity: str,
    entity_id: int | None,
    *,
    project_id: int | None = None,
    batch_id: str | None = None,
    reason: str | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> AuditEvent:
    """Add one event; ``before`` and ``after`` hold JSON values. Flushes."""
    event = AuditEvent(
        at=now(),
        actor=actor.name,
        role=actor.role.value,
        action=action,
        entity=entity,
        entity_id=entity_id,
        project_id=project_id,
        batch_id=batch_id,
        reason=reason,
        before=dict(before) if before is not None else None,
        after=dict(after) if after is not None else None,
    )
    session.add(event)
    session.flush()
    return event


def record_many(
    session: Session,
    actor: Actor,
    action: str,
    entity: str,
    events: Iterable[Mapping[str, Any]],
    *,
    batch_id: str | None = None,
    reason: str | None = None,
) -> None:
    """Add one event per mapping of a bulk operation, in one statement.

    Each mapping holds ``entity_id`` and may hold ``project_id``, ``before``, ``after`` and a ``reason`` of its own.
    """
    at = now()
    rows = [
        {
            "at": at,
            "actor": actor.name,
            "role": actor.role.value,
            "action": action,
            "entity": entity,
            "entity_id": event["entity_id"],
            "project_id": event.get("project_id"),
            "batch_id": batch_id,
            "reason": event.get("reason", reason),
            "before": event.get("before"),
            "after": event.get("after"),
        }
        for event in events
    ]
    insert_many(session, Base.metadata.tables[AuditEvent.__tablename__], rows)

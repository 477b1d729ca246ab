"""The record of who did what. Rows about leads hold ids and field names, never values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from workbench.clock import now
from workbench.enums import Role
from workbench.models import AuditEvent


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

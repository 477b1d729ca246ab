"""People, what they did, what they have not saved yet, and what changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from workbench.clock import now
from workbench.enums import Role
from workbench.models.base import Base, one_of


class User(Base):
    """Somebody who may sign in. The table is empty by default."""

    __tablename__ = "users"
    __table_args__ = (one_of("role", Role),)

    name: Mapped[str] = mapped_column(String(200), unique=True)
    role: Mapped[str] = mapped_column(String(16))
    #: argon2id
    hash: Mapped[str] = mapped_column(String(300))
    disabled: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    created_at: Mapped[datetime] = mapped_column(default=now)


class AuditEvent(Base):
    """Who did what, when and why. The database itself refuses to change or delete one."""

    __tablename__ = "audit_events"
    __table_args__ = (
        Index("ix_audit_events_at_id", "at", "id"),
        Index("ix_audit_events_project_id_at_id", "project_id", "at", "id"),
        Index("ix_audit_events_entity_entity_id", "entity", "entity_id"),
        Index("ix_audit_events_batch_id", "batch_id"),
    )

    at: Mapped[datetime] = mapped_column(default=now)
    actor: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(16))
    #: ``noun.verb``, for example ``strategy.approve``.
    action: Mapped[str] = mapped_column(String(64))
    entity: Mapped[str] = mapped_column(String(32))
    entity_id: Mapped[int | None]
    #: No foreign keys here: what was done outlives what it was done to.
    project_id: Mapped[int | None]
    batch_id: Mapped[str | None] = mapped_column(String(36))
    reason: Mapped[str | None] = mapped_column(Text)
    before: Mapped[dict[str, Any] | None]
    after: Mapped[dict[str, Any] | None]


class Draft(Base):
    """A person's unsaved text, kept so that a crash loses nothing. Private; never a revision."""

    __tablename__ = "drafts"
    __table_args__ = (UniqueConstraint("entity", "entity_id", "actor"),)

    entity: Mapped[str] = mapped_column(String(32))
    entity_id: Mapped[int]
    actor: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    #: The revision or version it was started from.
    base: Mapped[int]
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)

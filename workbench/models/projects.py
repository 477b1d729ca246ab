"""Projects, their briefs, strategies and accounts."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from workbench.clock import now
from workbench.enums import Platform, ProjectState, StrategyStatus
from workbench.models.base import Base, Timestamps, one_of


class Project(Timestamps, Base):
    """One engagement for a client."""

    __tablename__ = "projects"
    __table_args__ = (UniqueConstraint("client", "name"), one_of("state", ProjectState))

    client: Mapped[str] = mapped_column(String(200), default="", server_default="")
    name: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(16), default=ProjectState.INTAKE, server_default="INTAKE")
    #: The newest brief; the newest strategy; the strategy in force (may be none).
    intake_id: Mapped[int | None] = mapped_column(ForeignKey("intakes.id", use_alter=True))
    strategy_id: Mapped[int | None] = mapped_column(ForeignKey("strategies.id", use_alter=True))
    approved_strategy_id: Mapped[int | None] = mapped_column(ForeignKey("strategies.id", use_alter=True))
    timezone: Mapped[str] = mapped_column(String(64), default="UTC", server_default="UTC")
    paused: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    #: Set once the first drafts were written; they are written only once.
    drafted_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1, server_default="1")


class Intake(Base):
    """One revision of the brief. Append-only."""

    __tablename__ = "intakes"
    __table_args__ = (UniqueConstraint("project_id", "number"),)

    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    number: Mapped[int]
    goal: Mapped[str] = mapped_column(Text, default="", server_default="")
    constraints: Mapped[str] = mapped_column(Text, default="", server_default="")
    audience: Mapped[str] = mapped_column(Text, default="", server_default="")
    budget: Mapped[str] = mapped_column(Text, default="", server_default="")
    target_niche: Mapped[str] = mapped_column(Text, default="", server_default="")
    author: Mapped[str] = mapped_column(String(200), default="", server_default="")
    created_at: Mapped[datetime] = mapped_column(default=now)


class Strategy(Base):
    """One revision of the strategy. Append-only: only the decision fields change."""

    __tablename__ = "strategies"
    __table_args__ = (UniqueConstraint("project_id", "number"), one_of("status", StrategyStatus))

    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    number: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(String(16), default=StrategyStatus.DRAFT, server_default="DRAFT")
    rejection_reason: Mapped[str | None] = mapped_column(Text)
    author: Mapped[str] = mapped_column(String(200), default="", server_default="")
    decided_by: Mapped[str | None] = mapped_column(String(200))
    decided_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)


class ProjectAccount(Base):
    """Through which account a project speaks on a platform."""

    __tablename__ = "project_accounts"
    __table_args__ = (UniqueConstraint("project_id", "platform"), one_of("platform", Platform))

    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    platform: Mapped[str] = mapped_column(String(16))
    account: Mapped[str] = mapped_column(String(100))


Index("ix_strategies_project_id_status", Strategy.project_id, Strategy.status)

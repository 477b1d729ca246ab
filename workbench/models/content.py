"""Creatives and their versions."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from workbench.clock import now
from workbench.enums import CreativeStatus, Platform
from workbench.models.base import Base, Timestamps, one_of


class ContentItem(Timestamps, Base):
    """A creative: one post or one e-mail text, for one platform."""

    __tablename__ = "content_items"
    __table_args__ = (
        one_of("platform", Platform),
        one_of("status", CreativeStatus),
        Index("ix_content_items_project_id_status", "project_id", "status"),
    )

    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    #: The approved revision it was made from; None before there was any.
    strategy_id: Mapped[int | None] = mapped_column(ForeignKey("strategies.id", ondelete="SET NULL"))
    platform: Mapped[str] = mapped_column(String(16))
    title: Mapped[str] = mapped_column(String(500), default="", server_default="")
    body_text: Mapped[str] = mapped_column(Text, default="", server_default="")
    caption: Mapped[str] = mapped_column(Text, default="", server_default="")
    status: Mapped[str] = mapped_column(String(16), default=CreativeStatus.DRAFT, server_default="DRAFT")
    #: Goes up with every change of the text: the optimistic lock, and the number of the newest ContentVersion.
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    deleted_at: Mapped[datetime | None]


class ContentVersion(Base):
    """What a creative said at one time. Append-only."""

    __tablename__ = "content_versions"
    __table_args__ = (UniqueConstraint("content_item_id", "number"),)

    content_item_id: Mapped[int] = mapped_column(ForeignKey("content_items.id", ondelete="CASCADE"))
    number: Mapped[int]
    title: Mapped[str] = mapped_column(String(500), default="", server_default="")
    body_text: Mapped[str] = mapped_column(Text, default="", server_default="")
    caption: Mapped[str] = mapped_column(Text, default="", server_default="")
    #: ``operator``, ``template`` or ``model:NAME``.
    source: Mapped[str] = mapped_column(String(200))
    instruction: Mapped[str | None] = mapped_column(Text)
    author: Mapped[str] = mapped_column(String(200), default="", server_default="")
    created_at: Mapped[datetime] = mapped_column(default=now)

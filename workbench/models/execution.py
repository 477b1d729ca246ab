"""The queue, what counts against the caps, and the state of gateways and workers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from workbench.clock import now
from workbench.enums import Gateway, GatewayState, Mode, QueueStatus, SuppressionReason
from workbench.models.base import Base, Timestamps, one_of

_ACTIVE = sa.text("status IN ('QUEUED', 'RUNNING', 'MISSED')")


class QueueRow(Timestamps, Base):
    """One creative at its time: exactly the version that was approved, through one account, in one mode."""

    __tablename__ = "execution_queue"
    __table_args__ = (
        one_of("status", QueueStatus),
        one_of("mode", Mode),
        Index(
            "uq_execution_queue_active",
            "content_item_id",
            unique=True,
            sqlite_where=_ACTIVE,
            postgresql_where=_ACTIVE,
        ),
        Index("ix_execution_queue_due", "mode", "status", "scheduled_time", "id"),
        # All rows of one creative, newest last: the gallery asks for a page of them.
        Index("ix_execution_queue_content_item_id_id", "content_item_id", "id"),
        Index("ix_execution_queue_batch_id", "batch_id"),
        Index("ix_execution_queue_scheduled_time_id", "scheduled_time", "id"),
    )

    content_item_id: Mapped[int] = mapped_column(ForeignKey("content_items.id", ondelete="CASCADE"))
    content_version_id: Mapped[int] = mapped_column(ForeignKey("content_versions.id"))
    account: Mapped[str] = mapped_column(String(100))
    mode: Mapped[str] = mapped_column(String(16))
    scheduled_time: Mapped[datetime]
    #: What the operator wrote, ``YYYY-MM-DDTHH:MM:SS``, and in which IANA zone.
    local_time: Mapped[str] = mapped_column(String(32))
    timezone: Mapped[str] = mapped_column(String(64))
    status: Mapped[str] = mapped_column(String(16), default=QueueStatus.QUEUED, server_default="QUEUED")
    #: Not before this moment, when it was deferred. None: at ``scheduled_time``.
    next_attempt_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    max_attempts: Mapped[int] = mapped_column(default=5, server_default="5")
    #: Whether the recipients were written down as attempts already; that happens once.
    expanded: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    worker_id: Mapped[str | None] = mapped_column(String(200))
    claim_token: Mapped[int] = mapped_column(default=0, server_default="0")
    lease_expires_at: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(Text)
    batch_id: Mapped[str | None] = mapped_column(String(36))


class SendCounter(Base):
    """How much of a cap was used in one window. Taken by one guarded UPDATE."""

    __tablename__ = "send_counters"
    __table_args__ = (UniqueConstraint("gateway", "account", "campaign_id", "window"),)

    gateway: Mapped[str] = mapped_column(String(16))
    account: Mapped[str] = mapped_column(String(100), default="", server_default="")
    #: 0 where the cap is the account's.
    campaign_id: Mapped[int] = mapped_column(default=0, server_default="0")
    #: ``m:2026-01-31T10:15`` (a minute, UTC) or ``d:2026-01-31`` (a day, UTC).
    window: Mapped[str] = mapped_column(String(32))
    count: Mapped[int] = mapped_column(default=0, server_default="0")


class Suppression(Base):
    """An address nothing is sent to, in any project."""

    __tablename__ = "suppressions"
    __table_args__ = (one_of("reason", SuppressionReason),)

    #: The normalised address, or ``sha256:…`` of it once the person was erased.
    address_norm: Mapped[str] = mapped_column(String(320), unique=True)
    reason: Mapped[str] = mapped_column(String(16))
    source: Mapped[str] = mapped_column(String(200), default="", server_default="")
    created_at: Mapped[datetime] = mapped_column(default=now)


class GatewaySetting(Base):
    """A gateway's own pause and caps."""

    __tablename__ = "gateway_settings"
    __table_args__ = (one_of("gateway", Gateway),)

    gateway: Mapped[str] = mapped_column(String(16), unique=True)
    paused: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    reason: Mapped[str | None] = mapped_column(Text)
    by: Mapped[str | None] = mapped_column(String(200))
    at: Mapped[datetime | None]
    #: ``{"per_minute": int, "per_day": int}``; what is missing comes from the account.
    caps: Mapped[dict[str, Any] | None]


class GatewayCheck(Base):
    """What a probe of a gateway found."""

    __tablename__ = "gateway_checks"
    __table_args__ = (
        Index("ix_gateway_checks_gateway_account_at", "gateway", "account", "at"),
        one_of("state", GatewayState),
    )

    gateway: Mapped[str] = mapped_column(String(16))
    account: Mapped[str] = mapped_column(String(100), default="", server_default="")
    at: Mapped[datetime] = mapped_column(default=now)
    #: What this one probe found: ok, warn, down or unconfigured.
    state: Mapped[str] = mapped_column(String(16))
    latency_ms: Mapped[float | None]
    detail: Mapped[str] = mapped_column(Text, default="", server_default="")
    facts: Mapped[dict[str, Any] | None]
    #: After this it says nothing about the present any more.
    fresh_until: Mapped[datetime]


class ProbeTurn(Base):
    """Which worker probes a gateway right now, so that no two do."""

    __tablename__ = "probe_turns"
    __table_args__ = (one_of("gateway", Gateway),)

    gateway: Mapped[str] = mapped_column(String(16), unique=True)
    #: Goes up with every turn: whoever comes with an old one stores nothing.
    token: Mapped[int] = mapped_column(default=0, server_default="0")
    worker_id: Mapped[str | None] = mapped_column(String(200))
    #: None between two turns.
    lease_expires_at: Mapped[datetime | None]


class WorkerHeartbeat(Base):
    """A worker that is, or was, alive."""

    __tablename__ = "worker_heartbeats"

    #: ``host:pid:nonce``
    worker_id: Mapped[str] = mapped_column(String(200), unique=True)
    host: Mapped[str] = mapped_column(String(200))
    pid: Mapped[int]
    started_at: Mapped[datetime] = mapped_column(default=now)
    beat_at: Mapped[datetime] = mapped_column(default=now)
    stopped_at: Mapped[datetime | None]
    working_on: Mapped[str | None] = mapped_column(String(200))

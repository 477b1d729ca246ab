"""The queue, attempts that belong to it, caps, suppressions, gateways and workers.

What was tried before this revision was sent for real, so those attempts are in live mode.

Revision ID: 95d0b3e7c21a
Revises: 1f8c44d2ab69
Create Date: 2026-11-22 16:07:00+00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "95d0b3e7c21a"
down_revision = "1f8c44d2ab69"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
NOW = sa.text("CURRENT_TIMESTAMP")
ACTIVE = sa.text("status IN ('QUEUED', 'RUNNING', 'MISSED')")
POST = sa.text("lead_id IS NULL AND address_norm IS NULL")
NOT_SKIPPED = sa.text("status <> 'SKIPPED'")
OPEN = sa.text("status IN ('SENDING', 'FAILED', 'UNKNOWN')")
MODES = "mode IN ('simulation', 'live')"

#: Legacy states in which nothing had been sent yet.
NOT_TRIED = ("PENDING", "QUEUED", "SCHEDULED", "DRAFT", "SKIPPED", "CANCELLED", "CANCELED", "NEW")
#: On the way down, what was only simulated must not look like something sent.
SIMULATED = "SIMULATED_"

attempts = sa.table(
    "cam_outreach_attempts",
    sa.column("id", sa.Integer),
    sa.column("status", sa.String),
    sa.column("mode", sa.String),
    sa.column("last_error", sa.Text),
    sa.column("attempted_at", MOMENT),
    sa.column("updated_at", MOMENT),
)


def upgrade() -> None:
    _create_queue()
    _create_limits()
    _create_watch()
    _attempts_up()


def downgrade() -> None:
    _attempts_down()
    # Nobody who unsubscribed may be forgotten with the table: the lead itself says no from here on.
    op.execute(
        "UPDATE cam_leads SET consent_status = 'DNC'"
        " WHERE email_norm IN (SELECT address_norm FROM suppressions)"
        " OR lower(trim(email)) IN (SELECT address_norm FROM suppressions)"
    )
    for table in (
        "worker_heartbeats",
        "gateway_checks",
        "gateway_settings",
        "suppressions",
        "send_counters",
        "execution_queue",
    ):
        op.drop_table(table)


def _create_queue() -> None:
    op.create_table(
        "execution_queue",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("content_item_id", sa.Integer(), nullable=False),
        sa.Column("content_version_id", sa.Integer(), nullable=False),
        sa.Column("account", sa.String(100), nullable=False),
        sa.Column("mode", sa.String(16), nullable=False),
        sa.Column("scheduled_time", MOMENT, nullable=False),
        sa.Column("local_time", sa.String(32), nullable=False),
        sa.Column("timezone", sa.String(64), nullable=False),
        sa.Column("status", sa.String(16), server_default="QUEUED", nullable=False),
        sa.Column("next_attempt_at", MOMENT),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("max_attempts", sa.Integer(), server_default="5", nullable=False),
        sa.Column("expanded", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("worker_id", sa.String(200)),
        sa.Column("claim_token", sa.Integer(), server_default="0", nullable=False),
        sa.Column("lease_expires_at", MOMENT),
        sa.Column("last_error", sa.Text()),
        sa.Column("batch_id", sa.String(36)),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_execution_queue")),
        sa.CheckConstraint(MODES, name=op.f("ck_execution_queue_mode")),
        sa.CheckConstraint(
            "status IN ('QUEUED', 'RUNNING', 'DONE', 'PARTIAL', 'FAILED', 'UNKNOWN', 'CANCELLED', 'MISSED')",
            name=op.f("ck_execution_queue_status"),
        ),
        sa.ForeignKeyConstraint(
            ["content_item_id"],
            ["content_items.id"],
            name=op.f("fk_execution_queue_content_item_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["content_version_id"], ["content_versions.id"], name=op.f("fk_execution_queue_content_version_id")
        ),
    )
    op.create_index(
        "uq_execution_queue_active",
        "execution_queue",
        ["content_item_id"],
        unique=True,
        sqlite_where=ACTIVE,
        postgresql_where=ACTIVE,
    )
    op.create_index("ix_execution_queue_due", "execution_queue", ["mode", "status", "scheduled_time", "id"])
    op.create_index("ix_execution_queue_content_item_id_id", "execution_queue", ["content_item_id", "id"])
    op.create_index("ix_execution_queue_batch_id", "execution_queue", ["batch_id"])
    op.create_index("ix_execution_queue_scheduled_time_id", "execution_queue", ["scheduled_time", "id"])


def _create_limits() -> None:
    op.create_table(
        "send_counters",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("gateway", sa.String(16), nullable=False),
        sa.Column("account", sa.String(100), server_default="", nullable=False),
        sa.Column("campaign_id", sa.Integer(), server_default="0", nullable=False),
        sa.Column("window", sa.String(32), nullable=False),
        sa.Column("count", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_send_counters")),
        sa.UniqueConstraint(
            "gateway",
            "account",
            "campaign_id",
            "window",
            name=op.f("uq_send_counters_gateway_account_campaign_id_window"),
        ),
    )
    op.create_table(
        "suppressions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("address_norm", sa.String(320), nullable=False),
        sa.Column("reason", sa.String(16), nullable=False),
        sa.Column("source", sa.String(200), server_default="", nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppressions")),
        sa.UniqueConstraint("address_norm", name=op.f("uq_suppressions_address_norm")),
        sa.CheckConstraint(
            "reason IN ('unsubscribe', 'bounce', 'complaint', 'operator')", name=op.f("ck_suppressions_reason")
        ),
    )


def _create_watch() -> None:
    op.create_table(
        "gateway_settings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("gateway", sa.String(16), nullable=False),
        sa.Column("paused", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("by", sa.String(200)),
        sa.Column("at", MOMENT),
        sa.Column("caps", sa.JSON()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway_settings")),
        sa.UniqueConstraint("gateway", name=op.f("uq_gateway_settings_gateway")),
        sa.CheckConstraint(
            "gateway IN ('linkedin', 'x', 'email', 'openai', 'apollo')", name=op.f("ck_gateway_settings_gateway")
        ),
    )
    op.create_table(
        "gateway_checks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("gateway", sa.String(16), nullable=False),
        sa.Column("account", sa.String(100), server_default="", nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("latency_ms", sa.Double()),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.Column("facts", sa.JSON()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway_checks")),
        sa.CheckConstraint(
            "state IN ('ok', 'warn', 'down', 'unconfigured', 'unknown')", name=op.f("ck_gateway_checks_state")
        ),
    )
    op.create_index("ix_gateway_checks_gateway_account_at", "gateway_checks", ["gateway", "account", "at"])
    op.create_table(
        "worker_heartbeats",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("worker_id", sa.String(200), nullable=False),
        sa.Column("host", sa.String(200), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("beat_at", MOMENT, nullable=False),
        sa.Column("stopped_at", MOMENT),
        sa.Column("working_on", sa.String(200)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_worker_heartbeats")),
        sa.UniqueConstraint("worker_id", name=op.f("uq_worker_heartbeats_worker_id")),
    )


def _attempts_up() -> None:
    op.add_column(
        "cam_outreach_attempts", sa.Column("mode", sa.String(16), server_default="simulation", nullable=False)
    )
    op.add_column("cam_outreach_attempts", sa.Column("attempted_at", MOMENT))
    _read_modes()
    with op.batch_alter_table("cam_outreach_attempts") as table:
        table.alter_column("next_retry_at", new_column_name="next_attempt_at", existing_type=MOMENT)
        for name in ("queue_id", "content_item_id"):
            table.add_column(sa.Column(name, sa.Integer()))
        table.add_column(sa.Column("address_norm", sa.String(320)))
        table.add_column(sa.Column("external_id", sa.String(300)))
        table.add_column(sa.Column("sender", sa.String(200)))
        for name, kind, default in REQUIRED:
            table.alter_column(name, existing_type=kind, existing_server_default=default, nullable=False)
        for name in ("created_at", "updated_at"):
            table.alter_column(
                name, existing_type=MOMENT, nullable=False, server_default=None, existing_server_default=NOW
            )
        table.create_check_constraint(op.f("ck_cam_outreach_attempts_mode"), MODES)
        # An attempt outlives the lead: what was sent was sent, also when the person is erased.
        table.drop_constraint(op.f("fk_cam_outreach_attempts_lead_id"), type_="foreignkey")
        for column, target in TARGETS:
            table.create_foreign_key(
                op.f(f"fk_cam_outreach_attempts_{column}"), target, [column], ["id"], ondelete="SET NULL"
            )
    for name, columns, where in INDEXES:
        op.create_index(
            name,
            "cam_outreach_attempts",
            columns,
            unique=name.startswith("uq_"),
            sqlite_where=where,
            postgresql_where=where,
        )


def _attempts_down() -> None:
    for name, _, _ in reversed(INDEXES):
        op.drop_index(name, "cam_outreach_attempts")
    op.execute(
        sa.update(attempts)
        .where(attempts.c.mode == "simulation", attempts.c.status.not_in(NOT_TRIED))
        .values(status=sa.literal(SIMULATED) + attempts.c.status)
    )
    with op.batch_alter_table("cam_outreach_attempts") as table:
        table.drop_constraint(op.f("ck_cam_outreach_attempts_mode"), type_="check")
        for column, _ in TARGETS:
            table.drop_constraint(op.f(f"fk_cam_outreach_attempts_{column}"), type_="foreignkey")
        for name in (
            "queue_id",
            "content_item_id",
            "address_norm",
            "mode",
            "external_id",
            "sender",
            "attempted_at",
        ):
            table.drop_column(name)
        for name, kind, default in REQUIRED:
            table.alter_column(name, existing_type=kind, existing_server_default=default, nullable=True)
        for name in ("created_at", "updated_at"):
            table.alter_column(name, existing_type=MOMENT, nullable=True, server_default=NOW)
        table.alter_column("next_attempt_at", new_column_name="next_retry_at", existing_type=MOMENT)
        table.create_foreign_key(
            op.f("fk_cam_outreach_attempts_lead_id"), "cam_leads", ["lead_id"], ["id"], ondelete="CASCADE"
        )


def _read_modes() -> None:
    for name, _, default in REQUIRED:
        op.execute(
            sa.text(f"UPDATE cam_outreach_attempts SET {name} = :value WHERE {name} IS NULL").bindparams(  # noqa: S608
                value=default if name in ("channel", "status") else int(default)
            )
        )
    simulated = attempts.c.status.startswith(SIMULATED, autoescape=True)
    op.execute(sa.update(attempts).where(sa.not_(simulated)).values(mode="live"))
    op.execute(
        sa.update(attempts).where(simulated).values(status=sa.func.substr(attempts.c.status, len(SIMULATED) + 1))
    )
    op.execute(
        sa.update(attempts)
        .where(sa.func.upper(attempts.c.status).not_in(NOT_TRIED))
        .values(attempted_at=attempts.c.updated_at)
    )
    # No worker of the new queue holds these, so none would ever end them; and what is not known is never resent.
    op.execute(
        sa.update(attempts)
        .where(attempts.c.status == "SENDING")
        .values(
            status="UNKNOWN",
            last_error=sa.func.coalesce(attempts.c.last_error, "It was being sent when the database was upgraded."),
        )
    )


REQUIRED = (
    ("channel", sa.String(50), "email"),
    ("step_number", sa.Integer(), "1"),
    ("status", sa.String(50), "PENDING"),
    ("retry_count", sa.Integer(), "0"),
)
TARGETS = (("lead_id", "cam_leads"), ("queue_id", "execution_queue"), ("content_item_id", "content_items"))
INDEXES: tuple[tuple[str, list[str], sa.TextClause | None], ...] = (
    ("uq_cam_outreach_attempts_queue_id_post", ["queue_id"], POST),
    ("uq_cam_outreach_attempts_item_address", ["content_item_id", "address_norm", "mode"], NOT_SKIPPED),
    ("ix_cam_outreach_attempts_queue_id_status", ["queue_id", "status", "id"], None),
    ("ix_cam_outreach_attempts_open", ["status", "attempted_at", "id"], OPEN),
    ("ix_cam_outreach_attempts_lead_id", ["lead_id"], None),
    ("ix_cam_outreach_attempts_created_at_id", ["created_at", "id"], None),
    ("ix_cam_outreach_attempts_attempted_at", ["attempted_at"], None),
    ("ix_cam_outreach_attempts_campaign", ["campaign_id", "status", "created_at", "id"], None),
)

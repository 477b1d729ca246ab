"""Probes on a schedule: how long each is believed, and whose turn it is to probe.

Revision ID: 4b9e27d0c5f3
Revises: d6183c5f9ae7
Create Date: 2026-11-22 20:00:00+00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "4b9e27d0c5f3"
down_revision = "d6183c5f9ae7"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
#: Checks from before were believed for a quarter of an hour.
FRESH = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%S', at, '+15 minutes') || '.000000'",
    "postgresql": "at + interval '15 minutes'",
}


def upgrade() -> None:
    op.add_column("gateway_checks", sa.Column("fresh_until", MOMENT))
    op.execute(f"UPDATE gateway_checks SET fresh_until = {FRESH[op.get_bind().dialect.name]}")  # noqa: S608
    with op.batch_alter_table("gateway_checks") as table:
        table.alter_column("fresh_until", existing_type=MOMENT, nullable=False)
    op.create_table(
        "probe_turns",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("gateway", sa.String(16), nullable=False),
        sa.Column("token", sa.Integer(), server_default="0", nullable=False),
        sa.Column("worker_id", sa.String(200)),
        sa.Column("lease_expires_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_probe_turns")),
        sa.UniqueConstraint("gateway", name=op.f("uq_probe_turns_gateway")),
        sa.CheckConstraint(
            "gateway IN ('linkedin', 'x', 'email', 'openai', 'apollo')", name=op.f("ck_probe_turns_gateway")
        ),
    )


def downgrade() -> None:
    op.drop_table("probe_turns")
    with op.batch_alter_table("gateway_checks") as table:
        table.drop_column("fresh_until")

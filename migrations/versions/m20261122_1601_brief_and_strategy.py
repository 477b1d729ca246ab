"""A campaign's brief and strategy.

Revision ID: a812cd322779
Revises: 5e3a9d7f2b4c
Create Date: 2026-11-22 16:01:00+00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "a812cd322779"
down_revision = "5e3a9d7f2b4c"
branch_labels = None
depends_on = None

TEXTS = (
    "strategy_text",
    "strategy_rejection_reason",
    "intake_goal",
    "intake_constraints",
    "intake_audience",
    "intake_budget",
)


def upgrade() -> None:
    for name in TEXTS:
        op.add_column("cam_campaigns", sa.Column(name, sa.Text()))
    op.add_column("cam_campaigns", sa.Column("strategy_status", sa.String(50), server_default="DRAFT"))


def downgrade() -> None:
    with op.batch_alter_table("cam_campaigns") as campaigns:
        for name in (*TEXTS, "strategy_status"):
            campaigns.drop_column(name)

"""The switch that stops everything.

Revision ID: 308887b163f4
Revises: a812cd322779
Create Date: 2026-11-22 16:02:00+00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "308887b163f4"
down_revision = "a812cd322779"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "cam_safety_settings",
        sa.Column("system_paused", sa.Boolean(), server_default=sa.false(), nullable=False),
    )


def downgrade() -> None:
    with op.batch_alter_table("cam_safety_settings") as settings:
        settings.drop_column("system_paused")

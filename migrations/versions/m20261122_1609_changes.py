"""What changed, for the copies that follow the database. The triggers that write it are installed by env.py.

Revision ID: d6183c5f9ae7
Revises: 2ea7f61c0b94
Create Date: 2026-11-22 16:09:00+00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "d6183c5f9ae7"
down_revision = "2ea7f61c0b94"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "change_log",
        sa.Column("id", BIG, nullable=False),
        sa.Column("table_number", sa.SmallInteger(), nullable=False),
        sa.Column("row_id", sa.Integer()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change_log")),
        sqlite_autoincrement=True,
    )
    if op.get_bind().dialect.name == "postgresql":
        # Ids are drawn before they are committed, so a reader asks by transaction what it has not seen yet.
        op.execute("ALTER TABLE change_log ADD COLUMN xid xid8 NOT NULL DEFAULT pg_current_xact_id()")
        op.execute("CREATE INDEX ix_change_log_xid ON change_log (xid)")
    op.create_table(
        "mirror_state",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("generation", sa.String(32), nullable=False),
        sa.Column("floor", BIG, server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mirror_state")),
        sa.CheckConstraint("id = 1", name=op.f("ck_mirror_state_singleton")),
    )


def downgrade() -> None:
    op.drop_table("mirror_state")
    op.drop_table("change_log")

"""A random number on each row of SQLite's log, so that a copy kept in a file knows the row it has come to.

After a restore the log may give an id again to another change; the number tells the two apart. PostgreSQL's
transactions say as much by themselves.

Revision ID: 6e0a94b7d2c5
Revises: c7d31f5a8e62
Create Date: 2026-11-22 23:00:00+00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "6e0a94b7d2c5"
down_revision = "c7d31f5a8e62"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("change_log", sa.Column("mark", sa.BigInteger()))


def downgrade() -> None:
    op.drop_column("change_log", "mark")

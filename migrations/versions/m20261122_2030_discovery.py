"""Searches for people that a worker carries out: limits, progress, what became of whom, and the lease.

Revision ID: c7d31f5a8e62
Revises: 4b9e27d0c5f3
Create Date: 2026-11-22 20:30:00+00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "c7d31f5a8e62"
down_revision = "4b9e27d0c5f3"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
NUMBERS = (
    *("max_people", "max_credits", "credits_used", "pages_done", "seen", "added", "merged", "unchanged", "rejected"),
    *("without_email", "attempts", "claim_token"),
)


def upgrade() -> None:
    with op.batch_alter_table("cam_discovery_jobs") as table:
        for name in NUMBERS:
            table.add_column(sa.Column(name, sa.Integer(), server_default="0", nullable=False))
        table.add_column(sa.Column("found", sa.Integer()))
        for name in ("started_by", "worker_id"):
            table.add_column(sa.Column(name, sa.String(200)))
        for name in ("page_ids", "rejections"):
            table.add_column(sa.Column(name, sa.JSON()))
        for name in ("next_attempt_at", "lease_expires_at"):
            table.add_column(sa.Column(name, MOMENT))


def downgrade() -> None:
    # Nothing before this revision knows these words, or would go on with such a search.
    op.execute("UPDATE cam_discovery_jobs SET status = 'PENDING' WHERE status = 'QUEUED'")
    op.execute("UPDATE cam_discovery_jobs SET status = 'FAILED' WHERE status = 'CANCELLED'")
    with op.batch_alter_table("cam_discovery_jobs") as table:
        for name in (
            *("lease_expires_at", "next_attempt_at", "rejections", "page_ids", "worker_id", "started_by", "found"),
            *reversed(NUMBERS),
        ):
            table.drop_column(name)

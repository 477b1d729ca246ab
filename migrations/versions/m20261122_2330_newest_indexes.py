"""Indexes to find the newest of a project, of posts, and of a project's audit events, however much there is.

``(campaign_id, status, created_at, id)`` was of no use to a list in the order of ``attempted_at``.

Revision ID: b81d4f60c39e
Revises: 6e0a94b7d2c5
Create Date: 2026-11-22 23:30:00+00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "b81d4f60c39e"
down_revision = "6e0a94b7d2c5"
branch_labels = None
depends_on = None

_ATTEMPTS = "cam_outreach_attempts"
_PARTIAL = {
    "ix_cam_outreach_attempts_no_campaign": (["content_item_id", "attempted_at", "id"], "campaign_id IS NULL"),
    "ix_cam_outreach_attempts_no_email": (["channel", "attempted_at", "id"], "channel <> 'email'"),
}


def upgrade() -> None:
    op.drop_index("ix_cam_outreach_attempts_campaign", _ATTEMPTS)
    op.create_index(
        "ix_cam_outreach_attempts_campaign_newest", _ATTEMPTS, ["campaign_id", "status", "attempted_at", "id"]
    )
    for name, (columns, where) in _PARTIAL.items():
        op.create_index(name, _ATTEMPTS, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
    op.create_index("ix_audit_events_project_id_at_id", "audit_events", ["project_id", "at", "id"])


def downgrade() -> None:
    op.drop_index("ix_audit_events_project_id_at_id", "audit_events")
    for name in _PARTIAL:
        op.drop_index(name, _ATTEMPTS)
    op.drop_index("ix_cam_outreach_attempts_campaign_newest", _ATTEMPTS)
    op.create_index("ix_cam_outreach_attempts_campaign", _ATTEMPTS, ["campaign_id", "status", "created_at", "id"])

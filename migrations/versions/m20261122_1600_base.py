"""Campaigns, leads, what was tried with them and what they answered.

Revision ID: 5e3a9d7f2b4c
Revises:
Create Date: 2026-11-22 16:00:00+00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "5e3a9d7f2b4c"
down_revision = None
branch_labels = None
depends_on = None

NOW = sa.text("CURRENT_TIMESTAMP")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "cam_campaigns",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("description", sa.Text()),
        sa.Column("target_niche", sa.Text()),
        sa.Column("active", sa.Boolean(), server_default=sa.true()),
        sa.Column("created_at", MOMENT, server_default=NOW),
        sa.Column("updated_at", MOMENT, server_default=NOW),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cam_campaigns")),
        sa.UniqueConstraint("name", name=op.f("uq_cam_campaigns_name")),
    )
    op.create_table(
        "cam_leads",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(300)),
        sa.Column("company", sa.String(300)),
        sa.Column("role", sa.String(300)),
        sa.Column("email", sa.String(320)),
        sa.Column("linkedin_url", sa.String(500)),
        sa.Column("source", sa.String(50), server_default="other"),
        sa.Column("status", sa.String(50), server_default="NEW"),
        sa.Column("stage", sa.String(50)),
        sa.Column("lead_score", sa.Double()),
        sa.Column("tags", sa.JSON()),
        sa.Column("enrichment_data", sa.JSON()),
        sa.Column("last_contacted_at", MOMENT),
        sa.Column("next_action_at", MOMENT),
        sa.Column("last_replied_at", MOMENT),
        sa.Column("notes", sa.Text()),
        sa.Column("created_at", MOMENT, server_default=NOW),
        sa.Column("updated_at", MOMENT, server_default=NOW),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cam_leads")),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["cam_campaigns.id"], name=op.f("fk_cam_leads_campaign_id"), ondelete="CASCADE"
        ),
    )
    op.create_table(
        "cam_outreach_attempts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lead_id", sa.Integer()),
        sa.Column("campaign_id", sa.Integer()),
        sa.Column("channel", sa.String(50), server_default="email"),
        sa.Column("step_number", sa.Integer(), server_default="1"),
        sa.Column("status", sa.String(50), server_default="PENDING"),
        sa.Column("last_error", sa.Text()),
        sa.Column("retry_count", sa.Integer(), server_default="0"),
        sa.Column("max_retries", sa.Integer()),
        sa.Column("next_retry_at", MOMENT),
        sa.Column("created_at", MOMENT, server_default=NOW),
        sa.Column("updated_at", MOMENT, server_default=NOW),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cam_outreach_attempts")),
        sa.ForeignKeyConstraint(
            ["lead_id"], ["cam_leads.id"], name=op.f("fk_cam_outreach_attempts_lead_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["cam_campaigns.id"],
            name=op.f("fk_cam_outreach_attempts_campaign_id"),
            ondelete="CASCADE",
        ),
    )
    op.create_table(
        "cam_contact_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lead_id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(50)),
        sa.Column("direction", sa.String(16)),
        sa.Column("summary", sa.Text()),
        sa.Column("created_at", MOMENT, server_default=NOW),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cam_contact_events")),
        sa.ForeignKeyConstraint(
            ["lead_id"], ["cam_leads.id"], name=op.f("fk_cam_contact_events_lead_id"), ondelete="CASCADE"
        ),
    )
    op.create_table(
        "cam_discovery_jobs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("criteria", sa.JSON()),
        sa.Column("campaign_id", sa.Integer()),
        sa.Column("status", sa.String(50), server_default="PENDING"),
        sa.Column("error_message", sa.Text()),
        sa.Column("created_at", MOMENT, server_default=NOW),
        sa.Column("completed_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cam_discovery_jobs")),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["cam_campaigns.id"],
            name=op.f("fk_cam_discovery_jobs_campaign_id"),
            ondelete="CASCADE",
        ),
    )
    op.create_table(
        "cam_safety_settings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("data", sa.JSON()),
        sa.Column("updated_at", MOMENT, server_default=NOW),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cam_safety_settings")),
    )


def downgrade() -> None:
    op.drop_table("cam_safety_settings")
    op.drop_table("cam_discovery_jobs")
    op.drop_table("cam_contact_events")
    op.drop_table("cam_outreach_attempts")
    op.drop_table("cam_leads")
    op.drop_table("cam_campaigns")

"""Creatives and their versions.

Revision ID: 1f8c44d2ab69
Revises: e93a5c1d7f06
Create Date: 2026-11-22 16:06:00+00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "1f8c44d2ab69"
down_revision = "e93a5c1d7f06"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "content_items",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("strategy_id", sa.Integer()),
        sa.Column("platform", sa.String(16), nullable=False),
        sa.Column("title", sa.String(500), server_default="", nullable=False),
        sa.Column("body_text", sa.Text(), server_default="", nullable=False),
        sa.Column("caption", sa.Text(), server_default="", nullable=False),
        sa.Column("status", sa.String(16), server_default="DRAFT", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("deleted_at", MOMENT),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_content_items")),
        sa.CheckConstraint("platform IN ('linkedin', 'twitter', 'email')", name=op.f("ck_content_items_platform")),
        sa.CheckConstraint(
            "status IN ('DRAFT', 'APPROVED', 'SCHEDULED', 'PUBLISHING', 'PUBLISHED', 'FAILED', 'UNKNOWN')",
            name=op.f("ck_content_items_status"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_content_items_project_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["strategy_id"], ["strategies.id"], name=op.f("fk_content_items_strategy_id"), ondelete="SET NULL"
        ),
    )
    op.create_index("ix_content_items_project_id_status", "content_items", ["project_id", "status"])
    op.create_table(
        "content_versions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("content_item_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(500), server_default="", nullable=False),
        sa.Column("body_text", sa.Text(), server_default="", nullable=False),
        sa.Column("caption", sa.Text(), server_default="", nullable=False),
        sa.Column("source", sa.String(200), nullable=False),
        sa.Column("instruction", sa.Text()),
        sa.Column("author", sa.String(200), server_default="", nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_content_versions")),
        sa.UniqueConstraint("content_item_id", "number", name=op.f("uq_content_versions_content_item_id_number")),
        sa.ForeignKeyConstraint(
            ["content_item_id"],
            ["content_items.id"],
            name=op.f("fk_content_versions_content_item_id"),
            ondelete="CASCADE",
        ),
    )


def downgrade() -> None:
    op.drop_table("content_versions")
    op.drop_table("content_items")

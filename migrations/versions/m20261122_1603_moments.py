"""Moments in one form: aware UTC, none missing where a row was made or changed.

SQLite keeps moments as text, and different writers left different texts (``2026-01-31T10:00:00Z``,
``2026-01-31 10:00:00``) that do not sort together. A text that no date function understands stays as it is.

Revision ID: c41d07be9a35
Revises: 308887b163f4
Create Date: 2026-11-22 16:03:00+00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "c41d07be9a35"
down_revision = "308887b163f4"
branch_labels = None
depends_on = None

#: Per table, the moments that may not be missing, and the others.
MOMENTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "cam_campaigns": (("created_at", "updated_at"), ()),
    "cam_leads": (("created_at", "updated_at"), ("last_contacted_at", "next_action_at", "last_replied_at")),
    "cam_outreach_attempts": (("created_at", "updated_at"), ("next_retry_at",)),
    "cam_contact_events": (("created_at",), ()),
    "cam_discovery_jobs": (("created_at",), ("completed_at",)),
    "cam_safety_settings": (("updated_at",), ()),
}
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table, (needed, others) in MOMENTS.items():
        for column in (*needed, *others):
            if sqlite:
                _one_form(table, column)
            else:
                _with_time_zone(table, column)
        for column in needed:
            # What is left of a row's own history: its other moment, or now.
            known = ", ".join([*(name for name in needed if name != column), "CURRENT_TIMESTAMP", "NULL"])
            op.execute(f"UPDATE {table} SET {column} = coalesce({known}) WHERE {column} IS NULL")  # noqa: S608
            if sqlite:
                _one_form(table, column)


def _one_form(table: str, column: str) -> None:
    # Whole seconds and microseconds are exact this way; what carries an offset, or another number of decimals,
    # goes through SQLite's date functions, which turn it into UTC and know milliseconds.
    op.execute(
        f"""
        UPDATE {table} SET {column} = CASE
            WHEN {column} GLOB '????-??-??[ T]??:??:??' THEN replace({column}, 'T', ' ') || '.000000'
            WHEN {column} GLOB '????-??-??T??:??:??.[0-9][0-9][0-9][0-9][0-9][0-9]' THEN replace({column}, 'T', ' ')
            ELSE coalesce(strftime('%Y-%m-%d %H:%M:%f', {column}) || '000', {column})
        END
        WHERE typeof({column}) = 'text'
          AND {column} NOT GLOB '????-??-?? ??:??:??.[0-9][0-9][0-9][0-9][0-9][0-9]'
        """  # noqa: S608
    )


def _with_time_zone(table: str, column: str) -> None:
    found = {each["name"]: each["type"] for each in sa.inspect(op.get_bind()).get_columns(table)}[column]
    if not getattr(found, "timezone", False):
        op.alter_column(table, column, type_=MOMENT, postgresql_using=f"{column} AT TIME ZONE 'UTC'")


def downgrade() -> None:
    """The same moments, only better written: nothing to take back."""

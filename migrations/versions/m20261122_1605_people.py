"""Leads with consent and one normalised address each; contact events of a kind; one row of safety settings.

Revision ID: e93a5c1d7f06
Revises: 7b2f6e90c8d1
Create Date: 2026-11-22 16:05:00+00:00
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import idna
import sqlalchemy as sa
from alembic import op

revision = "e93a5c1d7f06"
down_revision = "7b2f6e90c8d1"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
NOW = sa.text("CURRENT_TIMESTAMP")
CHUNK = 10_000
LONGEST_LOCAL, LONGEST_ADDRESS = 64, 254
PLAIN_LOCAL = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*").fullmatch
#: On the way down a lead's consent stays with it as a tag: nobody who said no may be forgotten.
CONSENT_TAG = "consent:"

leads = sa.table(
    "cam_leads",
    sa.column("id", sa.Integer),
    sa.column("campaign_id", sa.Integer),
    sa.column("email", sa.String),
    sa.column("email_norm", sa.String),
    sa.column("consent_status", sa.String),
    sa.column("tags", sa.JSON(none_as_null=True)),
)
events = sa.table(
    "cam_contact_events",
    sa.column("id", sa.Integer),
    sa.column("direction", sa.String),
    sa.column("summary", sa.Text),
)
safety = sa.table(
    "cam_safety_settings",
    sa.column("id", sa.Integer),
    sa.column("data", sa.JSON(none_as_null=True)),
    sa.column("system_paused", sa.Boolean),
    sa.column("pause_reason", sa.Text),
    sa.column("updated_at", MOMENT),
)


def upgrade() -> None:
    _leads_up()
    _events_up()
    with op.batch_alter_table("cam_discovery_jobs") as table:
        table.alter_column(
            "created_at", existing_type=MOMENT, nullable=False, server_default=None, existing_server_default=NOW
        )
        _required(table, "cam_discovery_jobs", "status", sa.String(50), "PENDING")
    _safety_up()


def downgrade() -> None:
    with op.batch_alter_table("cam_safety_settings") as table:
        table.drop_constraint(op.f("ck_cam_safety_settings_singleton"), type_="check")
        table.drop_constraint(op.f("ck_cam_safety_settings_mode"), type_="check")
        for name in ("mode", "pause_reason", "paused_by", "demo_at"):
            table.drop_column(name)
        table.alter_column("updated_at", existing_type=MOMENT, nullable=True, server_default=NOW)
    with op.batch_alter_table("cam_discovery_jobs") as table:
        table.alter_column("created_at", existing_type=MOMENT, nullable=True, server_default=NOW)
        _optional(table, "status", sa.String(50), "PENDING")
    _events_down()
    _leads_down()


def _required(table: Any, name: str, column: str, kind: sa.types.TypeEngine[Any], default: str) -> None:
    op.execute(sa.text(f"UPDATE {name} SET {column} = :value WHERE {column} IS NULL").bindparams(value=default))  # noqa: S608
    table.alter_column(column, existing_type=kind, existing_server_default=default, nullable=False)


def _optional(table: Any, column: str, kind: sa.types.TypeEngine[Any], default: str) -> None:
    table.alter_column(column, existing_type=kind, existing_server_default=default, nullable=True)


# Leads


def _leads_up() -> None:
    op.add_column("cam_leads", sa.Column("email_norm", sa.String(320)))
    op.add_column("cam_leads", sa.Column("consent_status", sa.String(16), server_default="UNKNOWN", nullable=False))
    _fill_addresses()
    _read_consent()
    with op.batch_alter_table("cam_leads") as table:
        table.alter_column("role", new_column_name="title", existing_type=sa.String(300))
        table.add_column(sa.Column("first_name", sa.String(150)))
        for name in ("created_at", "updated_at"):
            table.alter_column(
                name, existing_type=MOMENT, nullable=False, server_default=None, existing_server_default=NOW
            )
        _required(table, "cam_leads", "source", sa.String(50), "other")
        _required(table, "cam_leads", "status", sa.String(50), "NEW")
        table.create_check_constraint(
            op.f("ck_cam_leads_consent_status"), "consent_status IN ('UNKNOWN', 'CONSENTED', 'DNC')"
        )
    op.create_index("uq_cam_leads_campaign_id_email_norm", "cam_leads", ["campaign_id", "email_norm"], unique=True)
    op.create_index("ix_cam_leads_campaign_id_status", "cam_leads", ["campaign_id", "status"])
    op.create_index("ix_cam_leads_email_norm", "cam_leads", ["email_norm"])


def _leads_down() -> None:
    for index in (
        "ix_cam_leads_email_norm",
        "ix_cam_leads_campaign_id_status",
        "uq_cam_leads_campaign_id_email_norm",
    ):
        op.drop_index(index, "cam_leads")
    _write_consent()
    with op.batch_alter_table("cam_leads") as table:
        table.drop_constraint(op.f("ck_cam_leads_consent_status"), type_="check")
        for name in ("email_norm", "consent_status", "first_name"):
            table.drop_column(name)
        table.alter_column("title", new_column_name="role", existing_type=sa.String(300))
        for name in ("created_at", "updated_at"):
            table.alter_column(name, existing_type=MOMENT, nullable=True, server_default=NOW)
        _optional(table, "source", sa.String(50), "other")
        _optional(table, "status", sa.String(50), "NEW")


def _fill_addresses() -> None:
    bind = op.get_bind()
    last = 0
    change = (
        sa.update(leads)
        .where(leads.c.id == sa.bindparam("of"))
        .values(email_norm=sa.bindparam("address", type_=sa.String))
    )
    while rows := bind.execute(
        sa.select(leads.c.id, leads.c.email).where(leads.c.id > last).order_by(leads.c.id).limit(CHUNK)
    ).all():
        found = [{"of": row.id, "address": address} for row in rows if (address := normalised(row.email))]
        if found:
            bind.execute(change, found)
        last = rows[-1].id
    # The first of a campaign keeps the address; its doubles stay as rows, without it.
    ranked = sa.select(
        leads.c.id,
        sa.func.row_number()
        .over(partition_by=(leads.c.campaign_id, leads.c.email_norm), order_by=leads.c.id)
        .label("n"),
    ).where(leads.c.email_norm.is_not(None))
    doubles = ranked.subquery()
    bind.execute(
        sa.update(leads).where(leads.c.id.in_(sa.select(doubles.c.id).where(doubles.c.n > 1))).values(email_norm=None)
    )


def normalised(address: str | None) -> str | None:
    """Trimmed, lower-cased, with the domain as it is looked up; None for what no mail server would take."""
    local, _, domain = (address or "").strip().lower().rpartition("@")
    if len(local) > LONGEST_LOCAL or not PLAIN_LOCAL(local):
        return None
    try:
        domain = idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError:
        return None
    whole = f"{local}@{domain}"
    return whole if "." in domain and len(whole) <= LONGEST_ADDRESS else None


def _read_consent() -> None:
    for row in op.get_bind().execute(_tagged()).all():
        consents = [tag.removeprefix(CONSENT_TAG) for tag in row.tags if _is_consent(tag)]
        if consents:
            op.execute(
                sa.update(leads)
                .where(leads.c.id == row.id)
                .values(
                    consent_status="DNC" if "DNC" in consents else "CONSENTED",
                    tags=[tag for tag in row.tags if not _is_consent(tag)] or None,
                )
            )


def _write_consent() -> None:
    known = sa.select(leads.c.id, leads.c.tags, leads.c.consent_status).where(leads.c.consent_status != "UNKNOWN")
    for row in op.get_bind().execute(known).all():
        tags = row.tags if isinstance(row.tags, list) else [row.tags] if row.tags else []
        op.execute(sa.update(leads).where(leads.c.id == row.id).values(tags=[*tags, CONSENT_TAG + row.consent_status]))


def _tagged() -> sa.Select[Any]:
    return sa.select(leads.c.id, leads.c.tags).where(sa.cast(leads.c.tags, sa.Text).contains(CONSENT_TAG))


def _is_consent(tag: object) -> bool:
    return tag in (CONSENT_TAG + "DNC", CONSENT_TAG + "CONSENTED")


# Contact events


def _events_up() -> None:
    # The direction says whether somebody answered: what is neither one nor the other stays readable in the summary.
    word = sa.func.upper(sa.func.trim(sa.func.coalesce(events.c.direction, "")))
    inbound = ("INBOUND", "IN", "INCOMING", "RECEIVED", "REPLY")
    outbound = ("OUTBOUND", "OUT", "OUTGOING", "SENT", "")
    op.execute(
        sa.update(events)
        .where(word.not_in(inbound + outbound))
        .values(summary=sa.literal("[direction: ") + events.c.direction + "] " + sa.func.coalesce(events.c.summary, ""))
    )
    op.execute(sa.update(events).values(direction=sa.case((word.in_(inbound), "INBOUND"), else_="OUTBOUND")))
    with op.batch_alter_table("cam_contact_events") as table:
        table.alter_column(
            "created_at",
            new_column_name="event_at",
            existing_type=MOMENT,
            nullable=False,
            server_default=None,
            existing_server_default=NOW,
        )
        table.add_column(sa.Column("event_type", sa.String(50), server_default="note", nullable=False))
        op.execute("UPDATE cam_contact_events SET channel = 'other' WHERE channel IS NULL")
        table.alter_column("channel", existing_type=sa.String(50), nullable=False)
        table.alter_column("direction", existing_type=sa.String(16), nullable=False)
        table.create_check_constraint(op.f("ck_cam_contact_events_direction"), "direction IN ('INBOUND', 'OUTBOUND')")
    op.create_index("ix_cam_contact_events_lead_id", "cam_contact_events", ["lead_id"])
    op.create_index("ix_cam_contact_events_event_at_id", "cam_contact_events", ["event_at", "id"])


def _events_down() -> None:
    op.drop_index("ix_cam_contact_events_event_at_id", "cam_contact_events")
    op.drop_index("ix_cam_contact_events_lead_id", "cam_contact_events")
    with op.batch_alter_table("cam_contact_events") as table:
        table.drop_constraint(op.f("ck_cam_contact_events_direction"), type_="check")
        table.drop_column("event_type")
        table.alter_column("channel", existing_type=sa.String(50), nullable=True)
        table.alter_column("direction", existing_type=sa.String(16), nullable=True)
        table.alter_column(
            "event_at", new_column_name="created_at", existing_type=MOMENT, nullable=True, server_default=NOW
        )


# Safety settings


def _safety_up() -> None:
    with op.batch_alter_table("cam_safety_settings") as table:
        table.add_column(sa.Column("mode", sa.String(16), server_default="simulation", nullable=False))
        table.add_column(sa.Column("pause_reason", sa.Text()))
        table.add_column(sa.Column("paused_by", sa.String(200)))
        table.add_column(sa.Column("demo_at", MOMENT))
        table.alter_column(
            "updated_at", existing_type=MOMENT, nullable=False, server_default=None, existing_server_default=NOW
        )
    _keep_one_safety_row()
    with op.batch_alter_table("cam_safety_settings") as table:
        table.create_check_constraint(op.f("ck_cam_safety_settings_singleton"), "id = 1")
        table.create_check_constraint(op.f("ck_cam_safety_settings_mode"), "mode IN ('simulation', 'live')")


def _keep_one_safety_row() -> None:
    """The newest row becomes row 1, with what the others said in its data; if any was paused, it is."""
    bind = op.get_bind()
    rows = bind.execute(
        sa.select(
            safety.c.id, sa.cast(safety.c.data, sa.Text).label("data"), safety.c.system_paused, safety.c.updated_at
        ).order_by(safety.c.updated_at.desc(), safety.c.id.desc())
    ).all()
    data = _parsed(rows[0].data) if rows else None
    if len(rows) > 1:
        data = data if isinstance(data, dict) else {} if data is None else {"data": data}
        data["earlier_rows"] = [
            {
                "id": row.id,
                "data": _parsed(row.data),
                "system_paused": row.system_paused,
                "updated_at": row.updated_at.isoformat(),
            }
            for row in rows[1:]
        ]
    paused = any(row.system_paused for row in rows)
    bind.execute(sa.delete(safety))
    bind.execute(
        sa.insert(safety).values(
            id=1,
            data=data,
            system_paused=paused,
            pause_reason="It was paused when the database was upgraded." if paused else None,
            updated_at=rows[0].updated_at if rows else datetime.now(UTC),
        )
    )


def _parsed(text: str | None) -> Any:
    """What the JSON text says; a text that is none is kept as a text."""
    try:
        return None if text is None else json.loads(text)
    except ValueError:
        return text

"""Projects apart from campaigns, with revisions of brief and strategy.

Every campaign gets a project with its own id; its brief and strategy move there as revision 1.

Revision ID: 7b2f6e90c8d1
Revises: c41d07be9a35
Create Date: 2026-11-22 16:04:00+00:00
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

revision = "7b2f6e90c8d1"
down_revision = "c41d07be9a35"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
NAME_LENGTH = 200
BRIEF = ("goal", "constraints", "audience", "budget")
MOVED = (
    "strategy_text",
    "strategy_rejection_reason",
    "intake_goal",
    "intake_constraints",
    "intake_audience",
    "intake_budget",
)
#: The author of a revision whose campaign had a status that is none of ours, so that the word is not lost.
FORMERLY = "formerly "

POINTERS = (("intake_id", "intakes"), ("strategy_id", "strategies"), ("approved_strategy_id", "strategies"))

campaigns = sa.table(
    "cam_campaigns",
    sa.column("id", sa.Integer),
    sa.column("name", sa.String),
    sa.column("target_niche", sa.Text),
    *(sa.column(name, sa.Text) for name in MOVED),
    sa.column("strategy_status", sa.String),
    sa.column("project_id", sa.Integer),
    sa.column("created_at", MOMENT),
    sa.column("updated_at", MOMENT),
)
attempts = sa.table("cam_outreach_attempts", sa.column("campaign_id", sa.Integer))
projects = sa.table(
    "projects",
    sa.column("id", sa.Integer),
    sa.column("client", sa.String),
    sa.column("name", sa.String),
    sa.column("state", sa.String),
    sa.column("intake_id", sa.Integer),
    sa.column("strategy_id", sa.Integer),
    sa.column("approved_strategy_id", sa.Integer),
    sa.column("created_at", MOMENT),
    sa.column("updated_at", MOMENT),
)
intakes = sa.table(
    "intakes",
    sa.column("id", sa.Integer),
    sa.column("project_id", sa.Integer),
    sa.column("number", sa.Integer),
    *(sa.column(name, sa.Text) for name in (*BRIEF, "target_niche")),
    sa.column("created_at", MOMENT),
)
strategies = sa.table(
    "strategies",
    sa.column("id", sa.Integer),
    sa.column("project_id", sa.Integer),
    sa.column("number", sa.Integer),
    sa.column("text", sa.Text),
    sa.column("status", sa.String),
    sa.column("rejection_reason", sa.Text),
    sa.column("author", sa.String),
    sa.column("decided_at", MOMENT),
    sa.column("created_at", MOMENT),
)


def upgrade() -> None:
    _create_tables()
    _move_to_projects()
    op.add_column("cam_campaigns", sa.Column("project_id", sa.Integer()))
    op.execute("UPDATE cam_campaigns SET project_id = id, active = coalesce(active, true)")
    with op.batch_alter_table("cam_campaigns") as table:
        table.drop_constraint(op.f("uq_cam_campaigns_name"), type_="unique")
        for name in (*MOVED, "strategy_status"):
            table.drop_column(name)
        table.add_column(sa.Column("max_emails_per_day", sa.Integer()))
        table.alter_column("project_id", existing_type=sa.Integer(), nullable=False)
        table.alter_column("active", existing_type=sa.Boolean(), existing_server_default=sa.true(), nullable=False)
        for name in ("created_at", "updated_at"):
            table.alter_column(name, existing_type=MOMENT, nullable=False, server_default=None)
        table.create_unique_constraint(op.f("uq_cam_campaigns_project_id_name"), ["project_id", "name"])
        table.create_foreign_key(
            op.f("fk_cam_campaigns_project_id"), "projects", ["project_id"], ["id"], ondelete="CASCADE"
        )


def downgrade() -> None:
    _refuse_unless_one_campaign_each()
    for name in MOVED:
        op.add_column("cam_campaigns", sa.Column(name, sa.Text()))
    op.add_column("cam_campaigns", sa.Column("strategy_status", sa.String(50), server_default="DRAFT"))
    _move_to_campaigns()
    with op.batch_alter_table("cam_campaigns") as table:
        table.drop_constraint(op.f("fk_cam_campaigns_project_id"), type_="foreignkey")
        table.drop_constraint(op.f("uq_cam_campaigns_project_id_name"), type_="unique")
        table.drop_column("project_id")
        table.drop_column("max_emails_per_day")
        table.alter_column("active", existing_type=sa.Boolean(), existing_server_default=sa.true(), nullable=True)
        for name in ("created_at", "updated_at"):
            table.alter_column(name, existing_type=MOMENT, nullable=True, server_default=sa.text("CURRENT_TIMESTAMP"))
        table.create_unique_constraint(op.f("uq_cam_campaigns_name"), ["name"])
    if op.get_bind().dialect.name != "sqlite":
        for column, _ in POINTERS:
            op.drop_constraint(op.f(f"fk_projects_{column}"), "projects", type_="foreignkey")
    op.drop_table("project_accounts")
    op.drop_table("strategies")
    op.drop_table("intakes")
    op.drop_table("projects")


def _create_tables() -> None:
    pointers = [
        sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_projects_{column}"))
        for column, target in POINTERS
    ]
    # Projects and their revisions refer to each other. SQLite takes a reference to a table that is not there yet,
    # and cannot add one later; PostgreSQL the other way round.
    sqlite = op.get_bind().dialect.name == "sqlite"
    op.create_table(
        "projects",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("client", sa.String(200), server_default="", nullable=False),
        sa.Column("name", sa.String(NAME_LENGTH), nullable=False),
        sa.Column("state", sa.String(16), server_default="INTAKE", nullable=False),
        sa.Column("intake_id", sa.Integer()),
        sa.Column("strategy_id", sa.Integer()),
        sa.Column("approved_strategy_id", sa.Integer()),
        sa.Column("timezone", sa.String(64), server_default="UTC", nullable=False),
        sa.Column("paused", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("drafted_at", MOMENT),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_projects")),
        sa.UniqueConstraint("client", "name", name=op.f("uq_projects_client_name")),
        sa.CheckConstraint(
            "state IN ('INTAKE', 'STRATEGY', 'CREATIVE', 'EXECUTION', 'DONE')", name=op.f("ck_projects_state")
        ),
        *(pointers if sqlite else ()),
    )
    op.create_table(
        "intakes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Text(), server_default="", nullable=False) for name in (*BRIEF, "target_niche")),
        sa.Column("author", sa.String(200), server_default="", nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intakes")),
        sa.UniqueConstraint("project_id", "number", name=op.f("uq_intakes_project_id_number")),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_intakes_project_id"), ondelete="CASCADE"
        ),
    )
    op.create_table(
        "strategies",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("status", sa.String(16), server_default="DRAFT", nullable=False),
        sa.Column("rejection_reason", sa.Text()),
        sa.Column("author", sa.String(200), server_default="", nullable=False),
        sa.Column("decided_by", sa.String(200)),
        sa.Column("decided_at", MOMENT),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_strategies")),
        sa.UniqueConstraint("project_id", "number", name=op.f("uq_strategies_project_id_number")),
        sa.CheckConstraint(
            "status IN ('DRAFT', 'APPROVED', 'REJECTED', 'SUPERSEDED')", name=op.f("ck_strategies_status")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_strategies_project_id"), ondelete="CASCADE"
        ),
    )
    op.create_index("ix_strategies_project_id_status", "strategies", ["project_id", "status"])
    if not sqlite:
        for column, target in POINTERS:
            op.create_foreign_key(op.f(f"fk_projects_{column}"), "projects", target, [column], ["id"])
    op.create_table(
        "project_accounts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("platform", sa.String(16), nullable=False),
        sa.Column("account", sa.String(100), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project_accounts")),
        sa.UniqueConstraint("project_id", "platform", name=op.f("uq_project_accounts_project_id_platform")),
        sa.CheckConstraint("platform IN ('linkedin', 'twitter', 'email')", name=op.f("ck_project_accounts_platform")),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_project_accounts_project_id"), ondelete="CASCADE"
        ),
    )


def _move_to_projects() -> None:
    bind = op.get_bind()
    columns = ("id", "name", "target_niche", *MOVED, "strategy_status", "created_at", "updated_at")
    old = bind.execute(sa.select(*(campaigns.c[name] for name in columns)).order_by(campaigns.c.id)).mappings()
    rows = [dict(row) for row in old]
    tried = set(bind.scalars(sa.select(attempts.c.campaign_id).distinct()))
    names = _distinct((row["name"] or "").strip() or f"Campaign {row['id']}" for row in rows)
    briefs = [brief for row in rows if (brief := _brief(row))]
    revisions = [revision for row in rows if (revision := _strategy(row))]
    status = {revision["project_id"]: revision["status"] for revision in revisions}
    engagements = [
        {
            "id": row["id"],
            "client": "",
            "name": name,
            "state": _state(status.get(row["id"]), tried=row["id"] in tried),
            "created_at": row["created_at"],
            "updated_at": row["updated_at"],
        }
        for row, name in zip(rows, names, strict=True)
    ]
    for table, values in ((projects, engagements), (intakes, briefs), (strategies, revisions)):
        if values:
            bind.execute(sa.insert(table), values)
    newest = {
        "intake_id": sa.select(intakes.c.id).where(intakes.c.project_id == projects.c.id),
        "strategy_id": sa.select(strategies.c.id).where(strategies.c.project_id == projects.c.id),
        "approved_strategy_id": sa.select(strategies.c.id).where(
            strategies.c.project_id == projects.c.id, strategies.c.status == "APPROVED"
        ),
    }
    bind.execute(sa.update(projects).values({name: query.scalar_subquery() for name, query in newest.items()}))
    if bind.dialect.name == "postgresql":
        # The ids were given, not drawn: the next project must not be offered one of them.
        op.execute(
            "SELECT setval(pg_get_serial_sequence('projects', 'id'),"
            " (SELECT coalesce(max(id), 0) + 1 FROM projects), false)"
        )


def _distinct(names: Iterable[str]) -> list[str]:
    """``names`` without two alike: the second becomes "… (2)". None is longer than its column."""
    wanted = [name[:NAME_LENGTH] for name in names]
    taken, given = set(wanted), set[str]()
    result = []
    for name in wanted:
        number, candidate = 1, name
        while candidate in given or (number > 1 and candidate in taken):
            number += 1
            suffix = f" ({number})"
            candidate = name[: NAME_LENGTH - len(suffix)] + suffix
        given.add(candidate)
        result.append(candidate)
    return result


def _brief(row: dict[str, Any]) -> dict[str, Any] | None:
    """Revision 1 of the brief, unless there is not a word of it."""
    words = {name: row[f"intake_{name}"] or "" for name in BRIEF} | {"target_niche": row["target_niche"] or ""}
    if not any(word.strip() for word in words.values()):
        return None
    return {"project_id": row["id"], "number": 1, "created_at": row["created_at"], **words}


def _strategy(row: dict[str, Any]) -> dict[str, Any] | None:
    """Revision 1 of the strategy. A decision without a text makes one too; without either there is none."""
    text, reason = row["strategy_text"] or "", row["strategy_rejection_reason"] or None
    word = (row["strategy_status"] or "").strip()
    known = word.upper() if word.upper() in ("APPROVED", "REJECTED") else "DRAFT"
    if not text.strip() and not reason and word.upper() in ("", "DRAFT"):
        return None
    return {
        "project_id": row["id"],
        "number": 1,
        "text": text,
        "status": known,
        "rejection_reason": reason,
        "author": "" if word.upper() in ("", "DRAFT", "APPROVED", "REJECTED") else FORMERLY + word,
        "decided_at": None if known == "DRAFT" else row["updated_at"],
        "created_at": row["created_at"],
    }


def _state(status: str | None, *, tried: bool) -> str:
    """Where the project stands: its strategy says so, and whether anything was sent yet."""
    if status is None:
        return "INTAKE"
    if status == "APPROVED":
        return "EXECUTION" if tried else "CREATIVE"
    return "STRATEGY"


def _refuse_unless_one_campaign_each() -> None:
    query = (
        sa.select(projects.c.id, projects.c.name, sa.func.count(campaigns.c.id))
        .select_from(projects.outerjoin(campaigns, campaigns.c.project_id == projects.c.id))
        .group_by(projects.c.id, projects.c.name)
        .having(sa.func.count(campaigns.c.id) != 1)
        .order_by(projects.c.id)
    )
    wrong = [f"{name!r} (id {number}) has {count or 'none'}" for number, name, count in op.get_bind().execute(query)]
    if wrong:
        raise CommandError(
            "Before this version a campaign was its own project, so each project must have exactly one campaign: "
            + "; ".join(wrong)
            + ". Nothing was changed. Delete these projects or leave each one campaign, then try again."
        )


def _move_to_campaigns() -> None:
    bind = op.get_bind()
    brief = {row["project_id"]: row for row in _newest(intakes, projects.c.intake_id)}
    text = {row["project_id"]: row for row in _newest(strategies, projects.c.strategy_id)}
    rows = bind.execute(
        sa.select(campaigns.c.id, campaigns.c.project_id, campaigns.c.name, campaigns.c.target_niche).order_by(
            campaigns.c.id
        )
    ).all()
    for (number, project, _, niche), name in zip(rows, _distinct(row.name for row in rows), strict=True):
        values: dict[str, Any] = {"name": name, "strategy_status": "DRAFT"}
        if intake := brief.get(project):
            values |= {f"intake_{field}": intake[field] or None for field in BRIEF}
            values["target_niche"] = niche or intake["target_niche"] or None
        if strategy := text.get(project):
            was = strategy["author"].removeprefix(FORMERLY) if strategy["author"].startswith(FORMERLY) else None
            values |= {
                "strategy_text": strategy["text"] or None,
                "strategy_rejection_reason": strategy["rejection_reason"],
                "strategy_status": was if was and strategy["status"] == "DRAFT" else strategy["status"],
            }
        bind.execute(sa.update(campaigns).where(campaigns.c.id == number).values(values))


def _newest(table: sa.TableClause, pointer: sa.ColumnClause[int]) -> Iterable[Any]:
    return op.get_bind().execute(sa.select(table).join(projects, pointer == table.c.id)).mappings()

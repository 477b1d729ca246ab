"""What the tests of migrations and triggers share: rows for any table, and what a database looks like and holds."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from itertools import count
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

#: The chain, oldest first.
LEGACY = "308887b163f4"
CHAIN = (
    "5e3a9d7f2b4c",
    "a812cd322779",
    LEGACY,
    "c41d07be9a35",
    "7b2f6e90c8d1",
    "e93a5c1d7f06",
    "1f8c44d2ab69",
    "95d0b3e7c21a",
    "2ea7f61c0b94",
    "d6183c5f9ae7",
    "4b9e27d0c5f3",
    "c7d31f5a8e62",
    "6e0a94b7d2c5",
    "b81d4f60c39e",
)
#: The tables a person's rows are not in.
MACHINERY = {"alembic_version", "change_log", "mirror_state"}

_MOMENT = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
#: What stands in columns that the database itself checks: by table and column, else by column.
_WORDS = {
    "platform": "email",
    "mode": "live",
    "reason": "operator",
    "gateway": "email",
    "direction": "INBOUND",
    "consent_status": "DNC",
    "strategy_status": "APPROVED",
    "projects.state": "INTAKE",
    "gateway_checks.state": "ok",
    "users.role": "viewer",
    "strategies.status": "DRAFT",
    "content_items.status": "DRAFT",
    "execution_queue.status": "QUEUED",
    "status": "SENT",
}
#: Of these the fixed words, or the one row there may be, allow no second row.
ONE_ROW = {"cam_safety_settings", "gateway_settings", "execution_queue", "probe_turns", "project_accounts"}
_numbers = count(1)


def reflect(engine: Engine) -> sa.MetaData:
    found = sa.MetaData()
    found.reflect(engine)
    return found


def insert(connection: Connection, table: sa.Table, **given: Any) -> int:
    """A row that the database takes, every column filled but those ``given``; references point to the newest rows.

    Answers its id.
    """
    values = {
        column.name: _value(column, connection)
        for column in table.columns
        if not column.primary_key and column.name != "xid"
    }
    made = connection.execute(sa.insert(table).values(values | given))
    assert made.inserted_primary_key is not None
    return int(made.inserted_primary_key[0])


def _value(column: sa.Column[Any], connection: Connection) -> Any:
    number = next(_numbers)
    for key in column.foreign_keys:
        return connection.scalar(sa.select(sa.func.max(key.column)))
    word = _WORDS.get(f"{column.table.name}.{column.name}", _WORDS.get(column.name))
    if word is not None:
        return word
    if isinstance(column.type, sa.Boolean):
        return False
    if isinstance(column.type, sa.JSON):
        return {"number": number}
    if isinstance(column.type, sa.DateTime):
        return _MOMENT.replace(tzinfo=None) if connection.dialect.name == "sqlite" else _MOMENT
    if isinstance(column.type, sa.Integer | sa.Numeric | sa.Float):
        return number
    return f"{column.name} {number}"[: getattr(column.type, "length", None)]


def fill(engine: Engine, *, rows: int = 2) -> None:
    """Put rows into every table that has none."""
    tables = reflect(engine)
    with engine.begin() as connection:
        for table in in_order(tables):
            if table.name in MACHINERY or connection.scalar(sa.select(sa.func.count()).select_from(table)):
                continue
            for _ in range(1 if table.name in ONE_ROW else rows):
                insert(connection, table)
    empty = {name for name, number in counts(engine).items() if not number}
    assert not empty - MACHINERY


def in_order(tables: sa.MetaData) -> list[sa.Table]:
    """Parents first. Projects and their revisions refer to each other; a project can be made without."""
    return sa.schema.sort_tables(tables.tables.values(), skip_fn=lambda key: key.parent.table.name == "projects")


def counts(engine: Engine) -> dict[str, int]:
    with engine.connect() as connection:
        return {
            name: connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0
            for name, table in reflect(engine).tables.items()
            if name != "alembic_version"
        }


def dump(engine: Engine) -> dict[str, Any]:
    """Everything in a database: every table's shape and rows, and the triggers."""
    with engine.connect() as connection:
        rows = {
            name: connection.execute(sa.select(table).order_by(*table.primary_key or table.columns)).all()
            for name, table in reflect(engine).tables.items()
        }
    return {"shape": shape(engine), "rows": rows, "triggers": triggers(engine)}


def triggers(engine: Engine) -> set[str]:
    query = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        if engine.dialect.name == "sqlite"
        else "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
        " UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
    )
    with engine.connect() as connection:
        return set(connection.exec_driver_sql(query).scalars())


def shape(engine: Engine) -> dict[str, Any]:
    """Tables, columns, keys, checks and indexes as the database tells them, in a form that compares."""
    look = sa.inspect(engine)
    return {
        name: {
            "columns": {
                column["name"]: (
                    column["type"].compile(engine.dialect),
                    column["nullable"],
                    _plain(column["default"]),
                )
                for column in look.get_columns(name)
            },
            "primary key": (look.get_pk_constraint(name)["name"], look.get_pk_constraint(name)["constrained_columns"]),
            "foreign keys": sorted(
                (
                    key["name"] or "",
                    tuple(key["constrained_columns"]),
                    key["referred_table"],
                    key["options"].get("ondelete"),
                )
                for key in look.get_foreign_keys(name)
            ),
            "unique": sorted((key["name"], tuple(key["column_names"])) for key in look.get_unique_constraints(name)),
            "checks": sorted((key["name"], _plain(key["sqltext"])) for key in look.get_check_constraints(name)),
            "indexes": sorted(
                (
                    index["name"],
                    tuple(index["column_names"]),
                    bool(index["unique"]),
                    _plain(index.get("dialect_options", {}).get(f"{engine.dialect.name}_where")),
                )
                for index in look.get_indexes(name)
            ),
        }
        for name in look.get_table_names()
    }


def _plain(expression: Any) -> str | None:
    return None if expression is None else re.sub(r"[()\s]", "", str(expression))

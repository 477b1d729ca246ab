"""How the mirror reads the operational database: which tables, in which types, in one snapshot, in chunks.

SQLite is read through the standard library only. A second SQLite library in the process (ADBC, DuckDB's scanner)
would drop the process's file locks when it closes its copy, and two writers would meet in the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from workbench.db import UtcDateTime
from workbench.metrics.frames import typed_columns
from workbench.models import Base
from workbench.triggers import CAPTURED

#: Local sign-ins and people's unsaved texts are nobody else's to query; the rest is bookkeeping.
LEFT_OUT: Final = frozenset({"users", "drafts", "probe_turns", "change_log", "mirror_state"})

#: Rows in one piece, so that a large table is never whole in memory twice.
CHUNK: Final = 50_000


@dataclass(frozen=True)
class Column:
    """One mirrored column: how to select it, how pandas holds it on the way, and what DuckDB makes of that."""

    name: str
    select: str
    dtype: str
    type: str
    store: str


@dataclass(frozen=True)
class Table:
    name: str
    columns: tuple[Column, ...]

    @property
    def captured(self) -> bool:
        """Whether triggers log its changes; the others are few rows, and compared by themselves."""
        return self.name in CAPTURED

    @property
    def select(self) -> str:
        return f'SELECT {", ".join(column.select for column in self.columns)} FROM "{self.name}"'  # noqa: S608

    @property
    def create(self) -> str:
        columns = ", ".join(f'"{column.name}" {column.type}' for column in self.columns)
        return f'CREATE OR REPLACE TABLE "{self.name}" ({columns})'

    def insert(self, chunk: str) -> str:
        """The statement that takes over the rows of the registered frame ``chunk``."""
        return f'INSERT INTO "{self.name}" SELECT {", ".join(column.store for column in self.columns)} FROM {chunk}'  # noqa: S608


def tables(dialect: str) -> list[Table]:
    """Every mirrored table, as ``dialect`` (sqlite or postgresql) is to be asked for it."""
    return [
        Table(table.name, tuple(_column(column, dialect) for column in table.columns))
        for table in sorted(Base.metadata.tables.values(), key=lambda table: table.name)
        if table.name not in LEFT_OUT
    ]


def _column(column: sa.Column[object], dialect: str) -> Column:
    name = f'"{column.name}"'
    kind = column.type
    if isinstance(kind, UtcDateTime):
        if dialect == "sqlite":  # text, and far cheaper to parse for DuckDB than for Python
            return Column(column.name, name, "str", "TIMESTAMPTZ", f"{name}::TIMESTAMP AT TIME ZONE 'UTC'")
        micros = f"(extract(epoch FROM {name}) * 1000000)::bigint"
        return Column(column.name, micros, "Int64", "TIMESTAMPTZ", f"make_timestamp({name}) AT TIME ZONE 'UTC'")
    if isinstance(kind, sa.Boolean):
        select = name if dialect == "sqlite" else f"{name}::int"
        return Column(column.name, select, "Int64", "BOOLEAN", f"{name}::BOOLEAN")
    if isinstance(kind, sa.Integer):
        return Column(column.name, name, "Int64", "BIGINT", name)
    if isinstance(kind, sa.Float):
        return Column(column.name, name, "float64", "DOUBLE", f"nullif({name}, 'nan'::DOUBLE)")
    if isinstance(kind, sa.JSON):
        select = name if dialect == "sqlite" else f"{name}::text"
        return Column(column.name, select, "str", "JSON", f"{name}::JSON")
    if isinstance(kind, sa.String):
        return Column(column.name, name, "str", "VARCHAR", name)
    raise TypeError(f"{column} has the type {kind!r}, which the mirror does not know how to copy.")


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """A connection on which every read sees the database at one moment, and which keeps nobody from writing."""
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with connection.begin():
            yield connection


def chunks(connection: Connection, table: Table) -> Iterator[pd.DataFrame]:
    """All rows of ``table`` as frames of at most :data:`CHUNK` rows."""
    names = [column.name for column in table.columns]
    dtypes = [column.dtype for column in table.columns]
    result = connection.exec_driver_sql(table.select, execution_options={"stream_results": True})
    for rows in result.partitions(CHUNK):
        yield typed_columns(names, dtypes, rows)


def fingerprint(connection: Connection, table: Table) -> str:
    """What differs when a table that is not captured has changed. Its rows are never changed back in place."""
    moving = {"gateway_checks": "at", "worker_heartbeats": "beat_at"}
    rows = sa.table(table.name, sa.column("id"), sa.column(moving[table.name]), sa.column("stopped_at"))
    parts = [sa.func.count(), sa.func.max(rows.c.id), sa.cast(sa.func.max(rows.c[moving[table.name]]), sa.String)]
    if table.name == "worker_heartbeats":
        parts.append(sa.func.count(rows.c.stopped_at))
    return "/".join(map(str, connection.execute(sa.select(*parts).select_from(rows)).one()))

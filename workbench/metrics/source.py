"""How the mirror reads the operational database: which tables, in which types, in one snapshot, in chunks.

SQLite is read through the standard library only. A second SQLite library in the process (ADBC, DuckDB's scanner)
would drop the process's file locks when it closes its copy, and two writers would meet in the file.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import OperationalError

from workbench.db import UtcDateTime
from workbench.metrics.frames import typed_columns
from workbench.models import Base
from workbench.triggers import CAPTURED

#: Local sign-ins and people's unsaved texts are nobody else's to query; the rest is bookkeeping.
LEFT_OUT: Final = frozenset({"users", "drafts", "probe_turns", "change_log", "mirror_state"})

#: Columns of states and kinds: DuckDB counts numbers that stand for words several times faster than words.
WORDS: Final = frozenset(
    {*("status", "state", "mode", "platform", "channel", "direction", "event_type"), *("source", "gateway", "role")}
)

#: What the mirror adds to a table: (column, expression). Words are looked for in one text, in small letters already:
#: to make four of a million leads small at each look would take five times as long as to read this.
DERIVED: Final = {"cam_leads": ("search_text", "lower(concat_ws(chr(10), name, email, company, title))")}

#: How long a snapshot waits for somebody who empties or rebuilds a table.
PATIENCE_SECONDS: Final = 30.0

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

    @property
    def words(self) -> bool:
        """Whether it holds one of a few words, over and over."""
        return self.type == "VARCHAR" and self.name in WORDS


@dataclass(frozen=True)
class Table:
    name: str
    columns: tuple[Column, ...]
    #: A column of the mirror's own, and the expression that makes it; the last one.
    derived: tuple[str, str] | None = None

    @property
    def captured(self) -> bool:
        """Whether triggers log its changes; the others are few rows, and compared by themselves."""
        return self.name in CAPTURED

    @property
    def select(self) -> str:
        return f'SELECT {", ".join(column.select for column in self.columns)} FROM "{self.name}"'  # noqa: S608

    @property
    def create(self) -> str:
        columns = [f'"{column.name}" {column.type}' for column in self.columns]
        if self.derived is not None:
            columns.append(f'"{self.derived[0]}" VARCHAR')
        return f'CREATE OR REPLACE TABLE "{self.name}" ({", ".join(columns)})'

    def insert(self, chunk: str) -> str:
        """The statement that takes over the rows of the registered frame ``chunk``."""
        values = [column.store for column in self.columns]
        if self.derived is not None:
            values.append(self.derived[1])
        return f'INSERT INTO "{self.name}" SELECT {", ".join(values)} FROM {chunk}'  # noqa: S608


def tables(dialect: str) -> list[Table]:
    """Every mirrored table, as ``dialect`` (sqlite or postgresql) is to be asked for it."""
    return [
        Table(table.name, tuple(_column(column, dialect) for column in table.columns), DERIVED.get(table.name))
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
    """A connection on which every read sees the database at one moment, and which keeps nobody from writing.

    It comes after a TRUNCATE or a migration that is under way, and one that begins later waits for it.
    """
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            _hold_tables(connection)
        with connection.get_transaction() or connection.begin():
            yield connection


def _hold_tables(connection: Connection) -> None:
    """Begin a transaction in which no table is emptied or rebuilt.

    Before its first read, which is what the snapshot is taken by: a table that were emptied between the two would look
    empty in a snapshot from before. It never waits for one table while it holds another, so a migration that takes
    them one after the other can't end in a deadlock with it.
    """
    names = ", ".join(f'"{table.name}"' for table in tables("postgresql"))
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            connection.exec_driver_sql(f"LOCK TABLE {names}, change_log IN ACCESS SHARE MODE NOWAIT")
            return
        except OperationalError as error:
            connection.rollback()
            if getattr(error.orig, "sqlstate", None) != "55P03" or time.monotonic() > end:
                raise
            time.sleep(0.05)


def chunks(connection: Connection, table: Table) -> Iterator[pd.DataFrame]:
    """All rows of ``table`` as frames of at most :data:`CHUNK` rows."""
    return _frames(connection, table, table.select, ())


def chosen(connection: Connection, table: Table, ids: Sequence[int]) -> Iterator[pd.DataFrame]:
    """Those rows of ``table`` that have one of ``ids`` and are still there, as frames of at most :data:`CHUNK` rows."""
    sqlite = connection.dialect.name == "sqlite"
    where = "id IN (SELECT value FROM json_each(?))" if sqlite else "id = ANY(%s)"
    for start in range(0, len(ids), CHUNK):
        some = list(ids[start : start + CHUNK])
        yield from _frames(connection, table, f"{table.select} WHERE {where}", (json.dumps(some) if sqlite else some,))


def highest_id(connection: Connection, table: Table) -> int:
    """About how many rows ``table`` has, without counting them."""
    return connection.exec_driver_sql(f'SELECT max(id) FROM "{table.name}"').scalar_one() or 0  # noqa: S608


def _frames(connection: Connection, table: Table, query: str, params: Sequence[Any]) -> Iterator[pd.DataFrame]:
    names = [column.name for column in table.columns]
    dtypes = [column.dtype for column in table.columns]
    driver: Any = connection.connection.driver_connection
    # The driver's own cursor: a row object around each of millions of rows would cost as much as reading them. On
    # PostgreSQL one with a name, or the client would fetch the whole result at once.
    with closing(driver.cursor() if connection.dialect.name == "sqlite" else driver.cursor("mirror")) as cursor:
        cursor.execute(query, params)
        while rows := cursor.fetchmany(CHUNK):
            yield typed_columns(names, dtypes, rows)

"""The mirror: a copy of the operational database in an in-memory DuckDB, for counting over whole tables.

It is loaded in full, from one snapshot, when the source has changed since the last load, and left alone when it has
not. Refreshing by the change log instead of in full will take the place of :meth:`Mirror._load` and nothing else.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import duckdb
import pandas as pd
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError

from workbench.db import explain
from workbench.metrics import adhoc, changes, source
from workbench.metrics.frames import from_result
from workbench.triggers import verify_triggers

#: A query can reach nothing outside: no files, no network, no extensions, no variables of the Python around it.
_CLOSED: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": "false",
    "python_enable_replacements": "false",
}


def open_closed() -> duckdb.DuckDBPyConnection:
    """An empty DuckDB in memory that reaches nothing outside and whose settings cannot be changed any more."""
    connection = duckdb.connect(":memory:", config=_CLOSED)
    connection.execute("SET GLOBAL TimeZone = 'UTC'")
    connection.execute("SET lock_configuration = true")
    return connection


class Mirror:
    """A DuckDB copy of every table but users and drafts. May be used from any number of threads.

    Nothing is opened before the first use; :meth:`close` lets go of everything.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._tables = source.tables(engine.dialect.name)
        self._lock = threading.RLock()
        self._duckdb: duckdb.DuckDBPyConnection | None = None
        #: SQLite only: the connection on which ``data_version`` tells whether another one has written.
        self._watch: Connection | None = None
        self._data_version: int | None = None
        #: What was loaded: the token of the captured tables, the fingerprint of each other one.
        self._loaded: dict[str, str] = {}
        self._token = ""
        self._trusted = False

    def refresh(self) -> bool:
        """Take over what was committed since the last time. Says whether there was anything.

        Raises :class:`DatabaseProblem` when the database cannot be read; the mirror then stays as it was.
        """
        with self._lock:
            try:
                version = self._source_version()
                if version is not None and version == self._data_version:
                    return False
                with source.snapshot(self._engine) as connection:
                    changed = self._follow(connection)
            except DBAPIError as error:
                raise explain(error) from error
            # What was read is at least as new as this number, which was taken before.
            self._data_version = version
            return changed

    def fetch(self, query: str, params: Mapping[str, Any]) -> pd.DataFrame:
        """The whole result of one of our own queries, ``$name`` for parameters, on fresh data."""
        self.refresh()
        cursor = self._cursor()
        try:
            cursor.execute(query, dict(params) or None)
            return from_result(cursor)
        finally:
            cursor.close()

    def sql(
        self,
        query: str,
        *,
        max_rows: int = adhoc.MAX_ROWS,
        timeout: float = adhoc.TIMEOUT_SECONDS,
        **params: Any,
    ) -> pd.DataFrame:
        """Run one read-only query on fresh data; ``$name`` in it takes the value of ``name=``.

        Times are UTC. ``at`` and other words of SQL are column names only in double quotes: ``"at"``.
        Raises :class:`QueryError`, showing where the query is wrong, when it is not a single SELECT, takes longer
        than ``timeout`` seconds or has more than ``max_rows`` rows.
        """
        self.refresh()
        cursor = self._cursor()
        try:
            return adhoc.run(cursor, query, params, max_rows=max_rows, timeout=timeout)
        finally:
            cursor.close()

    def close(self) -> None:
        """Let go of the copy and of the source. The mirror may be used again: it then loads afresh."""
        with self._lock:
            if self._duckdb is not None:
                self._duckdb.close()
            if self._watch is not None:
                self._watch.close()
            self._duckdb = self._watch = self._data_version = None
            self._loaded, self._token = {}, ""

    def _source_version(self) -> int | None:
        if self._engine.dialect.name != "sqlite":
            return None
        if self._watch is None:
            self._watch = self._engine.connect()
        version = self._watch.exec_driver_sql("PRAGMA data_version").scalar_one()
        self._watch.rollback()
        return int(version)

    def _follow(self, connection: Connection) -> bool:
        """Load what differs from what was loaded, as this one snapshot has it."""
        captured = changes.token(connection)
        if captured != self._token:
            self._token, self._trusted = captured, not verify_triggers(connection)
        if not self._trusted:  # a database without its triggers does not say what changed
            self._loaded = {}
        now = {
            table.name: captured if table.captured else source.fingerprint(connection, table) for table in self._tables
        }
        behind = [table for table in self._tables if now[table.name] != self._loaded.get(table.name)]
        if behind:
            self._load(connection, behind)
            self._loaded = now
        return bool(behind)

    def _load(self, connection: Connection, behind: list[source.Table]) -> None:
        cursor = self._cursor()
        try:
            cursor.begin()
            for table in behind:
                cursor.execute(table.create)
                for frame in source.chunks(connection, table):
                    cursor.register("chunk", frame)
                    cursor.execute(table.insert("chunk"))
                    cursor.unregister("chunk")
            cursor.commit()
        finally:
            # Closing rolls back what was not committed.
            cursor.close()

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        """A connection of its own for one caller: DuckDB's are not to be shared between threads."""
        with self._lock:
            if self._duckdb is None:
                self._duckdb = open_closed()
            return self._duckdb.cursor()

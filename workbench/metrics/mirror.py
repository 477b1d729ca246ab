"""The mirror: a copy of the operational database in an in-memory DuckDB, for counting over whole tables.

It follows the database's own log of changes: what was logged since the last time is read again and put in the place
of what was there, in one transaction. Whenever the log may not tell everything, tables are read again in full.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from typing import Any, Final

import duckdb
import pandas as pd
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError

from workbench.db import explain, for_single_reads
from workbench.errors import DatabaseProblem, WorkbenchError
from workbench.metrics import adhoc, changes, source
from workbench.metrics.changes import Position
from workbench.metrics.copy import Change, Copy
from workbench.metrics.frames import from_result
from workbench.metrics.loading import Loading, Progress
from workbench.metrics.source import Table
from workbench.metrics.watch import Watch
from workbench.triggers import verify_triggers

log = logging.getLogger(__name__)

#: With more changed rows than this, a table is read again in full: that is quicker than to look for each.
MOST_CHANGES: Final = 200_000


class Mirror:
    """A DuckDB copy of every table but those of :data:`source.LEFT_OUT`. May be used from any number of threads.

    Nothing is opened before the first use; :meth:`close` lets go of everything. ``progress`` is told how far a load
    of whole tables is.
    """

    def __init__(self, engine: Engine, *, progress: Progress | None = None) -> None:
        self._engine = engine
        self._tables = {table.name: table for table in source.tables(engine.dialect.name)}
        self._progress = progress
        self._lock = threading.RLock()
        self._copy: Copy | None = None
        #: Whether anything has changed, also for those who do not want the numbers.
        self.watch = Watch(engine)
        self._seen: object = None
        #: Where the copy stands; None before anything was read.
        self._position: Position | None = None
        #: Whether all triggers stood at that position.
        self._trusted = False
        #: A load of whole tables that goes on, if any.
        self.loading: Loading | None = None

    @property
    def loaded(self) -> bool:
        """Whether there is a copy, of this moment or an earlier one."""
        return self._position is not None

    def refresh(self) -> bool:
        """Take over what was committed since the last time. Says whether there was anything.

        Raises :class:`DatabaseProblem` when the database cannot be read; the mirror then stays as it was.
        """
        with self._lock:
            try:
                version = self.watch.version()
                if version is not None and version == self._seen:
                    return False
                if self._unchanged():
                    self._seen = version
                    return False
                with source.snapshot(self._engine) as connection:
                    changed = self.follow(connection)
            except DBAPIError as error:
                raise explain(error) from error
            except duckdb.Error as error:
                what = str(error).strip().splitlines()[0]
                raise DatabaseProblem(
                    f"The numbers cannot be brought up to date ({what}). If a program of your own writes to the"
                    " database, look for a value that does not fit its column, and correct it."
                ) from error
            # What was read is at least as new as this number, which was taken before.
            self._seen = version
            return changed

    def follow(self, connection: Connection) -> bool:
        """Become equal to the database as ``connection`` sees it, in the snapshot of its transaction.

        Says whether there was anything to do.
        """
        with self._lock:
            before, now = self._position, changes.position(connection)
            if before is None or (now.history, now.shapes) != (before.history, before.shapes):
                self._trusted = not verify_triggers(connection)
            whole, rows = self._behind(connection, before, now)
            if whole or rows:
                if self._copy is None:
                    self._copy = Copy()
                with self._copy.changing() as change:
                    if whole:
                        self._load(connection, change, whole)
                    for table, ids in rows.items():
                        change.remove(table, ids)
                        for frame in source.chosen(connection, table, ids):
                            change.add(table, frame)
            self._position = now
            return bool(whole or rows)

    def fetch(self, query: str, params: Mapping[str, Any]) -> pd.DataFrame:
        """The whole result of one of our own queries, ``$name`` for parameters, on fresh data."""
        cursor = self._fresh()
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
        cursor = self._fresh()
        try:
            return adhoc.run(cursor, query, params, max_rows=max_rows, timeout=timeout)
        finally:
            cursor.close()

    def load_in_background(self) -> threading.Thread | None:
        """Begin the first load beside the caller, unless there is a copy or a load goes on already."""
        if self.loaded or self.loading is not None:
            return None
        self.loading = Loading(0, 0)
        thread = threading.Thread(target=self._load_quietly, name="mirror", daemon=True)
        thread.start()
        return thread

    def close(self) -> None:
        """Let go of the copy and of the source. The mirror may be used again: it then loads afresh."""
        with self._lock:
            if self._copy is not None:
                self._copy.close()
            self.watch.close()
            self._copy = self._position = self._seen = None

    def _fresh(self) -> duckdb.DuckDBPyConnection:
        with self._lock:
            self.refresh()
            assert self._copy is not None, "a refresh makes one"
            return self._copy.cursor()

    def _load_quietly(self) -> None:
        try:
            self.refresh()
        except WorkbenchError as error:  # whoever asks for numbers next is told
            log.warning("The mirror could not be loaded: %s", error.message)
        finally:
            self.loading = None

    # What differs

    def _unchanged(self) -> bool:
        """Whether the copy is as the database is, by a look outside any snapshot; then it stands where that was."""
        before = self._position
        if before is None or not self._trusted:
            return False
        with for_single_reads(self._engine).connect() as connection:
            now = changes.position(connection)
            if not now.follows(before) or now.shapes != before.shapes or changes.any_logged(connection, before):
                return False
        self._position = now
        return True

    def _behind(
        self, connection: Connection, before: Position | None, now: Position
    ) -> tuple[list[Table], dict[Table, list[int]]]:
        """Which tables are to be read in full, and which rows of the others."""
        if before is None or not now.follows(before) or not self._trusted:
            return list(self._tables.values()), {}
        rows = changes.logged(connection, before)
        whole = {name for name, shape in now.shapes.items() if shape != before.shapes[name]}
        whole |= {name for name, ids in rows.items() if None in ids or len(ids) > MOST_CHANGES}
        return [self._tables[name] for name in sorted(whole)], {
            self._tables[name]: sorted(id_ for id_ in ids if id_ is not None)
            for name, ids in rows.items()
            if name not in whole
        }

    def _load(self, connection: Connection, change: Change, tables: Sequence[Table]) -> None:
        """Read ``tables`` in full."""
        expected = sum(source.highest_id(connection, table) for table in tables)
        rows = 0
        try:
            for table in tables:
                change.empty(table)
                for frame in source.chunks(connection, table):
                    change.add(table, frame)
                    rows += len(frame)
                    self._tell(Loading(rows, expected))
        finally:
            self._tell(None)

    def _tell(self, loading: Loading | None) -> None:
        self.loading = loading
        if self._progress is not None:
            self._progress(loading)

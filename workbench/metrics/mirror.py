"""The mirror: a copy of the operational database in DuckDB, for counting over whole tables.

It follows the database's own log of changes: what was logged since the last time is read again and put in the place
of what was there, in one transaction. Whenever the log may not tell everything, tables are read again in full.

It lives in memory, or in a file that outlasts the process (:mod:`workbench.metrics.store`).
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, TypeVar

import duckdb
import pandas as pd
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError

from workbench.db import explain, for_single_reads
from workbench.errors import DatabaseProblem, WorkbenchError
from workbench.metrics import adhoc, changes, source
from workbench.metrics.changes import Position
from workbench.metrics.copy import Change, Copy, is_damage
from workbench.metrics.frames import to_rows
from workbench.metrics.loading import Loading, Progress
from workbench.metrics.source import Table
from workbench.metrics.store import Keeper, Kept, Store, first_line, resumed
from workbench.metrics.watch import Watch
from workbench.triggers import verify_triggers

log = logging.getLogger(__name__)

T = TypeVar("T")


class Mirror:
    """A DuckDB copy of every table but those of :data:`source.LEFT_OUT`. May be used from any number of threads.

    Nothing is opened before the first use; :meth:`close` lets go of everything. With ``folder`` the copy is kept in a
    file there, so that a later process goes on with it; it is in memory while another process has that file, or when
    it cannot be written. ``progress`` is told how far a load of whole tables is.
    """

    def __init__(self, engine: Engine, *, folder: Path | None = None, progress: Progress | None = None) -> None:
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
        #: Why what there was is not gone on with, in words.
        self._why = ""
        self._store = Store(folder) if folder is not None else None
        self._kept: Kept | None = None
        self._keeper: Keeper | None = None
        self._closing = threading.Event()
        #: Whether a file was opened again because the engine failed; the next time the file goes.
        self._reopened = False

    @property
    def loaded(self) -> bool:
        """Whether there is a copy, of this moment or an earlier one, and none is being loaded in its place."""
        return self._position is not None and self.loading is None

    def refresh(self) -> bool:
        """Take over what was committed since the last time. Says whether there was anything.

        Raises :class:`DatabaseProblem` when the database cannot be read; the mirror then stays as it was.
        """
        with self._lock:
            if self._copy is not None and not self._copy.in_place():
                self._discard(self._copy, "it was deleted or replaced while it was in use")
            try:
                # A file that is found damaged gives way to a new one, and one that cannot be written to memory.
                for _ in range(2):
                    try:
                        return self._refresh()
                    except duckdb.Error as error:
                        if self._copy is None or self._copy.file is None or not is_damage(error):
                            raise
                        self._discard(self._copy, error)
                return self._refresh()
            except DBAPIError as error:
                raise explain(error) from error
            except duckdb.Error as error:
                raise DatabaseProblem(
                    f"The numbers cannot be brought up to date ({first_line(error)}). If a program of your own writes"
                    " to the database, look for a value that does not fit its column, and correct it."
                ) from error

    def _refresh(self) -> bool:
        version = self.watch.version()
        if self._position is not None and version == self._seen:
            return False
        changed = False
        if not self._unchanged():
            with source.snapshot(self._engine) as connection:
                changed = self.follow(connection)
        # What was read is at least as new as this number, which was taken before.
        self._seen = version
        return changed

    def follow(self, connection: Connection) -> bool:
        """Become equal to the database as ``connection`` sees it, in the snapshot of its transaction.

        Says whether there was anything to do.
        """
        with self._lock:
            if self._copy is None:
                self._copy, self._kept = self._open(connection)
                self._position = resumed(self._kept.position) if self._kept is not None else None
                self._trusted = False
            copy, before, now = self._copy, self._position, changes.position(connection)
            if before is None or not self._trusted or (now.history, now.shapes) != (before.history, before.shapes):
                self._trusted = not verify_triggers(connection)
            whole, rows = self._behind(connection, before, now)
            if whole or rows:
                with copy.changing() as change:
                    if whole:
                        self._load(connection, change, whole)
                    for table, ids in rows.items():
                        change.remove(table, ids)
                        for frame in source.chosen(connection, table, ids):
                            change.add(table, frame)
                    if copy.file is not None:
                        kept = self._kept or Kept.first(self._engine.dialect.name, change)
                        kept = replace(kept, position=now, mark=changes.mark(connection, now))
                        change.keep(asdict(kept))
                if copy.file is not None:
                    self._kept = kept
                    if before is None:
                        copy.checkpoint()
            self._position, self._why = now, ""
            return bool(whole or rows)

    def rows(self, query: str, params: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The whole result of one of our own queries, ``$name`` for parameters, on fresh data."""

        def read(cursor: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
            cursor.execute(query, dict(params) or None)
            return to_rows(cursor)

        return self._ask(read)

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
        return self._ask(lambda cursor: adhoc.run(cursor, query, params, max_rows=max_rows, timeout=timeout))

    def tidy(self) -> None:
        """Bring a file up to date on disk. After an erasure, and once a day, it is written again as a new one: what
        is deleted in a file may stand in it for ever. Raises :class:`DatabaseProblem`.
        """
        with self._lock:
            self.refresh()
            copy, kept = self._copy, self._kept
            if copy is None or kept is None:
                return
        try:
            with self._lock:
                copy.checkpoint()
                due = kept.outdated(copy)
            if due:
                copy.write_again()  # beside whoever reads or refreshes
                self._move(copy)
        except duckdb.TransactionException:
            return  # somebody is in the middle of something; the next time will do
        except duckdb.Error as error:
            self._discard(copy, error)

    def load_in_background(self) -> threading.Thread | None:
        """Begin the first load beside the caller, unless there is a copy or a load goes on already."""
        if self.loaded or self.loading is not None:
            return None
        self.loading = Loading(0, 0, self._why)
        thread = threading.Thread(target=self._load_quietly, name="mirror", daemon=True)
        thread.start()
        return thread

    def close(self) -> None:
        """Let go of the copy and of the source. The mirror may be used again: it then loads, or opens its file."""
        self._closing.set()
        if self._keeper is not None:
            self._keeper.stop()
        with self._lock:
            self._closing.clear()
            if self._copy is not None:
                if self._copy.file is not None:
                    with contextlib.suppress(duckdb.Error):  # what is not written now is read again
                        self._copy.checkpoint()
                self._copy.close()
            if self._store is not None:
                self._store.release()
            self.watch.close()
            self._copy = self._position = self._seen = self._kept = self._keeper = None

    def _ask(self, read: Callable[[duckdb.DuckDBPyConnection], T]) -> T:
        """What ``read`` makes of fresh data; once more on another copy when this one turns out to be damaged."""
        for again in (True, False):
            with self._lock:
                self.refresh()
                copy = self._copy
            assert copy is not None, "a refresh makes one"
            try:
                with contextlib.closing(copy.cursor()) as cursor:
                    return read(cursor)
            except duckdb.Error as error:
                if not is_damage(error):
                    raise
                self._discard(copy, error)
                if not again:
                    raise DatabaseProblem(f"The numbers cannot be read ({first_line(error)}). Try again.") from error
        raise AssertionError("not reached")

    # Where the copy is

    def _open(self, connection: Connection) -> tuple[Copy, Kept | None]:
        """A copy to begin with: one that a file holds and that the log leads on from, else an empty one."""
        if self._store is None:
            return Copy(), None
        try:
            copy, kept, why = self._store.resume(connection)
        except (OSError, duckdb.Error) as error:
            self._give_up_files(first_line(error))
            return Copy(), None
        self._why = why
        if self._keeper is None and copy.file is not None:
            self._keeper = Keeper(self)
            self._keeper.start()
        return copy, kept

    def _discard(self, copy: Copy, why: str | duckdb.Error) -> None:
        """Let go of a copy that is not to be believed; the next refresh begins another one."""
        with self._lock:
            if copy is not self._copy:
                return  # somebody has done it
            resumed_before = self._kept is not None and self._kept.resumed
            # Not closed: who reads it may end, and then it goes.
            self._copy = self._position = self._seen = self._kept = None
            self._why = why if isinstance(why, str) else first_line(why)
            log.warning("The copy of the numbers in %s is given up: %s.", copy.file or "memory", self._why)
            if copy.file is None or self._store is None:
                return
            if isinstance(why, (duckdb.FatalException, duckdb.InternalException)) and not self._reopened:
                self._reopened = True  # the engine may be at fault, and not the file
                return
            copy.file.unlink(missing_ok=True)
            if isinstance(why, duckdb.Error) and not resumed_before:
                self._give_up_files(self._why)

    def _give_up_files(self, why: str) -> None:
        assert self._store is not None
        log.warning("The numbers are kept in memory, because no file can be used in %s: %s.", self._store.folder, why)
        self._store.release()
        self._store = None

    def _move(self, copy: Copy) -> None:
        """Go on in the file that ``copy`` has written again."""
        with self._lock:
            if copy is not self._copy or self._store is None:
                return
            renewed, kept = self._store.renewed(copy)
            self._copy, self._kept, self._position, self._seen = renewed, kept, kept.position, None
            self._store.keep(renewed.file)

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
        whole, rows = changes.to_read(before, now, changes.logged(connection, before))
        return [self._tables[name] for name in whole], {self._tables[name]: ids for name, ids in rows.items()}

    def _load(self, connection: Connection, change: Change, tables: Sequence[Table]) -> None:
        """Read ``tables`` in full."""
        expected = sum(source.highest_id(connection, table) for table in tables)
        rows = 0
        try:
            for table in tables:
                change.empty(table)
                for frame in source.chunks(connection, table):
                    if self._closing.is_set():
                        raise DatabaseProblem("The numbers were let go of while they were being loaded.")
                    change.add(table, frame)
                    rows += len(frame)
                    self._tell(Loading(rows, expected, self._why))
        finally:
            self._tell(None)

    def _tell(self, loading: Loading | None) -> None:
        self.loading = loading
        if self._progress is not None:
            self._progress(loading)

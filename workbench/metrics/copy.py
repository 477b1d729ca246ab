"""The DuckDB side of the mirror: tables that take over rows, a whole state at a time, in memory or in a file."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import duckdb
import pandas as pd

from workbench.metrics.source import Column, Table

#: A column with more different words than this holds texts.
MOST_WORDS: Final = 100
#: Deleted rows stay in their place, and are read past, until this many are cleared away together.
CLEAR_AFTER: Final = 100_000

#: What DuckDB may put beside a file, after its name; ours never have one, but it looks for them.
BESIDE: Final = ("", ".wal", ".wal.checkpoint", ".wal.recovery")
#: How much of the disk the queries of a copy in a file may fill, when they need more than its memory.
MOST_SPILLED: Final = "4GB"
#: Where a file says what it holds: not among the tables that people see.
_KEPT: Final = "mirror.kept.state"

#: By table and column: the words that stand in it. A column that is not here is plain VARCHAR.
_Words = dict[tuple[str, str], frozenset[str]]


def is_damage(error: duckdb.Error) -> bool:
    """Whether the copy itself, and not a query, is at fault: a file that cannot be read or written, or an engine that
    will answer nothing any more."""
    corrupt = type(error) is duckdb.Error and str(error).startswith("Corrupt")  # it has no class of its own
    return corrupt or isinstance(
        error,
        (duckdb.IOException, duckdb.FatalException, duckdb.InternalException, duckdb.SerializationException),
    )


def open_closed(file: Path | None = None, spare: Path | None = None) -> duckdb.DuckDBPyConnection:
    """A DuckDB that reaches nothing outside and whose settings cannot be changed any more: no files, no network, no
    extensions, no variables of the Python around it.

    In memory and empty; or ``mirror`` in it stands for ``file``, which is made if it is not there, and another file
    may be written at ``spare``. Raises :class:`duckdb.Error` when the file cannot be used.
    """
    connection = duckdb.connect(":memory:", config={"python_enable_replacements": "false"})
    try:
        if file is not None:
            folder = str(file.parent).replace("'", "''")
            connection.execute(f"SET GLOBAL memory_limit = '{_memory()}B'")
            connection.execute(f"SET GLOBAL temp_directory = '{folder}/spilled'")
            connection.execute(f"SET GLOBAL max_temp_directory_size = '{MOST_SPILLED}'")
            # Whatever was read since the last checkpoint can be read again: no need of a log, and to wait for disks.
            connection.execute(f"ATTACH '{folder}/{file.name}' AS mirror (RECOVERY_MODE no_wal_writes)")
            connection.execute("SET GLOBAL allowed_paths = $paths", {"paths": [f"{spare}{end}" for end in BESIDE]})
            connection.execute("SET GLOBAL allowed_configs = ['schema']")  # so that a cursor can USE mirror
        connection.execute("SET GLOBAL TimeZone = 'UTC'")
        # Counting by campaign, mode and status is then a look into an array, rather than a hash for each row.
        connection.execute("SET GLOBAL perfect_ht_threshold = 20")
        connection.execute("SET GLOBAL enable_external_access = false")
        connection.execute("SET GLOBAL lock_configuration = true")
    except duckdb.Error:
        connection.close()
        raise
    return connection


def _memory() -> int:
    """How many bytes a copy in a file may hold in memory: a quarter of the machine's."""
    return max(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 4, 500_000_000)


class Copy:
    """Tables in memory or a file. One thread at a time may change them; any number may read, each with a
    :meth:`cursor`.

    A file is written at checkpoints alone; before the first one it holds nothing.
    """

    def __init__(self, file: Path | None = None, spare: Path | None = None) -> None:
        self.file = file
        self.spare = spare
        self._duckdb = open_closed(file, spare)
        self._identity = file.stat() if file is not None else None
        self._words: _Words = {}
        self._removed = 0

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A connection of its own for one caller: DuckDB's are not to be shared between threads."""
        cursor = self._duckdb.cursor()
        if self.file is not None:
            cursor.execute("USE mirror")
        return cursor

    @contextlib.contextmanager
    def changing(self) -> Iterator[Change]:
        """What is done within this block is seen by readers all at once at its end, or never, when it raises."""
        change = Change(self.cursor(), dict(self._words))
        try:
            change.cursor.begin()
            yield change
            change.cursor.commit()
        finally:
            # Closing rolls back what was not committed.
            change.cursor.close()
        self._words = change.words
        self._removed += change.removed
        if self.file is None and self._removed >= CLEAR_AFTER:
            # It refuses while others are in the middle of something; then the next change tries again.
            with contextlib.suppress(duckdb.TransactionException):
                self._duckdb.execute("CHECKPOINT")
                self._removed = 0

    def kept(self) -> dict[str, Any] | None:
        """What the last :meth:`Change.keep` was given, of the copy that the file holds; None when it holds none."""
        with contextlib.closing(self.cursor()) as cursor:
            try:
                cursor.execute(f"SELECT kept FROM {_KEPT}")  # noqa: S608
            except duckdb.CatalogException:
                return None
            ((text,),) = cursor.fetchall()
        kept: dict[str, Any] = json.loads(text)
        self._words = {(table, column): frozenset(words) for table, column, words in kept.pop("words")}
        return kept

    def in_place(self) -> bool:
        """Whether the file is still the one we opened; always, in memory."""
        if self.file is None or self._identity is None:
            return True
        try:
            return os.path.samestat(self.file.stat(), self._identity)
        except OSError:
            return False

    def checkpoint(self) -> None:
        """Write what changed into the file, all of it or nothing. Raises :class:`duckdb.Error`."""
        self._duckdb.execute("CHECKPOINT mirror")

    def write_again(self) -> None:
        """Write all that is there now, and nothing that was there before, into the file :attr:`spare`."""
        spare = str(self.spare).replace("'", "''")
        with contextlib.closing(self.cursor()) as cursor:
            cursor.execute(f"ATTACH '{spare}' AS spare (RECOVERY_MODE no_wal_writes)")
            try:
                cursor.execute("COPY FROM DATABASE mirror TO spare")
                cursor.execute("CHECKPOINT spare")
            finally:
                cursor.execute("DETACH spare")

    def close(self) -> None:
        self._duckdb.close()


class Change:
    """One transaction on the tables of a :class:`Copy`."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection, words: _Words) -> None:
        self.cursor = cursor
        self.words = words
        self.removed = 0

    def empty(self, table: Table) -> None:
        """Make ``table`` anew, without rows."""
        self.cursor.execute(table.create)
        self.words |= {(table.name, column.name): frozenset() for column in table.columns if column.words}

    def remove(self, table: Table, ids: Sequence[int]) -> None:
        """Take out the rows with these ids, whether or not they are there."""
        gone = pd.DataFrame({"id": pd.Series(ids, dtype="int64")})
        self.cursor.register("gone", gone)
        self.cursor.execute(f'DELETE FROM "{table.name}" WHERE id IN (SELECT id FROM gone)')  # noqa: S608
        self.removed += self.cursor.fetchall()[0][0]
        self.cursor.unregister("gone")

    def add(self, table: Table, rows: pd.DataFrame) -> None:
        """Take over the rows of a frame that :mod:`workbench.metrics.source` made."""
        for column in table.columns:
            if (table.name, column.name) in self.words:
                self._learn(table, column, rows[column.name])
        self.cursor.register("chunk", rows)
        self.cursor.execute(table.insert("chunk"))
        self.cursor.unregister("chunk")

    def keep(self, kept: Mapping[str, Any]) -> None:
        """Put into the file, with everything else of this transaction, what :meth:`Copy.kept` will answer."""
        words = [[table, column, sorted(words)] for (table, column), words in self.words.items()]
        self.cursor.execute("CREATE SCHEMA IF NOT EXISTS mirror.kept")
        text = json.dumps({**kept, "words": words})
        self.cursor.execute(f"CREATE OR REPLACE TABLE {_KEPT} AS SELECT $text AS kept", {"text": text})

    def _learn(self, table: Table, column: Column, values: pd.Series[str]) -> None:
        """Make room for words that are new: any word may come, from a writer nobody knows."""
        key = (table.name, column.name)
        known = self.words[key]
        words = known.union(values.dropna().unique())
        if words == known:
            return
        if len(words) <= MOST_WORDS and all(word.isprintable() for word in words):
            # In the order of text, so that ORDER BY, min and max are as they are for text.
            listed = ", ".join("'{}'".format(word.replace("'", "''")) for word in sorted(words))
            type_, self.words[key] = f"ENUM({listed})", words
        else:
            type_ = column.type
            del self.words[key]
        self.cursor.execute(f'ALTER TABLE "{table.name}" ALTER "{column.name}" TYPE {type_}')

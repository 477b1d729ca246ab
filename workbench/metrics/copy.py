"""The DuckDB side of the mirror: tables that take over rows, a whole state at a time."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Final

import duckdb
import pandas as pd

from workbench.metrics.source import Column, Table

#: A query can reach nothing outside: no files, no network, no extensions, no variables of the Python around it.
_CLOSED: Final[dict[str, str | bool | int | float | list[str]]] = {
    "enable_external_access": "false",
    "python_enable_replacements": "false",
}
#: A column with more different words than this holds texts.
MOST_WORDS: Final = 100
#: Deleted rows stay in their place, and are read past, until this many are cleared away together.
CLEAR_AFTER: Final = 100_000

#: By table and column: the words that stand in it. A column that is not here is plain VARCHAR.
_Words = dict[tuple[str, str], frozenset[str]]


def open_closed() -> duckdb.DuckDBPyConnection:
    """An empty DuckDB in memory that reaches nothing outside and whose settings cannot be changed any more."""
    connection = duckdb.connect(":memory:", config=_CLOSED)
    connection.execute("SET GLOBAL TimeZone = 'UTC'")
    connection.execute("SET lock_configuration = true")
    return connection


class Copy:
    """Tables in memory. One thread at a time may change them; any number may read, each with a :meth:`cursor`."""

    def __init__(self) -> None:
        self._duckdb = open_closed()
        self._words: _Words = {}
        self._removed = 0

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A connection of its own for one caller: DuckDB's are not to be shared between threads."""
        return self._duckdb.cursor()

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
        if self._removed >= CLEAR_AFTER:
            # It refuses while others are in the middle of something; then the next change tries again.
            with contextlib.suppress(duckdb.TransactionException):
                self._duckdb.execute("CHECKPOINT")
                self._removed = 0

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

"""What a database driver says, in words a person can act on."""

from __future__ import annotations

import sqlite3
from typing import Final

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from workbench.errors import DatabaseBusy, DatabaseFull, DatabaseProblem, DatabaseReadOnly, InputError, WorkbenchError


def explain(error: DBAPIError) -> WorkbenchError:
    """A database driver's error as one of ours, naming what to do."""
    cause = error.orig or error
    text = str(cause).strip().splitlines()[0]
    # Extended SQLite codes carry the plain one in their low byte; PostgreSQL has five signs, none when not connected.
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF or getattr(cause, "sqlstate", None)
    if code in _KINDS:
        return _KINDS[code]()
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return DatabaseProblem(f"The file is damaged, or no SQLite database ({text}). Restore a backup of it.")
    if code == sqlite3.SQLITE_CANTOPEN:
        return DatabaseProblem(
            "The database file cannot be opened. Check that its folder exists and that you may write in it."
        )
    if code == "42P01" or "no such table" in text:
        return DatabaseProblem("The database has not been set up for this version. Run: workbench migrate")
    if isinstance(error, sa.exc.DataError) or code == sqlite3.SQLITE_TOOBIG:
        return InputError(f"A value does not fit the database: {text}")
    if "connection" in text and code is None:
        return DatabaseProblem(
            f"The database cannot be reached ({text}). Check that its server runs, and the address, user and password"
            " in WORKBENCH_DATABASE_URL."
        )
    return DatabaseProblem(f"The database refused: {text}")


_KINDS: Final[dict[int | str | None, type[DatabaseProblem]]] = {
    sqlite3.SQLITE_BUSY: DatabaseBusy,
    sqlite3.SQLITE_LOCKED: DatabaseBusy,
    "55P03": DatabaseBusy,  # the lock was not given within lock_timeout
    "40P01": DatabaseBusy,  # a deadlock, which ended this transaction
    sqlite3.SQLITE_READONLY: DatabaseReadOnly,
    "25006": DatabaseReadOnly,
    sqlite3.SQLITE_FULL: DatabaseFull,
    "53100": DatabaseFull,
}

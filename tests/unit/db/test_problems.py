"""Every failure of a database is told with what to do about it."""

from __future__ import annotations

import sqlite3
from types import SimpleNamespace

import psycopg
import pytest
import sqlalchemy as sa

from workbench.db import explain
from workbench.errors import (
    DatabaseBusy,
    DatabaseFull,
    DatabaseProblem,
    DatabaseReadOnly,
    InputError,
    WorkbenchError,
)


def sqlite_error(code: int, text: str) -> sa.exc.DBAPIError:
    cause = sqlite3.OperationalError(text)
    cause.sqlite_errorcode = code
    return sa.exc.OperationalError("SELECT 1", {}, cause)


@pytest.mark.parametrize(
    ("error", "kind", "says"),
    [
        (sqlite_error(sqlite3.SQLITE_BUSY, "database is locked"), DatabaseBusy, "try again"),
        (sqlite_error(sqlite3.SQLITE_BUSY_SNAPSHOT, "database is locked"), DatabaseBusy, "try again"),
        (sqlite_error(sqlite3.SQLITE_LOCKED, "database table is locked"), DatabaseBusy, "try again"),
        (
            sqlite_error(sqlite3.SQLITE_READONLY, "readonly database"),
            DatabaseReadOnly,
            "permissions",
        ),
        (sqlite_error(sqlite3.SQLITE_READONLY_DBMOVED, "readonly"), DatabaseReadOnly, "permissions"),
        (sqlite_error(sqlite3.SQLITE_FULL, "database or disk is full"), DatabaseFull, "make room"),
        (sqlite_error(sqlite3.SQLITE_CANTOPEN, "unable to open database file"), DatabaseProblem, "folder exists"),
        (sqlite_error(sqlite3.SQLITE_CORRUPT, "malformed"), DatabaseProblem, "Restore a backup"),
        (sqlite_error(sqlite3.SQLITE_NOTADB, "file is not a database"), DatabaseProblem, "Restore a backup"),
        (sqlite_error(sqlite3.SQLITE_ERROR, "no such table: users"), DatabaseProblem, "Run: workbench migrate"),
        (sqlite_error(sqlite3.SQLITE_TOOBIG, "string or blob too big"), InputError, "does not fit"),
        (sqlite_error(sqlite3.SQLITE_CONSTRAINT, "NOT NULL failed: a.b"), DatabaseProblem, "refused: NOT NULL failed"),
        (sa.exc.OperationalError("", {}, psycopg.errors.LockNotAvailable("lock timeout")), DatabaseBusy, "try again"),
        (sa.exc.OperationalError("", {}, psycopg.errors.DeadlockDetected("deadlock")), DatabaseBusy, "try again"),
        (
            sa.exc.InternalError("", {}, psycopg.errors.ReadOnlySqlTransaction("read-only transaction")),
            DatabaseReadOnly,
            "permissions",
        ),
        (sa.exc.OperationalError("", {}, psycopg.errors.DiskFull("could not extend file")), DatabaseFull, "make room"),
        (
            sa.exc.ProgrammingError("", {}, psycopg.errors.UndefinedTable('relation "x" does not exist')),
            DatabaseProblem,
            "Run: workbench migrate",
        ),
        (sa.exc.DataError("", {}, psycopg.DataError("cannot contain NUL (0x00) bytes")), InputError, "does not fit"),
        (
            sa.exc.OperationalError("", {}, psycopg.OperationalError('connection failed: database "x" does not exist')),
            DatabaseProblem,
            "WORKBENCH_DATABASE_URL",
        ),
    ],
)
def test_each_failure_of_a_database_is_told_with_what_to_do(
    error: sa.exc.DBAPIError, kind: type[WorkbenchError], says: str
) -> None:
    told = explain(error)
    assert type(told) is kind
    assert says in told.message
    assert "\n" not in told.message


def test_an_error_without_a_driver_behind_it_is_still_told() -> None:
    bare = SimpleNamespace(orig=None, __str__=lambda _: "x")
    assert explain(bare).message.startswith("The database refused")  # type: ignore[arg-type]

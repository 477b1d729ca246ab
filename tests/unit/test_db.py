"""Engines and errors, without a database behind them."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from workbench.db import UtcDateTime, explain, make_engine, sqlite_path
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


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:////data/workbench.db", Path("/data/workbench.db")),
        ("sqlite:///var/workbench.db", Path("var/workbench.db")),
        ("sqlite:///file:/data/workbench.db?mode=ro&uri=true", Path("/data/workbench.db")),
        ("sqlite://", None),
        ("sqlite:///:memory:", None),
        ("sqlite:///file::memory:?cache=shared&uri=true", None),
        ("sqlite:///file:shared?mode=memory&cache=shared&uri=true", None),
        ("postgresql+psycopg://ada@db.example/workbench", None),
    ],
)
def test_the_file_behind_an_engine(url: str, path: Path | None) -> None:
    assert sqlite_path(sa.create_engine(url, poolclass=sa.NullPool)) == path


@pytest.mark.parametrize(
    ("url", "driver"),
    [
        ("postgresql://ada@db.example/x", "postgresql+psycopg"),
        ("postgres://ada@db.example/x", "postgresql+psycopg"),
        ("postgresql+psycopg://ada@db.example/x", "postgresql+psycopg"),
        ("sqlite:///x.db", "sqlite"),
    ],
)
def test_the_driver_follows_from_the_url(url: str, driver: str) -> None:
    assert make_engine(url).url.drivername == driver


@pytest.mark.parametrize(
    "url", ["", "workbench.db", "mysql://ada@db.example/x", "postgresql+asyncpg://ada@db.example/x"]
)
def test_a_url_of_anything_else_is_refused_with_what_would_do(url: str) -> None:
    with pytest.raises(DatabaseProblem, match=r"SQLite|sqlite:///"):
        make_engine(url)


def test_a_moment_is_kept_in_utc() -> None:
    column = UtcDateTime()
    berlin = datetime(2026, 7, 1, 12, 0, tzinfo=timezone(timedelta(hours=2)))
    noon = datetime(2026, 7, 1, 10, 0, tzinfo=UTC)
    assert column.process_bind_param(berlin, sqlite.dialect()) == noon.replace(tzinfo=None)
    assert column.process_bind_param(berlin, postgresql.dialect()) == noon
    assert column.process_result_value(noon.replace(tzinfo=None), sqlite.dialect()) == noon
    assert column.process_result_value(berlin, postgresql.dialect()).tzinfo is UTC  # type: ignore[union-attr]
    assert column.process_bind_param(None, sqlite.dialect()) is None
    assert column.process_result_value(None, sqlite.dialect()) is None


def test_a_moment_without_a_time_zone_is_refused() -> None:
    with pytest.raises(InputError, match="no time zone"):
        UtcDateTime().process_bind_param(datetime(2026, 7, 1), sqlite.dialect())


def test_an_error_without_a_driver_behind_it_is_still_told() -> None:
    bare = SimpleNamespace(orig=None, __str__=lambda _: "x")
    assert explain(bare).message.startswith("The database refused")  # type: ignore[arg-type]

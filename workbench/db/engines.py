"""Engines and sessions, with the settings that each connection gets.

SQLite runs in WAL with ``synchronous=FULL`` and foreign keys on; a writer begins with ``BEGIN IMMEDIATE`` so that it
never fails half-way for want of the lock. PostgreSQL runs in READ COMMITTED.
"""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.orm import Session, sessionmaker

from workbench.errors import DatabaseProblem

#: How long a SQLite writer waits for another one, in milliseconds.
BUSY_TIMEOUT_MS: Final = 10_000

#: What a SQLite connection may hold of the file, in KB, and after how many pages of 4 KB the log is written back into
#: it. With the 2 MB and 1,000 pages that SQLite comes with, an import into a large table reads and writes the pages of
#: its indexes over and over: 100,000 rows took twice as long.
CACHE_KB: Final = 16_000
CHECKPOINT_PAGES: Final = 4_000

# A transaction's number (``change_log.xid``). SQLAlchemy does not know the type, and warns when it reads the tables.
ischema_names.setdefault("xid8", sa.BigInteger)


def make_engine(url: str, *, read_only: bool = False, busy_timeout_ms: int = BUSY_TIMEOUT_MS) -> Engine:
    """An engine for ``url`` with the workbench's connection settings. Opens nothing yet.

    What is said of a statement that failed, which may end in a log, leaves its values out: they are people's data.
    ``busy_timeout_ms`` is how long it waits for another writer, on SQLite.
    Raises :class:`DatabaseProblem` when the URL is not one of SQLite or PostgreSQL (psycopg).
    """
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError as error:
        raise DatabaseProblem(
            "The database URL cannot be read. Examples: sqlite:///var/workbench.db, postgresql+psycopg://user@host/name"
        ) from error
    if parsed.drivername in ("postgresql", "postgres"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() == "sqlite":
        return _sqlite_engine(parsed, read_only, busy_timeout_ms)
    if parsed.drivername == "postgresql+psycopg":
        return sa.create_engine(parsed, pool_pre_ping=True, pool_size=10, max_overflow=20, hide_parameters=True)
    raise DatabaseProblem(f"{parsed.drivername} is not supported. Use SQLite or PostgreSQL with psycopg.")


def _sqlite_engine(url: sa.URL, read_only: bool, busy_timeout_ms: int) -> Engine:
    engine = sa.create_engine(
        url,
        connect_args={"timeout": busy_timeout_ms / 1000, "check_same_thread": False},
        hide_parameters=True,
    )

    @event.listens_for(engine, "checkout")
    def _on_checkout(_dbapi_connection: Any, record: Any, _fairy: Any) -> None:
        # A backup may have been put in the file's place: what is open would go on in the file that is gone.
        if record.info["file"] != file_identity(engine):
            raise sa.exc.DisconnectionError("The database file was replaced.")

    @event.listens_for(engine, "connect")
    def _on_connect(dbapi_connection: Any, record: Any) -> None:
        record.info["file"] = file_identity(engine)
        # The driver must not open transactions by itself: the "begin" event below decides how they start.
        dbapi_connection.isolation_level = None
        cursor = dbapi_connection.cursor()
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute(f"PRAGMA cache_size=-{CACHE_KB}")
        cursor.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
        if read_only:
            cursor.execute("PRAGMA query_only=ON")
        elif cursor.execute("PRAGMA journal_mode").fetchone()[0] != "wal" and _writable(cursor):
            cursor.execute("PRAGMA journal_mode=WAL")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        mode = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
        connection.exec_driver_sql(f"BEGIN {mode}")

    return engine


def _writable(cursor: Any) -> bool:
    try:
        cursor.execute("PRAGMA user_version = " + str(cursor.execute("PRAGMA user_version").fetchone()[0]))
    except sqlite3.OperationalError:
        return False
    return True


def sqlite_path(engine: Engine) -> Path | None:
    """The file behind ``engine``, or None for PostgreSQL and in-memory databases."""
    url = engine.url
    name = (url.database or "").removeprefix("file:") if engine.dialect.name == "sqlite" else ""
    if name in ("", ":memory:") or url.query.get("mode") == "memory":
        return None
    return Path(name)


def file_identity(engine: Engine) -> tuple[int, int] | None:
    """Device and inode of the SQLite file, which differ once another file stands in its place; None without one."""
    path = sqlite_path(engine)
    try:
        found = path.stat() if path is not None else None
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if found is not None else None


def make_sessions(engine: Engine) -> sessionmaker[Session]:
    """A factory of sessions on ``engine``."""
    return sessionmaker(engine, expire_on_commit=False)


def limit_idle_transactions(engine: Engine, limit: timedelta) -> None:
    """PostgreSQL: end a session of ``engine`` that says nothing for ``limit`` in the middle of a transaction.

    A process that is frozen, or whose host is gone, would keep its locks for hours. SQLite frees a file when the
    process ends, and cannot before.
    """
    if engine.dialect.name == "sqlite":
        return
    setting = f"SET idle_in_transaction_session_timeout = {int(limit.total_seconds() * 1000)}"

    @event.listens_for(engine, "checkout")
    def _limit(connection: Any, record: Any, _proxy: Any) -> None:
        if record.info.get("idle_limit") != setting:
            connection.execute(setting)
            connection.commit()
            record.info["idle_limit"] = setting


def for_single_reads(engine: Engine) -> Engine:
    """``engine`` for reads that are one statement each: PostgreSQL then answers without BEGIN and COMMIT around it."""
    return engine if engine.dialect.name == "sqlite" else engine.execution_options(isolation_level="AUTOCOMMIT")

"""Engines and sessions, and every difference between SQLite and PostgreSQL that is not a trigger.

SQLite runs in WAL with ``synchronous=FULL`` and foreign keys on; a writer begins with ``BEGIN IMMEDIATE`` so that it
never fails half-way for want of the lock. PostgreSQL runs in READ COMMITTED.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import psycopg
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.engine import Connection, Dialect, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.types import TypeDecorator

from workbench.clock import as_utc, now
from workbench.errors import (
    DatabaseBusy,
    DatabaseFull,
    DatabaseProblem,
    DatabaseReadOnly,
    InputError,
    WorkbenchError,
)

#: How long a SQLite writer waits for another one, in milliseconds.
BUSY_TIMEOUT_MS = 10_000


# A transaction's number (``change_log.xid``). SQLAlchemy does not know the type, and warns when it reads the tables.
ischema_names.setdefault("xid8", sa.BigInteger)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, kept in UTC. SQLite stores ``YYYY-MM-DD HH:MM:SS.ffffff``, which sorts as text."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment = as_utc(value)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


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


def begin_write(session: Session) -> None:
    """Start a writing transaction: on SQLite take the write lock now, so that it can't be refused half-way."""
    if session.get_bind().dialect.name != "sqlite":
        return
    if not session.in_transaction():
        session.connection(execution_options={"sqlite_begin": "IMMEDIATE"})
    # A session on an engine that isn't ours (or one that only read so far) has not taken the lock yet.
    connection = session.connection()
    raw = connection.connection.dbapi_connection
    if raw is not None and not raw.in_transaction:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


#: Advisory lock between those who begin a send (shared) and those who pause or change the mode (exclusive).
PAUSE_LOCK = 5_701_2026


def lock(session: Session, key: int, *, shared: bool = False) -> None:
    """Hold the lock ``key`` until the transaction ends. What it guards must be read in a *later* statement.

    PostgreSQL: an advisory lock, which nobody who only reads rows can starve. On SQLite the single writer is the lock.
    """
    if session.get_bind().dialect.name == "sqlite":
        begin_write(session)
    else:
        session.connection().execute(_LOCK_SHARED if shared else _LOCK, {"key": key})


def database_now(session: Session) -> datetime:
    """The present moment by the clock that all workers share: PostgreSQL's own, or on SQLite the one host's."""
    if session.get_bind().dialect.name == "sqlite":
        return now()
    moment: datetime | None = session.connection().scalar(_CLOCK)
    assert moment is not None
    return moment


# Made once: making a statement costs more than running it.
_CLOCK: Final = sa.select(sa.func.clock_timestamp(type_=UtcDateTime()))
_LOCK: Final = sa.text("SELECT pg_advisory_xact_lock(:key)")
_LOCK_SHARED: Final = sa.text("SELECT pg_advisory_xact_lock_shared(:key)")


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


def data_version(connection: Connection) -> object:
    """What stays equal until anybody else has committed a change. Says so for a small part of what a query costs.

    ``connection`` must be outside any transaction. On PostgreSQL it is the snapshot that a statement would read by: a
    change becomes visible by nothing else than a different one. Raises :class:`DatabaseProblem`.
    """
    raw: Any = connection.connection.driver_connection
    try:
        version: object = raw.execute(_VERSION[connection.dialect.name]).fetchone()[0]
    except (sqlite3.Error, psycopg.Error) as error:
        raise DatabaseProblem(f"The database cannot be looked at ({type(error).__name__}).") from error
    return version


_VERSION: Final = {"sqlite": "PRAGMA data_version", "postgresql": "SELECT pg_current_snapshot()::text"}


def insert_many(session: Session, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert ``rows``, all with the same keys; a column that is left out must have a default of the database's own.

    PostgreSQL gets them as one JSON document in one statement: the driver's executemany would be a statement a row,
    and fire each statement trigger as often.
    """
    if not rows:
        return
    if session.get_bind().dialect.name == "sqlite":
        session.execute(sa.insert(table), rows)
        return
    columns = [table.c[name] for name in rows[0]]
    given = sa.func.json_to_recordset(sa.bindparam("given", type_=sa.JSON))
    source = given.table_valued(*(sa.column(one.name, one.type) for one in columns)).render_derived(with_types=True)
    statement = sa.insert(table).from_select([one.name for one in columns], sa.select(*source.c))
    plain = [
        {name: as_utc(value).isoformat() if isinstance(value, datetime) else value for name, value in row.items()}
        for row in rows
    ]
    session.execute(statement, {"given": plain})


def insert_fast(
    session: Session,
    table: sa.Table,
    names: Sequence[str],
    rows: Sequence[Sequence[Any]],
    always: Mapping[str, Any],
) -> None:
    """Insert ``rows`` (the values of the columns ``names``), each with the values ``always`` as well.

    For very many rows: SQLAlchemy's care for each parameter would take longer than the database. PostgreSQL gets them
    by COPY. A column that is left out must have a default of the database's own.
    """
    connection = session.connection()
    columns = [table.c[name] for name in (*names, *always)]
    binds = [column.type.dialect_impl(connection.dialect).bind_processor(connection.dialect) for column in columns]
    shared = [bind(value) if bind else value for bind, value in zip(binds[len(names) :], always.values(), strict=True)]
    converted = [(place, bind) for place, bind in enumerate(binds[: len(names)]) if bind is not None]
    values = []
    for given in rows:
        value = [*given, *shared]
        for place, bind in converted:
            if value[place] is not None:
                value[place] = bind(value[place])
        values.append(tuple(value))
    named = ", ".join(f'"{column.name}"' for column in columns)
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" * len(columns))
        connection.exec_driver_sql(f'INSERT INTO "{table.name}" ({named}) VALUES ({marks})', values)  # noqa: S608
        return
    raw: Any = connection.connection.driver_connection
    statement = f'COPY "{table.name}" ({named}) FROM STDIN'
    try:
        with raw.cursor() as cursor, cursor.copy(statement) as copy:
            for row in values:
                copy.write_row(row)
    except psycopg.Error as error:
        raise explain(DBAPIError(statement, None, error)) from error


@contextmanager
def transaction(session: Session, *, write: bool) -> Iterator[None]:
    """Run a block as one whole transaction of ``session``: commit when it ends, roll back when it raises.

    Database failures come out as :class:`DatabaseProblem` in words a person can act on.
    """
    try:
        if write:
            begin_write(session)
        yield
        session.commit()
    except DBAPIError as error:
        session.rollback()
        raise explain(error) from error
    except BaseException:
        session.rollback()
        raise


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

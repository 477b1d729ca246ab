"""Transactions: how they begin and end, what they lock, and what time it is in them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

import psycopg
import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from workbench.clock import now
from workbench.db.problems import explain
from workbench.db.times import UtcDateTime
from workbench.errors import DatabaseProblem


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


def present(dialect: str) -> sa.ColumnElement[datetime]:
    """:func:`database_now` as a column of a statement that asks for more; on SQLite ``moment`` is to be filled in."""
    if dialect == "sqlite":
        return sa.bindparam("moment", type_=UtcDateTime())
    return sa.func.clock_timestamp(type_=UtcDateTime())


# Made once: making a statement costs more than running it.
_CLOCK: Final = sa.select(sa.func.clock_timestamp(type_=UtcDateTime()))
_LOCK: Final = sa.text("SELECT pg_advisory_xact_lock(:key)")
_LOCK_SHARED: Final = sa.text("SELECT pg_advisory_xact_lock_shared(:key)")


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

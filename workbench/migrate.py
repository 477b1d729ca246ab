"""Bringing a database to this version of the workbench, and saying clearly why one cannot be used.

The migrations stand beside the package, in ``migrations/`` of the checkout; ``migrations/env.py`` runs them through
:func:`connection_for`, whether it was alembic's command line that asked or :func:`upgrade`.
"""

from __future__ import annotations

import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError

from workbench import clock
from workbench.db import explain, sqlite_path
from workbench.errors import DatabaseNotAtHead, DatabaseProblem
from workbench.triggers import install_triggers, remove_triggers, verify_triggers

#: What exists on PostgreSQL alone and is no part of the models: the column and index of ``change_log``.
POSTGRESQL_ONLY: Final = frozenset({"xid", "ix_change_log_xid"})
#: How many backups of a database are kept beside each other.
BACKUPS_KEPT: Final = 10
#: How long a migration of PostgreSQL waits for a lock before it gives up, having changed nothing.
LOCK_TIMEOUT: Final = "60s"
#: The advisory lock that lets one process migrate at a time. Any number that nobody else uses.
_MIGRATING: Final = 0x776F726B62656E63
#: Alembic keeps what it works on in globals; other processes are kept out by the database itself.
_ONE_AT_A_TIME: Final = threading.Lock()


def head() -> str:
    """The newest revision this workbench knows. Raises :class:`DatabaseProblem` when the migrations are missing."""
    newest = _script().get_current_head()
    assert newest is not None
    return newest


def current(engine: Engine) -> str | None:
    """The revision of the database; None when it has none (it may be empty). Changes nothing."""
    with _reading(engine) as connection:
        return _revision(connection)


def check_head(engine: Engine) -> None:
    """Return if this workbench can work with the database as it is; changes nothing.

    Raises :class:`DatabaseNotAtHead` when it is older or newer, or when triggers are missing, and another
    :class:`DatabaseProblem` when it cannot be read or is no database of the workbench.
    """
    path = sqlite_path(engine)
    if path is not None and not path.exists():
        raise DatabaseNotAtHead(f"There is no database at {path} yet. Run: workbench migrate", revision=None)
    with _reading(engine) as connection:
        revision = _revision(connection)
        _refuse_if_not_ours(connection, revision)
        if revision != head():
            state = f"at revision {revision}, older than this workbench needs" if revision else "still empty"
            raise DatabaseNotAtHead(f"The database is {state} ({head()}). Run: workbench migrate", revision=revision)
        missing = verify_triggers(connection)
        if missing:
            raise DatabaseNotAtHead(
                f"{len(missing)} of the database's triggers are missing or changed ({', '.join(missing[:3])}…)."
                " Run: workbench migrate",
                revision=revision,
            )


def upgrade(engine: Engine, *, backup_to: Path | None = None) -> Path | None:
    """Bring the database to :func:`head`; one that is there already is left alone. The backup made, or None.

    The whole way is one transaction: after an error the database is as it was. Processes that do this at the same
    time wait for each other. An SQLite file that holds tables is first copied into the folder ``backup_to``.

    Raises :class:`DatabaseNotAtHead` for a database from a newer version and :class:`DatabaseProblem` (or one of
    its kinds) for one that is no workbench's, read-only, locked or full, naming what to do.
    """
    path = sqlite_path(engine)
    if path is None or path.exists():
        with _reading(engine) as connection:
            revision = _revision(connection)
            _refuse_if_not_ours(connection, revision)
            if revision == head() and not verify_triggers(connection):
                return None
    kept = copy_first(engine, backup_to) if backup_to else None
    _run(engine, command.upgrade, "head")
    return kept


def downgrade(engine: Engine, revision: str) -> None:
    """Take the database back to ``revision`` (``base``: to nothing); what later revisions added is lost.

    Raises :class:`DatabaseProblem` when a migration refuses, saying why; the database is then as it was.
    """
    _run(engine, command.downgrade, revision)


def copy_first(engine: Engine, folder: Path) -> Path | None:
    """A :func:`backup`, if there is anything in it that a migration could spoil and it is an SQLite file."""
    path = sqlite_path(engine)
    if path is None or not path.exists() or current(engine) is None:
        return None
    return backup(engine, folder)


def backup(engine: Engine, folder: Path, *, keep: int = BACKUPS_KEPT) -> Path:
    """Copy the SQLite database into ``folder`` while others may use it, check the copy, and return its path.

    It is called ``NAME-YYYYMMDDTHHMMSSZ-REVISION.db`` and is readable by its owner only: it holds people's data.
    The newest ``keep`` copies stay. Raises :class:`DatabaseProblem` when it cannot be made, and for PostgreSQL.
    """
    source = sqlite_path(engine)
    if source is None:
        raise DatabaseProblem("Only an SQLite file is backed up here. For PostgreSQL use pg_dump.")
    revision = current(engine) or "empty"
    stamp = f"{clock.now():%Y%m%dT%H%M%SZ}"
    target = folder / f"{source.stem}-{stamp}-{revision}.db"
    # Under a name of its own until it is whole: nothing half-written is ever taken for a backup.
    partial = folder / f"{target.stem}-{secrets.token_hex(4)}.partial"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        partial.touch(mode=0o600)
        with _reading(engine) as connection, closing(sqlite3.connect(partial)) as copy:
            driver: Any = connection.connection.driver_connection
            driver.backup(copy)
            # A copy in WAL mode would need a second file beside it.
            copy.execute("PRAGMA journal_mode = DELETE")
            verdict = copy.execute("PRAGMA integrity_check").fetchone()[0]
        if verdict != "ok":
            raise DatabaseProblem(
                f"The copy of {source} is damaged ({verdict}), so the database probably is. Nothing was migrated."
                " Restore an earlier backup."
            )
        partial.replace(target)
        for old in sorted(folder.glob(f"{source.stem}-*Z-*.db"), reverse=True)[keep:]:
            old.unlink()
    except (OSError, sqlite3.Error) as error:
        raise DatabaseProblem(
            f"No backup of {source} could be made in {folder} ({error}), so nothing was migrated."
            " Make room there, or name another folder with WORKBENCH_DATA_DIR."
        ) from error
    finally:
        with suppress(OSError):
            partial.unlink()
    return target


@contextmanager
def connection_for(engine: Engine, *, changes: bool, unversioned: bool = False) -> Iterator[Connection]:
    """The connection ``env.py`` runs in. With ``changes`` it is one transaction that nobody else migrates beside.

    ``unversioned`` lets in tables without a version, for it is about to be given (``alembic stamp``).

    On SQLite foreign keys are off within it and checked before it commits. Triggers are taken off first and put on
    again at the end, which also draws a new mirror generation.
    """
    if not changes:
        with _reading(engine) as connection:
            yield connection
        return
    sqlite = engine.dialect.name == "sqlite"
    path = sqlite_path(engine)
    if path is not None and path.parent.parent.exists():
        path.parent.mkdir(exist_ok=True)
    with _explained(), engine.connect() as connection:
        if sqlite:
            # The pragma does nothing inside a transaction, so it goes to the driver, before one begins.
            _foreign_keys(connection, on=False)
        try:
            with connection.execution_options(sqlite_begin="IMMEDIATE").begin():
                if not sqlite:
                    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
                    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_MIGRATING})")
                if not unversioned:
                    _refuse_if_not_ours(connection, _revision(connection))
                remove_triggers(connection)
                yield connection
                if sqlite:
                    _check_foreign_keys(connection)
                install_triggers(connection)
        finally:
            if sqlite:
                _foreign_keys(connection, on=True)


def config(engine: Engine) -> Config:
    """What alembic's commands need to work on ``engine``: ``command.check(config(engine))``."""
    made = Config()
    made.set_main_option("script_location", str(_folder()).replace("%", "%%"))
    made.attributes["engine"] = engine
    return made


def _run(engine: Engine, action: Callable[[Config, str], None], revision: str) -> None:
    try:
        with _ONE_AT_A_TIME:
            action(config(engine), revision)
    except CommandError as error:
        raise DatabaseProblem(str(error)) from error


@lru_cache(maxsize=1)
def _script() -> ScriptDirectory:
    return ScriptDirectory(str(_folder()))


def _folder() -> Path:
    folder = Path(__file__).resolve().parent.parent / "migrations"
    if not (folder / "env.py").is_file():
        raise DatabaseProblem(
            f"The migrations are missing: {folder} does not exist. The workbench runs from its checkout; install it"
            " from there with pip install -e ."
        )
    return folder


def _revision(connection: Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found = connection.exec_driver_sql("SELECT version_num FROM alembic_version ORDER BY version_num").scalars().all()
    return ", ".join(found) or None


def _refuse_if_not_ours(connection: Connection, revision: str | None) -> None:
    if revision is None:
        tables = sorted(set(sa.inspect(connection).get_table_names()) - {"alembic_version"})
        if tables:
            legacy = "cam_campaigns" in tables
            raise DatabaseProblem(
                f"The database holds {len(tables)} tables ({', '.join(tables[:3])}…) but no record of their version,"
                " so nothing was changed. "
                + (
                    "If they are campaigns as revision 308887b163f4 left them, run: alembic stamp 308887b163f4"
                    if legacy
                    else "Give the workbench a database of its own in WORKBENCH_DATABASE_URL."
                )
            )
    elif revision not in {script.revision for script in _script().walk_revisions()}:
        raise DatabaseNotAtHead(
            f"The database is at revision {revision}, which this workbench does not know: a newer version has been"
            " here. Nothing was changed. Run that version, or restore the backup made before it migrated.",
            revision=revision,
        )


def _check_foreign_keys(connection: Connection) -> None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    if broken:
        shown = "; ".join(f"{row[0]} {row[1]} refers to a missing row of {row[2]}" for row in broken[:10])
        raise DatabaseProblem(
            f"{len(broken)} rows refer to rows that are not there, so nothing was changed: {shown}"
            f"{'…' if len(broken) > 10 else ''}. Repair or delete them, then run: workbench migrate"
        )


def _foreign_keys(connection: Connection, *, on: bool) -> None:
    driver: Any = connection.connection.driver_connection
    driver.execute(f"PRAGMA foreign_keys = {'ON' if on else 'OFF'}")


@contextmanager
def _reading(engine: Engine) -> Iterator[Connection]:
    with _explained(), engine.connect() as connection:
        yield connection


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        raise explain(error) from error

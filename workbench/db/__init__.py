"""The operational database, and every difference between SQLite and PostgreSQL that is not a trigger."""

from workbench.db.engines import (
    file_identity,
    for_single_reads,
    limit_idle_transactions,
    make_engine,
    make_sessions,
    sqlite_path,
)
from workbench.db.inserts import insert_fast, insert_many
from workbench.db.problems import explain
from workbench.db.times import UtcDateTime
from workbench.db.transactions import PAUSE_LOCK, begin_write, data_version, database_now, lock, present, transaction

__all__ = [
    "PAUSE_LOCK",
    "UtcDateTime",
    "begin_write",
    "data_version",
    "database_now",
    "explain",
    "file_identity",
    "for_single_reads",
    "insert_fast",
    "insert_many",
    "limit_idle_transactions",
    "lock",
    "make_engine",
    "make_sessions",
    "present",
    "sqlite_path",
    "transaction",
]

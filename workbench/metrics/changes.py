"""Whether anything changed since a copy was made, and what: the change log as its readers see it.

A reader keeps a :class:`Position`. On SQLite, which has one writer, that is the newest number of the log. On
PostgreSQL a transaction with a lower number may commit later, so it is a snapshot: what the reader has not seen yet
is every logged change whose transaction that snapshot did not see.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from workbench.triggers import CAPTURED

#: With more changed rows than this, a table is read again in full: that is quicker than to look for each.
MOST_CHANGES: Final = 200_000

_NAMES: Final = {number: name for name, number in CAPTURED.items()}

#: The tables that no trigger logs, and what differs when one has changed; their rows are never changed back in place.
_UNCAPTURED: Final = {
    "gateway_checks": "SELECT count(*) || '/' || coalesce(max(id), 0) || '/' || coalesce(max(at), '{never}')"
    " FROM gateway_checks",
    "worker_heartbeats": "SELECT count(*) || '/' || coalesce(max(id), 0) || '/' || coalesce(max(beat_at), '{never}')"
    " || '/' || count(stopped_at) FROM worker_heartbeats",
}


@dataclass(frozen=True)
class Position:
    """How far a reader has come."""

    #: Another one: this is not the database of before, or changes may have been missed. Nothing read before counts.
    history: str
    #: By table; one that differs has changed in a way that the log does not tell, and is to be read in full.
    shapes: Mapping[str, str]
    #: SQLite: the newest ``change_log.id``. PostgreSQL: a ``pg_snapshot``.
    at: str
    #: The first number of the log that this reader may still need; it must be above the floor of what was pruned.
    needs: int
    floor: int

    def follows(self, before: Position) -> bool:
        """Whether the log can tell everything that happened from ``before`` to here."""
        return self.history == before.history and before.needs > self.floor and self.needs >= before.needs


# AUTOINCREMENT keeps the highest number ever given, also after the log was pruned, and a rollback takes it back. The
# schema's version goes up when a trigger goes, a table is rebuilt, and when a backup is written over the database.
_SQLITE: Final = sa.text(
    "SELECT (SELECT generation FROM mirror_state WHERE id = 1) || '/' || (SELECT schema_version FROM"  # noqa: S608
    " pragma_schema_version), coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'change_log'), 0) AS at,"
    " (SELECT floor FROM mirror_state WHERE id = 1) AS floor, "
    + ", ".join(f"({query})" for query in _UNCAPTURED.values()).replace("{never}", "")
)

# The server's start tells a restored or another server from the one before; the numbers of the tables, a dump that
# was read back. A trigger that was off for a while has a row of another transaction, a truncated table another file.
_POSTGRESQL: Final = sa.text(
    """
    SELECT concat_ws('/',
        (SELECT generation FROM mirror_state WHERE id = 1),
        (SELECT oid FROM pg_database WHERE datname = current_database()),
        pg_postmaster_start_time(),
        (SELECT string_agg(p.xmin::text, ' ' ORDER BY p.oid) FROM pg_proc p
         WHERE p.proname IN ('workbench_capture', 'workbench_capture_key', 'workbench_capture_truncate')),
        'change_log'::regclass::oid) AS history,
      pg_current_snapshot()::text AS at,
      pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS needs,
      (SELECT floor FROM mirror_state WHERE id = 1) AS floor,
      (SELECT json_object_agg(c.relname, concat_ws('/', c.oid, c.relfilenode, t.number, t.written))
       FROM pg_class c LEFT JOIN (
         SELECT tgrelid, count(*) AS number, sum(xmin::text::bigint) AS written FROM pg_trigger
         WHERE tgenabled = 'A' GROUP BY tgrelid
       ) t ON t.tgrelid = c.oid
       WHERE c.oid = ANY(ARRAY[{tables}]::regclass[])) AS shapes,
      """.replace("{tables}", ", ".join(f"'{name}'" for name in CAPTURED))
    + ", ".join(f"({query})" for query in _UNCAPTURED.values()).replace("{never}", "-infinity")
)

_MARK_ON_SQLITE: Final = sa.text("SELECT mark FROM change_log WHERE id = :at")
_ANY_ON_SQLITE: Final = sa.text("SELECT EXISTS (SELECT 1 FROM change_log WHERE id > :at)")
_LOGGED_ON_SQLITE: Final = sa.text("SELECT DISTINCT table_number, row_id FROM change_log WHERE id > :at")
_UNSEEN: Final = (
    "FROM change_log WHERE xid >= pg_snapshot_xmin(CAST(:at AS pg_snapshot))"
    " AND xid < pg_snapshot_xmax(pg_current_snapshot())"
    " AND NOT pg_visible_in_snapshot(xid, CAST(:at AS pg_snapshot))"
)
_LOGGED_ON_POSTGRESQL: Final = sa.text(f"SELECT DISTINCT table_number, row_id {_UNSEEN}")
_ANY_ON_POSTGRESQL: Final = sa.text(f"SELECT EXISTS (SELECT 1 {_UNSEEN})")


def position(connection: Connection) -> Position:
    """Where a reader stands that has read everything this transaction sees. One query."""
    if connection.dialect.name == "sqlite":
        history, at, floor, *uncaptured = connection.execute(_SQLITE).one()
        # Another file in its place: the pool has noticed when it gave this connection.
        history = f"{history}/{connection.info.get('file')}"
        needs, shapes = at + 1, {}
    else:
        history, at, needs, floor, shapes, *uncaptured = connection.execute(_POSTGRESQL).one()
    shapes = {**shapes, **dict(zip(_UNCAPTURED, uncaptured, strict=True))}
    return Position(str(history), shapes, str(at), needs, floor or 0)


def mark(connection: Connection, at: Position) -> str | None:
    """What tells, in a later process, that this database still has the history that led to ``at``; None: nothing does.

    A restore brings back an older log, which goes on with numbers it had given before. On PostgreSQL the history
    itself tells: it holds the server's start, and a server can't be restored without one.
    """
    if connection.dialect.name == "postgresql":
        return at.history
    found = connection.scalar(_MARK_ON_SQLITE, {"at": at.at})
    return None if found is None else str(found)


def any_logged(connection: Connection, since: Position) -> bool:
    """Whether :func:`logged` would find something."""
    if connection.dialect.name == "sqlite":
        return bool(connection.scalar(_ANY_ON_SQLITE, {"at": since.at}))
    return bool(connection.scalar(_ANY_ON_POSTGRESQL, {"at": since.at}))


def logged(connection: Connection, since: Position) -> dict[str, set[int | None]]:
    """The ids of the rows, by table, that were made, changed or deleted after ``since`` as this transaction sees it.

    None among them: the whole table may have changed.
    """
    query = _LOGGED_ON_SQLITE if connection.dialect.name == "sqlite" else _LOGGED_ON_POSTGRESQL
    found: dict[str, set[int | None]] = {}
    for number, row_id in connection.execute(query, {"at": since.at}):
        found.setdefault(_NAMES[number], set()).add(row_id)
    return found


def to_read(
    before: Position, now: Position, logged: Mapping[str, Set[int | None]]
) -> tuple[list[str], dict[str, list[int]]]:
    """Which tables are to be read in full to come from ``before`` to ``now``, and which rows of the others. Pure.

    ``logged`` is what :func:`logged` found, ``now`` must follow ``before``. Names and ids come in order.
    """
    whole = {name for name, shape in now.shapes.items() if shape != before.shapes.get(name)}
    whole |= {name for name, ids in logged.items() if None in ids or len(ids) > MOST_CHANGES}
    rows = {name: sorted(id_ for id_ in ids if id_ is not None) for name, ids in logged.items() if name not in whole}
    return sorted(whole), rows


def token(connection: Connection) -> str:
    """The state of all captured tables as this transaction sees it, in one indexed query, for open pages.

    Two different texts may stand for the same state; one text never stands for two states.
    """
    query = _SQLITE_TOKEN if connection.dialect.name == "sqlite" else _POSTGRESQL_TOKEN
    return "/".join(str(part or 0) for part in connection.execute(query).one())


_SQLITE_TOKEN: Final = sa.text(
    "SELECT (SELECT generation FROM mirror_state WHERE id = 1), "
    "(SELECT seq FROM sqlite_sequence WHERE name = 'change_log'), "
    "(SELECT count(*) FROM sqlite_master WHERE type = 'trigger')"
)

# The highest transaction alone would miss one with a lower number that commits later. Those are the transactions
# between the oldest that still runs and the highest: the number of visible log rows in that range tells them apart,
# because a number that is running now was not yet given, or running too, whenever the highest was the same before.
# Numbers that have not come yet stand in a dump from another server.
_POSTGRESQL_TOKEN: Final = sa.text(
    "SELECT (SELECT generation FROM mirror_state WHERE id = 1), "
    "(SELECT log.xid::text FROM change_log log WHERE log.xid < pg_snapshot_xmax(pg_current_snapshot())"
    " ORDER BY log.xid DESC LIMIT 1), "
    "(SELECT count(*) FROM change_log WHERE xid >= pg_snapshot_xmin(pg_current_snapshot())"
    " AND xid < pg_snapshot_xmax(pg_current_snapshot())), "
    "(SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'workbench%' AND tgenabled = 'A')"
)

"""What the database does by itself, whoever writes to it: it logs every change, and keeps the audit log as written.

*Capture.* Every change of a captured table becomes a row of ``change_log`` (the table's number, the row's id), so
copies and open pages follow writers that never heard of the workbench. *Audit.* ``audit_events`` refuses UPDATE,
DELETE and TRUNCATE.

Rebuilding a table drops its triggers, and nothing says so. So they are no part of any migration: ``env.py`` takes
all of them off before it migrates and calls :func:`install_triggers` after it, which puts on what belongs to the
tables that are there. :func:`verify_triggers` compares what stands with what should.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

#: The tables whose changes are logged, and the number each has in ``change_log``. A number is never used again.
CAPTURED: Final = {
    "projects": 1,
    "intakes": 2,
    "strategies": 3,
    "project_accounts": 4,
    "cam_campaigns": 5,
    "cam_leads": 6,
    "cam_outreach_attempts": 7,
    "cam_contact_events": 8,
    "cam_discovery_jobs": 9,
    "cam_safety_settings": 10,
    "gateway_settings": 11,
    "content_items": 12,
    "content_versions": 13,
    "execution_queue": 14,
    "send_counters": 15,
    "suppressions": 16,
    "audit_events": 17,
}
#: Private (users, drafts), a pulse rather than a change (checks, turns, heartbeats), or the log's own.
NOT_CAPTURED: Final = frozenset(
    {
        *("users", "drafts", "gateway_checks", "probe_turns", "worker_heartbeats"),
        *("change_log", "mirror_state", "alembic_version"),
    }
)

#: What every trigger and function of ours is called first, so that all of them can be found and taken off.
_PREFIX: Final = "workbench_"
_REFUSAL: Final = "audit_events is append-only: what was done stays on record. Write a new event instead."


def install_triggers(connection: Connection) -> None:
    """Put on every trigger that belongs to the tables that are there, and no other; then draw a new generation.

    Changes may have been missed while they were off, so every copy that knows another generation reloads in full.
    Runs in the caller's transaction. Harmless to repeat.
    """
    remove_triggers(connection)
    present = set(sa.inspect(connection).get_table_names())
    if connection.dialect.name == "sqlite":
        for statement in _sqlite_triggers(connection, present).values():
            connection.exec_driver_sql(statement)
    else:
        _install_on_postgresql(connection, present)
    if "mirror_state" in present:
        connection.execute(
            sa.text(
                "INSERT INTO mirror_state (id, generation) VALUES (1, :generation)"
                " ON CONFLICT (id) DO UPDATE SET generation = excluded.generation"
            ),
            {"generation": secrets.token_hex(16)},
        )


def remove_triggers(connection: Connection) -> None:
    """Take off all triggers and functions of ours. Runs in the caller's transaction."""
    if connection.dialect.name == "sqlite":
        for name in _standing_on_sqlite(connection):
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        return
    found = connection.exec_driver_sql(
        "SELECT t.tgname, t.tgrelid::regclass::text FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
        " WHERE NOT t.tgisinternal AND t.tgname LIKE 'workbench\\_%%'"
        " AND c.relnamespace = current_schema()::regnamespace"
    ).all()
    for name, table in found:
        connection.exec_driver_sql(f"DROP TRIGGER {name} ON {table}")
    for function in _FUNCTIONS:
        connection.exec_driver_sql(f"DROP FUNCTION IF EXISTS {_PREFIX}{function}()")


def verify_triggers(connection: Connection) -> list[str]:
    """The names of the triggers (on PostgreSQL also functions) that are missing, switched off or not as they should
    be. Empty: all is well. ``workbench migrate`` mends it."""
    present = set(sa.inspect(connection).get_table_names())
    if connection.dialect.name == "sqlite":
        standing = _standing_on_sqlite(connection)
        wanted = _sqlite_triggers(connection, present)
        return sorted(name for name, statement in wanted.items() if standing.get(name) != statement)
    found = connection.exec_driver_sql(
        "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = current_schema()::regnamespace"
    )
    functions = {str(row.proname): str(row.prosrc) for row in found}
    bodies = {f"{_PREFIX}{name}": body for name, body in _bodies(connection).items()}
    triggers = list(_postgresql_triggers(present))
    wrong = {name for name, body in bodies.items() if triggers and functions.get(name) != body}
    # A means ENABLE ALWAYS: it fires for replicated changes too.
    found = connection.exec_driver_sql(
        "SELECT c.relname, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
        " WHERE c.relnamespace = current_schema()::regnamespace AND t.tgenabled = 'A'"
    )
    enabled = {(table, name) for table, name in found}
    return sorted(wrong | {name for table, name, _ in triggers if (table, name) not in enabled})


# SQLite


def _standing_on_sqlite(connection: Connection) -> dict[str, str]:
    found = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    return {name: statement for name, statement in found.all() if name.startswith(_PREFIX)}


def _sqlite_triggers(connection: Connection, present: set[str]) -> dict[str, str]:
    """Statements by trigger name."""
    made: dict[str, str] = {}

    def add(name: str, when: str, *actions: str) -> None:
        body = " ".join(f"{action};" for action in actions)
        made[_PREFIX + name] = f"CREATE TRIGGER {_PREFIX}{name} {when} BEGIN {body} END"

    if "change_log" in present:
        columns = connection.exec_driver_sql("SELECT name FROM pragma_table_info('change_log')").scalars()
        # An older revision's log has no marks.
        marked, mark = ("mark, ", "random(), ") if "mark" in columns.all() else ("", "")
        into = f"INSERT INTO change_log (table_number, {marked}row_id)"
        for table, number in _captured(present):
            new, old = (f"{number}, {mark}{side}.id" for side in ("NEW", "OLD"))
            changed = f"{into} VALUES ({new})"
            add(f"{table}_insert", f"AFTER INSERT ON {table}", changed)
            moved = f"{into} SELECT {old} WHERE OLD.id <> NEW.id"
            add(f"{table}_update", f"AFTER UPDATE ON {table}", changed, moved)
            add(f"{table}_delete", f"AFTER DELETE ON {table}", f"{into} VALUES ({old})")
            # INSERT OR REPLACE deletes the row in its way without firing its delete trigger, so whatever holds
            # the same key is logged before.
            for key, (unique, where) in enumerate(_unique_keys(connection, table), start=1):
                same = " AND ".join(f'"{column}" = NEW."{column}"' for column in unique)
                rival = f"{into} SELECT {number}, {mark}id FROM {table} WHERE {same}{where}"  # noqa: S608
                add(f"{table}_key{key}_insert", f"BEFORE INSERT ON {table}", rival)
                # A row can enter a partial key through any column of its condition.
                of = "" if where else " OF " + ", ".join(f'"{column}"' for column in unique)
                add(f"{table}_key{key}_update", f"BEFORE UPDATE{of} ON {table}", f"{rival} AND id <> OLD.id")
    if "audit_events" in present:
        refuse = f"SELECT RAISE(ABORT, '{_REFUSAL}')"
        add("audit_events_no_update", "BEFORE UPDATE ON audit_events", refuse)
        add("audit_events_no_delete", "BEFORE DELETE ON audit_events", refuse)
        taken = "WHEN NEW.id > 0 AND EXISTS (SELECT 1 FROM audit_events WHERE id = NEW.id)"
        add("audit_events_no_replace", f"BEFORE INSERT ON audit_events {taken}", refuse)
    return made


def _unique_keys(connection: Connection, table: str) -> Iterator[tuple[list[str], str]]:
    """The secondary unique keys of ``table``: their columns, and ``AND (…)`` for one that is partial."""
    indexes = connection.exec_driver_sql(
        "SELECT i.name, i.partial, m.sql FROM pragma_index_list(?) i LEFT JOIN sqlite_master m ON m.name = i.name"
        " WHERE i.\"unique\" AND i.origin <> 'pk' ORDER BY i.name",
        (table,),
    ).all()
    for name, partial, statement in indexes:
        columns = connection.exec_driver_sql("SELECT name FROM pragma_index_info(?) ORDER BY seqno", (name,))
        condition = re.split(r"\bWHERE\b", statement, maxsplit=1, flags=re.IGNORECASE)[1] if partial else ""
        yield list(columns.scalars()), f" AND ({condition.strip()})" if partial else ""


# PostgreSQL

#: Bodies of the trigger functions; ``{schema}`` is where the tables are. The number of the table is their argument,
#: the transition table is always called ``changed``.
_FUNCTIONS: Final = {
    "capture": """
BEGIN
    INSERT INTO {schema}.change_log (table_number, row_id) SELECT TG_ARGV[0]::smallint, id FROM changed;
    RETURN NULL;
END""",
    "capture_key": """
BEGIN
    INSERT INTO {schema}.change_log (table_number, row_id) VALUES (TG_ARGV[0]::smallint, OLD.id);
    RETURN NULL;
END""",
    "capture_truncate": """
BEGIN
    INSERT INTO {schema}.change_log (table_number, row_id) VALUES (TG_ARGV[0]::smallint, NULL);
    RETURN NULL;
END""",
    "refuse": f"""
BEGIN
    RAISE EXCEPTION USING MESSAGE = '{_REFUSAL}', ERRCODE = 'restrict_violation';
END""",
}


def _bodies(connection: Connection) -> dict[str, str]:
    schema = connection.exec_driver_sql("SELECT quote_ident(current_schema())").scalar_one()
    return {name: body.replace("{schema}", schema) for name, body in _FUNCTIONS.items()}


def _install_on_postgresql(connection: Connection, present: set[str]) -> None:
    triggers = list(_postgresql_triggers(present))
    if not triggers:
        return
    for name, body in _bodies(connection).items():
        # As the owner, because a writer may have no right to the log; with a search path of its own, because it
        # runs as the owner; without JIT, which would cost more than the insert it compiles.
        connection.exec_driver_sql(
            f"CREATE FUNCTION {_PREFIX}{name}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER"
            f" SET jit = off SET search_path = pg_catalog, pg_temp AS $body${body}$body$"
        )
    for table, name, rest in triggers:
        connection.exec_driver_sql(f"CREATE TRIGGER {name} {rest}")
        connection.exec_driver_sql(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}")


def _postgresql_triggers(present: set[str]) -> Iterator[tuple[str, str, str]]:
    """(table, trigger, what stands after CREATE TRIGGER and its name)."""
    if "change_log" in present:
        for table, number in _captured(present):
            run = f"EXECUTE FUNCTION {_PREFIX}capture"
            for event, side in (("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD")):
                yield (
                    table,
                    f"{_PREFIX}{table}_{event.lower()}",
                    f"AFTER {event} ON {table} REFERENCING {side} TABLE AS changed FOR EACH STATEMENT {run}({number})",
                )
            yield (
                table,
                f"{_PREFIX}{table}_key",
                f"AFTER UPDATE ON {table} FOR EACH ROW WHEN (OLD.id <> NEW.id) {run}_key({number})",
            )
            yield (
                table,
                f"{_PREFIX}{table}_truncate",
                f"AFTER TRUNCATE ON {table} FOR EACH STATEMENT {run}_truncate({number})",
            )
    if "audit_events" in present:
        yield (
            "audit_events",
            f"{_PREFIX}audit_events_refuse",
            f"BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_events EXECUTE FUNCTION {_PREFIX}refuse()",
        )


def _captured(present: set[str]) -> Iterator[tuple[str, int]]:
    return ((table, number) for table, number in CAPTURED.items() if table in present)

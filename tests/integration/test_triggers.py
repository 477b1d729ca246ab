"""What the database does by itself: every change is logged whoever makes it, and the audit log stays as written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.orm import Session

from tests import factories
from tests.integration.tables import ONE_ROW, fill, in_order, insert, reflect
from workbench.db import make_engine
from workbench.models import AuditEvent, Base, ChangeLog, MirrorState
from workbench.triggers import CAPTURED, NOT_CAPTURED, install_triggers, remove_triggers, verify_triggers

#: (table, row id); None: the whole table.
Change = tuple[str, int | None]
_NAMES = {number: name for name, number in CAPTURED.items()}


def logged(connection: Connection) -> list[Change]:
    """What was logged, oldest first; then forgets it."""
    rows = connection.execute(sa.select(ChangeLog.table_number, ChangeLog.row_id).order_by(ChangeLog.id)).all()
    connection.execute(sa.delete(ChangeLog))
    return [(_NAMES[number], row) for number, row in rows]


def generation(engine: Engine) -> str:
    with Session(engine) as session:
        return session.scalars(sa.select(MirrorState.generation)).one()


@pytest.fixture
def filled(engine: Engine) -> Engine:
    fill(engine)
    with engine.begin() as connection:
        logged(connection)
    return engine


@pytest.fixture
def connection(filled: Engine) -> Iterator[Connection]:
    with filled.begin() as opened:
        yield opened


@pytest.fixture
def sqlite(sqlite_url: str) -> Iterator[Connection]:
    made = make_engine(sqlite_url)
    fill(made)
    with made.begin() as opened:
        logged(opened)
        yield opened
    made.dispose()


@pytest.fixture
def postgres(fresh_postgres_url: str) -> Iterator[Connection]:
    made = make_engine(fresh_postgres_url)
    fill(made)
    with made.begin() as opened:
        logged(opened)
        yield opened
    made.dispose()


# Capture


def test_every_table_is_either_captured_or_left_out_on_purpose() -> None:
    tables = set(Base.metadata.tables) | {"alembic_version"}
    assert tables == set(CAPTURED) | NOT_CAPTURED
    assert not set(CAPTURED) & NOT_CAPTURED
    assert len(set(CAPTURED.values())) == len(CAPTURED)


@pytest.mark.parametrize("name", sorted(CAPTURED))
def test_insert_update_and_delete_of_a_captured_table_are_logged(connection: Connection, name: str) -> None:
    table = reflect(connection.engine).tables[name]
    if name == "cam_safety_settings":  # the one row there is
        connection.execute(sa.update(table).values(pause_reason="Stop"))
        assert logged(connection) == [(name, 1)]
        return
    if name in ONE_ROW:
        connection.execute(sa.delete(table))
        logged(connection)
    made = insert(connection, table)
    assert logged(connection) == [(name, made)]
    if name == "audit_events":
        return
    connection.execute(sa.update(table).where(table.c.id == made).values(id=made))
    assert set(logged(connection)) == {(name, made)}
    connection.execute(sa.delete(table).where(table.c.id == made))
    assert logged(connection) == [(name, made)]


@pytest.mark.parametrize("name", sorted(NOT_CAPTURED - {"alembic_version", "change_log", "mirror_state"}))
def test_what_is_private_or_only_a_pulse_is_not_logged(connection: Connection, name: str) -> None:
    table = reflect(connection.engine).tables[name]
    connection.execute(sa.delete(table))
    insert(connection, table)
    connection.execute(sa.update(table).values(id=table.c.id))
    assert logged(connection) == []


def test_writers_through_the_models_are_logged_with_the_ids_they_see(engine: Engine) -> None:
    with Session(engine) as session:
        project = factories.project(session)
        campaign = factories.campaign(session, project)
        leads = [factories.lead(session, campaign) for _ in range(3)]
        session.commit()
        with engine.begin() as connection:
            changes = set(logged(connection))
        assert {("projects", project.id), ("cam_campaigns", campaign.id)} <= changes
        assert {("cam_leads", lead.id) for lead in leads} <= changes


def test_rows_that_a_cascade_deletes_or_changes_are_logged(connection: Connection) -> None:
    tables = reflect(connection.engine).tables
    lead = connection.scalar(sa.select(sa.func.max(tables["cam_leads"].c.id)))
    event = insert(connection, tables["cam_contact_events"], lead_id=lead)
    attempt = insert(connection, tables["cam_outreach_attempts"], lead_id=lead)
    logged(connection)
    connection.execute(sa.delete(tables["cam_leads"]).where(tables["cam_leads"].c.id == lead))
    assert {("cam_leads", lead), ("cam_contact_events", event), ("cam_outreach_attempts", attempt)} <= set(
        logged(connection)
    )


def test_a_row_that_gets_another_id_is_logged_under_both(connection: Connection) -> None:
    suppressions = reflect(connection.engine).tables["suppressions"]
    made = insert(connection, suppressions)
    logged(connection)
    connection.execute(sa.update(suppressions).where(suppressions.c.id == made).values(id=made + 500))
    assert set(logged(connection)) == {("suppressions", made), ("suppressions", made + 500)}


def test_one_statement_for_many_rows_logs_each(connection: Connection) -> None:
    leads = reflect(connection.engine).tables["cam_leads"]
    ids = list(connection.scalars(sa.select(leads.c.id)))
    connection.execute(sa.update(leads).values(notes="All"))
    assert set(logged(connection)) == {("cam_leads", number) for number in ids}
    connection.execute(sa.update(leads).where(leads.c.id < 0).values(notes="None"))
    assert logged(connection) == []


def test_an_upsert_is_logged(connection: Connection) -> None:
    table = reflect(connection.engine).tables["suppressions"]
    address, number = connection.execute(sa.select(table.c.address_norm, table.c.id).limit(1)).one()
    connection.execute(
        sa.text(
            "INSERT INTO suppressions (address_norm, reason, source, created_at) VALUES (:address, 'bounce', '', :at)"
            " ON CONFLICT (address_norm) DO UPDATE SET reason = excluded.reason"
        ),
        {"address": address, "at": "2026-01-01 00:00:00+00:00"},
    )
    assert ("suppressions", number) in logged(connection)


def test_what_is_rolled_back_was_never_logged(filled: Engine) -> None:
    with filled.connect() as connection:
        connection.execute(sa.text("UPDATE cam_leads SET notes = 'x'"))
        connection.rollback()
        savepoint = connection.begin_nested()
        connection.execute(sa.text("UPDATE cam_campaigns SET description = 'x'"))
        savepoint.rollback()
        connection.commit()
    with filled.begin() as connection:
        assert logged(connection) == []


def test_replace_logs_the_row_it_silently_deletes(sqlite: Connection) -> None:
    old = sqlite.exec_driver_sql("SELECT id, address_norm FROM suppressions LIMIT 1").one()
    sqlite.exec_driver_sql(
        "INSERT OR REPLACE INTO suppressions (id, address_norm, reason, created_at) VALUES (900, ?, 'bounce', '2026')",
        (old.address_norm,),
    )
    assert sqlite.exec_driver_sql("SELECT count(*) FROM suppressions WHERE id = ?", (old.id,)).scalar_one() == 0
    assert set(logged(sqlite)) == {("suppressions", old.id), ("suppressions", 900)}


def test_update_or_replace_logs_the_row_it_silently_deletes(sqlite: Connection) -> None:
    one, two = sqlite.exec_driver_sql("SELECT id, address_norm FROM suppressions ORDER BY id LIMIT 2").all()
    sqlite.exec_driver_sql("UPDATE OR REPLACE suppressions SET address_norm = ? WHERE id = ?", (two[1], one[0]))
    assert set(logged(sqlite)) == {("suppressions", one[0]), ("suppressions", two[0])}


def test_a_row_that_enters_a_partial_key_logs_the_one_it_replaces(sqlite: Connection) -> None:
    attempts = reflect(sqlite.engine).tables["cam_outreach_attempts"]
    same = {"address_norm": "a@example.com", "content_item_id": 1, "mode": "live", "queue_id": None}
    sent = insert(sqlite, attempts, status="SENT", **same)
    skipped = insert(sqlite, attempts, status="SKIPPED", **same)
    logged(sqlite)
    sqlite.exec_driver_sql("UPDATE OR REPLACE cam_outreach_attempts SET status = 'SENT' WHERE id = ?", (skipped,))
    assert sqlite.exec_driver_sql("SELECT count(*) FROM cam_outreach_attempts WHERE id = ?", (sent,)).scalar_one() == 0
    assert {("cam_outreach_attempts", sent), ("cam_outreach_attempts", skipped)} <= set(logged(sqlite))


def test_looking_for_a_rival_uses_its_key_and_never_reads_a_whole_table(sqlite: Connection) -> None:
    statements = sqlite.exec_driver_sql("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%_key%'")
    searches = [sql.split("BEGIN ")[1].removesuffix("; END") for sql in statements.scalars()]
    assert len(searches) > 20
    for search in searches:
        query = "SELECT" + search.split(" SELECT", 1)[1]
        plan = sqlite.exec_driver_sql("EXPLAIN QUERY PLAN " + _without_new_and_old(query)).all()
        assert all("SEARCH" in row[3] and "INDEX" in row[3] and row[3].count("=?") >= 1 for row in plan), (query, plan)
        assert all("ix_" not in row[3].replace("sqlite_autoindex_", "") for row in plan), (query, plan)


def _without_new_and_old(query: str) -> str:
    return re.sub(r'NEW\."\w+"|OLD\.id', "1", query)


def test_truncate_asks_for_the_whole_table_again(postgres: Connection) -> None:
    postgres.exec_driver_sql("TRUNCATE cam_discovery_jobs")
    assert logged(postgres) == [("cam_discovery_jobs", None)]
    postgres.exec_driver_sql("TRUNCATE cam_leads CASCADE")
    assert {("cam_leads", None), ("cam_contact_events", None)} <= set(logged(postgres))


def test_copy_is_logged(postgres: Connection) -> None:
    driver = postgres.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy("COPY cam_discovery_jobs (id, name, created_at) FROM STDIN") as copy:
        for number in (801, 802):
            copy.write_row((number, "x", datetime(2026, 1, 1, tzinfo=UTC)))
    assert set(logged(postgres)) == {("cam_discovery_jobs", 801), ("cam_discovery_jobs", 802)}


def test_replicated_changes_are_logged_too(postgres: Connection) -> None:
    postgres.exec_driver_sql("SET LOCAL session_replication_role = replica")
    number = postgres.exec_driver_sql("UPDATE cam_discovery_jobs SET name = 'x' RETURNING id").scalars().first()
    assert ("cam_discovery_jobs", number) in logged(postgres)


def test_a_writer_without_a_right_to_the_log_is_logged_all_the_same(postgres: Connection) -> None:
    postgres.exec_driver_sql("CREATE ROLE writer_only")
    postgres.exec_driver_sql("GRANT SELECT, UPDATE ON cam_discovery_jobs TO writer_only")
    postgres.exec_driver_sql("SET LOCAL ROLE writer_only")
    postgres.exec_driver_sql("UPDATE cam_discovery_jobs SET name = 'x'")
    postgres.exec_driver_sql("RESET ROLE")
    assert {name for name, _ in logged(postgres)} == {"cam_discovery_jobs"}
    postgres.exec_driver_sql("REVOKE ALL ON cam_discovery_jobs FROM writer_only")
    postgres.exec_driver_sql("DROP ROLE writer_only")


def test_a_change_carries_the_transaction_that_made_it(postgres: Connection) -> None:
    own = postgres.exec_driver_sql("SELECT pg_current_xact_id()::text").scalar_one()
    postgres.exec_driver_sql("UPDATE cam_discovery_jobs SET name = 'x'")
    assert set(postgres.exec_driver_sql("SELECT xid::text FROM change_log").scalars()) == {own}


# Audit


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_events SET actor = 'Nobody'",
        "UPDATE audit_events SET reason = NULL WHERE id = 1",
        "DELETE FROM audit_events",
        "DELETE FROM audit_events WHERE id = 1",
        "INSERT INTO audit_events SELECT * FROM audit_events WHERE true ON CONFLICT (id) DO UPDATE SET actor = 'Mr X'",
    ],
)
def test_the_audit_log_refuses_to_be_changed(filled: Engine, statement: str) -> None:
    _refused(filled, statement)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT OR REPLACE INTO audit_events (id, at, actor, role, action, entity) VALUES (1, '2026', 'N', '', '', '')",
        "UPDATE OR IGNORE audit_events SET actor = 'Nobody'",
        "UPDATE OR REPLACE audit_events SET id = 2 WHERE id = 1",
    ],
)
def test_the_audit_log_refuses_what_only_sqlite_knows(sqlite: Connection, statement: str) -> None:
    sqlite.commit()
    _refused(sqlite.engine, statement)


@pytest.mark.parametrize(
    "statement", ["TRUNCATE audit_events", "SET session_replication_role = replica; DELETE FROM audit_events"]
)
def test_the_audit_log_refuses_what_only_postgresql_knows(postgres: Connection, statement: str) -> None:
    postgres.commit()
    _refused(postgres.engine, statement)


def _refused(engine: Engine, statement: str) -> None:
    def told() -> list[tuple[object, ...]]:
        with engine.connect() as connection:
            return [tuple(row) for row in connection.execute(sa.select(AuditEvent.__table__).order_by(AuditEvent.id))]

    before = told()
    assert len(before) >= 2
    with (
        engine.begin() as connection,
        pytest.raises(sa.exc.IntegrityError, match=r"append-only: what was done stays on record\. Write a new event"),
    ):
        connection.exec_driver_sql(statement)
    assert told() == before


# Standing


def test_installing_again_changes_nothing_but_the_generation(filled: Engine) -> None:
    before = generation(filled)
    with filled.begin() as connection:
        install_triggers(connection)
        assert verify_triggers(connection) == []
        assert logged(connection) == []
    assert generation(filled) != before
    assert len(before) == len(generation(filled)) == 32


@pytest.mark.parametrize("name", ["workbench_cam_leads_update", "workbench_audit_events_insert"])
def test_a_missing_trigger_is_named(engine: Engine, name: str) -> None:
    table = name.removeprefix("workbench_").rpartition("_")[0]
    with engine.begin() as connection:
        connection.exec_driver_sql(f"DROP TRIGGER {name}" + (f" ON {table}" if engine.dialect.name != "sqlite" else ""))
        assert verify_triggers(connection) == [name]
        install_triggers(connection)
        assert verify_triggers(connection) == []


def test_a_trigger_that_says_something_else_is_named(sqlite: Connection) -> None:
    sqlite.exec_driver_sql("DROP TRIGGER workbench_audit_events_no_delete")
    sqlite.exec_driver_sql(
        "CREATE TRIGGER workbench_audit_events_no_delete BEFORE DELETE ON audit_events BEGIN SELECT 1; END"
    )
    assert verify_triggers(sqlite) == ["workbench_audit_events_no_delete"]


def test_a_trigger_that_is_switched_off_or_a_function_that_was_changed_is_named(postgres: Connection) -> None:
    postgres.exec_driver_sql("ALTER TABLE cam_leads DISABLE TRIGGER workbench_cam_leads_update")
    postgres.exec_driver_sql(
        "CREATE OR REPLACE FUNCTION workbench_refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"
    )
    assert verify_triggers(postgres) == ["workbench_cam_leads_update", "workbench_refuse"]


def test_rebuilding_a_table_drops_its_triggers_and_installing_brings_them_back(sqlite: Connection) -> None:
    columns = ", ".join(column.name for column in reflect(sqlite.engine).tables["suppressions"].columns)
    ddl = sqlite.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = 'suppressions'").scalar_one()
    sqlite.exec_driver_sql(ddl.replace("CREATE TABLE suppressions", "CREATE TABLE rebuilt", 1))
    sqlite.exec_driver_sql(f"INSERT INTO rebuilt ({columns}) SELECT {columns} FROM suppressions")
    sqlite.exec_driver_sql("DROP TABLE suppressions")
    sqlite.exec_driver_sql("ALTER TABLE rebuilt RENAME TO suppressions")
    missing = verify_triggers(sqlite)
    assert "workbench_suppressions_insert" in missing
    assert "workbench_suppressions_key1_insert" in missing

    install_triggers(sqlite)

    assert verify_triggers(sqlite) == []
    assert insert(sqlite, reflect(sqlite.engine).tables["suppressions"])
    assert len(logged(sqlite)) == 1


def test_removing_leaves_none(engine: Engine) -> None:
    with engine.begin() as connection:
        remove_triggers(connection)
        found = connection.exec_driver_sql(
            "SELECT count(*) FROM sqlite_master WHERE type = 'trigger'"
            if engine.dialect.name == "sqlite"
            else "SELECT (SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal)"
            " + (SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace)"
        ).scalar_one()
        assert found == 0
        assert len(verify_triggers(connection)) > 50


def test_tables_are_filled_parents_first(engine: Engine) -> None:
    """The helper these tests stand on: were a table skipped, its triggers would go untested."""
    names = [table.name for table in in_order(reflect(engine))]
    assert names.index("projects") < names.index("cam_campaigns") < names.index("cam_leads")
    assert set(CAPTURED) <= set(names)

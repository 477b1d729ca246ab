"""The chain of migrations: every step up, down and up again with rows in every table, whole or not at all."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Engine

from tests.integration.tables import CHAIN, LEGACY, MACHINERY, counts, dump, fill, insert, reflect, shape, triggers
from workbench import migrate
from workbench.db import make_engine
from workbench.errors import DatabaseNotAtHead, DatabaseProblem
from workbench.models import Base
from workbench.triggers import verify_triggers

ROOT = Path(__file__).parents[2]


def upgrade(engine: Engine, revision: str) -> None:
    command.upgrade(migrate.config(engine), revision)


def missing_triggers(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return verify_triggers(connection)


def rows_of(engine: Engine, columns: dict[str, list[str]]) -> dict[str, list[tuple[object, ...]]]:
    """What stands in ``columns`` of each table, by id."""
    tables = reflect(engine)
    with engine.connect() as connection:
        return {
            name: [
                tuple(row)
                for row in connection.execute(
                    sa.select(*(tables.tables[name].c[column] for column in sorted(wanted))).order_by(
                        tables.tables[name].c.id
                    )
                )
            ]
            for name, wanted in columns.items()
        }


def common_columns(one: Engine, shape_before: dict[str, dict[str, dict[str, object]]]) -> dict[str, list[str]]:
    return {
        name: sorted(set(table["columns"]) & set(shape_before[name]["columns"]))
        for name, table in shape(one).items()
        if name in shape_before and name not in MACHINERY
    }


def test_the_chain_begins_with_the_three_legacy_revisions_and_has_one_head() -> None:
    script = ScriptDirectory(str(ROOT / "migrations"))
    assert [step.revision for step in script.walk_revisions()][::-1] == list(CHAIN)
    assert CHAIN[:3] == ("5e3a9d7f2b4c", "a812cd322779", "308887b163f4")
    assert script.get_heads() == [migrate.head()] == [CHAIN[-1]]


def test_each_step_up_down_and_up_again_keeps_every_row(empty_engine: Engine) -> None:
    upgrade(empty_engine, CHAIN[0])
    fill(empty_engine)
    for earlier, revision in pairwise(CHAIN):
        shape_before, counts_before = shape(empty_engine), counts(empty_engine)
        upgrade(empty_engine, revision)
        kept = {name: number for name, number in counts(empty_engine).items() if name in counts_before}
        assert kept == counts_before, f"rows were lost on the way up to {revision}"
        fill(empty_engine)
        columns = common_columns(empty_engine, shape_before)
        rows = rows_of(empty_engine, columns)
        assert missing_triggers(empty_engine) == []

        migrate.downgrade(empty_engine, earlier)
        assert shape(empty_engine) == shape_before, f"{revision} does not take back what it did"
        assert rows_of(empty_engine, columns) == rows, f"rows were lost on the way down from {revision}"
        assert missing_triggers(empty_engine) == []

        upgrade(empty_engine, revision)
        assert rows_of(empty_engine, columns) == rows, f"rows were lost on the way up again to {revision}"
        assert missing_triggers(empty_engine) == []
        fill(empty_engine)


def test_all_the_way_down_leaves_nothing_and_the_way_up_is_free_again(empty_engine: Engine) -> None:
    migrate.upgrade(empty_engine)
    tables = reflect(empty_engine).tables
    with empty_engine.begin() as connection:  # a project with its one campaign, so that the way down is free
        insert(connection, tables["projects"])
        insert(connection, tables["cam_campaigns"])
    fill(empty_engine)
    assert counts(empty_engine)["change_log"] > 0

    migrate.downgrade(empty_engine, "base")

    assert sa.inspect(empty_engine).get_table_names() == ["alembic_version"]
    assert triggers(empty_engine) == set()
    assert migrate.current(empty_engine) is None
    migrate.upgrade(empty_engine)
    migrate.check_head(empty_engine)


def test_head_is_what_the_models_say(empty_engine: Engine) -> None:
    migrate.upgrade(empty_engine)
    command.check(migrate.config(empty_engine))  # alembic's own comparison; raises with the differences
    migrated = shape(empty_engine)

    migrate.downgrade(empty_engine, "base")
    Base.metadata.create_all(empty_engine)
    modelled = shape(empty_engine)
    if empty_engine.dialect.name == "postgresql":  # the one thing that the models leave out (see ChangeLog)
        assert migrated["change_log"]["columns"].pop("xid")[:2] == ("BIGINT", False)
        assert migrated["change_log"]["indexes"].pop() == ("ix_change_log_xid", ("xid",), False, None)

    assert migrated == modelled


def test_a_fresh_database_has_its_safety_settings_in_simulation(empty_engine: Engine) -> None:
    migrate.upgrade(empty_engine)
    with empty_engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT id, mode, system_paused FROM cam_safety_settings")).all()
    assert [tuple(row) for row in rows] == [(1, "simulation", False)]


def test_at_head_nothing_is_done(empty_engine: Engine, tmp_path: Path) -> None:
    migrate.upgrade(empty_engine)
    before = dump(empty_engine)
    assert migrate.upgrade(empty_engine, backup_to=tmp_path / "backups") is None
    assert dump(empty_engine) == before
    assert not (tmp_path / "backups").exists()


def test_missing_triggers_are_put_on_again_by_migrating(empty_engine: Engine) -> None:
    migrate.upgrade(empty_engine)
    on_table = "" if empty_engine.dialect.name == "sqlite" else " ON cam_leads"
    with empty_engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER workbench_cam_leads_insert" + on_table)
    with pytest.raises(DatabaseNotAtHead, match=r"workbench_cam_leads_insert.*Run: workbench migrate"):
        migrate.check_head(empty_engine)

    migrate.upgrade(empty_engine)

    migrate.check_head(empty_engine)


@pytest.mark.parametrize("statement", ["CREATE TABLE users", "CREATE TABLE content_items", "CREATE TABLE mirror_state"])
def test_a_migration_that_fails_half_way_leaves_the_database_as_it_was(empty_engine: Engine, statement: str) -> None:
    upgrade(empty_engine, LEGACY)
    fill(empty_engine)
    before = dump(empty_engine)

    def fail(_c: object, _cursor: object, sql: str, *_rest: object) -> None:
        if statement in sql:
            raise ZeroDivisionError

    sa.event.listen(empty_engine, "before_cursor_execute", fail)
    with pytest.raises(ZeroDivisionError):
        migrate.upgrade(empty_engine)
    sa.event.remove(empty_engine, "before_cursor_execute", fail)

    assert dump(empty_engine) == before
    migrate.upgrade(empty_engine)
    migrate.check_head(empty_engine)


def test_rows_that_refer_to_nothing_stop_the_migration_and_are_named(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'orphans.db'}")
    upgrade(engine, LEGACY)
    fill(engine)
    with engine.connect() as connection:
        connection.connection.driver_connection.execute("PRAGMA foreign_keys = OFF")
        connection.exec_driver_sql("INSERT INTO cam_leads (id, campaign_id) VALUES (77, 4711)")
        connection.commit()
        connection.connection.driver_connection.execute("PRAGMA foreign_keys = ON")
    before = dump(engine)

    with pytest.raises(DatabaseProblem, match=r"1 rows refer to rows that are not there.*cam_leads 77.*cam_campaigns"):
        migrate.upgrade(engine)

    assert dump(engine) == before
    engine.dispose()


def test_foreign_keys_hold_again_after_a_migration(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'keys.db'}")
    migrate.upgrade(engine)
    with engine.begin() as connection, pytest.raises(sa.exc.IntegrityError):
        connection.exec_driver_sql("INSERT INTO intakes (project_id, number, created_at) VALUES (9, 1, '2026-01-01')")
    engine.dispose()


@pytest.mark.parametrize("campaigns", [0, 2])
def test_going_back_before_projects_lists_those_without_exactly_one_campaign(
    empty_engine: Engine, campaigns: int
) -> None:
    migrate.upgrade(empty_engine)
    tables = reflect(empty_engine).tables
    with empty_engine.begin() as connection:
        fine = insert(connection, tables["projects"], name="Fine")
        insert(connection, tables["cam_campaigns"], project_id=fine)
        odd = insert(connection, tables["projects"], name="Odd one")
        for _ in range(campaigns):
            insert(connection, tables["cam_campaigns"], project_id=odd)
    before = dump(empty_engine)

    with pytest.raises(DatabaseProblem, match=rf"'Odd one' \(id {odd}\) has {campaigns or 'none'}") as refusal:
        migrate.downgrade(empty_engine, LEGACY)

    assert "Fine" not in refusal.value.message
    assert "Nothing was changed" in refusal.value.message
    assert dump(empty_engine) == before


def test_who_said_no_is_not_forgotten_on_the_way_down_and_up(empty_engine: Engine) -> None:
    migrate.upgrade(empty_engine)
    tables = reflect(empty_engine).tables
    with empty_engine.begin() as connection:
        insert(connection, tables["projects"])
        insert(connection, tables["cam_campaigns"])
        for address, consent, tags in (
            ("no@example.com", "DNC", ["vip"]),
            ("yes@example.com", "CONSENTED", None),
            ("gone@example.com", "UNKNOWN", ["vip"]),
            ("open@example.com", "UNKNOWN", None),
        ):
            insert(
                connection,
                tables["cam_leads"],
                email=address,
                email_norm=address,
                consent_status=consent,
                tags=sa.null() if tags is None else tags,
            )
        insert(connection, tables["suppressions"], address_norm="gone@example.com", reason="unsubscribe")
        insert(connection, tables["cam_outreach_attempts"], mode="simulation", status="SENT")
        insert(connection, tables["cam_outreach_attempts"], mode="live", status="SENT")

    migrate.downgrade(empty_engine, LEGACY)
    migrate.upgrade(empty_engine)

    with empty_engine.connect() as connection:
        leads = connection.execute(sa.text("SELECT email_norm, consent_status FROM cam_leads ORDER BY id")).all()
        tags = connection.scalars(sa.select(tables["cam_leads"].c.tags).order_by(tables["cam_leads"].c.id)).all()
        tried = connection.execute(sa.text("SELECT mode, status FROM cam_outreach_attempts ORDER BY id")).all()
    assert [tuple(row) for row in leads] == [
        ("no@example.com", "DNC"),
        ("yes@example.com", "CONSENTED"),
        ("gone@example.com", "DNC"),
        ("open@example.com", "UNKNOWN"),
    ]
    assert tags == [["vip"], None, ["vip"], None]
    assert [tuple(row) for row in tried] == [("simulation", "SENT"), ("live", "SENT")]


def run_alembic(database_url: str, data_dir: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"WORKBENCH_DATABASE_URL": database_url, "WORKBENCH_DATA_DIR": str(data_dir)}
    return subprocess.run(
        [sys.executable, "-m", "alembic", *words],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_plain_alembic_does_what_workbench_migrate_does(empty_engine: Engine, tmp_path: Path) -> None:
    url = empty_engine.url.render_as_string(hide_password=False)
    upgrade(empty_engine, LEGACY)
    before = counts(empty_engine)

    done = run_alembic(url, tmp_path / "var", "upgrade", "head")

    assert done.returncode == 0, done.stderr
    migrate.check_head(empty_engine)
    by_alembic = (shape(empty_engine), triggers(empty_engine))
    migrate.downgrade(empty_engine, LEGACY)
    migrate.upgrade(empty_engine)
    assert by_alembic == (shape(empty_engine), triggers(empty_engine))
    assert before.keys() <= counts(empty_engine).keys()
    backups = list((tmp_path / "var" / "backups").glob(f"*-{LEGACY}.db"))
    assert len(backups) == (1 if empty_engine.dialect.name == "sqlite" else 0)


def test_plain_alembic_says_in_one_line_what_is_wrong(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'notes.db'}"
    engine = make_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE notes (id INTEGER)")
    engine.dispose()
    refused = run_alembic(url, tmp_path, "upgrade", "head")
    assert refused.returncode != 0
    assert "Give the workbench a database of its own" in refused.stderr + refused.stdout
    assert "Traceback" not in refused.stderr
    refused = run_alembic(url, tmp_path, "upgrade", "head", "--sql")
    assert "cannot be written out as SQL" in refused.stderr + refused.stdout


def test_legacy_tables_without_a_version_can_be_given_one(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'legacy.db'}"
    engine = make_engine(url)
    upgrade(engine, LEGACY)
    fill(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE alembic_version")
    with pytest.raises(DatabaseProblem, match="alembic stamp 308887b163f4"):
        migrate.upgrade(engine)

    assert run_alembic(url, tmp_path, "stamp", LEGACY).returncode == 0

    migrate.upgrade(engine)
    migrate.check_head(engine)
    engine.dispose()


def test_processes_that_migrate_at_the_same_time_wait_for_each_other(empty_engine: Engine) -> None:
    upgrade(empty_engine, LEGACY)
    fill(empty_engine)
    before = counts(empty_engine)
    url = empty_engine.url.render_as_string(hide_password=False)
    script = (
        "import sys; from workbench import migrate; from workbench.db import make_engine;"
        " engine = make_engine(sys.argv[1]); migrate.head(); print('ready', flush=True);"
        " sys.stdin.readline(); migrate.upgrade(engine)"
    )
    both = [
        subprocess.Popen(
            [sys.executable, "-c", script, url],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
        )
        for _ in range(2)
    ]  # fmt: skip
    for process in both:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in both:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    errors = [process.communicate(timeout=60)[1] for process in both]

    assert errors == ["", ""]
    migrate.check_head(empty_engine)
    assert {name: number for name, number in counts(empty_engine).items() if name in before} == before

"""A refresh reads what was logged and nothing else, and everything when the log may not tell all."""

from __future__ import annotations

import os
import sqlite3
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from tests import factories as make
from workbench.db import data_version, make_engine
from workbench.errors import DatabaseBusy, DatabaseProblem
from workbench.metrics import Mirror, source, watch
from workbench.metrics.copy import MOST_WORDS
from workbench.metrics.loading import Loading
from workbench.models import Campaign, Lead
from workbench.services import change_log
from workbench.services.change_log import prune
from workbench.triggers import CAPTURED, install_triggers, verify_triggers


@pytest.fixture
def mirror(engine: Engine) -> Iterator[Mirror]:
    made = Mirror(engine)
    yield made
    made.close()


@pytest.fixture
def campaign(db: Session) -> Campaign:
    made = make.campaign(db, make.project(db))
    for _ in range(5):
        make.lead(db, made, name="Lea")
        db.commit()
    return made


def names(mirror: Mirror) -> list[str]:
    return list(mirror.sql("select name from cam_leads order by id")["name"])


def run(engine: Engine, *statements: str) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def unlogged(engine: Engine, table: str, statement: str) -> list[str]:
    """``statement`` as it goes when no trigger is there to log it, with the triggers as they were at the end."""
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            found = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").all()
        ours = [(name, sql) for name, sql in found if f" ON {table} " in sql]
        return [*(f"DROP TRIGGER {name}" for name, _ in ours), statement, *(sql for _, sql in ours)]
    switch = f"ALTER TABLE {table} {{}} TRIGGER workbench_{table}_update"
    return [switch.format("DISABLE"), statement, switch.format("ENABLE ALWAYS")]


def test_only_what_was_logged_is_read_again(
    engine: Engine, mirror: Mirror, campaign: Campaign, in_full: list[str]
) -> None:
    mirror.refresh()
    assert set(in_full) == set(CAPTURED)
    in_full.clear()
    run(
        engine,
        "UPDATE cam_leads SET name = 'Changed' WHERE id = 2",
        "DELETE FROM cam_leads WHERE id = 4",
        "UPDATE cam_leads SET id = 90, name = 'Moved' WHERE id = 5",
    )
    assert names(mirror) == ["Lea", "Changed", "Lea", "Moved"]
    assert in_full == []
    assert not mirror.refresh()


def test_a_change_nobody_logged_is_not_looked_for(
    engine: Engine, mirror: Mirror, campaign: Campaign, in_full: list[str]
) -> None:
    """The other side of the test above: rows are taken by the log alone."""
    mirror.refresh()
    in_full.clear()
    run(engine, "UPDATE cam_leads SET name = 'Logged'", "DELETE FROM change_log WHERE row_id = 3")
    assert names(mirror) == ["Logged", "Logged", "Lea", "Logged", "Logged"]


def test_many_changes_of_one_table_read_it_in_full(
    engine: Engine, mirror: Mirror, campaign: Campaign, in_full: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.metrics.changes.MOST_CHANGES", 3)
    mirror.refresh()
    in_full.clear()
    run(engine, "UPDATE cam_leads SET name = 'New'")
    assert names(mirror) == ["New"] * 5
    assert in_full == ["cam_leads"]


def test_what_happened_while_triggers_were_off_is_found_although_they_stand_again(
    engine: Engine, mirror: Mirror, campaign: Campaign
) -> None:
    mirror.refresh()
    run(engine, *unlogged(engine, "cam_leads", "UPDATE cam_leads SET name = 'Unseen'"))
    assert names(mirror) == ["Unseen"] * 5


def test_triggers_that_were_installed_anew_read_everything_in_full(
    engine: Engine, mirror: Mirror, campaign: Campaign, in_full: list[str]
) -> None:
    mirror.refresh()
    in_full.clear()
    with engine.begin() as connection:
        install_triggers(connection)
    assert mirror.refresh()
    assert set(in_full) == set(CAPTURED)


@pytest.mark.postgres
def test_a_truncated_table_is_read_in_full_and_no_other(fresh_postgres_url: str, in_full: list[str]) -> None:
    engine = make_engine(fresh_postgres_url)
    mirror = Mirror(engine)
    with Session(engine) as db:
        make.lead(db, make.campaign(db, make.project(db)), name="Lea")
        db.commit()
    mirror.refresh()
    in_full.clear()
    run(engine, "TRUNCATE cam_contact_events, cam_discovery_jobs")
    assert mirror.refresh()
    assert in_full == ["cam_contact_events", "cam_discovery_jobs"]
    assert names(mirror) == ["Lea"]
    mirror.close()
    engine.dispose()


@pytest.mark.postgres
def test_a_table_that_another_transaction_empties_is_waited_for(
    fresh_postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TRUNCATE shows at once in a snapshot from before it; so the snapshot is taken behind its lock."""
    engine = make_engine(fresh_postgres_url)
    mirror = Mirror(engine)
    with engine.connect() as emptying:
        emptying.exec_driver_sql("TRUNCATE cam_contact_events")
        monkeypatch.setattr(source, "PATIENCE_SECONDS", 0.2)
        with pytest.raises(DatabaseBusy, match="try again"):
            mirror.refresh()
        monkeypatch.setattr(source, "PATIENCE_SECONDS", 60)
        threading.Timer(0.3, emptying.rollback).start()
        assert mirror.refresh()
    mirror.close()
    engine.dispose()


def test_a_value_that_is_none_of_its_column_is_said_and_hurts_until_it_is_corrected(
    on_sqlite: tuple[Engine, Mirror],
) -> None:
    """SQLite takes any text for a moment."""
    engine, mirror = on_sqlite
    assert names(mirror) == ["Lea"] * 3
    run(engine, "UPDATE cam_leads SET created_at = 'soon', name = 'Odd' WHERE id = 1")
    for _ in range(2):
        with pytest.raises(DatabaseProblem, match=r"soon.*look for a value that does not fit"):
            mirror.refresh()
    run(engine, "UPDATE cam_leads SET created_at = '2026-11-19 10:00:00.000000' WHERE id = 1")
    assert names(mirror) == ["Odd", "Lea", "Lea"]


def test_a_refresh_after_nothing_asks_one_short_question(
    engine: Engine, mirror: Mirror, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror.refresh()
    assert not mirror.refresh()
    statements: list[str] = []

    @sa.event.listens_for(engine, "before_cursor_execute")
    def _watched(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    asked: list[object] = []
    monkeypatch.setattr(watch, "data_version", lambda connection: asked.append(1) or data_version(connection))
    for _ in range(5):
        assert not mirror.refresh()
    assert statements == []
    assert len(asked) == 5
    run(engine, "UPDATE cam_leads SET name = 'Seen'")
    assert names(mirror) == ["Seen"] * 5


# Words


def test_words_nobody_foresaw_arrive_and_sort_as_text(
    engine: Engine, mirror: Mirror, campaign: Campaign, in_full: list[str]
) -> None:
    mirror.refresh()
    in_full.clear()
    run(
        engine,
        "UPDATE cam_leads SET status = 'it''s, new' WHERE id = 1",
        "UPDATE cam_leads SET status = 'Ärger' WHERE id = 2",
        "UPDATE cam_leads SET status = '' WHERE id = 3",
    )
    frame = mirror.sql("select status, count(*) as n from cam_leads group by 1 order by 1")
    assert frame["status"].tolist() == ["", "NEW", "it's, new", "Ärger"]
    assert str(frame["status"].dtype) == "str"
    assert mirror.sql("select max(status) m from cam_leads")["m"][0] == "Ärger"
    assert mirror.sql("select count(*) n from cam_leads where status = 'never heard of'")["n"][0] == 0
    assert in_full == []


def test_a_column_with_too_many_words_becomes_plain_text(engine: Engine, mirror: Mirror, campaign: Campaign) -> None:
    mirror.refresh()

    def kind() -> str:
        types = mirror.sql("describe cam_leads").set_index("column_name")["column_type"]
        return str(types["status"])

    assert kind() == "ENUM('NEW')"
    with engine.begin() as connection:
        for number in range(MOST_WORDS):
            connection.execute(
                sa.text(
                    "INSERT INTO cam_leads (campaign_id, status, source, stage, consent_status, created_at, updated_at)"
                    " SELECT campaign_id, :status, source, stage, consent_status, created_at, updated_at"
                    " FROM cam_leads WHERE id = 1"
                ),
                {"status": f"word {number}"},
            )
    assert mirror.sql("select count(distinct status) n from cam_leads")["n"][0] == MOST_WORDS + 1
    assert kind() == "VARCHAR"
    run(engine, "UPDATE cam_leads SET status = 'one more' WHERE id = 1")
    assert mirror.sql("select status from cam_leads where id = 1")["status"][0] == "one more"


def test_a_word_that_is_missing_is_missing(engine: Engine, mirror: Mirror, db: Session, campaign: Campaign) -> None:
    db.add(make_job := make.attempt(db, campaign, lead_id=1))
    db.commit()
    mirror.refresh()
    frame = mirror.sql(
        "select (select status from cam_leads where id < 0) as nothing, channel from cam_outreach_attempts"
    )
    assert frame["nothing"].isna().all()
    assert frame["channel"].tolist() == [make_job.channel]


# Pruning


def test_a_reader_that_has_seen_all_that_was_pruned_goes_on_by_the_log(
    engine: Engine, mirror: Mirror, campaign: Campaign, db: Session, in_full: list[str]
) -> None:
    mirror.refresh()
    in_full.clear()
    assert prune(db, keep=0) >= 5
    db.commit()
    run(engine, "UPDATE cam_leads SET name = 'After' WHERE id = 1")
    assert names(mirror)[:2] == ["After", "Lea"]
    assert in_full == []


def test_a_reader_below_the_floor_reads_in_full(
    engine: Engine, mirror: Mirror, campaign: Campaign, db: Session, in_full: list[str]
) -> None:
    mirror.refresh()
    in_full.clear()
    run(engine, "UPDATE cam_leads SET name = 'Pruned' WHERE id = 1")
    run(engine, "UPDATE cam_leads SET name = 'Kept' WHERE id = 2")
    assert prune(db, keep=0) >= 5
    db.commit()
    assert names(mirror)[:3] == ["Pruned", "Kept", "Lea"]
    assert set(in_full) == set(CAPTURED)


def test_pruning_keeps_the_newest_and_goes_in_steps(engine: Engine, db: Session, campaign: Campaign) -> None:
    for number in range(30):
        run(engine, f"UPDATE cam_leads SET name = '{number}' WHERE id = 1")
    log = sa.text("SELECT id FROM change_log ORDER BY id")
    before = list(db.scalars(log))
    db.rollback()
    first = prune(db, keep=10, batch=7)
    assert 7 <= first < 15
    while prune(db, keep=10, batch=7):
        pass
    db.commit()
    assert list(db.scalars(log)) == before[-len(list(db.scalars(log))) :]
    assert 10 <= len(list(db.scalars(log))) <= 11
    assert prune(db, keep=10) == 0
    assert prune(db, keep=change_log.KEEP) == 0


def test_pruning_that_is_rolled_back_raised_no_floor(engine: Engine, db: Session, campaign: Campaign) -> None:
    floor = sa.text("SELECT floor FROM mirror_state")
    before = db.scalar(floor)
    db.rollback()
    assert prune(db, keep=0)
    assert db.scalar(floor) != before
    db.rollback()
    assert db.scalar(floor) == before


@pytest.mark.postgres
def test_pruning_leaves_what_an_open_transaction_may_still_log_beside(fresh_postgres_url: str) -> None:
    engine = make_engine(fresh_postgres_url)
    mirror = Mirror(engine)
    with Session(engine) as db, Session(engine) as slow, Session(engine) as pruner:
        made = make.campaign(db, make.project(db))
        db.commit()
        make.lead(slow, made, name="Late")
        make.lead(db, made, name="Early")
        db.commit()
        assert names(mirror) == ["Early"]
        prune(pruner, keep=0)
        pruner.commit()
        slow.commit()
        assert sorted(names(mirror)) == ["Early", "Late"]
    mirror.close()
    engine.dispose()


# Another database in its place


@pytest.fixture
def file(sqlite_url: str) -> Path:
    return Path(sqlite_url.removeprefix("sqlite:///"))


@pytest.fixture
def on_sqlite(sqlite_url: str) -> Iterator[tuple[Engine, Mirror]]:
    engine = make_engine(sqlite_url)
    mirror = Mirror(engine)
    with Session(engine) as db:
        made = make.campaign(db, make.project(db))
        for _ in range(3):
            make.lead(db, made, name="Lea")
        db.commit()
    yield engine, mirror
    mirror.close()
    engine.dispose()


def _copy_of(file: Path) -> Path:
    copy = file.with_name("copy.db")
    with closing(sqlite3.connect(file)) as there, closing(sqlite3.connect(copy)) as here:
        there.backup(here)
    return copy


def test_a_backup_put_in_the_files_place_is_noticed_by_mirror_and_sessions(
    on_sqlite: tuple[Engine, Mirror], file: Path
) -> None:
    engine, mirror = on_sqlite
    copy = _copy_of(file)
    run(engine, "UPDATE cam_leads SET name = 'After the backup'")
    assert names(mirror) == ["After the backup"] * 3
    for beside in ("-wal", "-shm"):
        file.with_name(file.name + beside).unlink()
    os.replace(copy, file)
    assert names(mirror) == ["Lea"] * 3
    with Session(engine) as db:
        assert set(db.scalars(sa.select(Lead.name))) == {"Lea"}
    run(engine, "UPDATE cam_leads SET name = 'Now' WHERE id = 2")
    assert names(mirror) == ["Lea", "Now", "Lea"]


def test_a_backup_written_over_the_database_is_noticed_however_far_its_log_has_come(
    on_sqlite: tuple[Engine, Mirror], file: Path
) -> None:
    """Same file and generation, and at the next look as long a log: only the schema's version tells."""
    engine, mirror = on_sqlite
    copy = _copy_of(file)
    run(engine, "UPDATE cam_leads SET name = 'Lost' WHERE id = 1")
    assert names(mirror) == ["Lost", "Lea", "Lea"]
    with closing(sqlite3.connect(copy)) as there, closing(sqlite3.connect(file)) as here:
        there.backup(here)
    run(engine, "UPDATE cam_leads SET name = 'After' WHERE id = 2")
    assert names(mirror) == ["Lea", "After", "Lea"]


@pytest.mark.postgres
def test_a_dump_from_another_server_is_read_in_full_until_its_log_is_pruned(
    fresh_postgres_url: str, in_full: list[str]
) -> None:
    """It brings a floor and numbers of transactions that this server has not come to."""
    engine = make_engine(fresh_postgres_url)
    mirror = Mirror(engine)
    with Session(engine) as db:
        make.lead(db, make.campaign(db, make.project(db)), name="Lea")
        db.commit()
    run(
        engine,
        "INSERT INTO change_log (table_number, row_id, xid) VALUES (6, 1, '4000000000')",
        "UPDATE mirror_state SET floor = 3999999999",
    )
    mirror.refresh()
    run(engine, "UPDATE cam_leads SET name = 'Changed'")
    assert names(mirror) == ["Changed"]
    with Session(engine) as db:
        prune(db)
        db.commit()
        assert db.scalar(sa.text("SELECT floor FROM mirror_state")) == 0
        assert db.scalar(sa.text("SELECT count(*) FROM change_log WHERE xid = '4000000000'")) == 0
    mirror.refresh()
    in_full.clear()
    run(engine, "UPDATE cam_leads SET name = 'Again'")
    assert names(mirror) == ["Again"]
    assert in_full == []
    mirror.close()
    engine.dispose()


@pytest.mark.postgres
def test_a_table_read_back_from_a_dump_is_another_one(fresh_postgres_url: str) -> None:
    """pg_restore makes the table, fills it, and only then puts its triggers on: nothing is logged."""
    engine = make_engine(fresh_postgres_url)
    mirror = Mirror(engine)
    run(engine, "INSERT INTO suppressions (address_norm, reason, created_at) VALUES ('a@x', 'bounce', now())")
    mirror.refresh()
    with engine.begin() as connection:
        triggers = connection.exec_driver_sql(
            "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger"
            " WHERE tgrelid = 'suppressions'::regclass AND NOT tgisinternal"
        ).all()
        assert len(triggers) == 5
        connection.exec_driver_sql("CREATE TABLE other (LIKE suppressions INCLUDING ALL)")
        connection.exec_driver_sql("DROP TABLE suppressions CASCADE")
        connection.exec_driver_sql("ALTER TABLE other RENAME TO suppressions")
        connection.exec_driver_sql(
            "INSERT INTO suppressions (id, address_norm, reason, created_at) VALUES (1, 'b@x', 'bounce', now())"
        )
        for name, statement in triggers:
            connection.exec_driver_sql(statement)
            connection.exec_driver_sql(f"ALTER TABLE suppressions ENABLE ALWAYS TRIGGER {name}")
        assert verify_triggers(connection) == []
    assert mirror.sql("select address_norm from suppressions")["address_norm"].tolist() == ["b@x"]
    mirror.close()
    engine.dispose()


# Loading


def test_a_load_says_how_far_it_is(engine: Engine, campaign: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "CHUNK", 2)
    told: list[Loading | None] = []
    mirror = Mirror(engine, progress=told.append)
    assert not mirror.loaded
    mirror.refresh()
    assert mirror.loaded
    assert mirror.loading is None
    assert told[-1] is None
    steps = [step for step in told if step is not None]
    assert [step.rows for step in steps] == sorted(step.rows for step in steps)
    assert steps[-1].share == 1.0
    assert len(steps) > 3
    mirror.close()


def test_a_load_in_the_background_is_one_load(engine: Engine, mirror: Mirror, campaign: Campaign) -> None:
    thread = mirror.load_in_background()
    assert thread is not None
    assert mirror.load_in_background() is None
    thread.join(60)
    assert mirror.loaded
    assert mirror.loading is None
    assert mirror.load_in_background() is None


def test_no_second_sqlite_library_reads_the_database() -> None:
    """Closing its copy of the file would drop the locks of the first."""
    import workbench.metrics.mirror

    assert workbench.metrics.mirror
    assert not {"adbc_driver_sqlite", "connectorx", "apsw"} & set(sys.modules)

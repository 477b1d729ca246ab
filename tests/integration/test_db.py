"""Transactions, and what SQLite and PostgreSQL are told to do alike."""

from __future__ import annotations

import sqlite3
import threading
import traceback
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from tests import factories
from workbench.db import begin_write, database_now, make_engine, make_sessions, sqlite_path, transaction
from workbench.errors import DatabaseBusy, DatabaseFull, DatabaseProblem, DatabaseReadOnly
from workbench.models import Project, SafetySettings


def names(engine: Engine) -> list[str]:
    with Session(engine) as session:
        return list(session.scalars(sa.select(Project.name)))


def fail_after_writing(session: Session) -> None:
    session.add(Project(name="Lost"))
    session.flush()
    raise ZeroDivisionError


def test_a_block_that_ends_is_committed(engine: Engine) -> None:
    with make_sessions(engine)() as session, transaction(session, write=True):
        session.add(Project(name="Kept"))
    assert names(engine) == ["Kept"]


def test_an_error_that_ends_in_a_log_holds_no_value_of_the_statement(engine: Engine) -> None:
    query, address = sa.text("SELECT * FROM nowhere WHERE address = :address"), "@".join(("ann", "example.com"))
    with (
        make_sessions(engine)() as session,
        pytest.raises(DatabaseProblem) as caught,
        transaction(session, write=False),
    ):
        session.execute(query, {"address": address})
    logged = "".join(traceback.format_exception(caught.value))
    assert "FROM nowhere" in logged
    assert address not in logged


def test_a_block_that_raises_leaves_nothing(engine: Engine) -> None:
    with make_sessions(engine)() as session:
        with pytest.raises(ZeroDivisionError), transaction(session, write=True):
            fail_after_writing(session)
        assert not session.in_transaction()
    assert names(engine) == []


def test_what_the_database_refuses_leaves_nothing_and_is_told_in_our_words(engine: Engine) -> None:
    with make_sessions(engine)() as session:
        with pytest.raises(DatabaseProblem, match="The database refused"), transaction(session, write=True):
            session.add_all([Project(name="Lost"), Project(name="Lost")])
        assert not session.in_transaction()
    assert names(engine) == []


def test_a_moment_comes_back_in_utc_whatever_zone_it_went_in(engine: Engine) -> None:
    there = datetime(2026, 7, 1, 23, 30, 0, 123456, tzinfo=timezone(timedelta(hours=-7)))
    with make_sessions(engine)() as session, transaction(session, write=True):
        project = factories.project(session, drafted_at=there)
    with Session(engine) as session:
        back = session.scalars(sa.select(Project.drafted_at).where(Project.id == project.id)).one()
    assert back == there
    assert back.tzinfo is UTC


def test_moments_compare_in_the_database_as_they_do_here(engine: Engine) -> None:
    base = datetime(2026, 7, 1, tzinfo=UTC)
    moments = [base + timedelta(microseconds=step) for step in (0, 1, 10, 1_000_000)]
    with make_sessions(engine)() as session, transaction(session, write=True):
        for moment in reversed(moments):
            factories.project(session, drafted_at=moment)
    with Session(engine) as session:
        assert session.scalars(sa.select(Project.drafted_at).order_by(Project.drafted_at)).all() == moments
        assert len(session.scalars(sa.select(Project.id).where(Project.drafted_at > moments[1])).all()) == 2


def test_the_databases_own_clock_is_aware(db: Session) -> None:
    assert abs(database_now(db) - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_reference_to_nothing_is_refused(engine: Engine) -> None:
    with make_sessions(engine)() as session, pytest.raises(DatabaseProblem), transaction(session, write=True):
        session.add(Project(name="X", intake_id=4711))


# SQLite


def test_sqlite_survives_a_power_cut_and_lets_readers_read(sqlite_url: str) -> None:
    engine = make_engine(sqlite_url)
    with engine.connect() as connection:
        told = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ]
    engine.dispose()
    assert told == ["wal", 2, 1, 10_000]  # 2 is FULL


def test_a_writer_takes_the_lock_when_it_begins_and_the_next_waits_for_it(sqlite_url: str) -> None:
    engine = make_engine(sqlite_url)
    one, two = Session(engine), Session(engine)
    began = threading.Event()

    def second() -> None:
        begin_write(two)
        began.set()
        two.rollback()

    begin_write(one)
    waiting = threading.Thread(target=second)
    waiting.start()
    assert not began.wait(0.2), "two writers hold the lock at once"
    one.rollback()
    waiting.join(10)
    assert began.is_set()
    one.close()
    two.close()
    engine.dispose()


def test_a_reader_sees_one_moment_while_a_writer_commits(sqlite_url: str) -> None:
    engine = make_engine(sqlite_url)
    with Session(engine) as reader, make_sessions(engine)() as writer:
        assert reader.scalars(sa.select(Project.id)).all() == []
        with transaction(writer, write=True):
            writer.add(Project(name="New"))
        assert reader.scalars(sa.select(Project.id)).all() == []
        reader.rollback()
        assert len(reader.scalars(sa.select(Project.id)).all()) == 1
    engine.dispose()


def test_a_writer_that_waits_too_long_is_told_so(sqlite_url: str) -> None:
    engine = make_engine(sqlite_url, busy_timeout_ms=50)
    path = sqlite_path(engine)
    assert path is not None
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with make_sessions(engine)() as session, pytest.raises(DatabaseBusy), transaction(session, write=True):
        pytest.fail("it began to write without the lock")
    with make_sessions(engine)() as session, transaction(session, write=False):
        assert session.get(SafetySettings, 1) is not None, "readers do not wait"
    other.close()
    engine.dispose()


@pytest.mark.parametrize("how", ["mode=ro", "query_only"])
def test_writing_where_only_reading_is_allowed(sqlite_url: str, how: str) -> None:
    path = sqlite_url.removeprefix("sqlite:///")
    engine = (
        make_engine(f"sqlite:///file:{path}?mode=ro&uri=true")
        if how == "mode=ro"
        else make_engine(sqlite_url, read_only=True)
    )
    with make_sessions(engine)() as session:
        with transaction(session, write=False):
            assert session.get(SafetySettings, 1) is not None
        with pytest.raises(DatabaseReadOnly), transaction(session, write=True):
            session.execute(sa.update(SafetySettings).values(pause_reason="No"))
    with Session(engine) as session:
        assert session.scalars(sa.select(SafetySettings.pause_reason)).one() is None
    engine.dispose()


def test_writing_where_there_is_no_room(sqlite_url: str) -> None:
    engine = make_engine(sqlite_url)

    @sa.event.listens_for(engine, "connect")
    def _limit(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {connection.execute('PRAGMA page_count').fetchone()[0]}")

    with make_sessions(engine)() as session:
        with pytest.raises(DatabaseFull, match="make room"), transaction(session, write=True):
            session.add_all(Project(name="N" * 100 + str(number), client="C" * 100) for number in range(500))
        assert not session.in_transaction()
    assert names(engine) == []
    engine.dispose()


def test_a_legacy_file_is_turned_to_wal_when_it_is_first_opened(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    with sqlite3.connect(path) as old:
        old.execute("CREATE TABLE t (a)")
        assert old.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    old.close()
    engine = make_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
    engine.dispose()

"""Open pages ask whether anything changed: one look serves them all, and finds every change."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from tests import factories as make
from workbench.db import make_engine
from workbench.errors import DatabaseProblem
from workbench.metrics import changes, watch
from workbench.metrics.watch import Watch


@pytest.fixture
def looks(engine: Engine) -> Iterator[list[str]]:
    """The statements that ask for the token."""
    found: list[str] = []

    @sa.event.listens_for(engine, "before_cursor_execute")
    def _watched(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "change_log" in statement and statement.startswith("SELECT"):
            found.append(statement)

    yield found
    sa.event.remove(engine, "before_cursor_execute", _watched)


def test_a_hundred_pages_ask_the_database_once_while_nothing_changes(
    engine: Engine, looks: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "LOOK_SECONDS", 600)
    shared = Watch(engine)
    assert len({shared.token() for _ in range(100)}) == 1
    assert len(looks) == 1
    shared.close()


def test_every_commit_changes_the_token_and_nothing_else_does(
    engine: Engine, db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "LOOK_SECONDS", 0)
    shared = Watch(engine)
    seen = [shared.token()]
    for _ in range(3):
        make.project(db)
        assert shared.token() == seen[-1]
        db.commit()
        assert shared.token() not in seen
        seen.append(shared.token())
    make.project(db)
    db.rollback()
    assert shared.token() == seen[-1]
    with engine.connect() as connection:
        assert changes.token(connection) == seen[-1]
    shared.close()


def test_transactions_are_ordered_as_numbers(engine: Engine) -> None:
    """As text 999 comes after 1000, and no page would see a change again before 9990."""
    if engine.dialect.name == "sqlite":
        pytest.skip("SQLite's log is numbered by a sequence")
    with engine.connect() as connection, connection.begin():
        connection.execute(sa.text("DELETE FROM change_log"))
        seen = set()
        for number in ("9", "10", "99", "100"):
            add = "INSERT INTO change_log (table_number, row_id, xid) VALUES (1, 1, CAST(:number AS xid8))"
            connection.execute(sa.text(add), {"number": number})
            seen.add(changes.token(connection))
        assert len(seen) == 4
        connection.rollback()


def test_a_closed_watch_looks_again(engine: Engine, db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "LOOK_SECONDS", 0)
    shared = Watch(engine)
    before = shared.token()
    shared.close()
    make.project(db)
    db.commit()
    assert shared.token() != before
    shared.close()


def test_what_somebody_reads_anew_serves_all_who_ask_after_him(engine: Engine) -> None:
    shared, readings = Watch(engine), iter(range(9))

    def read(token: str, *, renew: bool = False) -> int:
        return shared.shared("cards", token, lambda: next(readings), renew=renew)

    assert [read("a"), read("a"), read("a", renew=True), read("a"), read("b"), read("b")] == [0, 0, 1, 1, 2, 2]


@pytest.mark.postgres
def test_a_watch_whose_connection_was_cut_looks_by_another(
    fresh_postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "LOOK_SECONDS", 0)
    engine = make_engine(fresh_postgres_url)
    shared = Watch(engine)
    before = shared.token()
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO suppressions (address_norm, reason, created_at) VALUES ('a@x', 'bounce', now())"
        )
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert shared.token() != before
    shared.close()
    engine.dispose()


def test_a_database_that_cannot_be_read_is_said(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "LOOK_SECONDS", 0)
    shared = Watch(engine)
    shared.token()
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE mirror_state RENAME TO gone")
    with pytest.raises(DatabaseProblem, match="workbench migrate"):
        shared.token()
    shared.close()


def test_one_reading_serves_all_who_saw_the_same_state_and_no_other(
    engine: Engine, db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "LOOK_SECONDS", 0)
    monkeypatch.setattr(watch, "SHARED_SECONDS", 600)
    shared = Watch(engine)
    read: list[int] = []

    def ask() -> int:
        return shared.shared("key", shared.token(), lambda: read.append(1) or len(read))

    assert [ask() for _ in range(20)] == [1] * 20
    make.project(db)
    db.commit()
    assert [ask(), ask()] == [2, 2]
    assert shared.shared("other key", shared.token(), lambda: "other") == "other"
    monkeypatch.setattr(watch, "SHARED_SECONDS", 0)
    assert ask() == 3, "windows of time go on although nothing changes"
    shared.close()

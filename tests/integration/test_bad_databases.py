"""Databases that cannot be used as they are: a clear error that names what to do, and nothing is changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from sqlalchemy.engine import Engine

from tests.integration.tables import LEGACY, dump, fill
from workbench import migrate
from workbench.db import make_engine
from workbench.errors import (
    DatabaseBusy,
    DatabaseFull,
    DatabaseNotAtHead,
    DatabaseProblem,
    DatabaseReadOnly,
)

Use = Callable[[Engine], Any]
#: The ways into a database: what a person starts first.
WAYS: list[Use] = [migrate.upgrade, migrate.check_head]


@pytest.fixture
def legacy(tmp_path: Path) -> Path:
    """An SQLite file with rows, which has a migration before it."""
    path = tmp_path / "legacy.db"
    engine = make_engine(f"sqlite:///{path}")
    command.upgrade(migrate.config(engine), LEGACY)
    fill(engine)
    engine.dispose()
    return path


def contents(path: Path) -> list[str]:
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
        told = list(connection.iterdump())
    connection.close()
    return told


@pytest.fixture
def unchanged(legacy: Path) -> Iterator[None]:
    before = contents(legacy)
    yield
    assert contents(legacy) == before


def set_revision(engine: Engine, revision: str) -> None:
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = :new"), {"new": revision})


@pytest.mark.parametrize("use", [*WAYS, lambda engine: migrate.downgrade(engine, LEGACY)])
def test_one_from_the_future(empty_engine: Engine, use: Use) -> None:
    migrate.upgrade(empty_engine)
    fill(empty_engine)
    set_revision(empty_engine, "feedfacecafe")
    before = dump(empty_engine)

    with pytest.raises(DatabaseNotAtHead, match=r"feedfacecafe.*a newer version has been here") as refusal:
        use(empty_engine)

    assert "Run that version, or restore the backup" in refusal.value.message
    assert refusal.value.context["revision"] == "feedfacecafe"
    assert dump(empty_engine) == before


def test_an_older_one_is_refused_with_the_command_to_run(empty_engine: Engine) -> None:
    command.upgrade(migrate.config(empty_engine), LEGACY)
    before = dump(empty_engine)
    with pytest.raises(DatabaseNotAtHead, match=rf"{LEGACY}.*Run: workbench migrate"):
        migrate.check_head(empty_engine)
    assert dump(empty_engine) == before


def test_an_empty_one_is_refused_with_the_command_to_run(empty_engine: Engine) -> None:
    with pytest.raises(DatabaseNotAtHead, match="Run: workbench migrate"):
        migrate.check_head(empty_engine)


def test_looking_at_a_file_that_is_not_there_does_not_make_it(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'none.db'}")
    with pytest.raises(DatabaseNotAtHead, match=r"no database at .*none\.db yet\. Run: workbench migrate"):
        migrate.check_head(engine)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("use", WAYS)
def test_somebody_elses_tables(empty_engine: Engine, use: Use) -> None:
    with empty_engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE invoices (id INTEGER PRIMARY KEY, total INTEGER)"))
        connection.execute(sa.text("INSERT INTO invoices VALUES (1, 100)"))
    before = dump(empty_engine)
    with pytest.raises(DatabaseProblem, match=r"invoices.*Give the workbench a database of its own"):
        use(empty_engine)
    assert dump(empty_engine) == before


# SQLite: read-only, locked, full, damaged


@pytest.mark.usefixtures("unchanged")
def test_a_file_opened_read_only_cannot_be_migrated(legacy: Path) -> None:
    engine = make_engine(f"sqlite:///file:{legacy}?mode=ro&uri=true")
    with pytest.raises(DatabaseReadOnly, match=r"read-only\. Nothing was changed; check the file's permissions"):
        migrate.upgrade(engine)
    with pytest.raises(DatabaseNotAtHead, match="Run: workbench migrate"):
        migrate.check_head(engine)
    engine.dispose()


def test_a_file_opened_read_only_that_is_at_head_can_be_read(legacy: Path) -> None:
    engine = make_engine(f"sqlite:///{legacy}")
    migrate.upgrade(engine)
    engine.dispose()
    before = contents(legacy)
    engine = make_engine(f"sqlite:///file:{legacy}?mode=ro&uri=true")
    migrate.check_head(engine)
    assert migrate.upgrade(engine) is None
    with pytest.raises(DatabaseReadOnly):
        migrate.downgrade(engine, LEGACY)
    engine.dispose()
    assert contents(legacy) == before


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("journal", ["wal", "delete"])
@pytest.mark.parametrize("lock", ["IMMEDIATE", "EXCLUSIVE"])
def test_a_file_that_another_program_has_locked(legacy: Path, journal: str, lock: str) -> None:
    other = sqlite3.connect(legacy, isolation_level=None)
    other.execute(f"PRAGMA journal_mode = {journal}")
    other.execute(f"BEGIN {lock}")
    engine = make_engine(f"sqlite:///{legacy}", busy_timeout_ms=50)
    with pytest.raises(DatabaseBusy, match=r"locked by another program\. Nothing was changed; try again in a moment"):
        migrate.upgrade(engine)
    engine.dispose()
    other.execute("ROLLBACK")
    other.close()


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("spare", [0, 5, 20])
def test_a_file_that_cannot_grow(legacy: Path, spare: int) -> None:
    engine = make_engine(f"sqlite:///{legacy}")

    @sa.event.listens_for(engine, "connect")
    def _limit(connection: Any, _record: Any) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages + spare}")

    with pytest.raises(DatabaseFull, match=r"disk or its page limit is full\. Nothing was changed; make room"):
        migrate.upgrade(engine)
    engine.dispose()


def test_a_new_file_that_cannot_grow(tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    engine = make_engine(f"sqlite:///{path}")
    sa.event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA max_page_count = 10"))
    with pytest.raises(DatabaseFull):
        migrate.upgrade(engine)
    engine.dispose()
    assert contents(path) == ["BEGIN TRANSACTION;", "COMMIT;"]


@pytest.mark.parametrize("use", WAYS)
def test_a_file_that_is_no_database(tmp_path: Path, use: Use) -> None:
    path = tmp_path / "letter.db"
    path.write_text("Dear Sir or Madam, " * 100)
    engine = make_engine(f"sqlite:///{path}")
    with pytest.raises(DatabaseProblem, match=r"no SQLite database.*Restore a backup"):
        use(engine)
    engine.dispose()
    assert path.read_text() == "Dear Sir or Madam, " * 100


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'no' / 'such' / 'folder.db'}")
    with pytest.raises(DatabaseProblem, match="Check that its folder exists"):
        migrate.upgrade(engine)
    assert list(tmp_path.iterdir()) == []


def test_an_installation_without_its_migrations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'new.db'}")
    monkeypatch.setattr(migrate, "__file__", str(tmp_path / "site-packages" / "workbench" / "migrate.py"))
    with pytest.raises(DatabaseProblem, match=r"migrations are missing.*pip install -e"):
        migrate.upgrade(engine)
    assert list(tmp_path.iterdir()) == []


# PostgreSQL


def test_a_server_that_lets_nobody_write(empty_postgres_url: str) -> None:
    engine = make_engine(empty_postgres_url)
    command.upgrade(migrate.config(engine), LEGACY)
    fill(engine)
    before = dump(engine)
    url = sa.make_url(empty_postgres_url).update_query_dict({"options": "-c default_transaction_read_only=on"})
    read_only = make_engine(url.render_as_string(hide_password=False))
    with pytest.raises(DatabaseReadOnly, match=r"read-only\. Nothing was changed"):
        migrate.upgrade(read_only)
    read_only.dispose()
    assert dump(engine) == before
    engine.dispose()


def test_a_table_that_another_transaction_holds(empty_postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrate, "LOCK_TIMEOUT", "100ms")
    engine = make_engine(empty_postgres_url)
    command.upgrade(migrate.config(engine), LEGACY)
    fill(engine)
    before = dump(engine)
    with engine.connect() as other:
        other.execute(sa.text("SELECT * FROM cam_campaigns FOR UPDATE"))
        with pytest.raises(DatabaseBusy, match="Nothing was changed; try again"):
            migrate.upgrade(engine)
    assert dump(engine) == before
    migrate.upgrade(engine)
    engine.dispose()


@pytest.mark.parametrize("use", WAYS)
def test_a_server_that_does_not_answer(use: Use, tmp_path: Path) -> None:
    engine = make_engine(f"postgresql://nobody@/x?host={tmp_path}")
    with pytest.raises(DatabaseProblem, match=r"cannot be reached.*WORKBENCH_DATABASE_URL"):
        use(engine)


# Backups


def test_a_file_is_copied_before_it_is_migrated(legacy: Path, tmp_path: Path) -> None:
    before = contents(legacy)
    engine = make_engine(f"sqlite:///{legacy}")

    kept = migrate.upgrade(engine, backup_to=tmp_path / "backups")

    engine.dispose()
    assert kept is not None
    assert list((tmp_path / "backups").iterdir()) == [kept], "one file, which is all that a restore needs"
    assert kept.name.startswith("legacy-")
    assert kept.name.endswith(f"Z-{LEGACY}.db")
    assert kept.stat().st_mode & 0o777 == 0o600
    assert contents(kept) == before
    assert contents(legacy) != before


def test_a_copy_holds_what_was_committed_while_another_program_writes(legacy: Path, tmp_path: Path) -> None:
    other = sqlite3.connect(legacy, isolation_level=None)
    other.execute("INSERT INTO cam_campaigns (name) VALUES ('committed')")
    other.execute("BEGIN IMMEDIATE")
    other.execute("INSERT INTO cam_campaigns (name) VALUES ('not yet')")
    engine = make_engine(f"sqlite:///{legacy}")
    kept = migrate.backup(engine, tmp_path / "backups")
    engine.dispose()
    other.execute("ROLLBACK")
    other.close()
    told = "\n".join(contents(kept))
    assert "'committed'" in told
    assert "'not yet'" not in told


def test_only_the_newest_copies_of_this_database_are_kept(
    legacy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    mine = folder / "legacy-notes.txt"
    mine.write_text("not a backup")
    old = [folder / f"legacy-2020010{day}T000000Z-{LEGACY}.db" for day in range(1, 6)]
    for path in old:
        path.write_bytes(b"")
    engine = make_engine(f"sqlite:///{legacy}")
    newest = migrate.backup(engine, folder, keep=3)
    engine.dispose()
    assert sorted(folder.iterdir()) == sorted([mine, *old[-2:], newest])


@pytest.mark.usefixtures("unchanged")
def test_without_a_backup_nothing_is_migrated(legacy: Path, tmp_path: Path) -> None:
    in_the_way = tmp_path / "backups"
    in_the_way.write_text("a file where the folder should be")
    engine = make_engine(f"sqlite:///{legacy}")
    with pytest.raises(DatabaseProblem, match=r"No backup .* could be made .* nothing was migrated.*Make room there"):
        migrate.upgrade(engine, backup_to=in_the_way)
    engine.dispose()


def test_a_new_database_needs_no_backup(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'new.db'}")
    assert migrate.upgrade(engine, backup_to=tmp_path / "backups") is None
    engine.dispose()
    assert not (tmp_path / "backups").exists()


def test_postgresql_is_backed_up_elsewhere(empty_postgres_url: str, tmp_path: Path) -> None:
    engine = make_engine(empty_postgres_url)
    with pytest.raises(DatabaseProblem, match="pg_dump"):
        migrate.backup(engine, tmp_path)
    engine.dispose()

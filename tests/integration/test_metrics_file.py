"""A mirror in a file goes on where an earlier process left it, and is never believed when anything is odd."""

from __future__ import annotations

import json
import logging
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session, sessionmaker

from tests import factories as make
from tests.integration.test_metrics_refresh import names, run
from workbench import migrate
from workbench.db import make_engine
from workbench.metrics import Mirror, store
from workbench.models import Lead
from workbench.operator_services import erase_lead
from workbench.services.change_log import prune
from workbench.triggers import CAPTURED, install_triggers


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "mirror"


@pytest.fixture
def opened(engine: Engine, folder: Path) -> Iterator[Callable[[], Mirror]]:
    """Opens mirrors in the same folder; all are closed at the end."""
    made: list[Mirror] = []

    def open_one() -> Mirror:
        made.append(Mirror(engine, folder=folder))
        return made[-1]

    yield open_one
    for mirror in made:
        mirror.close()


@pytest.fixture
def leads(db: Session) -> list[Lead]:
    campaign = make.campaign(db, make.project(db))
    found = [make.lead(db, campaign, name="Lea", title="Head of Something Rare") for _ in range(3)]
    db.commit()
    return found


def the_file(folder: Path) -> Path:
    (path,) = folder.glob("*.duckdb")
    return path


def kept_in(mirror: Mirror) -> Path | None:
    assert mirror._copy is not None
    return mirror._copy.file


def test_a_later_process_goes_on_by_the_log(
    engine: Engine, folder: Path, opened: Callable[[], Mirror], leads: list[Lead], in_full: list[str]
) -> None:
    first = opened()
    assert names(first) == ["Lea"] * 3
    first.close()
    assert the_file(folder).stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    in_full.clear()
    run(engine, "UPDATE cam_leads SET name = 'Meanwhile', status = 'a new word' WHERE id = 2")
    assert names(again := opened()) == ["Lea", "Meanwhile", "Lea"]
    run(engine, "DELETE FROM cam_leads WHERE id = 1")
    assert names(again) == ["Meanwhile", "Lea"]
    assert again.sql("select status from cam_leads order by id")["status"].tolist() == ["a new word", "NEW"]
    assert in_full == []


def test_what_no_trigger_logs_is_read_again_by_a_later_process(
    engine: Engine, opened: Callable[[], Mirror], leads: list[Lead]
) -> None:
    beat = "'2026-11-19 10:00:00'"
    run(
        engine,
        "INSERT INTO worker_heartbeats (worker_id, host, pid, started_at, beat_at)"
        f" VALUES ('one', 'host', 1, {beat}, {beat})",
    )
    first = opened()
    first.refresh()
    first.close()
    run(engine, "UPDATE worker_heartbeats SET host = 'other'")  # nothing that its shape tells
    assert opened().sql("select host from worker_heartbeats")["host"].tolist() == ["other"]


def test_while_one_owns_the_file_others_keep_theirs_in_memory(
    engine: Engine, folder: Path, opened: Callable[[], Mirror], leads: list[Lead], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    first, second = opened(), opened()
    assert names(first) == names(second) == ["Lea"] * 3
    assert (kept_in(first), kept_in(second)) == (the_file(folder), None)
    assert "Another process keeps its numbers" in caplog.text
    code = (
        "import sys; from pathlib import Path\n"
        "from workbench.db import make_engine; from workbench.metrics import Mirror\n"
        "m = Mirror(make_engine(sys.argv[1]), folder=Path(sys.argv[2]));"
        " print(m.sql('select count(*) n from cam_leads')['n'][0], m._copy.file); m.close()"
    )
    url = engine.url.render_as_string(hide_password=False)
    other = subprocess.run([sys.executable, "-c", code, url, str(folder)], capture_output=True, text=True, check=True)
    assert other.stdout.split() == ["3", "None"]
    run(engine, "UPDATE cam_leads SET name = 'New'")
    assert names(first) == names(second) == ["New"] * 3
    first.close()
    third = opened()
    assert names(third) == ["New"] * 3
    assert kept_in(third) == the_file(folder)


# Files that are odd


def _cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def _empty(path: Path) -> None:
    os.truncate(path, 0)


def _garbage(path: Path) -> None:
    path.write_bytes(os.urandom(path.stat().st_size))


def _zeros(path: Path) -> None:
    """All but the headers: it opens, and what is read is nothing."""
    with path.open("r+b") as file:
        file.seek(3 * 4096)
        file.write(bytes(path.stat().st_size - 3 * 4096))


def _other_version(path: Path) -> None:
    """Of a DuckDB to come: the number of the format is the first after the magic word."""
    with path.open("r+b") as file:
        file.seek(8 + 4)
        file.write((1_000).to_bytes(8, "little"))


def _deleted(path: Path) -> None:
    path.unlink()


def _another_database(path: Path) -> None:
    made = path.with_suffix(".made")
    with duckdb.connect(str(made)) as other:
        other.execute("CREATE TABLE cam_leads AS SELECT 1 AS id, 'Wrong' AS name")
    made.replace(path)


def _other_layout(path: Path) -> None:
    with duckdb.connect(str(path)) as file:
        ((text,),) = file.execute("SELECT kept FROM kept.state").fetchall()
        file.execute("UPDATE kept.state SET kept = $t", {"t": json.dumps(json.loads(text) | {"layout": "older"})})
        file.execute("UPDATE cam_leads SET name = 'Wrong'")


#: The file is DuckDB's, whatever the database is.
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ODD = [_cut, _empty, _garbage, _zeros, _other_version, _deleted, _another_database, _other_layout]


@ON_SQLITE
@pytest.mark.parametrize("spoil", ODD)
def test_a_file_that_is_odd_is_made_anew_and_said(
    spoil: Callable[[Path], None],
    folder: Path,
    opened: Callable[[], Mirror],
    leads: list[Lead],
    in_full: list[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    first = opened()
    first.refresh()
    first.close()
    spoil(the_file(folder))
    in_full.clear()
    again = opened()
    assert names(again) == ["Lea"] * 3
    assert set(in_full) == set(CAPTURED)
    assert kept_in(again) == the_file(folder)
    if spoil is not _deleted:
        assert "The numbers are loaded anew" in caplog.text or "given up" in caplog.text
    again.close()
    in_full.clear()
    assert names(opened()) == ["Lea"] * 3, "what was made anew is whole"
    assert in_full == []


@ON_SQLITE
@pytest.mark.parametrize("spoil", [_cut, _empty, _zeros, _deleted, _another_database])
def test_a_file_that_is_spoilt_while_in_use_is_never_answered_from(
    spoil: Callable[[Path], None],
    engine: Engine,
    folder: Path,
    opened: Callable[[], Mirror],
    leads: list[Lead],
    caplog: pytest.LogCaptureFixture,
) -> None:
    first = opened()
    first.refresh()
    first.close()
    mirror = opened()  # nothing of it is in memory yet
    mirror.refresh()
    spoil(the_file(folder))
    assert names(mirror) == ["Lea"] * 3
    run(engine, "UPDATE cam_leads SET name = 'Now' WHERE id = 2")
    assert names(mirror) == ["Lea", "Now", "Lea"]
    mirror.tidy()
    assert names(mirror) == ["Lea", "Now", "Lea"]
    mirror.close()
    assert names(opened()) == ["Lea", "Now", "Lea"]
    assert "given up" in caplog.text or "loaded anew" in caplog.text


@ON_SQLITE
def test_a_page_is_told_why_it_waits(opened: Callable[[], Mirror], folder: Path, leads: list[Lead]) -> None:
    first = opened()
    first.refresh()
    first.close()
    _other_layout(the_file(folder))
    told: list[str] = []
    again = opened()
    again._progress = lambda loading: told.append(str(loading))
    again.refresh()
    assert told[0].startswith("Loading numbers anew (another version of the workbench wrote it)")


def test_an_older_file_put_back_goes_on_by_the_log(
    engine: Engine, folder: Path, opened: Callable[[], Mirror], leads: list[Lead], in_full: list[str], tmp_path: Path
) -> None:
    first = opened()
    first.refresh()
    first.close()
    shutil.copy(the_file(folder), tmp_path / "older")
    run(engine, "UPDATE cam_leads SET name = 'Newer'")
    second = opened()
    second.refresh()
    second.close()
    in_full.clear()
    shutil.copy(tmp_path / "older", the_file(folder))
    assert names(opened()) == ["Newer"] * 3
    assert in_full == []


def test_a_file_from_before_what_was_pruned_is_made_anew(
    engine: Engine, db: Session, folder: Path, opened: Callable[[], Mirror], leads: list[Lead], in_full: list[str]
) -> None:
    first = opened()
    first.refresh()
    first.close()
    run(engine, "UPDATE cam_leads SET name = 'Pruned' WHERE id = 1", "UPDATE cam_leads SET name = 'Kept' WHERE id = 2")
    run(engine, "UPDATE cam_leads SET title = 'Kept' WHERE id = 2")
    assert prune(db, keep=0)
    db.commit()
    in_full.clear()
    assert names(opened()) == ["Pruned", "Kept", "Lea"]
    assert set(in_full) == set(CAPTURED)


def test_triggers_that_were_off_between_two_processes_are_noticed(
    engine: Engine, opened: Callable[[], Mirror], leads: list[Lead]
) -> None:
    first = opened()
    first.refresh()
    first.close()
    with engine.begin() as connection:
        install_triggers(connection)
        connection.exec_driver_sql("UPDATE cam_leads SET name = 'Unseen' WHERE id = 3")
        connection.exec_driver_sql("DELETE FROM change_log WHERE row_id = 3")
    assert names(opened()) == ["Lea", "Lea", "Unseen"]


# Another database in its place


def test_a_backup_copied_over_the_database_is_noticed_however_far_its_log_has_come(
    sqlite_url: str, folder: Path, tmp_path: Path
) -> None:
    """The same file, generation and schema, and in the end a longer log: only the marks of its rows tell."""
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    engine = make_engine(sqlite_url)
    with Session(engine) as db:
        campaign = make.campaign(db, make.project(db))
        for _ in range(3):
            make.lead(db, campaign, name="Lea")
        db.commit()
    with closing(sqlite3.connect(path)) as whole:
        whole.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copyfile(path, tmp_path / "backup.db")  # as cp makes it: SQLite's own backup tells by the schema's version
    run(engine, "UPDATE cam_leads SET name = 'Lost' WHERE id = 1")
    mirror = Mirror(engine, folder=folder)
    assert names(mirror) == ["Lost", "Lea", "Lea"]
    mirror.close()
    engine.dispose()
    shutil.copyfile(tmp_path / "backup.db", path)  # into the same inode
    for beside in ("-wal", "-shm"):
        path.with_name(path.name + beside).unlink(missing_ok=True)
    engine = make_engine(sqlite_url)
    for number in range(3):
        run(engine, f"UPDATE cam_leads SET name = 'After {number}' WHERE id = 2")
    mirror = Mirror(engine, folder=folder)
    assert names(mirror) == ["Lea", "After 2", "Lea"]
    mirror.close()
    engine.dispose()


@pytest.mark.postgres
def test_a_database_made_again_under_its_name_is_noticed(
    fresh_postgres_url: str, postgres_url: str, folder: Path
) -> None:
    url = sa.make_url(fresh_postgres_url)
    engine = make_engine(fresh_postgres_url)
    with Session(engine) as db:
        make.lead(db, make.campaign(db, make.project(db)), name="Lea")
        db.commit()
    admin = sa.create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        engine.dispose()
        connection.exec_driver_sql(f"CREATE DATABASE {url.database}_dump TEMPLATE {url.database}")
        run(engine, "UPDATE cam_leads SET name = 'Lost'")
        mirror = Mirror(engine, folder=folder)
        assert names(mirror) == ["Lost"]
        mirror.close()
        engine.dispose()
        connection.exec_driver_sql(f"DROP DATABASE {url.database} WITH (FORCE)")
        connection.exec_driver_sql(f"ALTER DATABASE {url.database}_dump RENAME TO {url.database}")
    admin.dispose()
    mirror = Mirror(engine, folder=folder)
    assert names(mirror) == ["Lea"]
    mirror.close()
    engine.dispose()


def test_two_databases_never_share_a_file(
    opened: Callable[[], Mirror], folder: Path, leads: list[Lead], tmp_path: Path
) -> None:
    first = opened()
    assert len(names(first)) == 3
    first.close()
    engine = make_engine(f"sqlite:///{tmp_path / 'other.db'}")
    migrate.upgrade(engine)
    other = Mirror(engine, folder=folder)
    assert names(other) == []
    other.close()
    engine.dispose()
    assert len(names(opened())) == 3


# What is gone is gone


def test_an_erased_person_leaves_the_file(
    sessions: sessionmaker[Session], folder: Path, opened: Callable[[], Mirror], leads: list[Lead]
) -> None:
    mirror = opened()
    with sessions() as db:
        db.get_one(Lead, leads[0].id).name = "Zebulon Quackenbush"
        db.commit()
    mirror.refresh()
    mirror.close()
    mirror = opened()
    mirror.refresh()
    assert b"Zebulon" in the_file(folder).read_bytes()
    with sessions() as db:
        erase_lead(db, leads[0].id, "asked for it by phone")
    mirror.tidy()
    mirror.close()
    left = b"".join(path.read_bytes() for path in folder.iterdir())
    assert b"Lea" in left
    assert b"Zebulon" not in left
    assert len(names(opened())) == 2


def test_a_file_is_written_again_once_a_day_and_others_read_on_meanwhile(
    engine: Engine, folder: Path, opened: Callable[[], Mirror], leads: list[Lead], monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror = opened()
    assert names(mirror) == ["Lea"] * 3
    before = the_file(folder)
    mirror.tidy()
    assert the_file(folder) == before
    monkeypatch.setattr(store, "WRITE_AGAIN_AFTER", store.timedelta(0))
    assert mirror._copy is not None
    with closing(mirror._copy.cursor()) as reading:
        reading.begin()
        reading.execute("SELECT count(*) FROM cam_leads").fetchall()
        mirror.tidy()
        assert the_file(folder) != before
        run(engine, "UPDATE cam_leads SET name = 'After', status = 'never seen' WHERE id = 3")
        assert names(mirror) == ["Lea", "Lea", "After"]
        assert reading.execute("SELECT count(*) FROM cam_leads WHERE name = 'Lea'").fetchall() == [(3,)]
    mirror.close()
    assert names(opened()) == ["Lea", "Lea", "After"]


# Disks and processes that fail

_CHANGING = """
import sys, resource
from pathlib import Path
from workbench.db import make_engine
from workbench.metrics import Mirror
url, folder, limit = sys.argv[1:]
if int(limit):
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), resource.RLIM_INFINITY))
engine = make_engine(url)
mirror = Mirror(engine, folder=Path(folder))
print(mirror.sql("select count(*) n from cam_leads")["n"][0], mirror._copy.file, flush=True)
while not int(limit):
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE cam_leads SET lead_score = coalesce(lead_score, 0) + 1")
    mirror.tidy()
"""


@ON_SQLITE
@pytest.mark.parametrize("limit", [4096, 700_000])
def test_a_disk_that_is_full_means_memory_and_the_same_numbers(
    limit: int, engine: Engine, folder: Path, leads: list[Lead]
) -> None:
    url = engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", _CHANGING, url, str(folder), str(limit)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.stdout.split() == ["3", "None"], ended.stderr
    assert "kept in memory" in ended.stderr


def test_a_process_that_is_killed_leaves_a_file_to_go_on_with(
    engine: Engine, folder: Path, opened: Callable[[], Mirror], leads: list[Lead], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = engine.url.render_as_string(hide_password=False)
    for _ in range(3):
        command = [sys.executable, "-c", _CHANGING, url, str(folder), "0"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("3 /")
            with engine.connect() as connection:
                score = sa.text("SELECT max(lead_score) FROM cam_leads")
                begun = connection.scalar(score) or 0
                while (connection.scalar(score) or 0) < begun + 5:
                    connection.rollback()
            process.kill()
        mirror = opened()
        here = mirror.sql("select lead_score from cam_leads order by id")["lead_score"].tolist()
        with engine.connect() as connection:
            there = connection.exec_driver_sql("SELECT lead_score FROM cam_leads ORDER BY id").scalars().all()
        assert here == there
        assert mirror._kept is not None
        assert mirror._kept.resumed
        mirror.close()

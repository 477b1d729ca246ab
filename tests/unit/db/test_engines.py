"""What follows from a database's URL, without a database behind it."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from workbench.db import make_engine, sqlite_path
from workbench.errors import DatabaseProblem


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:////data/workbench.db", Path("/data/workbench.db")),
        ("sqlite:///var/workbench.db", Path("var/workbench.db")),
        ("sqlite:///file:/data/workbench.db?mode=ro&uri=true", Path("/data/workbench.db")),
        ("sqlite://", None),
        ("sqlite:///:memory:", None),
        ("sqlite:///file::memory:?cache=shared&uri=true", None),
        ("sqlite:///file:shared?mode=memory&cache=shared&uri=true", None),
        ("postgresql+psycopg://ada@db.example/workbench", None),
    ],
)
def test_the_file_behind_an_engine(url: str, path: Path | None) -> None:
    assert sqlite_path(sa.create_engine(url, poolclass=sa.NullPool)) == path


@pytest.mark.parametrize(
    ("url", "driver"),
    [
        ("postgresql://ada@db.example/x", "postgresql+psycopg"),
        ("postgres://ada@db.example/x", "postgresql+psycopg"),
        ("postgresql+psycopg://ada@db.example/x", "postgresql+psycopg"),
        ("sqlite:///x.db", "sqlite"),
    ],
)
def test_the_driver_follows_from_the_url(url: str, driver: str) -> None:
    assert make_engine(url).url.drivername == driver


@pytest.mark.parametrize(
    "url", ["", "workbench.db", "mysql://ada@db.example/x", "postgresql+asyncpg://ada@db.example/x"]
)
def test_a_url_of_anything_else_is_refused_with_what_would_do(url: str) -> None:
    with pytest.raises(DatabaseProblem, match=r"SQLite|sqlite:///"):
        make_engine(url)

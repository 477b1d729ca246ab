"""What an open page leaves in the server once it is closed: nothing."""

from __future__ import annotations

import asyncio
import gc
import logging
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import panel as pn
import pytest

from tests import factories
from tests.screens import Screen
from tests.serving import HERE, free_port
from workbench.bootstrap import Workbench
from workbench.db import make_engine
from workbench.enums import Role
from workbench.metrics import Mirror
from workbench.operator_services._edge import build_runtime
from workbench.panels import Shell, WorkbenchState
from workbench.services.audit import Actor
from workbench.settings import Settings
from workbench.web import make_server, settle


@pytest.fixture
def wb(sqlite_url: str, tmp_path: Path) -> Iterator[Workbench]:
    engine = make_engine(sqlite_url)
    settings = Settings(database_url=sqlite_url, data_dir=tmp_path / "var", secret_key="x" * 32)
    made = Workbench(build_runtime(settings), engine, Mirror(engine), Actor("Ada", Role.ADMIN))
    made.acting_as = lambda name: made  # type: ignore[method-assign]
    with made.session() as db:
        factories.project(db, name="Autumn launch")
        db.commit()
    yield made
    made.close()


async def _use(address: str) -> None:
    """Open the page, go through all the pages and a dialog, and close it."""
    async with httpx.AsyncClient(timeout=60) as client:
        screen = await Screen.open(client, address, "?project=1")
        for page in ("war-room", "gallery", "leads", "control-tower", "command"):
            await screen.message("Strip", screen.changed("Strip", "page"), type="go", page=page)
        await screen.message("Board", screen.shown("Dialog"), type="add")
        await screen.close()


async def _serve_and_use(wb: Workbench, times: int) -> list[list[weakref.ref[Any]]]:
    """For each visit what stood for it in the server, should it still be there."""
    port = free_port()
    server = make_server(wb, address=HERE, port=port)
    server.start()
    (application,) = server._tornado._applications.values()
    used: list[list[weakref.ref[Any]]] = []
    try:
        for _ in range(times):
            await _use(f"http://{HERE}:{port}/")
            used.append([weakref.ref(one) for one in gc.get_objects() if isinstance(one, Shell | WorkbenchState)])
            # Bokeh looks for sessions that nobody is connected to every few seconds; here it looks now.
            while any(session.connection_count for session in application.sessions):
                await asyncio.sleep(0.01)
            await application._cleanup_sessions(0)
        assert not list(application.sessions)
    finally:
        server.stop()
        server._tornado.stop()
        pn.state.kill_all_servers()
    return used


def test_a_page_that_was_closed_leaves_nothing_behind(wb: Workbench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, logger="panel.viewable")  # pytest would keep each click it tells of
    first, last = asyncio.run(_serve_and_use(wb, 2))
    assert len(first) == 2
    # A thread may remember the page that it worked for last, until it works for another one.
    assert last
    gc.collect()
    assert [one() for one in first] == [None, None]


def test_what_a_server_stands_on_is_not_looked_at_by_each_collection() -> None:
    try:
        settle()
        assert gc.get_freeze_count() > 10_000
    finally:
        gc.unfreeze()

"""What an open page leaves in the server once it is closed: nothing."""

from __future__ import annotations

import asyncio
import gc
import logging
import socket
import sys
import weakref
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import panel as pn
import pytest
import sqlalchemy as sa

from tests import factories
from tests.screens import Event, Screen
from tests.serving import HERE, free_port
from workbench.bootstrap import Workbench
from workbench.db import make_engine
from workbench.enums import Role
from workbench.metrics import Mirror
from workbench.operator_services._edge import build_runtime
from workbench.panels import Shell, WorkbenchState
from workbench.panels.following import following
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


@asynccontextmanager
async def _serving(wb: Workbench) -> AsyncIterator[tuple[str, Any]]:
    """The address, and Bokeh's application with its sessions, which are gone at the end."""
    port = free_port()
    server = make_server(wb, address=HERE, port=port)
    server.start()
    (application,) = server._tornado._applications.values()
    try:
        yield f"http://{HERE}:{port}/", application
        await _forget(application)
    finally:
        server.stop()
        server._tornado.stop()
        pn.state.kill_all_servers()


async def _forget(application: Any) -> None:
    """Bokeh looks for sessions that nobody is connected to every few seconds; here it looks now."""
    while any(session.connection_count for session in application.sessions):
        await asyncio.sleep(0.01)
    await application._cleanup_sessions(0)
    assert not list(application.sessions)


def _pages() -> list[Shell | WorkbenchState]:
    return [one for one in gc.get_objects() if isinstance(one, Shell | WorkbenchState)]


async def _serve_and_use(wb: Workbench, times: int) -> list[list[weakref.ref[Any]]]:
    """For each visit what stood for it in the server, should it still be there."""
    used: list[list[weakref.ref[Any]]] = []
    of_other_tests = weakref.WeakSet(_pages())
    async with _serving(wb) as (address, application):
        for _ in range(times):
            await _use(address)
            used.append([weakref.ref(one) for one in _pages() if one not in of_other_tests])
            await _forget(application)
    return used


def test_a_page_that_was_closed_leaves_nothing_behind(wb: Workbench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, logger="panel.viewable")  # pytest would keep each click it tells of
    first, last = asyncio.run(_serve_and_use(wb, 2))
    assert len(first) == 2
    # A thread may remember the page that it worked for last, until it works for another one.
    assert last
    gc.collect()
    assert [one() for one in first] == [None, None]


async def _watch_a_move(wb: Workbench) -> list[tuple[str, str]]:
    """What the page of somebody else is told of a change that it does not show, and then of a move on the board."""
    heard: list[tuple[str, str]] = []
    async with _serving(wb) as (address, application), httpx.AsyncClient(timeout=60) as client:
        mine, other = [await Screen.open(client, address, "?page=command") for _ in range(2)]
        whose = {other._data(id): name for name in ("Board", "Feed") for id in [other.model(name)]}

        def hear(event: Event) -> bool:
            if event["kind"] == "ModelChanged":
                heard.append((whose.get(event["model"]["id"], "something else"), event["attr"]))
            return {("Board", "cards"), ("Feed", "events")} <= set(heard)

        async def follow() -> None:
            while any(page.state.changes != wb.changes_token() for page in following._pages.values()):
                await asyncio.sleep(0.02)

        await follow()
        answer = asyncio.create_task(other.told(hear))
        await asyncio.sleep(0)
        with wb.engine.begin() as connection:
            connection.execute(sa.text("UPDATE projects SET timezone = 'Asia/Tokyo'"))
        await follow()
        assert heard == []
        (card,) = mine.latest("Board")["cards"]
        moved = mine.changed("Board", "cards")
        await mine.message("Board", moved, type="move", id=card["id"], state="STRATEGY")
        await answer
        await follow()
        sockets = [one._socket for session in application.sessions for one in session._subscribed_connections]
        assert len(sockets) == 2
        for one in sockets:
            assert one.ws_connection.stream.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        await mine.close()
        await other.close()
    return heard


def test_an_open_page_is_told_what_differs_and_nothing_else(wb: Workbench) -> None:
    assert sorted(asyncio.run(_watch_a_move(wb))) == [("Board", "cards"), ("Feed", "events")]


def test_a_server_is_set_to_answer_quickly() -> None:
    """What it stands on is not looked at by each collection, and threads take turns often."""
    usual = sys.getswitchinterval()
    try:
        settle()
        assert gc.get_freeze_count() > 10_000
        assert sys.getswitchinterval() < usual / 5
    finally:
        gc.unfreeze()
        sys.setswitchinterval(usual)

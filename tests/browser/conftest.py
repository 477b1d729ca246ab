"""A real server with the real application, and a Chromium that reports whatever should not happen."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import wait
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import panel as pn
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from workbench.bootstrap import Workbench
from workbench.db import make_engine
from workbench.enums import Role
from workbench.metrics import Mirror
from workbench.operator_services._edge import build_runtime
from workbench.panels.server import THREADS
from workbench.services.audit import Actor
from workbench.settings import Settings
from workbench.web.server import make_server

#: What keeps Chromium from talking to anybody by itself, and lets it run as root without a GPU.
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
HERE = "127.0.0.1"
FOUND = Path(__file__).parents[2] / ".venv" / "chromium-path"
#: What an action may take on a machine whose cores are busy with other tests.
PATIENCE_MS = 60_000


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One browser at a time: two would fight for the same cores and time out."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="session", autouse=True)
def _patience() -> None:
    expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="session")
def base_url() -> None:
    """Every server has its own address. (The plugin's fixture of this name makes pytest 9 warn.)"""


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    path = os.environ.get("CHROMIUM") or (FOUND.read_text().strip() if FOUND.exists() else None)
    found = {"executable_path": path} if path else {}
    return {**browser_type_launch_args, **found, "args": FLAGS}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce"}


@pytest.fixture
def faults() -> list[str]:
    """What happened that should not: a test that provokes some takes them out again."""
    return []


@pytest.fixture
def context(context: BrowserContext, faults: list[str]) -> Iterator[BrowserContext]:
    """A context in which no page may reach another host, raise an error or complain on the console."""

    def check(url: str) -> None:
        if urlsplit(url).scheme not in ("data", "blob", "about") and urlsplit(url).hostname not in (HERE, "localhost"):
            faults.append(f"request to {url}")

    context.set_default_timeout(PATIENCE_MS)
    context.on("request", lambda request: check(request.url))
    context.on("page", lambda page: page.on("websocket", lambda socket: check(socket.url)))
    context.on("weberror", lambda error: faults.append(f"page error: {error.error.stack}"))
    context.on("console", lambda line: faults.append(f"console: {line.text}") if line.type == "error" else None)
    yield context
    assert faults == []


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.fixture
def settings(sqlite_url: str, tmp_path: Path) -> Settings:
    return Settings(database_url=sqlite_url, data_dir=tmp_path / "var", secret_key="x" * 32)


@pytest.fixture
def wb(settings: Settings) -> Iterator[Workbench]:
    """A workbench on a fresh database; whoever opens the pages is Ada, an administrator."""
    engine = make_engine(settings.database_url)
    made = Workbench(build_runtime(settings), engine, Mirror(engine), Actor("Ada", Role.ADMIN))
    # On loopback without users the person would be whoever runs the tests.
    made.acting_as = lambda name: made  # type: ignore[method-assign]
    yield made
    made.close()


class Running:
    """The application's server, in a thread with an event loop of its own."""

    def __init__(self, wb: Workbench) -> None:
        with socket.socket() as free:
            free.bind((HERE, 0))
            self.port = free.getsockname()[1]
        self.url = f"http://{HERE}:{self.port}/"
        self._wb = wb
        self._ready = threading.Event()
        self._server: Any = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._ready.wait(30)

    def _run(self) -> None:
        asyncio.set_event_loop(asyncio.new_event_loop())
        self._server = make_server(self._wb, address=HERE, port=self.port)
        self._server.start()
        self._server.io_loop.add_callback(self._ready.set)
        self._server.io_loop.start()
        self._server.io_loop.close()

    def stop(self) -> None:
        """Stop serving; open pages lose their connection. May be called again."""
        if self._thread.is_alive():
            self._server.io_loop.add_callback(self._stop)
            self._thread.join(timeout=30)

    def _stop(self) -> None:
        self._server.stop()
        self._server._tornado.stop()
        self._server.io_loop.stop()


@pytest.fixture
def server(wb: Workbench) -> Iterator[Running]:
    running = Running(wb)
    yield running
    running.stop()
    pn.state.kill_all_servers()
    # What a click or a poll has begun in a thread still reads: it ends before the workbench under it is closed.
    # The pool stays for the next server: Panel makes one per process.
    if pn.state._thread_pool is not None:
        everybody = threading.Barrier(THREADS)
        wait([pn.state._thread_pool.submit(everybody.wait, 30) for _ in range(THREADS)], timeout=30)


@pytest.fixture
def visit(page: Page, server: Running) -> Callable[..., Page]:
    """Open a view by its query string and wait until its tabs stand."""

    def open_view(query: str = "", on: Page = page) -> Page:
        on.goto(server.url + query)
        on.get_by_role("navigation", name="Pages").wait_for()
        return on

    return open_view

"""``workbench serve`` as a process of its own, for tests that need the whole of it: app, worker, a real port."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

HERE = "127.0.0.1"
COMMAND = [sys.executable, "-m", "workbench.cli"]
#: Starting imports Panel, which takes its time on a machine that is busy with other tests.
START_SECONDS = 300.0


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind((HERE, 0))
        return int(listener.getsockname()[1])


def answers(address: str) -> bool:
    try:
        return httpx.get(address, timeout=20).status_code < 500
    except httpx.TransportError:
        return False


def nap() -> None:
    time.sleep(0.1)


def until(true: Callable[[], object], what: str, seconds: float = 60, pause: Callable[[], object] = nap) -> None:
    """Wait. A test with a page gives a ``pause`` of the page's: sleeping would keep the browser waiting for answers."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"waited {seconds} s in vain until {what}"
        pause()


@contextmanager
def running(
    command: list[str], address: str, data_dir: Path, stop_with: signal.Signals = signal.SIGINT
) -> Iterator[subprocess.Popen[bytes]]:
    """``command`` on ``data_dir``, once it answers at ``address``; ended as Ctrl-C (or ``stop_with``) ends it.

    Panel's own server is deaf to Ctrl-C where the tests were started in the background of a shell: end it by SIGTERM.
    What it prints goes to a file beside the data: a pipe that nobody reads would stop it when it is full.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    told = data_dir / "server.log"
    environment = {**os.environ, "WORKBENCH_DATA_DIR": str(data_dir)}
    with told.open("ab") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        until(lambda: process.poll() is not None or answers(address), "the server answers", START_SECONDS)
        assert process.poll() is None, told.read_text()
        yield process
    finally:
        process.send_signal(stop_with)
        try:
            process.wait(timeout=60)
        finally:
            process.kill()
            process.wait()


@contextmanager
def serving(data_dir: Path, *arguments: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """``workbench serve`` on a free port: its address and its process."""
    port = free_port()
    address = f"http://{HERE}:{port}"
    with running([*COMMAND, "serve", "--port", str(port), *arguments], address, data_dir) as process:
        yield address, process

"""Commit in one process → on the open pages of another, while others write without end.

``workbench serve`` runs on demo data in a process of its own, 20 pages are open over the real websocket, and a third
process commits as fast as a worker does.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import httpx
import psutil
import sqlalchemy as sa

from benchmarks.databases import BOTH, at_head
from tests.screens import Screen
from tests.serving import serving
from workbench.db import make_engine

SCREENS: Final = 20
IDLE: Final = 100
COMMITS: Final = 40
IDLE_SECONDS: Final = 15.0


def main() -> None:
    for name, database in BOTH.items():
        with database() as new:
            url = new()
            with at_head(url):
                pass
            os.environ["WORKBENCH_DATABASE_URL"] = url
            with serving(Path(tempfile.mkdtemp()), "--demo", "--no-worker") as (address, process):
                asyncio.run(_measure(name, url, address + "/", psutil.Process(process.pid)))


async def _measure(name: str, url: str, address: str, server: psutil.Process) -> None:
    async with httpx.AsyncClient(timeout=120) as client:
        screens = [await Screen.open(client, address) for _ in range(SCREENS)]
        await asyncio.sleep(5)
        for load in (False, True):
            writer = _writer(url) if load else None
            used, began = sum(server.cpu_times()[:2]), time.monotonic()
            taken = await _commits(url, screens)
            used = (sum(server.cpu_times()[:2]) - used) / (time.monotonic() - began)
            if writer is not None:
                writer.kill()
                writer.wait()
            print(
                f"{name}: commit → on {SCREENS} open pages{', under write load' if load else ''}:"
                f" {_at(taken, 0.5)} ms at the median, {_at(taken, 0.99)} ms at the 99th percentile (target 500 ms);"
                f" the server used {used:.0%} of a core",
                flush=True,
            )
        screens += [await Screen.open(client, address) for _ in range(IDLE - SCREENS)]
        await asyncio.sleep(10)
        used = sum(server.cpu_times()[:2])
        await asyncio.sleep(IDLE_SECONDS)
        used = (sum(server.cpu_times()[:2]) - used) / IDLE_SECONDS
        print(f"{name}: {IDLE} open pages while nothing changes: {used:.1%} of a core", flush=True)
        await asyncio.gather(*(screen.close() for screen in screens))


def _at(taken: list[float], share: float) -> int:
    return round(statistics.quantiles(taken, n=100, method="inclusive")[int(share * 100) - 1] * 1000)


def _writer(url: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "benchmarks.mirror_commits", url, "1000000", "load"])


async def _commits(url: str, screens: list[Screen]) -> list[float]:
    engine = make_engine(url)
    taken: list[float] = []
    for number in range(COMMITS):
        word = f"Renamed {time.monotonic_ns()} {number}"
        shown = [asyncio.create_task(screen.told(_holds(word))) for screen in screens]
        committed = await asyncio.to_thread(_rename, engine, word)
        taken += [moment - committed for moment in await asyncio.gather(*shown)]
        await asyncio.sleep(0.2)
    engine.dispose()
    return taken


def _holds(word: str) -> Callable[[dict[str, Any]], bool]:
    return lambda event: word in json.dumps(event, default=str)


def _rename(engine: sa.Engine, word: str) -> float:
    with engine.connect().execution_options(sqlite_begin="IMMEDIATE") as connection, connection.begin():
        connection.execute(sa.text("UPDATE projects SET name = :word WHERE id = 1"), {"word": word})
    return time.perf_counter()


if __name__ == "__main__":
    main()

"""How fresh the mirror's numbers are, what they cost, and what they would cost without it.

``python -m benchmarks.mirror [--attempts 10000 …] [--database SQLite …]`` measures each size on each database, keeps
what it found in ``docs/reference/metrics-costs.json`` (what was not measured this time stays), and prints a table.
``make bench ONLY=mirror`` measures everything, which takes an hour. Times are the best of some rounds, in milliseconds.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from benchmarks import databases, mirror_report
from benchmarks.mirror_data import fill
from benchmarks.mirror_ways import GaveUp, by_pandas, naively, needed_bytes, on_source
from workbench.clock import now
from workbench.metrics import Metrics, Mirror, views
from workbench.metrics.activity import activity
from workbench.triggers import install_triggers, remove_triggers

SIZES = (10_000, 1_000_000, 10_000_000)
CHANGES = (0, 1, 100, 10_000)
ROUNDS = 5
#: What takes milliseconds is asked more often, so that some round has the machine to itself.
QUICK_ROUNDS = 25
#: How often the reader of the last measurement looks, as an open page might.
POLL_SECONDS = 0.1
COMMITS = 300

#: What was measured of one database, as numbers: milliseconds unless the name says otherwise.
Results = dict[str, Any]


def main(sizes: tuple[int, ...] = SIZES, names: tuple[str, ...] = tuple(databases.BOTH)) -> None:
    for attempts in sizes:
        for name in names:
            with databases.BOTH[name]() as new, databases.at_head(url := new()) as engine:
                print(f"{name}: making {attempts:,} attempts …", file=sys.stderr)
                fill(engine, attempts)
                mirror_report.keep(attempts, name, measure(engine, url, attempts))
    print(mirror_report.markdown())


def measure(engine: Engine, url: str, attempts: int) -> Results:
    """Everything about one database."""
    with tempfile.TemporaryDirectory() as folder:
        return _measure(engine, url, attempts, Path(folder))


def _measure(engine: Engine, url: str, attempts: int, folder: Path) -> Results:
    at = now()
    touch(engine, attempts, 1)  # a log that is empty can't tell that the file belongs to this database
    before = psutil.Process().memory_info().rss
    mirror = Mirror(engine, folder=folder)
    results: Results = {"load_s": took(mirror.refresh, rounds=1) / 1000}
    grown = (psutil.Process().memory_info().rss - before) / 2**20
    if grown > 0:  # else it used again what an earlier measurement had left
        results["memory_mb"] = grown
    mirror.close()
    results["file_mb"] = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 2**20
    mirror = Mirror(engine, folder=folder)
    results["reopen"] = took(mirror.refresh, rounds=1)
    results["refresh"] = {}
    for changes in CHANGES:

        def change(changes: int = changes) -> None:
            if changes:
                touch(engine, attempts, changes)

        if changes <= attempts // 2:
            results["refresh"][str(changes)] = took(mirror.refresh, prepare=change)
    results["bandwidth_gb_s"] = bandwidth() / 1e6
    results["views"] = _views(engine, mirror, at, bandwidth())
    results["visible_p50"], results["visible_p99"] = visible(mirror, url)
    results["commit_with"], results["commit_without"] = write_cost(engine)
    mirror.close()
    return results


def _views(engine: Engine, mirror: Mirror, at: Any, bytes_a_millisecond: float) -> dict[str, Results]:
    metrics = Metrics(mirror)
    here: dict[str, Callable[[], object]] = {
        "attention": lambda: views.attention(mirror, as_of=at),
        "pipeline": lambda: views.pipeline(mirror),
        "delivery": lambda: metrics.delivery(as_of=at),
        "cohorts": lambda: metrics.cohorts(as_of=at),
        "queue_ahead": lambda: metrics.queue_ahead(as_of=at),
        "funnel": lambda: metrics.funnel(as_of=at),
        "timeline": lambda: views.timeline(mirror),
        "activity": lambda: activity(mirror, as_of=at),
    }
    source, pandas, naive = on_source(engine, at), by_pandas(engine, at), naively(engine, at)
    needed = needed_bytes(mirror, at)
    found: dict[str, Results] = {}
    for name, view in here.items():
        print(f"  {name} …", file=sys.stderr)
        found[name] = {"mirror": took(view, rounds=QUICK_ROUNDS)}
        if name in source:
            found[name]["source"] = took(source[name], rounds=ROUNDS)
        if name in pandas:
            found[name]["pandas"] = patiently(pandas[name])
            found[name]["naive"] = patiently(naive[name])
        if name in needed:
            found[name]["limit"] = needed[name] / bytes_a_millisecond
    return found


def took(work: Callable[[], object], *, prepare: Callable[[], object] = lambda: None, rounds: int = ROUNDS) -> float:
    """Milliseconds, in the best of some rounds: what else the machine does can only add to it."""
    found = []
    for _ in range(rounds):
        prepare()
        began = time.perf_counter()
        work()
        found.append((time.perf_counter() - began) * 1000)
    return min(found)


def patiently(work: Callable[[], object]) -> float | None:
    """None: it was given up."""
    try:
        return took(work, rounds=1)
    except GaveUp:
        return None


def touch(engine: Engine, attempts: int, changes: int) -> None:
    """Change so many attempts that lie apart, in one transaction of another connection."""
    step = attempts // changes
    ids = list(range(1 + random.randrange(step), attempts + 1, step))
    with engine.begin() as connection:
        chosen = "SELECT value FROM json_each(:ids)" if engine.dialect.name == "sqlite" else "SELECT unnest(:ids)"
        connection.execute(
            sa.text(f"UPDATE cam_outreach_attempts SET retry_count = retry_count + 1 WHERE id IN ({chosen})"),
            {"ids": json.dumps(ids) if engine.dialect.name == "sqlite" else ids},
        )


def bandwidth() -> float:
    """Bytes a millisecond that all cores together sum out of memory."""
    blocks = [np.ones(2**25) for _ in range(os.cpu_count() or 1)]
    with ThreadPoolExecutor(len(blocks)) as pool:
        return sum(block.nbytes for block in blocks) / took(lambda: list(pool.map(np.sum, blocks)), rounds=QUICK_ROUNDS)


def visible(mirror: Mirror, url: str) -> tuple[float, float]:
    """p50 and p99. Another process commits rows that carry the time just before; this one looks when each is there."""
    seen = int(mirror.sql("select coalesce(max(id), 0) as newest from cam_discovery_jobs")["newest"].iloc[0])
    writer = subprocess.Popen([sys.executable, "-m", "benchmarks.mirror_commits", url, str(COMMITS)])
    load = subprocess.Popen([sys.executable, "-m", "benchmarks.mirror_commits", url, str(COMMITS * 5), "load"])
    delays: list[float] = []
    try:
        while len(delays) < COMMITS and (writer.poll() is None or mirror.refresh()):
            rows = mirror.sql(
                "select id, name from cam_discovery_jobs where status = 'TIMED' and id > $seen order by id", seen=seen
            )
            at = time.monotonic()
            if len(rows):
                delays += [(at - float(began)) * 1000 for began in rows["name"]]
                seen = int(rows["id"].iloc[-1])
            threading.Event().wait(POLL_SECONDS)
    finally:
        for process in (writer, load):
            process.wait()
    found = statistics.quantiles(delays, n=100)
    return found[49], found[98]


def write_cost(engine: Engine) -> tuple[float, float]:
    """The median one-row commit with and without the triggers, alternating."""

    def commits() -> list[float]:
        return [took(lambda: touch_one(engine), rounds=1) for _ in range(100)]

    with_: list[float] = []
    without: list[float] = []
    for _ in range(3):
        with_ += commits()
        with engine.begin() as connection:
            remove_triggers(connection)
        without += commits()
        with engine.begin() as connection:
            install_triggers(connection)
    return statistics.median(with_), statistics.median(without)


def touch_one(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE cam_leads SET lead_score = coalesce(lead_score, 0) + 1 WHERE id = 3")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--attempts", type=int, action="append", help="a size to measure; may be given several times")
    parser.add_argument("--database", choices=databases.BOTH, action="append", help="only this one")
    asked = parser.parse_args()
    main(tuple(asked.attempts or SIZES), tuple(asked.database or databases.BOTH))

"""How fresh the mirror's numbers are, what they cost, and what they would cost without it.

``python -m benchmarks.mirror [--attempts 10000 --attempts 1000000]`` prints a Markdown table for each size, with a
column for each database. Times are the best of some rounds, in milliseconds unless a unit stands with them.
"""

from __future__ import annotations

import argparse
import random
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import numpy as np
import psutil
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from benchmarks import databases
from benchmarks.mirror_data import fill
from benchmarks.mirror_ways import PATIENCE_SECONDS, GaveUp, by_pandas, naively, on_source
from workbench.clock import now
from workbench.metrics import Metrics, Mirror, views
from workbench.metrics.activity import activity
from workbench.triggers import install_triggers, remove_triggers

SIZES = (10_000, 1_000_000)
CHANGES = (0, 1, 100, 10_000)
ROUNDS = 5
#: How often the reader of the last measurement looks, as an open page might.
POLL_SECONDS = 0.1
COMMITS = 300

#: Row of the table -> what was measured.
Results = dict[str, str]


def main(sizes: tuple[int, ...] = SIZES) -> None:
    for attempts in sizes:
        columns: dict[str, Results] = {}
        for name, open_ in databases.BOTH.items():
            with open_() as new, databases.at_head(url := new()) as engine:
                print(f"{name}: making {attempts:,} attempts …", file=sys.stderr)
                fill(engine, attempts)
                columns[name] = measure(engine, url, attempts)
        print(f"\n### {attempts:,} attempts\n\n| | {' | '.join(columns)} |\n|---|{'---:|' * len(columns)}")
        for row in next(iter(columns.values())):
            print(f"| {row} | {' | '.join(results[row] for results in columns.values())} |")


def measure(engine: Engine, url: str, attempts: int) -> Results:
    """Everything about one database."""
    results: Results = {}
    at = now()
    before = psutil.Process().memory_info().rss
    mirror = Mirror(engine)
    results["load in full"] = f"{took(mirror.refresh, rounds=1) / 1000:.1f} s"
    results["memory of the mirror"] = f"{(psutil.Process().memory_info().rss - before) / 2**20:,.0f} MB"
    for changes in CHANGES:
        if changes > attempts // 2:
            continue

        def change(changes: int = changes) -> None:
            if changes:
                touch(engine, attempts, changes)

        results[f"refresh after {changes:,} changes"] = shown(took(mirror.refresh, prepare=change))
    metrics = Metrics(mirror)
    here: dict[str, Callable[[], object]] = {
        "attention": lambda: views.attention(mirror, as_of=at),
        "pipeline": lambda: views.pipeline(mirror),
        "delivery": lambda: metrics.delivery(as_of=at),
        "cohorts": lambda: metrics.cohorts(as_of=at),
        "timeline": lambda: views.timeline(mirror),
        "activity": lambda: activity(mirror, as_of=at),
    }
    source, pandas, naive = on_source(engine, at), by_pandas(engine, at), naively(engine, at)
    for name, view in here.items():
        results[f"{name}: mirror"] = shown(took(view))
        results[f"{name}: same SQL on the source"] = shown(took(source[name], rounds=3))
        if name in pandas:
            results[f"{name}: pandas over read_sql"] = shown(took(pandas[name], rounds=1))
            results[f"{name}: naive ORM"] = patiently(naive[name])
    results["the limit of attention: 10 bytes an attempt at memory bandwidth"] = shown(attempts * 10 / bandwidth())
    results["commit → visible in another process, p50 / p99"] = visible(mirror, url)
    with_, without = write_cost(engine)
    results["a one-row commit, with / without triggers"] = f"{with_:.2f} / {without:.2f}"
    mirror.close()
    return results


def took(work: Callable[[], object], *, prepare: Callable[[], object] = lambda: None, rounds: int = ROUNDS) -> float:
    """Milliseconds, in the best of some rounds: what else the machine does can only add to it."""
    found = []
    for _ in range(rounds):
        prepare()
        began = time.perf_counter()
        work()
        found.append((time.perf_counter() - began) * 1000)
    return min(found)


def patiently(work: Callable[[], object]) -> str:
    try:
        return shown(took(work, rounds=1))
    except GaveUp:
        return f"> {PATIENCE_SECONDS:.0f} s"


def shown(milliseconds: float) -> str:
    if milliseconds >= 10_000:
        return f"{milliseconds / 1000:,.0f} s"
    return f"{milliseconds:,.0f}" if milliseconds >= 100 else f"{milliseconds:.2g}"


def touch(engine: Engine, attempts: int, changes: int) -> None:
    """Change so many attempts that lie apart, in one transaction of another connection."""
    start = random.randrange(attempts // changes)
    step = attempts // changes
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "UPDATE cam_outreach_attempts SET retry_count = retry_count + 1"
                " WHERE id IN (SELECT id FROM cam_outreach_attempts WHERE id % :step = :start)"
            ),
            {"step": step, "start": start},
        )


def bandwidth() -> float:
    """Bytes a millisecond that one thread sums out of memory."""
    block = np.ones(2**25)
    return block.nbytes / took(block.sum)


def visible(mirror: Mirror, url: str) -> str:
    """Another process commits rows that carry the time just before; this one looks when each is there."""
    writer = subprocess.Popen([sys.executable, "-m", "benchmarks.mirror_commits", url, str(COMMITS)])
    load = subprocess.Popen([sys.executable, "-m", "benchmarks.mirror_commits", url, str(COMMITS * 5), "load"])
    delays: list[float] = []
    seen = 0
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
    return f"{found[49]:.0f} / {found[98]:.0f}"


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
    main(tuple(parser.parse_args().attempts or SIZES))

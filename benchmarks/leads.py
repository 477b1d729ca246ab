"""Leads: importing a file of them, and finding them among very many.

``WORKBENCH_BENCH_LEADS`` says how many (a million). The import is measured against DuckDB's own read of the file, which
stores nothing that lasts, and against what the database takes to store the same rows with its indexes, triggers and
commits, which no import into it can beat. Finding is measured against the same page by the bare primary key.
"""

from __future__ import annotations

import csv
import os
import random
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import psutil
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session, sessionmaker

from benchmarks import databases
from tests import factories
from workbench.clock import now
from workbench.db import insert_fast, make_sessions
from workbench.enums import Role
from workbench.metrics import Mirror
from workbench.models import Lead
from workbench.operator_services import (
    count_leads,
    find_lead_ids,
    import_leads,
    list_leads,
    preview_lead_changes,
    search,
)
from workbench.operator_services._edge import build_runtime
from workbench.operator_services.leads import MOST_IDS
from workbench.services import lead_import
from workbench.services.audit import Actor
from workbench.settings import Settings
from workbench.web.server import settle

ROUNDS = 3
LEADS = int(os.environ.get("WORKBENCH_BENCH_LEADS", "1000000"))

#: What people do on the page, as the contract takes it.
LOOKS = {
    "newest first": {"sort": "id", "descending": True},
    "sorted by name": {"sort": "name"},
    "page 10,000 by company": {"sort": "company", "page": max(1, LEADS // 100)},
    "one status": {"status": "NEW", "sort": "email"},
    "suppressed": {"suppressed": True},
    "two words": {"search": "lovelace 4711"},
    "the end of an address": {"search": "9999@example.com"},
}


def main() -> None:
    settle()  # as the server does
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "leads.csv"
        _write(file)
        read = statistics.median(_seconds(lambda: _duckdb_reads(file)) for _ in range(ROUNDS))
        for name, made in databases.BOTH.items():
            with made() as new_database, databases.at_head(new_database()) as engine:
                _measure(name, engine, file, read)


def _measure(name: str, engine: Engine, file: Path, read: float) -> None:
    settings = Settings(database_url=str(engine.url), data_dir=Path(tempfile.mkdtemp()), secret_key="x" * 32)
    mirror = Mirror(engine)
    sessions = make_sessions(engine)
    sessions.configure(info={"runtime": build_runtime(settings), "actor": Actor("Ada", Role.ADMIN), "mirror": mirror})
    with sessions() as session:
        project = factories.project(session)
        mine, bare = factories.campaign(session, project), factories.campaign(session, project)
        session.commit()
        worked = time.process_time()
        with _memory() as grown:
            taken = _seconds(lambda: import_leads(session, mine.id, file))
        worked = time.process_time() - worked
        again = _seconds(lambda: import_leads(session, mine.id, file))
    _find(name, sessions, mirror)
    with sessions() as session:
        stored = _bare_writes(session, mine.id, bare.id)
    print(
        f"{name:11} import {LEADS:,}: {read / taken:.3f} of DuckDB's read (target 0.3), {stored / taken:.2f} of the "
        f"bare writes   {taken:.1f} s against {read:.2f} s and {stored:.1f} s; again, nothing new: {again:.1f} s; "
        f"memory +{max(grown):.0f} MB; {worked:.1f} s of the processor",
        flush=True,
    )
    mirror.close()


def _find(name: str, sessions: sessionmaker[Session], mirror: Mirror) -> None:
    loaded = _seconds(mirror.refresh)
    with sessions() as session:
        by_key = sa.select(Lead.__table__).order_by(Lead.id.desc()).limit(50)
        bare = _median(lambda: session.execute(by_key).all())
        session.rollback()
        for look, given in LOOKS.items():
            which = {key: value for key, value in given.items() if key in ("status", "suppressed", "search")}
            page = _median(lambda given=given: list_leads(session, **given))  # type: ignore[misc]
            total = _median(lambda which=which: count_leads(session, **which))  # type: ignore[misc]
            session.info.pop("mirror")
            source = _seconds(lambda given=given: list_leads(session, **given))  # type: ignore[misc]
            session.info["mirror"] = mirror
            print(
                f"{name:11} {look:24} page {page * 1000:6.1f} ms ({page / bare:6.1f} times a page by the bare key), "
                f"count {total * 1000:6.1f} ms; without a mirror {source * 1000:8.1f} ms",
                flush=True,
            )
        everybody = find_lead_ids(session, most=MOST_IDS)
        for look, run in {
            "the palette's search": lambda: search(session, "lovelace 4711"),
            "all of them selected": lambda: find_lead_ids(session, most=MOST_IDS),
            "what a change of all would do": lambda: preview_lead_changes(session, everybody, status="LOST"),
        }.items():
            print(f"{name:11} {look:30} {_median(run) * 1000:8.1f} ms", flush=True)
    print(f"{name:11} the mirror takes over {LEADS:,} leads in {loaded:.1f} s", flush=True)


@contextmanager
def _memory() -> Iterator[list[float]]:
    """How many MB this process holds more than before, looked at twenty times a second while the block runs."""
    process, ended = psutil.Process(), threading.Event()
    before, seen = process.memory_info().rss, [0.0]

    def look() -> None:
        while not ended.wait(0.05):
            seen.append((process.memory_info().rss - before) / 2**20)

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield seen
    finally:
        ended.set()
        looking.join()


def _write(file: Path) -> None:
    chance = random.Random(1)
    first = ("Ada", "Grace", "Emmy", "Sofia", "Alan", "Zoë", "Omar", "Lena")
    last = ("Lovelace", "Hopper", "Noether", "Turing", "Müller", "Haddad", "Khan")
    with file.open("w", encoding="utf-8", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(["Name", "Email", "Title", "Company", "City", "LinkedIn"])
        for number in range(LEADS):
            name = f"{chance.choice(first)} {chance.choice(last)}"
            rows.writerow(
                [
                    *(name, f"p{chance.getrandbits(20):x}.{number}@example.com", chance.choice(("COO", "Buyer"))),
                    *(f"Company {number % 5_000}", chance.choice(("Berlin", "Oslo"))),
                    f"https://www.linkedin.com/in/p{number}",
                ]
            )


def _duckdb_reads(file: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE TABLE leads AS SELECT * FROM read_csv($file, all_varchar = true)", {"file": str(file)}
        )


def _bare_writes(session: Session, imported: int, empty: int) -> float:
    """Store the imported rows once more, in another campaign: no file, no rule, no look at what is there."""
    names = ("email", "email_norm", "name", "first_name", "title", "company", "linkedin_url", "enrichment_data")
    table = Lead.__table__
    always = {"campaign_id": empty, "source": "csv", "created_at": now(), "updated_at": now()}
    query = sa.select(*(table.c[name] for name in names)).where(table.c.campaign_id == imported).order_by(table.c.id)
    taken, offset = 0.0, 0
    while rows := session.execute(query.offset(offset).limit(lead_import.CHUNK * 10)).all():
        session.rollback()
        offset += len(rows)
        for start in range(0, len(rows), lead_import.CHUNK):
            chunk = rows[start : start + lead_import.CHUNK]

            def write(chunk: list[sa.Row[tuple[object, ...]]] = list(chunk)) -> None:  # noqa: B006
                insert_fast(session, table, names, chunk, always)  # type: ignore[arg-type]
                session.commit()

            taken += _seconds(write)
    session.rollback()
    return taken


def _seconds(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def _median(run: Callable[[], object]) -> float:
    return statistics.median(_seconds(run) for _ in range(ROUNDS))


if __name__ == "__main__":
    main()

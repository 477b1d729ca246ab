"""A process with a mirror that must equal its database after every refresh, in whatever the writers do meanwhile.

``python -m tests.chaos.mirror_reader URL SEED FOLDER [restarting]`` goes on until its input ends, or something differs.
With a FOLDER (none: ``-``) its copy is in a file, which is written again now and then; a restart goes on with that,
or, when it was not closed in order, with what it held at its last checkpoint.
"""

from __future__ import annotations

import json
import random
import sys
import threading
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.orm import Session

from tests.chaos.mirror_writer import AROUND
from tests.integration import metrics_slow as slow
from workbench.db import make_engine
from workbench.metrics import Mirror, source, store, views
from workbench.metrics.activity import SOURCES, activity, decode
from workbench.metrics.changes import Position
from workbench.metrics.frames import to_rows
from workbench.metrics.source import Table
from workbench.models import Base

AHEAD = timedelta(days=30)


class Held(Mirror):
    """A mirror that stays where :meth:`follow` brought it, and counts how it got there."""

    def __init__(self, engine: Engine, folder: Path | None) -> None:
        super().__init__(engine, folder=folder)
        self.tally: Counter[str] = Counter()

    def refresh(self) -> bool:
        return False

    def crash(self) -> None:
        """Leave the file as a process would that is killed now: as it was at its last checkpoint."""
        assert self._copy is not None
        self._copy.checkpoint = lambda: None  # type: ignore[method-assign]

    def _behind(
        self, connection: Connection, before: Position | None, now: Position
    ) -> tuple[list[Table], dict[Table, list[int]]]:
        whole, rows = super()._behind(connection, before, now)
        captured = [table for table in whole if table.captured]
        self.tally["in full"] += len(captured) == sum(table.captured for table in self._tables.values())
        self.tally["a table in full"] += 0 < len(captured) < 5
        self.tally["by the log"] += bool(rows)
        self.tally["gone on with a file"] += (
            self._kept is not None and self._kept.resumed and not self.tally["refreshed"]
        )
        self.tally["below the floor"] += before is not None and before.needs <= now.floor
        return whole, rows


def differences(connection: Connection, mirror: Mirror) -> list[str]:
    """What the mirror holds otherwise than the database, as ``connection`` sees it in its snapshot."""
    assert mirror._copy is not None
    found = []
    for name, table in Base.metadata.tables.items():
        if name in source.LEFT_OUT:
            continue
        there = [dict(row) for row in connection.execute(sa.select(table).order_by(table.c.id)).mappings()]
        cursor = mirror._copy.cursor()
        columns = ", ".join(f'"{column.name}"' for column in table.columns)  # the mirror adds some of its own
        cursor.execute(f'SELECT {columns} FROM "{name}" ORDER BY id')
        here = to_rows(cursor)
        cursor.close()
        for column in table.columns:
            if isinstance(column.type, sa.JSON):
                here = [row | {column.name: json.loads(row[column.name] or "null")} for row in here]
        if here != there:
            odd = [(a, b) for a, b in zip(here, there, strict=False) if a != b][:2]
            found.append(f"{name}: {len(here)} rows here, {len(there)} there; first differences {odd}")
    return found


def wrong_views(connection: Connection, mirror: Mirror) -> list[str]:
    """The views that answer otherwise than their slow obvious version over the rows that ``connection`` sees."""
    with Session(connection, join_transaction_mode="create_savepoint") as session:
        all_ = slow.Everything(session)
        ids = [project.id for project in all_.projects]
        pairs: list[tuple[str, Any, Any]] = [("pipeline", views.pipeline(mirror), slow.pipeline(all_))]
        for project_id in (None, *ids[:1]):
            since = AROUND - timedelta(days=9)
            pairs += [
                (
                    "attention",
                    views.attention(mirror, project_id=project_id, as_of=AROUND),
                    slow.attention(all_, AROUND, project_id),
                ),
                (
                    "delivery",
                    views.delivery(mirror, project_id=project_id, since=since, as_of=AROUND),
                    slow.delivery(all_, since, AROUND, project_id),
                ),
                (
                    "cohorts",
                    views.cohorts(mirror, project_id=project_id, as_of=AROUND),
                    slow.cohorts(all_, AROUND, project_id),
                ),
                (
                    "queue_ahead",
                    views.queue_ahead(mirror, project_id=project_id, until=AROUND + AHEAD, as_of=AROUND),
                    slow.queue_ahead(all_, AROUND + AHEAD, AROUND, project_id),
                ),
                (
                    "funnel",
                    views.funnel(mirror, project_id=project_id, as_of=AROUND),
                    slow.funnel(all_, AROUND, project_id),
                ),
                (
                    "timeline",
                    [(row["at"], row["kind"], row["id"]) for row in views.timeline(mirror, project_id=project_id)],
                    slow.timeline(all_, project_id=project_id)[:50],
                ),
                (
                    "activity",
                    [
                        tuple(decode(row["cursor"]))
                        for row in activity(mirror, limit=50, project_id=project_id, as_of=AROUND)
                    ],
                    slow.activity(all_, AROUND, project_id, set(SOURCES))[:50],
                ),
            ]
    return [f"{name}: {here} here, {there} by hand" for name, here, there in pairs if here != there]


def read(engine: Engine, mirror: Held, *, with_views: bool) -> Sequence[str]:
    with source.snapshot(engine) as connection:
        mirror.tally["refreshed"] += mirror.follow(connection)
        return differences(connection, mirror) + (wrong_views(connection, mirror) if with_views else [])


def main() -> int:
    url, dice, restarting = sys.argv[1], random.Random(int(sys.argv[2])), "restarting" in sys.argv
    folder = None if sys.argv[3] == "-" else Path(sys.argv[3])
    store.WRITE_AGAIN_AFTER = timedelta(0)
    engine = make_engine(url)
    ended = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    mirror, tally = Held(engine, folder), Counter[str]()
    while True:
        last = ended.is_set()
        views_too = last or tally["comparisons"] % 5 == 0
        found = read(engine, mirror, with_views=views_too)
        if found:
            sys.stdout.write("\n".join(found))
            return 1
        if not tally["comparisons"]:
            sys.stdout.write("ready\n")
            sys.stdout.flush()
        tally["comparisons"] += 1
        tally["of views"] += views_too
        if last or (restarting and dice.random() < 0.1):
            tally += mirror.tally
            if folder is not None and dice.random() < 0.5:
                mirror.crash()
            mirror.close()
            mirror = Held(engine, folder)
        elif folder is not None and dice.random() < 0.1:
            mirror.tidy()
            tally["written"] += 1
        if last:
            break
        ended.wait(dice.choice((0, 0.05, 0.3)))
    engine.dispose()
    sys.stdout.write(json.dumps(tally))
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""A process that commits: ``python -m benchmarks.mirror_commits URL COMMITS [load]``.

Rows that carry the moment just before their commit, by the clock that all processes of the machine share; or, as load,
changes of attempts, as fast as a worker makes them.
"""

from __future__ import annotations

import sys
import time

import sqlalchemy as sa

from workbench.db import make_engine


def main(url: str, commits: int, *, load: bool) -> None:
    engine = make_engine(url)
    moment = "'2026-11-19 10:00:00'"
    for number in range(commits):
        with engine.connect().execution_options(sqlite_begin="IMMEDIATE") as connection, connection.begin():
            if load:
                connection.execute(
                    sa.text("UPDATE cam_outreach_attempts SET status = 'SENT' WHERE id = :id"),
                    {"id": 1 + number * 7 % 20_000},
                )
            else:
                connection.execute(
                    sa.text(
                        f"INSERT INTO cam_discovery_jobs (name, status, created_at) VALUES (:began, 'TIMED', {moment})"
                    ),
                    {"began": repr(time.monotonic())},
                )
        time.sleep(0.01 if load else 0.05)
    engine.dispose()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), load="load" in sys.argv)

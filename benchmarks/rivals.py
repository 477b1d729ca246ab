"""One job after another through another queue; prints the seconds and the versions as JSON. Run as a script.

It has an environment of its own (``.venv-bench``) and imports nothing of the workbench. The jobs are on the queue, or
known, before the clock starts. What each commits for a job:

procrastinate
    fetch (todo → doing) · the task's own "sending" · finish (doing → succeeded).
dbos
    the workflow's start · the output of its step, which commits "sending" itself · the workflow's result. Its own
    queue looks for work once a second, so workflows are started one after another: that is in its favour.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import time
from importlib.metadata import version

import psycopg

JOBS = "CREATE TABLE bench_ledger (id integer PRIMARY KEY, status text NOT NULL)"
FILL = "INSERT INTO bench_ledger SELECT n, 'PENDING' FROM generate_series(1, %s) AS n"
BEGIN = "UPDATE bench_ledger SET status = 'SENDING' WHERE id = %s AND status = 'PENDING'"
COUNT = "SELECT count(*) FROM bench_ledger WHERE status = 'SENDING'"


def with_procrastinate(url: str, jobs: int) -> float:
    import procrastinate

    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=url))

    @app.task(name="send")
    async def send(number: int) -> None:
        await app.connector.execute_query_async(BEGIN.replace("%s", "%(number)s"), number=number)

    async def run() -> float:
        async with app.open_async():
            await app.schema_manager.apply_schema_async()
            await send.batch_defer_async(*({"number": number} for number in range(1, jobs + 1)))
            began = time.perf_counter()
            await app.run_worker_async(concurrency=1, wait=False, install_signal_handlers=False, listen_notify=False)
            took = time.perf_counter() - began
            done = await app.connector.execute_query_one_async(
                "SELECT count(*) AS n FROM procrastinate_jobs WHERE status = 'succeeded'"
            )
            assert done["n"] == jobs, done
            return took

    return asyncio.run(run())


def with_dbos(url: str, jobs: int) -> float:
    from dbos import DBOS

    DBOS(config={"name": "bench", "system_database_url": url, "log_level": "ERROR", "run_admin_server": False})
    connection = psycopg.connect(url, autocommit=True)

    @DBOS.step()
    def begin(number: int) -> None:
        connection.execute(BEGIN, (number,))

    @DBOS.workflow()
    def send(number: int) -> None:
        begin(number)

    DBOS.launch()
    try:
        began = time.perf_counter()
        for number in range(1, jobs + 1):
            send(number)
        return time.perf_counter() - began
    finally:
        DBOS.destroy()
        connection.close()


RUNS = {"procrastinate": with_procrastinate, "dbos": with_dbos}


def main() -> None:
    name, url, jobs = sys.argv[1], sys.argv[2], int(sys.argv[3])
    logging.disable(logging.WARNING)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(JOBS)
        connection.execute(FILL, (jobs,))
    seconds = RUNS[name](url, jobs)
    with psycopg.connect(url) as connection:
        begun = connection.execute(COUNT).fetchone()
    assert begun == (jobs,), begun
    print(json.dumps({"seconds": seconds, "version": version(name)}))


if __name__ == "__main__":
    main()

"""Claim → begin → finish of one job after another, against procrastinate and DBOS on the same PostgreSQL.

Each commits three times for a job: that it is taken, that its sending begins, how it ended. The workbench's job is a
post, with all that is looked at before a send (pause, mode, caps, text, strategy, account) and an outcome of its own
in the ledger; the others keep nothing but the job. Nothing is sent: the gateway is a function that says "sent".
"""

from __future__ import annotations

import json
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from benchmarks import databases
from tests import factories
from workbench.enums import AttemptStatus, Gateway, GatewayState, Mode, Platform, QueueStatus, StrategyStatus
from workbench.execution.worker import Worker
from workbench.gateways.base import Channel, Message, Outcome, Probe, Sender, Sent
from workbench.gateways.registry import Gateways
from workbench.models import OutreachAttempt, QueueRow
from workbench.operator_services._edge import Runtime
from workbench.settings import Settings

ROUNDS = 3
JOBS = 500
RIVALS = ("procrastinate", "dbos")
RIVALS_PYTHON = Path(__file__).parents[1] / ".venv-bench" / "bin" / "python"


def main() -> None:
    taken: dict[str, list[float]] = {name: [] for name in ("workbench", *RIVALS)}
    versions: dict[str, str] = {}
    with databases.postgresql() as new_database:
        for _ in range(ROUNDS):
            taken["workbench"].append(ours(new_database()))
            for name in RIVALS:
                found = theirs(name, new_database())
                taken[name].append(found["seconds"])
                versions[name] = found["version"]
    rate = {name: JOBS / statistics.median(seconds) for name, seconds in taken.items()}
    for name in RIVALS:
        print(
            f"PostgreSQL  claim, begin, finish, one after another: {rate['workbench'] / rate[name]:.2f} of"
            f" {name} {versions[name]} (target 1)   {rate['workbench']:,.0f}/s against {rate[name]:,.0f}/s",
            flush=True,
        )


def ours(url: str) -> float:
    with databases.at_head(url) as engine:
        with Session(engine) as session:
            project = factories.project(session)
            factories.strategy(session, project, status=StrategyStatus.APPROVED)
            for _ in range(JOBS):
                factories.queued(session, factories.creative(session, project, "linkedin"))
            session.commit()
        settings = Settings(database_url=url, data_dir=Path(tempfile.mkdtemp()), secret_key="x" * 32)
        worker = Worker(engine, Runtime(settings, (), _Taking(settings, ())))
        began = time.perf_counter()
        while worker.run_once():
            pass
        took = time.perf_counter() - began
        with Session(engine) as session:
            done = sa.select(sa.func.count()).where(QueueRow.status == QueueStatus.DONE)
            sent = sa.select(sa.func.count()).where(OutreachAttempt.status == AttemptStatus.SENT)
            assert session.scalar(done) == session.scalar(sent) == JOBS
    return took


def theirs(name: str, url: str) -> dict[str, float | str]:
    plain = sa.make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    script = Path(__file__).with_name("rivals.py")
    done = subprocess.run(
        [RIVALS_PYTHON, script, name, plain, str(JOBS)], check=True, stdout=subprocess.PIPE, text=True
    )
    found: dict[str, float | str] = json.loads(done.stdout.splitlines()[-1])
    return found


class _Taking(Gateways):
    """Takes everything at once."""

    def sender(self, platform: Platform, account_name: str, mode: Mode) -> Sender:
        return _Sender()


class _Sender:
    gateway, account = Gateway.LINKEDIN, "simulated"

    @contextmanager
    def connect(self) -> Iterator[Channel]:
        yield self

    def send(self, message: Message) -> Outcome:
        return Sent(message.key)

    def probe(self) -> Probe:
        return Probe(self.gateway, self.account, GatewayState.OK, "")


if __name__ == "__main__":
    main()

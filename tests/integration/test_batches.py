"""From one batch to the next: one commit for both, one line to the gateway, and no outcome lost to what comes after."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from tests.execution_kit import SENDING, SENT, Wire, fresh, mailing, statuses, worker
from workbench.db import data_version, for_single_reads, insert_many
from workbench.enums import QueueStatus
from workbench.errors import DatabaseProblem
from workbench.execution import turn as module
from workbench.gateways.base import Message, Outcome, Sent, Unknown
from workbench.models import AuditEvent, Base, Project
from workbench.settings import Settings


def test_what_was_sent_is_written_in_the_commit_that_begins_the_next_batch(
    db: Session, engine: Engine, settings: Settings
) -> None:
    row, wire = mailing(db, 4), Wire()
    seen: list[list[str]] = []
    wire.before = lambda number, message: seen.append(statuses(db, row))
    worker(engine, settings, wire, email_batch=2).run_once()
    assert seen[0] == [SENDING, SENDING, "PENDING", "PENDING"]
    assert seen[2] == [SENT, SENT, SENDING, SENDING]
    assert statuses(db, row) == [SENT] * 4


def test_a_next_batch_that_cannot_begin_costs_nobody_an_outcome(
    db: Session, engine: Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    row, wire = mailing(db, 4), Wire()
    real, calls = module.begin, []

    def second_fails(session: Session, run: Any) -> Any:
        calls.append(1)
        if len(calls) == 2:
            raise KeyError("nobody foresaw this")
        return real(session, run)

    monkeypatch.setattr(module, "begin", second_fails)
    worker(engine, settings, wire, email_batch=2).run_once()
    assert statuses(db, row) == [SENT] * 4
    assert len(wire.got) == len(set(wire.readers)) == 4


def test_a_commit_whose_answer_was_lost_takes_the_next_batch_back_and_sends_nothing_twice(
    db: Session, engine: Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit went through, so the next batch is SENDING, and nobody was called for it."""
    row, wire = mailing(db, 4), Wire()
    real, begun = module.Turn._transaction, []
    real_begin = module.begin

    def noted(session: Session, run: Any) -> Any:
        begun.append(1)
        return real_begin(session, run)

    @contextmanager
    def lost(self: module.Turn, **options: bool) -> Iterator[Session]:
        before = len(begun)
        with real(self, **options) as session:
            yield session
        if (before, len(begun)) == (1, 2):
            raise DatabaseProblem("the connection broke while it committed")

    monkeypatch.setattr(module, "begin", noted)
    monkeypatch.setattr(module.Turn, "_transaction", lost)
    one = worker(engine, settings, wire, email_batch=2)
    one.run_once()
    assert statuses(db, row) == [SENT] * 4
    assert len(wire.got) == len(set(wire.readers)) == 4
    assert fresh(db, row).status == QueueStatus.DONE


class CountingWire(Wire):
    """Counts its connections."""

    opened = closed = 0

    @contextmanager
    def connect(self) -> Iterator[Wire]:
        self.opened += 1
        yield self
        self.closed += 1


def test_one_line_to_the_gateway_serves_batch_after_batch(db: Session, engine: Engine, settings: Settings) -> None:
    mailing(db, 6)
    wire = CountingWire()
    worker(engine, settings, wire, email_batch=2).run_once()
    assert (len(wire.got), wire.opened, wire.closed) == (6, 1, 1)


def test_a_line_on_which_something_went_wrong_is_not_used_for_the_next_batch(
    db: Session, engine: Engine, settings: Settings
) -> None:
    mailing(db, 6)
    wire = CountingWire()

    def answer(message: Message) -> Outcome:
        return Unknown("no answer") if len(wire.got) == 2 else Sent("x")

    wire.answer = answer
    worker(engine, settings, wire, email_batch=2).run_once()
    assert (len(wire.got), wire.opened, wire.closed) == (6, 2, 2)


def test_the_data_version_changes_when_somebody_else_commits_and_only_then(db: Session, engine: Engine) -> None:
    project = Project(name="One")
    db.add(project)
    db.commit()
    with for_single_reads(engine).connect() as connection:

        def after_reading() -> bool:
            before = data_version(connection)
            connection.execute(sa.select(Project.name)).all()
            connection.rollback()
            return data_version(connection) == before

        # PostgreSQL itself writes now and then.
        assert any(after_reading() for _ in range(10)), "reading changes nothing"
        project.name = "Two"
        db.flush()
        before = data_version(connection)
        db.commit()
        assert data_version(connection) != before


def test_many_rows_are_stored_as_single_ones_are(db: Session) -> None:
    at = datetime(2026, 3, 29, 1, 30, 0, 123456, tzinfo=UTC)
    common = {"at": at, "actor": "Ada “A”", "role": "admin", "action": "x", "entity": "creative"}
    nothing = dict.fromkeys(("entity_id", "project_id", "reason", "before", "after"))
    rows = [
        common | nothing | {"entity_id": 1, "before": {"title": 'He said "no" \\ 🙂', "n": 1.5}, "after": {}},
        common | nothing | {"entity_id": 2},
    ]
    insert_many(db, Base.metadata.tables[AuditEvent.__tablename__], rows)
    db.commit()
    first, second = db.scalars(sa.select(AuditEvent).order_by(AuditEvent.id)).all()
    assert (first.at, first.actor, first.before, first.after) == (at, "Ada “A”", rows[0]["before"], {})
    assert (second.entity_id, second.project_id, second.before, second.reason) == (2, None, None, None)
    assert db.scalar(sa.select(sa.func.count()).where(AuditEvent.before.is_(None))) == 1, "null, not the word"

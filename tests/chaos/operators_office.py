"""Two projects, two operators and a worker, on one database and one clock that only the test moves."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from tests import factories as make
from tests.chaos.operators_actions import CREATIVES, DECISIONS, QUEUED, Action, Desk, Pick, possible
from tests.chaos.operators_state import ATTEMPTS, QUEUE, State, faults, lost, read, unrecorded, wrong_moves
from tests.conftest import NOW
from tests.execution_kit import Crash, Wire, ready_project, worker
from workbench import clock
from workbench.accounts import Account
from workbench.db import make_engine
from workbench.enums import Platform, QueueStatus, Role
from workbench.errors import DatabaseBusy, DatabaseProblem, WorkbenchError
from workbench.gateways.base import Deferred, Message, Outcome, Rejected, Sent, Unknown
from workbench.gateways.registry import Gateways
from workbench.models import WorkerHeartbeat
from workbench.operator_services import bulk_approve_creatives, undo_batch
from workbench.operator_services._edge import Runtime
from workbench.services.audit import SYSTEM, Actor
from workbench.settings import Settings

OPERATORS: Final = (Actor("Ada", Role.ADMIN), Actor("Bob", Role.APPROVER))
ACCOUNTS: Final = (
    Account(name="page", platform=Platform.LINKEDIN, identity="urn:li:organization:1"),
    Account(name="handle", platform=Platform.TWITTER, identity="@acme"),
    Account(name="news", platform=Platform.EMAIL, identity="news@example.com"),
)
#: What the far side may do with a message. It has it or not; the worker hears of it, or dies.
ANSWERS: Final = ("sent", "sent", "sent", "deferred", "rejected", "bounced", "unknown", "dies before", "dies after")
PASSES: Final = (timedelta(minutes=5), timedelta(minutes=59), timedelta(minutes=61), timedelta(days=1))

_OUTCOMES: Final[dict[str, Outcome]] = {
    "sent": Sent("far-1"),
    "deferred": Deferred("Come back later."),
    "rejected": Rejected("No."),
    "bounced": Rejected("No such mailbox.", bounce=True),
    "unknown": Unknown("The line went dead."),
}


_CLOCK: Final = """
CREATE SCHEMA test_clock;
CREATE TABLE test_clock.present (moment timestamptz);
INSERT INTO test_clock.present VALUES (now());
CREATE FUNCTION test_clock.clock_timestamp() RETURNS timestamptz RETURN (SELECT moment FROM test_clock.present);
"""


def put_on_one_clock(engine: Engine) -> None:
    """PostgreSQL asks the test what time it is too: a function of the same name stands before its own."""
    if engine.dialect.name == "sqlite":
        return
    with engine.begin() as connection:
        connection.exec_driver_sql(_CLOCK)
        connection.exec_driver_sql(
            f"ALTER DATABASE {engine.url.database} SET search_path = test_clock, pg_catalog, public"
        )
    engine.dispose()


@dataclass
class Office:
    """Whatever is done here is checked: the state it leaves, the move to there, and who is said to have done it."""

    engine: Engine
    settings: Settings
    desks: dict[str, Desk] = field(default_factory=lambda: {actor.name: Desk() for actor in OPERATORS})
    #: Creative and recipient → how often the far side has taken it for good.
    accepted: Counter[str] = field(default_factory=Counter)
    #: A person said of something that it was not sent: from then on a second one is that person's doing.
    misled: bool = False
    runtime: Runtime = field(init=False)
    state: State = field(init=False)
    now: datetime = field(init=False)

    @classmethod
    def open(cls, url: str, folder: Path) -> Office:
        engine = make_engine(url)
        put_on_one_clock(engine)
        settings = Settings(
            database_url=url, data_dir=folder / "var", public_url="https://mail.example.com", secret_key="x" * 32
        )
        made = cls(engine, settings)
        made.runtime = Runtime(settings, ACCOUNTS, Gateways(settings, ACCOUNTS))
        made.set_clock(NOW)
        made._furnish()
        made.state = read(engine)
        for desk in made.desks.values():
            desk.look(made.state)
        return made

    def close(self) -> None:
        clock.pin(None)
        self.engine.dispose()

    def session(self, actor: Actor) -> Session:
        return Session(self.engine, expire_on_commit=False, info={"runtime": self.runtime, "actor": actor})

    def _furnish(self) -> None:
        with self.session(OPERATORS[0]) as db:
            for _ in range(2):
                project = ready_project(db)
                campaign = make.campaign(db, project)
                for name in ("ann", "ben", "cem"):
                    make.lead(db, campaign, email=f"{name}@example.com")
                items = [make.creative(db, project, one, body_text="Hello") for one in ("email", "linkedin", "email")]
                db.commit()
                bulk_approve_creatives(db, project.id, [item.id for item in items])

    # The clock

    def set_clock(self, moment: datetime) -> None:
        self.now = moment
        clock.pin(moment)
        if self.engine.dialect.name != "sqlite":
            with self.engine.begin() as connection:
                connection.execute(sa.text("UPDATE test_clock.present SET moment = :moment"), {"moment": moment})

    def wait_until_due(self) -> None:
        """Until the next moment at which something on the queue is due."""
        rows = [row for row in self.state[QUEUE].values() if row["status"] == QueueStatus.QUEUED]
        due = [max(row["scheduled_time"], row["next_attempt_at"] or row["scheduled_time"]) for row in rows]
        self.set_clock(max(self.now, min(due, default=self.now)))

    # What operators do

    def act(self, actor: Actor, action: Action, pick: Pick) -> None:
        """One operation, on what the operator saw last: done whole and recorded, or refused and without a trace."""
        answer = self.ask(actor, action, pick)
        before, after = self._look()
        assert not isinstance(answer, DatabaseBusy)
        if isinstance(answer, WorkbenchError):
            assert after == before, f"{action.__name__} was refused ({answer}), and changed something"
            return
        self._check(before, after, actor, worker=False)
        _check_outcomes(before, after, answer, action.__name__)
        self.misled |= action.__name__ == "reconcile"
        if isinstance(answer, dict) and answer.get("batch_id"):
            for one in self.desks.values():
                one.batches.append(answer["batch_id"])

    def ask(self, actor: Actor, action: Action, pick: Pick) -> Any:
        """What the contract answers, or the error with which it refuses. Any other error is raised."""
        with self.session(actor) as db:
            try:
                answer = action(db, self.desks[actor.name], pick)
            except DatabaseBusy as error:
                # Two in each other's way: one is told to try again. Alone nobody is.
                answer = error
            except DatabaseProblem:
                raise
            except WorkbenchError as error:
                answer = error
            assert not db.in_transaction()
        return answer

    def act_and_undo(self, actor: Actor, action: Action, pick: Pick) -> None:
        """A bulk decision that is taken back at once leaves everything as it was."""
        first, known = self.state, len(self.desks[actor.name].batches)
        self.act(actor, action, pick)
        made = self.desks[actor.name].batches[known:]
        if not made:
            return
        before = self.state
        with self.session(actor) as db:
            answer = undo_batch(db, made[0])
        _, after = self._look()
        self._check(before, after, actor, worker=False)
        kept = [one for one in answer["outcomes"] if not one["ok"]]
        assert action.__name__ == "cancel" or not kept, kept
        if not kept:
            assert _substance(after) == _substance(first), f"{action.__name__} was undone, and left something"

    # What the worker does

    def work(self, pick: Pick, meanwhile: Callable[[], None] = lambda: None) -> None:
        """A worker takes what is due; before each message ``meanwhile`` happens. It may die of its work."""

        def answer(message: Message) -> Outcome:
            chosen = pick(ANSWERS)
            if chosen == "dies before":
                raise Crash
            if chosen == "dies after" or chosen == "sent":
                self.accepted[message.key] += 1
                assert self.misled or self.accepted[message.key] == 1, "the far side got it twice"
            if chosen == "dies after":
                raise Crash
            return _OUTCOMES[chosen]

        def before(number: int, message: Message) -> None:
            self._check(*self._look(), SYSTEM, worker=True)
            meanwhile()

        wire = Wire(answer=answer, before=before)
        try:
            worker(self.engine, self.settings, wire, accounts=ACCOUNTS).run_once()
        except Crash:
            # The process is gone, so nothing of it can deliver any more.
            with self.session(SYSTEM) as db:
                db.execute(sa.update(WorkerHeartbeat).values(stopped_at=self.now))
                db.commit()
        self._check(*self._look(), SYSTEM, worker=True)

    # All at once

    def rush(self, chance: random.Random, turns: int) -> None:
        """Both operators and a worker at the same time; afterwards the rules hold, and nobody met an odd error."""
        together = threading.Barrier(len(OPERATORS) + 1)
        seeds = {
            actor: random.Random(chance.random()) for actor in (*OPERATORS, SYSTEM)
        }  # one each: threads share none

        def operate(actor: Actor) -> None:
            own, desk = seeds[actor], self.desks[actor.name]
            together.wait(30)
            for _ in range(turns):
                action = own.choice([*CREATIVES, *QUEUED, *QUEUED, *DECISIONS])
                if possible(action, desk):
                    answer = self.ask(actor, action, lambda options: own.choice(list(options)))
                    if isinstance(answer, dict) and answer.get("batch_id"):
                        desk.batches.append(answer["batch_id"])

        def work() -> None:
            wire = Wire(answer=lambda message: _OUTCOMES[seeds[SYSTEM].choice(list(_OUTCOMES))])
            hand = worker(self.engine, self.settings, wire, accounts=ACCOUNTS)
            together.wait(30)
            for _ in range(turns):
                hand.run_once()

        with ThreadPoolExecutor() as pool:
            jobs = [pool.submit(work), *(pool.submit(operate, actor) for actor in OPERATORS)]
        for job in jobs:
            job.result()
        before, after = self._look()
        wrong = [*faults(after), *lost(before, after, {SYSTEM.name, *self.desks})]
        assert not wrong, "\n".join(wrong)
        for desk in self.desks.values():
            desk.look(after)
        self.wait_until_due()

    # Checks

    def _look(self) -> tuple[State, State]:
        before, self.state = self.state, read(self.engine)
        return before, self.state

    def _check(self, before: State, after: State, actor: Actor, *, worker: bool) -> None:
        wrong = [
            *faults(after),
            *wrong_moves(before, after, worker=worker),
            # A worker writes down what it decides; what it does is in the attempts.
            *([] if worker else unrecorded(before, after, actor.name, actor.role.value)),
        ]
        assert not wrong, "\n".join(wrong)


def _check_outcomes(before: State, after: State, answer: Any, name: str) -> None:
    """Of what a bulk call says that it did not do, nothing was done."""
    if not isinstance(answer, dict) or "outcomes" not in answer:
        return
    assert answer["done"] + answer["failed"] == len(answer["outcomes"])
    table = {"cancel": QUEUE, "consent": "cam_leads"}.get(name, "content_items")
    for one in answer["outcomes"]:
        if not one["ok"] and name != "undo":
            assert before[table].get(one["id"]) == after[table].get(one["id"]), one
        if one["ok"] and name in ("approve", "confirm", "schedule", "cancel"):
            assert after[table][one["id"]]["status"] == one["status"], one


#: What a decision changes for good, whatever becomes of it.
_TRACES: Final = {"updated_at", "id", "batch_id", "created_at"}


def _substance(state: State) -> dict[str, Any]:
    """What an operator sees of it: everything but dates of change, and the queue as what is on it."""
    live = (QueueStatus.QUEUED, QueueStatus.MISSED)
    seen: dict[str, Sequence[Any]] = {
        table: [{key: value for key, value in row.items() if key not in _TRACES} for row in state[table].values()]
        for table in ("content_items", "cam_leads", "suppressions", "strategies")
    }
    kept = ("content_item_id", "content_version_id", "account", "mode", "scheduled_time", "local_time", "timezone")
    rows = [tuple(row[key] for key in kept) for row in state[QUEUE].values() if row["status"] in live]
    went = sorted(one["id"] for one in state[ATTEMPTS].values() if one["status"] not in ("PENDING", "SKIPPED"))
    return {**seen, QUEUE: sorted(rows, key=str), ATTEMPTS: went}

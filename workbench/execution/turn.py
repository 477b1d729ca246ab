"""A worker's turn with a claimed row: batches are begun, sent and written down until the row ends, waits or has had
its time.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Protocol

from sqlalchemy.engine import Engine
from sqlalchemy.exc import DataError, IntegrityError, ProgrammingError
from sqlalchemy.orm import Session

from workbench.accounts import Account
from workbench.db import PAUSE_LOCK, database_now, lock
from workbench.enums import Mode, Platform
from workbench.errors import DatabaseProblem, NotConfigured
from workbench.execution.background import short_transaction
from workbench.execution.delivery import Delivered, Line, deliver, uptime
from workbench.execution.expand import expand, find_audience
from workbench.execution.finishing import Finished, finish
from workbench.execution.letters import writer
from workbench.execution.queue import Claim
from workbench.execution.release import release
from workbench.execution.sending import HOLD, Batch, Nothing, Run, begin
from workbench.execution.standing import Stop
from workbench.gateways.base import Sender
from workbench.services.ways import live_email_problem
from workbench.settings import Settings

log = logging.getLogger("workbench.worker")

#: A long mailing lets go after this, so that what is due meanwhile gets its turn; it goes on right behind that.
TURN_SECONDS: Final = 30.0
#: How long a stopping worker tries to write down what it sent while the database is away.
LAST_WORDS_SECONDS: Final = 30.0


class Senders(Protocol):
    """What a turn needs of the gateways."""

    def sender(self, platform: Platform, account_name: str, mode: Mode) -> Sender: ...


class TurnRuntime(Protocol):
    """What a turn needs of what the workbench was opened with."""

    @property
    def settings(self) -> Settings: ...
    @property
    def accounts(self) -> tuple[Account, ...]: ...
    @property
    def gateways(self) -> Senders: ...


@dataclass(frozen=True)
class Begun:
    """A batch that is SENDING, and since when at the latest its lease runs, by :func:`uptime`."""

    batch: Batch
    since: float


class OutcomeLost(Exception):
    """What a gateway answered could not be written down. Not a DatabaseProblem: this must end the worker."""


def _passes(problem: DatabaseProblem) -> bool:
    """Whether waiting may help: the database is away, busy or full, rather than refusing what we say."""
    return not isinstance(problem.__cause__, IntegrityError | ProgrammingError | DataError)


class Turn:
    """One worker's turn with one row that it has claimed. It ends early, between two batches, once ``stop`` is set."""

    def __init__(self, engine: Engine, runtime: TurnRuntime, claim: Claim, stop: threading.Event) -> None:
        self._engine = engine
        self._runtime = runtime
        self._settings = runtime.settings
        self._lease = timedelta(seconds=self._settings.lease_seconds)
        self._claim = claim
        self._stop = stop
        #: Until when another batch may begin, by the monotonic clock; its time runs from the first one.
        self._ends = math.inf

    def work(self) -> None:
        """Send what may be sent of the row now, and let go of it.

        Raises :class:`OutcomeLost` when what a gateway answered could not be written down, and
        :class:`DatabaseProblem` when the database is away and nothing is unwritten.
        """
        claim = self._claim
        try:
            sender = self._sender()
            write = writer(self._settings, claim)
        except NotConfigured as problem:
            self.hold(problem.message)
            return
        if not claim.expanded:
            with self._transaction(write=False) as session:
                audience = find_audience(session, claim)
            with self._transaction() as session:
                if not expand(session, claim, audience):
                    return
        email = claim.platform is Platform.EMAIL
        run = Run(claim, self._lease, self._account(), write, limit=self._settings.email_batch if email else 1)
        self._ends = time.monotonic() + TURN_SECONDS
        with Line(self._engine, sender) as line:
            begun = self._begin(run)
            while begun is not None:
                begun = self._step(run, line, begun)

    def hold(self, reason: str) -> None:
        """It cannot go out as things are, for want of a setting: say so, and look again later."""
        with self._transaction() as session:
            until = database_now(session) + HOLD
            status = release(session, self._claim, until=until, reason=reason, miss_after=self._staleness)
        log.warning("held queue=%s status=%s", self._claim.queue_id, status)

    def release(self, *, uncalled: bool = False) -> None:
        """Let go of the row. ``uncalled``: what is SENDING of it was handed to nobody."""
        with self._transaction() as session:
            status = release(session, self._claim, uncalled=uncalled)
        log.info("released queue=%s status=%s", self._claim.queue_id, status)

    def _begin(self, run: Run) -> Begun | None:
        """Begin the first batch; None when there is none."""
        if self._stop.is_set():
            self.release()
            return None
        since = uptime()
        with self._transaction() as session:
            return self._begun(session, run, since)

    def _begun(self, session: Session, run: Run, since: float) -> Begun | None:
        batch = begin(session, run)
        if isinstance(batch, Nothing):
            self._end(session, batch)
            return None
        return Begun(batch, since)

    def _step(self, run: Run, line: Line, begun: Begun) -> Begun | None:
        """Send a batch that was begun, write down what became of it, and begin the next; None when that is all."""
        claim = self._claim
        try:
            delivered = deliver(
                self._engine, line, claim, begun.batch, self._settings, self._lease, self._stop, begun=begun.since
            )
            return self._finish(run, begun.batch, delivered)
        except Exception as error:
            # Whatever it was, a gateway may have been called: nobody may take this batch for unsent.
            log.error("outcome lost queue=%s error=%s", claim.queue_id, type(error).__name__)
            raise OutcomeLost(f"What became of queue row {claim.queue_id} was not written.") from error

    def _end(self, session: Session, nothing: Nothing) -> None:
        claim = self._claim
        if nothing.stop is Stop.LOST:
            log.warning("claim lost queue=%s token=%s", claim.queue_id, claim.token)
            return
        held = nothing.stop is Stop.HELD
        status = release(
            session,
            claim,
            until=nothing.until,
            reason=nothing.reason,
            miss_after=self._staleness if held else None,
        )
        log.info("released queue=%s status=%s stop=%s", claim.queue_id, status, nothing.stop)

    def _finish(self, run: Run, batch: Batch, delivered: Delivered) -> Begun | None:
        """Write down what became of the batch, however long the database is away; and begin the next, if there is one.

        Raises what keeps it from being written at all: the batch stays SENDING, and its lease makes it UNKNOWN.
        """
        claim, patience, again = self._claim, LAST_WORDS_SECONDS, False
        while True:
            following = None
            try:
                with self._transaction() as session:
                    if not (again or batch.last):
                        # Before any row, as in every begin: whoever holds it may wait for a row of ours.
                        lock(session, PAUSE_LOCK, shared=True)
                    since = uptime()
                    finished = finish(session, claim, batch, delivered.results)
                    if self._after(session, batch, delivered, finished, uncalled=again):
                        if again or time.monotonic() > self._ends:
                            release(session, claim, uncalled=again, held=finished.held)
                        else:
                            following = self._begun(session, run, since)
                break
            except DatabaseProblem as problem:
                if _passes(problem):
                    patience -= 1.0 if self._stop.is_set() else 0.0
                    if patience < 0:
                        raise
                    name = type(problem).__name__
                    log.warning("outcome waits queue=%s problem=%s: %s", claim.queue_id, name, problem.message)
                    time.sleep(1.0)
                elif again:
                    raise
            except Exception as error:  # a begin that nobody foresaw must not cost what was sent its outcome
                if again:
                    raise
                log.error("next batch failed queue=%s error=%s", claim.queue_id, type(error).__name__)
            # From now on by itself. A next batch may have been begun without our hearing of it; nothing was called.
            again = True
        for attempt_id, result in delivered.results.items():
            log.info("attempt queue=%s attempt=%s result=%s", claim.queue_id, attempt_id, type(result).__name__)
        return following

    def _after(
        self, session: Session, batch: Batch, delivered: Delivered, finished: Finished, *, uncalled: bool
    ) -> bool:
        """Let go of the row, in the same transaction, when nothing more of it can be sent now."""
        claim, held = self._claim, finished.held
        if held is None:
            log.warning("claim lost queue=%s token=%s", claim.queue_id, claim.token)
            return False
        if finished.all_deferred_until is not None:
            release(
                session,
                claim,
                until=finished.all_deferred_until,
                reason=finished.reason,
                uncalled=uncalled,
                held=held,
            )
            return False
        if delivered.hold is not None:
            release(
                session,
                claim,
                until=held.moment + HOLD,
                reason=delivered.hold,
                miss_after=self._staleness,
                uncalled=uncalled,
                held=held,
            )
            return False
        if batch.full is not None and not delivered.halted:
            release(session, claim, until=batch.full.ends, reason=batch.full.sentence, uncalled=uncalled, held=held)
            return False
        if batch.last or delivered.halted or self._stop.is_set():
            release(session, claim, uncalled=uncalled, held=held)
            return False
        return True

    def _sender(self) -> Sender:
        """Raises :class:`NotConfigured`."""
        claim = self._claim
        refused = live_email_problem(claim.platform, claim.mode, self._settings.public_url)
        if refused:
            raise NotConfigured(refused)
        return self._runtime.gateways.sender(claim.platform, claim.account, claim.mode)

    def _account(self) -> Account | None:
        declared = (
            account
            for account in self._runtime.accounts
            if account.platform is self._claim.platform and account.name == self._claim.account
        )
        return next(declared, None)

    @property
    def _staleness(self) -> timedelta:
        return timedelta(minutes=self._settings.staleness_minutes)

    def _transaction(self, *, write: bool = True) -> AbstractContextManager[Session]:
        return short_transaction(self._engine, write=write)

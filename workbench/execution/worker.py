"""The worker: takes what is due, hands it to its gateway, writes down what became of it, again and again.

It decides nothing by itself that could not be read from the database, so it may be killed, frozen or cut off at any
point: what it was sending is then UNKNOWN and the rest goes on with another worker.
"""

from __future__ import annotations

import logging
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
from workbench.db import PAUSE_LOCK, database_now, limit_idle_transactions, lock
from workbench.enums import Mode, Platform
from workbench.errors import DatabaseProblem, NotConfigured
from workbench.execution import caps, chores
from workbench.execution.background import short_transaction
from workbench.execution.delivery import Delivered, Line, deliver, uptime
from workbench.execution.expand import expand, find_audience
from workbench.execution.finishing import Finished, finish
from workbench.execution.heartbeat import Heartbeat, make_worker_id
from workbench.execution.letters import writer
from workbench.execution.queue import Claim, claim_due
from workbench.execution.release import reap, release
from workbench.execution.sending import HOLD, Batch, Nothing, Run, begin
from workbench.execution.standing import Stop
from workbench.gateways.base import Sender
from workbench.services import change_log
from workbench.services.audit import SYSTEM
from workbench.services.overdue import miss_overdue
from workbench.services.safety import return_simulated_queue
from workbench.services.scheduling import live_email_problem
from workbench.settings import Settings

log = logging.getLogger("workbench.worker")

#: Rows handled in one round at most, so that housekeeping is never far away.
ROUND: Final = 100
#: A long mailing lets go after this, so that what is due meanwhile gets its turn; it goes on right behind that.
TURN_SECONDS: Final = 30.0
#: How often a worker looks for expired leases and overdue rows, and removes old counters.
HOUSEKEEPING_SECONDS: Final = 5.0
PRUNE_SECONDS: Final = 3600.0
PRUNE_LOG_SECONDS: Final = 60.0
#: How long a stopping worker tries to write down what it sent while the database is away.
LAST_WORDS_SECONDS: Final = 30.0


class GatewaysLike(chores.GatewaysLike, Protocol):
    """What the worker needs of the gateways."""

    def sender(self, platform: Platform, account_name: str, mode: Mode) -> Sender: ...


class RuntimeLike(Protocol):
    """What the worker needs of what the workbench was opened with."""

    @property
    def settings(self) -> Settings: ...
    @property
    def accounts(self) -> tuple[Account, ...]: ...
    @property
    def gateways(self) -> GatewaysLike: ...


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


class Worker:
    """One worker. ``run`` it, or ``run_once`` to handle what is due now."""

    def __init__(self, engine: Engine, runtime: RuntimeLike, *, worker_id: str | None = None) -> None:
        self.worker_id = worker_id or make_worker_id()
        # A pause waits for whoever is beginning a send: no longer than for a message, were that worker frozen.
        limit_idle_transactions(engine, timedelta(seconds=runtime.settings.send_timeout_seconds))
        self._engine = engine
        self._runtime = runtime
        self._settings = runtime.settings
        self._lease = timedelta(seconds=self._settings.lease_seconds)
        self._heartbeat = Heartbeat(engine, self.worker_id)
        self._stop = threading.Event()
        #: Claims that could not be let go because the database was away.
        self._left: list[Claim] = []
        self._swept = self._pruned = self._log_pruned = float("-inf")

    def run(self, stop: threading.Event) -> None:
        """Work until ``stop`` is set; then finish what is being sent and give back the rest.

        A database that is away is waited for.
        """
        self._stop = stop
        log.info("worker started worker=%s", self.worker_id)
        wait = self._settings.worker_poll_seconds
        with self._heartbeat, chores.chores(self._engine, self._settings, self._runtime.gateways, self.worker_id):
            while not stop.is_set():
                try:
                    busy = self.run_once() > 0
                    wait = self._settings.worker_poll_seconds
                except DatabaseProblem as problem:
                    log.warning("database away wait=%.1f problem=%s: %s", wait, type(problem).__name__, problem.message)
                    busy, wait = False, min(wait * 2, 30.0)
                if not busy:
                    stop.wait(wait)
            try:
                self._let_go_of_the_left()
            except DatabaseProblem as problem:
                # Their leases run out by themselves.
                log.warning("rows not given back problem=%s", type(problem).__name__)
        log.info("worker stopped worker=%s", self.worker_id)

    def run_once(self) -> int:
        """Handle the rows that are due now, one after the other; how many there were.

        Raises :class:`DatabaseProblem` when the database is away; what was being sent is written down first.
        """
        handled = 0
        while handled < ROUND and not self._stop.is_set():
            self._housekeep()
            with self._transaction() as session:
                claims = claim_due(session, self.worker_id, self._lease, staleness=self._staleness)
            if not claims:
                break
            for claim in claims:
                self._handle(claim)
                handled += 1
        return handled

    def _housekeep(self) -> None:
        self._let_go_of_the_left()
        now = time.monotonic()
        if now - self._swept < HOUSEKEEPING_SECONDS:
            return
        self._heartbeat.beat()
        staleness = timedelta(minutes=self._settings.staleness_minutes)
        with self._transaction() as session:
            reaped = reap(session)
            return_simulated_queue(session, SYSTEM)
            missed = miss_overdue(session, staleness)
            if now - self._pruned > PRUNE_SECONDS:
                caps.prune(session, database_now(session))
                self._pruned = now
            # A part at a time, sweep after sweep, until there is nothing left to prune.
            if now - self._log_pruned > PRUNE_LOG_SECONDS and not change_log.prune(session):
                self._log_pruned = now
        self._swept = now
        for queue_id in reaped:
            log.warning("lease expired queue=%s", queue_id)
        if missed:
            log.warning("missed rows=%s", missed)

    def _handle(self, claim: Claim) -> None:
        self._heartbeat.working_on = f"queue {claim.queue_id}"
        try:
            self._work(claim)
        except OutcomeLost:
            raise
        except DatabaseProblem:
            # No gateway was called since the last outcome was written: that only ever raises OutcomeLost.
            self._left.append(claim)
            raise
        except Exception as error:  # a row nobody foresaw must not stop all the others; it waits and says so
            log.error("row failed queue=%s error=%s", claim.queue_id, type(error).__name__)
            self._hold(claim, f"The worker failed on it ({type(error).__name__}). Nothing was sent meanwhile.")
        finally:
            self._heartbeat.working_on = None

    def _work(self, claim: Claim) -> None:
        try:
            sender = self._sender(claim)
            write = writer(self._settings, claim)
        except NotConfigured as problem:
            self._hold(claim, problem.message)
            return
        if not claim.expanded:
            with self._transaction(write=False) as session:
                audience = find_audience(session, claim)
            with self._transaction() as session:
                if not expand(session, claim, audience):
                    return
        email = claim.platform is Platform.EMAIL
        run = Run(
            claim,
            self._lease,
            self._account(claim),
            write,
            limit=self._settings.email_batch if email else 1,
        )
        turn_ends = time.monotonic() + TURN_SECONDS
        with Line(self._engine, sender) as line:
            begun = self._begin(run)
            while begun is not None:
                begun = self._step(run, line, begun, turn_ends)

    def _begin(self, run: Run) -> Begun | None:
        """Begin the first batch; None when there is none."""
        if self._stop.is_set():
            self._release(run.claim)
            return None
        since = uptime()
        with self._transaction() as session:
            return self._begun(session, run, since)

    def _begun(self, session: Session, run: Run, since: float) -> Begun | None:
        batch = begin(session, run)
        if isinstance(batch, Nothing):
            self._end(session, run.claim, batch)
            return None
        return Begun(batch, since)

    def _step(self, run: Run, line: Line, begun: Begun, turn_ends: float) -> Begun | None:
        """Send a batch that was begun, write down what became of it, and begin the next; None when that is all."""
        claim = run.claim
        try:
            delivered = deliver(
                self._engine, line, claim, begun.batch, self._settings, self._lease, self._stop, begun=begun.since
            )
            return self._finish(run, begun.batch, delivered, turn_ends)
        except Exception as error:
            # Whatever it was, a gateway may have been called: nobody may take this batch for unsent.
            log.error("outcome lost queue=%s error=%s", claim.queue_id, type(error).__name__)
            raise OutcomeLost(f"What became of queue row {claim.queue_id} was not written.") from error

    def _end(self, session: Session, claim: Claim, nothing: Nothing) -> None:
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

    def _finish(self, run: Run, batch: Batch, delivered: Delivered, turn_ends: float) -> Begun | None:
        """Write down what became of the batch, however long the database is away; and begin the next, if there is one.

        Raises what keeps it from being written at all: the batch stays SENDING, and its lease makes it UNKNOWN.
        """
        claim, patience, again = run.claim, LAST_WORDS_SECONDS, False
        while True:
            following = None
            try:
                with self._transaction() as session:
                    if not (again or batch.last):
                        # Before any row, as in every begin: whoever holds it may wait for a row of ours.
                        lock(session, PAUSE_LOCK, shared=True)
                    since = uptime()
                    finished = finish(session, claim, batch, delivered.results)
                    if self._after(session, claim, batch, delivered, finished, uncalled=again):
                        if again or time.monotonic() > turn_ends:
                            release(session, claim, uncalled=again)
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
        self,
        session: Session,
        claim: Claim,
        batch: Batch,
        delivered: Delivered,
        finished: Finished,
        *,
        uncalled: bool,
    ) -> bool:
        """Let go of the row, in the same transaction, when nothing more of it can be sent now."""
        if not finished.standing:
            log.warning("claim lost queue=%s token=%s", claim.queue_id, claim.token)
            return False
        if finished.all_deferred_until is not None:
            release(session, claim, until=finished.all_deferred_until, reason=finished.reason, uncalled=uncalled)
            return False
        if delivered.hold is not None:
            until = database_now(session) + HOLD
            release(session, claim, until=until, reason=delivered.hold, miss_after=self._staleness, uncalled=uncalled)
            return False
        if batch.full is not None and not delivered.halted:
            release(session, claim, until=batch.full.ends, reason=batch.full.sentence, uncalled=uncalled)
            return False
        if batch.last or delivered.halted or self._stop.is_set():
            release(session, claim, uncalled=uncalled)
            return False
        return True

    def _hold(self, claim: Claim, reason: str) -> None:
        """It cannot go out as things are, for want of a setting: say so, and look again later."""
        with self._transaction() as session:
            until = database_now(session) + HOLD
            status = release(session, claim, until=until, reason=reason, miss_after=self._staleness)
        log.warning("held queue=%s status=%s", claim.queue_id, status)

    def _release(self, claim: Claim, *, uncalled: bool = False) -> None:
        with self._transaction() as session:
            status = release(session, claim, uncalled=uncalled)
        log.info("released queue=%s status=%s", claim.queue_id, status)

    def _let_go_of_the_left(self) -> None:
        while self._left:
            # The commit that started a batch may have gone through without our hearing of it; no gateway was called.
            self._release(self._left[-1], uncalled=True)
            self._left.pop()

    def _sender(self, claim: Claim) -> Sender:
        """Raises :class:`NotConfigured`."""
        refused = live_email_problem(claim.platform, claim.mode, self._settings.public_url)
        if refused:
            raise NotConfigured(refused)
        return self._runtime.gateways.sender(claim.platform, claim.account, claim.mode)

    def _account(self, claim: Claim) -> Account | None:
        declared = (
            account
            for account in self._runtime.accounts
            if account.platform is claim.platform and account.name == claim.account
        )
        return next(declared, None)

    @property
    def _staleness(self) -> timedelta:
        return timedelta(minutes=self._settings.staleness_minutes)

    def _transaction(self, *, write: bool = True) -> AbstractContextManager[Session]:
        return short_transaction(self._engine, write=write)

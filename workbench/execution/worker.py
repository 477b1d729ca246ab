"""The worker: takes what is due, hands it to its gateway, writes down what became of it, again and again.

It decides nothing by itself that could not be read from the database, so it may be killed, frozen or cut off at any
point: what it was sending is then UNKNOWN and the rest goes on with another worker.
"""

from __future__ import annotations

import logging
import threading
import time
from datetime import timedelta
from typing import Final, Protocol

from sqlalchemy.engine import Engine

from workbench.db import database_now, limit_idle_transactions
from workbench.errors import DatabaseProblem
from workbench.execution import caps, chores
from workbench.execution.background import short_transaction
from workbench.execution.heartbeat import Heartbeat, make_worker_id
from workbench.execution.queue import Claim, claim_due
from workbench.execution.release import reap
from workbench.execution.turn import OutcomeLost, Senders, Turn, TurnRuntime
from workbench.services import change_log
from workbench.services.audit import SYSTEM
from workbench.services.missed import miss_overdue
from workbench.services.safety import return_simulated_queue

log = logging.getLogger("workbench.worker")

#: Rows handled in one round at most, so that housekeeping is never far away.
ROUND: Final = 100
#: How often a worker looks for expired leases and overdue rows, and removes old counters.
HOUSEKEEPING_SECONDS: Final = 5.0
PRUNE_SECONDS: Final = 3600.0
PRUNE_LOG_SECONDS: Final = 60.0


class GatewaysLike(chores.GatewaysLike, Senders, Protocol):
    """What the worker needs of the gateways."""


class RuntimeLike(TurnRuntime, Protocol):
    """What the worker needs of what the workbench was opened with."""

    @property
    def gateways(self) -> GatewaysLike: ...


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
        self._staleness = timedelta(minutes=self._settings.staleness_minutes)
        self._heartbeat = Heartbeat(engine, self.worker_id)
        self._stop = threading.Event()
        #: Turns whose rows could not be let go because the database was away.
        self._left: list[Turn] = []
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
            with short_transaction(self._engine) as session:
                claim = claim_due(session, self.worker_id, self._lease, staleness=self._staleness)
            if claim is None:
                break
            self._handle(claim)
            handled += 1
        return handled

    def _housekeep(self) -> None:
        self._let_go_of_the_left()
        now = time.monotonic()
        if now - self._swept < HOUSEKEEPING_SECONDS:
            return
        self._heartbeat.beat()
        with short_transaction(self._engine) as session:
            reaped = reap(session)
            return_simulated_queue(session, SYSTEM)
            missed = miss_overdue(session, self._staleness)
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
        turn = Turn(self._engine, self._runtime, claim, self._stop)
        self._heartbeat.working_on = f"queue {claim.queue_id}"
        try:
            turn.work()
        except OutcomeLost:
            raise
        except DatabaseProblem:
            # No gateway was called since the last outcome was written: that only ever raises OutcomeLost.
            self._left.append(turn)
            raise
        except Exception as error:  # a row nobody foresaw must not stop all the others; it waits and says so
            log.error("row failed queue=%s error=%s", claim.queue_id, type(error).__name__)
            turn.hold(f"The worker failed on it ({type(error).__name__}). Nothing was sent meanwhile.")
        finally:
            self._heartbeat.working_on = None

    def _let_go_of_the_left(self) -> None:
        while self._left:
            # The commit that started a batch may have gone through without our hearing of it; no gateway was called.
            self._left[-1].release(uncalled=True)
            self._left.pop()

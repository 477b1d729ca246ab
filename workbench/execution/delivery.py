"""Handing a batch to its gateway, message by message, looking at the pause between two of them."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from workbench.db import data_version, for_single_reads, transaction
from workbench.errors import DatabaseProblem
from workbench.execution.finishing import Result, Unsent, Withdrawn
from workbench.execution.queue import Claim, renew
from workbench.execution.sending import Batch, Letter
from workbench.execution.standing import Glance, Halt, Stop, glance, halt
from workbench.gateways.base import Channel, Deferred, Outcome, Sender, Unknown
from workbench.services.audience import DNC, SUPPRESSED
from workbench.settings import Settings

log = logging.getLogger("workbench.worker")

#: On top of the gateway's hard time-out, what a lease must still hold when a call begins.
MARGIN_SECONDS: Final = 5.0


@dataclass
class Delivered:
    """What became of a batch. What is missing in ``results`` was never handed over."""

    results: dict[int, Result] = field(default_factory=dict)
    #: The rest of the row must not go out now.
    halted: bool = False
    #: Why nothing more can be handed over until a person mends something, for that person.
    hold: str | None = None


class Lease:
    """What is left of a lease, by a clock that runs on while this process is frozen or the machine sleeps."""

    def __init__(self, length: timedelta, needed_seconds: float) -> None:
        self._length = length.total_seconds()
        # A lease that is shorter than a call would never let one begin: half of it has to do then.
        self._needed = min(needed_seconds, self._length / 2)
        self.restart()

    def restart(self, since: float | None = None) -> None:
        self._ends = (since if since is not None else uptime()) + self._length

    @property
    def covers_a_call(self) -> bool:
        return self._ends - uptime() > self._needed


def uptime() -> float:
    """Seconds since some moment, suspended time included where the system can tell."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.clock_gettime(clock) if clock is not None else time.monotonic()


def deliver(
    engine: Engine,
    sender: Sender,
    claim: Claim,
    batch: Batch,
    settings: Settings,
    length: timedelta,
    stop: threading.Event,
    *,
    begun: float | None = None,
) -> Delivered:
    """Hand over the letters of a batch that was begun, in order, until something says stop.

    Between two messages it looks again at everything that may stop it, and at the next recipient. Never raises for
    what a gateway or the database does; whatever else is raised leaves the batch SENDING, as a crash would.
    """
    done = Delivered()
    lease = Lease(length, settings.send_timeout_seconds + MARGIN_SECONDS)
    lease.restart(begun)
    try:
        with ExitStack() as stack:
            channel = _open(stack, sender, done)
            if channel is None:
                return done
            # A post has nothing to look at between: begin was the look.
            several = len(batch.letters) > 1
            watch = Watch(stack.enter_context(for_single_reads(engine).connect()), claim, batch) if several else None
            for number, letter in enumerate(batch.letters):
                if number and (stop.is_set() or (watch and _stopped(watch.look(number), claim, letter, done))):
                    done.halted = True
                    break
                if letter.attempt_id in done.results:
                    continue
                if not lease.covers_a_call and not _renewed(engine, claim, length, lease):
                    done.halted = True
                    break
                outcome = _send(channel, letter, claim)
                if isinstance(outcome, Deferred) and outcome.hold:
                    # Nothing of the rest would get through either, and a fault of the account costs no message a try.
                    done.results[letter.attempt_id] = Unsent()
                    done.hold = outcome.reason
                    break
                done.results[letter.attempt_id] = outcome
    except (DBAPIError, PoolTimeout, DatabaseProblem) as problem:
        # Without a look nothing more is sent. What was sent is known, and is written down as soon as that works.
        log.warning("look failed queue=%s problem=%s", claim.queue_id, type(problem).__name__)
        done.halted = True
    return done


def _open(stack: ExitStack, sender: Sender, done: Delivered) -> Channel | None:
    """The sender's channel; a fault while it opens or closes is never taken for a fault of a message."""
    manager = sender.connect()
    try:
        channel = manager.__enter__()
    except Exception as error:  # an adapter's own bug; nothing was handed over, so the batch can wait
        log.error("channel did not open gateway=%s error=%s", sender.gateway, type(error).__name__)
        done.hold = f"The connection to {sender.gateway.label} failed: {type(error).__name__}."
        return None

    def close() -> None:
        try:
            manager.__exit__(None, None, None)
        except Exception as error:  # the messages were sent or not before this; closing changes none of it
            log.error("channel did not close gateway=%s error=%s", sender.gateway, type(error).__name__)

    stack.callback(close)
    return channel


class Watch:
    """Looks, between two messages, at what may stop the rest of a batch or keep its next recipients out.

    SQLite says for next to nothing whether anybody else has committed since: a look then covers all recipients that
    are left, and holds until somebody has.
    """

    def __init__(self, connection: Connection, claim: Claim, batch: Batch) -> None:
        self._connection, self._claim, self._letters = connection, claim, batch.letters
        self._seen: tuple[int, Glance] | None = None

    def look(self, number: int) -> Glance:
        """How things stand before the letter ``number``."""
        if self._connection.dialect.name != "sqlite":
            return self._glance(self._letters[number : number + 1])
        version = data_version(self._connection)
        if self._seen is None or self._seen[0] != version:
            # In this order: a commit between the two is seen, and makes the next look a new one.
            self._seen = version, self._glance(self._letters[number:])
        return self._seen[1]

    def _glance(self, letters: Sequence[Letter]) -> Glance:
        addresses = [letter.address for letter in letters if letter.address]
        campaigns = sorted({letter.campaign_id for letter in letters})
        try:
            return glance(self._connection, self._claim, addresses, campaigns)
        finally:
            self._connection.rollback()


def _stopped(look: Glance, claim: Claim, letter: Letter, done: Delivered) -> bool:
    """Whether the batch ends before ``letter``; a letter that alone may not go gets its result here."""
    stopped = halt(look.standing, claim.token) if look.standing else Halt(Stop.LOST, "The row is gone.")
    if stopped is not None:
        log.info("halted queue=%s stop=%s", claim.queue_id, stopped.stop)
        return True
    if letter.address in look.barred.refused or letter.address in look.barred.suppressed:
        done.results[letter.attempt_id] = Withdrawn(DNC if letter.address in look.barred.refused else SUPPRESSED)
    elif letter.campaign_id in look.barred.off:
        done.results[letter.attempt_id] = Unsent()
    return False


def _renewed(engine: Engine, claim: Claim, length: timedelta, lease: Lease) -> bool:
    since = uptime()
    with Session(engine) as session, transaction(session, write=True):
        if not renew(session, claim, length):
            return False
    lease.restart(since)
    return lease.covers_a_call


def _send(channel: Channel, letter: Letter, claim: Claim) -> Outcome:
    try:
        return channel.send(letter.message)
    except Exception as error:  # an adapter's own bug: no proof either way, so it is not known
        # Its type only: the text of an error may hold an address.
        name = type(error).__name__
        log.error("gateway raised queue=%s attempt=%s error=%s", claim.queue_id, letter.attempt_id, name)
        return Unknown(f"The gateway's own code failed: {name}. Look at the far side.")

"""Handing a batch to its gateway, message by message, looking at the pause between two of them."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, suppress
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
from workbench.gateways.base import Channel, Deferred, Outcome, Rejected, Sender, Sent, Unknown
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
    line: Line,
    claim: Claim,
    batch: Batch,
    settings: Settings,
    length: timedelta,
    stop: threading.Event,
    *,
    begun: float | None = None,
) -> Delivered:
    """Hand over the letters of a batch that was begun, in order, on ``line``, until something says stop.

    Between two messages it looks again at everything that may stop it, and at the next recipient. Never raises for
    what a gateway or the database does; whatever else is raised leaves the batch SENDING, as a crash would.
    """
    done = Delivered()
    lease = Lease(length, settings.send_timeout_seconds + MARGIN_SECONDS)
    lease.restart(begun)
    try:
        channel = line.channel()
    except Exception as error:  # an adapter's own bug; nothing was handed over, so the batch can wait
        gateway = claim.platform.gateway
        log.error("channel did not open gateway=%s error=%s", gateway, type(error).__name__)
        done.hold = f"The connection to {gateway.label} failed: {type(error).__name__}."
        return done
    try:
        for number, letter in enumerate(batch.letters):
            # Begin was the look before the first.
            if number and (stop.is_set() or _stopped(line, claim, batch.letters, number, done)):
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
    if not _clean(done):
        line.hang_up()
    return done


def _clean(done: Delivered) -> bool:
    """Whether the channel did what it should: it took each message, or refused it for good."""
    return all(isinstance(result, Sent | Rejected | Withdrawn) for result in done.results.values())


class Line:
    """What stays open from batch to batch of a row: the gateway's channel, and the connection that looks are made on.

    A channel on which anything went wrong is closed, and the next batch opens another.
    """

    def __init__(self, engine: Engine, sender: Sender) -> None:
        self._engine, self._sender = engine, sender
        self._open: AbstractContextManager[Channel] | None = None
        self._channel: Channel | None = None
        self._connection: Connection | None = None
        self._seen: tuple[object, Glance] | None = None

    def __enter__(self) -> Line:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def channel(self) -> Channel:
        """The gateway's channel. Raises whatever the adapter raises: nothing was handed over then."""
        if self._channel is None:
            manager = self._sender.connect()
            self._channel = manager.__enter__()
            self._open = manager
        return self._channel

    def look(self, claim: Claim, letters: Sequence[Letter], *, first: bool) -> Glance:
        """How the row and the recipients of ``letters`` stand; ``first``: nothing that was seen before counts.

        The database says for little whether anybody else has committed since the last look, which holds until then.
        """
        if self._connection is None:
            self._connection = for_single_reads(self._engine).connect()
        # In this order: a commit between the two is seen by the second, and makes the next look a new one.
        version = data_version(self._connection)
        if first or self._seen is None or self._seen[0] != version:
            addresses = [letter.address for letter in letters if letter.address]
            campaigns = sorted({letter.campaign_id for letter in letters})
            self._seen = version, glance(self._connection, claim, addresses, campaigns)
            self._connection.rollback()
        return self._seen[1]

    def hang_up(self) -> None:
        """Close the channel; a fault in that is never taken for a fault of a message."""
        manager, self._open, self._channel = self._open, None, None
        if manager is None:
            return
        try:
            manager.__exit__(None, None, None)
        except Exception as error:  # the messages were sent or not before this; closing changes none of it
            log.error("channel did not close gateway=%s error=%s", self._sender.gateway, type(error).__name__)

    def close(self) -> None:
        """Close everything. Raises nothing."""
        self.hang_up()
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(DBAPIError):  # it is thrown away then, and nothing was written on it
                connection.close()


def _stopped(line: Line, claim: Claim, letters: Sequence[Letter], number: int, done: Delivered) -> bool:
    """Whether the batch ends before letter ``number``; a letter that alone may not go gets its result here."""
    look, letter = line.look(claim, letters[number:], first=number == 1), letters[number]
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

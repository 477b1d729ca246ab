"""The two transactions around a gateway call: begin, and finish.

**A send starts when begin commits.** What is SENDING is in flight, and a pause is confirmed when nothing is. So begin
takes the pause lock shared, and only then, in a second statement, reads the flags: either its commit comes before the
pause and is visible as SENDING, or it sees the pause and sends nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from workbench.accounts import Account
from workbench.db import PAUSE_LOCK, lock
from workbench.enums import AttemptStatus, Platform
from workbench.execution import caps
from workbench.execution.queue import Claim, attempts, filling, places, queue
from workbench.execution.recipients import look_up
from workbench.execution.standing import Halt, Stop, halt, read
from workbench.gateways.base import Message
from workbench.models import Campaign, Lead
from workbench.placeholders import FIELDS
from workbench.platform_rules import problems
from workbench.services.audience import DNC, SUPPRESSED
from workbench.services.messages import fill_in

ERASED: Final = "the person was erased"

#: How long a row that waits for a person is left alone before a worker looks at it again.
HOLD: Final = timedelta(minutes=1)


@dataclass(frozen=True)
class Letter:
    """One message of a batch, and the attempt it belongs to."""

    attempt_id: int
    lead_id: int | None
    #: 0 for a post.
    campaign_id: int
    address: str | None
    message: Message


@dataclass(frozen=True)
class Batch:
    """What is SENDING now and may be handed to the gateway."""

    letters: Sequence[Letter]
    taken: caps.Taken
    #: The cap that cut the batch short; the row waits until its window ends.
    full: caps.Window | None
    #: Nothing else of the row can be sent now.
    last: bool


@dataclass(frozen=True)
class Nothing:
    """Nothing of the row can be sent now: it ends, or waits."""

    until: datetime | None = None
    reason: str | None = None
    stop: Stop | None = None


@dataclass
class Run:
    """One worker's way through a claimed row."""

    claim: Claim
    lease: timedelta
    account: Account | None
    #: Makes the message for a recipient: attempt row, filled-in text → message.
    write: Callable[[Any, Any], Message]
    limit: int = 1
    #: Attempts up to this id were dealt with under this claim.
    cursor: int = 0
    begun: bool = field(default=False)


def begin(session: Session, run: Run) -> Batch | Nothing:
    """Start the sends of the next batch: PENDING → SENDING, caps taken, lease renewed.

    Checks again all that may have changed since the claim: the pause flags, the claim token, the text that was
    approved, deletion, staleness, the account; for each recipient do-not-contact, suppression and placeholders.
    """
    claim = run.claim
    lock(session, PAUSE_LOCK, shared=True)
    standing = read(session, claim)
    stopped = halt(standing, claim.token) if standing else Halt(Stop.LOST, "The row is gone.")
    if stopped is not None or standing is None:
        return _halted(session, claim, stopped)
    moment = standing.now
    limits = caps.limits_for(run.account, standing.caps)
    letters: list[Letter] = []
    exhausted = False
    while not letters and not exhausted:
        rows = _next(session, run, moment)
        exhausted = len(rows) < run.limit
        if rows:
            run.cursor = rows[-1].id
        letters = _sendable(session, claim, run, rows)
        if not letters:
            continue
        gateway = claim.platform.gateway
        wanted = [letter.campaign_id for letter in letters]
        campaign_limits = {row.campaign_id: row.max_emails_per_day for row in rows if row.campaign_id}
        taken = caps.take(session, gateway, claim.account, wanted, limits, campaign_limits, moment)
        full = next((window for window in taken.answers if window and not window.campaign_id), None)
        _defer_campaigns(session, claim, taken.answers)
        letters = [letter for letter, window in zip(letters, taken.answers, strict=True) if window is None]
        if letters:
            _start(session, run, letters, moment)
            # A post is one message.
            last = exhausted or full is not None or claim.platform is not Platform.EMAIL
            return Batch(letters, taken, full, last)
        if full is not None:
            return Nothing(full.ends, full.sentence)
    if _campaign_off(session, claim, moment):
        return Nothing(moment + HOLD, "The campaign of those who are left is switched off.", Stop.HELD)
    return Nothing()


def _halted(session: Session, claim: Claim, stopped: Halt | None) -> Nothing:
    assert stopped is not None
    if stopped.stop is Stop.WITHDRAWN:
        session.execute(
            sa.update(attempts)
            .where(attempts.c.queue_id == claim.queue_id, attempts.c.status == AttemptStatus.PENDING)
            .values(status=AttemptStatus.FAILED, last_error=stopped.reason, next_attempt_at=None)
        )
    return Nothing(None, None if stopped.stop is Stop.PAUSED else stopped.reason, stopped.stop)


def _next(session: Session, run: Run, moment: datetime) -> Sequence[Any]:
    """The next attempts that are due, in order; those of a campaign that is switched off wait."""
    values = {"of_queue": run.claim.queue_id, "cursor": run.cursor, "moment": moment, "size": run.limit}
    return session.connection().execute(_due(), values).all()


# The statements of every batch are made once and then only filled in: making one costs more than running it.


@cache
def _due() -> sa.Select[*tuple[Any, ...]]:
    fields = [getattr(Lead, name).label(f"lead_{name}") for name in FIELDS]
    return (
        sa.select(
            attempts.c.id,
            attempts.c.lead_id,
            attempts.c.campaign_id,
            attempts.c.address_norm,
            Campaign.max_emails_per_day,
            *fields,
        )
        .outerjoin(Lead, Lead.id == attempts.c.lead_id)
        .outerjoin(Campaign, Campaign.id == attempts.c.campaign_id)
        .where(
            attempts.c.queue_id == sa.bindparam("of_queue"),
            attempts.c.status == AttemptStatus.PENDING,
            attempts.c.id > sa.bindparam("cursor"),
            sa.or_(attempts.c.next_attempt_at.is_(None), attempts.c.next_attempt_at <= sa.bindparam("moment")),
            sa.or_(Campaign.id.is_(None), Campaign.active),
        )
        .order_by(attempts.c.id)
        .limit(sa.bindparam("size", type_=sa.Integer))
    )


@cache
def _to_sending(number: int) -> sa.Update:
    return (
        sa.update(attempts)
        .where(
            attempts.c.id.in_(places("id", number)),
            attempts.c.queue_id == sa.bindparam("of_queue"),
            attempts.c.status == AttemptStatus.PENDING,
        )
        .values(
            status=AttemptStatus.SENDING,
            attempted_at=sa.bindparam("moment"),
            sender=sa.bindparam("worker"),
            next_attempt_at=None,
            updated_at=sa.bindparam("moment"),
        )
    )


@cache
def _renewal() -> sa.Update:
    return (
        sa.update(queue)
        .where(queue.c.id == sa.bindparam("of_queue"))
        .values(
            lease_expires_at=sa.bindparam("ends"),
            attempts=queue.c.attempts + sa.bindparam("tries", type_=sa.Integer),
            updated_at=sa.bindparam("moment"),
        )
    )


def _campaign_off(session: Session, claim: Claim, moment: datetime) -> bool:
    query = (
        sa.select(attempts.c.id)
        .join(Campaign, Campaign.id == attempts.c.campaign_id)
        .where(
            attempts.c.queue_id == claim.queue_id,
            attempts.c.status == AttemptStatus.PENDING,
            sa.or_(attempts.c.next_attempt_at.is_(None), attempts.c.next_attempt_at <= moment),
            sa.not_(Campaign.active),
        )
        .limit(1)
    )
    return session.scalar(query) is not None


def _sendable(session: Session, claim: Claim, run: Run, rows: Sequence[Any]) -> list[Letter]:
    """Letters for those who may be mailed; the others become SKIPPED, or FAILED when the text itself is wrong."""
    if claim.platform is not Platform.EMAIL:
        return [Letter(row.id, None, 0, None, run.write(row, claim.text)) for row in rows]
    addresses = [row.address_norm for row in rows if row.lead_id is not None]
    barred = look_up(session.connection(), addresses)
    letters, out = [], []
    for row in rows:
        text, missing = fill_in(claim.platform, claim.text, {name: getattr(row, f"lead_{name}") for name in FIELDS})
        # The platform's rules only: braces in somebody's name are no placeholder.
        wrong = [] if missing else problems(claim.platform, text.title, text.body_text, text.caption)
        if row.lead_id is None:
            out.append(_set(row.id, AttemptStatus.SKIPPED, ERASED))
        elif row.address_norm in barred.refused:
            out.append(_set(row.id, AttemptStatus.SKIPPED, DNC))
        elif row.address_norm in barred.suppressed:
            out.append(_set(row.id, AttemptStatus.SKIPPED, SUPPRESSED))
        elif missing:
            named = ", ".join(f"{{{{{name}}}}}" for name in missing)
            out.append(_set(row.id, AttemptStatus.SKIPPED, f"no value for {named}"))
        elif wrong:
            out.append(_set(row.id, AttemptStatus.FAILED, " ".join(wrong)))
        else:
            letters.append(Letter(row.id, row.lead_id, row.campaign_id or 0, row.address_norm, run.write(row, text)))
    if out:
        session.execute(
            sa.update(attempts)
            .where(attempts.c.id == sa.bindparam("of_id"), attempts.c.status == AttemptStatus.PENDING)
            .values(status=sa.bindparam("to_status"), last_error=sa.bindparam("why")),
            out,
        )
    return letters


def _set(attempt_id: int, status: AttemptStatus, why: str) -> dict[str, Any]:
    return {"of_id": attempt_id, "to_status": status, "why": why}


def _defer_campaigns(session: Session, claim: Claim, answers: Sequence[caps.Window | None]) -> None:
    """Everybody of a campaign whose day is full waits for the next one, so that the others of the row go on."""
    for window in {window for window in answers if window is not None and window.campaign_id}:
        session.execute(
            sa.update(attempts)
            .where(
                attempts.c.queue_id == claim.queue_id,
                attempts.c.status == AttemptStatus.PENDING,
                attempts.c.campaign_id == window.campaign_id,
            )
            .values(next_attempt_at=window.ends, last_error=window.sentence)
        )


def _start(session: Session, run: Run, letters: Sequence[Letter], moment: datetime) -> None:
    claim, connection = run.claim, session.connection()
    ids = [letter.attempt_id for letter in letters]
    values = filling("id", ids) | {"of_queue": claim.queue_id, "worker": claim.worker_id, "moment": moment}
    result = connection.execute(_to_sending(len(ids)), values)
    if result.rowcount != len(ids):
        raise RuntimeError(f"queue row {claim.queue_id}: an attempt changed under its claim")
    tries = 0 if run.begun else 1
    connection.execute(
        _renewal(), {"of_queue": claim.queue_id, "ends": moment + run.lease, "tries": tries, "moment": moment}
    )
    run.begun = True

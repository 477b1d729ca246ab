"""Writing down what became of a batch: guarded by the claim token and by SENDING, and safe to repeat."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from workbench.db import UtcDateTime
from workbench.enums import AttemptStatus, Direction, LeadStatus, Mode, Platform, SuppressionReason
from workbench.execution import caps
from workbench.execution.queue import Claim, Held, attempts, filling, hold, places
from workbench.execution.retry import next_try
from workbench.execution.sending import Batch, Letter
from workbench.gateways.base import Deferred, Outcome, Rejected, Sent, Unknown
from workbench.models import Base, ContactEvent, Lead
from workbench.services.reconcile import was_reconciled
from workbench.services.suppressions import suppress

LONGEST: Final = 2_000


@dataclass(frozen=True)
class Unsent:
    """The gateway was not called for it, or refused the account before it looked at it: it waits, and the caps get
    it back."""


@dataclass(frozen=True)
class Withdrawn:
    """The gateway was never called for it and is not going to be: the recipient may not be mailed any more."""

    reason: str


Result = Outcome | Unsent | Withdrawn


@dataclass(frozen=True)
class Finished:
    """What was written; nothing when the claim did not stand any more, and ``held`` is None."""

    held: Held | None
    #: When the first of those that were deferred may be tried again, if nothing but that came of the batch.
    all_deferred_until: datetime | None = None
    reason: str | None = None


def finish(session: Session, claim: Claim, batch: Batch, results: Mapping[int, Result]) -> Finished:
    """SENDING → what became of each message of ``batch``, whatever is missing in ``results`` being :class:`Unsent`.

    Repeating it changes nothing: only what is still SENDING under this claim is touched. Bookkeeping that fails may
    therefore be tried again, and never leads to another send.
    """
    held = hold(session, claim)
    if held is None:
        _late(session, claim, {letter.attempt_id: results.get(letter.attempt_id, Unsent()) for letter in batch.letters})
        return Finished(None)
    moment = held.moment
    if any(isinstance(result, Rejected) and result.duplicate for result in results.values()) and was_reconciled(
        session, claim.content_item_id, claim.mode
    ):
        results = {attempt_id: doubt(result) for attempt_id, result in results.items()}
    connection = session.connection()
    ids = [letter.attempt_id for letter in batch.letters]
    values = filling("id", ids) | {"of_queue": claim.queue_id}
    open_now = {row.id: row for row in connection.execute(_open(len(ids)), values)}
    letters = [letter for letter in batch.letters if letter.attempt_id in open_now]
    changes = []
    for letter in letters:
        row = open_now[letter.attempt_id]
        result = results.get(letter.attempt_id, Unsent())
        limit = row.max_retries if row.max_retries is not None else claim.max_attempts
        changes.append(_change(row, result, limit, moment, random.random()))  # noqa: S311 - jitter
    if changes:
        connection.execute(_OUTCOMES, changes)
    if claim.platform is Platform.EMAIL:
        _people(session, claim, letters, results, moment)
    back = [
        letter.campaign_id
        for letter in letters
        if isinstance(results.get(letter.attempt_id, Unsent()), Unsent | Withdrawn)
    ]
    # After the people, as a begin in the same transaction does: everybody takes them and the counters in this order.
    caps.give_back(session, batch.taken, back)
    return _finished(held, letters, results, changes)


def doubt(result: Result) -> Result:
    """What a refusal as a duplicate is evidence of, when only a person's word says that no earlier try went out."""
    if not (isinstance(result, Rejected) and result.duplicate):
        return result
    return Unknown(
        f"{result.reason} An earlier try of this was reconciled as not sent, and may have gone out after all. Look "
        "for it there: reconcile as sent when you find it."
    )


_COLUMNS: Final = (
    "status", "attempted_at", "sender", "external_id", "last_error", "next_attempt_at", "retry_count", "updated_at"
)  # fmt: skip

# The statements of every batch are made once and then only filled in: making one costs more than running it.

_OUTCOMES: Final = (
    sa.update(attempts)
    .where(attempts.c.id == sa.bindparam("of_id"), attempts.c.status == AttemptStatus.SENDING)
    .values({name: sa.bindparam(f"to_{name}") for name in _COLUMNS})
)

_LEADS: Final = Base.metadata.tables[Lead.__tablename__]
_EVENTS: Final = Base.metadata.tables[ContactEvent.__tablename__]


@cache
def _open(number: int) -> sa.Select[*tuple[Any, ...]]:
    return sa.select(attempts.c.id, attempts.c.retry_count, attempts.c.max_retries).where(
        attempts.c.id.in_(places("id", number)),
        attempts.c.queue_id == sa.bindparam("of_queue"),
        attempts.c.status == AttemptStatus.SENDING,
    )


@cache
def _contacted(number: int) -> sa.Update:
    # In order, so that two workers who mail the same people never wait for each other.
    held = sa.select(_LEADS.c.id).where(_LEADS.c.id.in_(places("id", number))).order_by(_LEADS.c.id).with_for_update()
    new = sa.or_(_LEADS.c.status == LeadStatus.NEW, _LEADS.c.status == LeadStatus.ENRICHED)
    return (
        sa.update(_LEADS)
        .where(_LEADS.c.id.in_(held))
        .values(
            last_contacted_at=sa.bindparam("moment"),
            status=sa.case((new, LeadStatus.CONTACTED), else_=_LEADS.c.status),
            updated_at=sa.bindparam("moment"),
        )
    )


@cache
def _contacts(number: int) -> sa.Insert:
    """An event for each of the leads that are still there."""
    values = {
        "lead_id": _LEADS.c.id,
        "channel": sa.bindparam("channel", type_=sa.String),
        "direction": sa.literal(Direction.OUTBOUND.value),
        "event_type": sa.literal("email"),
        "summary": sa.bindparam("summary", type_=sa.Text),
        "event_at": sa.bindparam("moment", type_=UtcDateTime()),
    }
    found = sa.select(*values.values()).where(_LEADS.c.id.in_(places("id", number))).order_by(_LEADS.c.id)
    return sa.insert(_EVENTS).from_select(list(values), found)


def _change(row: Any, result: Result, limit: int, moment: datetime, chance: float) -> dict[str, Any]:
    """The new values of one attempt."""
    values: dict[str, Any] = dict.fromkeys(_COLUMNS)
    values["retry_count"] = row.retry_count
    values["attempted_at"] = values["updated_at"] = moment
    if isinstance(result, Sent):
        values |= {"status": AttemptStatus.SENT, "external_id": _short(result.external_id, 300)}
    elif isinstance(result, Rejected):
        values |= {"status": AttemptStatus.FAILED, "last_error": _short(result.reason)}
    elif isinstance(result, Unknown):
        values |= {"status": AttemptStatus.UNKNOWN, "last_error": _short(result.reason)}
    elif isinstance(result, Deferred):
        tries = row.retry_count + 1
        again = next_try(tries, limit, moment, asked=result.retry_at, chance=chance)
        values |= {"retry_count": tries, "next_attempt_at": again, "last_error": _short(result.reason)}
        values["status"] = AttemptStatus.PENDING if again else AttemptStatus.FAILED
        if again is None:
            values["last_error"] = _short(f"Given up after {tries} tries. The last time: {result.reason}")
    elif isinstance(result, Withdrawn):
        values |= {"status": AttemptStatus.SKIPPED, "last_error": result.reason, "attempted_at": None}
    else:
        values |= {"status": AttemptStatus.PENDING, "attempted_at": None}
    return {"of_id": row.id} | {f"to_{name}": value for name, value in values.items()}


def _short(text: str | None, longest: int = LONGEST) -> str | None:
    # PostgreSQL takes no NUL; what a far side says may hold anything.
    return text.replace("\x00", "�")[:longest] if text else None


def _people(
    session: Session,
    claim: Claim,
    letters: Sequence[Letter],
    results: Mapping[int, Result],
    moment: datetime,
) -> None:
    """What an e-mail changes about its reader. A simulated one reached nobody, so it changes nothing."""
    if claim.mode is not Mode.LIVE:
        return
    sent = [letter.lead_id for letter in letters if isinstance(results.get(letter.attempt_id), Sent)]
    reached = [lead_id for lead_id in sent if lead_id is not None]
    if reached:
        connection, values = session.connection(), filling("id", reached) | {"moment": moment}
        connection.execute(_contacted(len(reached)), values)
        connection.execute(
            _contacts(len(reached)), values | {"channel": claim.platform.value, "summary": claim.text.title}
        )
    for letter in letters:
        result = results.get(letter.attempt_id)
        if isinstance(result, Rejected) and result.bounce and letter.address:
            source = f"queue row {claim.queue_id}, attempt {letter.attempt_id}"
            suppress(session, letter.address, SuppressionReason.BOUNCE, source)


def _finished(
    held: Held, letters: Sequence[Letter], results: Mapping[int, Result], changes: Sequence[Mapping[str, Any]]
) -> Finished:
    came = [results.get(letter.attempt_id, Unsent()) for letter in letters]
    waits = [change["to_next_attempt_at"] for change in changes if change["to_next_attempt_at"]]
    deferred = [result for result in came if isinstance(result, Deferred)]
    if waits and len(deferred) == len(came):
        # The gateway takes nothing now: trying the rest of a long list one by one would help nobody.
        return Finished(held, min(waits), _short(deferred[0].reason))
    return Finished(held)


def _late(session: Session, claim: Claim, results: Mapping[int, Result]) -> None:
    """Evidence that came after the lease: it finishes nothing, but whoever reconciles should read it."""
    for attempt_id, result in results.items():
        if isinstance(result, Unsent | Withdrawn):
            note = "Its worker reported later that it had not handed this over."
        elif isinstance(result, Sent):
            note = f"Its worker reported later: sent, id {result.external_id or 'not given'}."
        else:
            note = f"Its worker reported later: {type(result).__name__.lower()}: {result.reason}"
        session.execute(
            sa.update(attempts)
            .where(
                attempts.c.id == attempt_id,
                attempts.c.status == AttemptStatus.UNKNOWN,
                attempts.c.sender == claim.worker_id,
                sa.not_(sa.func.coalesce(attempts.c.last_error, "").contains("reported later")),
            )
            .values(last_error=sa.func.coalesce(attempts.c.last_error, "") + " " + _short(note))
        )

"""Writing down who gets an e-mail: once for each queue row, one attempt for each address."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from workbench.enums import AttemptStatus, Platform
from workbench.execution.queue import Claim, attempts, hold, queue
from workbench.models import Lead
from workbench.services.audience import Audience, ProjectAudience, had, required

#: Rows in one INSERT; an id is a parameter, and SQLite takes 32,766 of them.
CHUNK: Final = 5_000


def find_audience(session: Session, claim: Claim) -> Audience:
    """Who gets the claimed e-mail. Only reads: on SQLite it hold nobody up, however many people there are.

    What changes after it was read is seen when each message is begun.
    """
    text = claim.text
    already = had(session, [claim.content_item_id], claim.mode).get(claim.content_item_id, {})
    needed = required(text.title, text.body_text, text.caption)
    return ProjectAudience.load(session, claim.project_id).of(needed, already)


def expand(session: Session, claim: Claim, audience: Audience) -> bool:
    """Write the attempts of an e-mail's row: PENDING for each recipient, SKIPPED with the reason for the others.

    A recipient for whom the same item failed before gets that attempt again, not a second one. All of it is one
    transaction, so a row is either expanded whole or not at all. False when the claim does not stand any more.
    """
    held = hold(session, claim)
    if held is None:
        return False
    # What is left of an expansion that found nobody, and was asked for again.
    session.execute(
        sa.delete(attempts).where(attempts.c.queue_id == claim.queue_id, attempts.c.status == AttemptStatus.SKIPPED)
    )
    again = _carry_over(session, claim, audience)
    moment = held.moment
    fresh = [one.lead_id for one in audience.recipients if one.address_norm not in again]
    for chunk in _chunks(fresh):
        session.execute(_insert_leads(claim, chunk, moment))
    for rows in _chunks(_skipped(claim, audience, moment)):
        session.execute(sa.insert(attempts), rows)
    session.execute(sa.update(queue).where(queue.c.id == claim.queue_id).values(expanded=True))
    return True


def _carry_over(session: Session, claim: Claim, audience: Audience) -> set[str]:
    """Take over the failed attempts of the same item, from whichever row made them; answers their addresses."""
    failed = session.execute(
        sa.select(attempts.c.id, attempts.c.address_norm).where(
            attempts.c.content_item_id == claim.content_item_id,
            attempts.c.mode == claim.mode,
            attempts.c.status == AttemptStatus.FAILED,
            attempts.c.address_norm.is_not(None),
        )
    ).all()
    wanted = {recipient.address_norm for recipient in audience.recipients}
    mine = [row for row in failed if row.address_norm in wanted]
    for chunk in _chunks(mine):
        session.execute(
            sa.update(attempts)
            .where(attempts.c.id.in_([row.id for row in chunk]))
            .values(
                queue_id=claim.queue_id,
                status=AttemptStatus.PENDING,
                retry_count=0,
                next_attempt_at=None,
                sender=None,
                last_error=None,
            )
        )
    return {row.address_norm for row in mine}


def _insert_leads(claim: Claim, lead_ids: Sequence[int], moment: datetime) -> sa.Insert:
    """PENDING attempts for these leads, made inside the database: only their ids travel."""
    values = {
        "lead_id": Lead.id,
        "campaign_id": Lead.campaign_id,
        "address_norm": Lead.email_norm,
        "status": sa.literal(AttemptStatus.PENDING.value),
    } | {name: sa.literal(value, attempts.c[name].type) for name, value in _common(claim, moment).items()}
    people = sa.select(*values.values()).where(Lead.id.in_(lead_ids)).order_by(Lead.id)
    # The defaults in Python would be asked once for the whole statement; all that are needed are named.
    return sa.insert(attempts).from_select(list(values), people, include_defaults=False)


def _skipped(claim: Claim, audience: Audience, moment: datetime) -> Iterator[dict[str, Any]]:
    for skipped in audience.skipped:
        # Without an address "" stands there, not null: null in both columns is how a post is told from an e-mail.
        yield {
            **_common(claim, moment),
            "lead_id": skipped.lead_id,
            "campaign_id": skipped.campaign_id,
            "address_norm": skipped.address_norm,
            "status": AttemptStatus.SKIPPED,
            "last_error": skipped.reason,
        }


def _common(claim: Claim, moment: datetime) -> dict[str, Any]:
    return {
        "queue_id": claim.queue_id,
        "content_item_id": claim.content_item_id,
        "channel": Platform.EMAIL.value,
        "mode": claim.mode.value,
        "step_number": 1,
        "retry_count": 0,
        "created_at": moment,
        "updated_at": moment,
    }


def _chunks(rows: Iterable[Any]) -> Iterator[Sequence[Any]]:
    remaining = iter(rows)
    while chunk := list(islice(remaining, CHUNK)):
        yield chunk

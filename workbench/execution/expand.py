"""Writing down who gets an e-mail: once for each queue row, one attempt for each address."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from workbench.db import database_now
from workbench.enums import AttemptStatus, Platform
from workbench.execution.queue import Claim, attempts, holds, queue
from workbench.services.audience import Audience, ProjectAudience, had, required

#: Rows in one INSERT.
CHUNK: Final = 2_000


def expand(session: Session, claim: Claim) -> bool:
    """Write the attempts of an e-mail's row: PENDING for each recipient, SKIPPED with the reason for the others.

    A recipient for whom the same item failed before gets that attempt again, not a second one. All of it is one
    transaction, so a row is either expanded whole or not at all. False when the claim does not stand any more.
    """
    if not holds(session, claim):
        return False
    # What is left of an expansion that found nobody, and was asked for again.
    session.execute(
        sa.delete(attempts).where(attempts.c.queue_id == claim.queue_id, attempts.c.status == AttemptStatus.SKIPPED)
    )
    text = claim.text
    already = had(session, [claim.content_item_id], claim.mode).get(claim.content_item_id, {})
    people = ProjectAudience.load(session, claim.project_id)
    audience = people.of(required(text.title, text.body_text, text.caption), already)
    again = _carry_over(session, claim, audience)
    for chunk in _chunks(_rows(session, claim, audience, again)):
        session.execute(sa.insert(attempts), chunk)
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


def _rows(session: Session, claim: Claim, audience: Audience, again: set[str]) -> Iterator[dict[str, Any]]:
    moment = database_now(session)
    common = {
        "queue_id": claim.queue_id,
        "content_item_id": claim.content_item_id,
        "channel": Platform.EMAIL,
        "mode": claim.mode,
        "created_at": moment,
        "updated_at": moment,
    }
    for recipient in audience.recipients:
        if recipient.address_norm not in again:
            yield {
                **common,
                "lead_id": recipient.lead_id,
                "campaign_id": recipient.campaign_id,
                "address_norm": recipient.address_norm,
                "status": AttemptStatus.PENDING,
                "last_error": None,
            }
    for skipped in audience.skipped:
        # Without an address "" stands there, not null: null in both columns is how a post is told from an e-mail.
        yield {
            **common,
            "lead_id": skipped.lead_id,
            "campaign_id": skipped.campaign_id,
            "address_norm": skipped.address_norm,
            "status": AttemptStatus.SKIPPED,
            "last_error": skipped.reason,
        }


def _chunks(rows: Iterable[Any]) -> Iterator[Sequence[Any]]:
    remaining = iter(rows)
    while chunk := list(islice(remaining, CHUNK)):
        yield chunk

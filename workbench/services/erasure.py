"""Erasing a person: everything that says who they are goes, and nobody writes to them again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from workbench.addresses import normalise
from workbench.db import PAUSE_LOCK, lock
from workbench.enums import AttemptStatus
from workbench.errors import InputError, InvalidTransition
from workbench.models import Campaign, ContactEvent, Draft, Lead, OutreachAttempt, QueueRow
from workbench.services import suppressions
from workbench.services.audit import Actor, record
from workbench.services.leads import get_lead, refuse_naming

ERASED: Final = "erased"


@dataclass(frozen=True)
class Erased:
    """What was erased; ``addresses`` are the person's, lower case, for files outside the database."""

    lead_ids: Sequence[int]
    addresses: frozenset[str]


def erase(session: Session, actor: Actor, lead_id: int, reason: str) -> Erased:
    """Erase the person behind a lead, everywhere: every lead of any campaign that has the same address. Flushes.

    Gone are the leads with their enrichment, notes and tags, what passed between them and us, unsaved drafts about
    them, and error texts that may quote them. What was sent stays as numbers: its attempts lose the lead, and a
    hash stands for the address. Attempts not begun are skipped. The address is suppressed by its hash, so that
    a later import is refused and no message goes out; so is Apollo's id of them, for searches. One audit event per
    lead holds ids, counts and ``reason``, which stays for good and so must not name the person.

    Raises :class:`NotFoundError`; :class:`InvalidTransition` while a message to the person is being sent, since
    how it ends could not be noted any more; :class:`InputError` for a reason that names them.
    """
    # After this no send begins, so "none is being sent" stays true until the end.
    lock(session, PAUSE_LOCK)
    lead = get_lead(session, lead_id)
    address = _address(lead)
    leads = same_person(session, lead, lock=True)
    refuse_naming(reason, leads)
    ids = [one.id for one in leads]
    attempts = _attempts(session, ids)
    if any(attempt.status == AttemptStatus.SENDING for attempt in attempts):
        raise InvalidTransition(
            "A message to this person is being sent right now. Erase them in a minute, when its outcome is known."
        )
    addresses = frozenset(
        spelling.lower() for one in leads for spelling in (one.email, one.email_norm, address) if spelling
    )
    _forget_errors(session, attempts, addresses)
    _forget_attempts(session, attempts, suppressions.address_hash(address) if address else f"erased:{lead_id}")
    events = session.execute(
        sa.select(ContactEvent.lead_id, sa.func.count())
        .where(ContactEvent.lead_id.in_(ids))
        .group_by(ContactEvent.lead_id)
    )
    passed = dict(events.all())
    session.execute(sa.delete(ContactEvent).where(ContactEvent.lead_id.in_(ids)))
    session.execute(sa.delete(Draft).where(Draft.entity == "lead", Draft.entity_id.in_(ids)))
    projects = dict(
        session.execute(
            sa.select(Campaign.id, Campaign.project_id).where(Campaign.id.in_({one.campaign_id for one in leads}))
        ).all()
    )
    told = [(one.id, projects[one.campaign_id]) for one in leads]
    session.execute(sa.delete(Lead).where(Lead.id.in_(ids)))
    if address:
        suppressions.forget_address(session, address, ERASED)
    for key in {key for one in leads if (key := apollo_key(one.enrichment_data))}:
        suppressions.forget_address(session, key, ERASED)
    for id_, project_id in told:
        record(
            session,
            actor,
            "lead.erase",
            "lead",
            id_,
            project_id=project_id,
            reason=reason,
            after={"asked_for": lead_id, "contact_events": passed.get(id_, 0)},
        )
    return Erased(ids, addresses)


def apollo_key(enrichment: Mapping[str, Any] | None) -> str | None:
    """What stands for a person found at Apollo, whom a search without an address would bring back."""
    known = (enrichment or {}).get("apollo_id")
    return f"apollo:{known}" if isinstance(known, str) and known else None


def _address(lead: Lead) -> str | None:
    """The normalised address; of a lead without one, or with one that never was any, None."""
    if lead.email_norm or not lead.email:
        return lead.email_norm
    try:
        return normalise(lead.email)
    except InputError:
        return None


def same_person(session: Session, lead: Lead, *, lock: bool = False) -> list[Lead]:
    """The lead, and every lead of any campaign that has the same address, by id."""
    address = _address(lead)
    if address is None:
        return [lead]
    # A double of the same campaign has no normalised address of its own.
    double = sa.and_(Lead.email_norm.is_(None), sa.func.lower(sa.func.trim(Lead.email)) == address)
    same = sa.or_(Lead.id == lead.id, Lead.email_norm == address, double)
    query = sa.select(Lead).where(same).order_by(Lead.id)
    if lock:
        query = query.with_for_update()
    return list(session.scalars(query.execution_options(populate_existing=True)))


def _attempts(session: Session, lead_ids: Sequence[int]) -> Sequence[OutreachAttempt]:
    query = (
        sa.select(OutreachAttempt)
        .where(OutreachAttempt.lead_id.in_(lead_ids))
        .order_by(OutreachAttempt.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return session.scalars(query).all()


def _forget_attempts(session: Session, attempts: Sequence[OutreachAttempt], stands_for: str) -> None:
    """Leave the attempts as facts about nobody."""
    items = {attempt.content_item_id for attempt in attempts if attempt.content_item_id is not None}
    # Somebody erased, welcomed back and erased again may have been sent the same item both times, and the
    # database holds an item, an address and a mode only once.
    earlier = sa.select(OutreachAttempt.content_item_id, OutreachAttempt.mode).where(
        OutreachAttempt.content_item_id.in_(items),
        OutreachAttempt.address_norm == stands_for,
        sa.text("cam_outreach_attempts.status <> 'SKIPPED'"),  # so that the unique index serves
    )
    taken = {(row.content_item_id, row.mode) for row in session.execute(earlier)}
    for attempt in attempts:
        again = (attempt.content_item_id, attempt.mode) in taken
        attempt.address_norm = f"{stands_for}:{attempt.id}" if again else stands_for
        attempt.lead_id = None
        attempt.last_error = None
        if attempt.status == AttemptStatus.PENDING:
            attempt.status = AttemptStatus.SKIPPED
            attempt.last_error = "The person was erased."
    session.flush()


def _forget_errors(session: Session, attempts: Sequence[OutreachAttempt], addresses: frozenset[str]) -> None:
    """A mail server's refusal often quotes the address; queue rows repeat it."""
    queue_ids = {attempt.queue_id for attempt in attempts if attempt.queue_id is not None}
    quoted = [QueueRow.last_error.icontains(address, autoescape=True) for address in addresses]
    if queue_ids and quoted:
        session.execute(sa.update(QueueRow).where(QueueRow.id.in_(queue_ids), sa.or_(*quoted)).values(last_error=None))

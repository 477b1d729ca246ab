"""Leads: finding them, their consent and history; who unsubscribes, and who is erased."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, TypeVar, cast
from uuid import uuid4

from sqlalchemy.orm import Session

from workbench.clock import as_utc, now
from workbench.db import transaction
from workbench.enums import Consent, Direction, LeadStatus, Role
from workbench.errors import InputError
from workbench.operator_services._edge import as_id, as_ids, operation, optional_text, require_text, runtime_of
from workbench.operator_services.types import BulkResult, LeadHistory, LeadRow
from workbench.secret import secret_key
from workbench.services import campaigns, contact_events, erasure, leads, projects, rejected_rows
from workbench.services import unsubscribe as links

#: Leads one call may change, and rows one page may have.
MOST_LEADS: Final = 10_000
LARGEST_PAGE: Final = 1_000

Kind = TypeVar("Kind", bound=StrEnum)


def list_leads(
    db: Session,
    *,
    project_id: int | None = None,
    campaign_id: int | None = None,
    status: str | None = None,
    consent: str | None = None,
    search: str | None = None,
    high_intent: bool = False,
    sort: str = "id",
    descending: bool = False,
    page: int = 1,
    page_size: int = 50,
) -> list[LeadRow]:
    """One page of leads, filtered and sorted by the database.

    ``search`` finds a part of name, address, company or title. ``page`` counts from 1, ``page_size`` goes up to
    1,000. Raises :class:`NotFoundError` for an unknown project or campaign, :class:`InputError` for a filter or
    sort that does not exist.
    """
    with operation(db, Role.VIEWER, write=False):
        which = _filter(db, project_id, campaign_id, status, consent, search, high_intent)
        if sort not in leads.SORTS:
            raise InputError(f"Leads cannot be sorted by {sort!r}. Choose one of {', '.join(leads.SORTS)}.")
        size = _between(page_size, 1, LARGEST_PAGE, "page size")
        first = (_between(page, 1, 2**31, "page") - 1) * size
        found = leads.rows(db, which, sort=sort, descending=descending, offset=first, limit=size)
        return [cast(LeadRow, dict(row)) for row in found]


def count_leads(
    db: Session,
    *,
    project_id: int | None = None,
    campaign_id: int | None = None,
    status: str | None = None,
    consent: str | None = None,
    search: str | None = None,
    high_intent: bool = False,
) -> int:
    """How many leads :func:`list_leads` would page through."""
    with operation(db, Role.VIEWER, write=False):
        return leads.count(db, _filter(db, project_id, campaign_id, status, consent, search, high_intent))


def get_lead(db: Session, lead_id: int) -> LeadHistory:
    """A lead with all that passed: contact events and attempts, newest first, and the enrichment.

    An event has id, channel, direction, event_type, summary, event_at; an attempt id, queue_id, content_item_id,
    creative (its title), channel, status, mode, external_id, last_error, attempted_at, created_at.
    """
    with operation(db, Role.VIEWER, write=False):
        lead = leads.get_lead(db, as_id(lead_id, "lead"))
        return {
            "lead": cast(LeadRow, dict(leads.row(db, lead.id))),
            "events": [dict(event) for event in leads.events_of(db, lead.id)],
            "attempts": [dict(attempt) for attempt in leads.attempts_of(db, lead.id)],
            "enrichment": lead.enrichment_data or {},
        }


def set_consent(db: Session, lead_ids: Sequence[int], consent: str, reason: str | None = None) -> BulkResult:
    """Set whether these leads may be written to: UNKNOWN, CONSENTED or DNC. For operators.

    A lead that is DNC anywhere is mailed from no project. Taking DNC back needs a ``reason``; any reason is kept for
    good and must not name the person. Each id gets its outcome; one that is so already is ``ok`` and unchanged.
    ``undo_batch`` takes the whole call back. Raises :class:`NotFoundError` for what is no id, :class:`InputError`.
    """
    with operation(db, Role.OPERATOR, write=True) as actor:
        to = _one_of(Consent, consent, "consent")
        why = optional_text(reason, "The reason")
        ids = list(dict.fromkeys(as_ids(lead_ids, "lead")))
        if len(ids) > MOST_LEADS:
            raise InputError(f"That is {len(ids):,} leads; a call takes up to {MOST_LEADS:,}. Do it in parts.")
        batch_id = str(uuid4())
        changes = leads.set_consent(db, actor, ids, to, why, batch_id)
        return {
            "batch_id": batch_id if any(change.changed for change in changes) else None,
            "done": sum(change.ok for change in changes),
            "failed": sum(not change.ok for change in changes),
            "outcomes": [
                {
                    "id": change.lead_id,
                    "ok": change.ok,
                    "status": change.consent and str(change.consent),
                    "reason": change.reason,
                }
                for change in changes
            ],
        }


def record_contact_event(
    db: Session,
    lead_id: int,
    *,
    channel: str,
    direction: str,
    event_type: str = "note",
    summary: str | None = None,
    event_at: datetime | None = None,
) -> dict[str, Any]:
    """Write down that something passed between a lead and us. For operators.

    ``direction`` is INBOUND or OUTBOUND; ``event_at`` (aware, default now) is when. An INBOUND ``reply`` makes the
    lead REPLIED, unless it is further along; an OUTBOUND event other than a ``note`` makes a new one CONTACTED.
    Answers the event: id, lead_id, channel, direction, event_type, summary, event_at, and lead_status.
    """
    with operation(db, Role.OPERATOR, write=True) as actor:
        lead = leads.get_lead(db, as_id(lead_id, "lead"))
        at = as_utc(event_at) if event_at is not None else now()
        if at > now():
            raise InputError("This is to have happened in the future. Give the time when it did, or leave it out.")
        event = contact_events.record_event(
            db,
            actor,
            lead,
            channel=require_text(channel, "Say by which channel, for example email or phone.", longest=50).lower(),
            direction=_one_of(Direction, direction, "direction"),
            event_type=require_text(event_type, "Say what it was, for example reply or note.", longest=50).lower(),
            summary=optional_text(summary, "The summary", longest=10_000),
            event_at=at,
        )
        return {
            "id": event.id,
            "lead_id": lead.id,
            "channel": event.channel,
            "direction": str(event.direction),
            "event_type": event.event_type,
            "summary": event.summary,
            "event_at": event.event_at,
            "lead_status": str(lead.status),
        }


def unsubscribe(db: Session, token: str) -> bool:
    """Do what somebody who got an e-mail asks for with the link in it: nothing is sent to them again.

    Nobody needs to be signed in, the signed link is the authority; the audit log names ``recipient``. True when the
    address is suppressed now, by this call or before, or its person was erased since; False for a link that was
    not made by this workbench, and nothing is changed. What it does to the leads: :func:`.unsubscribe.unsubscribe`.
    """
    secret = secret_key(runtime_of(db).settings)
    try:
        link = links.read_token(secret, token)
    except InputError:
        return False
    with transaction(db, write=True):
        links.unsubscribe(db, secret, link)
    return True


def erase_lead(db: Session, lead_id: int, reason: str) -> None:
    """Erase the person behind a lead, in every campaign that has their address. For approvers; cannot be undone.

    What goes and what stays is told by :func:`workbench.services.erasure.erase`; rows about them in files of
    rejected rows go as well. Backups and the outbox of simulated messages are files of their own: the how-to on
    erasing a person says what to do about them. ``reason`` is kept for good and must not name the person.
    """
    with operation(db, Role.APPROVER, write=True) as actor:
        why = require_text(reason, "Say why this person is erased, without naming them.", longest=500)
        erased = erasure.erase(db, actor, as_id(lead_id, "lead"), why)
        rejected_rows.forget(runtime_of(db).settings.data_dir / rejected_rows.FOLDER, erased.addresses)


def _filter(
    db: Session,
    project_id: int | None,
    campaign_id: int | None,
    status: str | None,
    consent: str | None,
    search: str | None,
    high_intent: bool,
) -> leads.LeadFilter:
    if project_id is not None:
        projects.get_project(db, as_id(project_id, "project"))
    if campaign_id is not None:
        campaigns.get_campaign(db, as_id(campaign_id, "campaign"))
    return leads.LeadFilter(
        project_id=project_id,
        campaign_id=campaign_id,
        status=_one_of(LeadStatus, status, "lead status") if status else None,
        consent=_one_of(Consent, consent, "consent") if consent else None,
        search=optional_text(search, "The search", longest=200),
        high_intent=high_intent,
    )


def _one_of(kind: type[Kind], value: str, what: str) -> Kind:
    try:
        return kind(value)
    except ValueError as error:
        raise InputError(f"{value!r} is no {what}. Choose one of {', '.join(kind)}.") from error


def _between(value: int, low: int, high: int, what: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise InputError(f"The {what} must be a whole number from {low} to {high:,}.")
    return value

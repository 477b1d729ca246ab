"""Leads: finding them, their consent and history; who unsubscribes, and who is erased."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, TypeVar, cast

from sqlalchemy.orm import Session

from workbench.clock import as_utc, now
from workbench.db import transaction
from workbench.enums import Consent, Direction, LeadSource, LeadStatus, Role
from workbench.errors import InputError
from workbench.metrics import lead_search
from workbench.operator_services._edge import as_id, mirror_of, operation, optional_text, require_text, runtime_of
from workbench.operator_services.types import ErasurePreview, LeadHistory, LeadRow, ReplyRow
from workbench.secret import secret_key
from workbench.services import campaigns, contact_events, erasure, lead_story, leads, projects, rejected_rows
from workbench.services import unsubscribe as links

#: Leads one call may change, and rows one page may have.
MOST_LEADS: Final = 10_000
LARGEST_PAGE: Final = 1_000
MOST_IDS: Final = 1_000_000
#: Rows that the database passes over as quickly as the mirror answers.
NEAR: Final = 10_000
LONGEST_TAG: Final = 60

Kind = TypeVar("Kind", bound=StrEnum)


def list_leads(
    db: Session,
    *,
    project_id: int | None = None,
    campaign_id: int | None = None,
    status: str | None = None,
    consent: str | None = None,
    source: str | None = None,
    tag: str | None = None,
    suppressed: bool | None = None,
    search: str | None = None,
    high_intent: bool = False,
    sort: str = "id",
    descending: bool = False,
    page: int = 1,
    page_size: int = 50,
) -> list[LeadRow]:
    """One page of leads, filtered and sorted.

    ``search`` finds words that each are a part of name, address, company or title; ``tag`` is one of their tags,
    ``suppressed`` whether nothing is sent to their address. ``page`` counts from 1, ``page_size`` goes up to 1,000.
    Where there are many, a workbench's own sessions are answered by the mirror. Raises :class:`NotFoundError` for an
    unknown project or campaign, :class:`InputError` for a filter or sort that does not exist.
    """
    with operation(db, Role.VIEWER, write=False):
        which = _filter(
            db, project_id, campaign_id, status, consent, source, tag, suppressed, search, high_intent=high_intent
        )
        if sort not in leads.SORTS:
            raise InputError(f"Leads cannot be sorted by {sort!r}. Choose one of {', '.join(leads.SORTS)}.")
        size = _between(page_size, 1, LARGEST_PAGE, "page size")
        first = (_between(page, 1, 2**31, "page") - 1) * size
        mirror = mirror_of(db)
        # Everybody, in the order of the primary key: the one page that the database itself finds sooner.
        by_key = which == leads.LeadFilter() and sort == "id" and first < NEAR
        if mirror is not None and not by_key:
            page_ids = lead_search.ids(mirror, which, sort=sort, descending=descending, offset=first, limit=size)
            found = leads.rows_of(db, page_ids)
        else:
            found = leads.rows(db, which, sort=sort, descending=descending, offset=first, limit=size)
        return [cast(LeadRow, dict(row)) for row in found]


def count_leads(
    db: Session,
    *,
    project_id: int | None = None,
    campaign_id: int | None = None,
    status: str | None = None,
    consent: str | None = None,
    source: str | None = None,
    tag: str | None = None,
    suppressed: bool | None = None,
    search: str | None = None,
    high_intent: bool = False,
) -> int:
    """How many leads :func:`list_leads` would page through."""
    with operation(db, Role.VIEWER, write=False):
        which = _filter(
            db, project_id, campaign_id, status, consent, source, tag, suppressed, search, high_intent=high_intent
        )
        mirror = mirror_of(db)
        return leads.count(db, which) if mirror is None else lead_search.count(mirror, which)


def find_lead_ids(
    db: Session,
    *,
    project_id: int | None = None,
    campaign_id: int | None = None,
    status: str | None = None,
    consent: str | None = None,
    source: str | None = None,
    tag: str | None = None,
    suppressed: bool | None = None,
    search: str | None = None,
    high_intent: bool = False,
    most: int = MOST_LEADS,
) -> list[int]:
    """The ids of all leads that :func:`list_leads` would page through, for a bulk call or an export.

    Raises :class:`InputError` when they are more than ``most`` (as many as a bulk call takes; up to 1,000,000).
    """
    with operation(db, Role.VIEWER, write=False):
        which = _filter(
            db, project_id, campaign_id, status, consent, source, tag, suppressed, search, high_intent=high_intent
        )
        mirror = mirror_of(db)
        most = _between(most, 1, MOST_IDS, "number of leads")
        found = (
            leads.ids(db, which, limit=most + 1) if mirror is None else lead_search.ids(mirror, which, limit=most + 1)
        )
        if len(found) > most:
            raise InputError(f"More than {most:,} leads fit. Narrow the filters, and do it in parts.")
        return list(found)


def get_lead(db: Session, lead_id: int) -> LeadHistory:
    """A lead with all that passed: contact events and attempts, newest first, and the enrichment.

    An event has id, channel, direction, event_type, summary, event_at; an attempt id, queue_id, content_item_id,
    creative (its title), channel, status, mode, external_id, last_error, attempted_at, created_at; a change (of
    consent, status, tags, campaign or suppression; an import that brought them in) at, actor, action, reason, before
    and after.
    """
    with operation(db, Role.VIEWER, write=False):
        lead = leads.get_lead(db, as_id(lead_id, "lead"))
        return {
            "lead": cast(LeadRow, dict(leads.row(db, lead.id))),
            "events": [dict(event) for event in leads.events_of(db, lead.id)],
            "attempts": [dict(attempt) for attempt in leads.attempts_of(db, lead.id)],
            "changes": [dict(event) for event in lead_story.changes_of(db, lead)],
            "enrichment": lead.enrichment_data or {},
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
            direction=one_of(Direction, direction, "direction"),
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


def list_replies(
    db: Session, *, project_id: int | None = None, search: str | None = None, page: int = 1, page_size: int = 50
) -> list[ReplyRow]:
    """What people wrote to us, newest first: their replies, and other INBOUND events such as an unsubscribe.

    ``search`` finds words that each are part of what was said, the name, the address or the company. ``page`` counts
    from 1, ``page_size`` goes up to 1,000; ask for one row more than is shown to know whether more follow.
    """
    with operation(db, Role.VIEWER, write=False):
        if project_id is not None:
            projects.get_project(db, as_id(project_id, "project"))
        size = _between(page_size, 1, LARGEST_PAGE, "page size")
        first = (_between(page, 1, 2**31, "page") - 1) * size
        words = optional_text(search, "The search", longest=200)
        found = contact_events.inbound(db, project_id=project_id, search=words, offset=first, limit=size)
        return [cast(ReplyRow, dict(row)) for row in found]


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


def preview_erasure(db: Session, lead_id: int) -> ErasurePreview:
    """What :func:`erase_lead` would remove about the person behind a lead, and what would stay. For approvers."""
    with operation(db, Role.APPROVER, write=False):
        return cast(ErasurePreview, asdict(lead_story.erasure_of(db, as_id(lead_id, "lead"))))


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
    source: str | None,
    tag: str | None,
    suppressed: bool | None,
    search: str | None,
    *,
    high_intent: bool,
) -> leads.LeadFilter:
    if project_id is not None:
        projects.get_project(db, as_id(project_id, "project"))
    if campaign_id is not None:
        campaigns.get_campaign(db, as_id(campaign_id, "campaign"))
    return leads.LeadFilter(
        project_id=project_id,
        campaign_id=campaign_id,
        status=one_of(LeadStatus, status, "lead status") if status else None,
        consent=one_of(Consent, consent, "consent") if consent else None,
        source=one_of(LeadSource, source, "source") if source else None,
        tag=optional_text(tag, "The tag", longest=LONGEST_TAG),
        suppressed=None if suppressed is None else bool(suppressed),
        search=optional_text(search, "The search", longest=200),
        high_intent=high_intent,
    )


def one_of(kind: type[Kind], value: str, what: str) -> Kind:
    try:
        return kind(value)
    except ValueError as error:
        raise InputError(f"{value!r} is no {what}. Choose one of {', '.join(kind)}.") from error


def _between(value: int, low: int, high: int, what: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise InputError(f"The {what} must be a whole number from {low} to {high:,}.")
    return value

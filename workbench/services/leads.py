"""Leads: finding them, their history, their consent."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from workbench.clock import now
from workbench.db import PAUSE_LOCK, lock
from workbench.enums import Consent, Direction, LeadSource, LeadStatus
from workbench.errors import InputError, NotFoundError
from workbench.models import AuditEvent, Campaign, ContactEvent, ContentItem, Lead, OutreachAttempt, Suppression
from workbench.services import suppressions
from workbench.services.audit import Actor, record_many
from workbench.services.contact_events import UNSUBSCRIBE

#: What a list of leads can be sorted by.
SORTS: Final = (
    *("id", "name", "title", "company", "email", "source", "status", "consent_status", "lead_score"),
    *("last_contacted_at", "last_replied_at", "created_at"),
)

#: How long ago an answer still speaks of high intent.
RECENT_CONTACT: Final = timedelta(days=14)

_STILL_SUPPRESSED: Final = "The address is suppressed: nothing is sent to it until that is lifted."

#: Values in one IN list.
_CHUNK: Final = 5_000


@dataclass(frozen=True)
class LeadFilter:
    """Which leads; None is all of them."""

    project_id: int | None = None
    campaign_id: int | None = None
    status: LeadStatus | None = None
    consent: Consent | None = None
    source: LeadSource | None = None
    #: One of their tags, as it is written.
    tag: str | None = None
    #: Whether nothing is sent to their address.
    suppressed: bool | None = None
    #: Words that each are part of name, address, company or title; case does not matter (on SQLite only for A–Z).
    search: str | None = None
    #: Only who REPLIED, is QUALIFIED, or wrote to us within 14 days (not to unsubscribe): the leads behind that number.
    high_intent: bool = False

    def conditions(self) -> list[sa.ColumnElement[bool]]:
        found: list[sa.ColumnElement[bool]] = []
        if self.project_id is not None:
            mine = sa.select(Campaign.id).where(Campaign.project_id == self.project_id)
            found.append(Lead.campaign_id.in_(mine))
        if self.campaign_id is not None:
            found.append(Lead.campaign_id == self.campaign_id)
        if self.status is not None:
            found.append(Lead.status == self.status)
        if self.consent is not None:
            found.append(Lead.consent_status == self.consent)
        if self.source is not None:
            found.append(Lead.source == self.source)
        if self.tag:
            found.append(sa.cast(Lead.tags, sa.Text).contains(json.dumps(self.tag), autoescape=True))
        if self.suppressed is not None:
            there = sa.exists().where(Suppression.address_norm == Lead.email_norm)
            found.append(there if self.suppressed else ~there)
        for word in (self.search or "").split():
            places = (Lead.name, Lead.email, Lead.company, Lead.title)
            found.append(sa.or_(*(place.icontains(word, autoescape=True) for place in places)))
        if self.high_intent:
            wrote = sa.select(ContactEvent.lead_id).where(
                ContactEvent.direction == Direction.INBOUND,
                ContactEvent.event_type != UNSUBSCRIBE,
                ContactEvent.event_at > now() - RECENT_CONTACT,
                ContactEvent.event_at <= now(),
            )
            keen = Lead.status.in_([LeadStatus.REPLIED, LeadStatus.QUALIFIED])
            found.append(sa.or_(keen, Lead.id.in_(wrote)))
        return found


def get_lead(session: Session, lead_id: int) -> Lead:
    """The lead as the database has it now. Raises :class:`NotFoundError`."""
    lead = session.get(Lead, lead_id, populate_existing=True)
    if lead is None:
        raise NotFoundError(f"There is no lead {lead_id}. It may have been erased.")
    return lead


def count(session: Session, which: LeadFilter) -> int:
    """How many leads these are."""
    return session.scalar(sa.select(sa.func.count()).select_from(Lead).where(*which.conditions())) or 0


def rows(
    session: Session,
    which: LeadFilter,
    *,
    sort: str = "id",
    descending: bool = False,
    offset: int = 0,
    limit: int = 50,
) -> Sequence[sa.RowMapping]:
    """One page of these leads, each with its campaign and whether its address is suppressed.

    ``sort`` is one of :data:`SORTS`; leads without a value come last either way, and equal ones by id, so that
    pages neither repeat nor skip anybody.
    """
    column: Any = getattr(Lead, sort)
    order = [(column.desc() if descending else column.asc()).nulls_last()] if sort != "id" else []
    order.append(Lead.id.desc() if descending else Lead.id.asc())
    page = _row_query().where(*which.conditions()).order_by(*order).offset(offset).limit(limit)
    return session.execute(page).mappings().all()


def ids(session: Session, which: LeadFilter, *, limit: int) -> Sequence[int]:
    """The ids of the first ``limit`` of these leads, by id."""
    return session.scalars(sa.select(Lead.id).where(*which.conditions()).order_by(Lead.id).limit(limit)).all()


def rows_of(session: Session, lead_ids: Sequence[int]) -> Sequence[sa.RowMapping]:
    """These leads (a page of them) as :func:`rows` shows them, in this order; one that is gone is left out."""
    found = {row["id"]: row for row in session.execute(_row_query().where(Lead.id.in_(lead_ids))).mappings()}
    return [found[lead_id] for lead_id in lead_ids if lead_id in found]


def row(session: Session, lead_id: int) -> sa.RowMapping:
    """One lead as :func:`rows` shows it. Raises :class:`NotFoundError`."""
    found = session.execute(_row_query().where(Lead.id == lead_id)).mappings().first()
    if found is None:
        raise NotFoundError(f"There is no lead {lead_id}. It may have been erased.")
    return found


def _row_query() -> sa.Select[Any]:
    suppressed = sa.exists().where(Suppression.address_norm == Lead.email_norm)
    columns: list[Any] = [
        Lead.id,
        Lead.campaign_id,
        Campaign.name.label("campaign"),
        Campaign.project_id,
        *(Lead.name, Lead.first_name, Lead.title, Lead.company, Lead.email, Lead.linkedin_url),
        *(Lead.source, Lead.status, Lead.consent_status, Lead.tags),
        suppressed.label("suppressed"),
        *(Lead.lead_score, Lead.last_contacted_at, Lead.last_replied_at, Lead.created_at),
    ]
    return sa.select(*columns).join(Campaign, Campaign.id == Lead.campaign_id)


def events_of(session: Session, lead_id: int) -> Sequence[sa.RowMapping]:
    """What passed between the lead and us, newest first."""
    columns = (
        *(ContactEvent.id, ContactEvent.channel, ContactEvent.direction, ContactEvent.event_type),
        *(ContactEvent.summary, ContactEvent.event_at),
    )
    query = sa.select(*columns).where(ContactEvent.lead_id == lead_id)
    return session.execute(query.order_by(ContactEvent.event_at.desc(), ContactEvent.id.desc())).mappings().all()


def attempts_of(session: Session, lead_id: int) -> Sequence[sa.RowMapping]:
    """What was sent to the lead, or tried, newest first."""
    columns = (
        *(OutreachAttempt.id, OutreachAttempt.queue_id, OutreachAttempt.content_item_id),
        ContentItem.title.label("creative"),
        *(OutreachAttempt.channel, OutreachAttempt.status, OutreachAttempt.mode, OutreachAttempt.external_id),
        *(OutreachAttempt.last_error, OutreachAttempt.attempted_at, OutreachAttempt.created_at),
    )
    query = (
        sa.select(*columns)
        .outerjoin(ContentItem, ContentItem.id == OutreachAttempt.content_item_id)
        .where(OutreachAttempt.lead_id == lead_id)
    )
    newest = (OutreachAttempt.created_at.desc(), OutreachAttempt.id.desc())
    return session.execute(query.order_by(*newest)).mappings().all()


@dataclass(frozen=True)
class ConsentChange:
    """What setting consent did to one lead; a ``reason`` with ``ok`` is a remark."""

    lead_id: int
    ok: bool
    consent: str | None
    changed: bool = False
    reason: str | None = None


def consent_refusal(now: str, to: Consent, reason: str | None) -> str | None:
    """Why this lead's consent may not be set so, or None. Pure."""
    if now == Consent.DNC and to is not Consent.DNC and not (reason or "").strip():
        return "This person asked not to be contacted. Say why that has changed."
    return None


def refuse_naming(reason: str, leads: Iterable[Any]) -> None:
    """Raises :class:`InputError` for a reason that names one of them: the audit log outlives a person's erasure."""
    folded = reason.casefold()
    words = {word for lead in leads for word in (lead.email, lead.email_norm, lead.name) if word}
    named = (word for word in words if word.casefold() in folded)  # to look for each with a pattern takes long
    if any(re.search(rf"(?<!\w){re.escape(word)}(?!\w)", reason, re.IGNORECASE) for word in named):
        raise InputError(
            "The reason is kept for good, so it must not name the person. Write, for example: asked by e-mail."
        )


def set_consent(
    session: Session, actor: Actor, lead_ids: Sequence[int], to: Consent, reason: str | None, batch_id: str
) -> list[ConsentChange]:
    """Set the consent of each lead; one event for each that changed. Flushes.

    Once DNC is committed no e-mail to these leads starts. Taking DNC back needs a ``reason``. The events hold the
    consent before and after, which says nothing about who somebody is once the lead is gone. Raises
    :class:`InputError` for a reason that does.
    """
    if to is Consent.DNC:
        lock(session, PAUSE_LOCK)
    leads = by_id(session, lead_ids)
    if reason:
        refuse_naming(reason, (lead for lead, _ in leads.values()))
    suppressed: set[str] = set()
    if to is Consent.CONSENTED:
        addresses = (lead.email_norm for lead, _ in leads.values() if lead.email_norm)
        suppressed = suppressions.suppressed_among(session, addresses)
    changes, events = [], []
    for lead_id in lead_ids:
        lead, project_id = leads.get(lead_id, (None, None))
        if lead is None:
            gone = f"There is no lead {lead_id}. It may have been erased."
            changes.append(ConsentChange(lead_id, False, None, reason=gone))
            continue
        before = lead.consent_status
        if refusal := consent_refusal(before, to, reason):
            changes.append(ConsentChange(lead_id, False, before, reason=refusal))
            continue
        if before != to:
            lead.consent_status = to
            told = {"before": {"consent_status": before}, "after": {"consent_status": to.value}}
            events.append({"entity_id": lead_id, "project_id": project_id, **told})
        remark = _STILL_SUPPRESSED if lead.email_norm in suppressed else None
        changes.append(ConsentChange(lead_id, True, to, changed=before != to, reason=remark))
    session.flush()
    record_many(session, actor, "lead.consent", "lead", events, batch_id=batch_id, reason=reason)
    return changes


def preview_consent(session: Session, lead_ids: Sequence[int], to: Consent, reason: str | None) -> list[ConsentChange]:
    """What :func:`set_consent` would do to each lead."""
    leads = seen(session, lead_ids)
    changes = []
    for lead_id in lead_ids:
        lead, _ = leads.get(lead_id, (None, None))
        if lead is None:
            gone = f"There is no lead {lead_id}. It may have been erased."
            changes.append(ConsentChange(lead_id, False, None, reason=gone))
            continue
        refusal = consent_refusal(lead.consent_status, to, reason)
        differs = refusal is None and lead.consent_status != to
        changes.append(ConsentChange(lead_id, refusal is None, lead.consent_status, changed=differs, reason=refusal))
    return changes


def restore_consent(session: Session, events: Sequence[AuditEvent]) -> dict[int, ConsentChange]:
    """Give each lead of these ``lead.consent`` events its consent back, unless it was changed since. Flushes.

    Answers by the event's id. That it was taken back is for the caller to record.
    """
    lock(session, PAUSE_LOCK)  # Some may become DNC again.
    leads = by_id(session, [event.entity_id for event in events if event.entity_id is not None])
    answers = {}
    for event in events:
        lead_id, before, after = event.entity_id or 0, event.before or {}, event.after or {}
        lead, _ = leads.get(lead_id, (None, None))
        if lead is None:
            answers[event.id] = ConsentChange(lead_id, False, None, reason="The lead was erased since.")
        elif lead.consent_status != after["consent_status"]:
            again = "Its consent was changed again since, and was left as it is."
            answers[event.id] = ConsentChange(lead_id, False, lead.consent_status, reason=again)
        else:
            lead.consent_status = before["consent_status"]
            answers[event.id] = ConsentChange(lead_id, True, lead.consent_status, changed=True)
    session.flush()
    return answers


def seen(session: Session, lead_ids: Iterable[int]) -> dict[int, tuple[Any, int]]:
    """As :func:`by_id`, to look at only: the columns that decisions are made by, nothing locked or kept in mind."""
    ids = sorted(set(lead_ids))
    columns = (Lead.id, Lead.campaign_id, Lead.name, Lead.email, Lead.email_norm)
    query = sa.select(*columns, Lead.status, Lead.tags, Lead.consent_status, Campaign.project_id)
    found: dict[int, tuple[Any, int]] = {}
    for start in range(0, len(ids), _CHUNK):
        some = query.join(Campaign, Campaign.id == Lead.campaign_id).where(Lead.id.in_(ids[start : start + _CHUNK]))
        found |= {row.id: (row, row.project_id) for row in session.execute(some)}
    return found


def by_id(session: Session, lead_ids: Iterable[int]) -> dict[int, tuple[Lead, int]]:
    """The leads that there are, with their projects' ids, locked in the order of their ids."""
    ids = sorted(set(lead_ids))
    found: dict[int, tuple[Lead, int]] = {}
    for start in range(0, len(ids), _CHUNK):
        query = (
            sa.select(Lead, Campaign.project_id)
            .join(Campaign, Campaign.id == Lead.campaign_id)
            .where(Lead.id.in_(ids[start : start + _CHUNK]))
            .order_by(Lead.id)
            .with_for_update(of=Lead)
            .execution_options(populate_existing=True)
        )
        found |= {lead.id: (lead, project_id) for lead, project_id in session.execute(query)}
    return found

"""What passed between a lead and us, and what it makes of the lead."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from workbench.enums import Direction, LeadStatus
from workbench.models import Campaign, ContactEvent, Lead
from workbench.services.audit import Actor, record

#: Further along than a reply: an answer does not send them back.
_BEYOND_REPLIED: Final = frozenset({LeadStatus.REPLIED, LeadStatus.QUALIFIED, LeadStatus.ROUTED})
_NOT_CONTACTED: Final = frozenset({LeadStatus.NEW, LeadStatus.ENRICHED})

NOTE: Final = "note"
REPLY: Final = "reply"
#: INBOUND too, and the opposite of interest.
UNSUBSCRIBE: Final = "unsubscribe"


def is_reply(direction: Direction, event_type: str) -> bool:
    """Whether the event is an answer of the lead."""
    return direction is Direction.INBOUND and event_type == REPLY


def is_contact(direction: Direction, event_type: str) -> bool:
    """Whether the event is us reaching out; a note is only written down."""
    return direction is Direction.OUTBOUND and event_type != NOTE


def status_after(status: str, direction: Direction, event_type: str) -> str:
    """The lead's status once this happened. One from before the workbench, with a word of its own, may change too."""
    if is_reply(direction, event_type) and status not in _BEYOND_REPLIED:
        return LeadStatus.REPLIED
    if is_contact(direction, event_type) and status in _NOT_CONTACTED:
        return LeadStatus.CONTACTED
    return status


def record_event(
    session: Session,
    actor: Actor,
    lead: Lead,
    *,
    channel: str,
    direction: Direction,
    event_type: str,
    summary: str | None,
    event_at: datetime,
) -> ContactEvent:
    """Write down that something passed, and move the lead's status and times along. Flushes.

    Times only move forward: an old reply entered late does not hide a newer one.
    """
    session.refresh(lead, with_for_update=True)
    event = ContactEvent(
        lead_id=lead.id,
        channel=channel,
        direction=direction,
        event_type=event_type,
        summary=summary,
        event_at=event_at,
    )
    session.add(event)
    changed = []
    if (status := status_after(lead.status, direction, event_type)) != lead.status:
        lead.status = status
        changed.append("status")
    if is_reply(direction, event_type) and (lead.last_replied_at is None or lead.last_replied_at < event_at):
        lead.last_replied_at = event_at
        changed.append("last_replied_at")
    if is_contact(direction, event_type) and (lead.last_contacted_at is None or lead.last_contacted_at < event_at):
        lead.last_contacted_at = event_at
        changed.append("last_contacted_at")
    session.flush()
    record(
        session,
        actor,
        "lead.contact",
        "lead",
        lead.id,
        project_id=session.scalar(sa.select(Campaign.project_id).where(Campaign.id == lead.campaign_id)),
        after={"contact_event_id": event.id, "fields": changed},
    )
    return event


def inbound(
    session: Session, *, project_id: int | None, search: str | None, offset: int, limit: int
) -> Sequence[sa.RowMapping]:
    """What people wrote to us, newest first, each with who wrote it."""
    columns: list[Any] = [
        *(ContactEvent.id, ContactEvent.lead_id, ContactEvent.channel, ContactEvent.event_type),
        *(ContactEvent.summary, ContactEvent.event_at),
        *(Lead.name, Lead.email, Lead.company, Lead.status),
        Campaign.name.label("campaign"),
        Campaign.project_id,
    ]
    query = (
        sa.select(*columns)
        .join(Lead, Lead.id == ContactEvent.lead_id)
        .join(Campaign, Campaign.id == Lead.campaign_id)
        .where(ContactEvent.direction == Direction.INBOUND)
        .order_by(ContactEvent.event_at.desc(), ContactEvent.id.desc())
    )
    if project_id is not None:
        query = query.where(Campaign.project_id == project_id)
    for word in (search or "").split():
        places = (ContactEvent.summary, Lead.name, Lead.email, Lead.company)
        query = query.where(sa.or_(*(place.icontains(word, autoescape=True) for place in places)))
    return session.execute(query.offset(offset).limit(limit)).mappings().all()

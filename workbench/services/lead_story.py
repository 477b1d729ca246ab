"""What was decided about one lead, and what there is to erase about the person behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from workbench.models import AuditEvent, Campaign, ContactEvent, Draft, Lead, OutreachAttempt, Suppression
from workbench.services.erasure import same_person
from workbench.services.leads import get_lead

#: Written down in the history as contact events already.
_TOLD_ELSEWHERE = ("lead.contact",)


def changes_of(session: Session, lead: Lead) -> Sequence[sa.RowMapping]:
    """What was decided about the lead, newest first: events about it, about the suppression of its address, and the
    import that brought it in."""
    columns = (
        *(AuditEvent.id, AuditEvent.at, AuditEvent.actor, AuditEvent.action, AuditEvent.reason),
        *(AuditEvent.before, AuditEvent.after),
    )
    found = [
        sa.and_(
            AuditEvent.entity == "lead",
            AuditEvent.entity_id == lead.id,
            AuditEvent.action.not_in(_TOLD_ELSEWHERE),
        )
    ]
    if lead.email_norm:
        mine = sa.select(Suppression.id).where(Suppression.address_norm == lead.email_norm)
        found.append(sa.and_(AuditEvent.entity == "suppression", AuditEvent.entity_id.in_(mine)))
    events = session.execute(sa.select(*columns).where(sa.or_(*found)).order_by(AuditEvent.id.desc())).mappings().all()
    imports = (
        sa.select(*columns)
        .where(
            AuditEvent.entity == "campaign",
            AuditEvent.entity_id == lead.campaign_id,
            AuditEvent.action.in_(["leads.import", "leads.import_cancel"]),
            AuditEvent.at >= lead.created_at,
        )
        .order_by(AuditEvent.id)
        .limit(50)
    )
    moment = lead.created_at.isoformat()
    brought = [row for row in session.execute(imports).mappings() if (row["after"] or {}).get("at") == moment]
    return [*events, *brought]


@dataclass(frozen=True)
class ErasureOutlook:
    """Counts of what an erasure would remove, and of what would stay without naming anybody."""

    #: Leads with the same address, in whatever campaign; the names of these.
    leads: int
    campaigns: list[str]
    contact_events: int
    drafts: int
    #: Attempts that stay as numbers; of these, not begun and skipped then.
    attempts: int
    pending: int


def erasure_of(session: Session, lead_id: int) -> ErasureOutlook:
    """What erasing the person behind this lead would do. Raises :class:`NotFoundError`."""
    leads = same_person(session, get_lead(session, lead_id))
    ids = [lead.id for lead in leads]

    def number(column: InstrumentedAttribute[int], *conditions: sa.ColumnElement[bool]) -> int:
        return session.scalar(sa.select(sa.func.count(column)).where(*conditions)) or 0

    tried = OutreachAttempt.lead_id.in_(ids)
    names = (
        sa.select(Campaign.name).where(Campaign.id.in_({lead.campaign_id for lead in leads})).order_by(Campaign.name)
    )
    return ErasureOutlook(
        leads=len(leads),
        campaigns=list(session.scalars(names)),
        contact_events=number(ContactEvent.id, ContactEvent.lead_id.in_(ids)),
        drafts=number(Draft.id, Draft.entity == "lead", Draft.entity_id.in_(ids)),
        attempts=number(OutreachAttempt.id, tried),
        pending=number(OutreachAttempt.id, tried, OutreachAttempt.status == "PENDING"),
    )

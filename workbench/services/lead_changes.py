"""Changing many leads at once: their status, their tags, the campaign they belong to; and taking that back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from workbench.enums import LeadStatus
from workbench.models import AuditEvent, Campaign, Lead
from workbench.services.audit import Actor, record_many
from workbench.services.leads import by_id, refuse_naming, seen

ACTION: Final = "lead.change"
MOST_TAGS: Final = 50

#: Values in one IN list.
_CHUNK: Final = 5_000


@dataclass(frozen=True)
class LeadChanges:
    """What is to become of each lead; None and empty leave it as it is."""

    status: LeadStatus | None = None
    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()
    campaign_id: int | None = None


@dataclass(frozen=True)
class LeadChange:
    """What a change did, or would do, to one lead; ``reason`` is why not."""

    lead_id: int
    ok: bool
    status: str | None = None
    changed: bool = False
    reason: str | None = None


def tags_after(tags: Sequence[str] | None, add: Iterable[str], remove: Iterable[str]) -> list[str]:
    """Tags with some added at the end, each once, and some taken away. Pure."""
    gone = set(remove)
    return [tag for tag in dict.fromkeys([*(tags or ()), *add]) if tag not in gone]


def differences(lead: Any, to: LeadChanges) -> dict[str, Any]:
    """The columns that would become different, with their new values. Pure."""
    wanted: dict[str, Any] = {}
    if to.status is not None:
        wanted["status"] = to.status.value
    if to.add_tags or to.remove_tags:
        wanted["tags"] = tags_after(lead.tags, to.add_tags, to.remove_tags)
    if to.campaign_id is not None:
        wanted["campaign_id"] = to.campaign_id
    return {name: value for name, value in wanted.items() if value != (getattr(lead, name) or _nothing(name))}


def change(
    session: Session,
    actor: Actor,
    lead_ids: Sequence[int],
    to: LeadChanges,
    reason: str | None,
    batch_id: str | None,
) -> list[LeadChange]:
    """Change each lead; one event for each that became different. Without a ``batch_id`` nothing is written, only
    told. Flushes.

    A lead goes to another campaign of its own project only, and not where its address stands already. Tags and
    ``reason`` are kept for good: raises :class:`InputError` for words that name one of the leads.
    """
    leads = seen(session, lead_ids) if batch_id is None else by_id(session, lead_ids)
    for words in (reason, *to.add_tags):
        if words:
            refuse_naming(words, (lead for lead, _ in leads.values()))
    home = _project_of(session, to.campaign_id)
    there = _addresses_in(session, to.campaign_id, leads) if to.campaign_id is not None else set()
    changes, events = [], []
    for lead_id in lead_ids:
        lead, project_id = leads.get(lead_id, (None, None))
        if lead is None:
            changes.append(LeadChange(lead_id, False, reason=f"There is no lead {lead_id}. It may have been erased."))
            continue
        after = differences(lead, to)
        moves = "campaign_id" in after
        if moves and project_id != home:
            why = "The campaign is of another project. A lead moves within its own."
            changes.append(LeadChange(lead_id, False, lead.status, reason=why))
            continue
        if moves and lead.email_norm is not None and lead.email_norm in there:
            why = "The campaign has somebody with this address already."
            changes.append(LeadChange(lead_id, False, lead.status, reason=why))
            continue
        if moves and lead.email_norm is not None:
            there.add(lead.email_norm)
        if after and batch_id is not None:
            before = {name: getattr(lead, name) for name in after}
            for name, value in after.items():
                setattr(lead, name, value)
            events.append({"entity_id": lead_id, "project_id": project_id, "before": before, "after": after})
        status = str(after.get("status", lead.status))
        changes.append(LeadChange(lead_id, True, status, changed=bool(after)))
    if batch_id is not None:
        session.flush()
        record_many(session, actor, ACTION, "lead", events, batch_id=batch_id, reason=reason)
    return changes


def restore(session: Session, events: Sequence[AuditEvent]) -> dict[int, LeadChange]:
    """Give each lead of these events what it had before, unless that was changed since. Flushes.

    Answers by the event's id. That it was taken back is for the caller to record.
    """
    leads = by_id(session, [event.entity_id for event in events if event.entity_id is not None])
    answers = {}
    for event in events:
        lead_id, before, after = event.entity_id or 0, event.before or {}, event.after or {}
        lead, _ = leads.get(lead_id, (None, None))
        if lead is None:
            answers[event.id] = LeadChange(lead_id, False, reason="The lead was erased since.")
        elif any(getattr(lead, name) != value for name, value in after.items()):
            answers[event.id] = LeadChange(lead_id, False, lead.status, reason="It was changed again since, and left.")
        elif "campaign_id" in before and _taken(session, lead, before["campaign_id"]):
            why = "The campaign it came from has somebody with its address by now."
            answers[event.id] = LeadChange(lead_id, False, lead.status, reason=why)
        else:
            for name, value in before.items():
                setattr(lead, name, value)
            answers[event.id] = LeadChange(lead_id, True, lead.status, changed=True)
    session.flush()
    return answers


def _nothing(name: str) -> list[str] | None:
    return [] if name == "tags" else None


def _project_of(session: Session, campaign_id: int | None) -> int | None:
    return session.scalar(sa.select(Campaign.project_id).where(Campaign.id == campaign_id)) if campaign_id else None


def _addresses_in(session: Session, campaign_id: int, leads: Mapping[int, tuple[Any, int]]) -> set[str]:
    """Those of the leads' addresses that somebody else in the campaign has."""
    # As an import does: so that nobody brings in the same address meanwhile.
    session.execute(sa.select(Campaign.id).where(Campaign.id == campaign_id).with_for_update())
    wanted = [lead.email_norm for lead, _ in leads.values() if lead.email_norm and lead.campaign_id != campaign_id]
    found: set[str] = set()
    for start in range(0, len(wanted), _CHUNK):
        mine = sa.select(Lead.email_norm).where(
            Lead.campaign_id == campaign_id, Lead.email_norm.in_(wanted[start : start + _CHUNK])
        )
        found |= {address for address in session.scalars(mine) if address}
    return found


def _taken(session: Session, lead: Lead, campaign_id: int) -> bool:
    if lead.email_norm is None:
        return False
    same = sa.select(Lead.id).where(Lead.campaign_id == campaign_id, Lead.email_norm == lead.email_norm)
    return session.scalar(same) is not None

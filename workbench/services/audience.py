"""Who gets an e-mail, who is skipped, and why.

A project's people are read once; what one creative adds (its placeholders, who has it already) is worked out on top,
so that scheduling ten thousand creatives costs no more queries than scheduling one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from workbench import placeholders
from workbench.addresses import normalise
from workbench.enums import AttemptStatus, Consent, Mode
from workbench.errors import InputError
from workbench.models import Campaign, ContentItem, Lead, OutreachAttempt
from workbench.services.schedules import chunks
from workbench.services.suppressions import suppressed_among

NO_ADDRESS: Final = "no e-mail address"
INVALID: Final = "the e-mail address is not valid"
DNC: Final = "asked not to be contacted"
SUPPRESSED: Final = "the address is suppressed"
HAS_IT: Final = "got this already"
UNKNOWN: Final = "an earlier try has an unknown outcome: reconcile it first"


class Recipient(NamedTuple):
    lead_id: int
    address_norm: str
    campaign_id: int


class SkippedLead(NamedTuple):
    lead_id: int
    #: "" without an address.
    address_norm: str
    campaign_id: int
    reason: str


@dataclass(frozen=True)
class Audience:
    """One creative's recipients, one per address, and everybody who is skipped."""

    recipients: Sequence[Recipient]
    skipped: Sequence[SkippedLead]


class ProjectAudience:
    """Everybody a project's active campaigns could mail."""

    def __init__(
        self, people: Mapping[str, Sequence[Any]], skipped: Sequence[SkippedLead], blocked: Mapping[str, str]
    ) -> None:
        self._people = people
        self._skipped = skipped
        self._blocked = blocked
        self._lacking: dict[frozenset[str], dict[str, str]] = {}

    @classmethod
    def load(cls, session: Session, project_id: int) -> ProjectAudience:
        """Read them: a fixed number of queries, apart from suppressions (one for each 5,000 addresses)."""
        fields = [getattr(Lead, name) for name in placeholders.FIELDS]
        leads = session.execute(
            sa.select(Lead.id, Lead.campaign_id, Lead.email_norm, *fields)
            .join(Campaign, Campaign.id == Lead.campaign_id)
            .where(Campaign.project_id == project_id, Campaign.active)
            .order_by(Lead.id)
        )
        people: dict[str, list[Any]] = {}
        skipped: list[SkippedLead] = []
        for lead in leads:
            if lead.email_norm:
                people.setdefault(lead.email_norm, []).append(lead)
            elif not (lead.email or "").strip():
                skipped.append(SkippedLead(lead.id, "", lead.campaign_id, NO_ADDRESS))
            elif not _valid(lead.email):
                skipped.append(SkippedLead(lead.id, "", lead.campaign_id, INVALID))
            # Else a double: another lead of that campaign has the same address and stands for it.
        blocked = dict.fromkeys(suppressed_among(session, people), SUPPRESSED)
        blocked |= dict.fromkeys(_refused(session, project_id), DNC)
        return cls(people, skipped, blocked)

    def of(self, required: Collection[str], already: Mapping[str, str]) -> Audience:
        """Who gets a creative that needs the fields ``required``; ``already`` says who has it (:func:`had`)."""
        recipients, skipped = [], list(self._skipped)
        lacking = self._missing(required)
        for address, leads in self._people.items():
            reason = self._reason(address, lacking, already)
            if reason:
                skipped.append(SkippedLead(leads[0].id, address, leads[0].campaign_id, reason))
            else:
                lead = next(one for one in leads if not _lacks(one, required))
                recipients.append(Recipient(lead.id, address, lead.campaign_id))
        return Audience(recipients, skipped)

    def count(self, required: Collection[str], already: Mapping[str, str]) -> tuple[int, Counter[str]]:
        """How many :meth:`of` would name as recipients, and how many skipped for each reason."""
        reasons = Counter(lead.reason for lead in self._skipped)
        lacking = self._missing(required)
        out = self._blocked.keys() | lacking.keys() | (already.keys() & self._people.keys())
        for address in out:
            reasons[self._reason(address, lacking, already) or ""] += 1
        return len(self._people) - len(out), reasons

    def _reason(self, address: str, lacking: Mapping[str, str], already: Mapping[str, str]) -> str | None:
        return self._blocked.get(address) or already.get(address) or lacking.get(address)

    def _missing(self, required: Collection[str]) -> dict[str, str]:
        key = frozenset(required)
        if key not in self._lacking:
            self._lacking[key] = {
                address: f"no value for {', '.join(f'{{{{{name}}}}}' for name in _lacks(leads[0], key))}"
                for address, leads in self._people.items()
                if key and all(_lacks(lead, key) for lead in leads)
            }
        return self._lacking[key]


def audience(session: Session, project_id: int, content_item_id: int, *, mode: Mode) -> Audience:
    """Who gets this e-mail: each distinct address among the leads of the project's active campaigns once.

    Skipped, with the reason: no address or an invalid one, any lead anywhere with that address that is DNC, a
    suppressed address, somebody who has the item already (in this ``mode``), a placeholder without a value.
    """
    item = session.execute(
        sa.select(ContentItem.title, ContentItem.body_text, ContentItem.caption).where(
            ContentItem.id == content_item_id
        )
    ).one()
    already = had(session, [content_item_id], mode).get(content_item_id, {})
    needed = required(item.title, item.body_text, item.caption)
    return ProjectAudience.load(session, project_id).of(needed, already)


def required(*texts: str) -> frozenset[str]:
    """The fields without which these texts cannot be filled in."""
    return frozenset(name for text in texts for name in placeholders.required(text))


def had(session: Session, item_ids: Collection[int], mode: Mode) -> dict[int, dict[str, str]]:
    """creative → address → why that person gets it no more. A failed try is no reason: it is tried again."""
    found: dict[int, dict[str, str]] = {}
    for chunk in chunks(sorted(item_ids)):
        rows = session.execute(
            sa.select(OutreachAttempt.content_item_id, OutreachAttempt.address_norm, OutreachAttempt.status).where(
                OutreachAttempt.content_item_id.in_(chunk),
                sa.text("cam_outreach_attempts.status <> 'SKIPPED'"),  # so that the unique index serves
                OutreachAttempt.status != AttemptStatus.FAILED,
                OutreachAttempt.address_norm.is_not(None),
                OutreachAttempt.mode == mode,
            )
        )
        for row in rows:
            reason = UNKNOWN if row.status == AttemptStatus.UNKNOWN else HAS_IT
            found.setdefault(row.content_item_id, {})[row.address_norm] = reason
    return found


def refused_among(session: Session, addresses: Collection[str]) -> set[str]:
    """Those of ``addresses`` (a batch) that a lead of any project asked not to contact."""
    found = session.scalars(
        sa.select(Lead.email_norm).where(Lead.email_norm.in_(addresses), Lead.consent_status == Consent.DNC)
    )
    return {address for address in found if address is not None}


def _refused(session: Session, project_id: int) -> Sequence[str]:
    mine = aliased(Lead)
    return session.scalars(
        sa.select(Lead.email_norm)
        .distinct()
        .join(mine, mine.email_norm == Lead.email_norm)
        .join(Campaign, Campaign.id == mine.campaign_id)
        .where(Lead.consent_status == Consent.DNC, Campaign.project_id == project_id, Campaign.active)
    ).all()  # type: ignore[return-value]  # who has none joins with nobody


def _lacks(lead: Any, required: Collection[str]) -> list[str]:
    return [name for name in sorted(required) if not (getattr(lead, name, None) or "").strip()]


def _valid(address: str) -> bool:
    try:
        normalise(address)
    except InputError:
        return False
    return True

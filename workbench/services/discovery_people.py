"""People found at Apollo as leads, by the rules of the import of files.

Somebody is the same person as a lead of the campaign that has their address or Apollo's id of them. Of such a lead
only what is missing is filled in, and consent is never weakened. Who was erased stays away.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from workbench.addresses import normalise
from workbench.enums import LeadSource, LeadStatus
from workbench.errors import InputError
from workbench.models import Campaign, DiscoveryJob, Lead
from workbench.services import lead_rows, suppressions
from workbench.services.erasure import apollo_key
from workbench.services.lead_rows import RowReader, RowRejected

#: Of a person, and of their company, what is kept with the lead.
_PERSON: Final = ("headline", "seniority", "email_status", "city", "state", "country")
_COMPANY: Final = {"industry": "industry", "website": "website_url", "employees": "estimated_num_employees"}
_FIELDS: Final = ("email", "name", "first_name", "last_name", "title", "company", "linkedin_url")
_HEADER: Final = (*_FIELDS, "apollo_id", *_PERSON, *_COMPANY)
_READER: Final = RowReader(_HEADER, {name: name for name in _FIELDS})

#: What no database stores, or no line holds.
_UNFIT: Final = re.compile(r"[\s\x00-\x1f\x7f-\x9f\ud800-\udfff]+")

LONGEST: Final = 500
LONGEST_ID: Final = 100

ERASED: Final = "They were erased on request."
UNUSABLE: Final = "What Apollo says of them does not fit into a lead."

Entry = Mapping[str, Any]


def known(session: Session, campaign_id: int, apollo_ids: Sequence[str]) -> dict[str, Lead]:
    """The campaign's leads that are known to Apollo by one of these ids, by id."""
    if not apollo_ids:
        return {}
    id_ = Lead.enrichment_data["apollo_id"].as_string()
    query = sa.select(id_, Lead).where(Lead.campaign_id == campaign_id, id_.in_(apollo_ids)).order_by(Lead.id.desc())
    return dict(session.execute(query).all())


def take(session: Session, job: DiscoveryJob, people: Sequence[Entry]) -> None:
    """Make each of ``people`` (as Apollo describes them) a lead of the job's campaign, and count what became of them.

    Call it in the transaction that also notes that they are done. Flushes.
    """
    assert job.campaign_id is not None
    # Imports and searches of one campaign wait for each other, so that none makes another's people twice.
    session.execute(sa.select(Campaign.id).where(Campaign.id == job.campaign_id).with_for_update())
    addresses = [address for one in people if (address := _address(one))]
    ids = [apollo_id(one) for one in people]
    by_id = known(session, job.campaign_id, ids)
    mine = sa.select(Lead).where(Lead.campaign_id == job.campaign_id, Lead.email_norm.in_(addresses))
    by_address = {lead.email_norm: lead for lead in session.scalars(mine)}
    keys = [key for id_ in ids if (key := apollo_key({"apollo_id": id_}))]
    erased = suppressions.erased_among(session, [*addresses, *keys])
    for one, id_ in zip(people, ids, strict=True):
        address = _address(one)
        job.seen += 1
        if not id_ or not erased.isdisjoint({address, apollo_key({"apollo_id": id_})}):
            _reject(job, ERASED if id_ else UNUSABLE)
            continue
        try:
            row = _READER.read_rest(_cells(one))
        except RowRejected:
            _reject(job, UNUSABLE)
            continue
        if not text(one, "last_name") and not text(one, "name"):
            row["name"] = None  # half a name would keep the whole one from being filled in
        lead = by_address.get(address) or by_id.get(id_)
        if lead is None:
            lead = _make(job.campaign_id, row)
            session.add(lead)
            job.added += 1
            gained_address = _give(lead, one, address)
        else:
            changes = lead_rows.gained({name: getattr(lead, name) for name in row}, row)
            for name, value in changes.items():
                setattr(lead, name, value)
            gained_address = _give(lead, one, address)
            if changes or gained_address:
                job.merged += 1
            else:
                job.unchanged += 1
        if gained_address and lead.status == LeadStatus.NEW:
            lead.status = LeadStatus.ENRICHED
        by_id[id_] = lead
        if lead.email_norm:
            by_address[lead.email_norm] = lead
        job.without_email += not lead.email
    session.flush()


def apollo_id(entry: Entry) -> str:
    """Apollo's id of somebody; empty when what it says cannot be one."""
    found = text(entry, "id")
    return found if len(found) <= LONGEST_ID else ""


def text(entry: Entry, name: str) -> str:
    """A text of Apollo's answer as one line; empty when it is none."""
    value = entry.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return _UNFIT.sub(" ", value).strip() if isinstance(value, str) else ""


def place(entry: Entry) -> str:
    """Where somebody lives, as far as Apollo says."""
    return ", ".join(part for name in ("city", "state", "country") if (part := text(entry, name)))


def company(entry: Entry) -> Entry:
    """What Apollo says of somebody's company."""
    found = entry.get("organization")
    return found if isinstance(found, dict) else {}


def _make(campaign_id: int, row: lead_rows.Lead) -> Lead:
    return Lead(campaign_id=campaign_id, source=LeadSource.APOLLO, status=LeadStatus.NEW, **row)


def _give(lead: Lead, one: Entry, address: str | None) -> bool:
    """The address to a lead that has none; whether it got it."""
    if address is None or lead.email:
        return False
    lead.email, lead.email_norm = text(one, "email"), address
    return True


def _reject(job: DiscoveryJob, reason: str) -> None:
    job.rejected += 1
    counts = job.rejections or {}
    job.rejections = {**counts, reason: counts.get(reason, 0) + 1}


def _address(one: Entry) -> str | None:
    """The normalised address; None without one that can be written to."""
    try:
        return normalise(text(one, "email"))
    except InputError:
        return None


def _cells(one: Entry) -> list[str]:
    firm = company(one)
    names = [text(one, name) for name in ("name", "first_name", "last_name", "title")]
    return [
        "",
        *names,
        text(firm, "name"),
        text(one, "linkedin_url"),
        apollo_id(one),
        *(text(one, name)[:LONGEST] for name in _PERSON),
        *(text(firm, name)[:LONGEST] for name in _COMPANY.values()),
    ]

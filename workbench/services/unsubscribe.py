"""The signed link in every e-mail with which its reader stops all of them (RFC 8058).

The link holds the lead's id and a keyed check of the address it was sent to, signed: no name and no address, and
nobody without the key can make one. It never expires: a wish not to be written to has no date.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import sqlalchemy as sa
from itsdangerous import BadData, URLSafeSerializer
from sqlalchemy.orm import Session

from workbench.clock import now
from workbench.db import PAUSE_LOCK, lock
from workbench.enums import Consent, Direction, Role, SuppressionReason
from workbench.errors import InputError
from workbench.models import Campaign, ContactEvent, Lead
from workbench.services import suppressions
from workbench.services.audit import Actor, record
from workbench.services.contact_events import UNSUBSCRIBE
from workbench.settings import Settings

#: Who acts when a recipient follows the link: somebody without a role of their own.
RECIPIENT: Final = Actor("recipient", Role.VIEWER)

#: Where `workbench serve` listens by itself.
THIS_MACHINE: Final = "http://localhost:5006"

_SALT: Final = "workbench.unsubscribe"


@dataclass(frozen=True)
class Link:
    """What a token stands for."""

    lead_id: int
    check: str


def make_token(secret: str, lead_id: int, address_norm: str) -> str:
    """The last part of the link in an e-mail to this lead at this normalised address. About 80 URL-safe characters.

    ``lead_id`` 0 is nobody: for a test message, whose link works and stops nothing.
    """
    return _serializer(secret).dumps([lead_id, _check(secret, lead_id, address_norm)])


def link(settings: Settings, secret: str, lead_id: int, address_norm: str) -> str:
    """The unsubscribe link of an e-mail to this lead at this address.

    Without ``WORKBENCH_PUBLIC_URL`` it points at this machine: good for a look into the outbox of a simulation;
    live, an e-mail without a public address is refused before it is written.
    """
    return f"{settings.public_url or THIS_MACHINE}/unsubscribe/{make_token(secret, lead_id, address_norm)}"


def read_token(secret: str, token: str) -> Link:
    """What ``token`` stands for. Raises :class:`InputError` unless :func:`make_token` made it with this secret."""
    try:
        lead_id, check = _serializer(secret).loads(token)
    except (BadData, ValueError, TypeError) as error:
        raise InputError(
            "This unsubscribe link is not complete or was not made by this workbench. Open it again from the e-mail."
        ) from error
    return Link(int(lead_id), str(check))


def unsubscribe(session: Session, secret: str, link: Link) -> Lead | None:
    """Do what the reader of an e-mail asked for: nothing is sent to this address again, in any project.

    The address is suppressed; every lead that has it becomes DNC, so that each project's table shows why; the
    lead whose e-mail it was gets an INBOUND ``unsubscribe`` event. Answers that lead. A second time changes
    nothing, and so does the link of somebody who was erased (their address stays suppressed by its hash) or whose
    id now belongs to another address: both answer None. Flushes.
    """
    lock(session, PAUSE_LOCK)  # Once this is committed, no e-mail to them starts.
    query = sa.select(Lead).where(Lead.id == link.lead_id).with_for_update()
    lead = session.scalar(query.execution_options(populate_existing=True))
    if lead is None or lead.email_norm is None:
        return None
    if not hmac.compare_digest(_check(secret, lead.id, lead.email_norm), link.check):
        return None
    _, is_new = suppressions.suppress(session, lead.email_norm, SuppressionReason.UNSUBSCRIBE, "the link in an e-mail")
    same_person = session.scalars(
        sa.select(Lead).where(Lead.email_norm == lead.email_norm, Lead.consent_status != Consent.DNC)
    ).all()
    if not is_new and not same_person:
        return lead
    for one in same_person:
        one.consent_status = Consent.DNC
    session.add(
        ContactEvent(
            lead_id=lead.id,
            channel="email",
            direction=Direction.INBOUND,
            event_type=UNSUBSCRIBE,
            summary="Asked to get no more e-mail",
            event_at=now(),
        )
    )
    session.flush()
    record(
        session,
        RECIPIENT,
        "lead.unsubscribe",
        "lead",
        lead.id,
        project_id=session.scalar(sa.select(Campaign.project_id).where(Campaign.id == lead.campaign_id)),
        after={"fields": ["consent_status"], "lead_ids": [one.id for one in same_person]},
    )
    return lead


@lru_cache(maxsize=4)
def _serializer(secret: str) -> URLSafeSerializer:
    return URLSafeSerializer(secret, salt=_SALT, signer_kwargs={"digest_method": hashlib.sha256})


def _check(secret: str, lead_id: int, address_norm: str) -> str:
    """Ties a link to the address it was sent to, so that it never speaks for whoever gets that id later."""
    message = f"{_SALT}:{lead_id}:{address_norm}".encode()
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()[:16]

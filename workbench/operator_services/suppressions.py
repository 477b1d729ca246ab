"""Addresses nothing is sent to: by a person's own wish, a bounce, a complaint, or an operator."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict

from sqlalchemy.orm import Session

from workbench import addresses
from workbench.db import PAUSE_LOCK, lock
from workbench.enums import Role, SuppressionReason
from workbench.errors import InputError
from workbench.models import Suppression
from workbench.operator_services._edge import operation, require_text
from workbench.services import suppressions
from workbench.services.audit import record


class SuppressionRow(TypedDict):
    id: int
    #: None for somebody who was erased: only a hash is left.
    address: str | None
    #: unsubscribe, bounce, complaint or operator.
    reason: str
    source: str
    created_at: datetime


def suppress_address(db: Session, address: str, reason: str) -> SuppressionRow:
    """Send nothing to an address any more, in any project. For operators.

    ``reason`` is ``bounce``, ``complaint``, ``unsubscribe``, or a sentence that says why, which is kept in the audit
    log for good and so must not name the person. Once this is committed no message to the address starts.
    Repeating it is harmless: what was stored first stays. Raises :class:`InputError` for what is no address.
    """
    with operation(db, Role.OPERATOR, write=True) as actor:
        address_norm = addresses.normalise(address)
        why = _reason(reason, address_norm)
        known = why in list(SuppressionReason)
        lock(db, PAUSE_LOCK)
        row, is_new = suppressions.suppress(
            db, address_norm, SuppressionReason(why) if known else SuppressionReason.OPERATOR, actor.name
        )
        if is_new:
            record(db, actor, "suppression.add", "suppression", row.id, reason=why)
        return _row(row)


def list_suppressions(db: Session) -> list[SuppressionRow]:
    """Every suppressed address, newest first."""
    with operation(db, Role.VIEWER, write=False):
        return [_row(row) for row in suppressions.list_suppressions(db)]


def lift_suppression(db: Session, address: str, reason: str) -> bool:
    """Let an address be written to again; also that of somebody erased who came back. For approvers.

    Leads that are DNC stay DNC. ``reason`` is kept in the audit log. False when the address was not suppressed.
    """
    with operation(db, Role.APPROVER, write=True) as actor:
        address_norm = addresses.normalise(address)
        why = _reason(reason, address_norm)
        row = suppressions.lift(db, address_norm)
        if row is None:
            return False
        record(db, actor, "suppression.lift", "suppression", row.id, reason=why)
        return True


def _reason(reason: str, address_norm: str) -> str:
    why = require_text(reason, "Say why.", longest=500)
    if address_norm in why.lower():
        raise InputError("The reason is kept for good, so it must not name the address. Write only why.")
    return why


def _row(row: Suppression) -> SuppressionRow:
    hashed = row.address_norm.startswith(suppressions.HASHED)
    return {
        "id": row.id,
        "address": None if hashed else row.address_norm,
        "reason": str(row.reason),
        "source": row.source,
        "created_at": row.created_at,
    }

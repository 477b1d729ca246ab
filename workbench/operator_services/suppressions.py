"""Addresses nothing is sent to: by a person's own wish, a bounce, a complaint, or an operator."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TypedDict

from sqlalchemy.orm import Session

from workbench import addresses
from workbench.db import PAUSE_LOCK, lock
from workbench.enums import Role, SuppressionReason
from workbench.errors import InputError
from workbench.models import Suppression
from workbench.operator_services._edge import operation, optional_text, require_text
from workbench.operator_services.types import RowOutcome
from workbench.services import suppression_list, suppressions
from workbench.services.audit import record


class SuppressionImport(TypedDict):
    """What became of a list of addresses."""

    added: int
    #: Suppressed before, or named twice.
    already: int
    rejected_count: int
    rejected: list[RowOutcome]


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


def list_suppressions(
    db: Session,
    *,
    search: str | None = None,
    reason: str | None = None,
    page: int = 1,
    page_size: int | None = None,
) -> list[SuppressionRow]:
    """Suppressed addresses, newest first: all, or one page of ``page_size`` (``page`` counts from 1).

    ``search`` is a part of the address; ``reason`` one of unsubscribe, bounce, complaint, operator. Raises
    :class:`InputError`.
    """
    with operation(db, Role.VIEWER, write=False):
        which = _which(search, reason)
        if page_size is not None:
            page_size, page = _positive(page_size, "page size"), _positive(page, "page")
        first = (page - 1) * page_size if page_size is not None else 0
        return [_row(row) for row in suppressions.list_suppressions(db, *which, offset=first, limit=page_size)]


def count_suppressions(db: Session, *, search: str | None = None, reason: str | None = None) -> int:
    """How many addresses :func:`list_suppressions` would page through."""
    with operation(db, Role.VIEWER, write=False):
        return suppressions.count(db, *_which(search, reason))


def import_suppressions(db: Session, data: bytes | str | Path, reason: str) -> SuppressionImport:
    """Suppress every address of a list: a file with one e-mail column, or one address a line. For operators.

    ``data`` is the file's bytes, its path, or its text; ``reason`` as for :func:`suppress_address`. All of it is taken
    over at once: once this is committed no message to any of them starts. Answers how many were ``added``, how many
    stood there ``already`` (what was stored first stays), and the rows ``rejected`` with their number and reason (the
    first 1,000; ``rejected_count`` is all of them). Raises :class:`LeadFileInvalid` for what is no such list.
    """
    with operation(db, Role.OPERATOR, write=False):
        pass
    found, rejected = suppression_list.read(data)
    with operation(db, Role.OPERATOR, write=True) as actor:
        why = require_text(reason, "Say why these addresses are suppressed.", longest=500)
        known = why in list(SuppressionReason)
        if not known and "@" in why:
            raise InputError("The reason is kept for good, so it must not name an address. Write only why.")
        lock(db, PAUSE_LOCK)
        kind = SuppressionReason(why) if known else SuppressionReason.OPERATOR
        added = suppressions.suppress_many(db, found, kind, actor.name)
        after = {"added": added, "already": len(found) - added, "rejected": len(rejected)}
        record(db, actor, "suppression.import", "suppression", None, reason=why, after=after)
        return {
            "added": added,
            "already": len(found) - added,
            "rejected_count": len(rejected),
            "rejected": [{"row": row, "outcome": "rejected", "reason": said} for row, said in rejected[:1_000]],
        }


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


def _which(search: str | None, reason: str | None) -> tuple[str | None, SuppressionReason | None]:
    words = optional_text(search, "The search", longest=200)
    if reason and reason not in list(SuppressionReason):
        raise InputError(f"{reason!r:.80} is no such reason. Choose one of {', '.join(SuppressionReason)}.")
    return words, SuppressionReason(reason) if reason else None


def _positive(value: int, what: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 2**31:
        raise InputError(f"The {what} must be a whole number from 1.")
    return value


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

"""Addresses nothing is sent to, in any project. Whoever was erased stays suppressed, by a hash of the address."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Final

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from workbench.clock import now
from workbench.db import insert_many
from workbench.enums import SuppressionReason
from workbench.models import Base, Suppression

HASHED: Final = "sha256:"

#: Values in one IN list; each address counts twice, and SQLite takes 32,766 parameters in a statement.
_CHUNK: Final = 5_000


def address_hash(address_norm: str) -> str:
    """What stands for a normalised address once its person was erased: ``sha256:`` and 64 hex digits.

    It is not keyed, so that it outlives every change of secrets. Somebody who has both the database and the
    address can tell that the address is in it; from the database alone the address cannot be read.
    """
    return HASHED + hashlib.sha256(address_norm.encode()).hexdigest()


def is_suppressed(session: Session, address_norm: str) -> bool:
    """Whether nothing may be sent to this normalised address."""
    return bool(suppressed_among(session, [address_norm]))


def suppressed_among(session: Session, addresses: Iterable[str]) -> set[str]:
    """Those of the normalised ``addresses`` that nothing may be sent to."""
    found: set[str] = set()
    remaining = iter(addresses)
    while chunk := list(islice(remaining, _CHUNK)):
        stands_for = {spelling: address for address in chunk for spelling in (address, address_hash(address))}
        found.update(
            stands_for[spelling]
            for spelling in session.scalars(
                sa.select(Suppression.address_norm).where(Suppression.address_norm.in_(stands_for))
            )
        )
    return found


def erased_among(session: Session, addresses: Sequence[str]) -> set[str]:
    """Those of the normalised ``addresses`` (a few thousand at most) whose person was erased."""
    hashes = {address_hash(address): address for address in addresses}
    known = session.scalars(sa.select(Suppression.address_norm).where(Suppression.address_norm.in_(hashes)))
    return {hashes[value] for value in known}


def any_erased(session: Session) -> bool:
    """Whether anybody was ever erased."""
    hashed = Suppression.address_norm.startswith(HASHED, autoescape=True)
    return session.scalar(sa.select(Suppression.id).where(hashed).limit(1)) is not None


def _rows(session: Session, address_norm: str) -> dict[str, Suppression]:
    """The rows about this address, by the spelling they hold: itself, its hash, or both."""
    spellings = [address_norm, address_hash(address_norm)]
    rows = session.scalars(sa.select(Suppression).where(Suppression.address_norm.in_(spellings)))
    return {row.address_norm: row for row in rows}


def find(session: Session, address_norm: str) -> Suppression | None:
    """The row that suppresses this address, plain or hashed."""
    rows = _rows(session, address_norm)
    return rows.get(address_norm) or rows.get(address_hash(address_norm))


def suppress(session: Session, address_norm: str, reason: SuppressionReason, source: str) -> tuple[Suppression, bool]:
    """Make sure nothing is sent to this normalised address; ``source`` says where the wish came from.

    Answers the row, and whether it is new: one that was there keeps its reason. Flushes.
    """
    if (found := find(session, address_norm)) is not None:
        return found, False
    row = Suppression(address_norm=address_norm, reason=reason, source=source, created_at=now())
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        # Somebody else suppressed it between our look and our write.
        other = find(session, address_norm)
        if other is None:
            raise
        return other, False
    return row, True


def lift(session: Session, address_norm: str) -> Suppression | None:
    """Let this address be written to again. Answers the row that was removed, None without one. Flushes."""
    rows = _rows(session, address_norm)
    for row in rows.values():
        session.delete(row)
    session.flush()
    return next(iter(rows.values()), None)


def forget_address(session: Session, address_norm: str, source: str) -> None:
    """Keep only the hash of an address, suppressed: the person is gone, their wish stays. Flushes.

    The reason of an earlier suppression is kept; without one it is ``operator``.
    """
    hashed = address_hash(address_norm)
    rows = _rows(session, address_norm)
    plain = rows.get(address_norm)
    if hashed in rows:
        if plain is not None:
            session.delete(plain)
    elif plain is not None:
        plain.address_norm, plain.source = hashed, source
    else:
        session.add(Suppression(address_norm=hashed, reason=SuppressionReason.OPERATOR, source=source))
    session.flush()


def suppress_many(session: Session, addresses: Sequence[str], reason: SuppressionReason, source: str) -> int:
    """Make sure nothing is sent to these normalised addresses; answers how many were not suppressed before. Flushes."""
    wanted = list(dict.fromkeys(addresses))
    there = suppressed_among(session, wanted)
    rows = [
        {"address_norm": address, "reason": reason.value, "source": source, "created_at": now()}
        for address in wanted
        if address not in there
    ]
    for start in range(0, len(rows), _CHUNK):
        insert_many(session, Base.metadata.tables[Suppression.__tablename__], rows[start : start + _CHUNK])
    return len(rows)


def list_suppressions(
    session: Session,
    search: str | None = None,
    reason: SuppressionReason | None = None,
    *,
    offset: int = 0,
    limit: int | None = None,
) -> Sequence[Suppression]:
    """Suppressions, newest first; ``search`` is a part of the address."""
    query = sa.select(Suppression).where(*_conditions(search, reason)).order_by(Suppression.id.desc())
    return session.scalars(query.offset(offset).limit(limit)).all()


def count(session: Session, search: str | None = None, reason: SuppressionReason | None = None) -> int:
    """How many of these suppressions there are."""
    conditions = _conditions(search, reason)
    return session.scalar(sa.select(sa.func.count()).select_from(Suppression).where(*conditions)) or 0


def _conditions(search: str | None, reason: SuppressionReason | None) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    if search:
        # The hash of somebody erased is no address to be found.
        plain = ~Suppression.address_norm.startswith(HASHED, autoescape=True)
        found.append(sa.and_(plain, Suppression.address_norm.contains(search.strip().lower(), autoescape=True)))
    if reason is not None:
        found.append(Suppression.reason == reason)
    return found

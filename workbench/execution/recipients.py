"""Who of a batch may not be mailed at this moment: one look, for any number of recipients."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from workbench.enums import Consent
from workbench.models import Campaign, Lead, Suppression
from workbench.services.suppressions import address_hash

_SUPPRESSED: Final = "suppressed"
_REFUSED: Final = "refused"
_OFF: Final = "off"


@dataclass(frozen=True)
class Barred:
    """What keeps single recipients from being mailed: normalised addresses, and campaigns that are switched off."""

    suppressed: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()
    off: frozenset[int] = frozenset()


def look_up(connection: Connection, addresses: Sequence[str]) -> Barred:
    """Who of ``addresses`` (normalised, a batch of them) is suppressed or refused."""
    if not addresses:
        return Barred()
    rows = connection.execute(_alone(len(addresses)), parameters(addresses, ()))
    return read(((row.kind, row.value) for row in rows), addresses)


@cache
def _alone(addresses: int) -> sa.Select[*tuple[Any, ...]]:
    return sa.select(statement(addresses, 0).subquery())


@cache
def statement(addresses: int, campaigns: int) -> sa.CompoundSelect[Any]:
    """Rows of ``kind`` and ``value``, one for each thing that bars somebody; filled in by :func:`parameters`."""
    plain = [sa.bindparam(f"address_{number}", type_=sa.String) for number in range(addresses)]
    hashed = [sa.bindparam(f"hash_{number}", type_=sa.String) for number in range(addresses)]
    ids = [sa.bindparam(f"campaign_{number}", type_=sa.Integer) for number in range(campaigns)]
    suppressed = _rows(_SUPPRESSED, Suppression.address_norm).where(Suppression.address_norm.in_([*plain, *hashed]))
    refused = _rows(_REFUSED, Lead.email_norm).where(
        Lead.email_norm.in_(plain), Lead.consent_status == Consent.DNC.value
    )
    off = _rows(_OFF, sa.cast(Campaign.id, sa.String)).where(Campaign.id.in_(ids), sa.not_(Campaign.active))
    return sa.union_all(suppressed, refused, *([off] if campaigns else []))


def parameters(addresses: Sequence[str], campaigns: Sequence[int]) -> dict[str, Any]:
    """What fills in :func:`statement` for as many."""
    return (
        {f"address_{number}": address for number, address in enumerate(addresses)}
        | {f"hash_{number}": address_hash(address) for number, address in enumerate(addresses)}
        | {f"campaign_{number}": campaign for number, campaign in enumerate(campaigns)}
    )


def read(rows: Iterable[tuple[str | None, str]], addresses: Iterable[str]) -> Barred:
    """What the rows of :func:`statement` say; a row without a kind says nothing."""
    found: Mapping[str | None, set[str]] = {_SUPPRESSED: set(), _REFUSED: set(), _OFF: set(), None: set()}
    for kind, value in rows:
        found[kind].add(value)
    suppressed = found[_SUPPRESSED]
    return Barred(
        # Who was erased is suppressed by a hash.
        frozenset(one for one in addresses if suppressed and (one in suppressed or address_hash(one) in suppressed)),
        frozenset(found[_REFUSED]),
        frozenset(int(campaign) for campaign in found[_OFF]),
    )


def _rows(kind: str, value: Any) -> sa.Select[*tuple[Any, ...]]:
    return sa.select(sa.literal_column(f"'{kind}'", sa.String).label("kind"), value.label("value"))

"""Leads from a file into a campaign: each row imported, merged, unchanged or rejected, a chunk in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal, cast

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from workbench.db import insert_fast
from workbench.enums import LeadSource, LeadStatus
from workbench.models import Campaign, Lead
from workbench.services import suppressions
from workbench.services.lead_rows import FILLABLE, RowReader, RowRejected, gained

#: Rows in one transaction: enough to make round trips and commits cheap, few enough that nobody who waits for the
#: write lock notices, and for SQLite's 32,766 parameters.
CHUNK: Final = 5_000

#: Up to so many rows the outcome of each is kept; of a longer file only those merged and rejected, at most so many.
MOST_OUTCOMES: Final = 10_000

Outcome = Literal["imported", "merged", "unchanged", "rejected"]

#: Number, cells, and the lead they make or the reason why they make none.
ReadRow = tuple[int, list[str], dict[str, Any] | str]

_TABLE: Final = cast(sa.Table, Lead.__table__)
_COLUMNS: Final = (*FILLABLE, "consent_status", "enrichment_data")
_NEW: Final = ("email", "email_norm", *_COLUMNS)
_ERASED: Final = "This person was erased on request and is not written to again. Remove the row."


@dataclass
class Tally:
    """What became of the rows."""

    #: imported, merged, unchanged and rejected, each with its number.
    counts: dict[str, int] = field(default_factory=lambda: {"imported": 0, "merged": 0, "unchanged": 0, "rejected": 0})
    #: (row, outcome, reason), in the order of the file.
    outcomes: list[tuple[int, Outcome, str | None]] = field(default_factory=list)
    #: Whether ``outcomes`` is not every row any more.
    shortened: bool = False

    @property
    def rows(self) -> int:
        return sum(self.counts.values())

    def add(self, row: int, outcome: Outcome, reason: str | None = None) -> None:
        self.counts[outcome] += 1
        if not self.shortened and self.rows > MOST_OUTCOMES:
            self.shortened = True
            self.outcomes = [told for told in self.outcomes if told[1] in ("merged", "rejected")]
        if not self.shortened or (outcome in ("merged", "rejected") and len(self.outcomes) < MOST_OUTCOMES):
            self.outcomes.append((row, outcome, reason))


def read(reader: RowReader, rows: Sequence[tuple[int, list[str]]]) -> list[ReadRow]:
    """What each row says. Needs no database, so no lock is held meanwhile."""
    return [(row, cells, _try(reader, cells)) for row, cells in rows]


class LeadImport:
    """One import into one campaign; :meth:`take` a chunk at a time, each in a transaction of its own."""

    def __init__(self, campaign_id: int, source: LeadSource, at: datetime) -> None:
        self._campaign_id = campaign_id
        self._at = at
        self._always = {
            "campaign_id": campaign_id,
            "source": source.value,
            "status": LeadStatus.NEW.value,
            "created_at": at,
            "updated_at": at,
        }
        #: Ids that this import gave in each chunk: above the first number, up to the second.
        self._made: list[tuple[int, int]] = []

    def take(self, session: Session, rows: Sequence[ReadRow]) -> list[tuple[int, Outcome, str | None]]:
        """Import one chunk: one look at what is stored, one INSERT, one UPDATE. Answers each row's outcome. Flushes.

        A row whose address the campaign already has only fills in what that lead misses
        (:func:`.lead_rows.gained`); one that adds nothing leaves the lead untouched, ``updated_at`` included. A
        second row about a person whom this same import brought in is merged with the first. A row about somebody who
        was erased is rejected: they are not to come back by an old list. A suppressed address is imported, and stays
        suppressed.
        """
        # Two imports into one campaign wait for each other, so that neither makes the other's people twice.
        session.execute(sa.select(Campaign.id).where(Campaign.id == self._campaign_id).with_for_update())
        addresses = list({lead["email_norm"] for _, _, lead in rows if not isinstance(lead, str)})
        known = self._known(session, addresses)
        erased = suppressions.erased_among(session, addresses) if suppressions.any_erased(session) else set()
        outcomes: list[tuple[int, Outcome, str | None]] = []
        new: list[dict[str, Any]] = []
        changed: dict[int, dict[str, Any]] = {}
        for row, _, lead in rows:
            if isinstance(lead, str) or lead["email_norm"] in erased:
                outcomes.append((row, "rejected", lead if isinstance(lead, str) else _ERASED))
                continue
            have = known.get(lead["email_norm"])
            if have is None:
                known[lead["email_norm"]] = lead
                new.append(lead)
                outcomes.append((row, "imported", None))
                continue
            changes = gained(have, lead)
            have.update(changes)
            if changes and "id" in have:
                changed[have["id"]] = have
            doubled = self._is_ours(have.get("id"))
            if changes or doubled:
                outcomes.append((row, "merged", _told(changes, doubled)))
            else:
                outcomes.append((row, "unchanged", None))
        self._write(session, new, list(changed.values()))
        return outcomes

    def _is_ours(self, lead_id: int | None) -> bool:
        """Whether this import brought the lead in; one without an id yet is of the chunk at hand."""
        return lead_id is None or any(first < lead_id <= last for first, last in self._made)

    def _known(self, session: Session, addresses: list[str]) -> dict[str, dict[str, Any]]:
        """The campaign's leads with one of these addresses, by address."""
        columns = [_TABLE.c[name] for name in ("id", "email_norm", *_COLUMNS)]
        mine = sa.select(*columns).where(_TABLE.c.campaign_id == self._campaign_id)
        if session.get_bind().dialect.name == "postgresql":
            # Before a new table is first analysed, PostgreSQL would read the whole campaign for an IN list, once a
            # chunk. One row wanted for each address leaves it only the unique index.
            wanted = sa.func.unnest(sa.cast(addresses, ARRAY(sa.Text))).table_valued("address").render_derived()
            one = mine.where(_TABLE.c.email_norm == wanted.c.address).limit(1).correlate(wanted).lateral()
            query = sa.select(one).select_from(wanted.join(one, sa.true()))
        else:
            query = mine.where(_TABLE.c.email_norm.in_(addresses))
        return {row.email_norm: dict(row._mapping) for row in session.execute(query)}

    def _write(self, session: Session, new: list[dict[str, Any]], changed: list[dict[str, Any]]) -> None:
        if new:
            highest = sa.select(sa.func.coalesce(sa.func.max(_TABLE.c.id), 0))
            before = session.scalars(highest).one()
            insert_fast(session, _TABLE, _NEW, [[lead[name] for name in _NEW] for lead in new], self._always)
            self._made.append((before, session.scalars(highest).one()))
        if changed:
            values: dict[str, Any] = {name: sa.bindparam(f"new_{name}") for name in _COLUMNS}
            statement = sa.update(_TABLE).where(_TABLE.c.id == sa.bindparam("lead_id"))
            session.execute(
                statement.values(**values, updated_at=self._at),
                [{"lead_id": lead["id"]} | {f"new_{name}": lead[name] for name in _COLUMNS} for lead in changed],
            )


def _try(reader: RowReader, cells: list[str]) -> dict[str, Any] | str:
    """The lead, or the reason why there is none."""
    try:
        return reader.read(cells)
    except RowRejected as rejected:
        return str(rejected)


def _told(changes: Mapping[str, Any], doubled: bool) -> str:
    """What a merge did, in field names only."""
    names = ", ".join(name.replace("_", " ") for name in changes)
    filled = f"filled in {names}" if names else "it adds nothing"
    return f"The same address as an earlier row: {filled}." if doubled else f"Known already: {filled}."

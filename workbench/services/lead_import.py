"""Leads from a file into a campaign: every row imported, merged, unchanged or rejected, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, Final, Literal, cast

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from workbench.clock import now
from workbench.enums import LeadSource, LeadStatus
from workbench.models import Campaign, Lead
from workbench.services import suppressions
from workbench.services.lead_file import LeadFile
from workbench.services.lead_rows import FILLABLE, RowReader, RowRejected, gained
from workbench.services.rejected_rows import RejectedRows

#: Rows per statement: enough to make round trips cheap, few enough for SQLite's 32,766 parameters.
CHUNK: Final = 2_000

#: Up to so many rows the outcome of each is kept; of a longer file only those merged and rejected, at most so many.
MOST_OUTCOMES: Final = 10_000

Outcome = Literal["imported", "merged", "unchanged", "rejected"]
Progress = Callable[[int, int | None], None]

_TABLE: Final = cast(sa.Table, Lead.__table__)
_COLUMNS: Final = (*FILLABLE, "consent_status", "enrichment_data")


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


def import_rows(
    session: Session,
    campaign: Campaign,
    file: LeadFile,
    reader: RowReader,
    rejects: RejectedRows,
    *,
    source: LeadSource = LeadSource.CSV,
    progress: Progress | None = None,
) -> Tally:
    """Import every row of ``file`` into ``campaign``. Flushes; memory does not grow with the file.

    A row whose address the campaign already has only fills in what that lead misses (:func:`.lead_rows.gained`);
    one that adds nothing leaves the lead untouched, ``updated_at`` included. A second row about a person whom this
    same file brought in is merged with the first. A row about somebody who was erased is rejected: they are not
    to come back by an old list. A suppressed address is imported, and stays suppressed.

    ``progress`` is called after each chunk with the rows done and the rows there are about (lines of the file).
    Raises :class:`LeadFileInvalid` half-way when the file turns out to be unreadable: roll back.
    """
    # Two imports into one campaign wait for each other, so that neither makes the other's people twice.
    session.execute(sa.select(Campaign.id).where(Campaign.id == campaign.id).with_for_update())
    work = _Import(session, campaign.id, source, now())
    rows = file.rows()
    about = max(file.lines - file.header_row, 0)
    while chunk := list(islice(rows, CHUNK)):
        work.take(chunk, reader, rejects)
        if progress is not None:
            progress(work.tally.rows, max(about, work.tally.rows))
    if progress is not None:
        progress(work.tally.rows, work.tally.rows)
    return work.tally


class _Import:
    def __init__(self, session: Session, campaign_id: int, source: LeadSource, at: datetime) -> None:
        self.tally = Tally()
        self._session = session
        self._campaign_id = campaign_id
        self._at = at
        self._always = {
            "campaign_id": campaign_id,
            "source": source.value,
            "status": LeadStatus.NEW.value,
            "created_at": at,
            "updated_at": at,
        }
        newest = sa.select(sa.func.max(Lead.id)).where(Lead.campaign_id == campaign_id)
        self._last_before = session.scalar(newest) or 0
        self._check_erased = suppressions.any_erased(session)

    def take(self, chunk: list[tuple[int, list[str]]], reader: RowReader, rejects: RejectedRows) -> None:
        """Import one chunk: one look at what is stored, one INSERT, one UPDATE."""
        read = [(row, cells, _try(reader, cells)) for row, cells in chunk]
        addresses = list({lead["email_norm"] for _, _, lead in read if not isinstance(lead, str)})
        known = self._known(addresses)
        erased = suppressions.erased_among(self._session, addresses) if self._check_erased else set()
        new: list[dict[str, Any]] = []
        changed: dict[int, dict[str, Any]] = {}
        for row, cells, lead in read:
            if not isinstance(lead, str) and lead["email_norm"] in erased:
                lead = "This person was erased on request and is not written to again. Remove the row."
            if isinstance(lead, str):
                rejects.add(row, cells, lead)
                self.tally.add(row, "rejected", lead)
                continue
            have = known.get(lead["email_norm"])
            if have is None:
                known[lead["email_norm"]] = lead
                new.append(lead)
                self.tally.add(row, "imported")
                continue
            changes = gained(have, lead)
            have.update(changes)
            if changes and "id" in have:
                changed[have["id"]] = have
            # No id yet, or one given since we began: this same file brought the person in.
            doubled = have.get("id", self._last_before + 1) > self._last_before
            if changes or doubled:
                self.tally.add(row, "merged", _told(changes, doubled))
            else:
                self.tally.add(row, "unchanged")
        self._write(new, list(changed.values()))

    def _known(self, addresses: list[str]) -> dict[str, dict[str, Any]]:
        """The campaign's leads with one of these addresses, by address."""
        columns = [_TABLE.c[name] for name in ("id", "email_norm", *_COLUMNS)]
        mine = sa.select(*columns).where(_TABLE.c.campaign_id == self._campaign_id)
        if self._session.get_bind().dialect.name == "postgresql":
            # Before a new table is first analysed, PostgreSQL would read the whole campaign for an IN list, once a
            # chunk. One row wanted for each address leaves it only the unique index.
            wanted = sa.func.unnest(sa.cast(addresses, ARRAY(sa.Text))).table_valued("address").render_derived()
            one = mine.where(_TABLE.c.email_norm == wanted.c.address).limit(1).correlate(wanted).lateral()
            query = sa.select(one).select_from(wanted.join(one, sa.true()))
        else:
            query = mine.where(_TABLE.c.email_norm.in_(addresses))
        return {row.email_norm: dict(row._mapping) for row in self._session.execute(query)}

    def _write(self, new: list[dict[str, Any]], changed: list[dict[str, Any]]) -> None:
        if new:
            self._session.execute(sa.insert(_TABLE), [lead | self._always for lead in new])
        if changed:
            values: dict[str, Any] = {name: sa.bindparam(f"new_{name}") for name in _COLUMNS}
            statement = sa.update(_TABLE).where(_TABLE.c.id == sa.bindparam("lead_id"))
            self._session.execute(
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

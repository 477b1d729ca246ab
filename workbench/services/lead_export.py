"""Leads as a CSV file for a spreadsheet, read and written a thousand at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final, TextIO

import sqlalchemy as sa
from sqlalchemy.orm import Session

from workbench.models import Campaign, Lead, Suppression
from workbench.services import leads
from workbench.services.progress import Progress
from workbench.services.spreadsheet import SpreadsheetWriter

HEADER: Final = (
    *("Name", "First name", "Title", "Company", "Email", "LinkedIn URL", "Consent status", "Suppressed", "Status"),
    *("Campaign", "Source", "Tags", "Score", "Last contact (UTC)", "Last reply (UTC)"),
)
#: What an import of such a file does not read: the workbench knows it itself, or it is another one's.
OWN: Final = frozenset(HEADER[HEADER.index("Suppressed") :])
_CHUNK: Final = 1_000


def write(
    session: Session, to: TextIO, lead_ids: Sequence[int] | None, project_id: int | None, progress: Progress
) -> int:
    """Write these leads (None: all, or all of a project), by id; answers how many. Raises :class:`Cancelled`."""
    out = SpreadsheetWriter(to)
    out.write(HEADER)
    total = len(lead_ids) if lead_ids is not None else leads.count(session, leads.LeadFilter(project_id=project_id))
    written = 0
    for row in _rows(session, lead_ids, project_id):
        out.write(_cell(value) for value in row)
        written += 1
        if written % _CHUNK == 0:
            progress.step(written, total)
    return written


def _rows(session: Session, lead_ids: Sequence[int] | None, project_id: int | None) -> Iterator[Iterable[Any]]:
    suppressed = sa.exists().where(Suppression.address_norm == Lead.email_norm)
    columns: list[Any] = [
        *(Lead.name, Lead.first_name, Lead.title, Lead.company, Lead.email, Lead.linkedin_url, Lead.consent_status),
        suppressed.label("suppressed"),
        Lead.status,
        Campaign.name.label("campaign"),
        *(Lead.source, Lead.tags, Lead.lead_score, Lead.last_contacted_at, Lead.last_replied_at),
    ]
    query = sa.select(*columns).join(Campaign, Campaign.id == Lead.campaign_id).order_by(Lead.id)
    if project_id is not None:
        query = query.where(Campaign.project_id == project_id)
    if lead_ids is None:
        yield from session.execute(query.execution_options(yield_per=_CHUNK))
        return
    for start in range(0, len(lead_ids), _CHUNK):
        yield from session.execute(query.where(Lead.id.in_(lead_ids[start : start + _CHUNK])))


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return ", ".join(map(str, value)) if isinstance(value, list) else value

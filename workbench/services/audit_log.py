"""The record of who did what, read: filtered, newest first, page by page, and as a file for a spreadsheet."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TextIO

import sqlalchemy as sa
from sqlalchemy.orm import Session

from workbench.models import AuditEvent, Project
from workbench.services.spreadsheet import SpreadsheetWriter

HEADER: Final = (
    *("Event", "Time (UTC)", "Who", "Role", "Action", "Entity", "Entity id", "Project", "Batch", "Reason"),
    *("Before", "After"),
)
_CHUNK: Final = 1_000


@dataclass(frozen=True)
class Wanted:
    """Which events; None narrows nothing. ``since`` is part of the range, ``until`` is not."""

    project_id: int | None = None
    entity: str | None = None
    action: str | None = None
    actor: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    #: Stands in the reason, the action, or the actor's name, whatever its case.
    search: str | None = None


def page(session: Session, wanted: Wanted, limit: int, before: int | None = None) -> Sequence[AuditEvent]:
    """The newest ``limit`` events, of those with a lower id than ``before``."""
    query = _narrowed(sa.select(AuditEvent), wanted)
    if before is not None:
        query = query.where(AuditEvent.id < before)
    return session.scalars(query.order_by(AuditEvent.id.desc()).limit(limit)).all()


def write(session: Session, to: TextIO, wanted: Wanted) -> int:
    """Write all of them, newest first, as CSV of which no spreadsheet runs a cell; answers how many."""
    out = SpreadsheetWriter(to)
    out.write(HEADER)
    written = 0
    for row in _rows(session, wanted):
        out.write(_cell(value) for value in row)
        written += 1
    return written


def _rows(session: Session, wanted: Wanted) -> Iterator[Sequence[Any]]:
    columns: list[Any] = [
        *(AuditEvent.id, AuditEvent.at, AuditEvent.actor, AuditEvent.role, AuditEvent.action, AuditEvent.entity),
        *(AuditEvent.entity_id, Project.name, AuditEvent.batch_id, AuditEvent.reason),
        *(AuditEvent.before, AuditEvent.after),
    ]
    query = sa.select(*columns).outerjoin(Project, Project.id == AuditEvent.project_id)
    query = _narrowed(query, wanted).order_by(AuditEvent.id.desc())
    yield from session.execute(query.execution_options(yield_per=_CHUNK))


def _narrowed(query: sa.Select[Any], wanted: Wanted) -> sa.Select[Any]:
    equal = {
        AuditEvent.project_id: wanted.project_id,
        AuditEvent.entity: wanted.entity,
        AuditEvent.action: wanted.action,
        AuditEvent.actor: wanted.actor,
    }
    query = query.where(*(column == value for column, value in equal.items() if value is not None))
    if wanted.since is not None:
        query = query.where(AuditEvent.at >= wanted.since)
    if wanted.until is not None:
        query = query.where(AuditEvent.at < wanted.until)
    if wanted.search is not None:
        fields = (AuditEvent.reason, AuditEvent.action, AuditEvent.actor)
        query = query.where(sa.or_(*(field.icontains(wanted.search, autoescape=True) for field in fields)))
    return query


def _cell(value: object) -> object:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value

"""What there is to see: attention, activity, the board, the timeline, the audit log, the workers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any, TextIO, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from workbench.clock import as_utc
from workbench.db import database_now
from workbench.enums import AttemptStatus, Platform, QueueStatus, Role
from workbench.errors import InputError
from workbench.metrics import changes, views
from workbench.metrics.activity import activity
from workbench.metrics.view import Source
from workbench.models import AuditEvent, WorkerHeartbeat
from workbench.operator_services._edge import as_id, operation, optional_text, source_of
from workbench.operator_services.gateways import get_gateway_status, probe_gateways
from workbench.operator_services.types import (
    ActivityEvent,
    AttentionMetrics,
    AuditRow,
    PipelineProject,
    TimelineRow,
    WorkerRow,
)
from workbench.services import audit_log
from workbench.services.audit_log import Wanted
from workbench.services.projects import get_project
from workbench.services.workers import ALIVE, GONE

__all__ = [
    "export_audit_log",
    "get_activity_feed",
    "get_attention_metrics",
    "get_audit_log",
    "get_changes_token",
    "get_execution_timeline",
    "get_gateway_status",
    "get_projects_pipeline",
    "get_workers",
    "probe_gateways",
]

Kind = TypeVar("Kind", bound=StrEnum)


def get_attention_metrics(
    db: Session, *, project_id: int | None = None, as_of: datetime | None = None
) -> AttentionMetrics:
    """The counts of ``metrics/sql/attention.sql``, for all projects or one. ``as_of`` is aware; default now."""
    with operation(db, Role.VIEWER, write=False):
        row = views.attention(source_of(db), project_id=_project(db, project_id), as_of=as_of)
        return cast(AttentionMetrics, row)  # the view declares these columns, and a test compares them


def get_activity_feed(
    db: Session,
    limit: int = 25,
    *,
    project_id: int | None = None,
    before: str | None = None,
    sources: Iterable[str] | None = None,
    kind: str | None = None,
    as_of: datetime | None = None,
) -> list[ActivityEvent]:
    """What happened, newest first: attempts, contact events, lead searches and audit events.

    For the next page pass the last event's ``cursor`` as ``before``: no event comes twice, and none that was there
    at the first page is skipped. ``sources``: any of attempt, audit, contact, discovery. ``kind``, in their place, is
    one of sent, trouble (failed, or of unknown outcome), replies, contacts, decisions (the audit log) and searches.
    """
    with operation(db, Role.VIEWER, write=False):
        rows = activity(
            _newest_from(db, project_id),
            limit=limit,
            project_id=_project(db, project_id),
            before=before,
            sources=sources,
            kind=kind,
            as_of=as_of,
        )
        return cast(list[ActivityEvent], rows)


def get_projects_pipeline(db: Session) -> list[PipelineProject]:
    """Every project with the counts of its card, by id, in one query (``metrics/sql/pipeline.sql``)."""
    with operation(db, Role.VIEWER, write=False):
        return [_card(row) for row in views.pipeline(source_of(db))]


def get_execution_timeline(
    db: Session,
    project_id: int | None = None,
    limit: int = 50,
    *,
    status: str | None = None,
    platform: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[TimelineRow]:
    """What is planned and what was done, latest first (``metrics/sql/timeline.sql``).

    ``since`` is part of the range, ``until`` is not; both are aware. Raises :class:`InputError` for a status or
    platform there is not.
    """
    statuses = [*QueueStatus, *(one for one in AttemptStatus if one.value not in set(QueueStatus))]
    with operation(db, Role.VIEWER, write=False):
        rows = views.timeline(
            _newest_from(db, project_id),
            project_id=_project(db, project_id),
            limit=limit,
            status=_one_of(statuses, status, "status"),
            platform=_one_of(list(Platform), platform, "platform"),
            since=since,
            until=until,
        )
        return cast(list[TimelineRow], rows)


def get_audit_log(
    db: Session,
    *,
    project_id: int | None = None,
    entity: str | None = None,
    action: str | None = None,
    actor: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    search: str | None = None,
    limit: int = 100,
    before: int | None = None,
) -> list[AuditRow]:
    """Who did what, newest first. For the next page pass the last row's ``id`` as ``before``.

    ``since`` is part of the range, ``until`` is not; both are aware. ``search`` stands in the reason, the action or the
    actor's name. Raises :class:`NotFoundError` for an unknown project, :class:`InputError`.
    """
    with operation(db, Role.VIEWER, write=False):
        wanted = _wanted(db, project_id, entity, action, actor, since, until, search)
        last = None if before is None else as_id(before, "audit event")
        return [_audit_row(event) for event in audit_log.page(db, wanted, views.page_size(limit), last)]


def export_audit_log(
    db: Session,
    *,
    to: TextIO,
    project_id: int | None = None,
    entity: str | None = None,
    action: str | None = None,
    actor: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    search: str | None = None,
) -> int:
    """Write the events that :func:`get_audit_log` would answer, all of them, as CSV; answers how many. For viewers.

    No spreadsheet runs a cell of it. Raises what that raises.
    """
    if not callable(getattr(to, "write", None)):
        raise InputError("Give a text file to write to, for example open('audit-log.csv', 'w', newline='').")
    with operation(db, Role.VIEWER, write=False):
        return audit_log.write(db, to, _wanted(db, project_id, entity, action, actor, since, until, search))


def get_workers(db: Session) -> list[WorkerRow]:
    """The workers that gave a sign lately, those alive first. One that stopped in good order is not shown."""
    with operation(db, Role.VIEWER, write=False):
        at = database_now(db)
        beats = db.scalars(
            sa.select(WorkerHeartbeat)
            .where(WorkerHeartbeat.stopped_at.is_(None), WorkerHeartbeat.beat_at > at - GONE)
            .order_by(WorkerHeartbeat.beat_at.desc(), WorkerHeartbeat.id)
            .execution_options(populate_existing=True)
        )
        return [
            {
                "worker_id": beat.worker_id,
                "host": beat.host,
                "pid": beat.pid,
                "started_at": beat.started_at,
                "beat_at": beat.beat_at,
                "alive": beat.beat_at > at - ALIVE,
                "working_on": beat.working_on,
            }
            for beat in beats
        ]


def get_changes_token(db: Session) -> str:
    """A short text that differs once anything the screens show has changed. One indexed query; cheap to poll.

    Probes and the pulse of workers are no changes.
    """
    with operation(db, Role.VIEWER, write=False):
        return changes.token(db.connection())


def _newest_from(db: Session, project_id: int | None) -> Source:
    """Who answers with the newest rows: an index has them in their order for everybody together, but not by project."""
    return db if project_id is None else source_of(db)


def _project(db: Session, project_id: int | None) -> int | None:
    return None if project_id is None else get_project(db, as_id(project_id, "project")).id


def _wanted(
    db: Session,
    project_id: int | None,
    entity: str | None,
    action: str | None,
    actor: str | None,
    since: datetime | None,
    until: datetime | None,
    search: str | None,
) -> Wanted:
    return Wanted(
        project_id=_project(db, project_id),
        entity=optional_text(entity, "The entity", longest=200),
        action=optional_text(action, "The action", longest=200),
        actor=optional_text(actor, "The actor", longest=200),
        since=as_utc(since) if since else None,
        until=as_utc(until) if until else None,
        search=optional_text(search, "The search", longest=200),
    )


def _one_of(known: list[Kind], value: str | None, what: str) -> str | None:
    if value is not None and value not in known:
        raise InputError(f"{value!r} is not a {what}. Choose one of {', '.join(known)}.")
    return None if value is None else str(value)


def _card(row: dict[str, Any]) -> PipelineProject:
    platforms = [platform.value for platform in Platform if row[platform.value]]
    counts = {name: value for name, value in row.items() if name not in set(Platform)}
    return cast(PipelineProject, {**counts, "platforms": platforms})


def _audit_row(event: AuditEvent) -> AuditRow:
    return {
        "id": event.id,
        "at": event.at,
        "actor": event.actor,
        "role": event.role,
        "action": event.action,
        "entity": event.entity,
        "entity_id": event.entity_id,
        "project_id": event.project_id,
        "batch_id": event.batch_id,
        "reason": event.reason,
        "before": event.before,
        "after": event.after,
    }

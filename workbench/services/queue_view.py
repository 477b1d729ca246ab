"""The queue as a person sees it: each row with its counts and with why it is not going out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from workbench.db import UtcDateTime, database_now
from workbench.enums import AttemptStatus, GatewayState, Mode, Platform, QueueStatus
from workbench.errors import NotConfigured, ScheduleInvalid
from workbench.models import ContentItem, GatewaySetting, Lead, OutreachAttempt, Project, ProjectAccount, QueueRow
from workbench.models.campaigns import OPEN_ATTEMPTS
from workbench.services import gateway_checks
from workbench.services.projects import SIMULATED, choose_account
from workbench.services.rollup import Counts
from workbench.services.safety import settings_row
from workbench.services.schedules import chunks, join_flags
from workbench.services.ways import Ways, live_email_problem
from workbench.services.why import Facts, why
from workbench.services.workers import alive_count


@dataclass(frozen=True)
class QueueEntry:
    """One row, what it belongs to, how far it is and what holds it up."""

    row: QueueRow
    project_id: int
    project: str
    platform: str
    title: str
    counts: Counts
    why: str | None


@dataclass(frozen=True)
class Narrowed:
    """Which rows, or attempts; None narrows nothing. ``since`` is part of the range of their times, ``until`` not."""

    project_id: int | None = None
    platform: str | None = None
    status: Collection[QueueStatus] | None = None
    since: datetime | None = None
    until: datetime | None = None
    #: Only rows that are due since before this moment, in the mode the installation is in.
    due_before: datetime | None = None


def entries(
    session: Session,
    ways: Ways,
    staleness_minutes: int,
    narrowed: Narrowed = Narrowed(),
    *,
    queue_ids: Sequence[int] | None = None,
    limit: int = 100,
    offset: int = 0,
    next_first: bool = False,
) -> list[QueueEntry]:
    """``limit`` rows, the newest by their time first; a fixed number of queries.

    With ``next_first`` what is still to come stands on top, the next one first, and what is over below it.
    """
    query = join_flags(
        sa.select(QueueRow, ContentItem, Project, GatewaySetting, ProjectAccount.account.label("bound"))
    ).outerjoin(
        ProjectAccount,
        sa.and_(ProjectAccount.project_id == Project.id, ProjectAccount.platform == ContentItem.platform),
    )
    query = query.where(*_rows_where(session, narrowed))
    if queue_ids is not None:
        query = query.where(QueueRow.id.in_(queue_ids))
    newest: list[Any] = [QueueRow.scheduled_time.desc(), QueueRow.id.desc()]
    if next_first:
        ahead = QueueRow.status.in_((QueueStatus.QUEUED, QueueStatus.RUNNING, QueueStatus.MISSED))
        newest = [sa.case((ahead, 0), else_=1), sa.case((ahead, QueueRow.scheduled_time)), *newest]
    wanted = query.order_by(*newest).limit(limit).offset(offset)
    rows = session.execute(wanted.execution_options(populate_existing=True)).all()
    counts = _counts(session, [row.QueueRow.id for row in rows])
    installation = _installation(session)
    return [_entry(row, counts.get(row.QueueRow.id, Counts()), installation, ways, staleness_minutes) for row in rows]


def count(session: Session, narrowed: Narrowed) -> int:
    """How many rows there are of these."""
    query = (
        sa.select(sa.func.count()).select_from(QueueRow).join(ContentItem, ContentItem.id == QueueRow.content_item_id)
    )
    return session.scalar(query.where(*_rows_where(session, narrowed))) or 0


def _rows_where(session: Session, narrowed: Narrowed) -> list[sa.ColumnElement[bool]]:
    where = _of_items(narrowed)
    if narrowed.status is not None:
        where.append(QueueRow.status.in_(narrowed.status))
    if narrowed.since is not None:
        where.append(QueueRow.scheduled_time >= narrowed.since)
    if narrowed.until is not None:
        where.append(QueueRow.scheduled_time < narrowed.until)
    if narrowed.due_before is not None:
        due = sa.func.coalesce(QueueRow.next_attempt_at, QueueRow.scheduled_time)
        where += [
            due < sa.bindparam("due_before", narrowed.due_before, UtcDateTime()),
            QueueRow.status == QueueStatus.QUEUED,
        ]
        where.append(QueueRow.mode == settings_row(session).mode)
    return where


def _of_items(narrowed: Narrowed) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    if narrowed.project_id is not None:
        found.append(ContentItem.project_id == narrowed.project_id)
    if narrowed.platform is not None:
        found.append(ContentItem.platform == narrowed.platform)
    return found


def _counts(session: Session, queue_ids: Sequence[int]) -> dict[int, Counts]:
    found: dict[int, dict[str, int]] = {}
    for chunk in chunks(queue_ids):
        grouped = session.execute(
            sa.select(OutreachAttempt.queue_id, OutreachAttempt.status, sa.func.count())
            .where(OutreachAttempt.queue_id.in_(chunk))
            .group_by(OutreachAttempt.queue_id, OutreachAttempt.status)
        )
        for queue_id, status, count in grouped:
            if queue_id is not None:
                found.setdefault(queue_id, {})[status] = count
    return {queue_id: Counts.of(by_status) for queue_id, by_status in found.items()}


def _installation(session: Session) -> dict[str, Any]:
    """What is the same for every row."""
    moment = database_now(session)
    system = settings_row(session)
    checks = gateway_checks.newest(session, moment)
    return {
        "now": moment,
        "installation_mode": Mode(system.mode),
        "system_pause": (system.pause_reason or "") if system.system_paused else None,
        "workers_alive": alive_count(session, moment),
        "down": {key for key, newest in checks.items() if gateway_checks.judge(newest, moment) is GatewayState.DOWN},
    }


def _entry(
    found: Any, counts: Counts, installation: Mapping[str, Any], ways: Ways, staleness_minutes: int
) -> QueueEntry:
    row, item, project, gateway = found.QueueRow, found.ContentItem, found.Project, found.GatewaySetting
    platform = Platform(item.platform)
    shared = {key: value for key, value in installation.items() if key != "down"}
    facts = Facts(
        status=QueueStatus(row.status),
        scheduled_time=row.scheduled_time,
        mode=Mode(row.mode),
        next_attempt_at=row.next_attempt_at,
        last_error=row.last_error,
        lease_expires_at=row.lease_expires_at,
        unknown=counts.unknown,
        staleness_minutes=staleness_minutes,
        gateway_pause=(gateway.reason or "") if gateway is not None and gateway.paused else None,
        project_pause="" if project.paused else None,
        gateway=platform.gateway.label,
        stale=project.approved_strategy_id is None or item.strategy_id != project.approved_strategy_id,
        deleted=item.deleted_at is not None,
        account_problem=_account_problem(row, project, platform, found.bound, ways),
        # In simulation the gateway is not asked, so it does not matter how it is.
        gateway_down=row.mode == Mode.LIVE and (platform.gateway, row.account) in installation["down"],
        **shared,
    )
    return QueueEntry(row, project.id, project.name, item.platform, item.title, counts, why(facts))


def _account_problem(row: QueueRow, project: Project, platform: Platform, bound: str | None, ways: Ways) -> str | None:
    """Why the row cannot go through its account as things are."""
    mode = Mode(row.mode)
    refused = live_email_problem(platform, mode, ways.public_url)
    if refused or row.account == SIMULATED:
        return refused
    if bound is not None and bound != row.account:
        return f"The project speaks through {bound} now, not {row.account}. Cancel it and schedule it again."
    if mode is Mode.SIMULATION:
        return None
    try:
        account = choose_account(project.name, platform, bound, ways.accounts, mode)
    except (NotConfigured, ScheduleInvalid) as error:
        return error.message
    declared = any(one.platform is platform and one.name == row.account for one in ways.accounts)
    if declared or account == row.account:
        return None
    return f"The account {row.account} is not configured any more. Declare it in the accounts file again."


def open_attempts(
    session: Session, status: AttemptStatus, narrowed: Narrowed, *, limit: int = 100, offset: int = 0
) -> Sequence[Any]:
    """The attempts in a state that needs a person (UNKNOWN or FAILED), newest first, with what they belong to."""
    query = (
        sa.select(
            OutreachAttempt,
            ContentItem.title,
            Project.id.label("project_id"),
            Project.name.label("project"),
            Lead.name.label("lead"),
        )
        .join(ContentItem, ContentItem.id == OutreachAttempt.content_item_id)
        .join(Project, Project.id == ContentItem.project_id)
        .outerjoin(Lead, Lead.id == OutreachAttempt.lead_id)
        .where(*_attempts_where(status, narrowed))
        .order_by(OutreachAttempt.attempted_at.desc(), OutreachAttempt.id.desc())
        .limit(limit)
        .offset(offset)
    )
    return session.execute(query.execution_options(populate_existing=True)).all()


def count_open_attempts(session: Session, status: AttemptStatus, narrowed: Narrowed) -> int:
    """How many there are of these."""
    query = sa.select(sa.func.count()).select_from(OutreachAttempt)
    query = query.join(ContentItem, ContentItem.id == OutreachAttempt.content_item_id)
    return session.scalar(query.where(*_attempts_where(status, narrowed))) or 0


def _attempts_where(status: AttemptStatus, narrowed: Narrowed) -> list[sa.ColumnElement[bool]]:
    where = [sa.text(f"cam_outreach_attempts.{OPEN_ATTEMPTS}"), OutreachAttempt.status == status, *_of_items(narrowed)]
    if narrowed.since is not None:
        where.append(OutreachAttempt.attempted_at >= narrowed.since)
    if narrowed.until is not None:
        where.append(OutreachAttempt.attempted_at < narrowed.until)
    return where  # type: ignore[return-value]  # the text is an index's own condition

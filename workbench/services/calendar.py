"""The calendar: what stands on the queue on each of a run of days, a bounded part of every day."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from workbench.enums import QueueStatus
from workbench.models import ContentItem, ContentVersion, Project, QueueRow


@dataclass
class Day:
    """One day of a zone: how many there are, and the first of them."""

    date: date
    total: int = 0
    rows: list[Any] = field(default_factory=list)


def day_starts(first: date, days: int, zone: ZoneInfo) -> list[datetime]:
    """The UTC moments at which ``days`` days of ``zone`` from ``first`` on begin, and that at which the last ends.

    A day that a clock change makes longer or shorter is so here too; one whose midnight is skipped begins when the
    clocks have gone forward, one whose midnight is repeated at the first of the two.
    """
    midnights = (datetime.combine(first + timedelta(days=n), time(), zone) for n in range(days + 1))
    return [midnight.astimezone(UTC) for midnight in midnights]


def day_of(moment: datetime, starts: Sequence[datetime]) -> int:
    """The number of the day, from 0, that ``moment`` falls on; -1 before the first one."""
    return bisect_right(starts, moment) - 1


def days(
    session: Session,
    first: date,
    count: int,
    zone: ZoneInfo,
    *,
    project_id: int | None = None,
    platform: str | None = None,
    per_day: int = 50,
) -> list[Day]:
    """``count`` days of ``zone`` from ``first`` on, each with its first ``per_day`` rows by time.

    One scan of the range by the index on the time. What was cancelled is not on the calendar.
    """
    starts = day_starts(first, count, zone)
    day = sa.case(*((QueueRow.scheduled_time < end, n) for n, end in enumerate(starts[1:])))
    found = (
        sa.select(QueueRow.id, QueueRow.scheduled_time, day.label("day"))
        .join(ContentItem, ContentItem.id == QueueRow.content_item_id)
        .where(
            QueueRow.scheduled_time >= starts[0],
            QueueRow.scheduled_time < starts[-1],
            QueueRow.status != QueueStatus.CANCELLED,
        )
    )
    if project_id is not None:
        found = found.where(ContentItem.project_id == project_id)
    if platform is not None:
        found = found.where(ContentItem.platform == platform)
    part = found.subquery().c
    placed = sa.select(
        part.id,
        part.day,
        sa.func.row_number().over(partition_by=part.day, order_by=(part.scheduled_time, part.id)).label("place"),
        sa.func.count().over(partition_by=part.day).label("total"),
    ).subquery()
    rows = session.execute(
        sa.select(QueueRow, ContentItem.platform, Project.id.label("project_id"), Project.name.label("project"))
        .add_columns(ContentVersion.title, sa.func.substr(ContentVersion.body_text, 1, 80).label("begins"))
        .add_columns(placed.c.day, placed.c.total)
        .join(placed, placed.c.id == QueueRow.id)
        .join(ContentItem, ContentItem.id == QueueRow.content_item_id)
        .join(ContentVersion, ContentVersion.id == QueueRow.content_version_id)
        .join(Project, Project.id == ContentItem.project_id)
        .where(placed.c.place <= per_day)
        .order_by(QueueRow.scheduled_time, QueueRow.id)
        .execution_options(populate_existing=True)
    )
    made = [Day(first + timedelta(days=n)) for n in range(count)]
    for row in rows:
        made[row.day].total = row.total
        made[row.day].rows.append(row)
    return made

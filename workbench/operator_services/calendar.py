"""The calendar of what is scheduled and what was sent."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from workbench.enums import Platform, Role
from workbench.errors import InputError
from workbench.operator_services._edge import as_id, operation, runtime_of
from workbench.operator_services.types import CalendarDay, CalendarItem
from workbench.services import calendar
from workbench.services.projects import get_project
from workbench.services.slots import find_zone

MOST_DAYS: Final = 62
MOST_A_DAY: Final = 500
#: Years that clocks and time zones are known for; far enough from the ends for a month more on either side.
_YEARS: Final = range(1970, 2200)


def get_calendar(
    db: Session,
    first: date | str,
    days: int = 42,
    *,
    project_id: int | None = None,
    platform: str | None = None,
    timezone: str | None = None,
    per_day: int = 50,
) -> list[CalendarDay]:
    """What stands on the queue on each of ``days`` days from ``first`` on: how many, and the first ``per_day``.

    The days are those of ``timezone``: by default the project's, for all projects the installation's. What was
    cancelled is left out. For viewers.

    Raises :class:`NotFoundError` for a project, :class:`ScheduleInvalid` for a time zone and :class:`InputError` for a
    day, a number or a platform that there is not.
    """
    with operation(db, Role.VIEWER, write=False):
        project = get_project(db, as_id(project_id, "project")) if project_id is not None else None
        if platform is not None and platform not in list(Platform):
            raise InputError(f"{platform!r:.80} is not a platform. Choose one of {', '.join(Platform)}.")
        own = project.timezone if project is not None else runtime_of(db).settings.timezone
        found = calendar.days(
            db,
            _day(first),
            _whole(days, "days", MOST_DAYS),
            find_zone(own if timezone is None else timezone),
            project_id=project.id if project is not None else None,
            platform=platform,
            per_day=_whole(per_day, "per_day", MOST_A_DAY),
        )
        return [
            {"date": day.date.isoformat(), "total": day.total, "items": [_item(row) for row in day.rows]}
            for day in found
        ]


def _item(row: Any) -> CalendarItem:
    queued = row.QueueRow
    return {
        "id": queued.id,
        "project_id": row.project_id,
        "project": row.project,
        "platform": row.platform,
        "title": row.title.strip() or row.begins,
        "mode": queued.mode,
        "status": queued.status,
        "scheduled_time": queued.scheduled_time,
        "local_time": queued.local_time,
        "timezone": queued.timezone,
    }


def _day(value: object) -> date:
    found = value
    if isinstance(value, str):
        try:
            found = date.fromisoformat(value.strip())
        except ValueError as error:
            raise InputError(f"{value[:60]!r} is not a day. Write it like 2026-11-20.") from error
    if not isinstance(found, date) or isinstance(found, datetime):
        raise InputError(f"{str(value)[:60]!r} is not a day. Write it like 2026-11-20.")
    if found.year not in _YEARS:
        raise InputError(f"{found} is too far away. Choose a day from {_YEARS[0]} to {_YEARS[-1]}.")
    return found


def _whole(value: object, name: str, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise InputError(f"{name} must be a whole number from 1 to {most}.")
    return value

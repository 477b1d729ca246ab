"""Which days a calendar shows, what stands in them, and what a drop means: plain functions without a screen."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from workbench.enums import Platform
from workbench.errors import ScheduleInvalid
from workbench.operator_services.types import CalendarDay, CalendarItem, QueueItem
from workbench.panels.tower_lines import TONES
from workbench.services.slots import find_zone, resolve

#: Key in the address -> label of the switch. A single day is opened from the others.
VIEWS: Final = {"month": "Month", "week": "Week", "list": "List"}
#: How many items of one day are read for a view; the rest is counted.
MOST_A_DAY: Final = {"month": 3, "week": 50, "day": 300}
MOVABLE: Final = ("QUEUED", "MISSED")
_SIGNS: Final = {
    "QUEUED": "clock",
    "RUNNING": "play",
    "DONE": "check",
    "PARTIAL": "info",
    "FAILED": "error",
    "UNKNOWN": "help",
    "MISSED": "warn",
}
_YEARS: Final = range(1971, 2199)
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class Span:
    """The days of a view; ``title`` names them."""

    first: date
    days: int
    title: str


def span(view: str, anchor: date) -> Span:
    """The days that ``view`` (month, week or day) shows around ``anchor``; weeks begin on Monday."""
    if view == "day":
        return Span(anchor, 1, f"{anchor:%A} {anchor.day} {anchor:%B %Y}")
    if view == "week":
        first = _monday(anchor)
        return Span(first, 7, _from_to(first, first + 6 * _DAY))
    first = _monday(anchor.replace(day=1))
    last = anchor.replace(day=monthrange(anchor.year, anchor.month)[1])
    weeks = ((last - first).days + 7) // 7
    return Span(first, weeks * 7, f"{anchor:%B %Y}")


def turned(view: str, anchor: date, step: int) -> date:
    """The anchor one view further (``step`` 1) or back (-1); a month's is its first day."""
    if view == "month":
        months = anchor.year * 12 + anchor.month - 1 + step
        return date(months // 12, months % 12 + 1, 1)
    return anchor + step * (7 if view == "week" else 1) * _DAY


def read_day(text: str, today: date) -> date:
    """The day that a link names; ``today`` for none, for nonsense, and for years that no calendar needs."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return today
    return found if found.year in _YEARS else today


def day_entries(
    days: Sequence[CalendarDay], view: str, anchor: date, today: date, zone: ZoneInfo, *, may_move: bool
) -> list[dict[str, Any]]:
    """The days as the calendar draws them, each with its items in order of time."""
    return [
        {
            "date": day["date"],
            "number": str(at.day),
            "name": f"{at:%a} {at.day} {at:%b}",
            "long": f"{at:%A} {at.day} {at:%B %Y}",
            "outside": view == "month" and at.month != anchor.month,
            "today": at == today,
            "total": day["total"],
            "items": [item_entry(item, zone, may_move=may_move) for item in _shown(day, view)],
        }
        for day, at in ((day, date.fromisoformat(day["date"])) for day in days)
    ]


def _shown(day: CalendarDay, view: str) -> list[CalendarItem]:
    # "+1 more" would take the line that the one item needs.
    room = MOST_A_DAY[view]
    return day["items"] if day["total"] <= room or view != "month" else day["items"][: room - 1]


def item_entry(item: CalendarItem, zone: ZoneInfo, *, may_move: bool) -> dict[str, Any]:
    """One item on the calendar of ``zone``; ``label`` says all that its colours and signs do."""
    at = item["scheduled_time"].astimezone(zone)
    title = item["title"].strip() or "(no title)"
    status, platform = item["status"], Platform(item["platform"])
    where = f"{platform.label} · {item['project']}"
    return {
        "id": item["id"],
        "at": item["scheduled_time"].isoformat(),
        "time": f"{at:%H:%M}",
        "hour": at.hour,
        "title": title,
        "platform": platform.value,
        "where": f"{where} · {item['mode']}",
        "status": status.lower(),
        "tone": TONES.get(status, ""),
        "sign": _SIGNS.get(status, "info"),
        "movable": may_move and status in MOVABLE,
        "label": f"{at:%H:%M} {title}, {platform.label}, {item['project']}, {status.lower()}",
    }


def new_time(item: QueueItem, zone: ZoneInfo, day: date, hour: int | None) -> datetime:
    """What to ask ``reschedule`` for when ``item`` is dropped on ``day``, at ``hour``, of a calendar of ``zone``.

    On a day it keeps the time of day of its own clock: naive wall time of its zone. At an hour it keeps the minutes;
    where the calendar's zone is not its own, the answer is aware. Raises :class:`ScheduleInvalid` for an hour that the
    calendar's clock skips or repeats.
    """
    own = find_zone(item["timezone"])
    shown = item["scheduled_time"].astimezone(zone)
    if hour is None:
        try:
            return item["scheduled_time"].astimezone(own).replace(tzinfo=None) + (day - shown.date())
        except OverflowError as error:
            raise ScheduleInvalid(f"{day} is too far away. Choose an earlier day.") from error
    wall = datetime.combine(day, time(hour, shown.minute))
    if own.key == zone.key:
        return wall
    slot = resolve(wall, zone)
    if slot.utc is None:
        raise ScheduleInvalid(slot.problem or "")
    return slot.utc


def told(moment: datetime, zone: str) -> str:
    """A moment as a sentence says it: ``Fri 20 Nov 2026, 09:30 Europe/Berlin``."""
    at = moment.astimezone(find_zone(zone))
    return f"{at:%a} {at.day} {at:%b %Y, %H:%M} {zone}"


def _monday(day: date) -> date:
    return day - day.weekday() * _DAY


def _from_to(first: date, last: date) -> str:
    begin = str(first.day)
    if first.month != last.month:
        begin += f" {first:%b}"
    if first.year != last.year:
        begin += f" {first.year}"
    return f"{begin} – {last.day} {last:%b %Y}"

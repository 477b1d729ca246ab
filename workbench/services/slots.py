"""When things go out: an operator's wall time in a zone, and the series of slots of a bulk schedule. Pure."""

from __future__ import annotations

import difflib
import zoneinfo
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import islice
from typing import Any, Final
from zoneinfo import ZoneInfo

from workbench.errors import ScheduleInvalid

KNOWN: Final = ("start", "spacing_minutes", "timezone", "slots", "daily_cap")
SPACING: Final = 60
LONGEST_SPACING: Final = 60 * 24 * 366
_FORMAT: Final = "Write it like 2026-11-20T09:00."


@dataclass(frozen=True)
class Slot:
    """A moment as a person says it and as the queue needs it, or why there is no such moment."""

    #: Naive: the wall clock of the zone.
    local: datetime
    utc: datetime | None
    problem: str | None = None


@dataclass(frozen=True)
class Plan:
    """How a series of slots is laid out. ``start`` is naive wall time of ``zone``, or aware."""

    zone: ZoneInfo
    start: datetime
    spacing: timedelta = timedelta(minutes=SPACING)
    #: Times of day, in order; with them the spacing is not used.
    slots: tuple[time, ...] = ()
    #: At most this many on one local day.
    daily_cap: int | None = None


def find_zone(name: object) -> ZoneInfo:
    """The IANA zone ``name``. Raises :class:`ScheduleInvalid`, suggesting the nearest name."""
    try:
        if not isinstance(name, str) or name not in _zones():
            raise zoneinfo.ZoneInfoNotFoundError
        return ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, OSError, ValueError) as error:
        near = _nearest(str(name))
        hint = f"Did you mean {near}?" if near else "Use an IANA name such as Europe/Berlin or UTC."
        raise ScheduleInvalid(f"There is no time zone {name!r}. {hint}", zone=name, nearest=near) from error


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


def _nearest(name: str) -> str | None:
    folded = {zone.lower(): zone for zone in _zones()}
    cities = {zone.rsplit("/", 1)[-1].lower(): zone for zone in sorted(_zones(), reverse=True) if "/" in zone}
    wanted = name.strip().lower().replace(" ", "_")
    for table in (folded, cities):
        found = difflib.get_close_matches(wanted, table, n=1, cutoff=0.75)
        if found:
            return table[found[0]]
    return None


def read_time(value: object) -> datetime:
    """A wall time from an ISO text or a datetime; aware when it names its own offset.

    Raises :class:`ScheduleInvalid` for anything else.
    """
    moment = value
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value.strip())
        except ValueError as error:
            raise ScheduleInvalid(f"{value[:60]!r} is not a date and time. {_FORMAT}") from error
    if not isinstance(moment, datetime):
        raise ScheduleInvalid(f"{str(value)[:60]!r} is not a date and time. {_FORMAT}")
    return moment.replace(microsecond=0)


def resolve(moment: datetime, zone: ZoneInfo) -> Slot:
    """``moment`` in UTC. A naive one is wall time of ``zone``; an aware one says itself which moment it is.

    A wall time that a clock change skips or repeats comes back with a ``problem`` that names both readings.
    """
    try:
        if moment.tzinfo is not None:
            utc = moment.astimezone(UTC)
            return Slot(utc.astimezone(zone).replace(tzinfo=None), utc)
        first = moment.replace(tzinfo=zone, fold=0)
        second = moment.replace(tzinfo=zone, fold=1)
        before, after = first.utcoffset(), second.utcoffset()
        if before == after:
            return Slot(moment, first.astimezone(UTC))
    except OverflowError:
        return Slot(moment, None, f"{moment.date()} is too far away. Choose an earlier day.")
    assert before is not None
    assert after is not None
    if before > after:
        problem = (
            f"{_show(moment)} happens twice in {zone.key}: the clocks go back. Say which one: "
            f"{first.isoformat(timespec='minutes')} or {second.isoformat(timespec='minutes')}."
        )
    else:
        readings = sorted(reading.astimezone(UTC).astimezone(zone) for reading in (first, second))
        earlier, later = (reading.isoformat(timespec="minutes") for reading in readings)
        problem = (
            f"{_show(moment)} does not exist in {zone.key}: the clocks go forward. Choose {earlier} or {later} instead."
        )
    return Slot(moment, None, problem)


def to_utc(moment: datetime, zone: ZoneInfo, now: datetime) -> Slot:
    """:func:`resolve`, raising :class:`ScheduleInvalid` for a time that is skipped, repeated or past."""
    slot = check_future(resolve(moment, zone), zone, now)
    if slot.problem:
        raise ScheduleInvalid(slot.problem)
    return slot


def check_future(slot: Slot, zone: ZoneInfo, now: datetime) -> Slot:
    """``slot``, with a problem when its moment is past."""
    if slot.utc is None or slot.utc > now:
        return slot
    present = now.astimezone(zone)
    problem = f"{_show(slot.local)} in {zone.key} is past: it is {_show(present)} there. Choose a later time."
    return Slot(slot.local, slot.utc, problem)


def read_params(params: Mapping[str, Any] | None, default_zone: str, now: datetime) -> Plan:
    """The plan that ``params`` describe; without a start, the next full hour (with slots: the next slot).

    Raises :class:`ScheduleInvalid` naming the parameter that is wrong, and for a start that is past, skipped
    or repeated.
    """
    given = dict(params or {})
    unknown = sorted(set(given) - set(KNOWN))
    if unknown:
        raise ScheduleInvalid(f"There is no schedule parameter {', '.join(unknown)}. There are: {', '.join(KNOWN)}.")
    zone = find_zone(given.get("timezone") or default_zone)
    slots = _read_slots(given.get("slots"))
    spacing = _whole(given.get("spacing_minutes"), "spacing_minutes", 0, LONGEST_SPACING)
    cap = _whole(given.get("daily_cap"), "daily_cap", 1, 10_000)
    start = _read_start(given.get("start"), zone, now, with_slots=bool(slots))
    return Plan(zone, start, timedelta(minutes=SPACING if spacing is None else spacing), slots, cap)


def _read_start(value: object, zone: ZoneInfo, now: datetime, *, with_slots: bool) -> datetime:
    if value in (None, ""):
        return _soon(now, zone) if with_slots else next_hour(zone, now)
    start = read_time(value)
    if with_slots:
        # Slots of a day that has begun are taken from now on; only a day that is over is past.
        local = start.astimezone(zone).replace(tzinfo=None) if start.tzinfo else start
        present = _soon(now, zone)
        if local.date() < present.date():
            raise ScheduleInvalid(f"{local.date()} is past: it is {_show(present)} in {zone.key}. Choose a later day.")
        return max(local, present)
    to_utc(start, zone, now)
    return start


def _soon(now: datetime, zone: ZoneInfo) -> datetime:
    return (now + timedelta(seconds=1)).astimezone(zone).replace(tzinfo=None)


def next_hour(zone: ZoneInfo, now: datetime) -> datetime:
    """The next full hour of the wall clock in ``zone`` that happens exactly once, naive."""
    moment = now.astimezone(zone).replace(tzinfo=None, minute=0, second=0, microsecond=0)
    while True:
        moment += timedelta(hours=1)
        slot = resolve(moment, zone)
        if slot.utc is not None and slot.utc > now:
            return moment


def series(plan: Plan, count: int, now: datetime) -> list[Slot]:
    """``count`` slots in order. One that a clock change skips or repeats is there with its problem.

    The arithmetic is done on the wall clock, so "every day at nine" stays nine across a clock change.
    """
    slots = [resolve(moment, plan.zone) for moment in islice(_moments(plan), count)]
    too_far = Slot(plan.start.replace(tzinfo=None), None, "This is too far away. Use a smaller spacing.")
    slots += [too_far] * (count - len(slots))
    if slots and not plan.slots:
        slots[0] = resolve(plan.start, plan.zone)
    return [check_future(slot, plan.zone, now) for slot in slots]


def _moments(plan: Plan) -> Iterator[datetime]:
    start = resolve(plan.start, plan.zone).local
    try:
        yield from _daily(plan, start) if plan.slots else _spaced(plan, start)
    except OverflowError:
        return


def _spaced(plan: Plan, start: datetime) -> Iterator[datetime]:
    moment, today = start, 0
    while True:
        if plan.daily_cap is not None and today >= plan.daily_cap:
            # A full day goes on the next one, at the hour the series began.
            moment, today = datetime.combine(moment.date() + timedelta(days=1), start.time()), 0
        yield moment
        following = moment + plan.spacing
        today = today + 1 if following.date() == moment.date() else 0
        moment = following


def _daily(plan: Plan, start: datetime) -> Iterator[datetime]:
    day: date = start.date()
    while True:
        due = [moment for moment in (datetime.combine(day, at) for at in plan.slots) if moment >= start]
        yield from due[: plan.daily_cap]
        day += timedelta(days=1)


def _read_slots(value: object) -> tuple[time, ...]:
    if value is None or value == "":
        return ()
    if not isinstance(value, list | tuple):
        raise ScheduleInvalid('slots must be a list of times such as ["09:00", "15:00"].')
    times = set()
    for entry in value:
        try:
            at = entry if isinstance(entry, time) else time.fromisoformat(str(entry))
        except ValueError as error:
            raise ScheduleInvalid(f"{str(entry)[:40]!r} is not a time of day. Write it like 09:00.") from error
        times.add(at.replace(tzinfo=None, second=0, microsecond=0))
    return tuple(sorted(times))


def _whole(value: object, name: str, least: int, most: int) -> int | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ScheduleInvalid(f"{name} must be a whole number from {least} to {most:,}, not {str(value)[:40]!r}.")
    return value


def _show(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M")

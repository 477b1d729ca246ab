from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from workbench.errors import ScheduleInvalid
from workbench.panels.calendar_layout import MOST_A_DAY, day_entries, item_entry, new_time, read_day, span, told, turned
from workbench.services.slots import find_zone

BERLIN = find_zone("Europe/Berlin")
TODAY = date(2026, 11, 20)


def on(day: str) -> date:
    return date.fromisoformat(day)


def utc(moment: str) -> datetime:
    return datetime.fromisoformat(moment).replace(tzinfo=UTC)


def item(number: int = 1, at: str = "2026-11-20T08:30", **values: Any) -> Any:
    return {
        "id": number, "project_id": 1, "project": "Launch", "platform": "twitter", "title": "A post",
        "mode": "simulation", "status": "QUEUED", "scheduled_time": utc(at), "timezone": "Europe/Berlin",
        "local_time": "", **values,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("view", "anchor", "first", "last", "title"),
    [
        ("month", "2026-11-20", "2026-10-26", "2026-12-06", "November 2026"),
        # A month that begins on a Monday and has four weeks needs four rows, and one may need six.
        ("month", "2027-02-10", "2027-02-01", "2027-02-28", "February 2027"),
        ("month", "2026-08-31", "2026-07-27", "2026-09-06", "August 2026"),
        ("month", "2026-12-31", "2026-11-30", "2027-01-03", "December 2026"),
        ("month", "2028-02-29", "2028-01-31", "2028-03-05", "February 2028"),
        ("week", "2026-11-20", "2026-11-16", "2026-11-22", "16 – 22 Nov 2026"),
        ("week", "2026-11-16", "2026-11-16", "2026-11-22", "16 – 22 Nov 2026"),
        ("week", "2026-11-30", "2026-11-30", "2026-12-06", "30 Nov – 6 Dec 2026"),
        ("week", "2027-01-03", "2026-12-28", "2027-01-03", "28 Dec 2026 – 3 Jan 2027"),
        ("day", "2026-11-20", "2026-11-20", "2026-11-20", "Friday 20 November 2026"),
    ],
)
def test_a_view_shows_whole_weeks_from_monday_on(view: str, anchor: str, first: str, last: str, title: str) -> None:
    shown = span(view, on(anchor))
    assert (shown.first, shown.first.toordinal() + shown.days - 1) == (on(first), on(last).toordinal())
    assert shown.title == title


@pytest.mark.parametrize(
    ("view", "anchor", "step", "becomes"),
    [
        ("month", "2026-01-31", 1, "2026-02-01"),
        ("month", "2026-12-15", 1, "2027-01-01"),
        ("month", "2027-01-15", -1, "2026-12-01"),
        ("week", "2026-12-28", 1, "2027-01-04"),
        ("week", "2026-11-20", -1, "2026-11-13"),
        ("day", "2026-03-01", -1, "2026-02-28"),
    ],
)
def test_turning_goes_one_view_on(view: str, anchor: str, step: int, becomes: str) -> None:
    assert turned(view, on(anchor), step) == on(becomes)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-12-24", "2026-12-24"),
        ("", "2026-11-20"),
        ("soon", "2026-11-20"),
        ("2026-02-30", "2026-11-20"),
        ("0001-01-01", "2026-11-20"),
        ("9999-12-31", "2026-11-20"),
    ],
)
def test_a_link_to_a_day_that_there_is_not_opens_today(text: str, day: str) -> None:
    assert read_day(text, TODAY) == on(day)


@pytest.mark.parametrize(
    ("at", "zone", "time", "hour"),
    [
        ("2026-11-20T08:30", "Europe/Berlin", "09:30", 9),
        ("2026-11-20T23:05", "Europe/Berlin", "00:05", 0),
        ("2026-11-20T08:30", "America/New_York", "03:30", 3),
        ("2026-11-20T08:30", "Asia/Kathmandu", "14:15", 14),
        # Half past two comes twice on this day.
        ("2026-10-25T00:30", "Europe/Berlin", "02:30", 2),
        ("2026-10-25T01:30", "Europe/Berlin", "02:30", 2),
    ],
)
def test_an_item_stands_at_the_time_that_the_calendars_clock_shows(at: str, zone: str, time: str, hour: int) -> None:
    entry = item_entry(item(at=at), find_zone(zone), may_move=True)
    assert (entry["time"], entry["hour"]) == (time, hour)


@pytest.mark.parametrize("may", [True, False])
@pytest.mark.parametrize("status", ["QUEUED", "MISSED", "RUNNING", "DONE", "PARTIAL", "FAILED", "UNKNOWN"])
def test_only_what_still_waits_can_be_moved_and_every_status_has_a_word_and_a_sign(status: str, may: bool) -> None:
    entry = item_entry(item(status=status), BERLIN, may_move=may)
    assert entry["movable"] == (may and status in ("QUEUED", "MISSED"))
    assert entry["status"] == status.lower()
    assert entry["label"] == f"09:30 A post, X, Launch, {status.lower()}"
    others = {item_entry(item(status=one), BERLIN, may_move=may)["sign"] for one in ("QUEUED", "DONE") if one != status}
    assert entry["sign"] not in others


@pytest.mark.parametrize(("total", "shown"), [(0, 0), (2, 2), (3, 3), (4, 2), (90, 2)])
def test_a_full_day_of_a_month_keeps_a_line_for_saying_how_many_more(total: int, shown: int) -> None:
    read = [item(number) for number in range(min(total, MOST_A_DAY["month"]))]
    days: Any = [{"date": "2026-11-20", "total": total, "items": read}]
    (entry,) = day_entries(days, "month", TODAY, TODAY, BERLIN, may_move=True)
    assert (entry["total"], len(entry["items"])) == (total, shown)


def test_today_and_the_days_of_other_months_are_marked() -> None:
    days: Any = [{"date": day, "total": 0, "items": []} for day in ("2026-10-31", "2026-11-20", "2026-11-21")]
    entries = day_entries(days, "month", TODAY, TODAY, BERLIN, may_move=True)
    assert [entry["outside"] for entry in entries] == [True, False, False]
    assert [entry["today"] for entry in entries] == [False, True, False]
    assert not any(entry["outside"] for entry in day_entries(days, "week", TODAY, TODAY, BERLIN, may_move=True))


@pytest.mark.parametrize(
    ("timezone", "shown_in", "day", "hour", "asks"),
    [
        # Nine o'clock stays nine across a clock change.
        ("Europe/Berlin", "Europe/Berlin", "2027-04-01", None, "2027-04-01T09:30"),
        ("Europe/Berlin", "Europe/Berlin", "2026-11-19", None, "2026-11-19T09:30"),
        # It is nine on its own clock, whatever the calendar's clock shows.
        ("Europe/Berlin", "America/New_York", "2027-04-01", None, "2027-04-01T09:30"),
        # On the calendar of Auckland it stands on its own day as well; on that of Midway a day earlier.
        ("Europe/Berlin", "Pacific/Auckland", "2026-11-22", None, "2026-11-22T09:30"),
        ("Pacific/Auckland", "Pacific/Midway", "2026-11-21", None, "2026-11-22T21:30"),
        # An hour is one of the calendar's clock; the minutes stay.
        ("Europe/Berlin", "Europe/Berlin", "2026-11-23", 14, "2026-11-23T14:30"),
        ("Europe/Berlin", "America/New_York", "2026-11-23", 14, "2026-11-23T19:30+00:00"),
        # That it does not exist on its own clock is for the contract to say.
        ("Europe/Berlin", "Europe/Berlin", "2027-03-28", 2, "2027-03-28T02:30"),
    ],
)
def test_a_drop_on_a_day_keeps_the_time_of_day_and_one_at_an_hour_the_minutes(
    timezone: str, shown_in: str, day: str, hour: int | None, asks: str
) -> None:
    asked = new_time(item(timezone=timezone), find_zone(shown_in), on(day), hour)
    assert asked == datetime.fromisoformat(asks)
    assert (asked.tzinfo is None) == ("+" not in asks)


@pytest.mark.parametrize(
    ("day", "words"), [("2027-03-14", "does not exist in America/New_York"), ("2026-11-01", "happens twice in America")]
)
def test_an_hour_that_the_calendars_clock_skips_or_repeats_is_refused(day: str, words: str) -> None:
    hour = 2 if "03" in day else 1
    with pytest.raises(ScheduleInvalid, match=words):
        new_time(item(), find_zone("America/New_York"), on(day), hour)


def test_a_day_too_far_away_is_refused() -> None:
    with pytest.raises(ScheduleInvalid, match="too far away"):
        new_time(item(timezone="Pacific/Kiritimati"), find_zone("Pacific/Midway"), date.max, None)


def test_a_moment_is_told_with_its_day_and_zone() -> None:
    assert told(utc("2026-11-20T08:30"), "Europe/Berlin") == "Fri 20 Nov 2026, 09:30 Europe/Berlin"

"""Times as people say them: zones, clock changes, series."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import ScheduleInvalid
from workbench.services.slots import (
    Plan,
    find_zone,
    next_hour,
    read_params,
    read_time,
    resolve,
    series,
    to_utc,
)

NOW = datetime(2026, 11, 19, 10, 0, tzinfo=UTC)
BERLIN = find_zone("Europe/Berlin")


@pytest.mark.parametrize(
    ("zone", "local", "utc"),
    [
        ("Europe/Berlin", "2026-11-20T09:00", "2026-11-20T08:00"),
        ("Europe/Berlin", "2026-07-20T09:00", "2026-07-20T07:00"),
        ("America/New_York", "2026-11-20T09:00", "2026-11-20T14:00"),
        ("Asia/Kathmandu", "2026-11-20T09:00", "2026-11-20T03:15"),
        ("UTC", "2026-11-20T09:00", "2026-11-20T09:00"),
        ("Australia/Lord_Howe", "2026-12-01T09:00", "2026-11-30T22:00"),
    ],
)
def test_wall_time_becomes_utc_by_the_zones_own_rules(zone: str, local: str, utc: str) -> None:
    slot = resolve(read_time(local), find_zone(zone))
    assert slot.utc == datetime.fromisoformat(utc).replace(tzinfo=UTC)
    assert slot.local == datetime.fromisoformat(local)


@pytest.mark.parametrize(
    ("zone", "local", "readings"),
    [
        ("Europe/Berlin", "2027-03-28T02:30", ["2027-03-28T01:30+01:00", "2027-03-28T03:30+02:00"]),
        ("America/New_York", "2027-03-14T02:15", ["2027-03-14T01:15-05:00", "2027-03-14T03:15-04:00"]),
        # Lord Howe Island moves its clocks by half an hour only.
        ("Australia/Lord_Howe", "2027-10-03T02:15", ["2027-10-03T01:45+10:30", "2027-10-03T02:45+11:00"]),
    ],
)
def test_a_local_time_that_does_not_exist_is_refused_with_both_readings(
    zone: str, local: str, readings: list[str]
) -> None:
    slot = resolve(read_time(local), find_zone(zone))
    assert slot.utc is None
    assert slot.problem is not None
    assert "does not exist" in slot.problem
    assert all(reading in slot.problem for reading in readings)


@pytest.mark.parametrize(
    ("zone", "local", "readings"),
    [
        ("Europe/Berlin", "2026-10-25T02:30", ["2026-10-25T02:30+02:00", "2026-10-25T02:30+01:00"]),
        ("America/New_York", "2026-11-01T01:30", ["2026-11-01T01:30-04:00", "2026-11-01T01:30-05:00"]),
    ],
)
def test_a_local_time_that_exists_twice_is_refused_with_both_readings(
    zone: str, local: str, readings: list[str]
) -> None:
    slot = resolve(read_time(local), find_zone(zone))
    assert slot.utc is None
    assert slot.problem is not None
    assert "happens twice" in slot.problem
    assert all(reading in slot.problem for reading in readings)


def test_a_reading_that_was_named_can_be_given_back() -> None:
    later = resolve(read_time("2026-10-25T02:30+01:00"), BERLIN)
    assert later.utc == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert later.local == datetime(2026, 10, 25, 2, 30)


@pytest.mark.parametrize("local", ["2026-11-19T10:59", "2020-01-01T00:00", "2026-11-19T11:00"])
def test_a_time_that_is_past_is_refused(local: str) -> None:
    with pytest.raises(ScheduleInvalid, match="is past"):
        to_utc(read_time(local), BERLIN, NOW)


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("Europe/Berln", "Europe/Berlin"),
        ("europe/berlin", "Europe/Berlin"),
        ("Berlin", "Europe/Berlin"),
        ("new york", "America/New_York"),
        ("Xqzzy/Wvvk", None),
        ("", None),
        ("../etc/passwd", None),
        (7, None),
    ],
)
def test_an_unknown_zone_is_refused_with_the_nearest_name(name: object, nearest: str | None) -> None:
    with pytest.raises(ScheduleInvalid, match="There is no time zone") as caught:
        find_zone(name)
    assert caught.value.context["nearest"] == nearest


@pytest.mark.parametrize("value", ["", "soon", "2026-13-01T09:00", "09:00", 5, None, ["2026-11-20"]])
def test_what_is_no_time_is_refused_with_an_example(value: object) -> None:
    with pytest.raises(ScheduleInvalid, match="2026-11-20T09:00"):
        read_time(value)


@pytest.mark.parametrize(
    ("params", "named"),
    [
        ({"begin": "2026-11-20T09:00"}, "begin"),
        ({"spacing_minutes": -1}, "spacing_minutes"),
        ({"spacing_minutes": 1.5}, "spacing_minutes"),
        ({"spacing_minutes": True}, "spacing_minutes"),
        ({"daily_cap": 0}, "daily_cap"),
        ({"daily_cap": "3"}, "daily_cap"),
        ({"slots": "09:00"}, "slots"),
        ({"slots": ["9 o'clock"]}, "9 o'clock"),
        ({"timezone": "Mars/Base"}, "Mars/Base"),
        ({"start": "2026-11-19T09:00"}, "past"),
        ({"start": "2026-11-18T09:00", "slots": ["09:00"]}, "past"),
        ({"start": "2027-03-28T02:30"}, "does not exist"),
    ],
)
def test_a_wrong_parameter_is_named(params: dict[str, object], named: str) -> None:
    with pytest.raises(ScheduleInvalid, match=named):
        read_params(params, "Europe/Berlin", NOW)


def _locals(plan: Plan, count: int) -> list[str]:
    return [slot.local.strftime("%d %H:%M") for slot in series(plan, count, NOW)]


def test_without_parameters_it_starts_at_the_next_full_hour_hourly() -> None:
    plan = read_params(None, "Europe/Berlin", NOW)
    assert _locals(plan, 3) == ["19 12:00", "19 13:00", "19 14:00"]


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        (
            {"start": "2026-11-20T09:00", "spacing_minutes": 90},
            ["20 09:00", "20 10:30", "20 12:00", "20 13:30", "20 15:00"],
        ),
        (
            {"start": "2026-11-20T09:00", "spacing_minutes": 90, "daily_cap": 2},
            ["20 09:00", "20 10:30", "21 09:00", "21 10:30", "22 09:00"],
        ),
        (
            {"start": "2026-11-20T22:00", "spacing_minutes": 90, "daily_cap": 3},
            ["20 22:00", "20 23:30", "21 01:00", "21 02:30", "21 04:00"],
        ),
        (
            {"start": "2026-11-20T12:00", "slots": ["15:00", "09:00"]},
            ["20 15:00", "21 09:00", "21 15:00", "22 09:00", "22 15:00"],
        ),
        (
            {"start": "2026-11-20T09:00", "slots": ["09:00", "12:00", "15:00"], "daily_cap": 2},
            ["20 09:00", "20 12:00", "21 09:00", "21 12:00", "22 09:00"],
        ),
        # Ten o'clock UTC is eleven in Berlin: today's nine o'clock is over.
        ({"slots": ["09:00", "12:00"]}, ["19 12:00", "20 09:00", "20 12:00", "21 09:00", "21 12:00"]),
        # What is left of a day that has begun; a slot of this very moment is over.
        (
            {"start": "2026-11-19T08:00", "slots": ["09:00", "11:00", "12:00"]},
            ["19 12:00", "20 09:00", "20 11:00", "20 12:00", "21 09:00"],
        ),
        ({"slots": ["11:00"]}, ["20 11:00", "21 11:00", "22 11:00", "23 11:00", "24 11:00"]),
        ({"start": "2026-11-20T09:00", "spacing_minutes": 0}, ["20 09:00"] * 5),
    ],
)
def test_a_series_follows_its_parameters(params: dict[str, object], expected: list[str]) -> None:
    assert _locals(read_params(params, "Europe/Berlin", NOW), 5) == expected


def test_a_series_that_meets_a_clock_change_names_the_item_and_keeps_the_hour() -> None:
    plan = read_params({"start": "2027-03-27T02:30", "spacing_minutes": 60 * 24}, "Europe/Berlin", NOW)
    before, within, after = series(plan, 3, NOW)
    assert before.problem is None
    assert within.problem is not None
    assert "does not exist" in within.problem
    assert after.utc == datetime(2027, 3, 29, 0, 30, tzinfo=UTC)


def test_a_series_that_leaves_the_calendar_says_so_instead_of_failing() -> None:
    plan = Plan(BERLIN, datetime(9999, 12, 30, 9), timedelta(days=1))
    slots = series(plan, 5, NOW)
    assert len(slots) == 5
    assert slots[-1].problem is not None
    assert "too far" in slots[-1].problem


def test_the_next_hour_is_never_one_that_happens_twice() -> None:
    just_before = datetime(2026, 10, 24, 23, 30, tzinfo=UTC)  # 01:30 in Berlin, summer time
    assert next_hour(BERLIN, just_before) == datetime(2026, 10, 25, 3, 0)


_ZONES = st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"])
_MOMENTS = st.datetimes(min_value=datetime(2026, 11, 20), max_value=datetime(2030, 1, 1))


@given(_ZONES, _MOMENTS)
def test_a_moment_survives_the_way_to_utc_and_back_or_is_refused(name: str, moment: datetime) -> None:
    zone = find_zone(name)
    slot = resolve(moment, zone)
    back = moment.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None)
    if slot.utc is None:
        assert (
            back != moment or moment.replace(tzinfo=zone, fold=1).utcoffset() != moment.replace(tzinfo=zone).utcoffset()
        )
    else:
        assert slot.utc.astimezone(zone).replace(tzinfo=None) == moment == back


@given(
    _ZONES,
    _MOMENTS,
    st.integers(0, 2000),
    st.lists(st.times(min_value=time(0, 0), max_value=time(23, 59)), max_size=4),
    st.one_of(st.none(), st.integers(1, 4)),
    st.integers(1, 40),
)
def test_a_series_is_whole_in_order_and_within_its_daily_cap(
    name: str, start: datetime, spacing: int, slots: list[time], cap: int | None, count: int
) -> None:
    times = tuple(sorted({at.replace(second=0, microsecond=0) for at in slots}))
    plan = Plan(find_zone(name), start, timedelta(minutes=spacing), times, cap)
    made = [slot.local for slot in series(plan, count, NOW)]
    assert len(made) == count
    assert made == sorted(made)
    assert made[0] >= start
    if times or spacing:
        assert len(set(made)) == count
    if cap is not None:
        per_day = [sum(1 for moment in made if moment.date() == day) for day in {m.date() for m in made}]
        assert max(per_day) <= cap

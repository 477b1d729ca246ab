"""Which days there are in a zone, and which of them a moment falls on."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.services.calendar import day_of, day_starts
from workbench.services.slots import find_zone

BERLIN = "Europe/Berlin"


@pytest.mark.parametrize(
    ("zone", "first", "moment", "day"),
    [
        ("UTC", "2026-11-20", "2026-11-20T00:00", 0),
        ("UTC", "2026-11-20", "2026-11-19T23:59:59", -1),
        (BERLIN, "2026-11-20", "2026-11-19T23:00", 0),
        (BERLIN, "2026-11-20", "2026-11-20T22:59:59", 0),
        (BERLIN, "2026-11-20", "2026-11-20T23:00", 1),
        ("America/Los_Angeles", "2026-11-20", "2026-11-21T07:59", 0),
        ("America/Los_Angeles", "2026-11-20", "2026-11-21T08:00", 1),
        ("Pacific/Kiritimati", "2026-11-20", "2026-11-19T10:00", 0),
        ("Asia/Kathmandu", "2026-11-20", "2026-11-20T18:14:59", 0),
        ("Asia/Kathmandu", "2026-11-20", "2026-11-20T18:15", 1),
        # The clocks go back during the 25th: its second 02:30, and the last minute of a day of 25 hours.
        (BERLIN, "2026-10-25", "2026-10-25T01:30", 0),
        (BERLIN, "2026-10-25", "2026-10-25T22:59", 0),
        # Forward at midnight: the 5th of September 2027 begins at one o'clock in Santiago.
        ("America/Santiago", "2027-09-05", "2027-09-05T03:59", -1),
        ("America/Santiago", "2027-09-05", "2027-09-05T04:00", 0),
        # Back at midnight: the hour from 23:00 comes twice, and both belong to the 3rd of April.
        ("America/Santiago", "2027-04-03", "2027-04-04T03:30", 0),
        # Samoa left out a whole day.
        ("Pacific/Apia", "2011-12-29", "2011-12-30T09:59", 0),
        ("Pacific/Apia", "2011-12-29", "2011-12-30T10:00", 2),
    ],
)
def test_a_moment_falls_on_the_day_that_the_zones_own_clock_shows(zone: str, first: str, moment: str, day: int) -> None:
    starts = day_starts(date.fromisoformat(first), 7, find_zone(zone))
    assert day_of(datetime.fromisoformat(moment).replace(tzinfo=UTC), starts) == day


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        (BERLIN, "2026-10-25", 25),
        (BERLIN, "2027-03-28", 23),
        (BERLIN, "2026-11-20", 24),
        ("Australia/Lord_Howe", "2027-10-03", 23.5),
        ("America/Santiago", "2027-09-05", 23),
        ("America/Santiago", "2027-04-03", 25),
        ("Pacific/Apia", "2011-12-30", 0),
    ],
)
def test_a_day_is_as_long_as_its_clock_makes_it(zone: str, day: str, hours: float) -> None:
    start, end = day_starts(date.fromisoformat(day), 1, find_zone(zone))
    assert (end - start) / timedelta(hours=1) == hours


@given(
    st.sampled_from(["UTC", BERLIN, "America/Santiago", "America/Havana", "Asia/Kathmandu", "Australia/Lord_Howe"]),
    st.datetimes(datetime(2000, 1, 1), datetime(2037, 1, 1), timezones=st.just(UTC)),
)
def test_every_moment_falls_on_its_local_date(zone: str, moment: datetime) -> None:
    local = moment.astimezone(find_zone(zone)).date()
    starts = day_starts(local - timedelta(days=3), 7, find_zone(zone))
    assert day_of(moment, starts) == 3

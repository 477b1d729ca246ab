"""What the charts draw, read from their tables and figures: no browser."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from bokeh.models import ColumnDataSource, HoverTool

from workbench.metrics.frames import from_rows
from workbench.metrics.views import DELIVERY, FUNNEL, QUEUE_AHEAD
from workbench.panels import plots
from workbench.panels.figures import percent, take_over

BERLIN, KOLKATA = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Kolkata")
AT = datetime(2026, 11, 19, 10, 20, tzinfo=UTC)


def delivered(*rows: tuple[str, str, int, int, int]) -> pd.DataFrame:
    """Rows of the view: hour, platform, sent, failed, unknown."""
    return from_rows(
        DELIVERY.columns,
        [
            {"hour": pd.Timestamp(hour, tz=UTC), "platform": platform, "gateway": platform, "sent": sent,
             "failed": failed, "unknown": unknown}
            for hour, platform, sent, failed, unknown in rows
        ],
    )  # fmt: skip


def waiting(*rows: tuple[str, str, int, int]) -> pd.DataFrame:
    return from_rows(
        QUEUE_AHEAD.columns,
        [
            {"hour": pd.Timestamp(hour, tz=UTC), "platform": platform, "items": items, "overdue": overdue}
            for hour, platform, items, overdue in rows
        ],
    )


def stages(*leads: int) -> pd.DataFrame:
    names = ("entered", "contacted", "replied", "qualified", "routed")
    rows = [
        {"step": n, "stage": name, "leads": count} for n, (name, count) in enumerate(zip(names, leads, strict=True), 1)
    ]
    return from_rows(FUNNEL.columns, rows)


def drawn(chart: plots.Chart) -> dict[str, Any]:
    source = chart.figure.select_one({"type": ColumnDataSource})
    assert isinstance(source, ColumnDataSource)
    return {name: list(values) for name, values in source.data.items()}


@pytest.mark.parametrize(
    ("days", "zone", "first", "bars", "begins"),
    [
        (1, BERLIN, datetime(2026, 11, 18, 11, tzinfo=UTC), 24, "2026-11-18 12:00"),
        (7, BERLIN, datetime(2026, 11, 12, 11, tzinfo=UTC), 168, "2026-11-12 12:00"),
        (30, BERLIN, datetime(2026, 10, 20, 22, tzinfo=UTC), 30, "2026-10-21"),
        (30, KOLKATA, datetime(2026, 10, 20, 18, 30, tzinfo=UTC), 30, "2026-10-21"),
    ],
)
def test_a_look_back_is_of_whole_hours_or_of_whole_days_of_its_zone(
    days: int, zone: ZoneInfo, first: datetime, bars: int, begins: str
) -> None:
    window = plots.look_back(AT, days, zone)
    assert (window.first, window.last) == (first, AT)
    assert (len(window.starts), window.starts[0]) == (bars, pd.Timestamp(begins))


def test_a_look_ahead_begins_with_this_hour_and_ends_with_a_whole_one() -> None:
    window = plots.look_ahead(AT, 7, BERLIN)
    assert (window.first, len(window.starts)) == (AT.replace(minute=0), 168)
    assert window.last == AT.replace(minute=0) + timedelta(days=7, microseconds=-1)
    days = plots.look_ahead(AT, 30, BERLIN)
    assert (len(days.starts), days.starts[0], days.starts[-1]) == (
        30, pd.Timestamp("2026-11-19"), pd.Timestamp("2026-12-18"),
    )  # fmt: skip


def test_delivery_has_a_bar_for_every_hour_and_its_numbers_by_platform() -> None:
    frame = delivered(("2026-11-19 08:00", "email", 3, 1, 0), ("2026-11-19 08:00", "twitter", 2, 0, 4))
    chart = plots.delivery(frame, plots.look_back(AT, 1, BERLIN))
    assert len(chart.table) == 24
    (row,) = plots.cells(chart)[1]
    assert plots.cells(chart)[0] == ["When", "LinkedIn", "X", "Email", "Failed", "Unknown"]
    assert row == ["2026-11-19 09:00", "0", "2", "3", "1", "4"]
    assert chart.summary == "5 sent, 1 failed, 4 unknown in the last 24 hours, by hour, Europe/Berlin time."
    values = drawn(chart)
    at = values["label"].index("Thu 19 Nov 2026, 09:00")
    assert [values[key][at] for key in ("linkedin", "twitter", "email", "failed", "unknown", "total")] == [
        0, 2, 3, 1, 4, 10,
    ]  # fmt: skip


def test_the_numbers_of_a_day_are_those_of_the_day_of_the_zone() -> None:
    frame = delivered(
        ("2026-11-17 22:00", "email", 1, 0, 0), ("2026-11-17 23:00", "email", 10, 0, 0),
        ("2026-11-18 22:00", "email", 100, 0, 0),
    )  # fmt: skip
    table = plots.delivery(frame, plots.look_back(AT, 30, BERLIN)).table.set_index("When")["Email"]
    assert (table["2026-11-17"], table["2026-11-18"], table.sum()) == (1, 110, 111)


def test_an_hour_that_the_clock_repeats_holds_both() -> None:
    at = datetime(2026, 10, 25, 10, tzinfo=UTC)
    frame = delivered(("2026-10-25 00:00", "email", 1, 0, 0), ("2026-10-25 01:00", "email", 2, 0, 0))
    chart = plots.delivery(frame, plots.look_back(at, 1, BERLIN))
    assert len(chart.table) == 23
    assert plots.cells(chart)[1] == [["2026-10-25 02:00", "0", "0", "3", "0", "0"]]


@pytest.mark.parametrize(
    ("zone", "hour"),
    [(KOLKATA, "2026-11-19 13:30"), (BERLIN, "2026-11-19 09:00"), (ZoneInfo("UTC"), "2026-11-19 08:00")],
)
def test_hours_are_told_in_the_zone_also_where_it_is_half_an_hour_off(zone: ZoneInfo, hour: str) -> None:
    chart = plots.delivery(delivered(("2026-11-19 08:00", "email", 1, 0, 0)), plots.look_back(AT, 1, zone))
    assert [row[0] for row in plots.cells(chart)[1]] == [hour]


def test_success_is_the_sent_share_of_what_ended_and_a_gap_where_nothing_did() -> None:
    frame = delivered(("2026-11-18 09:00", "email", 3, 1, 0), ("2026-11-18 11:00", "email", 0, 0, 4))
    chart = plots.success(frame, plots.look_back(AT, 30, BERLIN, hourly_up_to=1))
    shares = chart.table.set_index("When")["Email"]
    assert shares["2026-11-18"] == 3 / 8
    assert shares.isna().sum() == 29
    assert "Email 37.5 %" in chart.summary
    assert "LinkedIn" not in chart.summary
    values = drawn(chart)
    assert [told for told in values["told_email"] if told != "nothing ended"] == ["37.5 %, 3 of 8"]


def test_the_queue_ahead_shows_what_is_overdue_apart() -> None:
    frame = waiting(("2026-11-19 10:00", "email", 5, 2), ("2026-11-20 08:00", "linkedin", 1, 0))
    chart = plots.queue_ahead(frame, plots.look_ahead(AT, 7, BERLIN))
    assert plots.cells(chart)[1] == [
        ["2026-11-19 11:00", "0", "0", "3", "2"], ["2026-11-20 09:00", "1", "0", "0", "0"],
    ]  # fmt: skip
    assert chart.summary.startswith("6 items wait to go out in the next 7 days, 2 overdue")


def test_the_funnel_tells_each_stage_and_its_share_of_the_one_before() -> None:
    chart = plots.funnel(stages(1000, 400, 40, 0, 0))
    assert plots.cells(chart)[1] == [
        ["Entered", "1,000", ""], ["Contacted", "400", "40 %"], ["Replied", "40", "10 %"],
    ]  # fmt: skip
    assert chart.figure.y_range.factors[-1] == "Entered: 1,000"


@pytest.mark.parametrize(
    ("chart", "says"),
    [
        (plots.delivery(delivered(), plots.look_back(AT, 7, BERLIN)), "Nothing was sent in the last 7 days."),
        (plots.success(delivered(), plots.look_back(AT, 1, BERLIN)), "Nothing was sent in the last 24 hours."),
        (plots.queue_ahead(waiting(), plots.look_ahead(AT, 7, BERLIN)), "Nothing is due in the next 7 days."),
        (plots.funnel(stages(0, 0, 0, 0, 0)), "There are no leads yet."),
    ],
    ids=lambda value: value.key if isinstance(value, plots.Chart) else "",
)
def test_a_chart_of_nothing_says_so_and_has_an_empty_table(chart: plots.Chart, says: str) -> None:
    assert chart.empty.startswith(says)
    assert plots.cells(chart)[1] == []


def test_a_chart_that_is_on_the_screen_takes_over_new_numbers_without_being_drawn_anew() -> None:
    window = plots.look_back(AT, 7, BERLIN)
    shown = plots.delivery(delivered(("2026-11-19 08:00", "email", 3, 0, 0)), window)
    later = plots.look_back(AT + timedelta(hours=1), 7, BERLIN)
    new = plots.delivery(delivered(("2026-11-19 08:00", "email", 900, 0, 0)), later)
    take_over(shown.figure, new.figure)
    assert drawn(shown) == drawn(new)
    assert shown.figure.y_range.end == new.figure.y_range.end > 900
    assert shown.figure.x_range.start == new.figure.x_range.start
    before, after = plots.funnel(stages(9, 3, 1, 0, 0)), plots.funnel(stages(10, 3, 1, 0, 0))
    take_over(before.figure, after.figure)
    assert before.figure.y_range.factors == after.figure.y_range.factors


def test_the_exact_numbers_are_told_wherever_a_column_is_touched() -> None:
    chart = plots.delivery(delivered(("2026-11-19 08:00", "email", 3, 0, 0)), plots.look_back(AT, 7, BERLIN))
    (hover,) = chart.figure.select({"type": HoverTool})
    assert (hover.mode, len(hover.renderers)) == ("vline", 1)
    assert ("Email", "@email{0,0}") in hover.tooltips


@pytest.mark.parametrize(
    ("share", "words"), [(1.0, "100 %"), (0.9999, "99.9 %"), (0.5, "50 %"), (0.0, "0 %"), (0.29, "29 %")]
)
def test_a_share_is_rounded_down_so_that_almost_all_is_not_all(share: float, words: str) -> None:
    assert percent(share) == words

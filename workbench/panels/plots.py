"""Pictures of the metric views: plain functions from a view's frame to a figure, its numbers, and what they say.

Times are wall times of one zone; an hour that its clock repeats holds both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

import pandas as pd
from bokeh.plotting import figure

from workbench.clock import as_utc
from workbench.enums import Platform
from workbench.panels import figures
from workbench.panels.figures import LABELS, percent

_HOUR: Final = timedelta(hours=1)
_MOMENT: Final = timedelta(microseconds=1)
By = Literal["hour", "day"]


@dataclass(frozen=True, eq=False)
class Chart:
    """One picture and what is behind it.

    ``table`` has a row for every bar or point, ``When`` as naive wall time of the chart's zone, shares from 0 to 1.
    ``empty`` says why there is nothing to see; it is empty when there is something.
    """

    key: str
    title: str
    summary: str
    table: pd.DataFrame
    figure: figure
    empty: str = ""


@dataclass(frozen=True)
class Window:
    """Whole hours or days of ``zone``: the moments ``first`` and ``last`` (both within, UTC), and its bars' starts."""

    first: datetime
    last: datetime
    by: By
    zone: ZoneInfo
    days: int

    @property
    def starts(self) -> pd.DatetimeIndex:
        """When each bar begins, naive wall time."""
        hours = pd.date_range(pd.Timestamp(self.first).floor("h"), self.last, freq="h")
        return pd.DatetimeIndex(self.start_of(pd.Series(hours)).unique())

    def start_of(self, hours: pd.Series[Any]) -> pd.Series[Any]:
        """The bar that each aware hour belongs to. Where a zone is half an hour off, a day begins at its first hour."""
        first = pd.Timestamp(self.first).as_unit("us")
        wall: pd.Series[Any] = hours.where(hours >= first, first).dt.tz_convert(self.zone).dt.tz_localize(None)
        return wall.dt.normalize() if self.by == "day" else wall

    @property
    def width(self) -> timedelta:
        return timedelta(days=1) if self.by == "day" else _HOUR

    @property
    def words(self) -> str:
        return f"by {self.by}, {self.zone.key} time"


def look_back(as_of: datetime, days: int, zone: ZoneInfo, *, hourly_up_to: int = 7) -> Window:
    """The last ``days`` days up to ``as_of``: by hour when they are few, else by day of ``zone``."""
    at = as_utc(as_of)
    if days <= hourly_up_to:
        return Window(_hour(at) - timedelta(hours=24 * days - 1), at, "hour", zone, days)
    first = at.astimezone(zone).date() - timedelta(days=days - 1)
    return Window(_midnight(first, zone), at, "day", zone, days)


def look_ahead(as_of: datetime, days: int, zone: ZoneInfo, *, hourly_up_to: int = 7) -> Window:
    """The next ``days`` days from ``as_of`` on: by hour when they are few, else by day of ``zone``."""
    at = as_utc(as_of)
    if days <= hourly_up_to:
        return Window(_hour(at), _hour(at) + timedelta(days=days) - _MOMENT, "hour", zone, days)
    today = at.astimezone(zone).date()
    end = _midnight(today + timedelta(days=days), zone)
    return Window(_midnight(today, zone), end - _MOMENT, "day", zone, days)


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def _midnight(day: Any, zone: ZoneInfo) -> datetime:
    return as_utc(datetime.combine(day, time.min, zone))


def delivery(frame: pd.DataFrame, window: Window) -> Chart:
    """What was sent by platform, and what failed or is unknown on top: of ``metrics.delivery`` in ``window``."""
    sent = _spread(frame, "sent", window)
    ended = frame.assign(when=window.start_of(frame["hour"])).groupby("when")[["failed", "unknown"]].sum()
    table = sent.join(ended.reindex(sent.index, fill_value=0)).astype("int64")
    keys = list(table.columns)
    totals = {name: int(frame[name].sum()) for name in ("sent", "failed", "unknown")}
    told = ", ".join(f"{number:,} {name}" for name, number in totals.items())
    return Chart(
        "delivery",
        "Delivery by hour and platform" if window.by == "hour" else "Delivery by day and platform",
        f"{told} in {_last(window)}, {window.words}.",
        _named(table, keys),
        figures.stack(table, keys, window.width),
        "" if any(totals.values()) else f"Nothing was sent in {_last(window)}.",
    )


def success(frame: pd.DataFrame, window: Window) -> Chart:
    """The share that was sent of what ended, by platform: of ``metrics.delivery`` in ``window``."""
    ended = frame.assign(ended=frame["sent"] + frame["failed"] + frame["unknown"])
    sent, all_ = _spread(ended, "sent", window), _spread(ended, "ended", window)
    shares = sent / all_.where(all_ > 0)
    used = [key for key in shares.columns if shares[key].notna().any()]
    rates = {key: sent[key].sum() / all_[key].sum() for key in used}
    told = ", ".join(f"{LABELS[key]} {percent(rate)}" for key, rate in rates.items())
    named: dict[str, Any] = {"When": shares.index}
    for key in shares.columns:
        named |= {LABELS[key]: shares[key].to_numpy(), f"{LABELS[key]}: ended": all_[key].to_numpy()}
    return Chart(
        "success",
        "Success rate over time",
        f"Sent of what ended in {_last(window)}: {told}; {window.words}." if told else "",
        pd.DataFrame(named),
        figures.lines(shares, sent, all_, window.width),
        "" if used else f"Nothing was sent in {_last(window)}.",
    )


def queue_ahead(frame: pd.DataFrame, window: Window) -> Chart:
    """What waits to go out by platform, the overdue apart: of ``metrics.queue_ahead`` in ``window``."""
    waiting = _spread(frame.assign(waiting=frame["items"] - frame["overdue"]), "waiting", window)
    late = frame.assign(when=window.start_of(frame["hour"])).groupby("when")["overdue"].sum()
    table = waiting.assign(overdue=late.reindex(waiting.index, fill_value=0)).astype("int64")
    keys = list(table.columns)
    items, overdue = int(frame["items"].sum()), int(frame["overdue"].sum())
    days = "24 hours" if window.days == 1 else f"{window.days} days"
    waits = "1 item waits" if items == 1 else f"{items:,} items wait"
    return Chart(
        "queue_ahead",
        "Queue ahead",
        f"{waits} to go out in the next {days}, {overdue:,} overdue; {window.words}.",
        _named(table, keys),
        figures.stack(table, keys, window.width),
        "" if items else f"Nothing is due in the next {days}. Approve and schedule in the Gallery.",
    )


def funnel(frame: pd.DataFrame) -> Chart:
    """How far leads have come, and which share of the stage before: of ``metrics.funnel``."""
    leads = [int(number) for number in frame["leads"]]
    before = [None, *leads[:-1]]
    shares = [number / above if above else None for number, above in zip(leads, before, strict=True)]
    stages = [stage.capitalize() for stage in frame["stage"]]
    table = pd.DataFrame(
        {"Stage": stages, "Leads": leads, "Of the stage before": pd.Series(shares, dtype="float64")},
    )
    told = ", ".join(f"{number:,} {stage.lower()}" for stage, number in zip(stages, leads, strict=True))
    return Chart(
        "funnel",
        "Funnel of leads",
        f"{told}.",
        table,
        figures.funnel(stages, leads, shares),
        "" if leads and leads[0] else "There are no leads yet. Import some on the Leads page.",
    )


def cells(chart: Chart) -> tuple[list[str], list[list[str]]]:
    """The table as text, headers and rows: only rows in which there is something."""
    numbers = chart.table.select_dtypes("number")
    kept = chart.table[(numbers.fillna(0) != 0).any(axis=1)]
    rows = [[_cell(value) for value in row] for row in kept.itertuples(index=False)]
    return [str(name) for name in kept.columns], rows


def _spread(frame: pd.DataFrame, column: str, window: Window) -> pd.DataFrame:
    """``column`` summed up: a row for each bar of ``window``, a column for each platform."""
    placed = frame.assign(when=window.start_of(frame["hour"]))
    table = placed.pivot_table(index="when", columns="platform", values=column, aggfunc="sum", fill_value=0)
    index = window.starts.rename("when")
    return table.reindex(index=index, columns=[one.value for one in Platform], fill_value=0).astype("int64")


def _named(table: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    named = table[list(keys)].rename(columns=LABELS).reset_index(names="When")
    return named.rename_axis(columns=None)


def _last(window: Window) -> str:
    return "the last 24 hours" if window.days == 1 else f"the last {window.days} days"


def _cell(value: Any) -> str:
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d %H:%M}" if value != value.normalize() else f"{value:%Y-%m-%d}"
    if isinstance(value, float):
        return "" if pd.isna(value) else percent(value)
    return f"{value:,}" if isinstance(value, int) else str(value)

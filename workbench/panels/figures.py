"""How charts are drawn: Bokeh figures of tables whose index is when each bar begins.

Colours stand out from white and from the dark theme's surface alike, and none says anything that a legend, a marker
or the table does not say too. The text's colours follow the theme of the page around them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final, cast

import pandas as pd
from bokeh.models import BasicTicker, ColumnDataSource, DatetimeTickFormatter, HoverTool, NumeralTickFormatter, Range1d
from bokeh.plotting import figure

from workbench.enums import Platform

COLOURS: Final = {
    "linkedin": "#2f80ed",
    "twitter": "#7d8590",
    "email": "#d97706",
    "failed": "#d64545",
    "overdue": "#d64545",
    "unknown": "#a66bd4",
    "leads": "#6c6fe0",
}
_MARKERS: Final = {"linkedin": "circle", "twitter": "square", "email": "triangle"}
LABELS: Final = {one.value: one.label for one in Platform} | {
    "failed": "Failed",
    "unknown": "Unknown",
    "overdue": "Overdue",
}
_HEIGHT: Final = 270
_SOURCE: Final = "bars"
#: Points at 100 % and at the lowest share are not cut in half.
_MARGIN: Final = 0.02


def take_over(shown: figure, new: figure) -> None:
    """Let a figure that is on the screen show what ``new`` of the same kind does, without drawing it anew."""
    ours, theirs = (cast(ColumnDataSource, one.select_one({"name": _SOURCE})) for one in (shown, new))
    ours.data = dict(theirs.data)
    for kind in ("x_range", "y_range"):
        before, after = getattr(shown, kind), getattr(new, kind)
        if isinstance(before, Range1d):
            before.update(start=after.start, end=after.end)
        else:
            before.factors = list(after.factors)


def _base(**given: Any) -> figure:
    made = figure(height=_HEIGHT, sizing_mode="stretch_width", min_width=0, tools="", toolbar_location=None, **given)
    made.outline_line_color = None
    made.border_fill_alpha = 0
    made.grid.grid_line_color = None
    made.axis.minor_tick_line_color = None
    made.min_border_right = 12
    return made


def _over_time(starts: pd.Index[Any], width: timedelta, **given: Any) -> figure:
    span = Range1d(start=starts[0], end=starts[-1] + width)
    made = _base(x_axis_type="datetime", x_range=span, **given)
    made.ygrid.grid_line_color = "#8884"
    made.xaxis.formatter = DatetimeTickFormatter(hours="%H:%M", days="%e %b", months="%b %Y", years="%Y")
    return made


def stack(table: pd.DataFrame, keys: Sequence[str], width: timedelta) -> figure:
    """Bars of ``keys``, columns of counts in ``table``, on top of each other."""
    total = table.sum(axis=1)
    top = max(1.0, float(total.max()) * 1.08)
    source = _source(table, width, 0, top, total=list(total))
    made = _over_time(table.index, width, y_range=Range1d(start=0, end=top))
    made.yaxis.formatter = NumeralTickFormatter(format="0,0")
    made.yaxis.ticker = BasicTicker(min_interval=1)
    made.vbar_stack(
        list(keys),
        x="middle",
        width=width * 0.86,
        fill_color=[COLOURS[key] for key in keys],
        line_color=None,  # or nothing at all would be a line
        legend_label=[LABELS[key] for key in keys],
        source=source,
    )
    numbers = [(LABELS[key], f"@{key}{{0,0}}") for key in keys]
    _explain(made, source, width, [*numbers, ("Together", "@total{0,0}")])
    return made


def lines(shares: pd.DataFrame, sent: pd.DataFrame, ended: pd.DataFrame, width: timedelta) -> figure:
    """A line for each column of ``shares``, with gaps where nothing ended."""
    lowest = shares.min().min()
    bottom = (0.0 if pd.isna(lowest) else min(0.9, int(lowest * 10) / 10)) - _MARGIN
    told = {
        f"told_{key}": [
            f"{percent(share)}, {good:,} of {of:,}" if of else "nothing ended"
            for share, good, of in zip(shares[key], sent[key], ended[key], strict=True)
        ]
        for key in shares.columns
    }
    source = _source(shares, width, bottom, 1 + _MARGIN, **told)
    made = _over_time(shares.index, width, y_range=Range1d(start=bottom, end=1 + _MARGIN))
    made.yaxis.formatter = NumeralTickFormatter(format="0%")
    made.yaxis.major_label_overrides = {1 + _MARGIN: "", -_MARGIN: ""}
    for key in shares.columns:
        look: dict[str, Any] = {"x": "middle", "y": key, "source": source, "legend_label": LABELS[key]}
        made.line(**look, line_width=2, color=COLOURS[key])
        made.scatter(**look, marker=_MARKERS[key], size=7, color=COLOURS[key])
    _explain(made, source, width, [(LABELS[key], f"@told_{key}") for key in shares.columns])
    return made


def _source(
    table: pd.DataFrame, width: timedelta, bottom: float, top: float, **more: Sequence[Any]
) -> ColumnDataSource:
    label = "%a %d %b %Y" if width >= timedelta(days=1) else "%a %d %b %Y, %H:%M"
    data: dict[str, Any] = {
        "middle": (pd.DatetimeIndex(table.index) + width / 2).to_numpy(),
        "label": [f"{start:{label}}" for start in table.index],
        **{key: table[key].to_numpy() for key in table.columns},
        "bottom": [bottom] * len(table),
        "top": [top] * len(table),
        **{name: list(values) for name, values in more.items()},
    }
    return ColumnDataSource(data=data, name=_SOURCE)


def _explain(made: figure, source: ColumnDataSource, width: timedelta, lines: list[tuple[str, str]]) -> None:
    """The exact numbers of a bar or point wherever its column is touched, and the legend out of the picture's way."""
    column = made.vbar(
        x="middle", width=width, bottom="bottom", top="top", source=source,
        fill_color="#888888", fill_alpha=0, line_alpha=0, hover_fill_alpha=0.14, hover_line_alpha=0,
    )  # fmt: skip
    made.add_tools(HoverTool(renderers=[column], mode="vline", tooltips=[("When", "@label"), *lines]))
    legend = made.legend[0]
    legend.update(orientation="horizontal", ncols=3, background_fill_alpha=0, border_line_alpha=0, margin=0, padding=4)
    legend.location = "left"
    made.add_layout(legend, "above")


def funnel(stages: Sequence[str], leads: Sequence[int], shares: Sequence[float | None]) -> figure:
    """A bar for each stage, the first on top."""
    told = ["" if share is None else f"{percent(share)} of the stage before" for share in shares]
    named = [f"{stage}: {number:,}" for stage, number in zip(stages, leads, strict=True)]
    source = ColumnDataSource(data={"stage": named, "leads": list(leads), "told": told}, name=_SOURCE)
    widest = max([1, *leads]) * 1.02
    made = _base(y_range=list(reversed(named)), x_range=Range1d(start=0, end=widest))
    made.xaxis.formatter = NumeralTickFormatter(format="0,0")
    made.xaxis.ticker = BasicTicker(min_interval=1, desired_num_ticks=4)
    bars = made.hbar(y="stage", right="leads", height=0.7, color=COLOURS["leads"], source=source)
    tips = [("Leads", "@stage"), ("Share", "@told")]
    made.add_tools(HoverTool(renderers=[bars], mode="hline", tooltips=tips))
    return made


def percent(share: float) -> str:
    """``share`` of 1 in percent, rounded down: 99.96 % is not all of it."""
    return f"{int(share * 1000 + 1e-9) / 10:g} %"

"""``wb.charts``: the metric views as pictures, for a notebook's cell, the Control Tower, and a report by itself."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import datetime, timedelta
from html import escape
from typing import Any, Final
from zoneinfo import ZoneInfo

import pandas as pd
import panel as pn
from bokeh.embed import components
from bokeh.plotting import figure
from bokeh.resources import Resources

from workbench.clock import as_utc, now
from workbench.errors import InputError
from workbench.panels import plots
from workbench.panels.components.chart_frame import ChartFrame
from workbench.panels.figures import take_over
from workbench.panels.plots import Chart, cells
from workbench.services.spreadsheet import SpreadsheetWriter

MOST_DAYS: Final = 366


class ChartView(pn.viewable.Viewer):
    """One chart on the screen: the picture, its numbers as a table, and what it says in words."""

    def __init__(self, chart: Chart | None = None, **params: Any) -> None:
        super().__init__(**params)
        self._pane = pn.pane.Bokeh(None, sizing_mode="stretch_width", margin=0)
        self._frame = ChartFrame(picture=self._pane)
        self.chart = chart
        if chart is not None:
            self.draw(chart)

    @property
    def figure(self) -> figure:
        """The Bokeh figure."""
        assert self.chart is not None
        return self.chart.figure

    @property
    def table(self) -> pd.DataFrame:
        """The numbers that are drawn: one row a bar or point, ``When`` in wall time, shares from 0 to 1."""
        assert self.chart is not None
        return self.chart.table

    @property
    def summary(self) -> str:
        """What the picture says, in a sentence."""
        assert self.chart is not None
        return self.chart.empty or self.chart.summary

    def draw(self, chart: Chart) -> None:
        """Show ``chart`` from now on. One of the same kind and title moves the bars that are there."""
        before, self.chart = self.chart, chart
        columns, rows = cells(chart)
        self._frame.param.update(
            heading=chart.title,
            summary=chart.summary,
            columns=columns,
            rows=rows,
            csv=as_csv(columns, rows),
            name_of_file=chart.key.replace("_", "-"),
            empty=chart.empty,
        )
        shown = self._pane.object
        if shown is None or before is None or before.title != chart.title or pn.state.curdoc is None:
            self._pane.object = chart.figure
        else:
            pn.state.execute(lambda: take_over(shown, chart.figure), schedule=True)

    def wait(self, words: str) -> None:
        """Show ``words`` until there is something to show."""
        if self.chart is None:
            self._frame.empty = words

    def __panel__(self) -> pn.viewable.Viewable:
        return self._frame


class Charts:
    """The charts of one workbench. Each answers a :class:`ChartView`, to be shown by a cell as it is.

    ``project`` is a name or id (None: all projects), ``days`` how far to look back or ahead (1 to 366: up to 7 by hour,
    else by day), ``as_of`` an aware datetime (default: now). Times are wall times of the project's zone. The view's
    ``figure`` (Bokeh), ``table`` (DataFrame) and ``summary`` are there to go on with; :func:`as_html` makes a file of
    several. Raises :class:`InputError` for a project or a number of days there is not.
    """

    def __init__(self, metrics: Callable[[], Any], find: Callable[[str | int | None], tuple[int | None, str]]) -> None:
        self._metrics = metrics
        self._find = find

    def delivery(self, project: str | int | None = None, *, days: int = 7, as_of: datetime | None = None) -> ChartView:
        """What was sent by platform, and what failed or is of unknown outcome."""
        return self._view("delivery", project, days, as_of)

    def success(self, project: str | int | None = None, *, days: int = 30, as_of: datetime | None = None) -> ChartView:
        """The share that was sent of what ended, by platform: by hour for one day, else by day."""
        return self._view("success", project, days, as_of)

    def queue_ahead(
        self, project: str | int | None = None, *, days: int = 7, as_of: datetime | None = None
    ) -> ChartView:
        """What waits to go out, the overdue apart."""
        return self._view("queue_ahead", project, days, as_of)

    def funnel(self, project: str | int | None = None, *, as_of: datetime | None = None) -> ChartView:
        """How many leads entered, were contacted, replied, qualified, were routed."""
        return self._view("funnel", project, 1, as_of)

    def _view(self, key: str, project: str | int | None, days: int, as_of: datetime | None) -> ChartView:
        project_id, zone = self._find(project)
        return ChartView(draw(key, self._metrics(), project_id, ZoneInfo(zone), days, as_of))


def draw(
    key: str, metrics: Any, project_id: int | None, zone: ZoneInfo, days: int = 7, as_of: datetime | None = None
) -> Chart:
    """The chart ``key`` (delivery, success, queue_ahead or funnel), read from ``metrics`` now."""
    if isinstance(days, bool) or not isinstance(days, int) or not 1 <= days <= MOST_DAYS:
        raise InputError(f"days is {days!r}; give a whole number from 1 to {MOST_DAYS}.")
    at = as_utc(as_of) if as_of else now()
    asked: dict[str, Any] = {"project_id": project_id, "as_of": at}
    if key == "funnel":
        return plots.funnel(metrics.funnel(**asked))
    if key == "queue_ahead":
        ahead = plots.look_ahead(at, days, zone)
        return plots.queue_ahead(metrics.queue_ahead(until=ahead.last, **asked), ahead)
    window = plots.look_back(at, days, zone, hourly_up_to=7 if key == "delivery" else 1)
    # The view's range is open at its start.
    frame = metrics.delivery(since=window.first - timedelta(microseconds=1), **asked)
    return plots.delivery(frame, window) if key == "delivery" else plots.success(frame, window)


def as_csv(columns: list[str], rows: list[list[str]]) -> str:
    """The table as CSV; no spreadsheet runs a cell of it."""
    written = io.StringIO()
    file = SpreadsheetWriter(written)
    for row in [columns, *rows]:
        file.write(row)
    return written.getvalue()


_PAGE: Final = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; color: #1f2024; background: #fff; max-width: 960px; margin: 2rem auto; padding: 0 1rem; }}
figure {{ margin: 2rem 0; break-inside: avoid; }} h2 {{ margin: 0; font-size: 1.2rem; font-weight: 500; }}
table {{ border-collapse: collapse; font-size: 13px; }} th, td {{ padding: 2px 14px 2px 0; text-align: left; }}
tbody th {{ font-weight: 400; }}
</style>
{scripts}
</head><body><h1>{title}</h1>
{body}
{start}
</body></html>
"""  # noqa: E501


def as_html(title: str, *views: ChartView) -> str:
    """A page of its own with these charts, each with its table: it brings along all it needs and asks no network."""
    charts = [view.chart for view in views if view.chart is not None]
    start, places = components([chart.figure for chart in charts])
    parts = [_section(chart, place) for chart, place in zip(charts, places, strict=True)]
    # The texts only: Panel adds a script by its address to all that Bokeh would render.
    scripts = "".join(f"<script>{text}</script>" for text in Resources(mode="inline", components=["bokeh"]).js_raw)
    return _PAGE.format(title=escape(title), scripts=scripts, body="\n".join(parts), start=start)


def _section(chart: Chart, place: str) -> str:
    head = f"<figcaption><h2>{escape(chart.title)}</h2><p>{escape(chart.empty or chart.summary)}</p></figcaption>"
    if chart.empty:
        return f"<figure>{head}</figure>"
    columns, rows = cells(chart)
    heads = "".join(f'<th scope="col">{escape(name)}</th>' for name in columns)
    lines = "".join(
        f'<tr><th scope="row">{escape(row[0])}</th>{"".join(f"<td>{escape(cell)}</td>" for cell in row[1:])}</tr>'
        for row in rows
    )
    table = f"<table><thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table>"
    return f"<figure>{head}{place}<details><summary>As a table</summary>{table}</details></figure>"

"""The calendar: a month or a week of days with what stands in them, or a day as a list."""

from __future__ import annotations

from typing import Any, ClassVar

import param

from workbench.panels.components.base import Component, sheets, source


class CalendarGrid(Component):
    """Shows ``days`` as ``calendar_layout.day_entries`` makes them; below 520 px of its own width, as a list by day.

    Messages: ``open(id)``; ``move(id, day, hour)`` when an item was dropped or moved by keyboard (``hour`` -1: the
    time of day stays); ``turn(step)`` by -1 or 1, 0 for today; ``choose(view)``; ``show(day)``.

    An item that was dropped stands where it was dropped, as a proposal, until :meth:`settle` says what became of it.
    """

    view: param.Selector[str] = param.Selector(default="month", objects=["month", "week", "day", "list"])
    views = param.List(default=[], doc="key and label of each button of the switch.")
    heading = param.String(default="", doc="The name of the days shown.")
    days = param.List(default=[])
    zone = param.String(default="UTC")
    empty = param.String(default="", doc="What to say, and do, when there is nothing in these days.")

    _esm = source("calendar.js")
    _stylesheets: ClassVar[list[str]] = sheets("calendar.css")
    _messages: ClassVar[dict[str, Any]] = {
        "open": {"id": int},
        "move": {"id": int, "day": str, "hour": int},
        "turn": {"step": int},
        "choose": {"view": str},
        "show": {"day": str},
    }

    def settle(self, item: int, *, moved: bool) -> None:
        """The proposal for ``item`` is done with: back where it was, or, if ``moved``, wherever the next days show
        it."""
        self._send_msg({"type": "settled", "id": item, "moved": moved})

    def focus(self, item: int) -> None:
        """Put the keyboard back on ``item``, as when its dialog was closed."""
        self._send_msg({"type": "focus", "id": item})

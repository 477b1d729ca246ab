"""The activity feed: what happened, newest first, with its day, its time and how long ago."""

from __future__ import annotations

from typing import Any, ClassVar

import param

from workbench.panels.components.base import Component, sheets, source


class Feed(Component):
    """Messages: ``more()`` for the next page, ``open(id)`` when an entry with a project is clicked."""

    events = param.List(default=[], doc="id, time (ISO), event, detail, tone, icon and project_id (may be null).")
    more = param.Boolean(default=False, doc="Whether there is a next page.")
    heading = param.String(default="Activity")
    empty = param.String(default="Nothing has happened yet.")
    zone = param.String(default="", doc="IANA zone of the times; empty for the browser's own.")

    _esm = source("feed.js")
    _stylesheets: ClassVar[list[str]] = sheets("feed.css")
    _messages: ClassVar[dict[str, Any]] = {"more": {}, "open": {"id": str}}

"""The activity feed: what happened, newest first, with its day, its time and how long ago."""

from __future__ import annotations

from typing import Any, ClassVar

import param

from workbench.panels.components.base import Component, sheets, source


class Feed(Component):
    """Messages: ``more()`` for the next page, when the end comes into sight; ``kind(kind)`` when only some are wanted;
    ``open(id)`` when an entry with a project is clicked."""

    events = param.List(default=[], doc="id, time (ISO), event, detail, tone, icon and project_id (may be null).")
    more = param.Boolean(default=False, doc="Whether there is a next page.")
    kinds = param.List(default=[], doc="key and label of each kind that can be asked for.")
    kind = param.String(default="", doc="The key of the kind shown.")
    heading = param.String(default="Activity")
    empty = param.String(default="Nothing has happened yet.")
    zone = param.String(default="", doc="IANA zone of the times; empty for the browser's own.")

    _esm = source("feed.js")
    _stylesheets: ClassVar[list[str]] = sheets("feed.css")
    _messages: ClassVar[dict[str, Any]] = {"more": {}, "open": {"id": str}, "kind": {"kind": str}}

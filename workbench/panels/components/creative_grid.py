"""Creatives as cards that look like what their platform shows, with what may be done to each."""

from __future__ import annotations

from typing import Any, ClassVar

import param

from workbench.panels.components.base import Component, sheets, source


class CreativeGrid(Component):
    """Shows one page of ``items``; paging and selecting are told, not done, here.

    An item is a dict: id, platform, author, title, body, caption, status and ``tone``, source, version, stale,
    problems, ``used`` of ``limit``, when (ISO or None), error, deleted, actions (keys of ``labels``).

    Messages: ``act(key, id)``, ``choose(ids)`` with all that are selected, ``turn(page)``.
    """

    items = param.List(default=[])
    labels = param.Dict(default={}, doc="Action key -> label, in the order of the buttons.")
    selected = param.List(default=[], doc="Ids selected, on whatever page they stand.")
    selectable = param.Boolean(default=True)
    page = param.Integer(default=1)
    page_size = param.Integer(default=24)
    total = param.Integer(default=0)
    empty = param.String(default="Nothing here.")
    zone = param.String(default="UTC")

    _esm = source("creative_grid.js")
    _stylesheets: ClassVar[list[str]] = sheets("creative_grid.css")
    _messages: ClassVar[dict[str, Any]] = {
        "act": {"key": str, "id": int},
        "choose": {"ids": list},
        "turn": {"page": int},
    }

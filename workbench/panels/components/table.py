"""A page of rows from the database: sortable, selectable across pages, with chips and times; no cell is HTML."""

from __future__ import annotations

from typing import Any, ClassVar

import param

from workbench.panels.components.base import Component, sheets, source


class Table(Component):
    """Shows ``rows`` (dicts with an ``id``) by ``columns``; paging, sorting and selecting are told, not done, here.

    A column is ``{"key", "label", "kind", "sort", "sub"}``: ``kind`` text (default), number, chip (the cell is
    ``{"text", "tone"}``, a list of those, or None), time (an ISO string, shown in ``zone`` or, if the column names a
    key as its ``zone``, in the row's own), long (a text of which more than a few lines are folded away) or open (a text
    that opens the row);
    ``sort`` the name to sort by, ``sub`` the key of a second line. ``actions`` are ``{"key", "label", "tone"}``
    buttons of each row; a row narrows them with its own list of keys under ``"actions"``.

    Messages: ``open(id)``, ``choose(ids)`` with all that are selected, ``sort(by)``, ``turn(page)``,
    ``act(key, id)``, ``unfilter()``.
    """

    label = param.String(default="Rows", doc="What it lists, for people who listen to the page.")
    columns = param.List(default=[])
    rows = param.List(default=[])
    actions = param.List(default=[])
    selectable = param.Boolean(default=False)
    selected = param.List(default=[], doc="Ids selected, on whatever page they stand.")
    selected_total = param.Integer(default=0, doc="How many are selected, when that is more than `selected` names.")
    sorted_by = param.String(default="")
    descending = param.Boolean(default=False)
    page = param.Integer(default=1)
    page_size = param.Integer(default=50)
    total = param.Integer(default=0, doc="Rows on all pages.")
    empty = param.String(default="Nothing here.", doc="What to say, and do, when there is nothing.")
    filtered = param.Boolean(default=False, doc="Whether it may be empty because of filters.")
    zone = param.String(default="UTC")

    _esm = source("table.js")
    _stylesheets: ClassVar[list[str]] = sheets("table.css")
    _messages: ClassVar[dict[str, Any]] = {
        "open": {"id": int},
        "choose": {"ids": list},
        "sort": {"by": str},
        "turn": {"page": int},
        "act": {"key": str, "id": int},
        "unfilter": {},
    }

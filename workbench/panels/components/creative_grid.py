"""Creatives as cards that look like what their platform shows, with what may be done to each, and edited in place."""

from __future__ import annotations

from typing import Any, ClassVar, Final

import param

from workbench.panels.components.base import Component, sheets, source

_TEXTS: Final = {"id": int, "turn": int, "title": str, "body": str, "caption": str}


class CreativeGrid(Component):
    """Shows one page of ``items``; paging, selecting and saving are told, not done, here.

    An item is a dict: id, platform, author, title, ``post`` (the whole text) and ``fold`` (where the card cuts it off,
    in UTF-16 units, or None), status and ``tone``, source, version, stale, problems, ``used`` of ``limit``, when (ISO
    or None), error, deleted, actions (keys of ``labels``).

    ``editing`` is empty, or what the editor in a card's place shows: id, serial (another one starts it anew), platform,
    title_label, hint, the texts it starts with (title, body, caption), and what is said of those typed: used, limit,
    unit, problems, repeat, note, draft (whether there is one to discard) and ``look``, an item.

    Messages: ``act(key, id)``, ``choose(ids, on)``, ``turn(page)``, ``unfilter()``; of the editor ``typed`` (``still``
    when nothing was typed for a moment), ``save``, ``close``, ``discard``, each with the texts and with ``turn``, which
    goes up.
    """

    items = param.List(default=[])
    labels = param.Dict(default={}, doc="Action key -> label, in the order of the buttons.")
    selected = param.List(default=[], doc="Ids of this page that are selected.")
    selectable = param.Boolean(default=True)
    page = param.Integer(default=1)
    page_size = param.Integer(default=24)
    total = param.Integer(default=0)
    empty = param.String(default="Nothing here.")
    filtered = param.Boolean(default=False, doc="Whether it may be empty because of filters.")
    zone = param.String(default="UTC")
    editing = param.Dict(default={})

    _esm = source("creative_card.js", "creative_editor.js", "creative_grid.js")
    _stylesheets: ClassVar[list[str]] = sheets("creative_grid.css")
    _messages: ClassVar[dict[str, Any]] = {
        "act": {"key": str, "id": int},
        "choose": {"ids": list, "on": bool},
        "turn": {"page": int},
        "unfilter": {},
        "typed": {**_TEXTS, "still": bool},
        "save": _TEXTS,
        "close": _TEXTS,
        "discard": _TEXTS,
    }

"""A list of places to go to, for a dialog."""

from __future__ import annotations

from typing import Any, ClassVar

import param

from workbench.panels.components.base import Component, sheets, source


class LinkList(Component):
    """Message: ``follow(page, project)`` when an entry is clicked."""

    links = param.List(default=[], doc="text, detail, page and project of each.")

    _esm = source("link_list.js")
    _stylesheets: ClassVar[list[str]] = sheets("link_list.css")
    _messages: ClassVar[dict[str, Any]] = {"follow": {"page": str, "project": int}}

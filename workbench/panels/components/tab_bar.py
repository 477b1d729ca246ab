"""Tabs as a row of buttons. What they show is the page's business: parts are hidden, not taken away."""

from __future__ import annotations

from typing import Any, ClassVar

import param

from workbench.panels.components.base import Component, sheets, source


class TabBar(Component):
    """Message: ``choose(key)`` when a tab is chosen; the page answers by setting ``active``."""

    tabs = param.List(default=[], doc="key and label of each.")
    active = param.String(default="")
    label = param.String(default="Views")

    _esm = source("tab_bar.js")
    _stylesheets: ClassVar[list[str]] = sheets("tab_bar.css")
    _messages: ClassVar[dict[str, Any]] = {"choose": {"key": str}}

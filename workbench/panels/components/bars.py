"""A stacked bar chart, drawn as inline SVG from numbers, with its table behind it."""

from __future__ import annotations

from typing import Any, ClassVar

import param

from workbench.panels.components.base import Component, sheets, source


class Bars(Component):
    """``labels`` along the bottom; ``series`` are ``{"name", "tone", "values"}`` with one number a label."""

    heading = param.String(default="")
    labels = param.List(default=[])
    series = param.List(default=[])
    empty = param.String(default="Nothing to show yet.")

    _esm = source("bars.js")
    _stylesheets: ClassVar[list[str]] = sheets("bars.css")
    _messages: ClassVar[dict[str, Any]] = {}

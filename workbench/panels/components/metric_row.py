"""The row of numbers that need attention."""

from __future__ import annotations

from typing import Any, ClassVar

import param

from workbench.panels.components.base import Component, sheets, source


class MetricRow(Component):
    """Message: ``open(key)`` when a card is clicked, to see the list behind its number."""

    cards = param.List(default=[], doc="key, label, value, detail, tone and icon of each card.")

    _esm = source("metric_row.js")
    _stylesheets: ClassVar[list[str]] = sheets("metric_row.css")
    _messages: ClassVar[dict[str, Any]] = {"open": {"key": str}}

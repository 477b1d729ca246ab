"""A few buttons in a row: one part of the page where the library's would be one each."""

from __future__ import annotations

from typing import Any, ClassVar

import param

from workbench.panels.components.base import Component, sheets, source


class ButtonRow(Component):
    """Message: ``press(key)``."""

    buttons = param.List(default=[], doc="key, label, icon (or none), tone (ok, error), filled (or outlined).")

    _esm = source("button_row.js")
    _stylesheets: ClassVar[list[str]] = sheets("button_row.css")
    _messages: ClassVar[dict[str, Any]] = {"press": {"key": str}}

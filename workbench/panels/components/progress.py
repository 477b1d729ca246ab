"""How far a long piece of work is, and a button that cancels it."""

from __future__ import annotations

from typing import Any, ClassVar

import param

from workbench.panels.components.base import Component, sheets, source


class Progress(Component):
    """Message: ``cancel()``. While it ``runs`` the browser asks before the tab is closed."""

    label = param.String(default="Working", doc="What is done, for people who listen to the page.")
    words = param.String(default="", doc="How far it is.")
    pace = param.String(default="", doc="How quickly it goes on, once that can be told.")
    closing = param.String(default="", doc="What becomes of it when the dialog or the tab is closed.")
    done = param.Integer(default=0)
    total = param.Integer(default=0, doc="0 while nobody knows.")
    cancel = param.String(default="Cancel", doc="What the button says.")
    stopping = param.Boolean(default=False, doc="Whether it was cancelled and stops after the part at hand.")
    runs = param.Boolean(default=False)

    _esm = source("progress.js")
    _stylesheets: ClassVar[list[str]] = sheets("progress.css")
    _messages: ClassVar[dict[str, Any]] = {"cancel": {}}

"""What to do when there is nothing yet."""

from __future__ import annotations

from typing import Any, ClassVar

import param

from workbench.panels.components.base import Component, sheets, source


class FirstRun(Component):
    """Message: ``choose(what)`` with project, leads or demo."""

    may_write = param.Boolean(default=True)
    may_load = param.Boolean(default=False, doc="Whether the demo may be loaded here by this person.")
    why_not = param.String(default="", doc="Why the demo may not be loaded.")
    progress = param.String(default="", doc="What the demo's button says while it is loaded; empty when it is not.")

    _esm = source("first_run.js")
    _stylesheets: ClassVar[list[str]] = sheets("first_run.css")
    _messages: ClassVar[dict[str, Any]] = {"choose": {"what": str}}

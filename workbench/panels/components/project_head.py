"""The head of a project's page: its name, what comes next, and its own pause switch."""

from __future__ import annotations

from typing import Any, ClassVar

import param

from workbench.panels.components.base import Component, sheets, source


class ProjectHead(Component):
    """Messages: ``switch()`` for the pause switch, ``follow()`` for what waits elsewhere."""

    title = param.String(default="", doc="Of the project.")
    client = param.String(default="")
    paused = param.Boolean(default=False)
    hint = param.String(default="", doc="What to do next.")
    waiting = param.String(default="", doc="What waits in another project; empty for nothing.")
    switch = param.String(default="", doc="What the pause switch says.")
    may_switch = param.Boolean(default=True)

    _esm = source("project_head.js")
    _stylesheets: ClassVar[list[str]] = sheets("project_head.css")
    _messages: ClassVar[dict[str, Any]] = {"switch": {}, "follow": {}}

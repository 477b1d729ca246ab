"""What to do when there is nothing yet."""

from __future__ import annotations

from typing import Any, ClassVar

import param

from workbench.panels.components.base import Component, sheets, source


class FirstRun(Component):
    """Message: ``choose(what)`` with project or leads."""

    may_write = param.Boolean(default=True)

    _esm = source("first_run.js")
    _stylesheets: ClassVar[list[str]] = sheets("first_run.css")
    _messages: ClassVar[dict[str, Any]] = {"choose": {"what": str}}

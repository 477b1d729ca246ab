"""The brief of a project, as it is read."""

from __future__ import annotations

from typing import Any, ClassVar

import param

from workbench.panels.components.base import Component, sheets, source


class BriefSheet(Component):
    """Messages: ``edit()``, and ``compare()`` for its revisions."""

    answers = param.List(default=[], doc="label and text of each; an empty text is said to be missing.")
    number = param.Integer(default=0, doc="Of the revision; 0 when there is none.")
    author = param.String(default="")
    at = param.String(default="", doc="When it was saved, ISO.")
    zone = param.String(default="UTC")
    may_edit = param.Boolean(default=True)
    may_compare = param.Boolean(default=False)

    _esm = source("brief_sheet.js")
    _stylesheets: ClassVar[list[str]] = sheets("brief_sheet.css")
    _messages: ClassVar[dict[str, Any]] = {"edit": {}, "compare": {}}

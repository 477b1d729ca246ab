"""What stands under the header on every page: the five pages, and banners that nobody should miss."""

from __future__ import annotations

from typing import Any, ClassVar

import param

from workbench.panels.components.base import Component, sheets, source


class Strip(Component):
    """Messages: ``go(page)`` when a tab is clicked, ``banner(key)`` when a banner's button is, ``back(search)``.

    It keeps the browser's address at ``address`` and answers the back and forward buttons with ``back``: Panel's
    own Location writes the address but does not hear them. It also says, without any help from the server, when
    the connection to the server is gone.
    """

    pages = param.List(default=[], doc="key, label and href of each page.")
    page = param.String(default="")
    title = param.String(default="", doc="Page and project, for the window's title.")
    busy = param.Boolean(default=False, doc="Whether something is being done; shown when it takes a moment.")
    address = param.String(default="", doc="The query string of the view; empty leaves the browser's alone.")
    banners = param.List(default=[], doc="key, tone, title, text and button (may be empty) of each banner.")

    _esm = source("strip.js")
    _stylesheets: ClassVar[list[str]] = sheets("strip.css")
    _messages: ClassVar[dict[str, Any]] = {"go": {"page": str}, "banner": {"key": str}, "back": {"search": str}}

"""A button that downloads a CSV file, written when it is asked for. Panel's own is out of the keyboard's reach."""

from __future__ import annotations

from typing import Any, ClassVar

import param

from workbench.panels.components.base import Component, sheets, source


class Download(Component):
    """Message: ``ask()``; answer it with :meth:`give`, whatever happens."""

    label = param.String(default="Download as CSV")
    filename = param.String(default="download.csv")

    _esm = source("download.js")
    _stylesheets: ClassVar[list[str]] = sheets("download.css")
    _messages: ClassVar[dict[str, Any]] = {"ask": {}}

    def give(self, text: str | None) -> None:
        """Let the browser save ``text``; None when there is nothing to save."""
        self._send_msg({"text": text})

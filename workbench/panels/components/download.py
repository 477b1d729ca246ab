"""A button that downloads a CSV file, written when it is asked for. Panel's own is out of the keyboard's reach."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import param

from workbench.panels.components.base import Component, sheets, source


class Download(Component):
    """``write()`` makes the file's text when it is asked for; None when there is nothing to save.

    Message: ``ask()``, answered whatever happens.
    """

    label = param.String(default="Download as CSV")
    filename = param.String(default="download.csv")

    _esm = source("download.js")
    _stylesheets: ClassVar[list[str]] = sheets("download.css")
    _messages: ClassVar[dict[str, Any]] = {"ask": {}}

    def __init__(self, *, write: Callable[[], str | None], **params: Any) -> None:
        super().__init__(on_ask=self._give, **params)
        self._write = write

    def _give(self) -> None:
        text = None
        try:
            text = self._write()
        finally:
            self._send_msg({"text": text})

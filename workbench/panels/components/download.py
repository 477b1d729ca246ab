"""A button that downloads a CSV file, written when it is asked for. Panel's own is out of the keyboard's reach."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import param

from workbench.panels.components.base import Component, sheets, source


class Download(Component):
    """``write()`` makes the file's text when it is asked for; None when there is nothing to save.

    A large file is an iterator of its parts: the browser asks for each when it has the one before, so that nobody holds
    the whole and others are served in between. Messages: ``ask()`` and ``more()``, answered whatever happens.
    """

    label = param.String(default="Download as CSV")
    filename = param.String(default="download.csv")

    _esm = source("download.js")
    _stylesheets: ClassVar[list[str]] = sheets("download.css")
    _messages: ClassVar[dict[str, Any]] = {"ask": {}, "more": {}}

    def __init__(self, *, write: Callable[[], str | Iterator[str] | None], **params: Any) -> None:
        super().__init__(on_ask=self._give, on_more=self._give_more, **params)
        self._write = write
        self._parts: Iterator[str] = iter(())

    def _give(self) -> None:
        made = None
        try:
            made = self._write()
        finally:
            if made is None:
                self._send_msg({"text": None, "more": False})
        if isinstance(made, str):
            self._send_msg({"text": made, "more": False})
        elif made is not None:
            self._parts = made
            self._give_more()

    def _give_more(self) -> None:
        answer: dict[str, Any] = {"text": None, "more": False}
        try:
            part = next(self._parts, None)
            answer = {"text": part or "", "more": part is not None}
        finally:
            self._send_msg(answer)

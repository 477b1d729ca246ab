"""A field whose words are looked for while they are typed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, ClassVar

import param

from workbench.panels.components.base import Component, sheets, source


class SearchField(Component):
    """``value`` follows what is typed, once typing rests or at Enter.

    Message: ``type(number, text)``, numbered by the browser. Each is taken within ``lock``, which whoever shows the
    answers holds; one that has waited there while more was typed is left out. ``again()`` is called when the newest
    text is the one that stands already. Who has read an answer and finds :attr:`newest` changed need not show it: the
    text that came since is about to be taken.
    """

    label = param.String(default="Search")
    placeholder = param.String(default="")
    value = param.String(default="")

    _esm = source("search_field.js")
    _stylesheets: ClassVar[list[str]] = sheets("search_field.css")
    _messages: ClassVar[dict[str, Any]] = {"type": {"number": int, "text": str}}

    def __init__(self, *, lock: AbstractContextManager[Any], again: Callable[[], object], **params: Any) -> None:
        super().__init__(**{"on_type": self._take, "sizing_mode": None, "align": "center"} | params)
        self._lock = lock
        self._again = again
        self._typed = self.value
        #: The number of the newest text.
        self.newest = 0
        self.param.watch(self._show, "value")

    def _take(self, number: int, text: str) -> None:
        self.newest = max(self.newest, number)
        with self._lock:
            if number != self.newest:
                return
            self._typed = text
            if self.value == text:
                self._again()
            else:
                self.value = text

    def _show(self, *_: Any) -> None:
        if self.value != self._typed:
            self._typed = self.value
            self._send_msg({"text": self.value})

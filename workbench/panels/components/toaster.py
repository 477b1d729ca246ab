"""Messages that come and go: what happened, what went wrong, with a button that takes it back."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from itertools import count
from typing import Any, ClassVar

import param

from workbench.panels.components.base import Component, sheets, source
from workbench.panels.state import Message


class Toaster(Component):
    """Messages: ``undo(id)``, answered with the undo of the message shown under that id, once.

    It stands wherever dialogs are opened, so it also minds their focus and Escape (``dialogs.js``).
    """

    toasts = param.List(default=[], doc="id, text, tone and undo of the newest few; the browser hides old ones.")

    dialogs = param.Integer(default=0, doc="How many dialogs have been opened: goes up when one is.")
    keys = param.Boolean(default=False, doc="Whether Ctrl+Z takes back: only where the window is the workbench's own.")

    _esm = source("dialogs.js", "toaster.js")
    _stylesheets: ClassVar[list[str]] = sheets("toaster.css")
    _messages: ClassVar[dict[str, Any]] = {"undo": {"id": int}}

    def __init__(self, **params: Any) -> None:
        super().__init__(**{"height": 0} | params)
        self._numbers = count(1)
        self._undos: deque[tuple[int, Callable[[], object]]] = deque(maxlen=5)

    def add(self, message: Message) -> None:
        """Show ``message`` below those that are still there."""
        number = next(self._numbers)
        if message.undo is not None:
            self._undos.append((number, message.undo))
        toast = {"id": number, "text": message.text, "tone": message.tone, "undo": message.undo is not None}
        self.toasts = [*self.toasts[-3:], toast]

    def take_undo(self, number: int) -> Callable[[], object] | None:
        """The undo of the message with this id; None when it was used, or is too old."""
        for entry in self._undos:
            if entry[0] == number:
                self._undos.remove(entry)
                return entry[1]
        return None

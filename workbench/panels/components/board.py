"""The board: every project in the column of its state."""

from __future__ import annotations

from typing import Any, ClassVar

import param

from workbench.panels.components.base import Component, sheets, source


class Board(Component):
    """Messages: ``open(id)`` when a card is opened, ``move(id, state)`` when it was dragged or moved by keyboard.

    The browser shows a move at once. :meth:`refuse` puts the card back; otherwise the next ``cards`` are the truth.
    """

    columns = param.List(default=[], doc="key and label of each state, in order.")
    cards = param.List(default=[], doc="id, name, client, state, chips (text, tone), note and next (ISO) of each.")
    movable = param.Boolean(default=False)
    heading = param.String(default="Projects")
    zone = param.String(default="", doc="IANA zone of the times; empty for the browser's own.")
    may_add = param.Boolean(default=False)

    _esm = source("board.js")
    _stylesheets: ClassVar[list[str]] = sheets("board.css")
    _messages: ClassVar[dict[str, Any]] = {"open": {"id": int}, "move": {"id": int, "state": str}, "add": {}}

    def refuse(self, card: int) -> None:
        """Put a card that was moved back where it was."""
        self._send_msg({"type": "refused", "id": card})

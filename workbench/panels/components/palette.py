"""The search and command palette: what is typed finds projects, creatives, leads and commands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import param

from workbench.panels.components.base import Component, sheets, source


class Palette(Component):
    """Messages: ``search(number, text)``, answered with :meth:`answer`; ``choose(kind, id)`` for what was chosen.

    Ctrl+K (⌘K), or the header's button, opens it. Commands are found by the browser itself; ``href`` of a hit lets it
    be opened in another window.
    """

    commands = param.List(default=[], doc="id, title, detail, icon and href (may be empty) of each command.")

    _esm = source("palette.js")
    _stylesheets: ClassVar[list[str]] = sheets("palette.css")
    _messages: ClassVar[dict[str, Any]] = {
        "search": {"number": int, "text": str},
        "choose": {"kind": str, "id": str},
    }

    def __init__(self, **params: Any) -> None:
        super().__init__(**{"height": 0} | params)

    def answer(self, number: int, hits: Sequence[dict[str, Any]], trouble: str = "") -> None:
        """Answer search ``number`` with hits: kind, id, title, detail and href of each. A newer answer stays."""
        self._send_msg({"type": "found", "number": number, "hits": list(hits), "trouble": trouble})

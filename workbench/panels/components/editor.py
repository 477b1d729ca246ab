"""The editor of a long text: keeps what is typed safe while it is being typed."""

from __future__ import annotations

from typing import Any, ClassVar

import param

from workbench.panels.components.base import Component, sheets, source


class Editor(Component):
    """A text area whose text reaches Python a moment after the last key, and at once when it loses the focus.

    Until Python says by :meth:`kept` that it has a text, the browser keeps a copy of its own under ``sheet``: what a
    broken connection, a crash or a stopped server would swallow is ``found`` by the next editor of that sheet.

    Messages: ``typed(sheet, text, serial)``; ``save(sheet, text, serial)`` for Ctrl+S; ``found(sheet, text, base, at)``
    for such a copy, with the base it was written on and when (milliseconds since 1970, UTC). Nobody's typing is
    replaced behind their back: :meth:`load` puts another text in, changing a parameter does not.
    """

    text = param.String(default="", doc="What the editor starts with.")
    sheet = param.String(default="", doc="What the text belongs to, the same in every session of the same person.")
    base = param.Integer(default=0, doc="The revision that the text is written on.")
    label = param.String(default="Text")
    limit = param.Integer(default=50_000, doc="Characters; beyond it the counter turns red.")
    note = param.String(default="", doc="What became of the text: saved as a draft, when.")

    _esm = source("editor.js")
    _stylesheets: ClassVar[list[str]] = sheets("editor.css")
    _messages: ClassVar[dict[str, Any]] = {
        "typed": {"sheet": str, "text": str, "serial": int},
        "save": {"sheet": str, "text": str, "serial": int},
        "found": {"sheet": str, "text": str, "base": int, "at": int},
    }

    def load(self, text: str, *, sheet: str, base: int) -> None:
        """Put ``text`` in, replacing what is there: that, unless it is sent already, is sent first."""
        self.param.update(text=text, sheet=sheet, base=base)
        self._send_msg({"type": "load", "text": text, "sheet": sheet, "base": base})

    def kept(self, serial: int) -> None:
        """Say that the text of message ``serial`` is safe: the browser's own copy may go."""
        self._send_msg({"type": "kept", "serial": serial})

    def forget(self) -> None:
        """Throw away what the browser keeps of this sheet."""
        self._send_msg({"type": "forget", "sheet": self.sheet})

"""The editor of a long text: keeps what is typed safe while it is being typed."""

from __future__ import annotations

from typing import Any, ClassVar

import param

from workbench.panels.components.base import Component, sheets, source


class Editor(Component):
    """A text area whose text reaches Python half a second after the last key, and at once when it loses focus.

    Messages: ``typed(text)``, ``save(text)`` for Ctrl+S. Nobody's typing is replaced behind their back:
    :meth:`load` puts another text in, changing a parameter does not.
    """

    text = param.String(default="", doc="What the editor starts with.")
    label = param.String(default="Text")
    limit = param.Integer(default=50_000, doc="Characters; beyond it the counter turns red.")
    note = param.String(default="", doc="What became of the text: saved as a draft, when.")
    rows = param.Integer(default=24)

    _esm = source("editor.js")
    _stylesheets: ClassVar[list[str]] = sheets("editor.css")
    _messages: ClassVar[dict[str, Any]] = {"typed": {"text": str}, "save": {"text": str}}

    def load(self, text: str) -> None:
        """Put ``text`` in, replacing what is there."""
        self.text = text
        self._send_msg({"type": "load", "text": text})

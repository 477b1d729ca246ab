"""Saving or printing a document: what to take along, and in which form."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import param

from workbench.panels.components.base import Component, sheets, source


class SaveMenu(Component):
    """A button that opens a small form. Message: ``make(kind, brief, decisions)``; ``kind`` is md, html or print.

    The answer is :meth:`hand_over`: a file is downloaded, a page for printing goes to the browser's own print dialog,
    which saves PDF too. It stands in a frame that may run nothing.
    """

    disabled = param.Boolean(default=False)

    _esm = source("document_menu.js")
    _stylesheets: ClassVar[list[str]] = sheets("document_menu.css")
    _messages: ClassVar[dict[str, Any]] = {"make": {"kind": str, "brief": bool, "decisions": bool}}

    def hand_over(self, kind: Literal["md", "html", "print"], name: str, text: str) -> None:
        """Download ``text`` as the file ``name``, or print it: then ``name`` is what the PDF is called."""
        self._send_msg({"type": "made", "kind": kind, "name": name, "text": text})

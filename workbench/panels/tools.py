"""How the controls above a list look: one height, one line, no margins of their own (the bar has the gaps)."""

from __future__ import annotations

from typing import Any

from workbench.panels.theme import style

#: For the column that holds bars, lists and charts: even gaps between them.
STACK = style("stack.css")

#: A text field and a selector of the same size differ in height by a few pixels.
ONE_HEIGHT = {"& .MuiInputBase-root": {"height": "36px"}, "&.MuiButton-root": {"minHeight": "36px"}}


def tool(width: int | None = None) -> dict[str, Any]:
    """Parameters of a small control in a bar, ``width`` pixels wide (None: as wide as its label)."""
    given = {} if width is None else {"width": width}
    return {"size": "small", "margin": 0, "align": "center", "sx": ONE_HEIGHT, **given}

"""How the controls above a list look: one height, one line, no margins of their own (the bar has the gaps)."""

from __future__ import annotations

from typing import Any

import panel_material_ui as pmu

from workbench.errors import InputError
from workbench.panels.new_project import typed
from workbench.panels.theme import style

#: For the column that holds bars, lists and charts: even gaps between them.
STACK = style("stack.css")

#: A text field and a selector of the same size differ in height by a few pixels.
ONE_HEIGHT = {
    "&.MuiInputBase-root, & .MuiInputBase-root": {"height": "40px"},
    "&.MuiButton-root": {"minHeight": "38px"},
}


def tool(width: int | None = None) -> dict[str, Any]:
    """Parameters of a small control in a bar, ``width`` pixels wide (None: as wide as its label)."""
    given = {} if width is None else {"width": width}
    return {"size": "small", "margin": 0, "align": "center", "sx": ONE_HEIGHT, **given}


def lined_up(*objects: Any) -> list[Any]:
    """Parts of a dialog's step, texts and tables in line with the inputs, which have a margin of their own."""
    for one in objects:
        if one.margin == 0:
            one.margin = (6, 10)
    return list(objects)


def number_input(label: str, value: int | None = None, **params: Any) -> pmu.TextInput:
    """An input for a whole number; read it with :func:`number`.

    ``pmu.IntInput`` tells its value only when it loses the focus, after the click on a button beside it was told, and
    drops what is out of its bounds without a word.
    """
    text = "" if value is None else str(value)
    return pmu.TextInput(label=label, value=text, max_length=12, **{"sizing_mode": "stretch_width"} | params)


def number(widget: pmu.TextInput) -> int | None:
    """The whole number that was typed; None for nothing. Raises :class:`InputError` for anything else."""
    text = typed(widget).strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit()):
        raise InputError(f"{widget.label}: {text} is not a whole number. Write digits only, such as 60.")
    return int(text)

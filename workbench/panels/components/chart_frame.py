"""What stands around a chart's picture: its name, what it says in words, and its numbers as a table."""

from __future__ import annotations

from typing import Any, ClassVar

import param
from panel.viewable import Child

from workbench.panels.components.base import Component, sheets, source


class ChartFrame(Component):
    """``columns`` and ``rows`` are the table's texts, ``csv`` the same as a file called ``name_of_file``.

    With ``empty`` there is neither picture nor table, only that sentence.
    """

    heading = param.String(default="")
    summary = param.String(default="", doc="What the picture says, in a sentence.")
    columns = param.List(default=[])
    rows = param.List(default=[])
    csv = param.String(default="")
    name_of_file = param.String(default="chart")
    empty = param.String(default="")
    picture: Any = Child()

    _esm = source("chart_frame.js")
    _stylesheets: ClassVar[list[str]] = sheets("chart_frame.css")
    _messages: ClassVar[dict[str, Any]] = {}

"""A few ways to lay things out. They are plain Panel layouts with a style sheet: cheap, and they fold on a phone."""

from __future__ import annotations

from typing import Any

import panel as pn

from workbench.panels.theme import style


class _Bar(pn.Row):
    """A row that wraps. Panel gives a row, and all around it, the width of all its parts as a minimum."""

    def _compute_sizing_mode(self, children: Any, props: Any) -> dict[str, Any]:
        return {**super()._compute_sizing_mode(children, props), "min_width": 0}


def split(main: Any, side: Any, *, side_first: bool = False) -> pn.Column:
    """Two parts beside each other, the side narrow; below each other where there is no room."""
    parts, sheet = ([side, main], "split-left.css") if side_first else ([main, side], "split-right.css")
    grid = pn.Column(*parts, sizing_mode="stretch_width", margin=0, stylesheets=[style(sheet)])
    # A display of its own would show what Panel hides: visible works on the column around it.
    return pn.Column(grid, sizing_mode="stretch_width", margin=0, stylesheets=[style("split.css")])


def card(*objects: Any, **params: Any) -> pn.Column:
    """A bordered surface."""
    sheets = [style("tokens.css"), style("surface.css"), *params.pop("stylesheets", [])]
    return pn.Column(*objects, **{"sizing_mode": "stretch_width", "margin": 0} | params, stylesheets=sheets)


def bar(*objects: Any, **params: Any) -> pn.Row:
    """Things in a line that may wrap, such as buttons above a table."""
    sheets = [style("bar.css"), *params.pop("stylesheets", [])]
    return _Bar(*objects, **{"sizing_mode": "stretch_width", "margin": 0} | params, stylesheets=sheets)

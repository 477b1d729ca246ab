"""A few ways to lay things out. They are plain Panel layouts with a style sheet: cheap, and they fold on a phone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import panel as pn

from workbench.panels.theme import style


class _Bar(pn.Row):
    """A row that wraps. Panel gives a row, and all around it, the width of all its parts as a minimum."""

    def _compute_sizing_mode(self, children: Any, props: Any) -> dict[str, Any]:
        return {**super()._compute_sizing_mode(children, props), "min_width": 0}


class Later(pn.Column):
    """The place of a part that is made, here and in the browser, when it is first shown.

    What nobody looks at costs nothing. Fill the part before you show it: what changes while the browser's model of it
    is made is lost.
    """

    def __init__(self, make: Callable[[], Any], **params: Any) -> None:
        super().__init__(**{"sizing_mode": "stretch_width", "margin": 0, "visible": False} | params)
        self._make = make

    def reveal(self, shown: bool = True) -> None:
        """Show the part, or hide it."""
        if shown and not self.objects:
            self[:] = [self._make()]
        self.visible = shown


def unfold(layout: Any, parts: Sequence[Any]) -> None:
    """Put those of ``parts`` into ``layout`` that are visible, or were: the others are not made in the browser yet.

    As with :class:`Later`, they are filled by then.
    """
    there = [one for one in parts if one.visible or one in layout.objects]
    if there != layout.objects:
        layout[:] = there


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

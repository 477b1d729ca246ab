"""Any two revisions of a text compared: both are chosen, side by side or inline."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import panel as pn
import panel_material_ui as pmu

from workbench.panels import diff_html, safe
from workbench.panels.layout import bar
from workbench.panels.theme import style

LAYOUTS: Final = {"Side by side": "beside", "Inline": "inline"}


class Comparison:
    """Two selectors, the layout, and what differs.

    ``read(number)`` gives the text of a revision. ``on_choose(old, new, layout)`` is called when the person chooses
    something else; without it the choice is shown at once.
    """

    def __init__(self, read: Callable[[int], str], *, on_choose: Callable[[int, int, str], None] | None = None) -> None:
        self._read, self._on_choose = read, on_choose or self.show
        self._shown: tuple[Any, ...] = ()
        self._labels: dict[int, str] = {}
        select = {"options": {}, "size": "small", "margin": 0}
        select |= {"sizing_mode": "stretch_width", "min_width": 200, "max_width": 310}
        self.old = pmu.Select(label="From", **select)
        self.new = pmu.Select(label="To", **select)
        self.layout = pmu.RadioButtonGroup(
            label="", options=LAYOUTS, value="beside", size="small", width=210, margin=0, align="center"
        )
        self.result = pn.pane.HTML("", **safe.pane_options(stylesheets=[style("diff.css")]))
        #: What each of them was set to here: only another value is the person's choice.
        self._told: dict[Any, Any] = {self.layout: "beside"}
        for widget in (self.old, self.new, self.layout):
            widget.param.watch(self._click, "value")
        self.view = pn.Column(
            bar(self.old, self.new, self.layout),
            self.result,
            sizing_mode="stretch_width",
            margin=0,
            stylesheets=[":host { gap: 10px; padding-top: 12px; }"],
        )

    def offer(self, labels: Mapping[int, str]) -> None:
        """What there is to choose from: number -> what it is called, newest first."""
        if self._labels != labels:
            self._labels = dict(labels)
            options = {words: number for number, words in labels.items()}
            for widget in (self.old, self.new):
                self._told[widget] = widget.value if widget.value in labels else next(iter(labels))
                widget.param.update(options=options, value=self._told[widget])

    def show(self, old: int, new: int, layout: str) -> None:
        """Compare these two; numbers that are not offered, and another layout, are left out of account."""
        if layout not in LAYOUTS.values():
            layout = "beside"
        wanted = old, new, layout
        if old not in self._labels or new not in self._labels or wanted == self._shown:
            return
        self._shown = wanted
        for widget, value in zip((self.old, self.new, self.layout), wanted, strict=True):
            self._told[widget] = value
            widget.value = value
        self.result.object = diff_html.html(
            self._read(old),
            self._read(new),
            left=f"Revision {old}",
            right=f"Revision {new}",
            inline=layout == "inline",
        )

    def _click(self, event: Any) -> None:
        if event.new != self._told.get(event.obj):
            self._on_choose(self.old.value, self.new.value, self.layout.value)

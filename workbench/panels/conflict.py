"""Two texts and the choice between them: nothing is lost until the person chooses."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import panel as pn
import panel_material_ui as pmu

from workbench.errors import EditConflict
from workbench.panels import diff_html, safe
from workbench.panels.base import StateView
from workbench.panels.theme import style


def show_comparison(
    view: StateView, title: str, old: str, new: str, left: str, right: str, buttons: Sequence[pmu.Button] = ()
) -> pmu.Dialog:
    """Open a dialog with both texts, compared word by word under the headings ``left`` and ``right``."""
    return view.open_dialog(
        title,
        _compared(old, new, left, right),
        *([view.buttons(*buttons)] if buttons else []),
        width="lg",
        closes_on_click=not buttons,
    )


def show_conflict(
    view: StateView, error: EditConflict, *, keep_mine: Callable[[], object], take_theirs: Callable[[], object]
) -> pmu.Dialog:
    """Open a dialog with what somebody else stored and what was about to be saved.

    ``keep_mine`` stores the person's text as a new revision on top of theirs, ``take_theirs`` lets it go.
    """
    return view.open_dialog(
        "Somebody else was faster",
        safe.text(error.message),
        _compared(error.theirs, error.yours, "Stored now", "Yours, not saved"),
        view.buttons(
            pmu.Button(label="Take theirs", variant="outlined", on_click=lambda _: take_theirs()),
            pmu.Button(label="Keep mine as a new revision on top", on_click=lambda _: keep_mine()),
        ),
        width="lg",
    )


def _compared(old: str, new: str, left: str, right: str) -> pn.pane.HTML:
    return pn.pane.HTML(
        diff_html.html(old, new, left=left, right=right), **safe.pane_options(stylesheets=[style("diff.css")])
    )

"""Two people edited the same thing: both texts, and the choice between them."""

from __future__ import annotations

from collections.abc import Callable

import panel as pn
import panel_material_ui as pmu

from workbench.errors import EditConflict
from workbench.panels import diff_html, safe
from workbench.panels.base import StateView
from workbench.panels.theme import style


def show_conflict(
    view: StateView, error: EditConflict, *, keep_mine: Callable[[], object], take_theirs: Callable[[], object]
) -> pmu.Dialog:
    """Open a dialog with what is stored and what was about to be saved. Nothing is lost until the person chooses.

    ``keep_mine`` stores the person's text as a new revision on top of theirs, ``take_theirs`` lets it go.
    """
    return view.open_dialog(
        "Somebody else was faster",
        safe.text(error.message),
        pn.pane.HTML(
            diff_html.html(error.theirs, error.yours, left="Stored now", right="Yours, not saved"),
            **safe.pane_options(stylesheets=[style("diff.css")]),
        ),
        view.buttons(
            pmu.Button(label="Take theirs", variant="outlined", on_click=lambda _: take_theirs()),
            pmu.Button(label="Keep mine as a new revision on top", on_click=lambda _: keep_mine()),
        ),
        width="lg",
    )

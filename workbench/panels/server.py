"""How Panel is set up for a session, and the page of somebody who may not use the workbench."""

from __future__ import annotations

import builtins
import warnings

import bokeh.resources
import panel as pn
import panel_material_ui as pmu
from bokeh.util.warnings import BokehUserWarning
from panel_material_ui.template.base import Page

from workbench.panels import safe
from workbench.panels.panel_bugs import work_around
from workbench.panels.theme import THEME, style

#: Callbacks run in threads, so that one person's slow click does not freeze everybody's screens.
THREADS = 4

#: Under this path `workbench lab` serves the scripts of panel, panel-material-ui and bokeh to notebooks.
LAB_SCRIPTS = "workbench-static"


def configure_panel() -> None:
    """Set Panel up. To be called where a server is made and where each session begins; may be called again."""
    _configure()
    if pn.config.nthreads is None:
        pn.extension(nthreads=THREADS)
    else:
        pn.extension()


def configure_notebook() -> None:
    """Set Panel up where a page is made in a notebook's cell, so that its output brings Panel's scripts along.

    Does nothing elsewhere. May be called again: the cell may be run again in a browser that has loaded none.
    """
    if not hasattr(builtins, "__IPYTHON__"):
        return
    _configure()
    root, ours, _ = pn.config.cdn_root.partition(f"/{LAB_SCRIPTS}/")
    if ours:
        bokeh.resources._cdn_base_url = lambda: f"{root}{ours}bokeh"  # no setting reaches it
    pn.extension(browser_info=False)  # which is 140 KB more in every output


def _configure() -> None:
    safe.harden()
    work_around()
    # Panel waits 50 ms for further changes of the same part; a choice comes alone.
    pmu.Select._priority_changes = ["value"]
    # The first time that Bokeh's browser side speaks for a model that came after the page had loaded, it sends the
    # model whole; its server side finds that it knows it, uses what it knows, and says so.
    warnings.filterwarnings("ignore", message="reference already known", category=BokehUserWarning)


def refusal_page(message: str) -> Page:
    """A page that says why there is nothing to see, and nothing else."""
    words = safe.text(message, stylesheets=[style("refusal.css")])
    return Page(main=[words], title="Command Center", theme_config=THEME, theme_toggle=False, busy_indicator=None)

"""The application: one page with the header, the navigation, the banners, and the page that is open."""

from __future__ import annotations

import contextlib
import logging
from typing import Any, Final

import panel as pn
from panel.util.parameters import edit_readonly
from panel_material_ui.template.base import Page

from workbench.panels import address
from workbench.panels.base import UNEXPECTED, PageView, StateView
from workbench.panels.command import Command
from workbench.panels.components.strip import Strip
from workbench.panels.components.topbar import TopBar
from workbench.panels.control_tower import ControlTower
from workbench.panels.following import following
from workbench.panels.gallery import Gallery
from workbench.panels.leads import Leads
from workbench.panels.messages import Messages
from workbench.panels.pausing import PauseSwitch, pause_banner, switch_looks
from workbench.panels.searching import Searching
from workbench.panels.state import PAGES, WorkbenchState
from workbench.panels.theme import THEME, style
from workbench.panels.war_room import WarRoom

logger = logging.getLogger(__name__)

VIEWS: Final[dict[str, type[PageView]]] = {view.key: view for view in (Command, WarRoom, Gallery, Leads, ControlTower)}

_NO_WORKER: Final = {
    "key": "worker",
    "tone": "warn",
    "title": "No worker is alive",
    "text": "Nothing is sent until one runs. Start it with: workbench worker",
    "button": "",
}


class Shell(StateView):
    """Everything a browser session shows. Pages are built when they are first opened and kept."""

    def __init__(self, state: WorkbenchState, **params: Any) -> None:
        super().__init__(state, **params)
        self.pages: dict[str, PageView] = {}
        self._filters: dict[str, dict[str, str]] = {}
        self._building = ""
        self._in_browser = False
        self.switch = PauseSwitch(state)
        self.topbar = TopBar(on_project=self._choose_project, on_pause=self.switch.open)
        self.strip = Strip(on_go=self._go, on_banner=self._click_banner, on_back=self._go_to)
        self.messages = Messages(state)
        self.messages.toaster.keys = True
        self.searching = Searching(state, pause=self.switch.open, theme=self._switch_theme)
        self.content = pn.Column(sizing_mode="stretch_width", margin=0, stylesheets=[style("content.css")])
        self.page = make_page(
            header=[self.topbar],
            main=[
                *(self.strip, self.content, self.switch.overlay),
                *(self.searching.overlay, self.searching.palette, self.messages.toaster),
            ],
        )
        state.poll(force=True)
        state.param.watch(self._show_facts, ["mode", "pause", "projects", "project_id", "trouble", "workers_alive"])
        state.param.watch(self._show_page, ["page", "project_id", "projects", "filters", "dark"])
        state.param.watch(self._show_busy, ["busy"])
        self.page.param.watch(lambda event: state.param.update(dark=event.new), "dark_theme")
        self._show_facts()

    def __panel__(self) -> Page:
        """The page, open at the address the browser asked for, keeping itself up to date while the session lives."""
        location, document = pn.state.location, pn.state.curdoc
        if location is not None:
            self._go_to(location.search, dark=self.page.dark_theme)
            self._in_browser = True
        self._show_page()
        if document is not None and document.session_context is not None:
            self.state.polled = True
            following.add(self.state, document, self._keep_up)
            document.on_session_destroyed(lambda _: following.remove(document))
        return self.page

    def _keep_up(self, seen: str | None) -> None:
        """Look for changes, once the browser has said that it is there.

        What changes while the event loop still makes the browser's models of the page would not be shown; the first
        look after that finds what was missed.
        """
        if pn.state.loaded:
            self.state.poll(seen)

    # What is shown

    def _show_page(self, *_: Any) -> None:
        state = self.state
        if state.page == self._building:
            return  # a page that is still read corrects its address; it is shown below, once it is there
        if state.page not in self.pages:
            self._build(state.page)
        shown = [(key == state.page, column) for key, column in zip(self.pages, self.content, strict=True)]
        for visible, column in sorted(shown, key=lambda one: one[0]):  # never two at a time
            column.visible = visible
        self._filters[state.page] = state.filters
        where = address.of(state) if self._in_browser else ""
        project = state.project()
        title = f"{PAGES[state.page]} · {project['name']}" if project else PAGES[state.page]
        self.strip.put(page=state.page, pages=self._tabs(), address=where, title=title)

    def _build(self, key: str) -> None:
        view = VIEWS[key](self.state)
        self._building = key
        try:
            # Read before it is on the screen: callbacks run in threads, and what changes while the event loop makes
            # the browser's models of a part is lost.
            view.refresh()
        except Exception:
            # The header with the pause switch has to come up whatever is wrong with one page.
            logger.exception("The page %s cannot be shown", key)
            self.state.fail(UNEXPECTED)
        finally:
            self._building = ""
        self.pages[key] = view
        self.content.append(pn.Column(view.body, view.overlay, sizing_mode="stretch_width", margin=0))

    def _switch_theme(self) -> None:
        self.page.dark_theme = not self.state.dark

    def _tabs(self) -> list[dict[str, str]]:
        state = self.state
        return [
            {
                "key": key,
                "label": label,
                "href": address.write(key, state.project_id, self._filters.get(key, {}), dark=state.dark),
            }
            for key, label in PAGES.items()
        ]

    def _show_facts(self, *_: Any) -> None:
        state = self.state
        self.topbar.put(
            projects=[{name: row[name] for name in ("id", "name", "client")} for row in state.projects],
            project_id=state.project_id or 0,
            mode=state.mode,
            person=state.actor.name,
            role=state.actor.role.value,
            **switch_looks(state),
        )
        banners = []
        if state.trouble:
            banners.append({"key": "trouble", "tone": "error", "title": "The database cannot be read"})
            banners[-1] |= {"text": f"{state.trouble} What is shown may be old.", "button": ""}
        if (paused := pause_banner(state)) is not None:
            banners.append(paused)
        if not state.workers_alive:
            banners.append(dict(_NO_WORKER))
        self.strip.put(banners=banners)

    def _show_busy(self, *_: Any) -> None:
        self.strip.busy = self.state.busy

    # What is clicked

    def _go(self, page: str) -> None:
        if page in PAGES:
            self.state.go(page, **self._filters.get(page, {}))

    def _go_to(self, search: str, **more: bool) -> None:
        values = address.read(search)
        with self.state.lock:
            # What the projects are is unknown while the database cannot be read.
            self.state.param.update(**values if self.state.trouble else self.state.known(values), **more)

    def _choose_project(self, id: int) -> None:
        self.state.go(project_id=id or None, **self.state.filters)

    def _click_banner(self, key: str) -> None:
        if key == "resume":
            self.switch.open()


def make_page(**params: Any) -> Page:
    """A page with our theme that is not tied to the whole process.

    ``pmu.Page`` binds its ``busy`` to ``pn.state.busy``, which is one for all sessions: every click of anybody would
    be pushed to every open page, and the process would keep every closed page alive. The strip shows what its own
    session does instead. The title stays empty: the top bar shows the product's name.
    """
    page = Page(
        title="",
        meta_title="Command Center",
        site_url="?",
        theme_config=THEME,
        busy_indicator=None,
        sx={
            "& .header .MuiToolbar-root": {"paddingLeft": "16px", "paddingRight": "10px"},
            "& .header .MuiLinearProgress-root": {"display": "none"},  # there in spite of busy_indicator=None
        },
        **params,
    )
    with edit_readonly(page):
        page.busy = False
    private = page._param__private
    for _, watcher in private.ref_watchers:
        with contextlib.suppress(ValueError):
            pn.state.param.unwatch(watcher)
    private.ref_watchers = []
    return page

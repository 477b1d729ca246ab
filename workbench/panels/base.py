"""What every page has in common: how it reads, acts, keeps up with changes, and opens a dialog."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar, cast

import panel as pn
import panel_material_ui as pmu
from param.parameterized import Event

from workbench.errors import WorkbenchError
from workbench.panels.clicks import clicks
from workbench.panels.state import PAGES, WorkbenchState
from workbench.panels.theme import style

F = TypeVar("F", bound=Callable[..., Any])

UNEXPECTED = "Something went wrong that the workbench did not foresee. The server's log has the details."


def quietly(method: F) -> F:
    """Wrap a method that an event runs: what it raises is told to the person.

    The method answers None when it raised a :class:`WorkbenchError`. Anything else is told in general words and
    raised again, so that it is logged, and a test sees it.
    """

    @functools.wraps(method)
    def run(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return method(self, *args, **kwargs)
        except WorkbenchError as error:
            self.state.fail(error)
        except Exception:
            self.state.fail(UNEXPECTED)
            raise
        return None

    return cast(F, run)


def action(method: F) -> F:
    """Wrap a method that a click runs: like :func:`quietly`, shown as work, and what is shown is read again.

    The same click of the same session is not answered again while it is being answered.
    """
    told = quietly(method)

    @functools.wraps(method)
    def run(self: Any, *args: Any, **kwargs: Any) -> Any:
        # A button's event counts its clicks, another one tells what was chosen.
        said = [one.new if isinstance(one, Event) else one for one in args if getattr(one, "name", "") != "clicks"]
        click, mine = (id(self), method.__qualname__, repr((said, kwargs))), object()
        if self.state.clicked.setdefault(click, mine) is not mine:
            return None
        try:
            with clicks.answering(), self.state.working():
                result = told(self, *args, **kwargs)
                self.state.poll(force=True)
        finally:
            del self.state.clicked[click]
        return result

    return cast(F, run)


class StateView(pn.viewable.Viewer):
    """A view over the session's state, with a place for its dialogs."""

    def __init__(self, state: WorkbenchState, **params: Any) -> None:
        super().__init__(**params)
        self.state = state
        self.overlay = pn.Column(sizing_mode="stretch_width", margin=0, height=0)
        self._dialog: pmu.Dialog | None = None

    def open_dialog(self, title: str, *objects: Any, width: str = "sm", closes_on_click: bool = False) -> pmu.Dialog:
        """Show ``objects`` in a dialog that is made now and forgotten when the next one opens.

        ``closes_on_click`` lets a click beside it close it: for dialogs without anything typed in them. Escape closes
        every dialog; it asks before it throws away what was typed.
        """
        for one in objects:
            if one.margin == 0:  # lines up with the inputs, which have a margin of their own
                one.margin = (4, 10)
        dialog = pmu.Dialog(
            *objects,
            title=title,
            open=True,
            width_option=width,
            close_on_click=closes_on_click,
            show_close_button=True,
            title_variant="h5",
            sizing_mode="stretch_width",
        )
        self._dialog = dialog
        self.overlay[:] = [dialog]
        self.state.dialogs += 1
        return dialog

    def reopen_dialog(self, dialog: pmu.Dialog | None) -> bool:
        """Open ``dialog`` again; False when another one has taken its place and it has to be made anew.

        To make a part costs the server more than all else that a click does: a dialog that is often opened is kept.
        """
        if dialog is None or dialog is not self._dialog:
            return False
        dialog.open = True
        self.state.dialogs += 1
        return True

    def buttons(self, *buttons: Any) -> pn.Row:
        """The row at a dialog's foot: Cancel, then ``buttons``."""
        cancel = pmu.Button(label="Cancel", variant="text", color="default", on_click=self.close_dialog)
        return pn.Row(pn.layout.HSpacer(), cancel, *buttons, sizing_mode="stretch_width", margin=(8, 0))

    def close_dialog(self, *_: Any) -> None:
        """Close the dialog that is open, if any."""
        if self._dialog is not None:
            self._dialog.open = False


class PageView(StateView):
    """One of the five pages. Subclasses build widgets into ``self.body`` and read in :meth:`_update`."""

    #: Its key in PAGES.
    key: ClassVar[str]

    def __init__(self, state: WorkbenchState, **params: Any) -> None:
        super().__init__(state, **params)
        self.body = pn.Column(sizing_mode="stretch_width", margin=0, stylesheets=[style("page.css")])
        self._behind = True
        self._own_view: tuple[int | None, dict[str, str]] = (None, {})
        state.param.watch(self._on_state, ["page", "project_id", "filters", "changes"])

    @property
    def shown(self) -> bool:
        """Whether this is the page on the screen."""
        return bool(self.state.page == self.key)

    def refresh(self) -> None:
        """Read again what the page shows. What cannot be read is said as a message."""
        with self.state.lock:
            self._behind = False
            try:
                self._update()
            except WorkbenchError as error:
                self.state.fail(error)

    def _update(self) -> None:
        raise NotImplementedError

    def _on_state(self, *events: Any) -> None:
        self._behind = self._behind or any(event.name != "page" for event in events)
        if self.shown and self._behind:
            self.refresh()

    def __panel__(self) -> pn.viewable.Viewable:
        """The page by itself, as in a notebook: opened, with its messages and dialogs."""
        from workbench.panels.messages import Messages  # it is a StateView itself

        self.state.poll(force=True)
        first = self.state.projects[0]["id"] if self.state.projects else None
        self.state.go(self.key, project_id=self.state.project_id or first, **self.state.filters)
        self._own_view = (self.state.project_id, self.state.filters)
        self.state.param.watch(self._stay, ["page", "project_id", "filters"])
        messages = Messages(self.state)
        return pn.Column(self.body, self.overlay, messages.toaster, sizing_mode="stretch_width", margin=0)

    def _stay(self, *_: Any) -> None:
        """By itself a page can't be left: whoever is sent to another one is told how to open that."""
        state = self.state
        if self.shown:
            self._own_view = (state.project_id, state.filters)
            return
        call = f"wb.{state.page.replace('-', '_')}({state.project_id if state.page != 'command' else ''})"
        state.tell(f"That is on the {PAGES[state.page]} page. In a cell of its own: {call}", "info")
        project_id, filters = self._own_view
        state.go(self.key, project_id=project_id, **filters)

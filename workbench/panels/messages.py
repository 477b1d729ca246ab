"""The messages of a session on the screen, and the buttons that take back what they tell."""

from __future__ import annotations

from typing import Any

import panel as pn

from workbench.panels.base import StateView, action
from workbench.panels.components.toaster import Toaster
from workbench.panels.state import WorkbenchState


class Messages(StateView):
    """Shows each new message of the state."""

    def __init__(self, state: WorkbenchState, **params: Any) -> None:
        super().__init__(state, **params)
        self.toaster = Toaster(on_undo=self._click_undo)
        state.param.watch(self._show, ["message"])
        state.param.watch(lambda event: self.toaster.param.update(dialogs=event.new), ["dialogs"])
        self._show()

    def _show(self, *_: Any) -> None:
        if self.state.message is not None:
            self.toaster.add(self.state.message)

    @action
    def _click_undo(self, id: int) -> None:
        undo = self.toaster.take_undo(id)
        if undo is None:
            self.state.fail("That can no longer be taken back here. The Control Tower's audit log says what was done.")
        else:
            undo()

    def __panel__(self) -> pn.viewable.Viewable:
        return self.toaster

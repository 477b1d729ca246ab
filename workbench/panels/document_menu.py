"""Saves or prints the revision on the screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal, cast

from workbench import operator_services as ops
from workbench.operator_services.types import StrategyRevision
from workbench.panels.base import StateView, quietly
from workbench.panels.components.document_menu import SaveMenu
from workbench.panels.state import WorkbenchState
from workbench.panels.strategy_document import Document
from workbench.panels.strategy_history import history

#: Events that are printed with a document at most.
LONGEST: Final = 500


class DocumentMenu(StateView):
    """``shown()`` answers the revision on the screen: that one is saved, also when a newer one came meanwhile."""

    def __init__(self, state: WorkbenchState, shown: Callable[[], StrategyRevision | None], **params: Any) -> None:
        super().__init__(state, **params)
        self._shown = shown
        self.view = SaveMenu(on_make=self._click_make, sizing_mode=None, align="center")

    @quietly
    def _click_make(self, kind: str, brief: bool, decisions: bool) -> None:
        revision = self._shown()
        if revision is None or kind not in ("md", "html", "print"):
            return
        project_id = revision["project_id"]
        context = self.state.call(ops.get_project_context, project_id)
        rows = []
        if decisions:
            rows = self.state.call(ops.get_audit_log, project_id=project_id, entity="strategy", limit=LONGEST)
        document = Document(context, revision, brief, history(rows))
        text = document.markdown() if kind == "md" else document.html()
        name = document.file_name("pdf" if kind == "print" else kind)
        self.view.hand_over(cast(Literal["md", "html", "print"], kind), name.removesuffix(".pdf"), text)

    def __panel__(self) -> SaveMenu:
        return self.view

"""The brief of a project: its five answers, and their revisions."""

from __future__ import annotations

from typing import Any

import panel as pn
import panel_material_ui as pmu

from workbench import operator_services as ops
from workbench.enums import Role
from workbench.errors import EditConflict
from workbench.operator_services.types import ProjectContext
from workbench.panels import safe
from workbench.panels.base import StateView, action
from workbench.panels.conflict import show_conflict
from workbench.panels.layout import bar, card
from workbench.panels.new_project import BRIEF, brief_inputs, typed
from workbench.panels.state import WorkbenchState
from workbench.panels.theme import style


def brief_html(context: ProjectContext) -> str:
    """The client and the five answers, what is missing named."""
    answers: dict[str, Any] = dict(context)
    rows = [("Client", context["client"])] + [(label, answers[name]) for name, (label, _, _) in BRIEF.items()]
    return "<dl>" + "".join(f"<dt>{label}</dt>{_answer(value)}" for label, value in rows) + "</dl>"


def _answer(value: str) -> str:
    return f"<dd>{safe.escape(value)}</dd>" if value.strip() else '<dd class="missing">Not said yet</dd>'


class BriefCard(StateView):
    """Shows the newest brief; Edit makes a revision of it."""

    def __init__(self, state: WorkbenchState, **params: Any) -> None:
        super().__init__(state, **params)
        self.context: ProjectContext | None = None
        self.inputs: dict[str, pmu.TextAreaInput] = {}
        self._base = 0
        self.heading = safe.text("Brief", kind="title")
        self.edit = pmu.Button(
            label="Edit", icon="edit", variant="text", size="small", on_click=self._click_edit, margin=0
        )
        self.answers = pn.pane.HTML("", **safe.pane_options(stylesheets=[style("brief.css")]))
        self.foot = safe.text("", kind="label")
        self.view = card(bar(self.heading, self.edit, stylesheets=[style("bar-ends.css")]), self.answers, self.foot)

    def fill(self, context: ProjectContext) -> None:
        """Show the brief of ``context``."""
        self.context = context
        self.edit.visible = self.state.may(Role.OPERATOR)
        self.answers.object = brief_html(context)
        number = context["intake_number"]
        self.foot.object = safe.text_html(f"Revision {number} of the brief" if number else "", "label")

    def _click_edit(self, *_: Any) -> None:
        context = self.context
        if context is None:
            return
        answers: dict[str, Any] = dict(context)
        self._base = context["intake_number"]
        self.inputs = brief_inputs({name: answers[name] for name in BRIEF})
        self.open_dialog(
            "Edit the brief",
            *self.inputs.values(),
            self.buttons(pmu.Button(label="Save as a revision", on_click=self._click_save)),
        )

    @action
    def _click_save(self, *_: Any) -> None:
        self._save(self._base)

    def _save(self, base: int) -> None:
        if self.context is None:
            return
        changes = {name: typed(widget) for name, widget in self.inputs.items()}
        try:
            saved = self.state.call(ops.save_intake, self.context["project_id"], changes, base_number=base)
        except EditConflict as error:
            theirs = int(error.context.get("number", 0))
            show_conflict(
                self, error, keep_mine=lambda: self._click_keep_mine(theirs), take_theirs=self._click_take_theirs
            )
            return
        self.close_dialog()
        self.state.tell(f"Brief saved as revision {saved['number']}.")

    @action
    def _click_keep_mine(self, theirs: int) -> None:
        self._save(theirs)

    @action
    def _click_take_theirs(self) -> None:
        self.close_dialog()
        self.state.tell("Their brief stands.", "info")

    def __panel__(self) -> pn.viewable.Viewable:
        return self.view

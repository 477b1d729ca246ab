"""The brief of a project: its five answers, and their revisions."""

from __future__ import annotations

import json
from typing import Any

import panel as pn
import panel_material_ui as pmu

from workbench import operator_services as ops
from workbench.enums import Role
from workbench.errors import EditConflict
from workbench.operator_services.types import IntakeRevision, ProjectContext
from workbench.panels import safe, times
from workbench.panels.base import StateView, action, quietly
from workbench.panels.comparison import Comparison
from workbench.panels.components.brief_sheet import BriefSheet
from workbench.panels.conflict import show_conflict
from workbench.panels.new_project import BRIEF, brief_inputs, typed
from workbench.panels.state import WorkbenchState


def answers_of(context: ProjectContext) -> list[dict[str, str]]:
    """The client and the five answers, label and text each."""
    answers: dict[str, Any] = dict(context)
    told = [{"label": label, "text": answers[name]} for name, (label, _, _) in BRIEF.items()]
    return [{"label": "Client", "text": context["client"]}, *told]


def brief_text(revision: IntakeRevision) -> str:
    """The five answers below their questions, as a text that can be compared."""
    answers: dict[str, Any] = dict(revision)
    return "\n\n".join(f"{label}\n{answers[name]}" for name, (label, _, _) in BRIEF.items())


class BriefCard(StateView):
    """Shows the newest brief; Edit makes a revision of it. What is typed there is kept as the person's draft."""

    def __init__(self, state: WorkbenchState, **params: Any) -> None:
        super().__init__(state, **params)
        self.context: ProjectContext | None = None
        self.inputs: dict[str, pmu.TextAreaInput] = {}
        self.comparison: Comparison | None = None
        self.revisions: list[IntakeRevision] = []
        self._base = 0
        self._known = (0, 0)
        self.view = BriefSheet(on_edit=self._click_edit, on_compare=self._click_revisions)

    def fill(self, context: ProjectContext) -> None:
        """Show the brief of ``context``."""
        self.context = context
        known = context["project_id"], context["intake_number"]
        if known != self._known:
            self.revisions = self.state.call(ops.get_intakes, context["project_id"])
            self._known = known
        newest = self.revisions[0] if self.revisions else None
        self.view.param.update(
            answers=answers_of(context),
            number=newest["number"] if newest else 0,
            author=newest["author"] if newest else "",
            at=newest["created_at"].isoformat() if newest else "",
            zone=context["timezone"],
            may_edit=self.state.may(Role.OPERATOR),
            may_compare=len(self.revisions) > 1,
        )

    # Its revisions

    @quietly
    def _click_revisions(self, *_: Any) -> None:
        context = self.context
        if context is None or len(self.revisions) < 2:
            return
        texts = {one["number"]: brief_text(one) for one in self.revisions}
        self.comparison = Comparison(texts.__getitem__)
        self.comparison.offer({one["number"]: self._label(one, context["timezone"]) for one in self.revisions})
        self.comparison.show(self.revisions[1]["number"], self.revisions[0]["number"], "")
        self.open_dialog("Revisions of the brief", self.comparison.view, width="lg", closes_on_click=True)

    def _label(self, one: IntakeRevision, zone: str) -> str:
        return f"{one['number']} · {one['author'] or 'unknown'} · {times.words(one['created_at'], zone)}"

    # Editing it

    @quietly
    def _click_edit(self, *_: Any) -> None:
        context = self.context
        if context is None:
            return
        draft = self.state.call(ops.get_draft, "intake", context["project_id"])
        if draft is None:
            self._open_form(self._answers(), context["intake_number"])
            return
        newer = "" if draft["base"] == context["intake_number"] else " Somebody has changed the brief since."
        when = times.words(draft["updated_at"], context["timezone"])
        note = f"These are your unsaved answers of {when} ({times.ago(draft['updated_at'])}).{newer}"
        self._open_form(self._answers() | json.loads(draft["text"]), draft["base"], note)

    def _answers(self) -> dict[str, str]:
        answers: dict[str, Any] = dict(self.context or {})
        return {name: answers[name] for name in BRIEF}

    def _open_form(self, answers: dict[str, str], base: int, note: str = "") -> None:
        self._base = base
        self.inputs = brief_inputs(answers)
        for widget in self.inputs.values():
            widget.param.watch(self._keep, "value_input")
        discard = pmu.Button(label="Throw them away", variant="text", on_click=self._click_discard)
        self.open_dialog(
            "Edit the brief",
            *([safe.text(note, kind="note")] if note else []),
            *self.inputs.values(),
            self.buttons(
                *([discard] if note else []), pmu.Button(label="Save as a revision", on_click=self._click_save)
            ),
        )

    def _typed(self) -> dict[str, str]:
        return {name: typed(widget) for name, widget in self.inputs.items()}

    @quietly
    def _keep(self, *_: Any) -> None:
        if self.context is not None and self._typed() != self._answers():
            text = json.dumps(self._typed(), ensure_ascii=False)
            self.state.call(ops.save_draft, "intake", self.context["project_id"], text, self._base)

    @action
    def _click_discard(self, *_: Any) -> None:
        if self.context is None:
            return
        project_id, text, base = self.context["project_id"], json.dumps(self._typed()), self._base
        self.state.call(ops.discard_draft, "intake", project_id)
        self.close_dialog()
        self.state.tell(
            "Your answers are gone; the brief is as it was.",
            "info",
            undo=lambda: self.state.call(ops.save_draft, "intake", project_id, text, base),
        )

    @action
    def _click_save(self, *_: Any) -> None:
        self._save(self._base)

    def _save(self, base: int) -> None:
        if self.context is None:
            return
        project_id = self.context["project_id"]
        try:
            saved = self.state.call(ops.save_intake, project_id, self._typed(), base_number=base)
        except EditConflict as error:
            theirs = int(error.context.get("number", 0))
            show_conflict(
                self, error, keep_mine=lambda: self._click_keep_mine(theirs), take_theirs=self._click_take_theirs
            )
            return
        self.state.call(ops.discard_draft, "intake", project_id)
        self.close_dialog()
        self.state.tell(f"Brief saved as revision {saved['number']}.")

    @action
    def _click_keep_mine(self, theirs: int) -> None:
        self._save(theirs)

    @action
    def _click_take_theirs(self) -> None:
        if self.context is not None:
            self.state.call(ops.discard_draft, "intake", self.context["project_id"])
        self.close_dialog()
        self.state.tell("Their brief stands.", "info")

    def __panel__(self) -> pn.viewable.Viewable:
        return self.view

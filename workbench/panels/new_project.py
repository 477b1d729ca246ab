"""The dialog that makes a project from a brief."""

from __future__ import annotations

from typing import Any, Final

import panel_material_ui as pmu

from workbench import operator_services as ops
from workbench.enums import Role
from workbench.panels import safe
from workbench.panels.base import StateView, action

#: The five answers of a brief: name in the contract -> label, what to write, lines.
BRIEF: Final[dict[str, tuple[str, str, int]]] = {
    "goal": ("Goal", "What shall be different afterwards? “Twenty demos a month from logistics firms.”", 2),
    "audience": ("Audience", "Who shall hear it? “Operations managers of mid-sized hauliers.”", 2),
    "constraints": ("Constraints", "What must not happen? “No discounts, no names of customers.”", 2),
    "budget": ("Budget", "“10,000 EUR in the first quarter.”", 1),
    "target_niche": ("Target niche", "“Cold-chain logistics in the north.”", 1),
}


def brief_inputs(values: dict[str, str] | None = None) -> dict[str, pmu.TextAreaInput]:
    """The inputs of a brief, by name in the contract, filled with ``values``."""
    return {
        name: pmu.TextAreaInput(
            label=label,
            placeholder=hint,
            rows=rows,
            max_rows=10,
            auto_grow=True,
            max_length=10_000,
            value=(values or {}).get(name, ""),
            sizing_mode="stretch_width",
        )
        for name, (label, hint, rows) in BRIEF.items()
    }


def typed(widget: Any) -> str:
    """What stands in a text widget, also when it still has the focus."""
    return str(widget.value_input if widget.value_input is not None else widget.value)


class NewProject:
    """Asks for name, client and brief, makes the project and opens its War Room."""

    def __init__(self, page: StateView) -> None:
        self.page = page
        self.state = page.state
        self._dialog: pmu.Dialog | None = None

    def open(self) -> None:
        """Open the dialog, empty."""
        if not self.state.may(Role.OPERATOR):
            self.state.fail("Making a project needs the role operator. Ask an administrator.")
            return
        for widget in self._inputs() if self._dialog else ():
            widget.param.update(value="", value_input="")
        if self.page.reopen_dialog(self._dialog):
            return
        self.name = pmu.TextInput(label="Name of the project", max_length=200, sizing_mode="stretch_width")
        self.client = pmu.TextInput(label="Client", max_length=200, sizing_mode="stretch_width")
        self.brief = brief_inputs()
        self._dialog = self.page.open_dialog(
            "New project",
            safe.text(
                "Goal and audience are what a first strategy is written from. All of it can be changed later.",
                kind="note",
            ),
            *self._inputs(),
            self.page.buttons(pmu.Button(label="Create project", on_click=self._click_create)),
        )

    def _inputs(self) -> list[Any]:
        return [self.name, self.client, *self.brief.values()]

    @action
    def _click_create(self, *_: Any) -> None:
        answers = {name: typed(widget) for name, widget in self.brief.items()}
        made = self.state.call(ops.create_project, typed(self.name), typed(self.client), **answers)
        self.page.close_dialog()
        self.state.go("war-room", project_id=made)
        self.state.tell(f"{typed(self.name).strip()} was created.")

"""What a change of the strategy made stale: how much it is, where it stands, and the way to say that it still holds."""

from __future__ import annotations

from typing import Any, Final

import panel as pn
import panel_material_ui as pmu

from workbench import operator_services as ops
from workbench.enums import Role
from workbench.operator_services.types import ProjectContext
from workbench.panels import safe
from workbench.panels.base import StateView, action
from workbench.panels.layout import Later, bar
from workbench.panels.state import WorkbenchState
from workbench.panels.theme import style
from workbench.services.strategies import TO_COME

#: Those whose strategy still matters, and is not the one in force.
STALE: Final[dict[str, Any]] = {"stale": True, "status": [one.value for one in TO_COME]}


def creatives(number: int) -> str:
    """``1 creative``, ``12 creatives``"""
    return f"{number:,} creative{'' if number == 1 else 's'}"


class StaleNotice(StateView):
    """Says how many creatives were not made from the strategy in force. Hidden when there are none."""

    def __init__(self, state: WorkbenchState, **params: Any) -> None:
        super().__init__(state, **params)
        self.project_id: int | None = None
        self.text = safe.text("", align="center")
        small = {"size": "small", "variant": "outlined", "margin": 0}
        self.open = pmu.Button(label="Show them", on_click=self._click_open, **small)
        self.confirm = pmu.Button(label="Confirm all…", on_click=self._click_confirm, **small)
        self.view = Later(lambda: bar(self.text, self.open, self.confirm, stylesheets=[style("notice.css")]))

    def fill(self, context: ProjectContext) -> None:
        """Count those of ``context``'s project that are still to be published."""
        self.project_id, in_force = context["project_id"], context["approved_number"]
        # Counting them in the Gallery's way would write the first drafts of a project that has none yet.
        counted = self.state.call(ops.preview_approval, self.project_id, in_force) if in_force else None
        number = counted["stale"] if counted else 0
        self.confirm.visible = self.state.may(Role.APPROVER)
        were = "was" if number == 1 else "were"
        self.text.object = safe.text_html(
            f"{creatives(number)} {were} not made from revision {in_force}, which is in force. Nothing of it goes out "
            "until it is confirmed, edited or regenerated."
        )
        self.view.reveal(bool(number))

    def _click_open(self, *_: Any) -> None:
        self.state.go("gallery", stale="yes")

    @action
    def _click_confirm(self, *_: Any) -> None:
        if self.project_id is None:
            return
        ids = list(self.state.call(ops.find_creative_ids, self.project_id, **STALE))
        if not ids:
            self.state.tell("None is stale any more.", "info")
            return

        self.open_dialog(
            f"Confirm {creatives(len(ids))}?",
            safe.text(
                "You say that they still hold, as they are: from now on they are based on the strategy in force, and "
                "what is on the queue goes out at its time. To change them first, open them in the Gallery."
            ),
            self.buttons(
                pmu.Button(label=f"Confirm {len(ids):,}", on_click=lambda _: self._click_confirm_now(ids)),
            ),
        )

    @action
    def _click_confirm_now(self, ids: list[int]) -> None:
        if self.project_id is None:
            return
        result = self.state.call(ops.confirm_creatives, self.project_id, ids)
        batch = result["batch_id"]
        self.close_dialog()
        refused = f", {result['failed']:,} not" if result["failed"] else ""
        self.state.tell(
            f"{result['done']:,} confirmed for the strategy in force{refused}.",
            "warn" if refused else "ok",
            undo=(lambda: self.state.call(ops.undo_batch, batch)) if batch else None,
        )

    def __panel__(self) -> pn.viewable.Viewable:
        return self.view

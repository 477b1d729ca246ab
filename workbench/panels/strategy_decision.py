"""Approving and rejecting a revision: what it would change is said first, and a reason can be given."""

from __future__ import annotations

from typing import Any

import panel_material_ui as pmu

from workbench import operator_services as ops
from workbench.enums import Role, StrategyStatus
from workbench.operator_services.types import ApprovalPreview, StrategyRevision
from workbench.panels import safe
from workbench.panels.base import StateView, action
from workbench.panels.components.button_row import ButtonRow
from workbench.panels.new_project import typed
from workbench.panels.stale import creatives
from workbench.panels.state import WorkbenchState

LONGEST_REASON = 2_000


def consequences(preview: ApprovalPreview) -> str:
    """What an approval changes, in sentences."""
    replaces, stale, queued = preview["replaces"], preview["stale"], preview["queued"]
    told = f"It comes into force in place of revision {replaces}." if replaces else "It comes into force."
    if stale:
        became = "becomes" if stale == 1 else "become"
        told += f" {creatives(stale)} made from another revision {became} stale: "
        told += "nothing of it goes out until it is confirmed, edited or regenerated"
        told += f". {queued:,} of them {'is' if queued == 1 else 'are'} on the queue." if queued else "."
    return told


class StrategyDecision(StateView):
    """The two buttons and their dialogs. A decision is about the number that was read, whatever came since."""

    def __init__(self, state: WorkbenchState, **params: Any) -> None:
        super().__init__(state, **params)
        self.project_id: int | None = None
        self.revision: StrategyRevision | None = None
        self.view = ButtonRow(on_press=self._press, sizing_mode=None, align="center")
        self.reason = pmu.TextAreaInput(label="Reason", rows=3)

    def fill(self, project_id: int, revision: StrategyRevision, *, newest: bool) -> None:
        """Offer what may be decided about ``revision``."""
        self.project_id, self.revision = project_id, revision
        may = self.state.may(Role.APPROVER)
        offered: list[dict[str, Any]] = []
        if may and revision["status"] != StrategyStatus.REJECTED and (newest or revision["in_force"]):
            offered.append({"key": "reject", "label": "Reject…", "icon": "close", "tone": "error"})
        if may and newest and not revision["in_force"]:
            offered.append({"key": "approve", "label": "Approve…", "icon": "check", "tone": "ok", "filled": True})
        self.view.param.update(buttons=offered, visible=bool(offered))

    def _press(self, key: str) -> None:
        {"approve": self._click_approve, "reject": self._click_reject}[key]()

    def _ask(self, label: str) -> pmu.TextAreaInput:
        self.reason = pmu.TextAreaInput(label=label, rows=3, max_length=LONGEST_REASON, sizing_mode="stretch_width")
        return self.reason

    @action
    def _click_approve(self, *_: Any) -> None:
        revision, project_id = self.revision, self.project_id
        if revision is None or project_id is None:
            return
        number = revision["number"]
        preview = self.state.call(ops.preview_approval, project_id, number)
        self.open_dialog(
            f"Approve revision {number}",
            safe.text(consequences(preview)),
            self._ask("Reason, if you want to give one"),
            self.buttons(
                pmu.Button(
                    label=f"Approve revision {number}",
                    color="success",
                    on_click=lambda _: self._click_confirm_approve(number),
                )
            ),
        )

    @action
    def _click_confirm_approve(self, number: int) -> None:
        if self.project_id is None:
            return
        self.state.call(ops.approve_strategy, self.project_id, typed(self.reason), number=number)
        self.close_dialog()
        self.state.tell(f"Revision {number} is approved and in force.")

    def _click_reject(self, *_: Any) -> None:
        revision = self.revision
        if revision is None:
            return
        number = revision["number"]
        consequence = (
            "It is in force: nothing will be in force then, and what is queued comes off the queue."
            if revision["in_force"]
            else "Whoever writes the next revision will read your reason."
        )
        self.open_dialog(
            f"Reject revision {number}",
            safe.text(consequence),
            self._ask("Reason"),
            self.buttons(
                pmu.Button(label="Reject", color="error", on_click=lambda _: self._click_confirm_reject(number))
            ),
        )

    @action
    def _click_confirm_reject(self, number: int) -> None:
        if self.project_id is None:
            return
        reason = typed(self.reason)
        if not reason.strip():
            self.reason.param.update(error_state=True, label="Reason (whoever writes the next revision needs it)")
            return
        self.state.call(ops.reject_strategy, self.project_id, reason, number=number)
        self.close_dialog()
        self.state.tell(f"Revision {number} is rejected.", "info")

"""What a person decides about one row of the queue or one unknown outcome: always with a reason."""

from __future__ import annotations

from typing import Any, Literal

import panel_material_ui as pmu

from workbench import operator_services as ops
from workbench.panels import safe
from workbench.panels.base import StateView, action
from workbench.panels.calendar_layout import told
from workbench.panels.moving import move
from workbench.panels.new_project import typed

Outcome = Literal["sent", "not_sent"]


class QueueDialogs:
    """The Control Tower's dialogs."""

    def __init__(self, page: StateView) -> None:
        self.page = page
        self.state = page.state

    def open(self, key: str, queue_id: int) -> pmu.Dialog:
        """Reschedule (``move``), ``retry`` or ``cancel`` a row of the queue. Raises :class:`NotFoundError`."""
        self.queue_id = queue_id
        self.reason = self._reason()
        if key == "move":
            self.item = self.state.call(ops.get_queue_item, queue_id)
            self.when = pmu.TextInput(
                label="New time (YYYY-MM-DD HH:MM)",
                value=self.item["local_time"].replace("T", " ")[:16],
                sizing_mode="stretch_width",
            )
            self.zone = pmu.TextInput(label="Time zone", value=self.item["timezone"], sizing_mode="stretch_width")
            now = f"Now: {told(self.item['scheduled_time'], self.item['timezone'])}"
            return self._ask("Reschedule", now, self.when, self.zone, button="Reschedule", click=self._click_move)
        if key == "retry":
            note = "Only what failed is tried again. Nobody gets it twice."
            return self._ask("Try again", note, button="Try again", click=self._click_retry)
        note = "It comes off the queue and stays approved."
        return self._ask("Cancel", note, button="Take it off the queue", click=self._click_cancel, color="error")

    def open_reconcile(self, attempt_id: int, outcome: Outcome) -> None:
        """Say what became of an attempt nobody knows about: ``sent`` or ``not_sent``."""
        self.attempt_id, self.outcome = attempt_id, outcome
        self.reason = self._reason("How do you know? (look at the platform, or ask the recipient)")
        self.external = pmu.TextInput(
            label="Its id there, if you have it", sizing_mode="stretch_width", visible=outcome == "sent"
        )
        title = "It was sent" if outcome == "sent" else "It was not sent"
        note = (
            ""
            if outcome == "sent"
            else "It can then be scheduled again. If it did go out after all, they get it twice."
        )
        self._ask(title, note, self.external, button=title, click=self._click_reconcile)

    def _reason(self, label: str = "Reason") -> pmu.TextInput:
        return pmu.TextInput(label=label, max_length=2_000, sizing_mode="stretch_width")

    def _ask(self, title: str, note: str, *inputs: Any, button: str, click: Any, color: str = "primary") -> pmu.Dialog:
        words = [safe.text(note, kind="note")] if note else []
        confirm = pmu.Button(label=button, color=color, on_click=click)
        return self.page.open_dialog(title, *words, *inputs, self.reason, self.page.buttons(confirm))

    @action
    def _click_move(self, *_: Any) -> None:
        when = typed(self.when).strip().replace(" ", "T")
        move(self.state, self.item, when, typed(self.zone).strip() or None, typed(self.reason) or None)
        self.page.close_dialog()

    @action
    def _click_retry(self, *_: Any) -> None:
        self.state.call(ops.retry_failed, self.queue_id, typed(self.reason))
        self.page.close_dialog()
        self.state.tell("It is queued again.")

    @action
    def _click_cancel(self, *_: Any) -> None:
        result = self.state.call(ops.cancel_scheduled, [self.queue_id], typed(self.reason))
        outcome = result["outcomes"][0]
        if not outcome["ok"]:
            self.state.fail(outcome["reason"] or "It could not be cancelled.")
            return
        self.page.close_dialog()
        batch = result["batch_id"]
        self.state.tell("Cancelled.", undo=(lambda: self.state.call(ops.undo_batch, batch)) if batch else None)

    @action
    def _click_reconcile(self, *_: Any) -> None:
        self.state.call(
            ops.reconcile_unknown,
            self.attempt_id,
            self.outcome,
            typed(self.reason),
            external_id=typed(self.external).strip() or None,
        )
        self.page.close_dialog()
        self.state.tell("Noted, with your reason.")

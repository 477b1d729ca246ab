"""Settling many failed or unknown attempts: what will happen to each, a reason, and one undo."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import panel as pn
import panel_material_ui as pmu

from workbench import operator_services as ops
from workbench.operator_services.types import DecisionOutcome
from workbench.panels import safe
from workbench.panels.base import StateView, action
from workbench.panels.components.table import Table
from workbench.panels.new_project import typed

#: Decision -> the dialog's title, the question for a reason, and what was done, for one and for several.
WORDS: Final = {
    "retry": ("Try again", "Why now? (what was mended)", "1 is tried again.", "{n:,} are tried again."),
    "sent": ("They were sent", "How do you know? (look at the platform)", "1 counts as sent.", "{n:,} count as sent."),
    "not_sent": (
        "They were not sent",
        "How do you know? (look at the platform)",
        "1 counts as not sent.",
        "{n:,} count as not sent.",
    ),
}
NOTES: Final = {
    "retry": "Only these are tried again, and nobody who got it gets it twice.",
    "sent": "Nothing is sent.",
    "not_sent": "They can then be tried again. What did go out after all would be got twice.",
}
_SHOWN: Final = 100


def told(decision: str, number: int) -> str:
    """What was decided of ``number`` of them, in a sentence."""
    *_, one, several = WORDS[decision]
    return one if number == 1 else several.format(n=number)


def outcome_line(one: DecisionOutcome) -> dict[str, Any]:
    """One row of the preview: what happens to it, or why nothing does."""
    if not one["ok"]:
        chip = {"text": "left as it is", "tone": "warn"}
    else:
        chip = {"text": "changes", "tone": "ok"} if one["changes"] else {"text": "is so already", "tone": ""}
    return {
        "id": one["id"],
        "title": one["title"] or f"Attempt {one['id']}",
        "what": chip,
        "why": one["reason"] or one["note"],
    }


class SettleDialog:
    """The dialog; ``done`` is called when something was decided."""

    def __init__(self, page: StateView, done: Callable[[], None]) -> None:
        self.page = page
        self.state = page.state
        self._done = done

    def open(self, decision: str, ids: Sequence[int]) -> None:
        """Show what ``decision`` (retry, sent, not_sent) would do to each of ``ids``, and ask why."""
        self.decision, self.ids = decision, list(ids)
        preview = self.state.call(ops.preview_attempts, self.ids, decision)
        title, question, *_ = WORDS[decision]
        changing, refused = preview["changing"], preview["refused"]
        left = f" {refused:,} stay{'s' if refused == 1 else ''} as it is." if refused == 1 else ""
        left = left or (f" {refused:,} stay as they are." if refused else "")
        # What does not go as asked for is what needs to be read.
        lines = [outcome_line(one) for one in sorted(preview["outcomes"], key=lambda one: one["ok"])]
        columns = [
            {"key": "title", "label": "What"},
            {"key": "what", "label": "", "kind": "chip"},
            {"key": "why", "label": "What happens"},
        ]
        self.table = Table(
            label="What happens to each", columns=columns, rows=lines[:_SHOWN], total=len(lines), page_size=_SHOWN
        )
        self.reason = pmu.TextInput(label=question, max_length=2_000, sizing_mode="stretch_width", visible=changing > 0)
        color = "error" if decision == "not_sent" else "primary"
        self.confirm = pmu.Button(
            label=f"{title} ({changing:,})", color=color, on_click=self._click_confirm, disabled=changing == 0
        )
        self.page.open_dialog(
            title,
            safe.text(f"{told(decision, changing)}{left} {NOTES[decision]}"),
            pn.Column(self.table, sizing_mode="stretch_width", max_height=320, scroll="y-auto", margin=0),
            self.reason,
            self.page.buttons(self.confirm),
            width="md",
        )

    @action
    def _click_confirm(self, *_: Any) -> None:
        result = self.state.call(ops.settle_attempts, self.ids, self.decision, typed(self.reason))
        self.page.close_dialog()
        refused = [one["reason"] for one in result["outcomes"] if not one["ok"]]
        words = told(self.decision, result["done"])
        if refused:
            words += f" {len(refused):,} could not be: {refused[0]}"
        batch = result["batch_id"]
        undo = (lambda: self.state.call(ops.undo_batch, batch)) if batch else None
        self.state.tell(words, "warn" if refused else "ok", undo=undo)
        self._done()

"""Deciding on many creatives at once: what happens to each is shown first; one click takes it back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import panel_material_ui as pmu

from workbench import operator_services as ops
from workbench.enums import Platform
from workbench.operator_services.types import BulkResult, DecisionOutcome, DecisionPreview, ScheduleResult
from workbench.panels import safe
from workbench.panels.base import action
from workbench.panels.paged_table import paged_table


class Decision(NamedTuple):
    """How a decision is spoken of."""

    verb: str
    done: str
    #: Of one that is so already.
    already: str
    color: str
    act: Callable[..., BulkResult]


DECISIONS: Final = {
    "approve": Decision("Approve", "approved", "is approved already", "success", ops.bulk_approve_creatives),
    "confirm": Decision(
        "Confirm", "confirmed for the strategy in force", "is not stale", "primary", ops.confirm_creatives
    ),
    "delete": Decision("Delete", "deleted", "is deleted already", "error", ops.bulk_delete_creatives),
    "restore": Decision("Restore", "restored", "is not deleted", "primary", ops.bulk_restore_creatives),
}
_COLUMNS: Final = [
    {"key": "title", "label": "What", "sub": "platform"},
    {"key": "what", "label": "Then", "kind": "chip"},
    {"key": "why", "label": "Why, and what else"},
]


def line(outcome: DecisionOutcome, decision: Decision) -> dict[str, Any]:
    """One id as a row of the preview."""
    if not outcome["ok"]:
        what = {"text": "stays as it is", "tone": "error"}
    elif outcome["changes"]:
        what = {"text": decision.done.split()[0], "tone": "ok"}
    else:
        what = {"text": "no change", "tone": ""}
    same = f"It {decision.already}." if outcome["ok"] and not outcome["changes"] else None
    return {
        "id": outcome["id"],
        "title": outcome["title"].strip() or f"#{outcome['id']}",
        "platform": Platform(outcome["platform"]).label if outcome["platform"] else "",
        "what": what,
        "why": outcome["reason"] or outcome["note"] or same,
    }


def summary(preview: DecisionPreview, decision: Decision) -> str:
    """``37 will be approved. 3 will not: see why.``"""
    changing = preview["changing"]
    parts = [f"{changing:,} will be {decision.done}." if changing else f"None will be {decision.done}."]
    if preview["unchanged"]:
        verb = "stays as it is" if preview["unchanged"] == 1 else "stay as they are"
        parts.append(f"{preview['unchanged']:,} {verb}: nothing to do.")
    if preview["refused"]:
        parts.append(f"{preview['refused']:,} cannot: see why.")
    if changing:
        parts.append("You can take it back in one step.")
    return " ".join(parts)


class Decisions:
    """The dialogs of a page that has ``selection`` (id → version), ``project_number()`` and ``choose_only(ids)``."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.state = page.state

    @action
    def open(self, key: str) -> None:
        """Show what ``key`` (of :data:`DECISIONS`) would do to each that is selected."""
        self.key, decision = key, DECISIONS[key]
        self.project_id, self.versions = self.page.project_number(), dict(self.page.selection)
        ids = list(self.versions)
        preview: DecisionPreview = self.state.call(
            ops.preview_creative_decision, self.project_id, key, ids, versions=self.versions
        )
        # What needs a look comes first.
        outcomes = sorted(preview["outcomes"], key=lambda one: (one["ok"], one["changes"] and not one["note"]))
        self.table = paged_table(
            f"What happens to each: {decision.verb.lower()}", _COLUMNS, [line(one, decision) for one in outcomes]
        )
        changing = preview["changing"]
        go = pmu.Button(
            label=f"{decision.verb} {changing:,}", color=decision.color, disabled=not changing, on_click=self._click_go
        )
        self.page.open_dialog(
            f"{decision.verb} {len(ids):,}?",
            safe.text(summary(preview, decision), kind="heading"),
            self.table,
            self.page.buttons(go),
            width="md",
            closes_on_click=True,
        )

    @action
    def _click_go(self, *_: Any) -> None:
        decision, ids = DECISIONS[self.key], list(self.versions)
        more = {"versions": self.versions} if self.key == "approve" else {}
        result = self.state.call(decision.act, self.project_id, ids, **more)
        self.page.close_dialog()
        self.tell(result, decision.done)

    def tell(self, result: BulkResult | ScheduleResult, what: str) -> None:
        """Say what a bulk call did and what it did not, and offer to take it back. The refused stay selected."""
        batch = result["batch_id"]
        refused = [outcome for outcome in result["outcomes"] if not outcome["ok"]]
        self.page.choose_only([outcome["id"] for outcome in refused])
        left = f", {len(refused):,} not: {refused[0]['reason']} They stay selected" if refused else ""
        text = f"{result['done']:,} {what}{left}."
        self.state.tell(text, "warn" if refused else "ok", undo=(lambda: self._undo(batch)) if batch else None)

    def _undo(self, batch: str) -> None:
        back = self.state.call(ops.undo_batch, batch)
        kept = [outcome for outcome in back["outcomes"] if not outcome["ok"]]
        words = f" {len(kept):,} not: {kept[0]['reason']}" if kept else ""
        self.state.tell(f"{back['done']:,} taken back.{words}", "warn" if kept else "ok")

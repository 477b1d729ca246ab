from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from workbench.panels.strategy_history import history


def row(id: int, action: str, number: int, *, reason: str | None = None, before: Any = None, **after: Any) -> Any:
    return {
        "id": id, "at": datetime(2026, 11, 20, id, tzinfo=UTC), "actor": "Ada", "action": f"strategy.{action}",
        "project_id": 3, "reason": reason, "before": before, "after": {"number": number, **after},
    }  # fmt: skip


def test_every_decision_says_what_it_changed_in_force_and_opens_what_it_was_about() -> None:
    rows = [
        row(1, "draft", 1),
        row(2, "approve", 1, reason="Good"),
        row(3, "save", 2),
        row(4, "approve", 2, replaces=1, stale=12),
        row(5, "reject", 2, reason="Wrong price", before={"in_force": True}),
        row(6, "approve", 2),
        row(7, "save", 3),
        row(8, "reject", 3, reason="Too loud", before={"in_force": False}),
        row(9, "forgotten", 3),
    ]
    told = [(one["event"], one["detail"], one["id"]) for one in history(rows[::-1])]
    assert told[::-1] == [
        ("Ada wrote a first draft by template: revision 1", "", "1"),
        ("Ada approved revision 1", "In force; none was before. “Good”", "1"),
        ("Ada saved revision 2", "", "1-2"),
        ("Ada approved revision 2", "In force in place of revision 1. That made 12 creatives stale.", "1-2"),
        ("Ada rejected revision 2", "It was in force; nothing is since. “Wrong price”", "2"),
        ("Ada approved revision 2", "In force; none was before.", "2"),
        ("Ada saved revision 3", "", "2-3"),
        ("Ada rejected revision 3", "“Too loud”", "3"),
    ]


def test_what_was_in_force_before_is_worked_out_for_decisions_that_did_not_say_so() -> None:
    newest, _ = history([row(2, "approve", 4), row(1, "approve", 2)])
    assert newest["detail"] == "In force in place of revision 2."

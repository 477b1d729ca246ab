from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.conftest import NOW
from workbench.panels.tower_lines import audit_line, in_order


def row(status: str, hours: int) -> Any:
    return {"status": status, "scheduled_time": NOW + timedelta(hours=hours)}


def test_what_comes_next_stands_first_and_what_is_over_last_with_the_newest_on_top() -> None:
    rows = [row("QUEUED", 30), row("DONE", -5), row("MISSED", -9), row("FAILED", -1), row("QUEUED", 2)]
    assert [(one["status"], one["scheduled_time"]) for one in in_order(rows)] == [
        ("MISSED", NOW - timedelta(hours=9)),
        ("QUEUED", NOW + timedelta(hours=2)),
        ("QUEUED", NOW + timedelta(hours=30)),
        ("FAILED", NOW - timedelta(hours=1)),
        ("DONE", NOW - timedelta(hours=5)),
    ]


def test_the_audit_log_says_what_happened_in_words_and_keeps_the_exact_action_beside_it() -> None:
    line = audit_line(
        {
            "id": 7, "at": NOW, "actor": "Ada", "role": "admin", "action": "strategy.approve", "entity": "strategy",
            "entity_id": 3, "project_id": 1, "batch_id": None, "reason": "looks good", "before": None,
            "after": {"number": 2},
        }
    )  # fmt: skip
    assert line["words"] == "Strategy 2 approved"
    assert line["what"] == "strategy.approve · strategy 3"
    assert line["reason"] == "looks good"

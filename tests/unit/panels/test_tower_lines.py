from __future__ import annotations

from tests.conftest import NOW
from workbench.panels.tower_lines import audit_line


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

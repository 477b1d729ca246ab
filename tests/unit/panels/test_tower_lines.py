from __future__ import annotations

from typing import Any

from tests.conftest import NOW
from workbench.panels.tower_lines import audit_line, gateway_entry


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


def test_a_gateway_tells_its_last_probe_what_goes_through_it_and_what_is_left_of_its_caps() -> None:
    status: Any = {
        "status": "warn", "checked_at": NOW, "age": 60.0, "latency_ms": 41.6, "detail": "503 from the relay",
        "recent_activity": 1_200, "queued": 3, "paused": False, "pause_reason": None, "accounts": ["acme", "helio"],
        "caps": [
            {"account": "acme", "limit": 2_000, "left": 800},
            {"account": "helio", "limit": 5, "left": 0},
        ],
    }  # fmt: skip
    entry = gateway_entry("email", status, None)
    assert (entry["checked_at"], entry["latency_ms"], entry["detail"]) == (NOW.isoformat(), 41.6, "503 from the relay")
    assert entry["facts"] == [
        "3 queued", "1,200 sent in 24 h", "acme: 800 of 2,000 left today (UTC)", "helio: 0 of 5 left today (UTC)"
    ]  # fmt: skip
    one = gateway_entry("email", status | {"caps": status["caps"][:1]}, None)
    assert one["facts"][-1] == "800 of 2,000 left today (UTC)"

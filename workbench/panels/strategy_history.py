"""Decisions and revisions of a strategy, as entries of a feed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from workbench.operator_services.types import AuditRow

#: action -> what happened, how it looks, its icon.
_WORDS: Final = {
    "strategy.draft": ("wrote a first draft by template: revision", "accent", "sparkle"),
    "strategy.save": ("saved revision", "accent", "edit"),
    "strategy.approve": ("approved revision", "ok", "check"),
    "strategy.reject": ("rejected revision", "error", "error"),
}


def history(rows: Sequence[AuditRow]) -> list[dict[str, Any]]:
    """Newest first, as :class:`Feed` shows them: who, what, and why."""
    return [_entry(row) for row in rows if row["action"] in _WORDS]


def _entry(row: AuditRow) -> dict[str, Any]:
    words, tone, icon = _WORDS[row["action"]]
    number = (row["after"] or {}).get("number", "")
    return {
        "id": str(row["id"]),
        "time": row["at"].isoformat(),
        "event": f"{row['actor']} {words} {number}".strip(),
        "detail": f"“{row['reason']}”" if row["reason"] else "",
        "tone": tone,
        "icon": icon,
        "project_id": None,
    }

"""Decisions and revisions of a strategy, as entries of a feed: who, when, why, and what was in force then."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from workbench.operator_services.types import AuditRow
from workbench.panels.stale import creatives

#: action -> what happened, how it looks, its icon.
_WORDS: Final = {
    "strategy.draft": ("wrote a first draft by template: revision", "accent", "sparkle"),
    "strategy.save": ("saved revision", "accent", "edit"),
    "strategy.approve": ("approved revision", "ok", "check"),
    "strategy.reject": ("rejected revision", "error", "error"),
}


def history(rows: Sequence[AuditRow]) -> list[dict[str, Any]]:
    """Newest first, as :class:`Feed` shows them. ``rows`` are newest first too.

    Each entry's id names what a click on it shows: ``4`` a revision, ``3-4`` the changes between two.
    """
    entries: list[dict[str, Any]] = []
    in_force: int | None = None
    for row in reversed([row for row in rows if row["action"] in _WORDS]):
        entry, in_force = _entry(row, in_force)
        entries.append(entry)
    return entries[::-1]


def _entry(row: AuditRow, in_force: int | None) -> tuple[dict[str, Any], int | None]:
    before, after = row["before"] or {}, row["after"] or {}
    number = after.get("number", 0)
    told: list[str] = []
    compared = number - 1
    if row["action"] == "strategy.approve":
        replaced = after.get("replaces", in_force)
        compared = replaced or 0
        told.append(f"In force in place of revision {replaced}." if replaced else "In force; none was before.")
        if after.get("stale"):
            told.append(f"That made {creatives(after['stale'])} stale.")
        in_force = number
    elif row["action"] == "strategy.reject":
        compared = 0
        if before.get("in_force"):
            told.append("It was in force; nothing is since.")
            in_force = None
    if row["reason"]:
        told.append(f"“{row['reason']}”")
    words, tone, icon = _WORDS[row["action"]]
    entry = {
        "id": f"{compared}-{number}" if compared > 0 and compared != number else str(number),
        "time": row["at"].isoformat(),
        "event": f"{row['actor']} {words} {number or ''}".strip(),
        "detail": " ".join(told),
        "tone": tone,
        "icon": icon,
        "project_id": row["project_id"],
    }
    return entry, in_force

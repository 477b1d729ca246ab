"""A creative as a card of the Gallery: how it looks, and what may be done to it."""

from __future__ import annotations

from typing import Any, Final

from workbench.enums import Platform
from workbench.operator_services.types import Creative
from workbench.platform_rules import counts

LABELS: Final = {
    "edit": "Edit",
    "regenerate": "Regenerate",
    "versions": "Versions",
    "preview": "Preview as a lead",
    "test": "Send a test to myself",
    "delete": "Delete",
    "restore": "Restore",
}
TONES: Final = {
    "DRAFT": "",
    "APPROVED": "ok",
    "SCHEDULED": "info",
    "PUBLISHING": "info",
    "PUBLISHED": "ok",
    "FAILED": "error",
    "UNKNOWN": "error",
}
_EDITABLE: Final = {"DRAFT", "APPROVED", "SCHEDULED", "FAILED"}


def source_words(source: str) -> str:
    """Who wrote a version, in words."""
    return {"operator": "written by hand", "template": "template"}.get(source, source.replace("model:", "model: "))


def actions_of(creative: Creative, *, may_write: bool) -> list[str]:
    """What may be done to a creative, as keys of :data:`LABELS`."""
    if creative["id"] is None:
        return []
    if creative["deleted"]:
        return ["restore"] if may_write else []
    readable = ["versions", "preview"]
    if not may_write:
        return readable
    editable = ["edit", "regenerate"] if creative["status"] in _EDITABLE else []
    removable = ["delete"] if creative["status"] not in ("PUBLISHING", "UNKNOWN") else []
    return [*editable, *readable, "test", *removable]


def grid_item(creative: Creative, author: str, *, may_write: bool) -> dict[str, Any]:
    """One creative as a card."""
    used = counts(Platform(creative["platform"]), creative["title"], creative["body_text"], creative["caption"])
    return {
        "id": creative["id"],
        "platform": creative["platform"],
        "author": author,
        "title": creative["title"],
        "body": creative["body_text"],
        "caption": creative["caption"],
        "status": "deleted" if creative["deleted"] else creative["status"].lower(),
        "tone": TONES.get(creative["status"], ""),
        "source": source_words(creative["source"]),
        "version": creative["version"],
        "stale": creative["stale"],
        "problems": creative["problems"],
        "used": used["used"],
        "limit": used["limit"],
        "when": creative["scheduled_time"].isoformat() if creative["scheduled_time"] else None,
        "error": creative["last_error"],
        "deleted": creative["deleted"],
        "actions": actions_of(creative, may_write=may_write),
    }

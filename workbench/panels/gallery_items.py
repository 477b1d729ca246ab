"""A creative as a card of the Gallery: how it looks, what may be done to it, and what is said of its text."""

from __future__ import annotations

from typing import Any, Final

from workbench.enums import Platform
from workbench.operator_services.types import Creative, Repeat
from workbench.panels.calendar_layout import told
from workbench.platform_rules import counts, fold, post_text

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
    platform = Platform(creative["platform"])
    used = counts(platform, creative["title"], creative["body_text"], creative["caption"])
    return {
        "id": creative["id"],
        **look(platform, author, creative["title"], creative["body_text"], creative["caption"]),
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


def look(platform: Platform, author: str, title: str, body_text: str, caption: str) -> dict[str, Any]:
    """The part of a card that looks as on its platform."""
    post = post_text(body_text, caption)
    return {
        "platform": platform.value,
        "author": author,
        "title": title,
        "post": post,
        "fold": fold(platform, post),
        "when": None,
        "stale": False,
    }


def repeat_words(repeat: Repeat | None, zone: str) -> str:
    """What to say of a text that repeats another one; empty when it does not."""
    if repeat is None:
        return ""
    platform = Platform(repeat["platform"])
    title = repeat["title"].strip() or "(no title)"
    when = told(repeat["at"], zone)
    why = (
        "X refuses a post that it has had lately."
        if platform is Platform.TWITTER
        else "The same people would read it twice."
    )
    much = "The same text as" if repeat["same"] else "Nearly the same text as"
    return f"{much} “{title}” (#{repeat['creative_id']}, {platform.label}, {when}). {why}"

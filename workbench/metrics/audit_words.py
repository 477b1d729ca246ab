"""Audit events in words for people who do not know table names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple


class AuditWords(NamedTuple):
    event: str
    #: ok, info, warn or error.
    tone: str


#: action → words and tone. ``{id}`` is what was acted on, ``{name}`` any other fact of the event's ``after``.
WORDS: Final[Mapping[str, tuple[str, str]]] = {}

#: What an entity is called on the screens.
_NOUNS: Final[Mapping[str, str]] = {
    "intake": "brief",
    "queue": "queue item",
    "content_item": "creative",
    "safety": "pause switch",
}


class _Facts(dict[str, Any]):
    """Facts an older event may not have are left out, rather than failing the whole feed."""

    def __missing__(self, key: str) -> str:
        return "?"


def audit_words(action: str, entity: str, entity_id: int | None, facts: Mapping[str, Any]) -> AuditWords:
    """What ``action`` was, in a few words. An action without words of its own is spelled out."""
    if action in WORDS:
        text, tone = WORDS[action]
        return AuditWords(text.format_map(_Facts(facts, id=entity_id if entity_id is not None else "?")), tone)
    verb = action.rpartition(".")[2].replace("_", " ")
    noun = _NOUNS.get(entity, entity.replace("_", " ")).capitalize()
    return AuditWords(" ".join(part for part in (noun, str(entity_id or ""), "–", verb) if part), "info")

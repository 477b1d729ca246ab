"""The fields of a lead an e-mail may name: ``{{first_name}}``, or ``{{first_name|there}}`` with a fallback.

A text is filled in one pass: what a lead's own fields hold is data, never looked at for placeholders again.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Final

#: What a placeholder may name: fields of a lead.
FIELDS: Final = ("first_name", "name", "title", "company", "email")

_PLACEHOLDER: Final = re.compile(
    r"\{\{[ \t]*(?P<name>[A-Za-z_][A-Za-z0-9_]*)[ \t]*(?:\|(?P<fallback>[^{}|\r\n]*))?\}\}"
)
_LOOSE: Final = re.compile(r"\{\{.{0,40}|.{0,40}\}\}")
_USE: Final = "Use one of " + ", ".join(f"{{{{{name}}}}}" for name in FIELDS) + "."


def names(text: str) -> set[str]:
    """The names of the placeholders in ``text``, known or not."""
    return {match["name"] for match in _PLACEHOLDER.finditer(text)}


def required(text: str) -> set[str]:
    """The names that ``text`` gives no fallback for: without a value for each of them it cannot be sent."""
    return {match["name"] for match in _PLACEHOLDER.finditer(text) if match["fallback"] is None}


def render(text: str, fields: Mapping[str, str | None], *, single_line: bool = False) -> tuple[str, list[str]]:
    """``text`` filled in from ``fields``, and the names that had neither value nor fallback.

    A blank value counts as none. A placeholder without value and fallback stays as it is written, so that a
    person who looks at the text sees it. ``single_line`` is for subjects: line breaks in a value become
    spaces. Other control characters never get out of a value.
    """
    missing: list[str] = []

    def fill(match: re.Match[str]) -> str:
        value = _clean(fields.get(match["name"]) or "", single_line=single_line)
        if value:
            return value
        fallback = match["fallback"]
        if fallback is not None:
            return str(fallback).strip()
        if match["name"] not in missing:
            missing.append(match["name"])
        return match[0]

    return _PLACEHOLDER.sub(fill, text), missing


def problems(text: str) -> list[str]:
    """What is wrong with the placeholders of ``text``, each a sentence: unknown names, unclosed braces."""
    unknown = sorted(names(text) - set(FIELDS))
    found = [f"There is no placeholder {{{{{name}}}}}. {_USE}" for name in unknown]
    loose = _LOOSE.search(_PLACEHOLDER.sub("", text))
    if loose:
        found.append(
            f"“{loose[0].strip()}” is not a placeholder: write {{{{first_name}}}} or "
            "{{first_name|there}}, and no double braces elsewhere."
        )
    return found


def _clean(value: str, *, single_line: bool) -> str:
    kept = []
    for character in value:
        # U+2028, U+2029 and U+0085 break lines too, and a mail library would fold a header there.
        control = unicodedata.category(character) in ("Cc", "Zl", "Zp")
        if not control or (character in "\n\t" and not single_line):
            kept.append(character)
        elif character.isspace():
            kept.append(" ")
    cleaned = "".join(kept)
    return " ".join(cleaned.split()) if single_line else cleaned.strip()

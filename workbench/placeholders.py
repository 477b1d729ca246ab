"""The fields of a lead that an e-mail may name: ``{{first_name}}``, or ``{{first_name|there}}`` with a fallback.

A text is filled in one pass: what a lead's own fields hold is data, and is never looked at for placeholders again.
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


def render(
    text: str, fields: Mapping[str, str | None], *, single_line: bool = False
) -> tuple[str, list[str]]:
    """``text`` with every placeholder filled in from ``fields``, and the names that had neither value nor fallback.

    A blank value counts as none. A placeholder without value and fallback stays as it is written, so that a person
    who looks at the text sees it. ``single_line`` is for subjects: line breaks in a value become spaces. Other
    control characters never get out of a value.
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
    """What is wrong with the placeholders of ``text``, each a sentence: unknown names, braces that do not close."""
    found = [
        f"There is no placeholder {{{{{name}}}}}. {_USE}"
        for name in sorted(names(text))
        if name not in FIELDS
    ]
    loose = _LOOSE.search(_PLACEHOLDER.sub("", text))
    if loose:
        found.append(
            f"“{loose[0].strip()}” is not a placeholder: write {{{{first_name}}}} or {{{{first_name|there}}}}, "
            "and no double braces elsewhere."
        )
    return found


def _clean(value: str, *, single_line: bool) -> str:
    kept = []
    for character in value:
        if unicodedata.category(character) in ("Cc", "Zl", "Zp"):
            # U+2028, U+2029 and U+0085 break lines too, and a mail library would fold a header there.
            if single_line or character not in "\n\t":
                kept.append(" " if character.isspace() else "")
                continue
        kept.append(character)
    cleaned = "".join(kept)
    return " ".join(cleaned.split()) if single_line else cleaned.strip()

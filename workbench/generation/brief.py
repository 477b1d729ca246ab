"""What a draft is written from."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_HEADING = re.compile(r"^#{1,6}\s+(?P<title>.+?)\s*#*$")
_MARKS = re.compile(r"[*_`>#\[\]]|^\s*(?:[-+]|\d+\.)\s+")
#: A first word that stays capital in the middle of a sentence: an acronym, a brand, most names of peoples.
_PROPER = re.compile(r"^(?:\w*[A-Z0-9]\w*[A-Z]\w*|\w+[A-Z]\w*|\w+(?:ish|ese|ean|man|ican|ench|utch))\b")


@dataclass(frozen=True)
class Brief:
    """A project's brief with its strategy. Any of them may be empty."""

    project: str
    client: str = ""
    goal: str = ""
    constraints: str = ""
    audience: str = ""
    budget: str = ""
    target_niche: str = ""
    strategy: str = ""

    @property
    def sender(self) -> str:
        """Who speaks: the client, or else the project."""
        return inline(self.client, 100) or inline(self.project, 100) or "our team"


def inline(text: str, longest: int) -> str:
    """``text`` as part of a sentence: one line, no double braces, no full stop, at most ``longest`` characters."""
    visible = "".join(" " if unicodedata.category(one).startswith(("C", "Z")) else one for one in text)
    while "{{" in visible or "}}" in visible:
        # In an e-mail they would be placeholders.
        visible = visible.replace("{{", " ").replace("}}", " ")
    return shorten(" ".join(visible.split()).rstrip(" .;,:!"), longest)


def shorten(text: str, longest: int) -> str:
    """``text``, cut between words and marked with … when it is longer than ``longest``."""
    if len(text) <= longest:
        return text
    cut = text[: max(longest - 1, 0)]
    words = cut.rsplit(" ", 1)
    # A single endless word is cut where it must be.
    kept = words[0] if len(words) == 2 and len(words[0]) >= longest // 2 else cut
    return kept.rstrip(" .;,:!") + "…"


def within(text: str) -> str:
    """``text`` for the middle of a sentence: begins small, unless its first word is a name."""
    return text if _PROPER.match(text) else text[:1].lower() + text[1:]


def opening(text: str) -> str:
    """``text`` for the beginning of a sentence."""
    return text[:1].upper() + text[1:]


def core_message(strategy: str) -> str:
    """The one sentence a strategy wants to be remembered by; empty when it states none.

    The first words under a heading that speaks of a message, else a main heading that is more than a label.
    """
    lines = [line.strip() for line in strategy.splitlines() if line.strip()]
    for at, line in enumerate(lines[:-1]):
        heading = _HEADING.match(line)
        if heading and "message" in heading["title"].lower() and not _HEADING.match(lines[at + 1]):
            return _plain(lines[at + 1])
    for line in lines:
        heading = _HEADING.match(line)
        if heading and line.startswith("# ") and len(heading["title"].split()) > 3:
            return _plain(heading["title"])
    return ""


def _plain(markdown: str) -> str:
    return inline(_MARKS.sub("", markdown), 220)

"""What each platform accepts: one validator for the editor, the approval and the worker. Pure.

The text of a post is its body; a caption, when there is one, follows after a blank line. The same goes for an
e-mail, whose subject is the title. The title of a post is for the people who work on it and is not sent.
"""

from __future__ import annotations

import re
from typing import Final, TypedDict

from workbench import placeholders
from workbench.enums import Platform
from workbench.x_length import LIMIT as X_LIMIT
from workbench.x_length import REFUSED as REFUSED_BY_X
from workbench.x_length import utf16_length, weighted_length

LINKEDIN_LIMIT: Final = 3_000
#: Mail clients show about 60 characters of a subject; one longer than this is a mistake.
SUBJECT_LIMIT: Final = 200
#: Our own limit: beyond it mail clients cut a message, and spam filters take offence.
EMAIL_LIMIT: Final = 50_000

#: A LinkedIn feed cuts a post off after three lines, or about this many characters; of a letter our cards show so much.
_FOLDS: Final = {Platform.LINKEDIN: (3, 210), Platform.EMAIL: (9, 420)}

#: Line breaks and the other control characters: C0, DEL, C1 and Unicode's own two line ends.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
#: In a text, tabs and line ends are fine.
_CONTROL_IN_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")


class Counts(TypedDict):
    """For the counter beside an editor: ``used`` of ``limit``, in ``unit`` (English, plural)."""

    used: int
    limit: int
    unit: str


def post_text(body_text: str | None, caption: str | None) -> str:
    """What is sent: the body, and the caption after a blank line when there is one; trimmed, ``\\n`` line ends."""
    parts = [(part or "").replace("\r\n", "\n").replace("\r", "\n").strip() for part in (body_text, caption)]
    return "\n\n".join(part for part in parts if part)


def fold(platform: Platform, text: str) -> int | None:
    """Where the reader of ``text`` has to click to read on, in UTF-16 units; None where all of it shows, as on X."""
    if Platform(platform) not in _FOLDS:
        return None
    lines, length = _FOLDS[Platform(platform)]
    ends = [found.start() for found in re.finditer("\n", text)]
    cut = min(length, ends[lines - 1] if len(ends) >= lines else length)
    return utf16_length(text[:cut]) if cut < len(text) else None


def limit(platform: Platform) -> int:
    """How long the text of a post or the body of an e-mail may be, in the unit of :func:`counts`."""
    return {
        Platform.LINKEDIN: LINKEDIN_LIMIT,
        Platform.TWITTER: X_LIMIT,
        Platform.EMAIL: EMAIL_LIMIT,
    }[Platform(platform)]


def counts(platform: Platform, title: str | None, body_text: str | None, caption: str | None) -> Counts:
    """How much of the platform's limit the text uses. The title counts nowhere."""
    text = post_text(body_text, caption)
    if Platform(platform) is Platform.TWITTER:
        return Counts(used=weighted_length(text), limit=X_LIMIT, unit="weighted characters")
    if Platform(platform) is Platform.LINKEDIN:
        # LinkedIn counts as JavaScript does: an emoji beyond the basic plane is two characters.
        return Counts(used=utf16_length(text), limit=LINKEDIN_LIMIT, unit="characters")
    return Counts(used=len(text), limit=EMAIL_LIMIT, unit="characters")


def problems(platform: Platform, title: str | None, body_text: str | None, caption: str | None) -> list[str]:
    """Why the platform would refuse this, each reason a sentence that says what to do. Empty: it is fine."""
    platform = Platform(platform)
    found = [
        sentence
        for name, value in (("title", title), ("text", body_text), ("caption", caption))
        for sentence in _unsendable(name, value or "")
    ]
    text = post_text(body_text, caption)
    if not text:
        found.append("The text is empty. Write something.")
    if platform is Platform.EMAIL:
        found += _subject_problems(title or "")
    if platform is Platform.TWITTER and any(character in text for character in REFUSED_BY_X):
        found.append("The text holds an invisible character that X refuses (U+FEFF, U+FFFE or U+FFFF). Remove it.")
    used = counts(platform, title, body_text, caption)
    if used["used"] > used["limit"]:
        over = used["used"] - used["limit"]
        found.append(
            f"{platform.label} takes {used['limit']:,} {used['unit']}; this has {used['used']:,}, "
            f"{over:,} too many. Shorten it."
        )
    return found


def problems_as_written(platform: Platform, title: str | None, body_text: str | None, caption: str | None) -> list[str]:
    """What :func:`problems` says, and what is wrong with the placeholders: for a text before it is filled in."""
    found = problems(platform, title, body_text, caption)
    parts = [part or "" for part in (title, body_text, caption)]
    if Platform(platform) is Platform.EMAIL:
        # The same slip in subject and text is one thing to mend.
        return found + list(dict.fromkeys(problem for part in parts for problem in placeholders.problems(part)))
    named = sorted({name for part in parts for name in placeholders.names(part)})
    return found + [
        f"{{{{{name}}}}} would be published as it stands: a post has no recipient to fill it in from." for name in named
    ]


def _unsendable(name: str, value: str) -> list[str]:
    if "\x00" in value:
        return [f"The {name} holds a NUL character. Remove it."]
    if _SURROGATE.search(value):
        return [f"The {name} holds half a character (a lone surrogate), which cannot be sent. Remove it."]
    if name != "title" and (control := _CONTROL_IN_TEXT.search(value)):
        return [f"The {name} holds the control character U+{ord(control[0]):04X}. Remove it."]
    return []


def _subject_problems(title: str) -> list[str]:
    found = []
    if not title.strip():
        found.append("An e-mail needs a subject. Fill in the title.")
    elif "\x00" not in title and _CONTROL.search(title):
        found.append("The subject holds a line break or another control character. Write it on one line.")
    if len(title) > SUBJECT_LIMIT:
        over = len(title) - SUBJECT_LIMIT
        found.append(
            f"A subject takes {SUBJECT_LIMIT} characters; this has {len(title):,}, {over:,} too many. Shorten it."
        )
    return found

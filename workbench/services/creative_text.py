"""What a creative says, and whether its platform takes it: one judgement for editor, approval, worker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from workbench import platform_rules
from workbench.enums import Platform
from workbench.errors import ContentInvalid
from workbench.services import texts

#: What can be stored; each platform's own limits are much lower.
LONGEST = {"title": 500, "body_text": 100_000, "caption": 10_000}


class _Texts(Protocol):
    title: str
    body_text: str
    caption: str


@dataclass(frozen=True)
class CreativeText:
    """The three texts of a creative. For an e-mail the title is its subject."""

    title: str = ""
    body_text: str = ""
    caption: str = ""

    @classmethod
    def of(cls, stored: _Texts) -> CreativeText:
        """What an item or a version says."""
        return cls(stored.title, stored.body_text, stored.caption)

    @property
    def blank(self) -> bool:
        return not (self.title.strip() or self.body_text.strip() or self.caption.strip())

    def whole(self) -> str:
        """All of it as one text, for somebody who compares two."""
        return "\n\n".join(part for part in (self.title, self.body_text, self.caption) if part)


def problems(platform: Platform, text: CreativeText) -> list[str]:
    """Why this could not be approved for ``platform``, each reason a sentence; empty when it could."""
    return platform_rules.problems_as_written(platform, text.title, text.body_text, text.caption)


def check(platform: Platform, text: CreativeText) -> None:
    """Raise :class:`ContentInvalid` with every problem, if there is one."""
    found = problems(platform, text)
    if found:
        raise ContentInvalid(found, platform=platform.value)


def check_storable(title: object, body_text: object, caption: object) -> CreativeText:
    """The three values as a text that can be stored. Raises :class:`InputError`."""
    return CreativeText(
        texts.checked(title, "The title", LONGEST["title"]),
        texts.checked(body_text, "The text", LONGEST["body_text"]),
        texts.checked(caption, "The caption", LONGEST["caption"]),
    )

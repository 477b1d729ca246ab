"""One judgement of a text, for editor, approval and worker."""

from __future__ import annotations

import pytest

from workbench.enums import Platform
from workbench.errors import ContentInvalid, InputError
from workbench.services.creative_text import CreativeText, check, check_storable, problems

EMAIL, X, LINKEDIN = Platform.EMAIL, Platform.TWITTER, Platform.LINKEDIN


@pytest.mark.parametrize(
    ("platform", "text", "words"),
    [
        (EMAIL, CreativeText("Hello {{first_name|there}}", "A text for {{company}}"), []),
        (EMAIL, CreativeText("Hello", "Hi {{firstname}}"), ["{{firstname}}"]),
        (EMAIL, CreativeText("Hi {{nick}}", "Hi {{nick}}"), ["{{nick}}"]),
        (EMAIL, CreativeText("Hello", "Hi {{first_name"), ["not a placeholder"]),
        (EMAIL, CreativeText("Hello\r\nBcc: all@example.com", "Hi"), ["line break"]),
        (EMAIL, CreativeText("", "Hi"), ["subject"]),
        (X, CreativeText("", "Short and clear"), []),
        (X, CreativeText("", "Hi {{first_name|there}}"), ["would be published as it stands"]),
        (X, CreativeText("", "x" * 281), ["280"]),
        (LINKEDIN, CreativeText("", "x" * 3001), ["3,000"]),
        (LINKEDIN, CreativeText("", "<script>alert(1)</script>"), []),
        (LINKEDIN, CreativeText("", ""), ["empty"]),
    ],
)
def test_every_reason_a_platform_would_refuse_a_text(platform: Platform, text: CreativeText, words: list[str]) -> None:
    found = problems(platform, text)
    assert bool(found) == bool(words)
    assert all(word in " ".join(found) for word in words)
    if found:
        with pytest.raises(ContentInvalid) as caught:
            check(platform, text)
        assert caught.value.problems == found


def test_the_same_wrong_placeholder_is_named_once() -> None:
    found = problems(EMAIL, CreativeText("Hi {{nick}}", "Hi {{nick}}"))
    assert sum("{{nick}}" in one for one in found) == 1


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (("x" * 501, "", ""), "The title"),
        (("", "x" * 100_001, ""), "The text"),
        (("", "", 3), "The caption must be text"),
        (("", "a\x00", ""), "NUL"),
    ],
)
def test_what_cannot_be_stored_is_refused(texts: tuple[object, object, object], words: str) -> None:
    with pytest.raises(InputError, match=words):
        check_storable(*texts)

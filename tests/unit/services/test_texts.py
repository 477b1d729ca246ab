"""What is stored is what was written, or it is refused with the reason."""

from __future__ import annotations

import pytest

from workbench.errors import InputError
from workbench.services import texts


@pytest.mark.parametrize(
    "text", ["", "  padded  ", "<script>alert(1)</script>", "line\r\nline", "日本語 👩‍👩‍👧", "a\u0301"]
)
def test_a_text_is_kept_exactly_as_it_was_written(text: str) -> None:
    assert texts.checked(text, "The goal", 100) == text


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "must be text, not NoneType"),
        (7, "must be text, not int"),
        (b"bytes", "must be text, not bytes"),
        ("a\x00b", "NUL"),
        ("half \ud83d here", "half of a character at position 6"),
        ("x" * 101, "101 characters long; the limit is 100. Shorten it by 1."),
    ],
)
def test_what_cannot_be_stored_is_refused_by_name(value: object, words: str) -> None:
    with pytest.raises(InputError, match=r"^The goal") as caught:
        texts.checked(value, "The goal", 100)
    assert words in caught.value.message


@pytest.mark.parametrize("blank", ["", "   ", "\n\t"])
def test_a_text_that_must_be_there_may_not_be_blank(blank: str) -> None:
    with pytest.raises(InputError, match="The reason is empty"):
        texts.stated(blank, "The reason", 10)

"""What a platform would refuse is refused here first, in a sentence that says by how much."""

from __future__ import annotations

import pytest

from workbench.enums import Platform
from workbench.platform_rules import EMAIL_LIMIT, SUBJECT_LIMIT, counts, fold, limit, post_text, problems

LINKEDIN, X, EMAIL = Platform.LINKEDIN, Platform.TWITTER, Platform.EMAIL


@pytest.mark.parametrize(
    ("body", "caption", "text"),
    [
        ("Hello", "", "Hello"),
        ("Hello", None, "Hello"),
        ("Hello", "  \n", "Hello"),
        (" Hello \n", "World ", "Hello\n\nWorld"),
        ("", "World", "World"),
        ("one\r\ntwo\rthree", "", "one\ntwo\nthree"),
        (None, None, ""),
    ],
)
def test_what_is_sent_is_the_body_and_the_caption_after_a_blank_line(
    body: str | None, caption: str | None, text: str
) -> None:
    assert post_text(body, caption) == text


@pytest.mark.parametrize("platform", Platform)
def test_a_text_at_its_limit_is_fine_and_one_above_names_the_excess(platform: Platform) -> None:
    most = limit(platform)
    assert problems(platform, "Title", "x" * most, "") == []
    (said,) = problems(platform, "Title", "x" * (most + 17), "")
    assert f"{most:,}" in said
    assert f"{most + 17:,}" in said
    assert "17 too many" in said


def test_the_caption_counts() -> None:
    assert problems(X, "", "x" * 278, "") == []
    (said,) = problems(X, "", "x" * 278, "y")
    assert "1 too many" in said


@pytest.mark.parametrize(
    ("platform", "body", "expected"),
    [
        (X, "Hi https://example.com/a/long/path 👩\u200d🚀", {"used": 29, "limit": 280, "unit": "weighted characters"}),
        (LINKEDIN, "Hi 👩", {"used": 5, "limit": 3000, "unit": "characters"}),
        (EMAIL, "Hi 👩", {"used": 4, "limit": EMAIL_LIMIT, "unit": "characters"}),
    ],
)
def test_the_counter_counts_as_the_platform_does(platform: Platform, body: str, expected: dict[str, object]) -> None:
    assert counts(platform, "not counted", body, "") == expected


@pytest.mark.parametrize("platform", Platform)
@pytest.mark.parametrize("body", ["", "  \n\t ", None])
def test_an_empty_text_is_refused(platform: Platform, body: str | None) -> None:
    assert "The text is empty. Write something." in problems(platform, "Title", body, "")


@pytest.mark.parametrize("platform", Platform)
@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("character", ["\x00", "\ud800"])
def test_a_character_that_cannot_be_sent_is_refused_everywhere(platform: Platform, place: int, character: str) -> None:
    fields = ["Title", "Body", "Caption"]
    fields[place] += character
    (said,) = problems(platform, *fields)
    assert said.startswith(("The title holds", "The text holds", "The caption holds")[place])


@pytest.mark.parametrize("character", ["\x01", "\x0b", "\x1b", "\x7f"])
def test_control_characters_in_a_text_are_named(character: str) -> None:
    (said,) = problems(LINKEDIN, "", f"a{character}b", "")
    assert f"U+{ord(character):04X}" in said


def test_tabs_and_line_ends_in_a_text_are_fine() -> None:
    assert problems(LINKEDIN, "", "a\tb\r\nc\nd", "") == []


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\x0b", "\x85", "\u2028", "\u2029", "\x1b"])
def test_a_subject_with_a_line_break_is_refused(end: str) -> None:
    (said,) = problems(EMAIL, f"Hello{end}Bcc: all@example.com", "Body", "")
    assert "one line" in said


@pytest.mark.parametrize("title", ["", "   ", None])
def test_an_email_needs_a_subject_and_a_post_none(title: str | None) -> None:
    assert problems(EMAIL, title, "Body", "") == ["An e-mail needs a subject. Fill in the title."]
    assert problems(LINKEDIN, title, "Body", "") == []
    assert problems(X, title, "Body", "") == []


def test_a_long_subject_is_refused_with_its_excess() -> None:
    assert problems(EMAIL, "s" * SUBJECT_LIMIT, "Body", "") == []
    (said,) = problems(EMAIL, "s" * (SUBJECT_LIMIT + 5), "Body", "")
    assert "5 too many" in said


@pytest.mark.parametrize("character", ["\ufeff", "\ufffe", "\uffff"])
def test_what_x_refuses_is_said(character: str) -> None:
    (said,) = problems(X, "", f"a{character}b", "")
    assert "X refuses" in said
    assert problems(LINKEDIN, "", f"a{character}b", "") == []


def test_every_problem_is_named_at_once() -> None:
    assert len(problems(EMAIL, "a\nb" + "s" * SUBJECT_LIMIT, "", "")) == 3


def test_a_platform_may_be_given_by_its_name() -> None:
    assert problems("twitter", "", "Hi", "") == []  # type: ignore[arg-type]
    assert limit("linkedin") == 3000  # type: ignore[arg-type]


@pytest.mark.parametrize(("platform", "text", "expected"), [
    ("linkedin", "x" * 210, None), ("linkedin", "x" * 211, 210), ("linkedin", "a\nb\nc", None),
    ("linkedin", "a\nb\nc\nd", 5), ("linkedin", "a\n\nb\nc", 4), ("linkedin", "🎉" * 211, 420), ("linkedin", "", None),
    ("twitter", "x\n" * 200, None), ("email", "x" * 420, None), ("email", "x" * 421, 420),
])  # fmt: skip
def test_a_text_is_cut_off_where_its_reader_has_to_click(platform: str, text: str, expected: int | None) -> None:
    assert fold(Platform(platform), text) == expected

"""Placeholders: what may be named, what is filled in, and that a lead's own words are never taken for more."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench import placeholders

LEAD = {"first_name": "Lea", "name": "Lea Roth", "company": "Roth & Sons", "title": None, "email": "lea@example.com"}


@pytest.mark.parametrize(
    ("text", "rendered", "missing"),
    [
        ("Hi {{first_name}},", "Hi Lea,", []),
        ("Hi {{ first_name }},", "Hi Lea,", []),
        ("Hi {{first_name|there}},", "Hi Lea,", []),
        ("{{title|colleague}}", "colleague", []),
        ("{{title| dear colleague }}", "dear colleague", []),
        ("{{title|}}!", "!", []),
        ("{{title}} of {{company}}", "{{title}} of Roth & Sons", ["title"]),
        ("{{title}} {{title}} {{nickname}}", "{{title}} {{title}} {{nickname}}", ["title", "nickname"]),
        ("no braces { } at all", "no braces { } at all", []),
        ("", "", []),
    ],
)
def test_fills_in_what_is_known_and_names_what_is_not(text: str, rendered: str, missing: list[str]) -> None:
    assert placeholders.render(text, LEAD) == (rendered, missing)


@pytest.mark.parametrize("blank", [None, "", "   ", "\t\r\n"])
def test_a_blank_value_counts_as_none(blank: str | None) -> None:
    assert placeholders.render("Hi {{first_name|there}}", {"first_name": blank}) == ("Hi there", [])
    assert placeholders.render("Hi {{first_name}}", {"first_name": blank})[1] == ["first_name"]


def test_a_value_that_looks_like_a_placeholder_stays_as_it_is() -> None:
    fields = {"first_name": "{{email}}", "email": "secret@example.com"}
    assert placeholders.render("Hi {{first_name}}", fields) == ("Hi {{email}}", [])


@pytest.mark.parametrize(
    ("value", "subject", "body"),
    [
        ("Lea\r\nBcc: all@example.com", "Lea Bcc: all@example.com", "Lea \nBcc: all@example.com"),
        ("Lea\u2028X", "Lea X", "Lea X"),
        ("Lea\x85X", "Lea X", "Lea X"),
        ("Le\x07a\x1b", "Lea", "Lea"),
        ("Lea\tRoth", "Lea Roth", "Lea\tRoth"),
    ],
)
def test_a_value_cannot_break_a_subject_into_two_headers(value: str, subject: str, body: str) -> None:
    assert placeholders.render("{{name}}", {"name": value}, single_line=True)[0] == subject
    assert placeholders.render("{{name}}", {"name": value})[0] == body


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Hi {{first_name|there}} of {{company}}", []),
        ("Hi {{firstname}}", ["{{firstname}}", "{{first_name}}"]),
        ("Hi {{first name}}", ["{{first name}}", "is not a placeholder"]),
        ("Hi {{first_name", ["is not a placeholder"]),
        ("Hi first_name}}", ["is not a placeholder"]),
        ("{{{first_name}}}", []),  # braces round a placeholder: "{Lea}"
        ("{{first_name|a{b}}", ["is not a placeholder"]),
        ("{{first_name|a|b}}", ["is not a placeholder"]),
        ("{{first_name|a\nb}}", ["is not a placeholder"]),
    ],
)
def test_what_would_not_be_filled_in_is_named_before_it_is_saved(text: str, words: list[str]) -> None:
    found = placeholders.problems(text)
    assert bool(found) == bool(words)
    assert all(word in " ".join(found) for word in words)


def test_required_are_those_without_a_fallback() -> None:
    assert placeholders.required("{{first_name|there}} {{company}} {{company|x}} {{name}}") == {"company", "name"}
    assert placeholders.names("{{first_name|there}} {{company}}") == {"first_name", "company"}


values = st.dictionaries(st.sampled_from(placeholders.FIELDS), st.none() | st.text(max_size=30))
pieces = st.lists(
    st.one_of(
        st.sampled_from([f"{{{{{name}}}}}" for name in placeholders.FIELDS]),
        st.sampled_from([f"{{{{{name}|fallback}}}}" for name in placeholders.FIELDS]),
        st.text(alphabet="ab {}|\n", max_size=8),
    ),
    max_size=8,
)


@given(pieces, values)
def test_one_pass_values_are_never_expanded(parts: list[str], fields: dict[str, str | None]) -> None:
    """A value full of placeholders gives the same text as an opaque one in its place."""
    text = "".join(parts)
    opaque = {name: f"\ue000{name}\ue001" for name in fields}
    nested = dict.fromkeys(fields, "{{email}}{{name|x}}")
    rendered, missing = placeholders.render(text, nested)
    expected, missing_too = placeholders.render(text, opaque)
    for name, mark in opaque.items():
        expected = expected.replace(mark, nested[name])
    assert (rendered, missing) == (expected, missing_too)


@given(pieces, values)
def test_nothing_is_missing_when_every_required_name_has_a_value(
    parts: list[str], fields: dict[str, str | None]
) -> None:
    text = "".join(parts)
    _, missing = placeholders.render(text, fields)
    known = {name for name, value in fields.items() if value and placeholders.render("{{" + name + "}}", fields)[0]}
    assert set(missing) <= placeholders.required(text)
    if placeholders.required(text) <= {
        name for name in known if not placeholders.render("{{" + name + "}}", fields)[1]
    }:
        assert missing == []


@given(st.text())
def test_a_subject_stays_on_one_line_whatever_a_lead_is_called(value: str) -> None:
    rendered, _ = placeholders.render("For {{name|you}}", {"name": value}, single_line=True)
    assert len(rendered.splitlines()) == 1


@given(st.text())
def test_any_text_at_all_can_be_looked_at(text: str) -> None:
    placeholders.problems(text)
    assert placeholders.render(text, {})[0].count("\x00") == text.count("\x00")

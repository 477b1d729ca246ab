"""What people write in a brief fits into a sentence, whatever it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.generation import templates
from workbench.generation.brief import Brief, core_message, inline, shorten, within


@pytest.mark.parametrize(
    ("text", "longest", "expected"),
    [
        ("More demos.", 50, "More demos"),
        ("two\nlines\tand\u2028more", 50, "two lines and more"),
        ("{{company}}", 50, "company"),
        ("{{{{company}}}}", 50, "company"),
        ("one two three four", 10, "one two…"),
        ("endlessword" * 5, 10, "endlesswo…"),
        ("", 10, ""),
    ],
)
def test_a_text_for_the_middle_of_a_sentence(text: str, longest: int, expected: str) -> None:
    assert inline(text, longest) == expected


@given(st.text(alphabet=st.sampled_from("ab {}.\n\u2028漢"), max_size=60), st.integers(1, 40))
def test_inline_never_leaves_a_placeholder_a_line_break_or_too_much(text: str, longest: int) -> None:
    found = inline(text, longest)
    assert len(found) <= longest
    assert "{{" not in found
    assert "}}" not in found
    assert len(found.splitlines()) <= 1


def test_shorten_keeps_what_fits() -> None:
    assert shorten("as it is", 8) == "as it is"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Operations managers", "operations managers"),
        ("CTOs of banks", "CTOs of banks"),
        ("SaaS founders", "SaaS founders"),
        ("German bakers", "German bakers"),
        ("British retail", "British retail"),
        ("", ""),
    ],
)
def test_a_first_word_stays_capital_when_it_is_a_name(text: str, expected: str) -> None:
    assert within(text) == expected


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("", ""),
        ("# Strategy", ""),
        ("# Strategy\n\nSome text", ""),
        ("# Less planning, more driving for hauliers", "Less planning, more driving for hauliers"),
        ("# Plan\n\n## Key message\n\n**Plan** in _half_ the time.\n", "Plan in half the time"),
        ("# Plan\n\n## Core Message\n- Plan in half the time", "Plan in half the time"),
        ("## Message\n## Next heading", ""),
        ("## Message", ""),
    ],
)
def test_the_sentence_a_strategy_wants_to_be_remembered_by(strategy: str, expected: str) -> None:
    assert core_message(strategy) == expected


def test_the_template_of_a_strategy_states_one_itself() -> None:
    text = templates.strategy(Brief("Launch", client="Acme", audience="Bakers", goal="More demos"))
    assert core_message(text).startswith("Acme makes work easier for bakers")

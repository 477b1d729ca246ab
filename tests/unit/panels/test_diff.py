from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.panels import diff


def joined(segments: list[diff.Segment] | None) -> str:
    return "".join(text for _, text in segments or [])


def test_only_the_words_that_differ_are_marked() -> None:
    before, after = diff.words("Own the weekday ritual.", "Own the weekend ritual.")
    assert before == [("same", "Own the "), ("changed", "weekday"), ("same", " ritual.")]
    assert after == [("same", "Own the "), ("changed", "weekend"), ("same", " ritual.")]


def test_lines_with_nothing_in_common_are_not_pieced_together() -> None:
    assert diff.words("Coffee for offices", "12 / 2027 §") == (
        [("changed", "Coffee for offices")],
        [("changed", "12 / 2027 §")],
    )


def test_a_line_too_long_to_compare_is_shown_whole() -> None:
    old, new = "a " * diff.WORDS, "b " * diff.WORDS
    assert diff.words(old, new) == ([("changed", old)], [("changed", new)])


def test_unchanged_stretches_are_folded_and_counted() -> None:
    old = "\n".join(f"line {number}" for number in range(30))
    rows = diff.side_by_side(old, old.replace("line 15", "LINE 15"))
    assert [row.folded for row in rows if row.folded] == [12, 11]
    assert [row.left_number for row in rows if row.changed] == [16]
    assert len(rows) == 2 + 1 + 2 * diff.AROUND


def test_a_line_put_in_stands_alone_on_the_right() -> None:
    (row,) = [row for row in diff.side_by_side("a\nb", "a\nnew\nb") if row.changed]
    assert (row.left, row.left_number, joined(row.right), row.right_number) == (None, None, "new", 2)


@given(st.text(alphabet="ab \n<&", max_size=60), st.text(alphabet="ab \n<&", max_size=60))
def test_nothing_of_either_text_is_lost(old: str, new: str) -> None:
    rows = list(diff._rows(old.splitlines(), new.splitlines()))
    assert [joined(row.left) for row in rows if row.left is not None] == old.splitlines()
    assert [joined(row.right) for row in rows if row.right is not None] == new.splitlines()


@pytest.mark.parametrize(
    "payload", ["<img src=x onerror=alert(1)>", "</td><script>alert(1)</script>", "\" onclick='x'"]
)
def test_no_word_of_either_text_is_html(payload: str) -> None:
    shown = diff.html("same\nold " + payload, "same\nnew " + payload, left=payload, right=payload)
    assert "<img" not in shown
    assert "<script" not in shown
    assert "onclick='" not in shown


def test_two_equal_texts_say_so() -> None:
    assert "word for word" in diff.html("a\nb", "a\nb", left="1", right="2")

from __future__ import annotations

import pytest

from workbench.panels import diff_html

BOTH = pytest.mark.parametrize("inline", [False, True])


@BOTH
@pytest.mark.parametrize(
    "payload", ["<img src=x onerror=alert(1)>", "</td><script>alert(1)</script>", "\" onclick='x'"]
)
def test_no_word_of_either_text_is_html(payload: str, inline: bool) -> None:
    shown = diff_html.html("same\nold " + payload, "same\nnew " + payload, left=payload, right=payload, inline=inline)
    assert "<img" not in shown
    assert "<script" not in shown
    assert "onclick='" not in shown


def test_side_by_side_marks_each_side_and_inline_marks_both_in_one_line() -> None:
    old, new = "Own the weekday ritual.", "Own the weekend ritual."
    beside = diff_html.html(old, new, left="1", right="2")
    assert "Own the <del>weekday</del> ritual." in beside
    assert "Own the <ins>weekend</ins> ritual." in beside
    inline = diff_html.html(old, new, left="1", right="2", inline=True)
    assert "Own the <del>weekday</del> <ins>weekend</ins> ritual." in inline
    assert "1 line changed" in inline


@BOTH
def test_unchanged_stretches_are_counted_and_can_be_opened(inline: bool) -> None:
    old = "\n".join(f"line {number}" for number in range(30))
    shown = diff_html.html(old, old.replace("line 15", "other"), left="1", right="2", inline=inline)
    assert "<summary>12 lines the same</summary>" in shown
    assert "line 0" in shown


@BOTH
def test_a_moved_paragraph_says_from_where_to_where(inline: bool) -> None:
    parts = ["Alpha is the first of them.", "Beta comes second.", "Gamma is third."]
    old, new = "\n".join(parts), "\n".join([*parts[1:], parts[0]])
    shown = diff_html.html(old, new, left="1", right="2", inline=inline)
    assert "moved to line 3" in shown
    assert "moved from line 1" in shown


@BOTH
def test_two_equal_texts_say_so(inline: bool) -> None:
    assert "word for word" in diff_html.html("a\nb", "a\nb", left="1", right="2", inline=inline)


def test_a_text_made_of_line_ends_is_cut_and_says_so() -> None:
    shown = diff_html.html("a\n" * (diff_html.LINES + 5), "b", left="1", right="2")
    assert f"Only the first {diff_html.LINES:,} lines are compared." in shown

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.panels import diff

TEXT = st.text(alphabet="ab \n<&", max_size=60)


def joined(segments: list[diff.Segment] | None) -> str:
    return "".join(text for _, text in segments or [])


def changed(old: str, new: str) -> list[tuple[str | None, str | None]]:
    """The rows that differ, as both their lines."""
    rows = [row for row in diff.compare(old, new) if row.changed and (joined(row.left) + joined(row.right)).strip()]
    return [
        (None if row.left is None else joined(row.left), None if row.right is None else joined(row.right))
        for row in rows
    ]


def test_only_the_words_that_differ_are_marked() -> None:
    before, after = diff.words("Own the weekday ritual.", "Own the weekend ritual.")
    assert before == [("same", "Own the "), ("changed", "weekday "), ("same", "ritual.")]
    assert after == [("same", "Own the "), ("changed", "weekend "), ("same", "ritual.")]


@pytest.mark.parametrize(
    ("old", "new", "merged"),
    [
        ("Own the ritual.", "Own the quiet ritual.", "=Own the |+quiet |=ritual."),
        ("Own the quiet ritual.", "Own the ritual.", "=Own the |-quiet |=ritual."),
        ("Own a ritual.", "Own the ritual!", "=Own |-a |+the |=ritual|-.|+!"),
    ],
)
def test_inline_what_was_taken_out_stands_before_what_was_put_in(old: str, new: str, merged: str) -> None:
    (row,) = diff.compare(old, new)
    signs = {"same": "=", "gone": "-", "come": "+"}
    assert "|".join(signs[kind] + text for kind, text in diff.inline(row)) == merged


def test_lines_with_nothing_in_common_are_not_pieced_together() -> None:
    assert diff.words("Coffee for offices", "12 / 2027 §") == (
        [("changed", "Coffee for offices")],
        [("changed", "12 / 2027 §")],
    )


def test_a_line_that_differs_in_blanks_alone_is_shown_as_changed() -> None:
    (row,) = diff.compare("- a point", "  - a point")
    assert row.changed


def test_unchanged_stretches_are_apart_from_what_stands_around_a_change() -> None:
    old = "\n".join(f"line {number}" for number in range(30))
    runs = list(diff.stretches(diff.compare(old, old.replace("line 15", "LINE 15"))))
    assert [(near, len(run)) for near, run in runs] == [(False, 12), (True, 1 + 2 * diff.AROUND), (False, 11)]


def test_a_line_put_in_stands_alone_on_the_right() -> None:
    assert changed("a\nb", "a\nnew\nb") == [(None, "new")]


def test_a_paragraph_put_in_before_one_that_changed_does_not_hide_what_it_changed_from() -> None:
    assert changed("Own the weekday ritual.", "A new beginning.\n\nOwn the weekend ritual.") == [
        (None, "A new beginning."),
        ("Own the weekday ritual.", "Own the weekend ritual."),
    ]


def test_a_paragraph_that_moved_is_told_as_moved_on_both_sides() -> None:
    parts = ["Alpha is the first of them.", "Beta comes second.", "Gamma is third.", "Delta ends it."]
    old, new = "\n\n".join(parts), "\n\n".join([*parts[1:], parts[0]])
    moved = [(joined(row.left or row.right), row.left_number, row.right_number, row.moved)
             for row in diff.compare(old, new) if row.moved]  # fmt: skip
    assert moved == [(parts[0], 1, None, 7), (parts[0], None, 7, 1)]


@given(TEXT, TEXT)
def test_nothing_of_either_text_is_lost(old: str, new: str) -> None:
    rows = diff.compare(old, new)
    assert [joined(row.left) for row in rows if row.left is not None] == old.splitlines()
    assert [joined(row.right) for row in rows if row.right is not None] == new.splitlines()
    assert [row.left_number for row in rows if row.left_number] == list(range(1, len(old.splitlines()) + 1))
    assert [row for _, run in diff.stretches(rows) for row in run] == rows


@given(TEXT)
def test_a_text_does_not_differ_from_itself(text: str) -> None:
    assert not any(row.changed for row in diff.compare(text, text))


def test_long_texts_are_compared_in_a_number_of_steps_that_grows_with_their_length(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every call of difflib is bounded, so that 200 KB of paragraphs, all of them edited, hold nobody up."""
    compared: list[int] = []

    class Counting(diff.SequenceMatcher):  # type: ignore[type-arg]
        def __init__(self, junk: None, left: list[str], right: list[str], autojunk: bool) -> None:
            compared.append(len(left) * len(right))
            super().__init__(junk, left, right, autojunk)

    monkeypatch.setattr(diff, "SequenceMatcher", Counting)
    some = random.Random(5)
    words = [f"word{number}" for number in range(2_000)] + ["the", "of", "."] * 400
    lines = [" ".join(some.choices(words, k=40)) for _ in range(1_000)]
    edited = [line.replace("word1", "WORD") if some.random() < 0.5 else line for line in lines]
    some.shuffle(edited)
    assert sum(map(len, lines)) > 200_000
    for old, new in (("\n\n".join(lines), "\n\n".join(edited)), (" ".join(lines), " ".join(edited))):
        compared.clear()
        diff.compare(old, new)
        assert max(compared) <= diff.CLOSE
        assert sum(compared) <= 20_000_000

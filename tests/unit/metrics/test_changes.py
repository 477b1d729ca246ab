"""Which tables are read in full, and which rows of the others, when a copy follows its database."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from workbench.metrics import changes
from workbench.metrics.changes import Position, to_read


def at(shapes: Mapping[str, str] | None = None, *, history: str = "one", needs: int = 10, floor: int = 0) -> Position:
    return Position(history, shapes or {}, "9", needs, floor)


@pytest.mark.parametrize(
    ("before", "now", "follows"),
    [
        (at(), at(), True),
        (at(needs=10), at(needs=11), True),
        (at(), at(history="another"), False),
        (at(needs=10), at(needs=9), False),  # an older backup: its log goes on with numbers that were given before
        (at(needs=11), at(needs=20, floor=10), True),
        (at(needs=10), at(needs=20, floor=10), False),  # what it needs was pruned
    ],
)
def test_the_log_leads_on_only_in_one_history_and_above_what_was_pruned(
    before: Position, now: Position, follows: bool
) -> None:
    assert now.follows(before) is follows


@pytest.mark.parametrize(
    ("before", "now", "logged", "whole", "rows"),
    [
        ({}, {}, {}, [], {}),
        ({}, {}, {"b": {3, 1}, "a": {2}}, [], {"b": [1, 3], "a": [2]}),
        ({"a": "1"}, {"a": "2"}, {"a": {1}, "b": {2}}, ["a"], {"b": [2]}),
        ({}, {"a": "1"}, {}, ["a"], {}),
        ({"a": "1"}, {"a": "1"}, {"a": {1}}, [], {"a": [1]}),
        ({}, {}, {"a": {1, None}, "b": {2}}, ["a"], {"b": [2]}),
        ({}, {}, {"a": {1, 2, 3}, "b": {4, 5, 6, 7}}, ["b"], {"a": [1, 2, 3]}),
        ({}, {"b": "1"}, {"a": {None}}, ["a", "b"], {}),
    ],
)
def test_a_table_is_read_in_full_when_its_shape_differs_or_the_log_says_all_or_too_much_of_it(
    before: Mapping[str, str],
    now: Mapping[str, str],
    logged: Mapping[str, set[int | None]],
    whole: list[str],
    rows: Mapping[str, list[int]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(changes, "MOST_CHANGES", 3)
    assert to_read(at(before), at(now), logged) == (whole, rows)

"""Whoever waits for the first load is told how far it is, and nobody else."""

from __future__ import annotations

import io

import pytest

from workbench.metrics.loading import Bar, Loading


@pytest.mark.parametrize(
    ("rows", "expected", "share", "text"),
    [
        (0, 0, 0.0, "Loading numbers"),
        (0, 2_000, 0.0, "Loading numbers: 0% of about 2,000 rows"),
        (500, 2_000, 0.25, "Loading numbers: 25% of about 2,000 rows"),
        (2_500, 2_000, 1.0, "Loading numbers: 100% of about 2,000 rows"),
    ],
)
def test_how_far_a_load_is(rows: int, expected: int, share: float, text: str) -> None:
    loading = Loading(rows, expected)
    assert loading.share == share
    assert str(loading) == text


def test_a_bar_grows_in_its_line_and_ends_it() -> None:
    stream = io.StringIO()
    bar = Bar(stream, patience=0)
    bar(Loading(1, 4))
    bar(Loading(4, 4))
    bar(None)
    first, second = stream.getvalue().removeprefix("\r").removesuffix("\n").split("\r")
    assert first.count("█") == 8
    assert second.count("█") == 30
    assert len(first.split()[0]) == 30
    assert stream.getvalue().endswith("rows\n")


def test_a_load_that_is_soon_over_shows_nothing() -> None:
    stream = io.StringIO()
    bar = Bar(stream, patience=60)
    for step in (Loading(1, 4), Loading(4, 4), None):
        bar(step)
    assert stream.getvalue() == ""

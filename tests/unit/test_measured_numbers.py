"""The table of measured numbers in the docs is what the benchmark kept."""

from __future__ import annotations

import pytest

from benchmarks import mirror_report as report


def test_the_page_shows_what_was_kept() -> None:
    page = report.PAGE.read_text(encoding="utf-8")
    assert report.markdown() in page, "run: python -m benchmarks.mirror_report"
    assert report.PICTURE.name in page


def test_every_size_was_measured_on_both_databases() -> None:
    heads, rows = report.table()
    assert heads == [f"{name}, {size}" for name in ("SQLite", "PostgreSQL") for size in ("10 k", "1 M", "10 M")]
    for view in ("attention", "pipeline", "delivery", "cohorts"):
        ways = {row.label: figures for row, figures in rows if row.group == view}
        assert list(ways) == list(report.WAYS.values())
        assert not any("" in figures for figures in ways.values())


@pytest.mark.parametrize(
    ("figure", "unit", "text"),
    [
        (None, "ms", "> 60 s"),
        (0.0113, "ms", "0.011"),
        (9.96, "ms", "10"),
        (44.6, "ms", "45"),
        (1_402.0, "ms", "1.4 s"),
        (48_000.0, "ms", "48 s"),
        (9.4, "s", "9.4 s"),
        (1_234.5, "MB", "1,234 MB"),
    ],
)
def test_a_figure_is_shown_with_two_digits_that_count(figure: float | None, unit: str, text: str) -> None:
    assert report.shown(figure, unit) == text

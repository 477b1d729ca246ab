from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from workbench.errors import InputError
from workbench.metrics.frames import from_rows, to_rows
from workbench.metrics.views import ATTENTION, MIRROR_ONLY, PIPELINE, VIEWS, View, page_size, windows

AT = datetime(2026, 11, 19, 10, 0, tzinfo=UTC)
each = pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)


@each
def test_a_file_says_what_it_is_on_top(view: View) -> None:
    first = view.meaning.splitlines()[0]
    assert first.endswith((".", ":")) or ":" in first
    assert len(first) < 140


@pytest.mark.parametrize("view", [ATTENTION, PIPELINE], ids=lambda view: view.name)
def test_every_number_has_its_meaning(view: View) -> None:
    explained = set(re.findall(r"\w+", " ".join(re.findall(r"^([\w*, ]+):", view.meaning, re.MULTILINE))))
    plain = {"id", "name", "client", "state", "paused", "mode"}
    missing = {name for name in view.columns if name not in explained | plain and not name.startswith("creatives_")}
    assert missing == set()


@each
def test_the_query_ends_as_one_statement_without_comments(view: View) -> None:
    assert ";" not in view.sql
    assert "--" not in view.sql


@each
def test_duckdb_gets_the_same_query_with_its_own_parameters(view: View) -> None:
    assert set(re.findall(r"\$(\w+)", view.duckdb)) == view.parameters
    assert ":" not in view.duckdb


@pytest.mark.parametrize(
    "view", [view for view in VIEWS if view not in MIRROR_ONLY], ids=lambda view: view.name
)
def test_what_runs_everywhere_uses_no_date_functions(view: View) -> None:
    assert not re.search(r"date_trunc|interval|now\(|strftime|extract|group by all|::", view.sql, re.IGNORECASE)


def test_the_windows_hang_on_as_of() -> None:
    assert windows(AT) == {
        "as_of": AT,
        "since_24h": AT - timedelta(hours=24),
        "since_7d": AT - timedelta(days=7),
        "since_14d": AT - timedelta(days=14),
        "overdue_before": AT - timedelta(minutes=5),
    }


@pytest.mark.parametrize("limit", [0, -1, 10_001, True, 2.5, "5", None])
def test_a_page_has_a_size_that_can_be(limit: object) -> None:
    with pytest.raises(InputError, match="whole number"):
        page_size(limit)


@each
def test_an_empty_frame_has_the_declared_columns_and_dtypes(view: View) -> None:
    frame = from_rows(view.columns, [])
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == dict(view.columns)


def test_rows_come_back_from_a_frame_as_plain_values() -> None:
    columns = {"a": "int64", "b": "Int64", "c": "float64", "d": "str", "e": "bool", "f": "datetime64[us, UTC]"}
    rows = [
        {"a": 1, "b": None, "c": None, "d": None, "e": True, "f": None},
        {"a": 2, "b": 3, "c": 0.5, "d": "x", "e": False, "f": AT},
    ]
    found = to_rows(from_rows(columns, rows))
    assert found == rows
    assert [type(value) for value in found[1].values()] == [int, int, float, str, bool, datetime]

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import duckdb
import pytest

from workbench.errors import InputError
from workbench.metrics.frames import from_rows, to_rows
from workbench.metrics.view import View
from workbench.metrics.views import ATTENTION, MIRROR_ONLY, PIPELINE, VIEWS, page_size, windows

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
def test_what_belongs_to_a_filter_is_no_part_of_a_query_without_it(view: View) -> None:
    everything = view.asked(view.parameters)
    assert "[[" not in everything
    assert set(re.findall(r":(\w+)", everything)) == view.parameters
    without = view.asked(view.parameters - {"project_id"})
    assert ":project_id" not in without
    assert without.count("(") == without.count(")")


@pytest.mark.parametrize("view", [view for view in VIEWS if view not in MIRROR_ONLY], ids=lambda view: view.name)
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


def test_a_result_comes_back_as_plain_values() -> None:
    cursor = duckdb.connect()
    cursor.execute("SET TimeZone = 'UTC'")
    cursor.execute(
        "SELECT * FROM (VALUES (1::BIGINT, NULL::BIGINT, NULL::DOUBLE, NULL, true, NULL::TIMESTAMPTZ, NULL),"
        " (2, 3, 0.5, 'x', false, $at, 'y')) t(a, b, c, d, e, f, g)".replace("'y'", "'y'::ENUM('x', 'y')"),
        {"at": AT},
    )
    found = to_rows(cursor)
    assert found == [
        {"a": 1, "b": None, "c": None, "d": None, "e": True, "f": None, "g": None},
        {"a": 2, "b": 3, "c": 0.5, "d": "x", "e": False, "f": AT, "g": "y"},
    ]
    assert [type(value) for value in found[1].values()] == [int, int, float, str, bool, datetime, str]

from __future__ import annotations

import json

from workbench.metrics.reference import COSTS, PAGE, page
from workbench.metrics.views import VIEWS


def test_the_page_is_what_the_sql_files_make() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m workbench.metrics.reference"


def test_it_has_every_view_with_its_sql() -> None:
    text = page()
    for view in VIEWS:
        assert f"## {view.name}" in text
        assert view.sql in text


def test_it_has_what_each_view_cost_at_each_size() -> None:
    measured = json.loads(COSTS.read_text(encoding="utf-8"))
    assert {"10000", "1000000", "10000000"} <= set(measured)
    for section in page().split("\n## ")[1:]:
        name = section.split("\n")[0]
        assert "| cost | 10,000 attempts | 1,000,000 attempts | 10,000,000 attempts |" in section, name
        assert "| the mirror of SQLite | " in section, name
        assert "| the mirror of PostgreSQL | " in section, name

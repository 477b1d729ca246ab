from __future__ import annotations

from workbench.metrics.reference import PAGE, page
from workbench.metrics.views import VIEWS


def test_the_page_is_what_the_sql_files_make() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m workbench.metrics.reference"


def test_it_has_every_view_with_its_sql() -> None:
    text = page()
    for view in VIEWS:
        assert f"## {view.name}" in text
        assert view.sql in text

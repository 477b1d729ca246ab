"""What the notebooks promise beside the outputs that nbval compares."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from tests.notebooks.execute import FOLDER, NOBODY

PAGES = ("command", "war_room", "gallery", "leads", "control_tower")
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
each = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def test_there_is_one_for_each_page_and_one_that_queries() -> None:
    assert {path.stem for path in NOTEBOOKS} == {*PAGES, "queries"}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_shown_and_something_printed_beside_it(page: str) -> None:
    cells = nbformat.read(FOLDER / f"{page}.ipynb", as_version=4).cells
    (shown,) = [cell for cell in cells if cell.source.splitlines()[-1].startswith(f"wb.{page}(")]
    assert any(NOBODY in output.get("data", {}).get("text/html", "") for output in shown.outputs)
    assert any(
        output.output_type == "stream" and output.text.strip() for cell in cells for output in cell.get("outputs", [])
    )


@each
def test_it_opens_a_demo_of_its_own_for_a_fixed_moment(path: Path) -> None:
    source = "\n".join(cell.source for cell in nbformat.read(path, as_version=4).cells)
    assert source.count("open_workbench(") == 1
    assert 'open_workbench(demo=True, as_of="2026-11-20T09:00:00Z")' in source


@each
def test_it_was_run_from_top_to_bottom_without_an_error(path: Path) -> None:
    code = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert not [output for cell in code for output in cell.outputs if output.output_type == "error"]


@each
def test_it_is_small_and_keeps_none_of_panels_models(path: Path) -> None:
    assert path.stat().st_size < 60_000
    assert "docs_json" not in path.read_text(encoding="utf-8")

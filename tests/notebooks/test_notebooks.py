"""What the notebooks promise beside the outputs that nbval compares."""

from __future__ import annotations

import builtins
import re
from pathlib import Path

import nbformat
import pandas as pd
import pytest

from tests.notebooks.execute import FOLDER, NOBODY
from workbench import open_workbench
from workbench.panels.charts import as_html
from workbench.settings import load

PAGES = ("command", "war_room", "gallery", "leads", "control_tower")
RUNBOOKS = ("incident", "monday", "report")
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
each = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def test_there_is_one_for_each_page_one_that_queries_and_the_runbooks() -> None:
    assert {path.stem for path in NOTEBOOKS} == {*PAGES, "queries", *RUNBOOKS}


def test_an_incident_is_paused_looked_at_settled_previewed_and_resumed_in_this_order() -> None:
    source = _source(FOLDER / "incident.ipynb")
    steps = ("set_system_pause(db, True", "in_flight", "reconcile_unknown(db", "preview_resume(db)", "(db, False")
    assert [source.index(step) for step in steps] == sorted(source.index(step) for step in steps)
    said = _said(FOLDER / "incident.ipynb")
    assert "Paused: True" in said
    assert "In flight: 0" in said
    assert said.index("Would be sent: 2") < said.index("Paused: False")


def test_monday_morning_names_what_waits_for_each_project() -> None:
    said = _said(FOLDER / "monday.ipynb")
    for words in ("Waiting for approval", "Refill launch", "Why teeth move back", "Overdue"):
        assert words in said


@pytest.mark.parametrize("name", RUNBOOKS)
def test_a_runbook_says_in_words_what_each_cell_is_for_and_keeps_cells_short(name: str) -> None:
    cells = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4).cells
    code = [cell for cell in cells if cell.cell_type == "code"]
    assert sum(cell.cell_type == "markdown" for cell in cells) >= len(code) - 1
    parameters = [line.split("  #")[0] for line in code[0].source.splitlines()]
    assert all(name.isupper() for name in (line.partition(" = ")[0] for line in parameters)), parameters


def test_a_report_is_one_file_that_asks_no_network(tmp_path: Path) -> None:
    settings = load(data_dir=tmp_path, database_url=f"sqlite:///{tmp_path / 'report.db'}")
    wb = open_workbench(settings, demo=True)
    project = "Office subscriptions, autumn"
    report = as_html("A report", wb.charts.delivery(project, days=30), wb.charts.funnel(project))
    wb.close()
    assert "<table>" in report
    assert not re.findall(r"<(?:script|link|img|iframe)[^>]+(?:src|href)=", report)


def test_a_table_in_a_notebook_makes_no_markup_or_formula_of_what_somebody_wrote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(builtins, "__IPYTHON__", True, raising=False)
    defaults = ("display.html.use_mathjax", True, "styler.html.mathjax", True, "styler.format.escape", None)
    with pd.option_context(*defaults):
        open_workbench(data_dir=tmp_path).close()
        table = pd.DataFrame({"text": [r"$$\href{javascript:ran()}{x}$$", "<img src=x onerror=ran()>"]})
        for html in (table.to_html(notebook=True), table.style.to_html()):
            assert "mathjax_ignore" in html
            assert "<img" not in html


def _source(path: Path) -> str:
    return "\n".join(cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code")


def _said(path: Path) -> str:
    """What the cells printed, and their tables as text."""
    cells = nbformat.read(path, as_version=4).cells
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    return "\n".join(output.get("text") or output.get("data", {}).get("text/plain", "") for output in outputs)


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
    assert 'open_workbench(demo=True, as_of="2026-11-20T09:00:00Z"' in source


@each
def test_it_was_run_from_top_to_bottom_without_an_error(path: Path) -> None:
    code = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert not [output for cell in code for output in cell.outputs if output.output_type == "error"]


@each
def test_it_is_small_and_keeps_none_of_panels_models(path: Path) -> None:
    assert path.stat().st_size < 60_000
    assert "docs_json" not in path.read_text(encoding="utf-8")

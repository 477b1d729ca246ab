"""No cell of a file that the workbench writes is run by a spreadsheet, and none is lost by that."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import workbench
from tests import injections
from workbench.services.spreadsheet import SpreadsheetWriter, escape_cell, unescape_cell

RUN = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


@pytest.mark.parametrize("start", RUN)
def test_a_cell_that_a_spreadsheet_would_run_is_escaped(start: str) -> None:
    assert escape_cell(f"{start}cmd") == f"'{start}cmd"
    assert unescape_cell(f"'{start}cmd") == f"{start}cmd"


@given(st.text(alphabet="=+-@\t\r\n;'\"a,", max_size=6) | st.text(max_size=5))
def test_escaping_loses_nothing(cell: str) -> None:
    assert unescape_cell(escape_cell(cell)) == cell
    assert not escape_cell(cell).startswith(RUN)


@pytest.mark.parametrize("cell", ["", "'", "'tis", "O'Neill", "a=b", "Smith; Jones", "a - b"])
def test_what_was_not_escaped_is_not_unescaped(cell: str) -> None:
    assert unescape_cell(cell) == cell


def test_numbers_stay_numbers_and_nothing_is_nothing() -> None:
    written = io.StringIO(newline="")
    SpreadsheetWriter(written).write([-3, 0.5, None, "-3", ""])
    assert written.getvalue() == "-3,0.5,,'-3,\r\n"


@pytest.mark.parametrize("separator", [",", ";"])
def test_no_cell_begins_with_a_formula_whichever_of_them_the_spreadsheet_splits_at(separator: str) -> None:
    written = io.StringIO(newline="")
    file = SpreadsheetWriter(written)
    for text in injections.payloads():
        file.write(["name", text, f"a;{text}"])
    cells = [cell for row in csv.reader(io.StringIO(written.getvalue()), delimiter=separator) for cell in row]
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))] == []


def test_nothing_else_writes_csv() -> None:
    folder = Path(workbench.__file__).parent
    writers = re.compile(r"csv\.(writer|DictWriter)|\.to_csv\(|FORMAT CSV", re.IGNORECASE)
    found = {path.name for path in folder.rglob("*.py") if writers.search(path.read_text(encoding="utf-8"))}
    assert found == {"spreadsheet.py"}

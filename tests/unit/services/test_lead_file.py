"""A lead file is read whatever its encoding and separator; one that can't be read says what to do about it."""

from __future__ import annotations

import csv
import io
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import LeadFileInvalid
from workbench.services.lead_file import LONGEST_CELL, LeadFile, open_lead_file

DATA = Path(__file__).parents[2] / "data"
TEXT = "Name,Email\nZoë Müller,zoe@example.com\nŁukasz 山田,lukasz@example.com\n"


def read(source: bytes | str | Path, **options: Any) -> tuple[LeadFile, list[tuple[int, list[str]]]]:
    file = open_lead_file(source, **options)
    return file, list(file.rows())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_every_unicode_encoding_is_detected(encoding: str) -> None:
    _, rows = read(TEXT.encode(encoding))
    assert rows == [(2, ["Zoë Müller", "zoe@example.com"]), (3, ["Łukasz 山田", "lukasz@example.com"])]


def test_what_is_not_utf8_is_read_as_what_excel_writes() -> None:
    file, rows = read(DATA / "plain_semicolon_cp1252.csv")
    assert (file.encoding, file.separator) == ("cp1252", ";")
    assert rows[1] == (3, ["José Muñoz", "jose.munoz@example.com", "Café Ñandú"])


def test_another_alphabet_is_detected_when_enough_of_it_is_there() -> None:
    text = "Name;Email\n" + "Жанна Иванова Петровна, Москва;zhanna@example.com\n" * 3
    file, rows = read(text.encode("cp1251"))
    assert file.encoding == "cp1251"
    assert rows[0][1][0] == "Жанна Иванова Петровна, Москва"


def test_the_encoding_can_be_said() -> None:
    raw = "Name,Email\nŁucja,l@example.com\n".encode("cp1250")
    assert read(raw, encoding="cp1250")[1] == [(2, ["Łucja", "l@example.com"])]
    with pytest.raises(LeadFileInvalid, match="'klingon' is not an encoding"):
        open_lead_file(raw, encoding="klingon")
    with pytest.raises(LeadFileInvalid, match="not an encoding of text"):
        open_lead_file(raw, encoding="base64")


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_detected_even_when_cells_hold_others(separator: str) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator)
    writer.writerow(["Name", "Email", "Notes, and more"])
    writer.writerow(["Ada", "ada@example.com", "a,b;c\td|e"])
    file, rows = read(out.getvalue())
    assert file.separator == separator
    assert rows == [(2, ["Ada", "ada@example.com", "a,b;c\td|e"])]


def test_a_single_column_needs_no_separator() -> None:
    assert read("Email\nada@example.com\n")[1] == [(2, ["ada@example.com"])]


def test_excels_separator_line_and_linkedins_notes_are_passed_over() -> None:
    assert read("sep=;\nName;Email\nAda;ada@example.com\n")[1] == [(3, ["Ada", "ada@example.com"])]
    file, rows = read(DATA / "linkedin.csv")
    assert file.header[:2] == ("First Name", "Last Name")
    assert (file.header_row, [number for number, _ in rows]) == (4, [5, 6, 7])


def test_rows_are_numbered_as_a_spreadsheet_does_and_blank_ones_passed_over() -> None:
    text = 'name,email\n"Ada\nLovelace",ada@example.com\n\n,\nGrace,grace@example.com\n'
    _, rows = read(text)
    assert rows == [(2, ["Ada\nLovelace", "ada@example.com"]), (5, ["Grace", "grace@example.com"])]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_all_line_ends_are_read_with_or_without_a_last_one(end: str) -> None:
    for text in (f"name,email{end}Ada,ada@example.com{end}", f"name,email{end}Ada,ada@example.com"):
        file, rows = read(text)
        assert rows == [(2, ["Ada", "ada@example.com"])]
        assert file.lines == 2


def test_a_column_without_a_name_is_called_by_its_place() -> None:
    assert read("email,,company,\na@example.com,1,2,3\n")[0].header == ("email", "Column 2", "company", "Column 4")


def test_formulas_are_text() -> None:
    assert read("name,email\n\"=cmd|'/c calc'!A1\",a@example.com\n")[1] == [(2, ["=cmd|'/c calc'!A1", "a@example.com"])]


_THREE_HUNDRED = ",".join(f"column {number}" for number in range(300))
_MANY = "Bob,bob@example.com\n" * 100_000


@pytest.mark.parametrize(
    ("data", "says"),
    [
        pytest.param(b"", "is empty", id="empty"),
        pytest.param(b"\n \r\n\n", "is empty", id="blank"),
        pytest.param(b",,\n,,\n", "is empty", id="blank cells"),
        pytest.param(b"\xef\xbb\xbf", "is empty", id="only a byte order mark"),
        pytest.param("Ada,ada@example.com\n", "no header.*name,email,company", id="no header"),
        pytest.param(_THREE_HUNDRED, "300 columns; the limit is 200", id="300 columns"),
        pytest.param("email,Name,E-mail,EMAIL\n", "more than once: email", id="duplicate headers"),
        pytest.param("x" * 201 + ",email\n", "longer than 200 characters", id="long header"),
        pytest.param('name,email\n"Ada,a@example.com\n', r"row 2 \(line 2.*never", id="open quote"),
        pytest.param('name,email\n"A\nB",a@x.com\n"C,c@x.com\n', r"row 3 \(line 4", id="open quote further down"),
        pytest.param('name,"email\nAda,a@example.com\n', r"row 1 \(line 1.*never", id="open quote in the header"),
        pytest.param('name,email\n"Ada,a@example.com\n' + _MANY, r"row 2 \(line 2.*never", id="open quote, 2 MB"),
        pytest.param(
            "name,email\n" + "x" * 10_000_000 + ",a@example.com\n", "Row 2 has a cell longer", id="10 MB cell"
        ),
        pytest.param(
            "name,email\n" + "x" * (LONGEST_CELL + 1) + ",a@x.com\n", "Row 2 has a cell longer", id="big cell"
        ),
        pytest.param("name,email\n" + "x" * 140_000 + ",a@x.com\n", "Row 2 has a cell longer", id="csv's own limit"),
        pytest.param(b"name,email\nA\x00da,a@example.com\n", "Line 2 holds a NUL", id="NUL"),
        pytest.param("name,email\nA\x00da,a@example.com\n".encode("utf-16"), "Line 2 holds a NUL", id="NUL in UTF-16"),
        pytest.param(b"PK\x03\x04\x14\x00", r"Excel workbook.*Save As", id="xlsx"),
        pytest.param(b"\xd0\xcf\x11\xe0\xa1\xb1", "old Excel workbook", id="xls"),
        pytest.param(b"%PDF-1.7", "a PDF", id="pdf"),
        pytest.param(b"\x89PNG\r\n\x1a\n\x00\x00", "NUL|UTF-8", id="png"),
        pytest.param("name,email\nÜ,u@x.com\n".encode() + b"\xff,b@x.com\n", "Line 3 is not valid UTF-8", id="damaged"),
        pytest.param("name,email\nZoë".encode()[:-1], "cannot be told|not valid UTF-8", id="cut off in a letter"),
        pytest.param(
            b"name,email\n\x81\x8d,a@example.com\n", "Line 2 is not valid UTF-8.*which encoding", id="no encoding"
        ),
        pytest.param("name,email\nAda".encode("utf-16")[:-1], "not valid UTF-16", id="half a UTF-16 letter"),
        pytest.param("name,email\n\ud800", "half a character", id="lone surrogate"),
        pytest.param("leads.csv", r"Path\('leads.csv'\)", id="a path as text"),
    ],
)
def test_a_file_that_cannot_be_read_says_what_to_do(data: bytes | str, says: str) -> None:
    with pytest.raises(LeadFileInvalid, match=f"(?s){says}") as caught:
        read(data)
    assert caught.value.message.endswith((".", "company"))


def test_a_path_that_is_no_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(LeadFileInvalid, match="No such file"):
        open_lead_file(tmp_path / "missing.csv")
    with pytest.raises(LeadFileInvalid, match="is not a file"):
        open_lead_file(tmp_path)


def test_a_file_that_changes_while_it_is_read_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "leads.csv"
    path.write_text("name,email\nAda,ada@example.com\n")
    file = open_lead_file(path)
    path.write_bytes(b"name,email\nAd\xff,ada@example.com\n")
    with pytest.raises(LeadFileInvalid, match="changed while it was read"):
        list(file.rows())


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "many.csv"
    with path.open("w") as out:
        out.write("name,email,company\n")
        out.writelines(f"Ada {number},ada{number}@example.com,{'x' * 100}\n" for number in range(60_000))
    tracemalloc.start()
    try:
        assert sum(1 for _ in open_lead_file(path).rows()) == 60_000
        assert tracemalloc.get_traced_memory()[1] < 6_000_000 < path.stat().st_size
    finally:
        tracemalloc.stop()


_CELL = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=20)


@given(
    rows=st.lists(st.tuples(_CELL, _CELL, _CELL), max_size=8),
    separator=st.sampled_from([",", ";", "\t", "|"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_what_a_program_wrote_is_what_is_read(rows: list[tuple[str, str, str]], separator: str, encoding: str) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator, quoting=csv.QUOTE_ALL)
    writer.writerow(["name", "email", "company"])
    writer.writerows(rows)
    file, found = read(out.getvalue().encode(encoding))
    expected = [(number, list(row)) for number, row in enumerate(rows, 2) if any(cell.strip() for cell in row)]
    assert found == expected
    assert file.separator == separator


@pytest.fixture(autouse=True)
def _csv_limit_is_left_alone() -> Iterator[None]:
    """The csv module's limit belongs to the whole process."""
    before = csv.field_size_limit()
    yield
    assert csv.field_size_limit() == before

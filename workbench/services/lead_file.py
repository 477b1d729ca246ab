"""Reading a file of leads: its encoding, separator, header and rows, in bounded memory. Pure but for the file.

A file that can't be read as a whole is a :class:`LeadFileInvalid` that names what to do. Whether a single row can
be used is not decided here.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TextIO

from workbench.addresses import looks_like
from workbench.errors import LeadFileInvalid
from workbench.services import lead_columns, lead_export
from workbench.services.lead_encoding import Source, examine, open_binary
from workbench.services.rejected_rows import REASON, ROW
from workbench.services.spreadsheet import unescape_cell

#: No lead list we know comes near these; a file beyond them is damaged, or not a list of leads.
MOST_COLUMNS: Final = 200
LONGEST_CELL: Final = 100_000
LONGEST_ROW: Final = 1_000_000
LONGEST_HEADER: Final = 200

SEPARATORS: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}

#: Lines looked at to tell the separator.
_SAMPLE_LINES: Final = 100
#: Fed after the last line: if it comes out inside another row, a quotation mark never closed. No file that was
#: examined holds a NUL.
_END: Final = "\x00end\x00"


@dataclass(frozen=True)
class LeadFile:
    """A file that was looked at and can be read; :meth:`rows` reads it, any number of times."""

    source: Source
    encoding: str
    #: One of :data:`SEPARATORS`.
    separator: str
    #: Column names, each once; a column without a name is called by its place.
    header: tuple[str, ...]
    #: Where the header stands, counting from 1 as a spreadsheet does.
    header_row: int
    #: Lines in the file: at least as many as rows, more when cells hold line breaks.
    lines: int
    #: Columns that are not read: those an import added when it rejected the rows, and our own of an export.
    _ours: frozenset[int]

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Each row after the header that is not blank, with its number as a spreadsheet shows it.

        A row may have more or fewer cells than the header. Raises :class:`LeadFileInvalid`, also half-way: for a
        quotation mark that never closes, a cell or row that is too long, or a file that changed meanwhile.
        """
        with _open_text(self.source, self.encoding) as text:
            for number, cells in _records(text, self.separator):
                if number > self.header_row and not _blank(cells):
                    yield number, self._mended(cells)

    def count(self) -> int:
        """How many rows there are; reads all of them, so that what would fail half-way fails here. Raises likewise."""
        return sum(1 for _ in self.rows())

    def _mended(self, cells: list[str]) -> list[str]:
        if not self._ours:
            return cells
        return [unescape_cell(cell) for place, cell in enumerate(cells) if place not in self._ours]


def open_lead_file(source: Source, encoding: str | None = None) -> LeadFile:
    """Look at a file: ``source`` is its bytes, its path, or its text.

    ``encoding`` (a codec name) overrides what is detected. Raises :class:`LeadFileInvalid` when the file cannot be
    read as a list of leads at all; which columns it has is the business of :mod:`.lead_columns`.
    """
    found = examine(source, encoding)
    with _open_text(source, found.encoding) as text:
        separator = _separator(text)
    with _open_text(source, found.encoding) as text:
        header_row, cells = _find_header(_records(text, separator), separator)
    if not cells:
        raise LeadFileInvalid("The file is empty. Export it again, with a first line that names its columns.")
    ours = frozenset(place for place, cell in enumerate(cells) if cell.strip() in _our_columns(cells))
    names = [unescape_cell(cell) if ours else cell for place, cell in enumerate(cells) if place not in ours]
    return LeadFile(source, found.encoding, separator, _checked(names), header_row, found.lines, ours)


def _our_columns(cells: Sequence[str]) -> frozenset[str]:
    """The names of columns that mark a file as written by the workbench, and are not read."""
    exported = frozenset(lead_export.HEADER) <= {cell.strip() for cell in cells}
    return frozenset((ROW, REASON)) | (lead_export.OWN if exported else frozenset())


def _open_text(source: Source, encoding: str) -> TextIO:
    # newline="": the csv module itself must see the line ends inside quoted cells.
    return io.TextIOWrapper(open_binary(source), encoding=encoding, newline="")


class _Lines:
    """The lines of a file for the csv module, with a limit on how much one row may swallow."""

    def __init__(self, text: TextIO) -> None:
        self._text = text
        self.line = 0
        self.size = 0
        self.first_line = 1
        self.row = 1
        self.ended = False

    def begin(self, row: int) -> None:
        self.row, self.size, self.first_line = row, 0, self.line + 1

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._text.readline(LONGEST_ROW + 1)
        if not line:
            if self.ended:
                raise StopIteration
            self.ended = True
            return _END
        self.line += 1
        self.size += len(line)
        if self.size > LONGEST_ROW:
            raise self.too_long()
        return line

    def too_long(self) -> LeadFileInvalid:
        if self.line > self.first_line:
            return self.unclosed()
        return LeadFileInvalid(
            f"Row {self.row} has a cell longer than {LONGEST_CELL:,} characters. Shorten it, or remove its column.",
            row=self.row,
        )

    def unclosed(self) -> LeadFileInvalid:
        return LeadFileInvalid(
            f'In row {self.row} (line {self.first_line:,} of the file) a quotation mark (") opens that never '
            "closes. Close or remove it, or export the file again.",
            row=self.row,
        )


def _records(text: TextIO, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Every record with its number from 1, blank ones too. Raises :class:`LeadFileInvalid`."""
    lines = _Lines(text)
    reader = csv.reader(lines, delimiter=separator)
    number = 0
    try:
        while True:
            number += 1
            lines.begin(number)
            cells = next(reader)
            if lines.ended:
                if cells != [_END]:
                    raise lines.unclosed()
                return
            if lines.size > LONGEST_CELL and max(map(len, cells), default=0) > LONGEST_CELL:
                raise lines.too_long()
            yield number, cells
    except csv.Error as error:
        raise lines.too_long() from error
    except UnicodeDecodeError as error:
        raise LeadFileInvalid(
            f"The file changed while it was read: it is not {error.encoding} any more. Import it again."
        ) from error


def _separator(text: TextIO) -> str:
    """The separator by which most columns are recognised, or that at least makes the most columns."""
    sample = [line for line in (text.readline(LONGEST_ROW) for _ in range(_SAMPLE_LINES)) if line]
    best, best_score = ",", (0, 1)
    for separator in SEPARATORS:
        try:
            _, header = _find_header(enumerate(csv.reader(sample, delimiter=separator), 1), separator)
        except csv.Error:
            continue  # Whatever it is will be met, and named, when the file is read.
        recognised = sum(field is not None for field in lead_columns.recognise(header).values())
        if (score := (recognised, len(header))) > best_score:
            best, best_score = separator, score
    return best


def _find_header(records: Iterable[tuple[int, list[str]]], separator: str) -> tuple[int, list[str]]:
    """The record that names the columns, and its number: the first that says something.

    Passed over are Excel's ``sep=;`` line and the notes LinkedIn puts on top of its exports.
    """
    in_notes = False
    for number, cells in records:
        if _blank(cells):
            continue
        first = cells[0].strip().lower()
        if number == 1 and (separator.join(cells).lower() == f"sep={separator}"):
            continue
        if first == "notes:" and _blank(cells[1:]):
            in_notes = True
        elif not in_notes or len(cells) > 1:
            return number, cells
    return 0, []


def _checked(cells: Sequence[str]) -> tuple[str, ...]:
    """The header's column names. Raises :class:`LeadFileInvalid` for a header that can't be one."""
    if len(cells) > MOST_COLUMNS:
        raise LeadFileInvalid(
            f"The file has {len(cells)} columns; the limit is {MOST_COLUMNS}. Remove those you do not need."
        )
    if any(looks_like(cell) for cell in cells):
        raise LeadFileInvalid(
            "The file has no header: its first line is already a person. Put a line on top that names the columns, "
            "for example: name,email,company"
        )
    if any(len(cell) > LONGEST_HEADER for cell in cells):
        raise LeadFileInvalid(
            f"A column's name is longer than {LONGEST_HEADER} characters. The first line must name the columns; "
            "shorten the name, or export the file again."
        )
    names = tuple(" ".join(cell.split()) or f"Column {place}" for place, cell in enumerate(cells, 1))
    twice = [name for name, times in Counter(name.casefold() for name in names).items() if times > 1]
    if twice:
        shown = ", ".join(next(name for name in names if name.casefold() == fold) for fold in twice[:5])
        raise LeadFileInvalid(f"The header names these columns more than once: {shown}. Rename or remove one of each.")
    return names


def _blank(cells: Sequence[str]) -> bool:
    return not "".join(cells).strip()

"""CSV for spreadsheets: all that is written goes through here, so that no cell is run where it is opened.

A spreadsheet runs a cell that begins with one of :data:`_RISKY`. Such a cell gets an apostrophe in front, so that it is
text; :func:`unescape_cell` takes it away where one of our files is read again.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from typing import Final, TextIO

#: What OWASP names, the wide forms of Japanese keyboards included; and the apostrophe, which marks what we escaped.
_RISKY: Final = "=+\\-@\t\r\n＝＋－＠'"
#: At the start; and after a semicolon, at which spreadsheets in much of Europe split a file like this, quotes or not.
_WHERE: Final = re.compile(f'(^"*|;"*)(?=[{_RISKY}])')
_MARKED: Final = re.compile(f"""(^"*|;"*)'(?=[{_RISKY}])""")


def escape_cell(value: str) -> str:
    """``value`` so that no spreadsheet runs it. :func:`unescape_cell` gives back exactly what went in."""
    return _WHERE.sub(r"\1'", value)


def unescape_cell(value: str) -> str:
    """What :func:`escape_cell` was given."""
    return _MARKED.sub(r"\1", value) if "'" in value else value


class SpreadsheetWriter:
    """Writes rows to a text file that is open with ``newline=""``.

    Texts are escaped; numbers stay numbers; None is an empty cell.
    """

    def __init__(self, to: TextIO) -> None:
        self._rows = csv.writer(to)

    def write(self, row: Iterable[object]) -> None:
        self._rows.writerow(
            [cell if cell is None or isinstance(cell, int | float) else escape_cell(str(cell)) for cell in row]
        )

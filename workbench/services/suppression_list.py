"""Reading a list of addresses that nothing is to be sent to. Pure but for the file."""

from __future__ import annotations

from workbench.addresses import looks_like, normalise
from workbench.errors import InputError, LeadFileInvalid
from workbench.services import lead_columns
from workbench.services.lead_encoding import Source, examine, open_binary
from workbench.services.lead_file import open_lead_file


def read(source: Source) -> tuple[list[str], list[tuple[int, str]]]:
    """The normalised addresses of a file in its order, and the rows that hold none: (row, reason).

    The file has an e-mail column that is recognised, or an address on each line and nothing else. Raises
    :class:`LeadFileInvalid`.
    """
    rows = _bare(source)
    if rows is None:
        file = open_lead_file(source)
        columns = lead_columns.choose(file.header, None)
        place = next(number for number, column in enumerate(file.header) if columns[column] == "email")
        rows = [(number, cells[place] if place < len(cells) else "") for number, cells in file.rows()]
    found: list[str] = []
    rejected: list[tuple[int, str]] = []
    for number, address in rows:
        try:
            found.append(normalise(address))
        except InputError as error:
            rejected.append((number, error.message))
    return found, rejected


def _bare(source: Source) -> list[tuple[int, str]] | None:
    """The lines of a file whose first one is an address already; None for any other."""
    text = examine(source)
    with open_binary(source) as stream:
        try:
            lines = stream.read().decode(text.encoding).splitlines()
        except UnicodeDecodeError as error:
            raise LeadFileInvalid("The file changed while it was read. Import it again.") from error
    rows = [(number, line.strip().strip('",;')) for number, line in enumerate(lines, 1) if line.strip()]
    return rows if rows and looks_like(rows[0][1]) else None

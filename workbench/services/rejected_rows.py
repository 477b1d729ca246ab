"""The rows an import refused, as a file that can be mended in a spreadsheet and imported again."""

from __future__ import annotations

import csv
import os
import re
import tempfile
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Final, TextIO

from workbench.errors import NotConfigured
from workbench.services.spreadsheet import SpreadsheetWriter, unescape_cell

#: Where these files are, in the data folder.
FOLDER: Final = "rejected"

#: The columns put in front of the original ones. A file with these headers is read as one of ours.
ROW: Final = "rejected_row"
REASON: Final = "rejected_reason"

_ABANDONED_SECONDS: Final = 24 * 60 * 60


class RejectedRows:
    """Writes refused rows while an import runs; the file gets its name only when the import holds.

    It is readable by its owner only, in UTF-8 with a byte order mark, which spreadsheets need to see.
    """

    def __init__(self, folder: Path, name: str, header: Sequence[str]) -> None:
        self._folder = folder
        self._name = name
        self._header = header
        self._file: TextIO | None = None
        self._writer: SpreadsheetWriter | None = None
        self._path = folder / name

    def add(self, row: int, cells: Sequence[str], reason: str) -> None:
        """Raises :class:`NotConfigured` when the folder cannot be written: no row is refused without a trace."""
        try:
            if self._writer is None:
                self._file = self._open()
                self._writer = SpreadsheetWriter(self._file)
                self._writer.write([ROW, REASON, *self._header])
            self._writer.write([row, reason, *cells])
        except OSError as error:
            raise self._unwritable(error) from error

    def finish(self) -> None:
        """Put everything on the disk, so that the import may be committed. Raises :class:`NotConfigured`."""
        if self._file is None:
            return
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
        except OSError as error:
            raise self._unwritable(error) from error

    def keep(self) -> Path | None:
        """The import was committed: give the finished file its name. Answers where it is, None without one."""
        if self._file is None:
            return None
        try:
            return self._part.rename(self._path)
        except OSError:
            return self._part  # The leads are in and the rows are safe; only the name could not be given.

    def discard(self) -> None:
        """The import did not hold: leave nothing behind."""
        if self._file is not None:
            with suppress(OSError):  # A full disk may refuse even the last flush.
                self._file.close()
            self._part.unlink(missing_ok=True)

    @property
    def _part(self) -> Path:
        return self._path.with_suffix(".part")

    def _open(self) -> TextIO:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for number in count(2):
            if not self._path.exists():
                with suppress(FileExistsError):
                    descriptor = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                    break
            self._path = self._folder / f"{Path(self._name).stem}-{number}.csv"
        return os.fdopen(descriptor, "w", encoding="utf-8-sig", newline="")

    def _unwritable(self, error: OSError) -> NotConfigured:
        return NotConfigured(
            f"Rejected rows cannot be written to {self._folder}: {error.strerror}. Nothing was imported. "
            "Make room, or let the workbench write there (WORKBENCH_DATA_DIR)."
        )


def file_name(at: datetime, campaign_id: int, original: str) -> str:
    """What the file for an import is called: when, into which campaign, and from which file."""
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", Path(original).stem).strip("-.")[:60] or "leads"
    return f"{at:%Y%m%dT%H%M%SZ}-campaign-{campaign_id}-{stem}.csv"


def forget(folder: Path, addresses: Collection[str]) -> int:
    """Take every row that names one of ``addresses`` (lower case) out of the files in ``folder``.

    Answers how many rows were taken. What an import that crashed a day ago left behind is removed as a whole.
    Raises :class:`NotConfigured` when a file cannot be rewritten.
    """
    removed = 0
    try:
        for path in sorted(folder.glob("*.csv")):
            removed += _forget_in(path, addresses)
        for path in folder.glob("*.part"):
            if time.time() - path.stat().st_mtime > _ABANDONED_SECONDS:
                path.unlink(missing_ok=True)
    except (OSError, csv.Error) as error:
        raise NotConfigured(
            f"{folder} holds rejected rows that may name this person, and cannot be rewritten: {error}. "
            "Nothing was erased. Let the workbench write there, or remove the file."
        ) from error
    return removed


def _forget_in(path: Path, addresses: Collection[str]) -> int:
    """Rewrite one file without the rows; a file of which no row remains is removed."""
    removed = kept = 0
    descriptor, part = tempfile.mkstemp(dir=path.parent, prefix=".forget-")
    try:
        # surrogateescape: a person may have saved the file in another encoding; the rest of it stays as it is.
        with (
            path.open(encoding="utf-8", errors="surrogateescape", newline="") as old,
            os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape", newline="") as new,
        ):
            writer = SpreadsheetWriter(new)
            for number, cells in enumerate(csv.reader(old)):
                if number and any(address in cell.lower() for cell in cells for address in addresses):
                    removed += 1
                else:
                    writer.write(map(unescape_cell, cells))
                    kept += number > 0
        if removed and kept:
            os.replace(part, path)
        elif removed:
            path.unlink()
    finally:
        Path(part).unlink(missing_ok=True)
    return removed

"""What the bytes of a lead file are: text in which encoding, or something that is no text at all."""

from __future__ import annotations

import codecs
import io
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from charset_normalizer import from_bytes

from workbench.errors import LeadFileInvalid

#: A file: its bytes, where it is, or its text.
Source = bytes | str | Path

_CHUNK: Final = 1 << 20
_SAMPLE: Final = 32 << 10

_SAVE_AS: Final = "save it as CSV (in Excel: File, Save As, “CSV UTF-8”) and import that"
_NO_TEXT: Final = (
    (b"PK\x03\x04", "an Excel workbook or a zip archive"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"%PDF", "a PDF"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"SQLite format 3", "a database"),
    (b"PAR1", "a Parquet file"),
)
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: What exports come in when it is not UTF-8. Other Western code pages are left out on purpose: from a handful of
#: accented names nobody can tell them from cp1252, which is what Excel writes.
_PLAUSIBLE: Final = ["cp1252", "cp1251", "cp1253", "shift_jis", "gb18030", "big5", "euc_kr"]
#: Bytes beyond ASCII from which on a guess other than cp1252 is taken.
_ENOUGH: Final = 40


@dataclass(frozen=True)
class Text:
    """What was found: how to decode the file, and how many lines it has."""

    encoding: str
    lines: int


def open_binary(source: Source) -> BinaryIO:
    """``source`` as a stream of bytes. Raises :class:`LeadFileInvalid` when it can't be opened."""
    if isinstance(source, bytes):
        return io.BytesIO(source)
    if isinstance(source, str):
        if "\n" not in source and source.lower().endswith((".csv", ".txt", ".tsv")):
            raise LeadFileInvalid(f"Text is read as the file itself. To read a file give its path: Path({source!r}).")
        try:
            return io.BytesIO(source.encode())
        except UnicodeEncodeError as error:
            raise LeadFileInvalid("The text holds half a character (a lone surrogate). Remove it.") from error
    if not isinstance(source, Path):
        raise LeadFileInvalid(
            f"A {type(source).__name__} is no lead file. Give its path as a Path, its bytes, or its text."
        )
    try:
        if source.exists() and not source.is_file():
            raise LeadFileInvalid(f"{source} is not a file. Give the path of a CSV file.")
        return source.open("rb")
    except OSError as error:
        raise LeadFileInvalid(
            f"{source} cannot be opened: {error.strerror}. Check its path and permissions."
        ) from error


def examine(source: Source, encoding: str | None = None) -> Text:
    """Read the whole file once, to know that all of it can be decoded before anything is imported.

    ``encoding`` overrides what is detected. Raises :class:`LeadFileInvalid` for what is no text, is damaged, or
    holds NUL characters.
    """
    with open_binary(source) as stream:
        head = stream.read(4096)
    if not head.strip():
        raise LeadFileInvalid("The file is empty. Export it again.")
    for magic, what in _NO_TEXT:
        if head.startswith(magic):
            raise LeadFileInvalid(f"This is {what}, not a CSV file. Open it and {_SAVE_AS}.")
    if encoding is not None:
        return _decode_all(source, _known(encoding))
    marked = next((name for mark, name in _MARKS if head.startswith(mark)), None) or _unmarked_utf16(head)
    if marked is not None:
        return _decode_all(source, marked)
    try:
        return _decode_all(source, "utf-8")
    except _NotThisEncoding as error:
        if error.after_other_letters:
            raise
    return _decode_all(source, _guess(source))


class _NotThisEncoding(LeadFileInvalid):
    """Somewhere the bytes are not what the encoding allows."""

    after_other_letters = False


def _decode_all(source: Source, encoding: str) -> Text:
    decoder = codecs.getincrementaldecoder(encoding)()
    lines, seen_other_letters, last = 1, False, "\n"
    with open_binary(source) as stream:
        while True:
            chunk = stream.read(_CHUNK)
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                before = error.object[: error.start]
                raise _undecodable(
                    encoding, lines + before.count(b"\n"), seen_other_letters or not before.isascii()
                ) from error
            if "\x00" in text:
                raise LeadFileInvalid(
                    f"Line {lines + text[: text.index(chr(0))].count(chr(10)):,} holds a NUL character: the file is "
                    f"damaged or no text. Open it in a spreadsheet and {_SAVE_AS}."
                )
            seen_other_letters = seen_other_letters or not text.isascii()
            lines += max(text.count("\n"), text.count("\r"))  # a \r alone ends a line too: old Macs
            last = text[-1:] or last
            if not chunk:
                return Text(encoding, lines - (last in "\r\n"))


def _undecodable(encoding: str, line: int, after_other_letters: bool) -> _NotThisEncoding:
    error = _NotThisEncoding(
        f"Line {line:,} is not valid {encoding.upper().removesuffix('-SIG')}: the file has another encoding, or is "
        f"damaged. Open it in a spreadsheet and {_SAVE_AS}.",
        line=line,
    )
    error.after_other_letters = after_other_letters
    return error


def _known(encoding: str) -> str:
    try:
        codecs.getincrementaldecoder(encoding)
        "".encode(encoding)
    except (LookupError, TypeError, ValueError) as error:
        raise LeadFileInvalid(
            f"{encoding!r} is not an encoding of text. Give one such as utf-8, cp1252 or utf-16."
        ) from error
    return encoding


def _unmarked_utf16(head: bytes) -> str | None:
    """UTF-16 without its mark: in a header of Latin letters every other byte is zero."""
    half = len(head) // 2
    if half and head[1::2].count(0) > 0.4 * half and head[0::2].count(0) == 0:
        return "utf-16-le"
    if half and head[0::2].count(0) > 0.4 * half and head[1::2].count(0) == 0:
        return "utf-16-be"
    return None


def _guess(source: Source) -> str:
    """The encoding of a file that is not UTF-8, from the lines that hold something beside ASCII.

    Raises :class:`LeadFileInvalid` when nothing fits, or too little text speaks for what does: a wrong guess
    would spoil names for good.
    """
    sample, first, number = bytearray(), 0, 0
    with open_binary(source) as stream:
        while len(sample) < _SAMPLE and (line := stream.readline(_SAMPLE)):
            number += 1
            if not line.isascii():
                first = first or number
                sample += line
    best = from_bytes(bytes(sample), cp_isolation=_PLAUSIBLE).best()
    letters = sum(byte > 127 for byte in sample)
    if best is not None and (best.encoding == "cp1252" or letters >= _ENOUGH):
        return best.encoding
    maybe = f" (perhaps {best.encoding})" if best else ""
    raise LeadFileInvalid(
        f"Line {first:,} is not valid UTF-8, and which encoding it is{maybe} cannot be told. Open the file in a "
        f"spreadsheet and {_SAVE_AS}, or say which encoding it has.",
        line=first,
    )

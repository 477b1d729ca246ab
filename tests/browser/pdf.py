"""The text of a PDF that Chromium made: enough to say what stands in it, and on how many pages."""

from __future__ import annotations

import re
import zlib

_OBJECT = re.compile(rb"(\d+) 0 obj\n(.*?)\nendobj", re.S)
_STREAM = re.compile(rb"stream\n(.*)\nendstream", re.S)


def pages(data: bytes) -> list[str]:
    """The text of each page, in the order in which it was drawn."""
    objects = {int(number): body for number, body in _OBJECT.findall(data)}
    return [_text(body, objects) for body in objects.values() if b"/Type /Page\n" in body]


def _text(page: bytes, objects: dict[int, bytes]) -> str:
    fonts = {name: _glyphs(objects[int(number)], objects) for name, number in re.findall(rb"/(F\d+) (\d+) 0 R", page)}
    contents = re.search(rb"/Contents (\d+) 0 R", page)
    assert contents is not None
    drawn = _stream(objects[int(contents[1])])
    found, glyphs = [], dict[int, str]()
    for font, codes in re.findall(rb"/(F\d+) [\d.]+ Tf|(<[0-9A-Fa-f]+>|\((?:\\.|[^\\)])*\))", drawn):
        if font:
            glyphs = fonts[font]
        elif codes.startswith(b"<"):
            code = codes[1:-1].decode()
            found += [glyphs.get(int(code[at : at + 4], 16), "") for at in range(0, len(code), 4)]
    return "".join(found)


def _glyphs(font: bytes, objects: dict[int, bytes]) -> dict[int, str]:
    """Code of a glyph -> what it stands for, as the font's own table says."""
    table = re.search(rb"/ToUnicode (\d+) 0 R", font)
    if table is None:
        return {}
    words = _stream(objects[int(table[1])]).decode()
    found = dict[int, str]()
    for block in re.findall(r"beginbfchar\n(.*?)endbfchar", words, re.S):
        for code, letters in re.findall(r"<(\w+)> <(\w+)>", block):
            found[int(code, 16)] = bytes.fromhex(letters).decode("utf-16-be")
    for block in re.findall(r"beginbfrange\n(.*?)endbfrange", words, re.S):
        for first, last, letter in re.findall(r"<(\w+)> <(\w+)> <(\w+)>", block):
            for step in range(int(last, 16) - int(first, 16) + 1):
                found[int(first, 16) + step] = chr(int(letter, 16) + step)
    return found


def _stream(body: bytes) -> bytes:
    packed = _STREAM.search(body)
    assert packed is not None
    return zlib.decompress(packed[1]) if b"/FlateDecode" in body else packed[1]

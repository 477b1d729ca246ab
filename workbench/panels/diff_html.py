"""A comparison as HTML: side by side or inline, unchanged stretches folded, every word of both texts escaped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from workbench.panels import diff
from workbench.panels.safe import escape

Row = diff.Row

#: No strategy has so many lines, but a text made of line ends has: more of them are not compared.
LINES: Final = 10_000

SAME: Final = '<p class="is-note">The two are the same, word for word.</p>'


def html(old: str, new: str, *, left: str, right: str, inline: bool = False) -> str:
    """Both texts compared, under the headings ``left`` and ``right``. Unchanged stretches can be opened."""
    cut = [_first_lines(text) for text in (old, new)]
    rows = diff.compare(*cut)
    if not any(row.changed for row in rows) and cut == [old, new]:
        return SAME
    draw = _inline if inline else _beside
    parts = [_count(rows, left, right) if inline else _head(left, right)]
    for shown, run in diff.stretches(rows):
        table = f'<table class="diff {"one" if inline else "two"}"><tbody>{"".join(map(draw, run))}</tbody></table>'
        parts.append(table if shown else f'<details class="folded">{_summary(run)}{table}</details>')
    if cut != [old, new]:
        parts.append(f'<p class="is-note">Only the first {LINES:,} lines are compared.</p>')
    return f'<div class="comparison">{"".join(parts)}</div>'


def _first_lines(text: str) -> str:
    lines = text.splitlines(keepends=True)
    return text if len(lines) <= LINES else "".join(lines[:LINES])


def _summary(run: Sequence[Row]) -> str:
    return f"<summary>{_lines(len(run))} the same</summary>"


def _lines(number: int) -> str:
    return "1 line" if number == 1 else f"{number:,} lines"


def _blank(row: Row) -> bool:
    return not any(text.strip() for side in (row.left, row.right) for _, text in side or [])


def _head(left: str, right: str) -> str:
    return f'<div class="heads"><strong>{escape(left)}</strong><strong>{escape(right)}</strong></div>'


def _count(rows: Sequence[Row], left: str, right: str) -> str:
    return (
        f'<div class="heads"><span><del>{escape(left)}</del> → <ins>{escape(right)}</ins></span>'
        f"<span>{_lines(sum(row.changed and not _blank(row) for row in rows))} changed</span></div>"
    )


def _beside(row: Row) -> str:
    left = _cell(row.left, row.left_number, "del" if row.changed else "", _where(row) if row.right is None else "")
    right = _cell(row.right, row.right_number, "ins" if row.changed else "", _where(row) if row.left is None else "")
    return f'<tr class="{_kind(row)}">{left}{right}</tr>'


def _cell(segments: list[diff.Segment] | None, number: int | None, tag: str, note: str) -> str:
    if segments is None:
        return '<td class="number"></td><td class="none"></td>'
    return f'<td class="number">{number}</td><td class="text {tag}">{_words(segments, tag)}{note}</td>'


def _inline(row: Row) -> str:
    numbers = f'<td class="number">{row.left_number or ""}</td><td class="number">{row.right_number or ""}</td>'
    if not row.changed:
        return f'<tr class="kept">{numbers}<td class="text">{_words(row.right, "")}</td></tr>'
    if row.left and row.right and not any(kind == "same" for kind, _ in row.left):
        # The whole line is another one: what was and what is, each on its own.
        gone, come = Row(row.left, None, row.left_number), Row(None, row.right, None, row.right_number)
        return _inline(gone) + _inline(come)
    tags = {"gone": "del", "come": "ins", "same": ""}
    words = "".join(_tagged(tags[kind], text) for kind, text in diff.inline(row))
    tag = "" if row.left and row.right else "del" if row.left else "ins"
    return f'<tr class="{_kind(row)}">{numbers}<td class="text {tag}">{words}{_where(row)}</td></tr>'


def _kind(row: Row) -> str:
    return "moved" if row.moved else "changed" if row.changed else "kept"


def _where(row: Row) -> str:
    if not row.moved:
        return ""
    where = "to" if row.right is None else "from"
    return f' <span class="where">moved {where} line {row.moved}</span>'


def _words(segments: list[diff.Segment] | None, tag: str) -> str:
    return "".join(_tagged(tag if kind == "changed" else "", text) for kind, text in segments or [])


def _tagged(tag: str, text: str) -> str:
    """``text`` escaped, in ``tag`` if there is one; the blank behind the last word stays outside."""
    if not tag or not text.strip():
        return escape(text)
    words = text.rstrip()
    return f"<{tag}>{escape(words)}</{tag}>{escape(text[len(words) :])}"

"""Two texts side by side, word by word: what was taken out on the left, what was put in on the right."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Final, Literal

from workbench.panels.safe import escape

#: A run of equal words, or of changed ones.
Segment = tuple[Literal["same", "changed"], str]

#: Equal lines around a change that are kept; longer runs are folded.
AROUND: Final = 3
#: A longer line is not compared word by word: the time for it grows with the square.
WORDS: Final = 4_000
#: Two lines less alike than this are shown as one taken out and one put in.
ALIKE: Final = 0.3

_WORD = re.compile(r"\s+|\w+|[^\w\s]")


@dataclass(frozen=True)
class Row:
    """One line of the comparison. A side that has no such line is None; ``folded`` counts equal lines left out."""

    left: list[Segment] | None = None
    right: list[Segment] | None = None
    left_number: int | None = None
    right_number: int | None = None
    folded: int = 0

    @property
    def changed(self) -> bool:
        return not self.folded and self.left != self.right


def words(old: str, new: str) -> tuple[list[Segment], list[Segment]]:
    """Both lines in segments, the words that differ marked ``changed``."""
    left, right = _WORD.findall(old), _WORD.findall(new)
    if len(left) + len(right) > WORDS:
        return [("changed", old)], [("changed", new)]
    matcher = SequenceMatcher(None, left, right, autojunk=False)
    kept = [word for block in matcher.get_matching_blocks() for word in left[block.a : block.a + block.size]]
    if _weight(kept) < ALIKE * max(_weight(left), _weight(right)):
        return [("changed", old)], [("changed", new)]
    before: list[Segment] = []
    after: list[Segment] = []
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        kind: Literal["same", "changed"] = "same" if tag == "equal" else "changed"
        if i2 > i1:
            before.append((kind, "".join(left[i1:i2])))
        if j2 > j1:
            after.append((kind, "".join(right[j1:j2])))
    return before, after


def _weight(found: list[str]) -> int:
    """Letters, without the blanks that any two lines share."""
    return sum(len(word) for word in found if not word.isspace())


def side_by_side(old: str, new: str) -> list[Row]:
    """The lines of both texts as rows, unchanged stretches folded to what stands around a change."""
    return list(_fold(list(_rows(old.splitlines(), new.splitlines()))))


def _rows(left: list[str], right: list[str]) -> Iterator[Row]:
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if tag == "equal":
            for i, j in zip(range(i1, i2), range(j1, j2), strict=True):
                same: list[Segment] = [("same", left[i])]
                yield Row(same, same, i + 1, j + 1)
            continue
        for at, to in zip_longest(range(i1, i2), range(j1, j2)):
            if at is None:
                yield Row(None, [("changed", right[to])], None, to + 1)
            elif to is None:
                yield Row([("changed", left[at])], None, at + 1, None)
            else:
                before, after = words(left[at], right[to])
                yield Row(before, after, at + 1, to + 1)


def _fold(rows: list[Row]) -> Iterator[Row]:
    near = set[int]()
    for index, row in enumerate(rows):
        if row.changed:
            near.update(range(index - AROUND, index + AROUND + 1))
    skipped = 0
    for index, row in enumerate(rows):
        if index not in near:
            skipped += 1
            continue
        if skipped:
            yield Row(folded=skipped)
            skipped = 0
        yield row
    if skipped:
        yield Row(folded=skipped)


def html(old: str, new: str, *, left: str, right: str) -> str:
    """The comparison as a table, every word of both texts escaped. ``left`` and ``right`` are the headings."""
    rows = side_by_side(old, new)
    if not any(row.changed for row in rows):
        return '<p class="is-note">The two are the same, word for word.</p>'
    number = '<th class="number"></th>'
    head = f"<thead><tr>{number}<th>{escape(left)}</th>{number}<th>{escape(right)}</th></tr></thead>"
    return f'<table class="diff">{head}<tbody>{"".join(map(_row, rows))}</tbody></table>'


def _row(row: Row) -> str:
    if row.folded:
        lines = "1 line that is" if row.folded == 1 else f"{row.folded} lines that are"
        return f'<tr class="folded"><td colspan="4">{lines} the same</td></tr>'
    changed = row.changed
    return (
        f"<tr>{_cell(row.left, row.left_number, 'del' if changed else '')}"
        f"{_cell(row.right, row.right_number, 'ins' if changed else '')}</tr>"
    )


def _cell(segments: list[Segment] | None, number: int | None, tag: str) -> str:
    if segments is None:
        return '<td class="number"></td><td class="none"></td>'
    parts = [f"<{tag}>{escape(text)}</{tag}>" if tag and kind == "changed" else escape(text) for kind, text in segments]
    return f'<td class="number">{number}</td><td class="{tag}">{"".join(parts)}</td>'

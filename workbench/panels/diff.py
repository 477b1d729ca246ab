"""What differs between two texts: which lines belong together, which words of them changed, what only moved.

Lines and words are aligned by the same rule: what stands only once in either text is an anchor (as in a patience
diff), and :mod:`difflib` compares what lies between two anchors. So the time grows with the length of the texts and not
with its square, and a repeated blank line or "the" ties nothing together that does not belong together.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby, pairwise, zip_longest
from typing import Final, Literal

#: A run of equal words, or of changed ones.
Segment = tuple[Literal["same", "changed"], str]

#: Equal lines around a change that are shown; longer runs are folded.
AROUND: Final = 3
#: Two lines less alike than this are shown as one taken out and one put in.
ALIKE: Final = 0.3
#: A shorter line says too little to be told as moved.
MOVABLE: Final = 8
#: Stretches of at most so many times so many parts are compared by difflib, which takes the square of that.
CLOSE: Final = 200 * 200
#: Changed stretches of at most so many pairs of lines are matched by likeness, longer ones in order.
PAIRS: Final = 400

#: A word, or a sign, with the blanks behind it.
_WORD: Final = re.compile(r"\s+|\w+\s*|[^\w\s]\s*")


@dataclass(frozen=True)
class Row:
    """One line of the comparison, or the pair of lines that it changed from and to.

    A side that has no such line is None. ``moved`` is where the same line stands in the other text.
    """

    left: list[Segment] | None = None
    right: list[Segment] | None = None
    left_number: int | None = None
    right_number: int | None = None
    moved: int | None = None

    @property
    def changed(self) -> bool:
        return self.left != self.right


def compare(old: str, new: str) -> list[Row]:
    """The lines of both texts as rows, in order."""
    left, right = old.splitlines(), new.splitlines()
    ours, theirs = _written(left), _written(right)
    pairs = [(ours[i], theirs[j]) for i, j in _matches([left[i] for i in ours], [right[j] for j in theirs])]
    moved = _moved(left, right, pairs)
    return list(_rows(left, right, pairs, moved))


def _written(lines: Sequence[str]) -> list[int]:
    """Where the lines stand that are not blank: a blank one between two paragraphs says nothing about either."""
    return [at for at, line in enumerate(lines) if line.strip()]


def stretches(rows: Sequence[Row]) -> Iterator[tuple[bool, list[Row]]]:
    """The rows in runs: True with those that changed and what stands around them, False with those in between."""
    near = set[int]()
    for index, row in enumerate(rows):
        if row.changed:
            near.update(range(index - AROUND, index + AROUND + 1))
    run: list[Row] = []
    for index, row in enumerate(rows):
        if run and (index in near) != (index - 1 in near):
            yield index - 1 in near, run
            run = []
        run.append(row)
    if run:
        yield len(rows) - 1 in near, run


def words(old: str, new: str) -> tuple[list[Segment], list[Segment]]:
    """Both lines in segments, the words that differ marked ``changed``. Blanks alone make no word differ."""
    left, right = _WORD.findall(old), _WORD.findall(new)
    pairs = _matches([one.rstrip() or one for one in left], [one.rstrip() or one for one in right])
    kept = sum(len(left[i].strip()) for i, _ in pairs)
    if not pairs or kept < ALIKE * max(_letters(old), _letters(new)) or len(pairs) == len(left) == len(right):
        return [("changed", old)], [("changed", new)]
    before: list[Segment] = []
    after: list[Segment] = []
    at = to = 0
    for i, j, size in _runs(pairs, len(left), len(right)):
        for segments, parts, start, end in ((before, left, at, i), (after, right, to, j)):
            if end > start:
                segments.append(("changed", "".join(parts[start:end])))
            if size:
                segments.append(("same", "".join(parts[end : end + size])))
        at, to = i + size, j + size
    return before, after


def _runs(pairs: Sequence[tuple[int, int]], i_end: int, j_end: int) -> Iterator[tuple[int, int, int]]:
    """Start on either side, and size, of each run of pairs that nothing interrupts on either side; then the ends."""
    for _, group in groupby(enumerate(pairs), key=lambda each: (each[1][0] - each[0], each[1][1] - each[0])):
        run = [pair for _, pair in group]
        yield *run[0], len(run)
    yield i_end, j_end, 0


def inline(row: Row) -> list[tuple[Literal["same", "gone", "come"], str]]:
    """A line that changed as one: what was taken out stands before what was put in."""
    found: list[tuple[Literal["same", "gone", "come"], str]] = []
    left, right = list(row.left or []), list(row.right or [])
    while left or right:
        while left and left[0][0] == "changed":
            found.append(("gone", left.pop(0)[1]))
        while right and right[0][0] == "changed":
            found.append(("come", right.pop(0)[1]))
        if left and right:
            left.pop(0)
            found.append(("same", right.pop(0)[1]))
    return found


def _letters(text: str) -> int:
    return sum(map(len, text.split()))


def _matches(left: Sequence[str], right: Sequence[str]) -> list[tuple[int, int]]:
    """Positions of what stands in both, in order in both."""
    found: list[tuple[int, int]] = []
    todo = [(0, len(left), 0, len(right))]
    while todo:
        i, i_end, j, j_end = todo.pop()
        while i < i_end and j < j_end and left[i] == right[j]:
            found.append((i, j))
            i, j = i + 1, j + 1
        while i < i_end and j < j_end and left[i_end - 1] == right[j_end - 1]:
            i_end, j_end = i_end - 1, j_end - 1
            found.append((i_end, j_end))
        if i == i_end or j == j_end:
            continue
        if (i_end - i) * (j_end - j) <= CLOSE:
            matcher = SequenceMatcher(None, left[i:i_end], right[j:j_end], autojunk=False)
            for block in matcher.get_matching_blocks():
                found += [(i + block.a + step, j + block.b + step) for step in range(block.size)]
            continue
        anchors = _anchors(left[i:i_end], right[j:j_end])
        if anchors:  # without one, what two long stretches have in common may be chance
            edges = [(-1, -1), *anchors, (i_end - i, j_end - j)]
            for (a, b), (c, d) in pairwise(edges):
                todo.append((i + a + 1, i + c, j + b + 1, j + d))
            found += [(i + a, j + b) for a, b in anchors]
    return sorted(found)


def _anchors(left: Sequence[str], right: Sequence[str]) -> list[tuple[int, int]]:
    """The longest run, in order, of what stands exactly once on either side."""
    ours, theirs = Counter(left), Counter(right)
    where = {one: at for at, one in enumerate(right) if theirs[one] == 1}
    once = [(at, where[one]) for at, one in enumerate(left) if ours[one] == 1 and one in where]
    tops: list[int] = []  # the smallest end of a run of each length, and where its pair stands in ``once``
    ends: list[int] = []
    before: list[int] = []
    for index, (_, there) in enumerate(once):
        length = bisect_left(tops, there)
        before.append(ends[length - 1] if length else -1)
        tops[length : length + 1] = [there]
        ends[length : length + 1] = [index]
    run: list[tuple[int, int]] = []
    at = ends[-1] if ends else -1
    while at >= 0:
        run.append(once[at])
        at = before[at]
    return run[::-1]


def _moved(left: Sequence[str], right: Sequence[str], pairs: Sequence[tuple[int, int]]) -> dict[int, int]:
    """Left position -> right position of lines that are the same and stand elsewhere, once on either side."""
    here, there = {i for i, _ in pairs}, {j for _, j in pairs}
    gone = {i: one for i, one in enumerate(left) if i not in here and len(one.strip()) >= MOVABLE}
    come = {j: one for j, one in enumerate(right) if j not in there and len(one.strip()) >= MOVABLE}
    ours, theirs = Counter(gone.values()), Counter(come.values())
    where = {one: j for j, one in come.items() if theirs[one] == 1}
    return {i: where[one] for i, one in gone.items() if ours[one] == 1 and one in where}


def _rows(
    left: Sequence[str], right: Sequence[str], pairs: Sequence[tuple[int, int]], moved: dict[int, int]
) -> Iterator[Row]:
    came = {j: i for i, j in moved.items()}
    at, to = 0, 0
    for i, j in [*pairs, (len(left), len(right))]:
        for one, other in _beside(left, right, range(at, i), range(to, j), moved, came):
            yield _row(left, right, one, other, moved, came)
        if i < len(left):
            yield Row([("same", left[i])], [("same", right[j])], i + 1, j + 1)
        at, to = i + 1, j + 1


def _row(
    left: Sequence[str],
    right: Sequence[str],
    one: int | None,
    other: int | None,
    moved: dict[int, int],
    came: dict[int, int],
) -> Row:
    if one is not None and other is not None:
        before, after = words(left[one], right[other])
        return Row(before, after, one + 1, other + 1)
    if one is not None:
        gone = moved.get(one)
        return Row([("changed", left[one])], None, one + 1, None, None if gone is None else gone + 1)
    assert other is not None
    source = came.get(other)
    return Row(None, [("changed", right[other])], None, other + 1, None if source is None else source + 1)


def _beside(
    left: Sequence[str],
    right: Sequence[str],
    ours: range,
    theirs: range,
    moved: dict[int, int],
    came: dict[int, int],
) -> Iterator[tuple[int | None, int | None]]:
    """Which lines of a changed stretch stand beside each other: those most alike, then as they come."""
    mine = [i for i in ours if i not in moved and left[i].strip()]
    yours = [j for j in theirs if j not in came and right[j].strip()]
    alike = _most_alike([left[i] for i in mine], [right[j] for j in yours])
    at, to = ours.start, theirs.start
    for a, b in [*((mine[a], yours[b]) for a, b in alike), (ours.stop, theirs.stop)]:
        yield from _in_order(range(at, a), range(to, b), moved, came)
        if a < ours.stop:
            yield a, b
        at, to = a + 1, b + 1


def _in_order(
    ours: range, theirs: range, moved: dict[int, int], came: dict[int, int]
) -> Iterator[tuple[int | None, int | None]]:
    if any(i in moved for i in ours) or any(j in came for j in theirs):
        yield from ((i, None) for i in ours)
        yield from ((None, j) for j in theirs)
    else:
        yield from zip_longest(ours, theirs)


def _most_alike(left: Sequence[str], right: Sequence[str]) -> list[tuple[int, int]]:
    """Pairs, in order in both, whose likeness adds up to the most; pairs in order where there are too many."""
    if not left or not right:
        return []
    if len(left) * len(right) > PAIRS:
        return [(at, at) for at in range(min(len(left), len(right)))]
    ours, theirs = [Counter(one.split()) for one in left], [Counter(one.split()) for one in right]
    likeness = [[_likeness(one, other) for other in theirs] for one in ours]
    best = [[0.0] * (len(right) + 1) for _ in range(len(left) + 1)]
    for i in reversed(range(len(left))):
        for j in reversed(range(len(right))):
            best[i][j] = max(best[i + 1][j], best[i][j + 1], likeness[i][j] + best[i + 1][j + 1])
    found: list[tuple[int, int]] = []
    i = j = 0
    while i < len(left) and j < len(right):
        if likeness[i][j] and best[i][j] == likeness[i][j] + best[i + 1][j + 1]:
            found.append((i, j))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1
    return found


def _likeness(one: Counter[str], other: Counter[str]) -> float:
    """The share of letters in common words: 0 when it is less than :data:`ALIKE`."""
    common = sum(len(word) * number for word, number in (one & other).items())
    longest = max(sum(len(word) * number for word, number in counted.items()) for counted in (one, other))
    share = common / longest if longest else 0.0
    return share if share >= ALIKE else 0.0

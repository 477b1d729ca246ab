"""Texts that repeat one another too soon: where the same people would read them twice, or X would refuse them. Pure."""

from __future__ import annotations

import re
import unicodedata
import zlib
from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

#: Two texts further apart than this do not repeat one another.
NEAR: Final = timedelta(days=7)
#: Dice's coefficient of the words and pairs of words of two texts, from which on they are nearly the same. One word
#: of ten changed makes 0.84.
ALIKE: Final = 0.8
#: Words of a text that are compared; more cost time and say nothing new.
LONGEST: Final = 1_000
#: A text is compared with those that share one of its rarest pairs of words (by hash), and with this many of them.
_SKETCH: Final = 8
_CANDIDATES: Final = 12

_WORDS: Final = re.compile(r"\w+")


@dataclass(frozen=True)
class Text:
    """A text with the moment at which it goes, or went, out. Only texts of one ``channel`` repeat one another."""

    key: int
    channel: Hashable
    at: datetime
    text: str


@dataclass(frozen=True)
class Repeat:
    """What a text repeats: ``of`` is the other one's key."""

    of: int
    at: datetime
    #: Word for word, but for case, spaces and punctuation.
    same: bool


def words(text: str) -> tuple[str, ...]:
    """``text`` without what does not make another text of it: case, spaces, punctuation, variants of letters.

    What has no words (emoji alone) is compared by its characters.
    """
    plain = unicodedata.normalize("NFKC", text).casefold()
    return tuple(_WORDS.findall(plain)[:LONGEST]) or tuple("".join(plain.split())[:LONGEST])


def features(found: Sequence[str]) -> frozenset[str]:
    """The words of a text and its pairs of neighbouring words."""
    return frozenset((*found, *_pairs(found)))


def _pairs(found: Sequence[str]) -> Iterator[str]:
    return (f"{one} {following}" for one, following in pairwise(found))


def alike(one: frozenset[str], other: frozenset[str]) -> float:
    """From 0, nothing in common, to 1: Dice's coefficient of two sets of :func:`features`."""
    total = len(one) + len(other)
    return 2 * len(one & other) / total if total else 0.0


def _sketch(found: Sequence[str]) -> list[int]:
    """The smallest hashes of a text's pairs: two texts that are much alike share at least one of them."""
    return sorted({zlib.crc32(pair.encode()) for pair in (*_pairs(found), *found[:1])})[:_SKETCH]


def find(texts: Sequence[Text], standing: Sequence[Text]) -> Mapping[int, Repeat]:
    """For each of ``texts`` that repeats one of ``standing``, or an earlier one of ``texts``: the nearest in time.

    A text does not repeat another one of the same key. The time it takes grows with the number of texts, however
    alike they are.
    """
    index = _Index()
    for one in standing:
        index.add(one, words(one.text))
    found = {}
    for one in sorted(texts, key=lambda text: (text.at, text.key)):
        said = words(one.text)
        sketch = _sketch(said)
        repeat = index.nearest(one, said, sketch)
        if repeat is not None:
            found[one.key] = repeat
        index.add(one, said, sketch)
    return found


class _Index:
    """Texts by what they say, and by their sketch, each in order of time."""

    def __init__(self) -> None:
        self._texts: list[Text] = []
        self._words: list[tuple[str, ...]] = []
        self._features: dict[int, frozenset[str]] = {}
        self._same: dict[Hashable, list[tuple[datetime, int]]] = defaultdict(list)
        self._like: dict[Hashable, list[tuple[datetime, int]]] = defaultdict(list)

    def add(self, text: Text, found: tuple[str, ...], sketch: Sequence[int] | None = None) -> None:
        number = len(self._texts)
        self._texts.append(text)
        self._words.append(found)
        if not found:
            return
        insort(self._same[text.channel, found], (text.at, number))
        for hashed in _sketch(found) if sketch is None else sketch:
            insort(self._like[text.channel, hashed], (text.at, number))

    def nearest(self, text: Text, found: tuple[str, ...], sketch: Sequence[int]) -> Repeat | None:
        for number in self._near(self._same.get((text.channel, found), ()), text):
            return self._repeat(number, same=True)
        mine, seen = features(found), set[int]()
        for hashed in sketch:
            seen.update(self._near(self._like.get((text.channel, hashed), ()), text))
        for number in sorted(seen, key=lambda one: (abs(self._texts[one].at - text.at), one)):
            if alike(mine, self._features_of(number)) >= ALIKE:
                return self._repeat(number, same=False)
        return None

    def _near(self, entries: Sequence[tuple[datetime, int]], text: Text) -> list[int]:
        """Those at most :data:`NEAR` away, the nearest ones, nearest first."""
        at = bisect_left(entries, (text.at, -1))
        around = entries[max(0, at - _CANDIDATES) : at + _CANDIDATES]
        near = [
            (abs(moment - text.at), number)
            for moment, number in around
            if abs(moment - text.at) <= NEAR and self._texts[number].key != text.key
        ]
        return [number for _, number in sorted(near)[:_CANDIDATES]]

    def _features_of(self, number: int) -> frozenset[str]:
        if number not in self._features:
            self._features[number] = features(self._words[number])
        return self._features[number]

    def _repeat(self, number: int, *, same: bool) -> Repeat:
        text = self._texts[number]
        return Repeat(text.key, text.at, same)

"""When one text repeats another: near in time, through the same account, and (nearly) the same words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from workbench.services import repeats
from workbench.services.repeats import NEAR, Repeat, Text

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
POST = "Which step of a shipment costs you most? Tell us, and we will show what others do about it."


def text(key: int, words: str = POST, after: timedelta = timedelta(), channel: str = "x") -> Text:
    return Text(key, channel, NOON + after, words)


@pytest.mark.parametrize(("other", "expected"), [
    (POST, True),
    (POST.upper(), True),
    (POST.replace(" ", "\n  ").replace("?", " !"), True),
    (POST.replace("shipment", "ﬁx"), False),
    (POST.replace("most", "the most"), False),
    ("🎉", None),
    ("", None),
    ("Something else altogether about cold chains and who keeps them cold.", None),
    (POST.split("?")[0], None),
])  # fmt: skip
def test_a_text_is_the_same_nearly_the_same_or_another_one(other: str, expected: bool | None) -> None:
    found = repeats.find([text(2, other, timedelta(days=1))], [text(1)])
    assert found == ({} if expected is None else {2: Repeat(1, NOON, expected)})


@pytest.mark.parametrize(("one", "other", "same"), [
    ("", "", False), ("🎉", "🎉", True), ("🎉", "🚀", False), ("Ja", "ja!", True), ("ＡＢＣ", "abc", True),
])  # fmt: skip
def test_the_shortest_texts_repeat_only_themselves(one: str, other: str, same: bool) -> None:
    assert bool(repeats.find([text(2, other)], [text(1, one)])) is same


@pytest.mark.parametrize(("one", "other", "expected"), [
    ("a b a", "a b a c", True),  # four of four and six features: Dice's coefficient is ALIKE itself
    ("a b a", "a b a c d", False),
])  # fmt: skip
def test_texts_are_nearly_the_same_from_the_limit_on(one: str, other: str, expected: bool) -> None:
    assert bool(repeats.find([text(2, other)], [text(1, one)])) is expected


@pytest.mark.parametrize(("apart", "expected"), [
    (timedelta(), True), (NEAR, True), (-NEAR, True), (NEAR + timedelta(seconds=1), False),
    (-NEAR - timedelta(seconds=1), False),
])  # fmt: skip
def test_only_texts_near_in_time_repeat_one_another(apart: timedelta, expected: bool) -> None:
    assert bool(repeats.find([text(2, after=apart)], [text(1)])) is expected


def test_only_texts_of_one_channel_repeat_one_another() -> None:
    assert repeats.find([text(2, channel="linkedin")], [text(1)]) == {}


def test_a_text_does_not_repeat_itself() -> None:
    assert repeats.find([text(1, after=timedelta(days=1))], [text(1)]) == {}


def test_of_several_the_nearest_is_named_and_the_same_before_the_nearly_same() -> None:
    day = timedelta(days=1)
    standing = [text(1), text(2, after=3 * day), text(3, POST.replace("most", "the most"), 4 * day)]
    assert repeats.find([text(9, after=4 * day)], standing) == {9: Repeat(2, NOON + 3 * day, True)}


def test_those_planned_together_repeat_the_earlier_one_only() -> None:
    day = timedelta(days=1)
    assert repeats.find([text(2, after=day), text(1)], []) == {2: Repeat(1, NOON, True)}


def test_ten_thousand_texts_of_a_template_are_compared_with_a_bounded_number_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared = 0

    def counted(one: frozenset[str], other: frozenset[str]) -> float:
        nonlocal compared
        compared += 1
        return 0.0

    monkeypatch.setattr(repeats, "alike", counted)
    texts = [text(n, f"{POST} Number {n} of ours.", timedelta(minutes=n)) for n in range(10_000)]
    assert repeats.find(texts, []) == {}
    assert 0 < compared <= 10_000 * repeats._SKETCH * repeats._CANDIDATES

from __future__ import annotations

import threading
from typing import Any

import pytest

from workbench.errors import Cancelled, InputError
from workbench.panels import WorkbenchState
from workbench.panels.base import UNEXPECTED
from workbench.panels.long_work import LongWork, pace_words


@pytest.mark.parametrize(
    ("done", "total", "seconds", "words"),
    [
        (0, 100, 60.0, ""),
        (90, 100, 1.9, ""),  # too short to tell
        (50_000, 100_000, 5.0, "10,000 a second, less than a minute left"),
        (10_000, 100_000, 8.0, "1,250 a second, about a minute left"),
        (10_000, 1_000_000, 10.0, "1,000 a second, about 16 minutes left"),
        (100_000, 100_000, 10.0, "10,000 a second"),
    ],
)
def test_a_pace_is_told_once_it_was_measured(done: int, total: int, seconds: float, words: str) -> None:
    assert pace_words(done, total, seconds) == words


def begin(work: LongWork, run: Any, told: list[Any], **more: Any) -> None:
    work.start(run, told.append, show=lambda: told.append("shown"), words="Beginning…", **more)
    work.wait()


def test_it_shows_itself_first_and_hands_over_what_came_of_it(state: WorkbenchState) -> None:
    work, told = LongWork(state, "Counting"), list[Any]()
    begin(work, lambda tell, asked: (tell(3, 3), asked())[1], told)
    assert told == ["shown", False]
    assert (work.part.words, work.part.runs, state.busy) == ("3 of 3 rows", False, False)


@pytest.mark.parametrize(
    ("error", "tone", "words"),
    [
        (Cancelled(), "info", "Cancelled. Nothing was changed."),
        (InputError("That will not do."), "error", "That will not do."),
        (ZeroDivisionError(), "error", UNEXPECTED),
    ],
)
def test_what_it_raises_is_told_and_its_place_is_given_back(
    state: WorkbenchState, error: Exception, tone: str, words: str
) -> None:
    work, told = LongWork(state, "Counting"), list[Any]()

    def run(tell: Any, asked: Any) -> None:
        raise error

    begin(work, run, told, failed=lambda: told.append("failed"))
    assert told == ["shown", "failed"]
    assert (state.message.tone, state.message.text, work.part.runs, state.busy) == (tone, words, False, False)


def test_one_that_was_cancelled_says_so_until_the_part_at_hand_is_done_and_the_next_one_begins_afresh(
    state: WorkbenchState,
) -> None:
    work, told, cancelled = LongWork(state, "Counting"), list[Any](), threading.Event()

    def run(tell: Any, asked: Any) -> str:
        cancelled.wait()
        return "stopped" if asked() else "went on"

    work.start(run, told.append, show=lambda: None, words="Beginning…")
    work.start(run, told.append, show=lambda: None, words="A second one is not begun meanwhile.")
    work.part._handle_msg({"type": "cancel"})
    assert work.part.stopping
    cancelled.set()
    work.wait()
    assert told == ["stopped"]
    begin(work, run, told)
    assert (told[-1], work.part.stopping) == ("went on", False)

"""What keeps other pages up to date waits for clicks, and not for ever."""

from __future__ import annotations

import threading

import pytest
from bokeh.document import Document

from tests.serving import until
from workbench.panels import WorkbenchState
from workbench.panels.base import action
from workbench.panels.clicks import Clicks, clicks
from workbench.panels.components.feed import Feed
from workbench.panels.following import Following


class View:
    def __init__(self, state: WorkbenchState) -> None:
        self.state = state
        self.waiting: bool | None = None

    @action
    def click(self) -> None:
        self.waiting = not clicks.let_pass(0)


def test_an_action_and_a_message_of_a_component_are_clicks(state: WorkbenchState) -> None:
    view, told = View(state), []
    view.click()
    Feed(on_more=lambda: told.append(not clicks.let_pass(0)))._handle_msg({"type": "more"})
    assert (view.waiting, told) == (True, [True])
    assert clicks.let_pass(0)


def test_a_click_within_a_click_ends_with_the_outer_one() -> None:
    some = Clicks()
    with some.answering():
        with some.answering():
            pass
        assert not some.let_pass(0)
    assert some.let_pass(0)


def test_whoever_waits_goes_on_as_soon_as_the_last_click_is_answered() -> None:
    some, passed = Clicks(), threading.Event()
    with some.answering():
        waiter = threading.Thread(target=lambda: some.let_pass(600) and passed.set())
        waiter.start()
        assert not passed.is_set()
    waiter.join(60)
    assert passed.is_set()


def test_a_page_catches_up_after_the_click_that_is_being_answered(
    state: WorkbenchState, project_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.panels.following.CLICKS_SECONDS", 600)
    pages, document = Following(), Document()
    order: list[str] = []
    waits = threading.Event()

    def keep_up(seen: str | None) -> None:
        order.append("page")
        state.poll(seen)

    monkeypatch.setattr(clicks, "let_pass", lambda seconds: (waits.set(), Clicks.let_pass(clicks, seconds))[1])
    with clicks.answering():
        pages.add(state, document, keep_up)
        assert waits.wait(60)  # the page is behind and would read now
        order.append("click")
    until(lambda: state.projects, "the page has caught up")
    assert order[:2] == ["click", "page"]
    pages.remove(document)
    until(lambda: pages._thread is None, "the thread has ended")


def test_long_work_keeps_no_page_behind(
    state: WorkbenchState, project_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.panels.following.CLICKS_SECONDS", 0.01)
    pages, document = Following(), Document()
    with clicks.answering():
        pages.add(state, document, state.poll)
        until(lambda: state.projects, "the page has caught up")
    pages.remove(document)
    until(lambda: pages._thread is None, "the thread has ended")

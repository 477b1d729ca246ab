from __future__ import annotations

import threading
from typing import ClassVar

import panel_material_ui as pmu
import pytest

from workbench.errors import InvalidTransition
from workbench.panels import WorkbenchState
from workbench.panels.base import PageView, action, quietly


class Probe(PageView):
    """A page that counts how often it read."""

    key: ClassVar[str] = "leads"
    reads = 0
    broken: Exception | None = None

    def _update(self) -> None:
        self.reads += 1
        if self.broken:
            raise self.broken

    @action
    def click(self, error: Exception | None = None) -> str:
        if error:
            raise error
        return "done"

    @quietly
    def hear(self, error: Exception) -> None:
        raise error


@pytest.fixture
def page(state: WorkbenchState) -> Probe:
    state.poll(force=True)
    state.page = "leads"
    return Probe(state)


def test_an_action_answers_and_the_page_reads_again(page: Probe) -> None:
    assert page.click() == "done"
    assert page.reads == 1
    assert not page.state.busy


def test_a_second_click_is_not_answered_while_the_first_one_is(page: Probe) -> None:
    running, go_on, answers = threading.Event(), threading.Event(), []

    class Slow(Probe):
        made = 0

        @action
        def make(self, *what: object) -> str:
            self.made += 1
            running.set()
            assert go_on.wait(30)
            return "made"

    slow = Slow(page.state)
    button = pmu.Button(label="Make it", on_click=lambda event: answers.append(slow.make(event)))
    first = threading.Thread(target=lambda: setattr(button, "clicks", 1))
    first.start()
    assert running.wait(30)
    button.clicks = 2
    assert (slow.made, answers) == (1, [None])
    running.clear()
    other = threading.Thread(target=lambda: answers.append(slow.make("something else")))
    other.start()
    assert running.wait(30)
    go_on.set()
    first.join()
    other.join()
    assert (slow.made, answers.count("made")) == (2, 2)
    assert slow.make() == "made"


def test_what_an_action_refuses_is_told_and_the_page_shows_what_is_stored(page: Probe) -> None:
    assert page.click(InvalidTransition("It is DONE. Reopen it first.")) is None
    assert page.state.message.text == "It is DONE. Reopen it first."
    assert page.state.message.tone == "error"
    assert page.reads == 1


def test_what_nobody_foresaw_is_told_in_general_words_and_raised(page: Probe) -> None:
    with pytest.raises(ZeroDivisionError):
        page.click(ZeroDivisionError("secret detail"))
    assert "did not foresee" in page.state.message.text
    assert "secret" not in page.state.message.text
    assert not page.state.busy


def test_a_quiet_method_tells_its_errors_without_reading_again(page: Probe) -> None:
    page.hear(InvalidTransition("No."))
    assert page.state.message.text == "No."
    assert page.reads == 0


def test_a_hidden_page_reads_only_when_it_is_opened(page: Probe) -> None:
    state = page.state
    page.refresh()
    state.page = "gallery"
    state.poll(force=True)
    state.poll(force=True)
    assert page.reads == 1
    state.page = "leads"
    assert page.reads == 2


def test_opening_a_page_again_reads_nothing_when_nothing_changed(page: Probe) -> None:
    page.refresh()
    page.state.page = "gallery"
    page.state.page = "leads"
    assert page.reads == 1


def test_a_page_that_cannot_read_says_why(page: Probe) -> None:
    page.broken = InvalidTransition("The project is gone.")
    page.refresh()
    assert page.state.message.text == "The project is gone."


def test_one_dialog_at_a_time(page: Probe) -> None:
    first = page.open_dialog("One", pmu.TextInput())
    second = page.open_dialog("Two", pmu.TextInput())
    assert list(page.overlay) == [second]
    page.close_dialog()
    assert not second.open
    assert first is not second


def test_a_page_by_itself_opens_on_the_first_project(state: WorkbenchState, project_id: int) -> None:
    page = Probe(state)
    page.__panel__()
    assert (state.page, state.project_id, page.reads) == ("leads", project_id, 1)


def test_a_page_by_itself_stays_and_tells_how_to_open_another(state: WorkbenchState, project_id: int) -> None:
    page = Probe(state)
    page.__panel__()
    state.go("leads", project_id=project_id, status="NEW")
    state.go("war-room", project_id=project_id)
    assert (state.page, state.filters) == ("leads", {"status": "NEW"})
    assert state.message is not None
    assert state.message.text == f"That is on the War Room page. In a cell of its own: wb.war_room({project_id})"
    reads = page.reads
    state.poll(force=True)
    assert page.reads == reads + 1  # it still keeps up

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from workbench.panels.components.base import Component
from workbench.panels.components.board import Board
from workbench.panels.components.calendar import CalendarGrid
from workbench.panels.components.document_menu import SaveMenu
from workbench.panels.components.editor import Editor
from workbench.panels.components.feed import Feed
from workbench.panels.components.first_run import FirstRun
from workbench.panels.components.link_list import LinkList
from workbench.panels.components.metric_row import MetricRow
from workbench.panels.components.stepper import Stepper
from workbench.panels.components.strip import Strip
from workbench.panels.components.tab_bar import TabBar
from workbench.panels.components.toaster import Toaster
from workbench.panels.components.topbar import TopBar
from workbench.panels.state import Message
from workbench.panels.theme import COMPONENTS

ALL = [
    *(Board, CalendarGrid, Editor, Feed, FirstRun, LinkList, MetricRow, SaveMenu, Stepper, Strip, TabBar, Toaster),
    TopBar,
]


class Heard(list[tuple[str, dict[str, Any]]]):
    """What a component told."""

    def on(self, name: str) -> Callable[..., None]:
        return lambda **values: self.append((name, values))


@pytest.mark.parametrize("component", ALL)
def test_a_component_stands_by_itself(component: type[Component]) -> None:
    model = component().get_root()
    assert "export function render" in model.esm
    assert "function h(" in model.esm
    assert model.importmap == {}


def test_a_message_reaches_the_function_it_is_for() -> None:
    heard = Heard()
    board = Board(on_move=heard.on("move"), on_open=heard.on("open"))
    board._handle_msg({"type": "move", "id": 3, "state": "DONE", "extra": "ignored"})
    board._handle_msg({"type": "open", "id": 3})
    board._handle_msg({"type": "add"})
    assert heard == [("move", {"id": 3, "state": "DONE"}), ("open", {"id": 3})]


@pytest.mark.parametrize(
    "message",
    [
        None,
        "move",
        {},
        {"type": "destroy"},
        {"type": "__init__"},
        {"type": "move", "id": 3},
        {"type": "move", "id": "3", "state": "DONE"},
        {"type": "move", "id": True, "state": "DONE"},
        {"type": "move", "id": 3, "state": ["DONE"]},
    ],
)
def test_a_message_no_page_of_ours_would_send_is_refused(message: Any) -> None:
    heard = Heard()
    board = Board(on_move=heard.on("move"))
    with pytest.raises(ValueError, match="Board"):
        board._handle_msg(message)
    assert heard == []


def test_a_refused_card_is_told_to_the_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Any] = []
    board = Board()
    monkeypatch.setattr(board, "_send_msg", sent.append)
    board.refuse(7)
    assert sent == [{"type": "refused", "id": 7}]


def test_only_what_differs_is_set_on_a_component() -> None:
    told: list[str] = []
    board = Board(cards=[{"id": 1, "state": "INTAKE"}], movable=True)
    board.param.watch(lambda *events: told.extend(event.name for event in events), ["cards", "movable", "zone"])
    board.put(cards=[{"id": 1, "state": "INTAKE"}], movable=True, zone="")
    assert told == []
    board.put(cards=[{"id": 1, "state": "DONE"}], movable=True, zone="UTC")
    assert sorted(told) == ["cards", "zone"]


def test_an_undo_can_be_taken_once() -> None:
    toaster, undone = Toaster(), []
    toaster.add(Message("Deleted.", "ok", lambda: undone.append(1)))
    number = toaster.toasts[-1]["id"]
    assert toaster.toasts[-1] == {"id": number, "text": "Deleted.", "tone": "ok", "undo": True}
    undo = toaster.take_undo(number)
    assert undo is not None
    assert toaster.take_undo(number) is None


def test_only_the_newest_messages_are_kept() -> None:
    toaster = Toaster()
    for number in range(9):
        toaster.add(Message(f"Message {number}", undo=lambda: None))
    assert [toast["text"] for toast in toaster.toasts] == [f"Message {number}" for number in (5, 6, 7, 8)]
    assert toaster.take_undo(1) is None


FILES = sorted(COMPONENTS.glob("*.js"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_script_parses_text_as_html_or_fetches_anything(path: Path) -> None:
    source = re.sub(
        r"//[^\n]*|/\*.*?\*/", "", path.read_text(encoding="utf-8").replace("http://www.w3.org", ""), flags=re.S
    )
    # A lost connection: whether the server answers again is asked of a file that it has just served.
    source = source.replace('fetch(document.querySelector("script[src]").src, {method: "HEAD"', "")
    for banned in (
        "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "import(",
        "fetch(", "XMLHttpRequest", "http://", "https://", "DOMParser", "createContextualFragment", "srcdoc",
    ):  # fmt: skip
        assert banned not in source
    assert not re.search(r"^\s*import\s", source, flags=re.M)


@pytest.mark.parametrize("path", sorted(COMPONENTS.glob("*.css")), ids=lambda path: path.name)
def test_no_style_sheet_fetches_anything(path: Path) -> None:
    source = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "").replace("http%3A", "")
    assert "@import" not in source
    assert "http" not in source
    assert all(url.startswith(('"data:', "data:")) for url in re.findall(r"url\(([^)]{0,20})", source))


def test_tones_are_data_and_not_panels_error_class() -> None:
    # Panel's own style sheet for these components gives every .error a box; text would vanish in it.
    for path in FILES:
        assert not re.search(r'h\(["`][a-z.-]*\.error', path.read_text(encoding="utf-8")), path.name

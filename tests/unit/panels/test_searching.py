from __future__ import annotations

import threading
from typing import Any

import pytest

from workbench import operator_services as ops
from workbench.panels import WorkbenchState
from workbench.panels.searching import Searching


def test_an_answer_that_comes_after_a_newer_one_is_dropped(
    state: WorkbenchState, project_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with state.session() as db:
        other = ops.create_project(db, "Winter", "Helio")
    searching = Searching(state, pause=lambda: None, theme=lambda: None)
    reading, go_on = threading.Event(), threading.Event()
    the_search = ops.search

    def slow_for_autumn(db: Any, text: str, **more: Any) -> Any:
        hits = the_search(db, text, **more)
        if text == "autumn":
            reading.set()
            go_on.wait()
        return hits

    monkeypatch.setattr(ops, "search", slow_for_autumn)
    answers: list[tuple[int, list[str]]] = []
    monkeypatch.setattr(
        searching.palette, "answer", lambda number, hits, _="": answers.append((number, [hit["title"] for hit in hits]))
    )
    first = {"type": "search", "number": 1, "text": "autumn"}
    older = threading.Thread(target=searching.palette._handle_msg, args=(first,))
    older.start()
    reading.wait()
    searching.palette._handle_msg({"type": "search", "number": 2, "text": "winter"})
    go_on.set()
    older.join()
    searching.palette._handle_msg(first)
    assert answers == [(2, ["Winter"])]
    searching.palette._handle_msg({"type": "choose", "kind": "project", "id": str(other)})
    assert (state.page, state.project_id) == ("war-room", other)

"""What a person types is what is read and what stays on the screen, whatever else is going on."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from threading import Event
from types import SimpleNamespace
from typing import Any

import panel as pn
import panel_material_ui as pmu
import param
import pytest
from bokeh.document import Document
from panel.io import notebook as panel_notebook
from panel.io.document import create_doc_if_none_exists, schedule_write_events
from panel.io.state import set_curdoc, state
from panel.models.comm_manager import CommManager
from pyviz_comms import Comm
from tornado.ioloop import IOLoop

from workbench.panels import panel_bugs
from workbench.panels.new_project import typed
from workbench.panels.panel_bugs import work_around


@pytest.fixture(autouse=True)
def _mended() -> None:
    work_around()


@pytest.fixture
def document() -> Document:
    return create_doc_if_none_exists(None)


@pytest.fixture
def box() -> pmu.TextInput:
    return pmu.TextInput(label="Name")


def changed(model: Any, name: str, value: str) -> dict[str, Any]:
    return {"kind": "ModelChanged", "model": {"id": model.data.id}, "attr": name, "new": value}


def clicked(model: Any) -> dict[str, Any]:
    entries = [["model", {"id": model.id}], ["node", "click"], ["data", {"type": "map", "entries": []}]]
    event = {"type": "event", "name": "dom_event", "values": {"type": "map", "entries": entries}}
    return {"kind": "MessageSent", "msg_type": "bokeh_event", "msg_data": event}


@pytest.fixture
def notebook(box: pmu.TextInput, document: Document, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Any, Any]]:
    """The input and a button as in a notebook's cell: what receives a message, and the button."""
    monkeypatch.setattr(state, "_thread_pool", None)  # a server's, if a test before this one made one
    button = pmu.Button(label="Create")
    view = pn.Column(box, button)
    comm = Comm()
    root = view._render_model(document, comm)
    manager = CommManager(comm_id=comm.id, plot_id=root.ref["id"])

    def receive(*events: dict[str, Any]) -> None:
        header = {"msgid": "1", "msgtype": "PATCH-DOC"}
        message = {"header": header, "metadata": {}, "content": {"events": list(events)}, "_buffers": {}}
        view._on_msg(root.ref["id"], manager, message)

    yield receive, button
    del state._views[root.ref["id"]]


def model_of(part: Any) -> Any:
    return next(iter(part._models.values()))[0]


def test_a_click_in_a_notebook_finds_the_text_that_came_with_it(box: pmu.TextInput, notebook: Any) -> None:
    receive, button = notebook
    seen = []
    button.on_click(lambda *_: seen.append(typed(box)))
    receive(changed(model_of(box), "value_input", "Added"), changed(model_of(box), "value_input", "Added by hand"),
            clicked(model_of(button)), changed(model_of(box), "value_input", "and more"))  # fmt: skip
    assert seen == ["Added by hand"]
    assert typed(box) == "and more"


def test_text_that_came_with_a_click_survives_what_the_click_changes(box: pmu.TextInput, notebook: Any) -> None:
    receive, button = notebook
    button.on_click(lambda *_: button.param.update(label="Creating"))
    receive(changed(model_of(box), "value_input", "Added by hand"), clicked(model_of(button)))
    assert typed(box) == "Added by hand"


def served(part: Any, document: Document) -> Any:
    root = part.get_root(document)
    document.add_root(root)
    return root


def tell(part: Any, name: str, value: str) -> None:
    """What the browser tells a server."""
    model = model_of(part)
    with set_curdoc(model.document):
        setattr(model.data, name, value)


def test_a_slow_answer_to_a_keystroke_does_not_undo_the_next_ones(document: Document) -> None:
    answering, finish = Event(), Event()

    class Slow(pmu.TextInput):
        @param.depends("value_input", watch=True)
        def _answer(self) -> None:
            if self.value_input == "A":
                answering.set()
                assert finish.wait(30)

    box = Slow(label="Name")
    root = served(box, document)
    with ThreadPoolExecutor() as threads:
        first = threads.submit(tell, box, "value_input", "A")
        assert answering.wait(30)
        tell(box, "value_input", "Ad")
        finish.set()
        first.result()
    assert root.data.value_input == typed(box) == "Ad"


def test_text_typed_on_after_enter_is_kept(box: pmu.TextInput, document: Document) -> None:
    root = served(box, document)
    tell(box, "value_input", "ada lovelace")
    tell(box, "value", "ada")
    assert root.data.value_input == typed(box) == "ada lovelace"
    box.value = "grace"
    assert root.data.value_input == typed(box) == "grace"


def test_what_another_thread_changed_meanwhile_is_changed_back_on_the_screen(
    box: pmu.TextInput, document: Document
) -> None:
    """A page that catches up sets a filter as it was before the click that is being answered."""
    root = served(box, document)

    def catch_up() -> None:
        with set_curdoc(document):
            box.value = "grace"

    def answer(event: Any) -> None:
        if event.old == "":
            with ThreadPoolExecutor() as threads:
                threads.submit(catch_up).result()
            assert root.data.value == "grace"
            box.value = "ada"

    box.param.watch(answer, "value")
    tell(box, "value", "ada")
    assert root.data.value == box.value == "ada"


def test_what_an_answer_changes_and_changes_back_is_shown(box: pmu.TextInput, document: Document) -> None:
    root = served(box, document)

    def refuse(event: Any) -> None:
        if event.old == "":
            box.value = "grace"
            box.value = "ada"

    box.param.watch(refuse, "value")
    tell(box, "value", "ada")
    assert root.data.value == box.value == "ada"


def test_an_object_that_two_threads_update_still_tells_what_changes() -> None:
    class Pair(param.Parameterized):
        left = param.Integer(0)
        right = param.Integer(0)

    pair, begun, may_end = Pair(), Event(), Event()
    told: list[int] = []
    pair.param.watch(lambda event: told.append(event.new), ["left", "right"])

    def change_left() -> None:
        with param.parameterized.batch_call_watchers(pair):
            pair.left = 1
            begun.set()
            assert may_end.wait(10)

    with ThreadPoolExecutor(1) as pool:
        with param.parameterized.batch_call_watchers(pair):
            other = pool.submit(change_left)
            assert begun.wait(10)
        may_end.set()
        other.result(10)
    pair.right = 5
    assert told == [1, 5]


def test_what_a_thread_changes_is_not_asked_for_while_the_event_loop_is_sending(document: Document) -> None:
    loop = IOLoop(make_current=False)
    panel_bugs._loops[document] = loop, -1  # this thread is another one
    document.hold()  # as it is while something is sent
    document.add_next_tick_callback(lambda: None)
    assert document.callbacks._held_events == []
    loop.add_callback(loop.stop)
    loop.start()
    loop.close()
    assert len(document.session_callbacks) == 1
    assert document.callbacks._held_events == []
    assert document.callbacks.hold_value


class FarEnd:
    """A browser's socket that takes nothing until it is let."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.takes = asyncio.Event()
        self._socket = self
        self.protocol = SimpleNamespace(
            create=lambda _, events: SimpleNamespace(
                header_json="", metadata_json="", content_json=events[0], _buffers=()
            )
        )

    def send(self, text_data: str) -> asyncio.Future[None]:
        async def take() -> None:
            self.taken.append(text_data)
            await self.takes.wait()

        return asyncio.ensure_future(take())


@pytest.mark.parametrize("turns", range(6))
def test_what_changes_while_a_sending_ends_is_sent_too(document: Document, turns: int) -> None:
    async def send() -> list[str]:
        browser = FarEnd()
        schedule_write_events(document, [browser], ["first"])
        for _ in range(3):
            await asyncio.sleep(0)
        browser.takes.set()
        for _ in range(turns):
            await asyncio.sleep(0)
        schedule_write_events(document, [browser], ["second"])
        for _ in range(20):
            await asyncio.sleep(0)
        return [text for text in browser.taken if text]

    assert asyncio.run(send()) == ["first", "second"]


def test_no_text_ends_the_script_that_holds_a_pages_data_in_a_notebook(document: Document) -> None:
    text = "</script><script>ran()</script><!--"
    model = pn.widgets.TextInput(value=text).get_root(document)
    document.add_root(model)
    html = panel_notebook.render_model(model)[0]["text/html"]
    assert html.count("</script>") == html.count("<script") == 1
    assert "<!--" not in html
    data = html.partition("var docs_json = ")[2].partition(";\n")[0]
    assert json.dumps(text) in json.dumps(json.loads(data))


class SlowComm(Comm):
    """A line to a notebook's browser on which the first part of a message waits for another thread to send."""

    def __init__(self) -> None:
        super().__init__()
        self._comm = True
        self.parts: list[int] = []
        self.begun, self.other = Event(), Event()

    def send(self, *_: Any, **__: Any) -> None:
        if self.parts and self.parts[0] != threading.get_ident():
            self.other.set()
        self.parts.append(threading.get_ident())
        self.begun.set()
        if len(self.parts) == 1:
            self.other.wait(0.2)


def test_messages_of_two_threads_to_a_notebook_are_not_mixed(document: Document) -> None:
    columns = [pn.Row(pn.widgets.TextInput()) for _ in range(2)]
    comm = SlowComm()
    for column in columns:
        root = column._render_model(document, comm)
        document.add_root(root)
        state._views[root.ref["id"]] = (column, root, document, comm)

    def change(number: int) -> None:
        columns[number][0].value = "new"

    document.hold()
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(change, 0)
        assert comm.begun.wait(10)
        pool.submit(change, 1).result()
        first.result()
    assert [len(list(parts)) for _, parts in groupby(comm.parts)] == [3, 3]

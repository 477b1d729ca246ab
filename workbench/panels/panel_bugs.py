"""Work-arounds of bugs of Panel, panel-material-ui and param that lose what a person types or clicks.

1. In a notebook, what is typed and the click that follows may come in one message. Panel holds the changes back until
   the whole message is applied, so the click is answered with the text of a moment ago; and if the answer sends
   anything, the changes are forgotten (holoviz/panel#3895). Here a message is applied in the order of its events.
2. In a server with threads, the answer to a change tells the browser the value that the browser told, although more
   was typed since: which values came from the browser is kept per document, and the next thread overwrites it
   (holoviz/panel#6414, #7093). Here it is kept per thread.
3. panel-material-ui makes ``value_input`` follow ``value``, which the browser tells at Enter and when the focus
   leaves; by then it may have told more of ``value_input`` (panel-extensions/panel-material-ui#647). Here
   ``value_input`` follows only what Python sets.
4. Panel takes a browser for connected when that says that its page is ready, some time after it has drawn it, and
   forgets what changes before then: the answer to a quick click. Here it is connected once it has fetched the document.
5. param keeps on each object whether changes are being batched, and which. When two threads update one object, the one
   that ends last leaves it batching for ever: nothing that changes on it is ever told again. Here each thread has a
   batch of its own. Panel's count of what is busy, which all threads change, is changed by one at a time.
6. What a thread changes is shown by a callback on the event loop. Bokeh keeps the request for that callback among the
   document's held events while the loop is sending others, and may then throw them away: the change is never shown.
   Here the request is made on the event loop, between two sendings.
7. What cannot be sent at once waits for a task that sends what has gathered. A task that ends takes the mark away by
   which the next one knows that there is something to send, so what gathered while it was sending waits until
   something else changes. Here a task that ends looks again.
8. In a notebook, a page's data stand in a script in the cell's output, in which ``</script>`` in any text of them ends
   that script: what follows becomes part of the notebook and runs. Here they hold no ``<``.
9. Bokeh sends each message in three parts, and leaves it to the kernel to gather small ones: the second part waits
   until the browser has acknowledged the first: a way there and back, or 40 ms. Here nothing is put off.
10. In a notebook, a message leaves in three parts: when two threads send at once the browser puts the wrong ones
    together, and shows neither. Here one is sent at a time.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from itertools import groupby
from typing import Any
from weakref import WeakKeyDictionary

from bokeh.core.json_encoder import serialize_json
from bokeh.document import Document
from bokeh.server.session import ServerSession
from bokeh.server.views.ws import WSHandler
from panel import reactive as panel_reactive
from panel.io import datamodel as panel_datamodel
from panel.io import document as panel_document
from panel.io import notebook as panel_notebook
from panel.io.state import state
from panel.pane import base as panel_pane
from panel.pane import plot as panel_plot
from panel.reactive import Syncable
from panel.viewable import MimeRenderMixin
from panel_material_ui.widgets.input import _TextInputBase
from param.parameterized import Parameters
from tornado.ioloop import IOLoop

_on_msg: Any = MimeRenderMixin._on_msg
_process_events: Any = Syncable._process_events
_apply_update: Any = Syncable._apply_update
_sync_value_input: Any = _TextInputBase._sync_value_input
_handle_pull: Any = ServerSession._handle_pull
_open_socket: Any = WSHandler.open
_add_next_tick: Any = Document.add_next_tick_callback
_dispatch_msgs: Any = panel_document._dispatch_msgs


class _Told(threading.local):
    """What this thread is answering: the widget, the document of the browser that told, property -> value."""

    widget: object = None
    document: Document | None = None
    values: dict[str, Any] = {}  # noqa: RUF012 - replaced, never changed


_told = _Told()
#: What all threads are answering.
_answers: dict[int, tuple[object, Document | None, dict[str, Any]]] = {}


def _on_message(self: Any, ref: str, manager: Any, message: dict[str, Any]) -> None:
    content = message["content"]
    for _, events in groupby(content["events"], key=lambda event: event["kind"] == "MessageSent"):
        _on_msg(self, ref, manager, {**message, "content": {**content, "events": list(events)}})


def _process(self: Any, events: dict[str, Any]) -> None:
    before = _told.widget, _told.document, _told.values
    answer = _told.widget, _told.document, _told.values = self, state.curdoc, dict(events)
    _answers[id(answer)] = answer
    try:
        _process_events(self, events)
    finally:
        del _answers[id(answer)]
        _told.widget, _told.document, _told.values = before


def _apply(self: Any, events: dict[str, Any], values: dict[str, Any], model: Any, ref: str) -> bool:
    if self is _told.widget and model.document is _told.document:
        values = {name: value for name, value in values.items() if not _is_known(name, value)}
    # What it is changed back to is news again, whichever thread changed it.
    for widget, document, told in list(_answers.values()):
        if widget is self and document is model.document:
            for name in values:
                told.pop(name, None)
    self._in_process__events.pop(model.document, None)  # Panel's own record
    return not values or bool(_apply_update(self, events, values, model, ref))


def _is_known(name: str, value: object) -> bool:
    told = _told.values.get(name, _told)
    return value is told or (isinstance(value, str) and value == told)


def _follow(self: Any) -> None:
    if not (self is _told.widget and "value" in _told.values):
        _sync_value_input(self)


#: The event loop of a browser's document, and the thread it runs in.
_loops: WeakKeyDictionary[Document, tuple[IOLoop, int]] = WeakKeyDictionary()


async def _pull(self: Any, *request: Any) -> Any:
    reply = await _handle_pull(self, *request)
    state._connected[self.document] = True
    _loops[self.document] = IOLoop.current(), threading.get_ident()
    return reply


def _open(self: Any) -> None:
    self.set_nodelay(True)
    _open_socket(self)


def _next_tick(self: Any, callback: Any) -> Any:
    loop, thread = _loops.get(self, (None, 0))
    if loop is None or thread == threading.get_ident():
        return _add_next_tick(self, callback)
    loop.add_callback(_ask_next_tick, self, callback)
    return None


def _ask_next_tick(document: Document, callback: Any) -> None:
    held, document.callbacks._hold = document.callbacks._hold, None  # a hold is for what is shown, not for requests
    try:
        _add_next_tick(document, callback)
    finally:
        document.callbacks._hold = held


async def _dispatch(document: Document) -> None:
    await _dispatch_msgs(document)
    if panel_document._WRITE_MSGS.get(document) and document not in panel_document._WRITE_BLOCK:
        panel_document._WRITE_BLOCK[document] = True
        panel_document._dispatch_write_task(document, _dispatch, document)


def _per_thread(name: str, empty: Callable[[], Any]) -> property:
    def read(parameters: Any) -> Any:
        states = parameters.self_or_cls._param__private.parameters_state
        return states.setdefault((name, threading.get_ident()), empty())

    def write(parameters: Any, value: Any) -> None:
        parameters.self_or_cls._param__private.parameters_state[name, threading.get_ident()] = value

    return property(read, write)


_busy = threading.RLock()


def _one_at_a_time(method: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(method)
    def run(*args: Any, **kwargs: Any) -> None:
        with _busy:
            method(*args, **kwargs)

    return run


_add_busy: Any = _one_at_a_time(type(state)._add_busy_event)
_clean_busy: Any = _one_at_a_time(type(state)._cleanup_busy_counter)


_push: Any = _one_at_a_time(panel_notebook.push)


def _script_json(value: Any) -> str:
    return str(serialize_json(value)).replace("<", r"\u003c")


def work_around() -> None:
    """Mend Panel in this process. May be called again."""
    for owner, name, mended in (
        (MimeRenderMixin, "_on_msg", _on_message),
        (Syncable, "_process_events", _process),
        (Syncable, "_apply_update", _apply),
        (_TextInputBase, "_sync_value_input", _follow),
        (ServerSession, "_handle_pull", _pull),
        (WSHandler, "open", _open),
        (Document, "add_next_tick_callback", _next_tick),
        (panel_document, "_dispatch_msgs", _dispatch),
        (panel_notebook, "serialize_json", _script_json),
        *((one, "push", _push) for one in (panel_notebook, panel_reactive, panel_datamodel, panel_pane, panel_plot)),
        (Parameters, "_BATCH_WATCH", _per_thread("BATCH_WATCH", bool)),
        (Parameters, "_TRIGGER", _per_thread("TRIGGER", bool)),
        (Parameters, "_events", _per_thread("events", list)),
        (Parameters, "_state_watchers", _per_thread("watchers", list)),
        (type(state), "_add_busy_event", _add_busy),
        (type(state), "_cleanup_busy_counter", _clean_busy),
    ):
        setattr(owner, name, mended)

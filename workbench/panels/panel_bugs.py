"""Work-arounds of bugs of Panel and panel-material-ui that lose what a person types or clicks.

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
"""

from __future__ import annotations

import threading
from itertools import groupby
from typing import Any

from bokeh.document import Document
from bokeh.server.session import ServerSession
from panel.io.state import state
from panel.reactive import Syncable
from panel.viewable import MimeRenderMixin
from panel_material_ui.widgets.input import _TextInputBase

_on_msg: Any = MimeRenderMixin._on_msg
_process_events: Any = Syncable._process_events
_apply_update: Any = Syncable._apply_update
_sync_value_input: Any = _TextInputBase._sync_value_input
_handle_pull: Any = ServerSession._handle_pull


class _Told(threading.local):
    """What this thread is answering: the widget, the document of the browser that told, property -> value."""

    widget: object = None
    document: Document | None = None
    values: dict[str, Any] = {}  # noqa: RUF012 - replaced, never changed


_told = _Told()


def _on_message(self: Any, ref: str, manager: Any, message: dict[str, Any]) -> None:
    content = message["content"]
    for _, events in groupby(content["events"], key=lambda event: event["kind"] == "MessageSent"):
        _on_msg(self, ref, manager, {**message, "content": {**content, "events": list(events)}})


def _process(self: Any, events: dict[str, Any]) -> None:
    before = _told.widget, _told.document, _told.values
    _told.widget, _told.document, _told.values = self, state.curdoc, dict(events)
    try:
        _process_events(self, events)
    finally:
        _told.widget, _told.document, _told.values = before


def _apply(self: Any, events: dict[str, Any], values: dict[str, Any], model: Any, ref: str) -> bool:
    if self is _told.widget and model.document is _told.document:
        values = {name: value for name, value in values.items() if not _is_known(name, value)}
        # What it is changed back to is news again.
        _told.values = {name: value for name, value in _told.values.items() if name not in values}
    self._in_process__events.pop(model.document, None)  # Panel's own record
    return not values or bool(_apply_update(self, events, values, model, ref))


def _is_known(name: str, value: object) -> bool:
    told = _told.values.get(name, _told)
    return value is told or (isinstance(value, str) and value == told)


def _follow(self: Any) -> None:
    if not (self is _told.widget and "value" in _told.values):
        _sync_value_input(self)


async def _pull(self: Any, *request: Any) -> Any:
    reply = await _handle_pull(self, *request)
    state._connected[self.document] = True
    return reply


def work_around() -> None:
    """Mend Panel in this process. May be called again."""
    for owner, name, mended in (
        (MimeRenderMixin, "_on_msg", _on_message),
        (Syncable, "_process_events", _process),
        (Syncable, "_apply_update", _apply),
        (_TextInputBase, "_sync_value_input", _follow),
        (ServerSession, "_handle_pull", _pull),
    ):
        setattr(owner, name, mended)

"""Open pages follow the database: one thread looks for all of a process, and only what is behind is read again."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

from bokeh.document import Document
from panel.io.state import set_curdoc

from workbench.errors import WorkbenchError
from workbench.panels.state import WorkbenchState

logger = logging.getLogger(__name__)

#: How often it is looked whether anything changed: microseconds, or one question to the server for everybody.
LOOK_SECONDS: Final = 0.1
#: No page reads again sooner than this after it began to, however much is written: clicks want an answer too.
APART_SECONDS: Final = 0.3
#: What beats without being a change is looked at now and then; sooner while a page waits for something.
PULSE_SECONDS: Final = 5.0
WAITING_SECONDS: Final = 1.0
#: Pages that read again at the same time.
READERS: Final = 2


@dataclass(eq=False)
class _Page:
    state: WorkbenchState
    document: Document
    keep_up: Callable[[], None]
    began: float = field(default_factory=time.monotonic)
    reading: bool = False


class Following:
    """The open pages of this process. They are held until :meth:`remove`; the thread ends with the last of them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pages: dict[Document, _Page] = {}
        self._thread: threading.Thread | None = None
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="following")

    def add(self, state: WorkbenchState, document: Document, keep_up: Callable[[], None]) -> None:
        """Call ``keep_up`` for ``document`` when anything has changed that ``state`` has not seen, in a thread."""
        with self._lock:
            self._pages[document] = _Page(state, document, keep_up)
            if self._thread is None:
                self._thread = threading.Thread(target=self._look, name="following", daemon=True)
                self._thread.start()

    def remove(self, document: Document) -> None:
        with self._lock:
            self._pages.pop(document, None)

    def __len__(self) -> int:
        return len(self._pages)

    def _look(self) -> None:
        while True:
            time.sleep(LOOK_SECONDS)
            with self._lock:
                # Who has waited longest comes first.
                pages = sorted(self._pages.values(), key=lambda page: page.began)
                if not pages:
                    self._thread = None
                    return
            for page in pages:
                if not page.reading and is_due(page.state, time.monotonic() - page.began):
                    page.reading, page.began = True, time.monotonic()
                    self._readers.submit(_read, page)
            del pages


def is_due(state: WorkbenchState, since: float) -> bool:
    """Whether a page is to look again, ``since`` seconds after it last began to."""
    if since < APART_SECONDS:
        return False
    if since >= (WAITING_SECONDS if state.loading or state.trouble else PULSE_SECONDS):
        return True
    try:
        return state.host.changes_token() != state.changes
    except WorkbenchError:
        return not state.trouble  # so that the page says it


def _read(page: _Page) -> None:
    try:
        with set_curdoc(page.document):
            page.keep_up()
    except Exception:
        logger.exception("An open page could not be brought up to date")
    finally:
        page.reading = False


#: Of this process.
following: Final = Following()

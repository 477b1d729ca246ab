"""Open pages follow the database: one thread looks for all of a process, and only what is behind is read again."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

from bokeh.document import Document
from panel.io.state import set_curdoc

from workbench.errors import WorkbenchError
from workbench.panels.clicks import clicks
from workbench.panels.state import Host, WorkbenchState

logger = logging.getLogger(__name__)

#: How often it is looked whether anything changed: microseconds, or one question to the server for everybody.
LOOK_SECONDS: Final = 0.1
#: No page reads again sooner than this after it began to, however much is written: clicks want an answer too.
APART_SECONDS: Final = 0.2
#: What beats without being a change is looked at now and then; sooner while a page waits for something.
PULSE_SECONDS: Final = 5.0
WAITING_SECONDS: Final = 1.0
#: Pages that read again at the same time: one that has to wait for the database does not keep all others.
READERS: Final = 2
#: After a page a reader rests for so many times the processor's time that it took, so that however many pages are
#: behind, most of the time is left to those who click.
REST: Final = 3.0
#: For so long at most a page waits for clicks that are being answered.
CLICKS_SECONDS: Final = 0.2

#: What brings a page up to date: told the state of the database that was seen, None where none could be.
KeepUp = Callable[[str | None], object]


@dataclass(eq=False)
class _Page:
    state: WorkbenchState
    document: Document
    keep_up: KeepUp
    began: float = field(default_factory=time.monotonic)
    reading: bool = False


class Following:
    """The open pages of this process. They are held until :meth:`remove`; the thread ends with the last of them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pages: dict[Document, _Page] = {}
        self._thread: threading.Thread | None = None
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="following")

    def add(self, state: WorkbenchState, document: Document, keep_up: KeepUp) -> None:
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
            # Who catches up with the same state of the database shares one reading of it.
            seen = Seen()
            for page in pages:
                if not page.reading and is_due(page.state, time.monotonic() - page.began, seen):
                    page.reading, page.began = True, time.monotonic()
                    token = seen.by(page.state.host)
                    try:
                        self._readers.submit(_read, page, token)
                    except RuntimeError:  # the process ends
                        return
            del pages


class Seen:
    """The state of each database that open pages show, looked at once."""

    def __init__(self) -> None:
        self._tokens: dict[Hashable, str | None] = {}

    def by(self, host: Host) -> str | None:
        """What this host's ``changes_token`` says; None when the database cannot be read."""
        if host.watched not in self._tokens:
            try:
                self._tokens[host.watched] = host.changes_token()
            except WorkbenchError:
                self._tokens[host.watched] = None
        return self._tokens[host.watched]


def is_due(state: WorkbenchState, since: float, seen: Seen) -> bool:
    """Whether a page is to look again, ``since`` seconds after it last began to."""
    if since < APART_SECONDS:
        return False
    if since >= (WAITING_SECONDS if state.loading or state.trouble else PULSE_SECONDS):
        return True
    token = seen.by(state.host)
    return not state.trouble if token is None else token != state.changes  # trouble: so that the page says it


def _read(page: _Page, seen: str | None) -> None:
    clicks.let_pass(CLICKS_SECONDS)
    began = time.thread_time()
    try:
        with set_curdoc(page.document):
            page.keep_up(seen)
    except Exception:
        logger.exception("An open page could not be brought up to date")
    finally:
        page.reading = False
    del page
    time.sleep((time.thread_time() - began) * REST)


#: Of this process.
following: Final = Following()

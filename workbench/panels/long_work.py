"""Long work: done beside the page in a thread of its own, with how far it is; cancelled by whoever began it."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from typing import Any, Final, TypeVar

import panel as pn
from panel.io.state import set_curdoc

from workbench.errors import Cancelled, WorkbenchError
from workbench.panels.base import UNEXPECTED
from workbench.panels.components.progress import Progress
from workbench.panels.state import WorkbenchState
from workbench.services.progress import Asked, Tell

logger = logging.getLogger(__name__)

R = TypeVar("R")
#: How often the browser is told, whatever the size of the parts.
TELL_SECONDS: Final = 0.2
#: A pace that was measured for less is a guess.
MEASURED_SECONDS: Final = 2.0

GOES_ON: Final = (
    "You may close this and go on working; its button brings it back. Closing the tab does not stop it either: "
    "what was done stands in the audit log."
)
GOES_ON_WHOLE: Final = (
    "You may close this and go on working; its button brings it back. Closing the tab does not stop it either. "
    "Cancelled, it leaves nothing behind."
)


def pace_words(done: int, total: int, seconds: float) -> str:
    """How many a second on average, and about how long it still takes; empty until that can be told. Pure."""
    if done <= 0 or seconds < MEASURED_SECONDS:
        return ""
    rate = done / seconds
    left = (total - done) / rate
    took = "less than a minute" if left < 50 else "about a minute" if left < 90 else f"about {left / 60:.0f} minutes"
    return f"{rate:,.0f} a second" + (f", {took} left" if done < total else "")


class LongWork:
    """One piece of work at a time, of one session. :attr:`part` is what is put into the dialog.

    The work calls no widget: it is given a function to tell how far it is, and one to ask whether to stop.
    """

    def __init__(self, state: WorkbenchState, label: str, *, unit: str = "rows", closing: str = GOES_ON) -> None:
        self.state = state
        self.unit = unit
        self.part = Progress(label=label, closing=closing, margin=(10, 10), on_cancel=self.cancel)
        self._cancel = threading.Event()
        self._thread: threading.Thread | None = None
        self._began = self._told = 0.0

    @property
    def running(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def start(
        self,
        run: Callable[[Tell, Asked], R],
        then: Callable[[R], object],
        *,
        show: Callable[[], object],
        words: str,
        cancel: str = "Cancel",
        failed: Callable[[], object] = lambda: None,
    ) -> None:
        """Begin ``run(tell, asked)`` in a thread of its own; then ``then(what it answered)`` there, or ``failed()``.

        ``show()`` puts :attr:`part` where it is seen, and ``words`` stand there until the first part of the work is
        done. What it raises is told to the person.
        """
        if self.running:
            return
        self._cancel.clear()
        self._began, self._told = time.monotonic(), 0.0
        self.part.param.update(words=words, pace="", done=0, total=0, cancel=cancel, stopping=False, runs=True)
        show()
        document = pn.state.curdoc
        self._thread = threading.Thread(
            target=self._work, args=(document, run, then, failed), name="long work", daemon=True
        )
        self._thread.start()

    def cancel(self) -> None:
        """Ask it to stop after the part at hand."""
        self._cancel.set()
        self.part.stopping = True

    def wait(self) -> None:
        """Wait until it has ended; for scripts and tests."""
        if self._thread is not None:
            self._thread.join()

    def tell(self, done: int, total: int) -> None:
        """Show how far it is."""
        moment = time.monotonic()
        if done < total and moment - self._told < TELL_SECONDS:
            return
        self._told = moment
        pace = pace_words(done, total, moment - self._began)
        self.part.param.update(done=done, total=total, words=f"{done:,} of {total:,} {self.unit}", pace=pace)

    def _work(
        self, document: Any, run: Callable[[Tell, Asked], R], then: Callable[[R], object], failed: Callable[[], object]
    ) -> None:
        state = self.state
        with set_curdoc(document) if document is not None else contextlib.nullcontext():
            try:
                with state.working():
                    result = run(self.tell, self._cancel.is_set)
                    self.part.runs = False
                    then(result)
            except WorkbenchError as error:
                self.part.runs = False
                failed()
                if isinstance(error, Cancelled):
                    state.tell(error.message, "info")
                else:
                    state.fail(error)
            except Exception:
                logger.exception("%s failed", self.part.label)
                self.part.runs = False
                failed()
                state.fail(UNEXPECTED)
            state.poll(force=True)

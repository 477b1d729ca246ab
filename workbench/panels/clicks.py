"""Clicks come first: what only keeps other pages up to date waits while somebody's click is being answered."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final


class Clicks:
    """Counts the clicks that are being answered. One for the process: all pages share its processor."""

    def __init__(self) -> None:
        self._none = threading.Condition()
        self._running = 0

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Around the answer to a click; may be nested, and overlap in threads."""
        with self._none:
            self._running += 1
        try:
            yield
        finally:
            with self._none:
                self._running -= 1
                if not self._running:
                    self._none.notify_all()

    def let_pass(self, seconds: float) -> bool:
        """Wait until no click is being answered, for so long at most: long work is no reason to fall behind.

        Says whether there is none.
        """
        with self._none:
            return self._none.wait_for(lambda: not self._running, seconds)


#: Of this process.
clicks: Final = Clicks()

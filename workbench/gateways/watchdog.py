"""The hard limit of a call: a connection that takes too long is cut, however it is being slow.

The time-outs of sockets count from one byte to the next, so a far side that sends one byte now and then keeps a
caller for ever. This counts from the beginning.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Watchdog:
    """Watches one connection at a time. Its thread starts with the first limit and ends with :meth:`close`."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._deadline: float | None = None
        #: When the thread looks by itself. Waking it for each message would cost more than the message.
        self._looks_at = float("-inf")
        self._socket: socket.socket | None = None
        self._closed = False
        self._thread: threading.Thread | None = None
        #: Whether the limit that runs now, or ran last, was exceeded.
        self.expired = False

    @contextmanager
    def limit(self, seconds: float) -> Iterator[None]:
        """Within this block the watched connection is cut once ``seconds`` have passed."""
        with self._changed:
            self.expired = False
            self._deadline = time.monotonic() + seconds
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="gateway-watchdog", daemon=True)
                self._thread.start()
            if self._deadline < self._looks_at:
                self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                self._deadline = None

    def watch(self, connection: socket.socket) -> None:
        """``connection`` is what the limit is about from now on; one that comes too late is cut at once."""
        # A copy of the descriptor stays ours while TLS takes the socket object apart and puts it together again.
        copy = socket.socket(fileno=os.dup(connection.fileno()))
        with self._changed:
            self._drop()
            self._socket = copy
            if self.expired:
                self._cut()

    def forget(self) -> None:
        """The watched connection was closed."""
        with self._changed:
            self._drop()

    def close(self) -> None:
        """End the thread and let go of the connection."""
        with self._changed:
            self._closed = True
            self._drop()
            self._changed.notify()
            thread = self._thread
        if thread is not None:
            thread.join()

    def _drop(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _cut(self) -> None:
        if self._socket is not None:
            # Unlike close(), shutdown() wakes a thread that waits for this connection.
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def _watch(self) -> None:
        with self._changed:
            while not self._closed:
                if self._deadline is None:
                    self._looks_at = float("inf")
                    self._changed.wait()
                    continue
                left = self._deadline - time.monotonic()
                if left > 0:
                    self._looks_at = self._deadline
                    self._changed.wait(left)
                    continue
                self._deadline = None
                self.expired = True
                self._cut()

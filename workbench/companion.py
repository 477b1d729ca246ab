"""The worker that runs beside the app: started with it, started again when it dies, stopped with it."""

from __future__ import annotations

import logging
import subprocess
import threading

log = logging.getLogger(__name__)

#: Between two starts, so that a worker that cannot start does not spin.
PAUSE_SECONDS = 5.0
#: A worker finishes what it is sending before it stops.
PATIENCE_SECONDS = 45.0


class Companion:
    """Keeps one child process running until :meth:`stop`."""

    def __init__(self, command: list[str], *, pause: float = PAUSE_SECONDS) -> None:
        self._command = command
        self._pause = pause
        self._stopping = threading.Event()
        self._child: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._keep, name="companion", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ask the child to finish, wait for it, and end it if it does not."""
        with self._lock:
            self._stopping.set()
            child = self._child
        if child is not None:
            child.terminate()
            try:
                child.wait(PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                log.warning("worker pid=%s did not stop in time and was ended", child.pid)
                child.kill()
        if self._thread.is_alive():
            self._thread.join(self._pause + 1)

    def _keep(self) -> None:
        while True:
            with self._lock:
                if self._stopping.is_set():
                    return
                self._child = subprocess.Popen(self._command)  # noqa: S603 - our own command
            code = self._child.wait()
            if self._stopping.is_set():
                return
            log.warning("worker ended with code=%s; starting it again in %.0f s", code, self._pause)
            self._stopping.wait(self._pause)

"""Work that goes on beside the sending, in a thread of its own, so that a slow far side delays no message."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy.engine import Engine
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from workbench.db import transaction
from workbench.errors import DatabaseProblem

log = logging.getLogger("workbench.worker")

#: After something nobody foresaw, so that it is not said again every few seconds.
AFTER_A_FAULT: Final = 60.0


class Background:
    """Calls ``look`` every few seconds for as long as it is entered; no fault of it reaches the sending.

    Leaving waits up to ``patience`` seconds for a look that is running. One that takes longer is abandoned, as in a
    crash: what it holds in the database is a lease, which runs out by itself.
    """

    def __init__(self, name: str, look: Callable[[], object], *, every: float, patience: float) -> None:
        self._name, self._look, self._every, self._patience = name, look, every, patience
        #: Set when it is left.
        self.done = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Background:
        self._thread = threading.Thread(target=self._keep, name=self._name, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.done.set()
        if self._thread is not None:
            self._thread.join(self._patience)

    def _keep(self) -> None:
        wait = 0.0
        while not self.done.wait(wait):
            wait = self._every
            try:
                self._look()
            except DatabaseProblem as problem:
                log.warning("%s waits problem=%s", self._name, type(problem).__name__)
            except Exception as error:  # whatever it was, messages still have to go out
                log.error("%s failed error=%s", self._name, type(error).__name__)
                wait = AFTER_A_FAULT


@contextmanager
def short_transaction(engine: Engine, *, write: bool = True) -> Iterator[Session]:
    """A whole transaction of its own. Raises :class:`DatabaseProblem` for what the database does."""
    try:
        with Session(engine, expire_on_commit=False) as session, transaction(session, write=write):
            yield session
    except PoolTimeout as error:
        raise DatabaseProblem("No connection to the database was free in time.") from error

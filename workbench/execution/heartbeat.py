"""A worker's sign of life, given from a thread of its own so that a slow gateway does not look like death."""

from __future__ import annotations

import logging
import os
import socket
import threading
import uuid

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from workbench.db import database_now, transaction
from workbench.errors import DatabaseProblem
from workbench.models import WorkerHeartbeat
from workbench.services.workers import BEAT

log = logging.getLogger("workbench.worker")


def make_worker_id() -> str:
    """``host:pid:nonce``; the nonce tells apart two workers of one process, and two lives of one pid."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


class Heartbeat:
    """Keeps the row of ``worker_heartbeats`` fresh while it is entered; marks the worker stopped when it leaves.

    A crash leaves without marking: the row then goes stale by itself.
    """

    def __init__(self, engine: Engine, worker_id: str) -> None:
        self._engine = engine
        self._worker_id = worker_id
        self._done = threading.Event()
        self._thread: threading.Thread | None = None
        #: What the worker is at, as ids.
        self.working_on: str | None = None

    def __enter__(self) -> Heartbeat:
        self._thread = threading.Thread(target=self._keep, name="heartbeat", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._done.set()
        if self._thread is not None:
            self._thread.join()
        # What ends by an error may have left something in flight: only an orderly end says "stopped".
        if kind is None:
            self._try(stopped=True)

    def beat(self, *, stopped: bool = False) -> None:
        """Write one sign of life. Raises :class:`DatabaseProblem`."""
        with Session(self._engine) as session, transaction(session, write=True):
            moment = database_now(session)
            values = {
                "beat_at": moment,
                "working_on": None if stopped else self.working_on,
                "stopped_at": moment if stopped else None,
            }
            changed = session.connection().execute(
                sa.update(WorkerHeartbeat).where(WorkerHeartbeat.worker_id == self._worker_id).values(**values)
            )
            if not changed.rowcount:
                host, pid = socket.gethostname(), os.getpid()
                session.execute(
                    sa.insert(WorkerHeartbeat).values(
                        worker_id=self._worker_id, host=host, pid=pid, started_at=moment, **values
                    )
                )

    def _keep(self) -> None:
        while not self._done.wait(BEAT.total_seconds()):
            self._try()

    def _try(self, *, stopped: bool = False) -> None:
        try:
            self.beat(stopped=stopped)
        except (DatabaseProblem, PoolTimeout) as problem:
            log.warning("no heartbeat worker=%s problem=%s", self._worker_id, type(problem).__name__)

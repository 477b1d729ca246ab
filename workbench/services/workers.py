"""Workers: who is alive, and whether one that left something open is certainly gone."""

from __future__ import annotations

import socket
import time
from datetime import datetime, timedelta
from typing import Final

import psutil
import sqlalchemy as sa
from sqlalchemy.orm import Session

from workbench.db import database_now
from workbench.models import WorkerHeartbeat

#: How often a worker says that it is alive, and for how long it is believed.
BEAT: Final = timedelta(seconds=5)
ALIVE: Final = timedelta(seconds=30)
#: After this long without a sign, a worker of another host is taken for gone.
GONE: Final = timedelta(minutes=15)


def alive_count(session: Session, now: datetime | None = None) -> int:
    """How many workers have shown a sign of life lately."""
    now = now or database_now(session)
    query = (
        sa.select(sa.func.count())
        .select_from(WorkerHeartbeat)
        .where(WorkerHeartbeat.stopped_at.is_(None), WorkerHeartbeat.beat_at > now - ALIVE)
    )
    return session.scalar(query) or 0


def may_still_act(session: Session, worker_id: str | None) -> str | None:
    """Why the worker might still deliver what it began, or None when it is certainly gone.

    A frozen process gives no sign and can wake at any time, so silence alone proves nothing while its process can
    be seen. On another host, :data:`GONE` without a sign has to do.
    """
    if not worker_id:
        return None
    beat = session.scalar(
        sa.select(WorkerHeartbeat)
        .where(WorkerHeartbeat.worker_id == worker_id)
        .execution_options(populate_existing=True)
    )
    if beat is None or beat.stopped_at is not None:
        return None
    if beat.host == socket.gethostname():
        # The heartbeat tells the database's time, the system this host's.
        ahead = time.time() - database_now(session).timestamp()
        if _runs(beat.pid, beat.started_at.timestamp() + ahead):
            return f"The worker that began it, process {beat.pid} on this host, still exists. Stop it first."
        return None
    silent = database_now(session) - beat.beat_at
    if silent < GONE:
        return (
            f"The worker that began it, process {beat.pid} on {beat.host}, gave its last sign "
            f"{int(silent.total_seconds())} seconds ago and may still deliver. Stop it, or wait until "
            f"{(beat.beat_at + GONE):%H:%M} UTC."
        )
    return None


def _runs(pid: int, started_at: float) -> bool:
    try:
        process = psutil.Process(pid)
        # A later process that was given the same number is not the worker. The margin is for the clocks.
        later = process.create_time() > started_at + 60
        return not later and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False

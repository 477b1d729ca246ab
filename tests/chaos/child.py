"""What a forked worker does: it is the real one, with an engine of its own, and dies where it is told to."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy import event
from sqlalchemy.engine import Engine

from workbench import clock
from workbench.accounts import Account
from workbench.db import make_engine
from workbench.enums import Mode, Platform
from workbench.execution import turn, worker
from workbench.execution.sending import Batch
from workbench.gateways.base import Channel, Message, Outcome, Sender
from workbench.gateways.registry import Gateways
from workbench.settings import Settings


@dataclass(frozen=True)
class Spec:
    """Everything a worker is given. All of it travels as JSON."""

    name: str
    database_url: str
    log: str
    settings: Mapping[str, Any]
    accounts: list[Mapping[str, Any]]
    #: Settings that no installation could have, such as a lease of two seconds.
    unchecked: Mapping[str, Any] = field(default_factory=dict)
    #: Where it kills itself (one of :data:`POINTS`), or freezes.
    dies: str | None = None
    freezes: str | None = None
    #: At which message of its life, for the points around a call.
    at: int = 1
    clock_off_seconds: float = 0.0
    busy_timeout_ms: int = 10_000
    housekeeping_seconds: float = 0.2
    #: While this file exists, the SQLite database cannot grow.
    full_while: str | None = None


def worker_id(pid: int, name: str) -> str:
    return f"{socket.gethostname()}:{pid}:{name}"


def live(spec: Spec) -> int:
    """Be a worker until SIGTERM; the exit code."""
    stop = threading.Event()
    for word in (signal.SIGTERM, signal.SIGINT):
        signal.signal(word, lambda *_: stop.set())
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s", filename=spec.log, force=True
    )
    logging.getLogger("workbench").setLevel(logging.DEBUG)
    if spec.clock_off_seconds:
        _set_clock_off(spec.clock_off_seconds)
    engine = _engine(spec)
    settings = Settings(**spec.settings).model_copy(update=dict(spec.unchecked))
    accounts = tuple(Account.model_validate(account) for account in spec.accounts)
    accounts = tuple(account.model_copy(update={"secret": SecretStr(account.name)}) for account in accounts)
    runtime = _Runtime(settings, accounts, _Gateways(settings, accounts, spec))
    worker.HOUSEKEEPING_SECONDS = spec.housekeeping_seconds  # type: ignore[misc]
    if spec.dies:
        _arm(spec.dies, die)
    if spec.freezes:
        _arm(spec.freezes, freeze)
        # On SQLite, a thread that is frozen in a transaction of its own would hold up everybody: another test.
        vars(worker)["chores"] = SimpleNamespace(chores=lambda *_: nullcontext())
    worker.Worker(engine, runtime, worker_id=worker_id(os.getpid(), spec.name)).run(stop)
    engine.dispose()
    return 0


def _engine(spec: Spec) -> Engine:
    url = sa.make_url(spec.database_url)
    if url.get_backend_name() == "postgresql":
        # So that the tests can tell whose sessions the server still serves.
        return make_engine(url.update_query_dict({"application_name": spec.name}).render_as_string(hide_password=False))
    engine = make_engine(spec.database_url, busy_timeout_ms=spec.busy_timeout_ms)
    if spec.full_while:
        limit = Path(spec.full_while)

        @event.listens_for(engine, "checkout")
        def _limit(connection: Any, _record: Any, _proxy: Any) -> None:
            pages = 1 if limit.exists() else 2**31  # one: as large as it is already
            connection.execute(f"PRAGMA max_page_count = {pages}").fetchone()

    return engine


def _set_clock_off(seconds: float) -> None:
    """This process thinks it is earlier or later. In every thread, and for whoever imported ``now`` already."""
    vars(clock)["_off"] = timedelta(seconds=seconds)

    def now():  # type: ignore[no-untyped-def]
        return datetime.now(UTC) + _off  # type: ignore[name-defined]  # noqa: F821

    clock.now.__code__ = now.__code__


# Points


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(60)


def freeze() -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


Act = Callable[[], None]


def _before(name: str, owner: Any = turn) -> Callable[[Act], None]:
    """At the moment when ``name`` is called."""

    def arm(act: Act) -> None:
        real = getattr(owner, name)

        def wrapped(*args: Any, **kwargs: Any) -> Any:
            act()
            return real(*args, **kwargs)

        setattr(owner, name, wrapped)

    return arm


def _after(name: str, owner: Any = turn, when: Callable[[Any], bool] = lambda _: True) -> Callable[[Act], None]:
    """When ``name`` has been called; what it did is committed or not, as it is by then."""

    def arm(act: Act) -> None:
        real = getattr(owner, name)

        def wrapped(*args: Any, **kwargs: Any) -> Any:
            result = real(*args, **kwargs)
            if when(result):
                act()
            return result

        setattr(owner, name, wrapped)

    return arm


#: The named points. Those around a call are seen by the channel, the others by the worker.
POINTS: dict[str, Callable[[Act], None] | None] = {
    "after the claim": _before("_handle", worker.Worker),
    "after expanding": _before("Run"),
    "before begin commits": _after("begin", when=lambda batch: isinstance(batch, Batch)),
    "after begin": _before("deliver"),
    "before the call": None,
    "after the call": None,
    "before finish commits": _after("finish"),
    "after finish": _after("_finish", turn.Turn),
    "before release commits": _after("release"),
    "after release": _after("_handle", worker.Worker),
    "before reap commits": _after("reap", worker, when=bool),
}


def _once(act: Act) -> Act:
    left = [act]
    return lambda: left.pop()() if left else None


def _arm(point: str, act: Act) -> None:
    arm = POINTS[point]
    if arm is not None:
        arm(_once(act))


@dataclass(frozen=True)
class _Runtime:
    settings: Settings
    accounts: tuple[Account, ...]
    gateways: _Gateways


class _Gateways(Gateways):
    """The real gateways, with the points around each call."""

    def __init__(self, settings: Settings, accounts: tuple[Account, ...], spec: Spec) -> None:
        super().__init__(settings, accounts)
        self._spec, self._calls = spec, 0

    def sender(self, platform: Platform, account_name: str, mode: Mode) -> Sender:
        sender = super().sender(platform, account_name, mode)
        real, spec = sender.connect, self._spec

        @contextmanager
        def connect() -> Iterator[Channel]:
            with real() as channel:
                yield _Channel(channel, self._reached)

        if spec.dies in ("before the call", "after the call") or spec.freezes:
            vars(sender)["connect"] = connect
        return sender

    def _reached(self, point: str) -> None:
        self._calls += point == "before the call"
        if self._calls != self._spec.at:
            return
        if point == self._spec.dies:
            die()
        if point == self._spec.freezes:
            freeze()


@dataclass
class _Channel:
    real: Channel
    reached: Callable[[str], None]

    def send(self, message: Message) -> Outcome:
        self.reached("before the call")
        outcome = self.real.send(message)
        self.reached("after the call")
        return outcome

"""Whether the database has changed, for everybody in this process who asks: one look serves them all."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from typing import Any, Final, TypeVar

from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError

from workbench.db import data_version, explain, file_identity, for_single_reads
from workbench.errors import DatabaseProblem
from workbench.metrics import changes

#: PostgreSQL is asked once in this time, however many ask; a change is seen that much later at most.
LOOK_SECONDS: Final = 0.1
#: One reading serves all who ask for the same at the same state of the database for so long: ages and windows go on.
SHARED_SECONDS: Final = 1.0
#: So many different readings are remembered.
MOST_ANSWERS: Final = 200

T = TypeVar("T")


class _Answer:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.token: str | None = None
        self.at = 0.0
        self.value: Any = None


class Watch:
    """Asked by any number of threads, as often as they like. Opens nothing before it is."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        #: One of its own: only there SQLite tells whether another one has written, and PostgreSQL need not be pinged.
        self._connection: Connection | None = None
        #: How many there were: what two connections say can't be compared.
        self._opened = 0
        self._token = ""
        self._seen: object = None
        self._looked = float("-inf")
        self._answers: dict[Hashable, _Answer] = {}

    def version(self) -> object:
        """What stays equal for as long as nobody has committed: a few microseconds on SQLite, one short question on
        PostgreSQL. Raises :class:`DatabaseProblem`.
        """
        with self._lock:
            return self._version()

    def token(self) -> str:
        """As :func:`changes.token`, without its query while nothing has changed. Raises :class:`DatabaseProblem`."""
        with self._lock:
            server = self._engine.dialect.name != "sqlite"
            if server and time.monotonic() - self._looked < LOOK_SECONDS:
                return self._token
            version = self._version()
            if version != self._seen:
                try:
                    with for_single_reads(self._engine).connect() as connection:
                        self._token = changes.token(connection)
                except DBAPIError as error:
                    raise explain(error) from error
            self._seen, self._looked = version, time.monotonic()
            return self._token

    def shared(self, key: Hashable, token: str, read: Callable[[], T], *, renew: bool = False) -> T:
        """What ``read`` answers, read once for all who ask with this ``key`` after having seen this ``token``.

        Nobody may change it in place. Who has to see what he has just committed asks to ``renew`` it: the token that
        he saw may be older than that.
        """
        with self._lock:
            if len(self._answers) > MOST_ANSWERS:
                self._answers.clear()
            answer = self._answers.setdefault(key, _Answer())
        with answer.lock:
            moment = time.monotonic()
            if renew or answer.token != token or moment - answer.at > SHARED_SECONDS:
                answer.value, answer.token, answer.at = read(), token, moment
            value: T = answer.value
            return value

    def close(self) -> None:
        """Let go of the connection; the next question opens another one."""
        with self._lock:
            self._let_go()

    def _version(self) -> object:
        if self._connection is not None:
            try:
                if self._connection.info.get("file") == file_identity(self._engine):
                    return self._opened, data_version(self._connection)
            except DatabaseProblem:  # the server was restarted, say; the next connection tells
                self._connection.invalidate()
            self._let_go()  # or another file stands in its place
        try:
            self._connection = for_single_reads(self._engine).connect()
            self._opened += 1
            return self._opened, data_version(self._connection)
        except DBAPIError as error:
            raise explain(error) from error

    def _let_go(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = self._seen = None
        self._looked = float("-inf")

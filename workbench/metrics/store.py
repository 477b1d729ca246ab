"""The folder with the mirror's file: owned by one process at a time, and nothing in it is believed unseen.

A file is one of DuckDB's, written at checkpoints alone: after a crash it is as it was at the last one, with the
position it had then. Each new file has a name of its own, so that who still reads an old one is in nobody's way.
"""

from __future__ import annotations

import fcntl
import logging
import os
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import duckdb
from sqlalchemy.engine import Connection

from workbench.clock import now
from workbench.errors import WorkbenchError
from workbench.metrics import changes, copy, source
from workbench.metrics.changes import Position
from workbench.metrics.copy import BESIDE, Change, Copy
from workbench.triggers import CAPTURED

if TYPE_CHECKING:
    from workbench.metrics.mirror import Mirror

log = logging.getLogger(__name__)

#: How often a file is brought up to date on disk, and looked through for what is to go from it.
TIDY_SECONDS: Final = 60.0
#: A file is written again after this time, whatever happened: rows that are gone, or were changed, leave it.
WRITE_AGAIN_AFTER: Final = timedelta(days=1)
_LOCK: Final = "lock"


class Unusable(Exception):
    """Why a file is not gone on with, in words."""


@dataclass(frozen=True)
class Kept:
    """What a file says of itself, written in the transaction that brought it there."""

    layout: str
    position: Position
    #: See :func:`workbench.metrics.changes.mark`.
    mark: str | None
    #: The newest erasure (an id of ``audit_events``) that left nothing behind in this file.
    erased: int
    #: When all of it was written, ISO 8601.
    written: str
    #: Whether an earlier process wrote it.
    resumed: bool = False

    @classmethod
    def first(cls, dialect: str, change: Change) -> Kept:
        """Of a new file; its position is still to come."""
        return cls(layout(dialect), _NOWHERE, None, _last_erasure(change.cursor), now().isoformat())

    @classmethod
    def of(cls, said: dict[str, Any]) -> Kept:
        return cls(**said | {"position": Position(**said["position"])})

    def outdated(self, copy: Copy) -> bool:
        """Whether what is gone from ``copy`` should now go from its file."""
        with closing(copy.cursor()) as cursor:
            erased = _last_erasure(cursor) > self.erased
        return erased or now() - datetime.fromisoformat(self.written) > WRITE_AGAIN_AFTER


_NOWHERE: Final = Position("", {}, "", 0, 0)


def _last_erasure(cursor: duckdb.DuckDBPyConnection) -> int:
    cursor.execute("SELECT coalesce(max(id), 0) FROM audit_events WHERE action = 'lead.erase'")
    return int(cursor.fetchall()[0][0])


def resumed(position: Position) -> Position:
    """Where a file stands, for another process: what no trigger logs is read again."""
    return replace(position, shapes={name: shape for name, shape in position.shapes.items() if name in CAPTURED})


def first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0].rstrip(".")


def layout(dialect: str) -> str:
    """Differs once a file would be written otherwise: by other code, for other columns, by another DuckDB."""
    code = b"".join(Path(module.__file__ or "").read_bytes() for module in (copy, source))
    return sha256(f"{duckdb.__version__} {source.tables(dialect)!r}".encode() + code).hexdigest()


def _believe(copy: Copy, connection: Connection) -> Kept:
    """What ``copy`` holds, if the database that ``connection`` sees is what it was made of, perhaps later.

    Raises :class:`Unusable`, and :class:`duckdb.Error` when it cannot be read.
    """
    said = copy.kept()
    if said is None:
        raise Unusable("it was not finished")
    if said["layout"] != layout(connection.dialect.name):
        raise Unusable("another version of the workbench wrote it")
    kept = Kept.of(said)
    if not changes.position(connection).follows(kept.position):
        raise Unusable("the database was migrated, restored or replaced, or has gone on for too long without it")
    if kept.mark is None or changes.mark(connection, kept.position) != kept.mark:
        raise Unusable("the database was restored from a backup that does not know it")
    return replace(kept, resumed=True)


class Store:
    """A folder for one :class:`Mirror`. Opens nothing before it is claimed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock: int | None = None
        self._highest = 0

    def claim(self) -> bool:
        """Own the folder, until :meth:`release`; False when somebody else does. Raises :class:`OSError`."""
        if self._lock is not None and self._stands():
            return True
        self.release()
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        self._lock = os.open(self.folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        with suppress(BlockingIOError):
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if self._stands():
                return True
        self.release()
        return False

    def release(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
        self._lock = None

    def files(self) -> Iterator[Path]:
        """What is there, the newest first."""
        yield from sorted(self.folder.glob("*.duckdb"), reverse=True)

    def keep(self, only: Path | None) -> None:
        """Remove every file but one, and what may stand beside them: a log of DuckDB's, texts of queries too large."""
        for path in self.folder.iterdir():
            if path.is_file() and path.name != _LOCK and path != only:
                path.unlink(missing_ok=True)

    def resume(self, connection: Connection) -> tuple[Copy, Kept | None, str]:
        """A copy to go on with, what it says of itself unless it is empty, and why what was there is not used.

        In memory, when another process owns the folder. Raises :class:`OSError` or :class:`duckdb.Error` when nothing
        can be written.
        """
        if not self.claim():
            log.info("Another process keeps its numbers in %s; here they are kept in memory.", self.folder)
            return Copy(), None, ""
        why = ""
        for path in self.files():
            try:
                copy = self.open(path)
            except duckdb.Error as error:
                why = "their file is damaged"
                log.warning("%s is not used (%s). The numbers are loaded anew.", path, first_line(error))
                path.unlink(missing_ok=True)
                continue
            try:
                kept = _believe(copy, connection)
                self.keep(path)
                return copy, kept, ""
            except (Unusable, duckdb.Error) as error:
                copy.close()
                why = first_line(error)
                log.warning("%s is not used: %s. The numbers are loaded anew.", path, why)
                path.unlink(missing_ok=True)
        self.keep(None)
        return self.open(), None, why

    def renewed(self, copy: Copy) -> tuple[Copy, Kept]:
        """What ``copy`` wrote again, and what that says of itself."""
        made = self.open(copy.spare)
        said = made.kept()
        assert said is not None, "it was copied with the rest"
        with made.changing() as change:
            kept = replace(Kept.of(said), erased=_last_erasure(change.cursor), written=now().isoformat())
            change.keep(asdict(kept))
        made.checkpoint()
        return made, kept

    def open(self, path: Path | None = None) -> Copy:
        """The copy in ``path``, or an empty one in a new file. Raises :class:`duckdb.Error`."""
        path = path or self._next()
        for end in BESIDE[1:]:  # DuckDB would follow what it found there
            path.with_name(path.name + end).unlink(missing_ok=True)
        made = Copy(path, self._next())
        path.chmod(0o600)
        return made

    def _next(self) -> Path:
        there = [int(path.stem) for path in self.files() if path.stem.isdecimal()]
        self._highest = max([self._highest, *there]) + 1
        return self.folder / f"{self._highest:09}.duckdb"

    def _stands(self) -> bool:
        """Whether the lock we hold is the one that others would find."""
        assert self._lock is not None
        try:
            return os.path.samestat(os.fstat(self._lock), (self.folder / _LOCK).stat())
        except FileNotFoundError:
            return False


class Keeper(threading.Thread):
    """Keeps the file of a mirror up to date while nobody asks for numbers."""

    def __init__(self, mirror: Mirror) -> None:
        super().__init__(name="mirror-file", daemon=True)
        self._mirror = mirror
        self._ended = threading.Event()

    def run(self) -> None:
        while not self._ended.wait(TIDY_SECONDS):
            try:
                self._mirror.tidy()
            except WorkbenchError as error:  # whoever asks for numbers next is told
                log.warning("The file of the numbers could not be brought up to date: %s", error.message)

    def stop(self) -> None:
        self._ended.set()
        if self.is_alive() and self is not threading.current_thread():
            self.join()

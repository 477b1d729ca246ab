"""The one source of "now": aware UTC, replaceable in tests and demos."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

from workbench.errors import InputError

_source: ContextVar[Callable[[], datetime] | None] = ContextVar("clock_source", default=None)
_pinned: datetime | None = None


def now() -> datetime:
    """The present moment, timezone-aware, in UTC."""
    source = _source.get()
    return source() if source else _pinned or datetime.now(UTC)


def as_utc(moment: datetime) -> datetime:
    """``moment`` in UTC. A naive datetime is an :class:`InputError`: whose clock would it be?"""
    if not isinstance(moment, datetime):
        raise InputError(f"{moment!r:.80} is no moment. Give a datetime with a time zone.")
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise InputError(f"{moment.isoformat()} has no time zone. Give one, for example with tzinfo=UTC.")
    return moment.astimezone(UTC)


@contextmanager
def frozen(moment: datetime) -> Iterator[None]:
    """Within this block of this thread (or task), :func:`now` answers ``moment``."""
    fixed = as_utc(moment)
    token = _source.set(lambda: fixed)
    try:
        yield
    finally:
        _source.reset(token)


def pin(moment: datetime | None) -> None:
    """From now on, everywhere in this process, :func:`now` answers ``moment``; ``None`` lets time run again.

    For notebooks on a demo made for a fixed moment, whose numbers must be the same on every run.
    """
    global _pinned
    _pinned = None if moment is None else as_utc(moment)

"""How far the mirror's first load is, for whoever waits for it: a page, or a person at a terminal or a notebook."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TextIO

#: A load that is over sooner shows nothing.
_PATIENCE_SECONDS: Final = 5.0
_WIDTH: Final = 30


@dataclass(frozen=True)
class Loading:
    """A load that goes on. ``expected`` is an estimate."""

    rows: int
    expected: int
    #: Why what there was before is not gone on with, in words; empty for a first load.
    why: str = ""

    @property
    def share(self) -> float:
        """From 0 to 1."""
        return min(self.rows / self.expected, 1.0) if self.expected else 0.0

    def __str__(self) -> str:
        head = f"Loading numbers anew ({self.why})" if self.why else "Loading numbers"
        return f"{head}: {self.share:.0%} of about {self.expected:,} rows" if self.expected else head


#: Called with every step of a load, and with None at its end.
Progress = Callable[[Loading | None], None]


class Bar:
    """A line of text that grows, on ``stream`` (default: standard error), for a load that takes its time."""

    def __init__(self, stream: TextIO | None = None, *, patience: float = _PATIENCE_SECONDS) -> None:
        self._stream = stream or sys.stderr
        self._patience = patience
        self._began: float | None = None
        self._shown = False

    def __call__(self, loading: Loading | None) -> None:
        if loading is None:
            if self._shown:
                self._stream.write("\n")
                self._stream.flush()
            self._began, self._shown = None, False
            return
        self._began = self._began if self._began is not None else time.monotonic()
        if time.monotonic() - self._began >= self._patience:
            filled = "█" * round(loading.share * _WIDTH)
            self._stream.write(f"\r{filled:·<{_WIDTH}} {loading}")
            self._stream.flush()
            self._shown = True


def bar_for_a_person() -> Bar | None:
    """A bar where somebody watches: at a terminal, or in a notebook; else None."""
    return Bar() if sys.stderr.isatty() or "ipykernel" in sys.modules else None

"""How far a long operation is, and whether somebody has asked it to stop: asked between its parts."""

from __future__ import annotations

from collections.abc import Callable

from workbench.errors import Cancelled

#: Is told how many parts are done, and of how many.
Tell = Callable[[int, int], None]
#: Says whether to stop.
Asked = Callable[[], bool]


class Progress:
    """What an operation calls after each of its parts; without ``tell`` and ``cancelled`` nobody watches it."""

    def __init__(self, tell: Tell | None = None, cancelled: Asked | None = None) -> None:
        self._tell = tell
        self._cancelled = cancelled

    def tell(self, done: int, total: int) -> bool:
        """Say how far it is. Answers whether it is to stop, which nobody is asked once all is done."""
        if self._tell is not None:
            self._tell(done, total)
        return done < total and self._cancelled is not None and self._cancelled()

    def step(self, done: int, total: int) -> None:
        """Say how far it is. Raises :class:`Cancelled` when it is to stop: for work that leaves nothing half done."""
        if self.tell(done, total):
            raise Cancelled

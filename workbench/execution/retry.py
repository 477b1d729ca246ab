"""When something that was deferred is tried again. Pure; the time of the next try is a column."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import tenacity

#: 30 seconds, a minute, two … at most an hour, and up to a fifth more so that not all come back at once.
FIRST: Final = timedelta(seconds=30)
LONGEST: Final = timedelta(hours=1)
JITTER: Final = 0.2
#: The far side's own word is obeyed, but a moment that is past would make us spin.
SOONEST: Final = timedelta(seconds=1)

_backoff: Final = tenacity.wait_exponential(multiplier=FIRST.total_seconds(), max=LONGEST.total_seconds())


def next_try(
    tries: int, limit: int, now: datetime, *, asked: datetime | None = None, chance: float = 0.0
) -> datetime | None:
    """The moment of the next try, or None to give up.

    Parameters
    ----------
    tries
        How often it was tried, the one that was just deferred included.
    limit
        How often it may be tried.
    asked
        When the far side said it may be tried again, if it said.
    chance
        From 0 to 1: where in the jitter this one falls.
    """
    if tries >= limit:
        return None
    if asked is not None:
        return max(asked, now + SOONEST)
    state = tenacity.RetryCallState(tenacity.Retrying(), None, (), {})
    state.attempt_number = tries
    return now + timedelta(seconds=_backoff(state) * (1 + JITTER * chance))

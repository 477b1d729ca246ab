"""What a decision about many answers, one by one."""

from __future__ import annotations

from typing import TypedDict


class ItemOutcome(TypedDict):
    """What happened to one id of a bulk call."""

    id: int
    ok: bool
    status: str | None
    reason: str | None


class BulkResult(TypedDict):
    #: Pass to ``undo_batch``; None when nothing changed.
    batch_id: str | None
    done: int
    failed: int
    outcomes: list[ItemOutcome]

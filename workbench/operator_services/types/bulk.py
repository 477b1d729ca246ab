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


class LongBulkResult(BulkResult):
    """Of a call that may go on for long: beyond 10,000 ids ``outcomes`` are the refused ones, at most 10,000."""

    #: How many ids were given; those that were dealt with are ``done`` and ``failed``.
    total: int
    #: Whether it was stopped before the end; what was done stays.
    cancelled: bool


class DecisionOutcome(ItemOutcome):
    """What would happen to one id."""

    #: Whether it would be different from now; one that is so already is ``ok`` too.
    changes: bool
    #: What else would happen to it, such as coming off the queue.
    note: str | None
    #: Empty, and None, for an id that there is not.
    title: str
    platform: str | None


class DecisionPreview(TypedDict):
    """What a bulk call would do, as things stand."""

    changing: int
    #: They are so already, and count as done.
    unchanged: int
    refused: int
    outcomes: list[DecisionOutcome]

"""What the attempts of a queue row say about the row, and the row about its creative. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from workbench.enums import AttemptStatus, CreativeStatus, QueueStatus


@dataclass(frozen=True)
class Counts:
    """How many attempts of a row are in each state."""

    pending: int = 0
    sending: int = 0
    sent: int = 0
    failed: int = 0
    skipped: int = 0
    unknown: int = 0

    @classmethod
    def of(cls, by_status: Mapping[str, int]) -> Counts:
        """From a count per status, as the database groups them."""
        return cls(**{status.value.lower(): by_status.get(status.value, 0) for status in AttemptStatus})


def roll_up(counts: Counts) -> QueueStatus | None:
    """The state a row ends in, or None while something is still to be sent or being sent.

    Skipped people count for nothing: a row that found nobody it may mail is FAILED, and says so.
    """
    if counts.pending or counts.sending:
        return None
    if counts.unknown:
        return QueueStatus.UNKNOWN
    if not counts.sent:
        return QueueStatus.FAILED
    return QueueStatus.PARTIAL if counts.failed else QueueStatus.DONE


def creative_after(row: QueueStatus) -> CreativeStatus:
    """What becomes of a PUBLISHING creative when its row ends. Some went out of PARTIAL: it is published."""
    return {
        QueueStatus.DONE: CreativeStatus.PUBLISHED,
        QueueStatus.PARTIAL: CreativeStatus.PUBLISHED,
        QueueStatus.FAILED: CreativeStatus.FAILED,
        QueueStatus.UNKNOWN: CreativeStatus.UNKNOWN,
    }[row]


def creative_reconciled(row: QueueStatus) -> CreativeStatus:
    """What becomes of an UNKNOWN creative when the last unknown attempt of its row is reconciled."""
    if row is QueueStatus.UNKNOWN:
        return CreativeStatus.UNKNOWN
    return CreativeStatus.APPROVED if row is QueueStatus.FAILED else CreativeStatus.PUBLISHED

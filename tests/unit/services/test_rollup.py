"""What a row's attempts say about the row and its creative."""

from __future__ import annotations

from itertools import product

import pytest

from workbench.enums import AttemptStatus, CreativeStatus, QueueStatus
from workbench.services.rollup import Counts, creative_after, creative_reconciled, roll_up

Q, C = QueueStatus, CreativeStatus


@pytest.mark.parametrize(
    ("counts", "row"),
    [
        (Counts(sent=3), Q.DONE),
        (Counts(sent=3, skipped=9), Q.DONE),
        (Counts(sent=1, failed=1), Q.PARTIAL),
        (Counts(failed=2), Q.FAILED),
        (Counts(skipped=2), Q.FAILED),
        (Counts(), Q.FAILED),
        (Counts(failed=2, skipped=2), Q.FAILED),
        (Counts(unknown=1), Q.UNKNOWN),
        (Counts(sent=9, failed=9, unknown=1, skipped=9), Q.UNKNOWN),
        (Counts(sent=9, pending=1), None),
        (Counts(unknown=9, pending=1), None),
        (Counts(sent=9, sending=1), None),
    ],
)
def test_a_row_ends_as_its_attempts_say(counts: Counts, row: QueueStatus | None) -> None:
    assert roll_up(counts) == row


def test_a_row_ends_exactly_when_nothing_is_left_to_send() -> None:
    for values in product((0, 1), repeat=6):
        counts = Counts(*values)
        assert (roll_up(counts) is None) == bool(counts.pending or counts.sending)


@pytest.mark.parametrize(
    ("row", "creative"),
    [(Q.DONE, C.PUBLISHED), (Q.PARTIAL, C.PUBLISHED), (Q.FAILED, C.FAILED), (Q.UNKNOWN, C.UNKNOWN)],
)
def test_the_creative_follows_its_row(row: QueueStatus, creative: CreativeStatus) -> None:
    assert creative_after(row) == creative


@pytest.mark.parametrize(
    ("row", "creative"),
    [(Q.DONE, C.PUBLISHED), (Q.PARTIAL, C.PUBLISHED), (Q.FAILED, C.APPROVED), (Q.UNKNOWN, C.UNKNOWN)],
)
def test_what_was_reconciled_as_not_sent_may_be_scheduled_again(row: QueueStatus, creative: CreativeStatus) -> None:
    assert creative_reconciled(row) == creative


def test_every_attempt_state_is_counted() -> None:
    assert Counts.of({status.value: 1 for status in AttemptStatus}) == Counts(1, 1, 1, 1, 1, 1)

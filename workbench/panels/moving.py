"""Another time for one row of the queue, with the way back."""

from __future__ import annotations

from datetime import datetime

from workbench import operator_services as ops
from workbench.clock import now
from workbench.errors import InvalidTransition
from workbench.operator_services.types import QueueItem
from workbench.panels.calendar_layout import told
from workbench.panels.state import WorkbenchState


def move(
    state: WorkbenchState, before: QueueItem, local_time: datetime | str, timezone: str | None, reason: str | None
) -> None:
    """Reschedule the row that the person saw as ``before``, and offer to move it back while that is possible.

    Raises what ``reschedule`` raises, and :class:`InvalidTransition` when somebody else has moved it meanwhile.
    """
    _check_same(state, before)
    moved = state.call(ops.reschedule, before["id"], local_time, timezone, reason)

    def back() -> None:
        _check_same(state, moved)
        # The moment itself: its wall time may be one that comes twice.
        state.call(ops.reschedule, before["id"], before["scheduled_time"], before["timezone"], "Moved back.")
        state.tell(f"Moved back to {told(before['scheduled_time'], before['timezone'])}.")

    possible = before["status"] == "QUEUED" and before["scheduled_time"] > now()
    state.tell(f"It goes out at {told(moved['scheduled_time'], moved['timezone'])}.", undo=back if possible else None)


def _check_same(state: WorkbenchState, seen: QueueItem) -> None:
    present = state.call(ops.get_queue_item, seen["id"])
    if present["status"] != seen["status"] or present["scheduled_time"] != seen["scheduled_time"]:
        when = told(present["scheduled_time"], present["timezone"])
        raise InvalidTransition(
            f"Meanwhile it is {present['status'].lower()}, for {when}. Look again before you move it."
        )

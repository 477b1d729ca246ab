"""What a contact event makes of a lead."""

from __future__ import annotations

import pytest

from workbench.enums import Direction, LeadStatus
from workbench.services.contact_events import status_after

IN, OUT = Direction.INBOUND, Direction.OUTBOUND


@pytest.mark.parametrize(
    ("status", "direction", "event_type", "becomes"),
    [
        ("NEW", IN, "reply", "REPLIED"),
        ("ENRICHED", IN, "reply", "REPLIED"),
        ("CONTACTED", IN, "reply", "REPLIED"),
        ("LOST", IN, "reply", "REPLIED"),
        ("MANUAL_REVIEW", IN, "reply", "REPLIED"),
        ("a word of the old system", IN, "reply", "REPLIED"),
        ("REPLIED", IN, "reply", "REPLIED"),
        ("QUALIFIED", IN, "reply", "QUALIFIED"),
        ("ROUTED", IN, "reply", "ROUTED"),
        ("NEW", IN, "note", "NEW"),
        ("NEW", IN, "unsubscribe", "NEW"),
        ("NEW", OUT, "reply", "CONTACTED"),
        ("NEW", OUT, "call", "CONTACTED"),
        ("ENRICHED", OUT, "call", "CONTACTED"),
        ("REPLIED", OUT, "call", "REPLIED"),
        ("LOST", OUT, "call", "LOST"),
        ("NEW", OUT, "note", "NEW"),
    ],
)
def test_a_reply_or_a_contact_moves_the_lead_and_never_back(
    status: str, direction: Direction, event_type: str, becomes: str
) -> None:
    assert status_after(status, direction, event_type) == becomes


def test_every_status_survives_a_note() -> None:
    for status in LeadStatus:
        assert {status_after(status, direction, "note") for direction in Direction} == {status}

"""The feed narrowed to one kind: the same events, in the same order, on pages without gaps or repeats."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from tests import factories
from workbench import operator_services as ops
from workbench.enums import AttemptStatus
from workbench.errors import InputError
from workbench.operator_services.types import ActivityEvent


@pytest.fixture
def projects(db: Session, frozen_now: datetime) -> list[int]:
    """Two projects with attempts of every outcome, contacts both ways, audit events and a lead search each."""
    made = []
    for _ in range(2):
        project = factories.project(db)
        campaign = factories.campaign(db, project)
        lead = factories.lead(db, campaign)
        for hours, status in enumerate([*AttemptStatus, *AttemptStatus]):
            queued = factories.queued(db, factories.creative(db, project))
            factories.attempt(
                db, campaign, queue_id=queued.id, content_item_id=queued.content_item_id, lead_id=lead.id,
                address_norm=lead.email_norm, status=status, attempted_at=frozen_now - timedelta(hours=hours),
            )  # fmt: skip
        db.commit()
        for direction in ("INBOUND", "OUTBOUND", "INBOUND"):
            ops.record_contact_event(db, lead.id, channel="email", direction=direction, summary="Hello")
        made.append(project.id)
    return made


def is_of(kind: str, event: ActivityEvent) -> bool:
    """What the kind means, of an event of the whole feed."""
    source, words = event["source"], event["event"]
    return {
        "sent": source == "attempt" and event["tone"] == "ok",
        "trouble": source == "attempt" and event["tone"] != "ok",
        "replies": source == "contact" and words.endswith("wrote to us"),
        "contacts": source == "contact",
        "decisions": source == "audit",
        "searches": source == "discovery",
    }[kind]


@pytest.mark.parametrize("kind", ["sent", "trouble", "replies", "contacts", "decisions", "searches"])
@pytest.mark.parametrize("of_one", [True, False])
def test_a_kind_is_that_part_of_the_whole_feed_page_by_page(
    db: Session, projects: list[int], kind: str, of_one: bool
) -> None:
    project_id = projects[0] if of_one else None
    everything = ops.get_activity_feed(db, 1_000, project_id=project_id)
    pages: list[ActivityEvent] = []
    cursor = None
    while page := ops.get_activity_feed(db, 2, project_id=project_id, kind=kind, before=cursor):
        pages += page
        cursor = page[-1]["cursor"]
    assert pages == [event for event in everything if is_of(kind, event)]
    assert pages or kind == "searches"


def test_a_kind_that_there_is_not_is_refused(db: Session) -> None:
    with pytest.raises(InputError, match="kind is one of sent"):
        ops.get_activity_feed(db, kind="gossip")
    with pytest.raises(InputError, match="takes the place of sources"):
        ops.get_activity_feed(db, kind="sent", sources=["attempt"])

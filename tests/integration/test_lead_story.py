"""One lead's whole history: what passed, what was decided, and how they came in."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests import factories as make
from tests.conftest import NOW
from workbench import clock
from workbench.errors import InputError, NotFoundError
from workbench.models import Campaign, Lead
from workbench.operator_services import (
    change_leads,
    get_lead,
    import_leads,
    list_replies,
    record_contact_event,
    set_consent,
    suppress_address,
)


@pytest.fixture
def campaign(db: Session) -> Campaign:
    made = make.campaign(db, make.project(db))
    db.commit()
    return made


def test_everything_that_was_decided_about_a_lead_is_told(db: Session, campaign: Campaign) -> None:
    with clock.frozen(NOW - timedelta(days=2)):
        import_leads(db, campaign.id, "email\nbob@example.com\n")
    with clock.frozen(NOW - timedelta(days=1)):
        import_leads(db, campaign.id, "email,name\nada@example.com,Ada\nbob@example.com,\n")
    lead_id = db.scalars(sa.select(Lead.id).where(Lead.email == "ada@example.com")).one()
    other = make.lead(db, campaign).id
    db.commit()
    set_consent(db, [lead_id, other], "CONSENTED")
    change_leads(db, [lead_id], status="QUALIFIED", add_tags=["vip"])
    suppress_address(db, "ada@example.com", "Asked by phone")
    record_contact_event(db, lead_id, channel="phone", direction="INBOUND", event_type="reply", summary="Call me")
    history = get_lead(db, lead_id)
    told = [(one["action"], one["reason"], one["actor"]) for one in history["changes"]]
    assert told == [
        ("suppression.add", "Asked by phone", "Ada"),
        ("lead.change", None, "Ada"),
        ("lead.consent", None, "Ada"),
        ("leads.import", None, "Ada"),
    ]
    assert history["changes"][1]["after"] == {"status": "QUALIFIED", "tags": ["vip"]}
    assert history["changes"][3]["after"]["imported"] == 1
    assert [event["summary"] for event in history["events"]] == ["Call me"]
    assert history["lead"]["tags"] == ["vip"]
    assert [one["action"] for one in get_lead(db, other)["changes"]] == ["lead.consent"]


def test_replies_are_listed_newest_first_with_who_wrote_them(db: Session, campaign: Campaign) -> None:
    ada = make.lead(db, campaign, name="Ada", email="ada@example.com", company="Analytical").id
    eve = make.lead(db, make.campaign(db, make.project(db)), name="Eve", email="eve@example.com").id
    db.commit()

    def wrote(lead_id: int, days: int, direction: str, summary: str) -> None:
        at = NOW - timedelta(days=days)
        record_contact_event(
            db, lead_id, channel="email", direction=direction, event_type="reply", summary=summary, event_at=at
        )

    with clock.frozen(NOW):
        wrote(ada, 3, "INBOUND", "Not now")
        wrote(eve, 2, "INBOUND", "Who are you?")
        wrote(ada, 1, "INBOUND", "Call me 100%")
        wrote(ada, 0, "OUTBOUND", "We will call")
    assert [(row["name"], row["summary"]) for row in list_replies(db)] == [
        ("Ada", "Call me 100%"),
        ("Eve", "Who are you?"),
        ("Ada", "Not now"),
    ]
    assert [row["summary"] for row in list_replies(db, project_id=campaign.project_id)] == ["Call me 100%", "Not now"]
    assert [row["summary"] for row in list_replies(db, page=2, page_size=2)] == ["Not now"]
    assert [row["lead_id"] for row in list_replies(db, search="analytical 100%")] == [ada]
    assert {row["status"] for row in list_replies(db)} == {"REPLIED"}
    with pytest.raises(NotFoundError):
        list_replies(db, project_id=999)
    with pytest.raises(InputError):
        list_replies(db, page_size=0)

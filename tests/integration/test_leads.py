"""Leads are found, paged and told whole; what passed with them moves them along."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from tests import factories as make
from tests.conftest import NOW
from workbench.enums import AttemptStatus, Consent, LeadStatus, Role, SuppressionReason
from workbench.errors import InputError, NotFoundError, PermissionDenied
from workbench.models import AuditEvent, Campaign, ContactEvent, Lead
from workbench.operator_services.leads import count_leads, get_lead, list_leads, record_contact_event
from workbench.services import suppressions
from workbench.services.audit import Actor


@pytest.fixture
def campaign(db: Session) -> Campaign:
    made = make.campaign(db, make.project(db))
    db.commit()
    return made


def names(rows: list[Any]) -> list[str | None]:
    return [row["name"] for row in rows]


def test_filters_and_counts_agree(db: Session, campaign: Campaign) -> None:
    other = make.campaign(db, make.project(db))
    make.lead(db, campaign, name="Ada", status=LeadStatus.REPLIED, consent_status=Consent.CONSENTED)
    make.lead(db, campaign, name="Bob", company="50% Off_Ltd")
    make.lead(db, campaign, name="Eve", title="Chief\\Officer", email="eve@elsewhere.example.com")
    make.lead(db, other, name="Fay")
    db.commit()
    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({}, ["Ada", "Bob", "Eve", "Fay"]),
        ({"project_id": campaign.project_id}, ["Ada", "Bob", "Eve"]),
        ({"campaign_id": other.id}, ["Fay"]),
        ({"project_id": campaign.project_id, "campaign_id": other.id}, []),
        ({"status": "REPLIED"}, ["Ada"]),
        ({"consent": "CONSENTED"}, ["Ada"]),
        ({"search": "elsewhere"}, ["Eve"]),
        ({"search": "ADA"}, ["Ada"]),
        ({"search": "50%"}, ["Bob"]),
        ({"search": "%"}, ["Bob"]),
        ({"search": "off_"}, ["Bob"]),
        ({"search": "_"}, ["Bob"]),
        ({"search": "chief\\o"}, ["Eve"]),
        ({"search": "' OR 1=1 --"}, []),
        ({"search": "  "}, ["Ada", "Bob", "Eve", "Fay"]),
        ({"search": "a", "status": "NEW", "campaign_id": other.id}, ["Fay"]),
    ]
    for filters, expected in cases:
        assert names(list_leads(db, **filters)) == expected, filters
        assert count_leads(db, **filters) == len(expected), filters


def test_a_row_has_its_campaign_and_whether_nothing_is_sent_to_it(db: Session, campaign: Campaign) -> None:
    lead = make.lead(db, campaign, email="Ada@example.com", email_norm="ada@example.com", lead_score=0.5)
    suppressions.suppress(db, "ada@example.com", SuppressionReason.BOUNCE, "test")
    without = make.lead(db, campaign, email=None)
    db.commit()
    [row, other] = list_leads(db)
    assert row == {
        "id": lead.id,
        "campaign_id": campaign.id,
        "campaign": campaign.name,
        "project_id": campaign.project_id,
        "name": lead.name,
        "first_name": "Lea",
        "title": None,
        "company": "Example Ltd",
        "email": "Ada@example.com",
        "linkedin_url": None,
        "source": "csv",
        "status": "NEW",
        "consent_status": "UNKNOWN",
        "suppressed": True,
        "tags": None,
        "lead_score": 0.5,
        "last_contacted_at": None,
        "last_replied_at": None,
        "created_at": lead.created_at,
    }
    assert (other["id"], other["suppressed"]) == (without.id, False)


@pytest.mark.parametrize("descending", [False, True])
def test_pages_neither_repeat_nor_skip_anybody_and_the_valueless_come_last(
    db: Session, campaign: Campaign, descending: bool
) -> None:
    companies = ["B", None, "A", "B", None, "A", "C"]
    for company in companies:
        make.lead(db, campaign, company=company)
    db.commit()
    pages = [list_leads(db, sort="company", descending=descending, page=page, page_size=3) for page in (1, 2, 3, 4)]
    assert [len(page) for page in pages] == [3, 3, 1, 0]
    seen = [row for page in pages for row in page]
    assert len({row["id"] for row in seen}) == len(companies)
    ordered = sorted((company for company in companies if company), reverse=descending)
    assert [row["company"] for row in seen] == [*ordered, None, None]


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ({"sort": "email_norm; DROP TABLE cam_leads"}, InputError, "cannot be sorted"),
        ({"status": "WARM"}, InputError, "no lead status.*NEW"),
        ({"consent": "maybe"}, InputError, "no consent"),
        ({"page": 0}, InputError, "page must be"),
        ({"page": "1"}, InputError, "page must be"),
        ({"page_size": 1_001}, InputError, "1 to 1,000"),
        ({"search": "x" * 201}, InputError, "limit is 200"),
        ({"search": "a\x00"}, InputError, "NUL"),
        ({"project_id": 999}, NotFoundError, "no project 999"),
        ({"campaign_id": 999}, NotFoundError, "no campaign 999"),
        ({"campaign_id": "1"}, NotFoundError, "whole number"),
    ],
)
def test_a_wrong_filter_says_what_would_be_right(
    sqlite_db: Session, arguments: dict[str, Any], error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        list_leads(sqlite_db, **arguments)


def test_a_leads_history_is_told_newest_first(db: Session, campaign: Campaign) -> None:
    lead = make.lead(db, campaign, enrichment_data={"City": "London"})
    item = make.creative(db, db.get_one(make.Project, campaign.project_id), title="Hello")
    old = make.attempt(
        db, campaign, lead_id=lead.id, address_norm=lead.email_norm, content_item_id=item.id, created_at=NOW
    )
    new = make.attempt(
        db,
        campaign,
        lead_id=lead.id,
        status=AttemptStatus.FAILED,
        last_error="mailbox full",
        created_at=NOW + timedelta(hours=1),
    )
    make.attempt(db, campaign, lead_id=make.lead(db, campaign).id)
    db.commit()
    for hour, summary in ((1, "first"), (3, "last"), (2, "middle")):
        record_contact_event(
            db,
            lead.id,
            channel="email",
            direction="INBOUND",
            summary=summary,
            event_at=NOW - timedelta(days=1, hours=-hour),
        )
    history = get_lead(db, lead.id)
    assert history["lead"]["id"] == lead.id
    assert history["enrichment"] == {"City": "London"}
    assert [event["summary"] for event in history["events"]] == ["last", "middle", "first"]
    assert [attempt["id"] for attempt in history["attempts"]] == [new.id, old.id]
    assert (history["attempts"][0]["last_error"], history["attempts"][1]["creative"]) == ("mailbox full", "Hello")


def test_a_reply_makes_the_lead_replied_and_says_when(db: Session, campaign: Campaign, frozen_now: datetime) -> None:
    lead = make.lead(db, campaign, status=LeadStatus.CONTACTED)
    db.commit()
    when = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)
    event = record_contact_event(
        db, lead.id, channel=" Phone ", direction="INBOUND", event_type="reply", summary="Call me", event_at=when
    )
    assert {key: value for key, value in event.items() if key != "id"} == {
        "lead_id": lead.id,
        "channel": "phone",
        "direction": "INBOUND",
        "event_type": "reply",
        "summary": "Call me",
        "event_at": when,
        "lead_status": "REPLIED",
    }
    [row] = list_leads(db, status="REPLIED")
    assert row["last_replied_at"] == when


def test_an_old_reply_entered_late_does_not_hide_a_newer_one(
    db: Session, campaign: Campaign, frozen_now: datetime
) -> None:
    lead = make.lead(db, campaign)
    db.commit()
    for when in (frozen_now, frozen_now - timedelta(days=3)):
        record_contact_event(db, lead.id, channel="email", direction="INBOUND", event_type="reply", event_at=when)
    assert get_lead(db, lead.id)["lead"]["last_replied_at"] == frozen_now


def test_a_call_makes_a_new_lead_contacted(db: Session, campaign: Campaign, frozen_now: datetime) -> None:
    lead = make.lead(db, campaign)
    db.commit()
    record_contact_event(db, lead.id, channel="phone", direction="OUTBOUND", event_type="call")
    row = get_lead(db, lead.id)["lead"]
    assert (row["status"], row["last_contacted_at"], row["last_replied_at"]) == ("CONTACTED", frozen_now, None)


@pytest.mark.parametrize(
    ("changes", "error", "says"),
    [
        ({"lead_id": 999}, NotFoundError, "no lead 999"),
        ({"direction": "SIDEWAYS"}, InputError, "INBOUND, OUTBOUND"),
        ({"channel": " "}, InputError, "by which channel"),
        ({"event_type": ""}, InputError, "what it was"),
        ({"event_at": datetime(2026, 1, 1)}, InputError, "no time zone"),
        ({"event_at": NOW + timedelta(seconds=1)}, InputError, "in the future"),
        ({"summary": "x" * 10_001}, InputError, "limit is 10,000"),
    ],
)
def test_an_event_that_makes_no_sense_changes_nothing(
    sqlite_db: Session, frozen_now: datetime, changes: dict[str, Any], error: type[Exception], says: str
) -> None:
    lead = make.lead(sqlite_db, make.campaign(sqlite_db, make.project(sqlite_db)))
    sqlite_db.commit()
    arguments = {"lead_id": lead.id, "channel": "email", "direction": "INBOUND", "event_type": "reply"} | changes
    with pytest.raises(error, match=says):
        record_contact_event(sqlite_db, **arguments)
    assert sqlite_db.scalar(sa.select(sa.func.count()).select_from(ContactEvent)) == 0
    assert sqlite_db.get_one(Lead, lead.id, populate_existing=True).status == "NEW"


def test_the_audit_log_names_fields_and_no_words_of_the_person(db: Session, campaign: Campaign) -> None:
    lead = make.lead(db, campaign, name="Ada Lovelace", email="ada@example.com")
    db.commit()
    event = record_contact_event(
        db, lead.id, channel="email", direction="INBOUND", event_type="reply", summary="I am Ada, call me"
    )
    [audit] = db.scalars(sa.select(AuditEvent))
    assert (audit.action, audit.entity_id, audit.project_id) == ("lead.contact", lead.id, campaign.project_id)
    assert audit.after == {"contact_event_id": event["id"], "fields": ["status", "last_replied_at"]}
    assert audit.before is None


def test_viewers_read_and_operators_record(db: Session, sessions: sessionmaker[Session], campaign: Campaign) -> None:
    lead = make.lead(db, campaign)
    db.commit()
    with sessions(info={"actor": Actor("Vic", Role.VIEWER)}) as viewer:
        assert count_leads(viewer) == len(list_leads(viewer)) == 1
        assert get_lead(viewer, lead.id)["events"] == []
        with pytest.raises(PermissionDenied, match="operator"):
            record_contact_event(viewer, lead.id, channel="email", direction="INBOUND")
    with sessions(info={"actor": Actor("Olu", Role.OPERATOR)}) as operator:
        record_contact_event(operator, lead.id, channel="email", direction="INBOUND")


def test_an_unknown_lead_may_have_been_erased(sqlite_db: Session) -> None:
    for id_ in (1, 0, "1", None, 2**40):
        with pytest.raises(NotFoundError):
            get_lead(sqlite_db, id_)  # type: ignore[arg-type]

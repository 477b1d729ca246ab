"""Erasing a person leaves nothing in the database that says who they were, and nobody writes to them again."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session, sessionmaker

from tests import factories as make
from workbench.enums import AttemptStatus, Consent, QueueStatus, Role, SuppressionReason
from workbench.errors import InputError, InvalidTransition, NotConfigured, NotFoundError, PermissionDenied
from workbench.models import AuditEvent, Base, Campaign, ContactEvent, Draft, Lead, OutreachAttempt, Suppression
from workbench.operator_services import erase_lead, preview_erasure, record_contact_event, set_consent
from workbench.operator_services.lead_files import import_leads
from workbench.operator_services.suppressions import lift_suppression, list_suppressions
from workbench.services import suppressions
from workbench.services.audit import Actor
from workbench.services.suppressions import address_hash

PERSONAL = ("ada", "lovelace", "countess", "brandenburg")


@pytest.fixture
def campaign(db: Session) -> Campaign:
    made = make.campaign(db, make.project(db))
    db.commit()
    return made


def traces(engine: Engine, words: tuple[str, ...] = PERSONAL) -> list[str]:
    """Every stored value of any table that holds one of the words."""
    found = []
    with engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            for row in connection.execute(sa.select(table)).mappings():
                # The actor of these tests happens to be called Ada; she is not the person erased.
                kept = {name: value for name, value in row.items() if name not in ("actor", "author")}
                found += [f"{table.name}: {kept}" for word in words if word in str(kept).lower()]
    return found


def a_whole_life(db: Session, campaign: Campaign) -> Lead:
    """Ada in two projects, with attempts, events, enrichment, a draft, and an error that quotes her."""
    other = make.campaign(db, make.project(db))
    lead = make.lead(
        db,
        campaign,
        name="Ada Lovelace",
        first_name="Ada",
        email="Ada.Lovelace@example.com",
        email_norm="ada.lovelace@example.com",
        title="Countess",
        enrichment_data={"City": "Brandenburg"},
        tags=["countess"],
        notes="Countess",
    )
    twin = make.lead(db, other, name="A. Lovelace", email="ada.lovelace@example.com")
    item = make.creative(db, db.get_one(make.Project, campaign.project_id), title="Hello")
    row = make.queued(db, item, status=QueueStatus.PARTIAL, last_error="550 <ada.lovelace@example.com> unknown")
    for of, status in ((lead, AttemptStatus.FAILED), (twin, AttemptStatus.SENT)):
        make.attempt(
            db,
            campaign,
            lead_id=of.id,
            address_norm="ada.lovelace@example.com",
            queue_id=row.id,
            content_item_id=item.id if of is lead else None,
            status=status,
            last_error="550 ada.lovelace@example.com unknown",
        )
    db.add(Draft(entity="lead", entity_id=lead.id, actor="Ada", text="Countess, call back", base=1))
    db.commit()
    record_contact_event(db, lead.id, channel="email", direction="INBOUND", event_type="reply", summary="I am Ada")
    record_contact_event(db, twin.id, channel="email", direction="INBOUND", event_type="reply", summary="Ada again")
    set_consent(db, [lead.id], "CONSENTED")
    return lead


def test_nothing_that_names_the_person_remains_in_any_table(db: Session, engine: Engine, campaign: Campaign) -> None:
    lead = a_whole_life(db, campaign)
    bystander = make.lead(db, campaign, name="Grace Hopper", email="grace@example.com")
    record_contact_event(db, bystander.id, channel="email", direction="INBOUND", summary="Hello")
    assert len(traces(engine)) > 8
    erase_lead(db, lead.id, "Asked for it by e-mail")
    assert traces(engine) == []
    assert len(traces(engine, ("grace",))) == 1
    assert db.scalars(sa.select(Lead.id)).all() == [bystander.id]


def test_what_was_sent_stays_as_numbers_about_nobody(db: Session, campaign: Campaign) -> None:
    lead = a_whole_life(db, campaign)
    erase_lead(db, lead.id, "Asked for it")
    attempts = db.scalars(sa.select(OutreachAttempt).order_by(OutreachAttempt.id)).all()
    assert [attempt.status for attempt in attempts] == ["FAILED", "SENT"]
    hashed = address_hash("ada.lovelace@example.com")
    assert {(attempt.lead_id, attempt.address_norm, attempt.last_error) for attempt in attempts} == {
        (None, hashed, None)
    }


def test_the_address_stays_suppressed_by_its_hash_even_after_a_new_import(db: Session, campaign: Campaign) -> None:
    lead = a_whole_life(db, campaign)
    erase_lead(db, lead.id, "Asked for it")
    [row] = list_suppressions(db)
    assert (row["address"], row["reason"], row["source"]) == (None, "operator", "erased")
    assert suppressions.is_suppressed(db, "ada.lovelace@example.com")
    db.rollback()
    result = import_leads(db, campaign.id, "name,email\nAda,Ada.Lovelace@Example.com\n")
    assert (result["imported"], result["rejected"]) == (0, 1)


@pytest.mark.parametrize("also_hashed", [False, True])
def test_an_earlier_suppression_keeps_its_reason_and_loses_the_address(
    db: Session, campaign: Campaign, also_hashed: bool
) -> None:
    lead = make.lead(db, campaign, email="ada@example.com")
    suppressions.suppress(db, "ada@example.com", SuppressionReason.COMPLAINT, "test")
    if also_hashed:
        db.add(Suppression(address_norm=address_hash("ada@example.com"), reason=SuppressionReason.COMPLAINT))
    db.commit()
    erase_lead(db, lead.id, "Asked for it")
    assert [(row["address"], row["reason"]) for row in list_suppressions(db)] == [(None, "complaint")]


def test_the_audit_log_keeps_ids_and_the_reason(db: Session, campaign: Campaign) -> None:
    lead = a_whole_life(db, campaign)
    erase_lead(db, lead.id, "Asked for it by e-mail")
    events = db.scalars(sa.select(AuditEvent).filter_by(action="lead.erase").order_by(AuditEvent.id)).all()
    assert [(event.entity_id, event.reason) for event in events] == [
        (lead.id, "Asked for it by e-mail"),
        (lead.id + 1, "Asked for it by e-mail"),
    ]
    assert len({event.project_id for event in events}) == 2
    assert [event.after for event in events] == [{"asked_for": lead.id, "contact_events": 1}] * 2


def test_what_was_not_sent_yet_is_not_sent(db: Session, campaign: Campaign) -> None:
    lead = make.lead(db, campaign, email="ada@example.com")
    attempt = make.attempt(
        db, campaign, lead_id=lead.id, address_norm="ada@example.com", status=AttemptStatus.PENDING, attempted_at=None
    )
    db.commit()
    erase_lead(db, lead.id, "Asked for it")
    db.refresh(attempt)
    assert (attempt.status, attempt.last_error) == ("SKIPPED", "The person was erased.")


def test_while_a_message_is_being_sent_nothing_is_erased(db: Session, engine: Engine, campaign: Campaign) -> None:
    lead = make.lead(db, campaign, name="Ada Lovelace")
    make.attempt(db, campaign, lead_id=lead.id, status=AttemptStatus.SENDING)
    db.commit()
    before = traces(engine)
    with pytest.raises(InvalidTransition, match="being sent right now"):
        erase_lead(db, lead.id, "Asked for it")
    assert traces(engine) == before != []


def test_a_double_of_the_same_campaign_is_the_same_person(db: Session, engine: Engine, campaign: Campaign) -> None:
    lead = make.lead(db, campaign, name="Ada", email="ada@example.com")
    make.lead(db, campaign, name="Ada", email=" Ada@Example.com ", email_norm=None)
    db.commit()
    erase_lead(db, lead.id, "Asked for it")
    assert traces(engine) == []


def test_a_lead_without_an_address_is_erased_alone(db: Session, engine: Engine, campaign: Campaign) -> None:
    lead = make.lead(db, campaign, name="Ada", email=None)
    broken = make.lead(db, campaign, name="Ada", email="not an address", email_norm=None)
    bystander = make.lead(db, campaign, name="Grace", email=None)
    for of in (lead, broken):
        make.attempt(db, campaign, lead_id=of.id, status=AttemptStatus.SKIPPED)
    db.commit()
    erase_lead(db, lead.id, "Asked for it")
    erase_lead(db, broken.id, "Asked for it")
    assert traces(engine) == []
    assert db.scalars(sa.select(Lead.id)).all() == [bystander.id]
    assert list_suppressions(db) == []


def test_somebody_erased_may_come_back_and_be_erased_again(db: Session, campaign: Campaign) -> None:
    item = make.creative(db, db.get_one(make.Project, campaign.project_id))
    for _ in range(2):
        lead = make.lead(db, campaign, email="ada@example.com", consent_status=Consent.CONSENTED)
        make.attempt(db, campaign, lead_id=lead.id, address_norm="ada@example.com", content_item_id=item.id)
        db.commit()
        erase_lead(db, lead.id, "Asked for it")
        assert lift_suppression(db, "ada@example.com", "Signed up again")
    spelled = db.scalars(sa.select(OutreachAttempt.address_norm).order_by(OutreachAttempt.id)).all()
    assert len(set(spelled)) == 2
    assert all(one and one.startswith(address_hash("ada@example.com")) for one in spelled)


def test_rejected_rows_about_the_person_go_as_well(db: Session, campaign: Campaign) -> None:
    result = import_leads(
        db, campaign.id, f"name,email\nAda,ada@example.com\n{'x' * 301},ADA@example.com\n{'y' * 301},bob@example.com\n"
    )
    assert result["rejected"] == 2
    lead = db.scalars(sa.select(Lead)).one()
    db.rollback()
    erase_lead(db, lead.id, "Asked for it")
    text = Path(result["rejected_file"] or "").read_text().lower()
    assert "bob@example.com" in text
    assert "ada@example.com" not in text


def test_files_that_cannot_be_rewritten_leave_everything_as_it_was(
    db: Session, engine: Engine, campaign: Campaign, tmp_path: Path
) -> None:
    lead = make.lead(db, campaign, name="Ada")
    db.commit()
    (tmp_path / "var" / "rejected" / "a.csv").mkdir(parents=True)
    before = traces(engine)
    with pytest.raises(NotConfigured, match="Nothing was erased"):
        erase_lead(db, lead.id, "Asked for it")
    assert traces(engine) == before


@pytest.mark.parametrize(
    "reason", ["Ada Lovelace asked", "ADA@EXAMPLE.COM wrote", "by ada@example.com", " ", "x" * 501]
)
def test_a_reason_that_names_the_person_is_refused(db: Session, campaign: Campaign, reason: str) -> None:
    lead = make.lead(db, campaign, name="Ada Lovelace", email="ada@example.com")
    db.commit()
    with pytest.raises(InputError):
        erase_lead(db, lead.id, reason)
    assert db.get(Lead, lead.id, populate_existing=True) is not None


def test_only_approvers_erase(db: Session, sessions: sessionmaker[Session], campaign: Campaign) -> None:
    lead = make.lead(db, campaign)
    db.commit()
    with sessions(info={"actor": Actor("Olu", Role.OPERATOR)}) as operator, pytest.raises(PermissionDenied):
        erase_lead(operator, lead.id, "Asked for it")
    with sessions(info={"actor": Actor("Ana", Role.APPROVER)}) as approver:
        erase_lead(approver, lead.id, "Asked for it")
        with pytest.raises(NotFoundError, match="may have been erased"):
            erase_lead(approver, lead.id, "Asked for it")


def test_a_preview_of_an_erasure_counts_what_goes_and_what_stays(db: Session, campaign: Campaign) -> None:
    lead = a_whole_life(db, campaign)
    outlook = preview_erasure(db, lead.id)
    counted = {
        "leads": len(db.scalars(sa.select(Lead.id).where(Lead.email_norm == lead.email_norm)).all()),
        "contact_events": db.scalar(sa.select(sa.func.count()).select_from(ContactEvent)),
        "drafts": db.scalar(sa.select(sa.func.count()).select_from(Draft)),
        "attempts": db.scalar(sa.select(sa.func.count()).where(OutreachAttempt.lead_id.is_not(None))),
    }
    db.rollback()
    assert {name: outlook[name] for name in counted} == counted  # type: ignore[literal-required]
    assert min(counted.values()) > 0
    assert campaign.name in outlook["campaigns"]
    erase_lead(db, lead.id, "They asked for it")
    kept = db.scalar(sa.select(sa.func.count()).select_from(OutreachAttempt))
    db.rollback()
    assert kept == counted["attempts"]
    with pytest.raises(NotFoundError):
        preview_erasure(db, lead.id)

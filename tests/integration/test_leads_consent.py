"""Consent is set lead by lead, taken back with a reason, and undone in one step."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from tests import factories as make
from workbench.enums import Consent, Role, SuppressionReason
from workbench.errors import InputError, PermissionDenied
from workbench.models import AuditEvent, Campaign, Lead
from workbench.operator_services import erase_lead, set_consent
from workbench.operator_services.schedules import undo_batch
from workbench.services import suppressions
from workbench.services.audit import Actor


@pytest.fixture
def campaign(db: Session) -> Campaign:
    made = make.campaign(db, make.project(db))
    db.commit()
    return made


def consents(db: Session, *ids: int) -> list[str]:
    found = [db.get_one(Lead, id_, populate_existing=True).consent_status for id_ in ids]
    db.rollback()
    return found


def test_each_lead_has_its_outcome(db: Session, campaign: Campaign) -> None:
    new = make.lead(db, campaign)
    same = make.lead(db, campaign, consent_status=Consent.CONSENTED)
    refused = make.lead(db, campaign, consent_status=Consent.DNC)
    db.commit()
    result = set_consent(db, [new.id, same.id, refused.id, 999, new.id], "CONSENTED")
    assert [(one["id"], one["ok"], one["status"]) for one in result["outcomes"]] == [
        (new.id, True, "CONSENTED"),
        (same.id, True, "CONSENTED"),
        (refused.id, False, "DNC"),
        (999, False, None),
    ]
    assert (result["done"], result["failed"]) == (2, 2)
    assert "Say why" in (result["outcomes"][2]["reason"] or "")
    assert consents(db, new.id, same.id, refused.id) == ["CONSENTED", "CONSENTED", "DNC"]


def test_do_not_contact_is_taken_back_with_a_reason(db: Session, campaign: Campaign) -> None:
    lead = make.lead(db, campaign, consent_status=Consent.DNC)
    db.commit()
    assert set_consent(db, [lead.id], "CONSENTED", "Signed up again on the web site")["failed"] == 0
    [event] = db.scalars(sa.select(AuditEvent))
    assert (event.entity_id, event.reason) == (lead.id, "Signed up again on the web site")
    assert (event.before, event.after) == ({"consent_status": "DNC"}, {"consent_status": "CONSENTED"})


@pytest.mark.parametrize("reason", ["Ann Example called", "ann@example.com wrote", "asked: ANN@EXAMPLE.COM"])
def test_a_reason_that_names_the_person_is_refused_as_it_would_outlive_them(
    db: Session, campaign: Campaign, reason: str
) -> None:
    lead = make.lead(db, campaign, name="Ann Example", email="ann@example.com")
    db.commit()
    with pytest.raises(InputError, match="must not name the person"):
        set_consent(db, [lead.id], "DNC", reason)
    assert consents(db, lead.id) == ["UNKNOWN"]
    assert db.scalars(sa.select(AuditEvent)).all() == []
    db.rollback()
    assert set_consent(db, [lead.id], "DNC", "Asked by phone")["done"] == 1


def test_repeating_it_is_harmless_and_says_so(db: Session, campaign: Campaign) -> None:
    lead = make.lead(db, campaign)
    db.commit()
    assert set_consent(db, [lead.id], "DNC")["batch_id"]
    again = set_consent(db, [lead.id], "DNC")
    assert (again["batch_id"], again["done"], again["failed"]) == (None, 1, 0)
    assert db.scalar(sa.select(sa.func.count()).select_from(AuditEvent)) == 1


def test_consent_of_a_suppressed_address_is_set_with_a_remark(db: Session, campaign: Campaign) -> None:
    lead = make.lead(db, campaign, email="ada@example.com")
    suppressions.suppress(db, "ada@example.com", SuppressionReason.BOUNCE, "test")
    db.commit()
    [outcome] = set_consent(db, [lead.id], "CONSENTED")["outcomes"]
    assert outcome["ok"]
    assert "suppressed" in (outcome["reason"] or "")


def test_a_call_is_undone_but_for_what_was_changed_since(db: Session, campaign: Campaign) -> None:
    first, second, third = (
        make.lead(db, campaign, consent_status=consent) for consent in (Consent.UNKNOWN, Consent.CONSENTED, Consent.DNC)
    )
    db.commit()
    ids = [first.id, second.id, third.id]
    batch = set_consent(db, ids, "DNC")["batch_id"]
    set_consent(db, [second.id], "UNKNOWN", "Changed their mind")
    assert batch
    result = undo_batch(db, batch)
    assert [(one["id"], one["ok"], one["status"]) for one in result["outcomes"]] == [
        (first.id, True, "UNKNOWN"),
        (second.id, False, None),
    ]
    assert "changed again since" in (result["outcomes"][1]["reason"] or "")
    assert consents(db, *ids) == ["UNKNOWN", "UNKNOWN", "DNC"]


def test_the_consent_of_somebody_erased_is_not_brought_back(db: Session, campaign: Campaign) -> None:
    lead = make.lead(db, campaign)
    db.commit()
    batch = set_consent(db, [lead.id], "DNC")["batch_id"]
    erase_lead(db, lead.id, "Asked for it")
    assert batch
    [outcome] = undo_batch(db, batch)["outcomes"]
    assert (outcome["ok"], outcome["reason"]) == (False, "The lead was erased since.")


def test_what_makes_no_sense_changes_nothing(db: Session, campaign: Campaign) -> None:
    lead = make.lead(db, campaign)
    db.commit()
    with pytest.raises(InputError, match="'maybe' is no consent"):
        set_consent(db, [lead.id], "maybe")
    with pytest.raises(InputError, match="as a list"):
        set_consent(db, "12", "DNC")
    assert consents(db, lead.id) == ["UNKNOWN"]


def test_operators_set_consent_and_viewers_do_not(
    db: Session, sessions: sessionmaker[Session], campaign: Campaign
) -> None:
    lead = make.lead(db, campaign)
    db.commit()
    with sessions(info={"actor": Actor("Vic", Role.VIEWER)}) as viewer, pytest.raises(PermissionDenied):
        set_consent(viewer, [lead.id], "CONSENTED")
    with sessions(info={"actor": Actor("Olu", Role.OPERATOR)}) as operator:
        assert set_consent(operator, [lead.id], "CONSENTED")["done"] == 1

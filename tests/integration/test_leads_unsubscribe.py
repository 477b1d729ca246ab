"""Whoever follows the link in an e-mail gets none any more, from any project; nobody else can make it so."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from tests import factories as make
from workbench.enums import Consent, Role
from workbench.models import AuditEvent, Campaign, ContactEvent, Lead, Suppression, User
from workbench.operator_services import set_consent
from workbench.operator_services.leads import erase_lead, unsubscribe
from workbench.operator_services.suppressions import lift_suppression
from workbench.services import suppressions
from workbench.services.audit import Actor
from workbench.services.unsubscribe import make_token

SECRET = "x" * 32  # that of the settings fixture


@pytest.fixture
def lead(db: Session) -> Lead:
    made = make.lead(db, make.campaign(db, make.project(db)), email="ada@example.com")
    db.commit()
    return made


def token(lead: Lead) -> str:
    assert lead.email_norm
    return make_token(SECRET, lead.id, lead.email_norm)


def everything(db: Session) -> list[object]:
    tables = (Lead, Suppression, ContactEvent, AuditEvent)
    found = [tuple(row) for table in tables for row in db.execute(sa.select(table.__table__))]
    db.rollback()
    return found


def test_the_address_is_suppressed_and_every_lead_with_it_is_dnc(db: Session, lead: Lead) -> None:
    elsewhere = make.lead(db, make.campaign(db, make.project(db)), email="ada@example.com")
    other = make.lead(db, db.get_one(Campaign, lead.campaign_id), email="bob@example.com")
    db.commit()
    assert unsubscribe(db, token(lead)) is True
    db.expire_all()
    assert suppressions.is_suppressed(db, "ada@example.com")
    assert [one.consent_status for one in (lead, elsewhere, other)] == ["DNC", "DNC", "UNKNOWN"]
    [event] = db.scalars(sa.select(ContactEvent))
    assert (event.lead_id, event.direction, event.event_type, event.channel) == (
        lead.id,
        "INBOUND",
        "unsubscribe",
        "email",
    )
    [audit] = db.scalars(sa.select(AuditEvent))
    assert (audit.actor, audit.action, audit.entity_id) == ("recipient", "lead.unsubscribe", lead.id)
    assert audit.after == {"fields": ["consent_status"], "lead_ids": [lead.id, elsewhere.id]}


def test_a_second_time_changes_nothing(db: Session, lead: Lead) -> None:
    assert unsubscribe(db, token(lead))
    before = everything(db)
    assert unsubscribe(db, token(lead))
    assert everything(db) == before


def test_two_clicks_at_once_are_one(db: Session, lead: Lead, sessions: sessionmaker[Session]) -> None:
    link = token(lead)

    def click(_: int) -> bool:
        with sessions() as session:
            return unsubscribe(session, link)

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(click, range(4)))
    assert db.scalar(sa.select(sa.func.count()).select_from(ContactEvent)) == 1
    assert db.scalar(sa.select(sa.func.count()).select_from(Suppression)) == 1


def test_a_link_that_was_not_made_here_changes_nothing(db: Session, lead: Lead) -> None:
    before = everything(db)
    for forged in ("", "x", token(lead)[:-4], make_token("y" * 32, lead.id, "ada@example.com")):
        assert unsubscribe(db, forged) is False
    assert everything(db) == before


def test_the_link_of_somebody_erased_is_harmless(db: Session, lead: Lead) -> None:
    link = token(lead)
    erase_lead(db, lead.id, "Asked for it")
    before = everything(db)
    assert unsubscribe(db, link) is True
    assert everything(db) == before
    assert suppressions.is_suppressed(db, "ada@example.com")


def test_a_link_never_speaks_for_whoever_got_the_id_later(db: Session, lead: Lead) -> None:
    link, id_, campaign_id = token(lead), lead.id, lead.campaign_id
    erase_lead(db, id_, "Asked for it")
    db.expunge_all()
    make.lead(db, db.get_one(Campaign, campaign_id), id=id_, email="bob@example.com")
    db.commit()
    assert unsubscribe(db, link) is True
    assert db.get_one(Lead, id_, populate_existing=True).consent_status == "UNKNOWN"
    assert not suppressions.is_suppressed(db, "bob@example.com")


def test_the_link_of_a_test_message_works_and_stops_nothing(db: Session, lead: Lead) -> None:
    before = everything(db)
    assert unsubscribe(db, make_token(SECRET, 0, "ada@example.com")) is True
    assert everything(db) == before


def test_nobody_needs_to_be_signed_in(db: Session, lead: Lead, sessions: sessionmaker[Session]) -> None:
    db.add(User(name="Maya", role=Role.ADMIN, hash="x"))
    db.commit()
    with sessions(info={"actor": None}) as stranger:
        assert unsubscribe(stranger, token(lead)) is True


def test_it_holds_again_after_it_was_lifted(db: Session, lead: Lead) -> None:
    assert unsubscribe(db, token(lead))
    assert lift_suppression(db, "ada@example.com", "Signed up again")
    assert set_consent(db, [lead.id], Consent.CONSENTED, "Signed up again")["failed"] == 0
    assert unsubscribe(db, token(lead))
    assert db.get_one(Lead, lead.id, populate_existing=True).consent_status == "DNC"
    assert suppressions.is_suppressed(db, "ada@example.com")


def test_the_key_file_is_made_when_the_settings_name_none(
    db: Session, lead: Lead, sessions: sessionmaker[Session]
) -> None:
    from workbench.operator_services._edge import build_runtime, runtime_of
    from workbench.secret import secret_key

    settings = runtime_of(db).settings.model_copy(update={"secret_key": None})
    link = make_token(secret_key(settings), lead.id, "ada@example.com")
    with sessions(info={"runtime": build_runtime(settings), "actor": Actor("x", Role.VIEWER)}) as session:
        assert unsubscribe(session, link) is True
        assert unsubscribe(session, token(lead)) is False

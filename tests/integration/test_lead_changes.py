"""Many leads are changed in one step, each is answered for, and one undo takes it back."""

from __future__ import annotations

import csv
import io
from collections import Counter

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from tests import factories as make
from tests import injections
from workbench.enums import Consent, LeadStatus, Role
from workbench.errors import Cancelled, InputError, InvalidTransition, NotFoundError, PermissionDenied, StoppedHalfway
from workbench.models import AuditEvent, Campaign, Lead
from workbench.operator_services import (
    change_leads,
    export_leads,
    import_leads,
    lead_decisions,
    preview_lead_changes,
    set_consent,
    undo_batch,
)
from workbench.services import lead_export, undo
from workbench.services.audit import Actor


@pytest.fixture
def campaign(db: Session) -> Campaign:
    made = make.campaign(db, make.project(db))
    db.commit()
    return made


def seen(db: Session, lead_id: int) -> tuple[str, list[str] | None, int]:
    lead = db.get_one(Lead, lead_id, populate_existing=True)
    found = (lead.status, lead.tags, lead.campaign_id)
    db.rollback()
    return found


def test_status_and_tags_change_together_and_one_undo_takes_them_back(db: Session, campaign: Campaign) -> None:
    ada, bob = make.lead(db, campaign, tags=["old"]).id, make.lead(db, campaign, status=LeadStatus.QUALIFIED).id
    db.commit()
    before = seen(db, ada), seen(db, bob)
    to = {"status": "QUALIFIED", "add_tags": ["vip", "vip", " hot "], "remove_tags": ["old"]}
    expected = {"changing": 2, "unchanged": 0, "refused": 1}
    preview = preview_lead_changes(db, [ada, bob, 999], **to)
    assert {name: preview[name] for name in expected} == expected  # type: ignore[literal-required]
    assert preview["reasons"] == [{"reason": "There is no lead 999. It may have been erased.", "count": 1}]
    assert (seen(db, ada), seen(db, bob)) == before
    result = change_leads(db, [ada, bob, ada, 999, "1"], **to)
    assert (result["done"], result["failed"]) == (2, 2)
    assert [one["ok"] for one in result["outcomes"]] == [True, True, False, False]
    assert seen(db, ada) == ("QUALIFIED", ["vip", "hot"], campaign.id)
    again = change_leads(db, [ada, bob], **to)
    assert (again["done"], again["batch_id"]) == (2, None)
    assert undo_batch(db, result["batch_id"])["failed"] == 0
    assert seen(db, ada) == before[0]
    assert seen(db, bob)[0] == "QUALIFIED"
    assert not seen(db, bob)[1]


def test_what_was_changed_again_since_is_not_taken_back(db: Session, campaign: Campaign) -> None:
    ada, bob = make.lead(db, campaign).id, make.lead(db, campaign).id
    db.commit()
    first = change_leads(db, [ada, bob], status="LOST")
    change_leads(db, [bob], status="ROUTED")
    undone = undo_batch(db, first["batch_id"])
    assert [(one["id"], one["ok"]) for one in undone["outcomes"]] == [(ada, True), (bob, False)]
    assert (seen(db, ada)[0], seen(db, bob)[0]) == ("NEW", "ROUTED")


def test_a_lead_moves_within_its_project_and_not_onto_its_own_address(db: Session, campaign: Campaign) -> None:
    target = make.campaign(db, db.get_one(make.Project, campaign.project_id))
    foreign = make.campaign(db, make.project(db))
    make.lead(db, target, email="ada@example.com")
    ada, bob = make.lead(db, campaign, email="ada@example.com").id, make.lead(db, campaign, email="bob@example.com").id
    stranger = make.lead(db, foreign, email="eve@example.com").id
    db.commit()
    result = change_leads(db, [ada, bob, stranger], campaign_id=target.id)
    assert [one["ok"] for one in result["outcomes"]] == [False, True, False]
    assert "this address already" in (result["outcomes"][0]["reason"] or "")
    assert "another project" in (result["outcomes"][2]["reason"] or "")
    assert [seen(db, one)[2] for one in (ada, bob, stranger)] == [campaign.id, target.id, foreign.id]
    make.lead(db, campaign, email="bob@example.com")
    db.commit()
    assert undo_batch(db, result["batch_id"])["failed"] == 1
    assert seen(db, bob)[2] == target.id


def test_what_stays_for_good_names_nobody(db: Session, campaign: Campaign) -> None:
    ada = make.lead(db, campaign, name="Ada Lovelace", email="ada@example.com").id
    db.commit()
    for words in ({"add_tags": ["met Ada Lovelace"]}, {"status": "LOST", "reason": "ada@example.com bounced"}):
        with pytest.raises(InputError, match="must not name the person"):
            change_leads(db, [ada], **words)
    assert db.scalar(sa.select(sa.func.count()).select_from(AuditEvent)) == 0


@pytest.mark.parametrize("wrong", [{}, {"status": "KEEN"}, {"add_tags": "vip"}, {"add_tags": ["x" * 61]}])
def test_a_change_that_makes_no_sense_is_refused(db: Session, campaign: Campaign, wrong: dict[str, object]) -> None:
    ada = make.lead(db, campaign).id
    db.commit()
    with pytest.raises(InputError):
        change_leads(db, [ada], **wrong)  # type: ignore[arg-type]
    with pytest.raises(NotFoundError):
        change_leads(db, [ada], campaign_id=999)


def test_the_preview_of_consent_is_what_then_happens(db: Session, campaign: Campaign) -> None:
    states = (Consent.UNKNOWN, Consent.CONSENTED, Consent.DNC)
    ids = [make.lead(db, campaign, consent_status=state).id for state in states]
    db.commit()
    for to in states:
        for reason in (None, "They asked again"):
            preview = preview_lead_changes(db, ids, consent=to.value, reason=reason)
            result = set_consent(db, ids, to.value, reason)
            assert preview["refused"] == result["failed"]
            changed = db.scalars(sa.select(AuditEvent).where(AuditEvent.batch_id == (result["batch_id"] or ""))).all()
            assert preview["changing"] == len(changed)
            if result["batch_id"]:
                undo_batch(db, result["batch_id"])


def test_what_is_no_id_is_answered_beside_the_others(db: Session, campaign: Campaign) -> None:
    ada = make.lead(db, campaign).id
    db.commit()
    result = set_consent(db, [ada, True, "x", 0], "DNC")  # type: ignore[list-item]
    assert [one["ok"] for one in result["outcomes"]] == [True, False, False, False]
    assert "an id is a whole number" in (result["outcomes"][1]["reason"] or "")


def test_an_export_is_a_file_no_spreadsheet_runs_and_is_noted(
    db: Session, sessions: sessionmaker[Session], campaign: Campaign
) -> None:
    ada = make.lead(db, campaign, name="=HYPERLINK(1)", email="ada@example.com", tags=["vip", "x"])
    make.lead(db, campaign, email="bob@example.com", consent_status=Consent.DNC)
    make.lead(db, make.campaign(db, make.project(db)), email="eve@example.com")
    db.commit()
    out = io.StringIO()
    assert export_leads(db, None, out, project_id=campaign.project_id) == 2
    first, second = csv.DictReader(io.StringIO(out.getvalue()))
    assert (first["Name"], first["Email"], first["Tags"]) == ("'=HYPERLINK(1)", "ada@example.com", "vip, x")
    assert second["Consent status"] == "DNC"
    chosen = io.StringIO()
    assert export_leads(db, [ada.id], chosen) == 1
    assert export_leads(db, None, io.StringIO()) == 3
    events = db.scalars(sa.select(AuditEvent).order_by(AuditEvent.id)).all()
    assert [(event.action, event.after) for event in events] == [("leads.export", {"rows": n}) for n in (2, 1, 3)]
    with sessions(info={"actor": Actor("Vic", Role.VIEWER)}) as viewer, pytest.raises(PermissionDenied):
        export_leads(viewer, None, io.StringIO())


def test_an_export_that_is_imported_again_changes_nothing_and_elsewhere_gives_the_same_people(
    db: Session, campaign: Campaign
) -> None:
    texts = [text.strip() for text in injections.payloads() if text.isprintable() and len(text) <= 300]
    for number, text in enumerate([*texts, "'t Hooft", "''"]):
        make.lead(
            db, campaign, name=text, first_name=text[:150], title=text, company=text, tags=[text],
            email=f"{number}@example.com", consent_status=Consent.CONSENTED,
        )  # fmt: skip
    other = make.campaign(db, make.project(db))
    db.commit()
    file = io.StringIO(newline="")
    people = export_leads(db, None, file)
    again = import_leads(db, campaign.id, file.getvalue())
    assert (again["rows"], again["unchanged"]) == (people, people)
    elsewhere = import_leads(db, other.id, file.getvalue())
    assert (elsewhere["rows"], elsewhere["imported"]) == (people, people)
    columns = (Lead.email, Lead.name, Lead.first_name, Lead.title, Lead.company, Lead.consent_status)
    query = sa.select(*columns, Lead.enrichment_data).order_by(Lead.email_norm)
    was, became = ([*db.execute(query.where(Lead.campaign_id == one.id))] for one in (campaign, other))
    assert was == became


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lead_decisions, "PART", 2)
    monkeypatch.setattr(undo, "PART", 2)


@pytest.fixture
def many(db: Session, campaign: Campaign) -> list[int]:
    """Seven leads, the fourth of whom must not be contacted."""
    ids = [make.lead(db, campaign, consent_status=Consent.DNC if at == 3 else Consent.UNKNOWN).id for at in range(7)]
    db.commit()
    return ids


def consents(db: Session) -> list[str]:
    found = list(db.scalars(sa.select(Lead.consent_status).order_by(Lead.id)))
    db.rollback()
    return found


@pytest.mark.usefixtures("small_parts")
def test_more_than_one_part_is_changed_part_by_part_each_refusal_named_and_one_undo_takes_all_back(
    db: Session, many: list[int]
) -> None:
    preview = preview_lead_changes(db, [*many, 999], consent="CONSENTED")
    assert [preview[name] for name in ("changing", "unchanged", "refused")] == [6, 0, 2]  # type: ignore[literal-required]
    told: list[tuple[int, int]] = []
    result = set_consent(db, [*many, 999], "CONSENTED", progress=lambda done, total: told.append((done, total)))
    assert told == [(2, 8), (4, 8), (6, 8), (8, 8)]
    assert (result["done"], result["failed"], result["total"], result["cancelled"]) == (6, 2, 8, False)
    assert [one["id"] for one in result["outcomes"]] == [many[3], 999], "only the refused ones are named"
    assert Counter(consents(db)) == {"CONSENTED": 6, "DNC": 1}
    back = undo_batch(db, result["batch_id"] or "", progress=lambda done, total: told.append((done, total)))
    assert told[4:] == [(2, 6), (4, 6), (6, 6)]
    assert (back["done"], back["failed"]) == (6, 0)
    assert Counter(consents(db)) == {"UNKNOWN": 6, "DNC": 1}
    with pytest.raises(InvalidTransition, match="undone already"):
        undo_batch(db, result["batch_id"] or "")


@pytest.mark.usefixtures("small_parts")
def test_a_change_and_an_undo_that_are_cancelled_leave_what_is_done_and_the_undo_goes_on_where_it_was(
    db: Session, many: list[int]
) -> None:
    result = change_leads(db, many, add_tags=["vip"], cancelled=lambda: True)
    assert (result["done"], result["total"], result["cancelled"]) == (2, 7, True)
    done: list[int] = []
    result = change_leads(
        db, many, status="LOST", progress=lambda so_far, _: done.append(so_far), cancelled=lambda: done[-1] > 4
    )
    assert (result["done"], result["cancelled"]) == (6, True)
    assert [seen(db, lead_id)[0] for lead_id in many] == ["LOST"] * 6 + ["NEW"]
    batch = result["batch_id"] or ""
    first = undo_batch(db, batch, cancelled=lambda: True)
    assert (first["done"], first["total"], first["cancelled"]) == (2, 6, True)
    change_leads(db, many[2:3], status="ROUTED")
    rest = undo_batch(db, batch)
    assert (rest["done"], [one["id"] for one in rest["outcomes"]]) == (3, many[2:3])
    assert [seen(db, lead_id)[0] for lead_id in many] == ["NEW", "NEW", "ROUTED", "NEW", "NEW", "NEW", "NEW"]


def test_an_export_tells_how_far_it_is_and_is_cancelled(
    db: Session, many: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lead_export, "_CHUNK", 2)
    for which in (many, None):
        told: list[tuple[int, int]] = []
        export_leads(db, which, io.StringIO(), progress=lambda done, total, told=told: told.append((done, total)))  # type: ignore[misc]
        assert told == [(2, 7), (4, 7), (6, 7)]
    with pytest.raises(Cancelled):
        export_leads(db, many, io.StringIO(), cancelled=lambda: True)


@pytest.mark.usefixtures("small_parts")
def test_what_is_done_before_a_part_fails_is_told_and_can_be_taken_back(db: Session, many: list[int]) -> None:
    db.get_one(Lead, many[4]).name = "Ada Lovelace"
    db.commit()
    with pytest.raises(StoppedHalfway, match=r"after 4 of 7 leads.*must not name the person") as stopped:
        change_leads(db, many, status="LOST", reason="Ada Lovelace asked")
    assert stopped.value.done == 4
    assert [seen(db, lead_id)[0] for lead_id in many] == ["LOST"] * 4 + ["NEW"] * 3
    assert undo_batch(db, stopped.value.batch_id or "")["done"] == 4
    assert {seen(db, lead_id)[0] for lead_id in many} == {"NEW"}

"""A file of leads comes in whole, or says how far it came, and every row of it is accounted for."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session, sessionmaker

from tests import factories as make
from tests.conftest import NOW
from workbench import clock
from workbench.enums import Consent, Role
from workbench.errors import (
    DatabaseFull,
    ImportStopped,
    LeadFileInvalid,
    NotConfigured,
    NotFoundError,
    PermissionDenied,
)
from workbench.models import AuditEvent, Campaign, Lead, Suppression
from workbench.operator_services.lead_files import LEAD_FIELDS, import_leads, preview_leads
from workbench.operator_services.types import ImportResult
from workbench.services import lead_import, suppressions
from workbench.services.audit import Actor

DATA = Path(__file__).parents[1] / "data"


@pytest.fixture
def campaign(db: Session) -> Campaign:
    made = make.campaign(db, make.project(db))
    db.commit()
    return made


def stored(db: Session, campaign: Campaign) -> dict[str, Lead]:
    db.expire_all()
    found = {lead.email_norm or "": lead for lead in db.scalars(sa.select(Lead).filter_by(campaign_id=campaign.id))}
    db.rollback()
    return found


def counts(result: ImportResult) -> dict[str, int]:
    names = ("rows", "imported", "merged", "unchanged", "rejected")
    return {name: result[name] for name in names if result[name]}  # type: ignore[literal-required]


def told(result: ImportResult) -> list[tuple[int, str]]:
    return [(one["row"], one["outcome"]) for one in result["outcomes"]]


def rejected(result: ImportResult) -> list[list[str]]:
    assert result["rejected_file"]
    with Path(result["rejected_file"]).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def everything(db: Session) -> dict[str, list[Any]]:
    """Every row of every table but the audit log."""
    tables = (Lead.__table__, Campaign.__table__, Suppression.__table__)
    found = {str(table): db.execute(sa.select(table).order_by(table.c.id)).all() for table in tables}
    db.rollback()
    return found


@pytest.mark.parametrize(
    ("name", "origin", "expected"),
    [
        ("apollo.csv", "apollo", {"rows": 8, "imported": 8}),
        ("plain.csv", "plain", {"rows": 3, "imported": 3}),
        ("linkedin.csv", "linkedin", {"rows": 3, "imported": 2, "rejected": 1}),
        ("hubspot.csv", "hubspot", {"rows": 3, "imported": 3}),
        ("plain_semicolon_cp1252.csv", "plain", {"rows": 2, "imported": 2}),
    ],
)
def test_files_as_their_programs_write_them_come_in(
    db: Session, campaign: Campaign, name: str, origin: str, expected: dict[str, int]
) -> None:
    preview = preview_leads(db, DATA / name)
    assert preview["origin"] == origin
    assert preview["rows"] == expected["rows"]
    assert counts(import_leads(db, campaign.id, DATA / name)) == expected
    again = import_leads(db, campaign.id, DATA / name)
    assert again["unchanged"] == expected["imported"]
    assert again["imported"] == again["merged"] == 0


def test_an_apollo_lead_has_every_cell_in_its_place(db: Session, campaign: Campaign) -> None:
    import_leads(db, campaign.id, DATA / "apollo.csv")
    lead = stored(db, campaign)["zoe.mueller@example.com"]
    assert (lead.name, lead.first_name, lead.title, lead.company) == ("Zoë Müller", "Zoë", "COO", "Brücken Spedition")
    assert (lead.source, lead.status, lead.consent_status) == ("apollo", "NEW", "UNKNOWN")
    assert lead.linkedin_url == "http://www.linkedin.com/in/zoe-example"
    assert lead.enrichment_data == {
        "Company Name for Emails": "Brücken",
        "Email Status": "Verified",
        "Seniority": "c_suite",
        "Departments": "Operations",
        "# Employees": "250",
        "Industry": "logistics & supply chain",
        "Website": "https://www.example.com",
        "Company Linkedin Url": "http://www.linkedin.com/company/example",
        "City": "Hamburg",
        "State": "Hamburg",
        "Country": "Germany",
        "Annual Revenue": "5000000",
        "Technologies": "SAP, Salesforce, Microsoft Excel",
    }


def test_somebody_who_unsubscribed_in_hubspot_is_not_contacted(db: Session, campaign: Campaign) -> None:
    import_leads(db, campaign.id, DATA / "hubspot.csv")
    assert {lead.email_norm: lead.consent_status for lead in stored(db, campaign).values()} == {
        "ada.lovelace@example.com": "UNKNOWN",
        "emmy.noether@example.com": "DNC",
        "sofia.kovalevskaya@example.com": "UNKNOWN",
    }


def test_bytes_text_and_path_are_the_same_file(db: Session, campaign: Campaign) -> None:
    path = DATA / "plain.csv"
    assert counts(import_leads(db, campaign.id, path)) == {"rows": 3, "imported": 3}
    for data in (path.read_bytes(), path.read_text()):
        assert counts(import_leads(db, campaign.id, data)) == {"rows": 3, "unchanged": 3}


def test_every_row_is_accounted_for(db: Session, campaign: Campaign) -> None:
    make.lead(db, campaign, email="known@example.com", company=None, name="Known", first_name="K")
    make.lead(db, campaign, email="same@example.com", company="Same", name="Same Again", first_name="Same")
    db.commit()
    result = import_leads(
        db,
        campaign.id,
        "name,email,company\n"
        "New One,new@example.com,Acme\n"
        "Other Name,Known@example.com,Filled\n"
        "Same Again,same@example.com,Same\n"
        "No Address,,Acme\n"
        "\n"
        "Bad,not an address,Acme\n"
        "New One,NEW@example.com,\n"
        "Too,many@example.com,Acme,cells\n",
    )
    assert told(result) == [
        (2, "imported"),
        (3, "merged"),
        (4, "unchanged"),
        (5, "rejected"),
        (7, "rejected"),
        (8, "merged"),
        (9, "rejected"),
    ]
    assert counts(result) == {"rows": 7, "imported": 1, "merged": 2, "unchanged": 1, "rejected": 3}
    reasons = {one["row"]: one["reason"] for one in result["outcomes"]}
    assert reasons[3] == "Known already: filled in company."
    assert reasons[8] == "The same address as an earlier row: it adds nothing."
    leads = stored(db, campaign)
    assert set(leads) == {"new@example.com", "known@example.com", "same@example.com"}
    assert (leads["known@example.com"].name, leads["known@example.com"].company) == ("Known", "Filled")
    header, *rows = rejected(result)
    assert header == ["rejected_row", "rejected_reason", "name", "email", "company"]
    assert [row[0] for row in rows] == ["5", "7", "9"]
    assert rows[2][2:] == ["Too", "many@example.com", "Acme", "cells"]


def test_the_rejected_file_can_be_mended_and_imported_again(db: Session, campaign: Campaign, tmp_path: Path) -> None:
    first = import_leads(db, campaign.id, "name,email,phone\n=Ada,ada(at)example.com,+49 40 1\nBob,bob@example.com,\n")
    header, row = rejected(first)
    assert row[2:] == ["'=Ada", "ada(at)example.com", "'+49 40 1"]
    mended = io.StringIO()
    csv.writer(mended).writerows([header, [*row[:3], "ada@example.com", *row[4:]]])
    second = import_leads(db, campaign.id, mended.getvalue())
    assert counts(second) == {"rows": 1, "imported": 1}
    ada = stored(db, campaign)["ada@example.com"]
    assert (ada.name, ada.enrichment_data) == ("=Ada", {"phone": "+49 40 1"})


def test_importing_twice_changes_nothing(db: Session, campaign: Campaign) -> None:
    text = (
        "name,email,company,title,LinkedIn,City,Consent\n"
        "Ada Lovelace,ada@example.com,,COO,n/a,London,yes\n"
        "Ada Lovelace,ADA@example.com,Analytical,CTO,,Paris,no\n"
        "Bob,bob@example.com,X,,linkedin.com/in/bob,,\n"
        "Eve,,X,,,,\n"
    )
    with clock.frozen(NOW):
        first = import_leads(db, campaign.id, text)
    before = everything(db)
    with clock.frozen(NOW + timedelta(days=1)):
        second = import_leads(db, campaign.id, text)
    assert everything(db) == before
    assert told(first) == [(2, "imported"), (3, "merged"), (4, "imported"), (5, "rejected")]
    assert told(second) == [(2, "unchanged"), (3, "unchanged"), (4, "unchanged"), (5, "rejected")]
    events = db.scalars(sa.select(AuditEvent)).all()
    assert [event.action for event in events] == ["leads.import", "leads.import"]
    assert {lead.updated_at for lead in stored(db, campaign).values()} == {NOW}


def test_the_same_moment_does_not_make_an_old_lead_a_new_one(db: Session, campaign: Campaign) -> None:
    with clock.frozen(NOW):
        import_leads(db, campaign.id, DATA / "plain.csv")
        assert counts(import_leads(db, campaign.id, DATA / "plain.csv")) == {"rows": 3, "unchanged": 3}


def test_a_merge_fills_what_is_missing_and_tells_when(db: Session, campaign: Campaign) -> None:
    with clock.frozen(NOW):
        import_leads(db, campaign.id, "email,name,City\nada@example.com,Ada Lovelace,London\nbob@example.com,Bob,\n")
    later = NOW + timedelta(hours=1)
    with clock.frozen(later):
        result = import_leads(
            db,
            campaign.id,
            "email,name,company,City,State\nada@example.com,Other,Analytical,Paris,UK\nbob@example.com,Bob,,,\n",
        )
    assert told(result) == [(2, "merged"), (3, "unchanged")]
    leads = stored(db, campaign)
    ada = leads["ada@example.com"]
    assert (ada.name, ada.company) == ("Ada Lovelace", "Analytical")
    assert ada.enrichment_data == {"City": "London", "State": "UK"}
    assert (ada.created_at, ada.updated_at) == (NOW, later)
    assert leads["bob@example.com"].updated_at == NOW


@pytest.mark.parametrize(
    ("has", "file", "becomes", "outcome"),
    [
        ("DNC", "yes", "DNC", "unchanged"),
        ("DNC", "", "DNC", "unchanged"),
        ("CONSENTED", "", "CONSENTED", "unchanged"),
        ("CONSENTED", "DNC", "DNC", "merged"),
        ("UNKNOWN", "yes", "CONSENTED", "merged"),
        ("UNKNOWN", "DNC", "DNC", "merged"),
    ],
)
def test_an_import_never_weakens_consent(
    db: Session, campaign: Campaign, has: str, file: str, becomes: str, outcome: str
) -> None:
    make.lead(db, campaign, email="ada@example.com", consent_status=Consent(has))
    db.commit()
    result = import_leads(db, campaign.id, f"email,consent\nada@example.com,{file}\n")
    assert told(result) == [(2, outcome)]
    assert stored(db, campaign)["ada@example.com"].consent_status == becomes


def test_a_lead_belongs_to_its_campaign(db: Session, campaign: Campaign) -> None:
    other = make.campaign(db, make.project(db))
    make.lead(db, other, email="ada@example.com", name="Somebody's lead", company=None)
    db.commit()
    assert counts(import_leads(db, campaign.id, "email,company\nada@example.com,Mine\n")) == {"rows": 1, "imported": 1}
    assert stored(db, other)["ada@example.com"].company is None


def test_somebody_who_was_erased_does_not_come_back_by_an_old_list(db: Session, campaign: Campaign) -> None:
    suppressions.forget_address(db, "ada@example.com", "erased")
    db.commit()
    result = import_leads(db, campaign.id, "email\nADA@example.com\nbob@example.com\n")
    assert told(result) == [(2, "rejected"), (3, "imported")]
    assert "erased on request" in (result["outcomes"][0]["reason"] or "")


def test_a_suppressed_address_is_imported_and_stays_suppressed(db: Session, campaign: Campaign) -> None:
    suppressions.suppress(db, "ada@example.com", suppressions.SuppressionReason.BOUNCE, "test")
    db.commit()
    assert told(import_leads(db, campaign.id, "email\nada@example.com\n")) == [(2, "imported")]
    assert suppressions.is_suppressed(db, "ada@example.com")


def test_columns_are_as_the_person_chose(db: Session, campaign: Campaign) -> None:
    text = "Kontakt,Firma,Email\nada@example.com,Analytical,old@example.com\n"
    columns = {"Kontakt": "email", "Firma": "company"}
    assert set(columns.values()) <= set(LEAD_FIELDS)
    import_leads(db, campaign.id, text, columns=columns)
    [ada] = stored(db, campaign).values()
    assert (ada.email, ada.company, ada.enrichment_data) == (
        "ada@example.com",
        "Analytical",
        {"Email": "old@example.com"},
    )


def test_a_preview_shows_what_would_be_imported_and_changes_nothing(db: Session, campaign: Campaign) -> None:
    before = everything(db)
    preview = preview_leads(db, DATA / "plain_semicolon_cp1252.csv")
    assert everything(db) == before
    assert preview == {
        "encoding": "cp1252",
        "separator": "semicolon",
        "rows": 2,
        "columns": {"Name": "name", "E-Mail": "email", "Company": "company"},
        "sample": [
            {"Name": "Zoë Müller", "E-Mail": "zoe.mueller@example.com", "Company": "Brücken & Söhne"},
            {"Name": "José Muñoz", "E-Mail": "jose.munoz@example.com", "Company": "Café Ñandú"},
        ],
        "origin": "plain",
    }


def test_a_preview_finds_what_would_fail_half_way_and_shows_a_file_without_addresses(db: Session) -> None:
    with pytest.raises(LeadFileInvalid, match="never closes"):
        preview_leads(db, 'name,email\n"Ada,a@example.com\n')
    assert preview_leads(db, "Kontakt,Firma\na@example.org,X\n".replace("a@example.org", "a"))["columns"] == {
        "Kontakt": None,
        "Firma": None,
    }


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Ada,ada@example.com\n",
        "name,company\nAda,X\n",
        "email,Email\na@example.com,b@example.com\n",
        "email\na@example.com\n" + '"b@example.com\n' + "x\n" * 5_000,
        "email,name\n" + "".join(f"a{n}@example.com,A\n" for n in range(5_000)) + "b@example.com," + "x" * 10_000_000,
    ],
    ids=["empty", "no header", "no address", "duplicate", "open quote", "10 MB cell after two chunks"],
)
def test_a_bad_file_leaves_everything_as_it_was(db: Session, campaign: Campaign, tmp_path: Path, text: str) -> None:
    before = everything(db)
    with pytest.raises(LeadFileInvalid):
        import_leads(db, campaign.id, text)
    assert everything(db) == before
    assert db.scalar(sa.select(sa.func.count()).select_from(AuditEvent)) == 0
    assert not [path for path in (tmp_path / "var").rglob("*") if path.is_file()]


def test_rejected_rows_that_cannot_be_written_stop_the_import(db: Session, campaign: Campaign, tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "rejected").write_text("in the way")
    before = everything(db)
    with pytest.raises(NotConfigured, match="Nothing was imported"):
        import_leads(db, campaign.id, "email\nada@example.com\nbad\n")
    assert everything(db) == before


def test_a_database_that_cannot_grow_keeps_what_is_in_and_says_how_far_that_is(
    sqlite_db: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lead_import, "CHUNK", 100)
    campaign = make.campaign(sqlite_db, make.project(sqlite_db))
    sqlite_db.commit()
    pages = sqlite_db.connection().exec_driver_sql("PRAGMA page_count").scalar_one()
    sqlite_db.connection().exec_driver_sql(f"PRAGMA max_page_count={pages + 20}")
    text = "email\nbad\n" + "".join(f"a{number}@example.com\n" for number in range(2_000))
    with pytest.raises(ImportStopped, match=r"of 2,001 rows.* import the file again .*make room") as stopped:
        import_leads(sqlite_db, campaign.id, text)
    in_ = stopped.value.done
    assert in_ % 100 == 0
    assert 0 < in_ < 2_001
    assert set(stored(sqlite_db, campaign)) == {f"a{number}@example.com" for number in range(in_ - 1)}
    assert not [path for path in (tmp_path / "var").rglob("*") if path.is_file()]
    sqlite_db.connection().exec_driver_sql("PRAGMA max_page_count=1000000")
    sqlite_db.rollback()
    rest = import_leads(sqlite_db, campaign.id, text)
    assert counts(rest) == {"rows": 2_001, "imported": 2_001 - in_, "unchanged": in_ - 1, "rejected": 1}


def test_a_database_that_is_full_from_the_start_is_as_it_was(sqlite_db: Session, tmp_path: Path) -> None:
    campaign = make.campaign(sqlite_db, make.project(sqlite_db))
    sqlite_db.commit()
    pages = sqlite_db.connection().exec_driver_sql("PRAGMA page_count").scalar_one()
    sqlite_db.connection().exec_driver_sql(f"PRAGMA max_page_count={pages + 20}")
    before = everything(sqlite_db)
    text = "email\nbad\n" + "".join(f"a{number}@example.com\n" for number in range(4_000))
    with pytest.raises(DatabaseFull, match="Nothing was changed; make room"):
        import_leads(sqlite_db, campaign.id, text)
    assert everything(sqlite_db) == before
    assert not [path for path in (tmp_path / "var").rglob("*") if path.is_file()]


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lead_import, "CHUNK", 10)


@pytest.mark.usefixtures("small_chunks")
def test_an_import_that_is_cancelled_says_exactly_what_stands_and_goes_on_when_repeated(
    db: Session, campaign: Campaign
) -> None:
    text = "email\nbad\n" + "".join(f"a{number}@example.com\n" for number in range(34))
    done: list[int] = []
    stopped = import_leads(
        db, campaign.id, text, progress=lambda rows, _: done.append(rows), cancelled=lambda: done[-1] == 20
    )
    assert stopped["cancelled"]
    assert (stopped["rows"], stopped["total"], stopped["imported"], stopped["rejected"]) == (20, 35, 19, 1)
    assert set(stored(db, campaign)) == {f"a{number}@example.com" for number in range(19)}
    assert len(rejected(stopped)) == 2
    rest = import_leads(db, campaign.id, text, cancelled=lambda: False)
    assert not rest["cancelled"]
    assert counts(rest) == {"rows": 35, "imported": 15, "unchanged": 19, "rejected": 1}
    events = db.scalars(sa.select(AuditEvent).order_by(AuditEvent.id)).all()
    assert [(event.action, (event.after or {}).get("rows")) for event in events] == [
        ("leads.import_begin", 35),
        ("leads.import_cancel", 20),
        ("leads.import_begin", 35),
        ("leads.import", None),
    ]
    assert [event.batch_id == events[0].batch_id for event in events] == [True, True, False, False]


@pytest.mark.usefixtures("small_chunks")
def test_others_write_while_a_file_is_imported(
    db: Session, sessions: sessionmaker[Session], campaign: Campaign
) -> None:
    made: list[int] = []

    def somebody_else(_done: int, _about: int | None) -> None:
        with sessions() as other:
            if other.get_bind().dialect.name == "sqlite":
                other.connection().exec_driver_sql("PRAGMA busy_timeout=0")
                other.rollback()
            made.append(make.project(other).id)
            other.commit()

    text = "email\n" + "".join(f"a{number}@example.com\n" for number in range(35))
    assert import_leads(db, campaign.id, text, progress=somebody_else)["imported"] == 35
    assert len(made) == 4


@pytest.mark.usefixtures("small_chunks")
def test_a_file_of_the_same_people_in_two_chunks_tells_them_from_those_known_before(
    db: Session, campaign: Campaign
) -> None:
    make.lead(db, campaign, email="a0@example.com", name="Known", first_name="K", company="C", title="T")
    db.commit()
    names = [f"a{number}" for number in range(15)]
    result = import_leads(db, campaign.id, "email\n" + "".join(f"{name}@example.com\n" for name in names * 2))
    assert counts(result) == {"rows": 30, "imported": 14, "merged": 14, "unchanged": 2}


def test_an_unknown_campaign_is_said_before_the_file_is_read(db: Session) -> None:
    for id_ in (999, 0, -1, "1", True, None, 2**40):
        with pytest.raises(NotFoundError):
            import_leads(db, id_, b"PK\x03\x04")  # type: ignore[arg-type]


def test_operators_import_and_viewers_only_look(
    db: Session, sessions: sessionmaker[Session], campaign: Campaign
) -> None:
    with sessions(info={"actor": Actor("Vic", Role.VIEWER)}) as viewer:
        assert preview_leads(viewer, "email\nada@example.com\n")["rows"] == 1
        with pytest.raises(PermissionDenied, match="needs the role operator"):
            import_leads(viewer, campaign.id, "email\nada@example.com\n")
    with sessions(info={"actor": Actor("Olu", Role.OPERATOR)}) as operator:
        assert import_leads(operator, campaign.id, "email\nada@example.com\n")["imported"] == 1


def test_the_audit_log_tells_counts_and_fields_but_no_values(db: Session, campaign: Campaign) -> None:
    import_leads(db, campaign.id, "name,email\nAda Lovelace,ada@example.com\nBad,bad\n", filename="Ada's list.csv")
    [event] = db.scalars(sa.select(AuditEvent)).all()
    assert (event.actor, event.action, event.entity, event.entity_id) == (
        "Ada",
        "leads.import",
        "campaign",
        campaign.id,
    )
    assert event.project_id == campaign.project_id
    assert event.after == {
        "imported": 1,
        "merged": 0,
        "unchanged": 0,
        "rejected": 1,
        "origin": "plain",
        "fields": ["email", "name"],
        "at": stored(db, campaign)["ada@example.com"].created_at.isoformat(),
    }


def test_progress_is_told_and_ends_at_the_end(db: Session, campaign: Campaign) -> None:
    seen: list[tuple[int, int | None]] = []
    text = "email\n" + "".join(f"a{number}@example.com\n" for number in range(lead_import.CHUNK + 10))
    import_leads(db, campaign.id, text, progress=lambda done, about: seen.append((done, about)))
    total = lead_import.CHUNK + 10
    assert seen == [(lead_import.CHUNK, total), (total, total)]


def test_a_person_found_again_in_a_later_chunk_is_merged(db: Session, campaign: Campaign) -> None:
    rows = [f"a{number}@example.com," for number in range(lead_import.CHUNK)]
    result = import_leads(
        db, campaign.id, "\n".join(["email,company", *rows, "a0@example.com,Late", "a1@example.com,"])
    )
    assert counts(result) == {"rows": len(rows) + 2, "imported": len(rows), "merged": 2}
    assert [one["reason"] for one in result["outcomes"][-2:]] == [
        "The same address as an earlier row: filled in company.",
        "The same address as an earlier row: it adds nothing.",
    ]
    assert stored(db, campaign)["a0@example.com"].company == "Late"


def test_of_a_long_file_only_merged_and_rejected_rows_are_named(
    db: Session, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lead_import, "MOST_OUTCOMES", 5)
    names = ["a", "a", "bad!", *"bcdef"]
    text = "email\n" + "".join(f"{name}@example.com\n" for name in names) + "no\n" * 10
    result = import_leads(db, campaign.id, text.replace("bad!@", "bad"))
    assert told(result) == [(3, "merged"), (4, "rejected"), (10, "rejected"), (11, "rejected"), (12, "rejected")]
    assert counts(result) == {"rows": 18, "imported": 6, "merged": 1, "rejected": 11}
    assert len(rejected(result)) == 12


def test_two_imports_at_once_make_nobody_twice(sessions: sessionmaker[Session], campaign: Campaign) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def run(_: int) -> ImportResult:
        with sessions() as session:
            return import_leads(session, campaign.id, DATA / "plain.csv")

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(run, range(4)))
    assert sorted(result["imported"] for result in results) == [0, 0, 0, 3]
    assert sum(result["unchanged"] for result in results) == 9


_WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)


@pytest.fixture
def empty_campaigns(sqlite_db: Session) -> Iterator[Campaign]:
    """A new campaign each time it is asked for."""

    def made() -> Iterator[Campaign]:
        project = make.project(sqlite_db)
        while True:
            campaign = make.campaign(sqlite_db, project)
            sqlite_db.commit()
            yield campaign

    return made()  # type: ignore[return-value]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.tuples(_WORDS, st.sampled_from(["a@example.com", "A@Example.com", "b@example.com", "c@x", ""]), _WORDS),
        max_size=12,
    )
)
def test_whatever_the_rows_each_has_one_outcome_and_a_second_time_changes_nothing(
    sqlite_db: Session, empty_campaigns: Iterator[Campaign], rows: list[tuple[str, str, str]]
) -> None:
    campaign = next(empty_campaigns)
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows([("name", "email", "city"), *rows])
    first = import_leads(sqlite_db, campaign.id, out.getvalue())
    says_something = [number for number, row in enumerate(rows, 2) if any(cell.strip() for cell in row)]
    assert [one["row"] for one in first["outcomes"]] == says_something
    assert first["imported"] == len({row[1].lower() for row in rows if row[1].lower().endswith("example.com")})
    before = everything(sqlite_db)
    second = import_leads(sqlite_db, campaign.id, out.getvalue())
    assert everything(sqlite_db) == before
    assert (second["imported"], second["merged"], second["rejected"]) == (0, 0, first["rejected"])

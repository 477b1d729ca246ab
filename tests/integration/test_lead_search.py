"""Leads are found the same whether the mirror or the database itself answers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session, sessionmaker

from tests import factories as make
from tests.conftest import NOW
from workbench import clock
from workbench.enums import Consent, Direction, LeadSource, LeadStatus, SuppressionReason
from workbench.errors import InputError
from workbench.metrics import Mirror, lead_search, views
from workbench.models import ContactEvent, Lead
from workbench.operator_services import count_leads, find_lead_ids, list_campaigns, list_leads, search, suppress_address
from workbench.services import leads, suppressions
from workbench.services.leads import LeadFilter

WHICH: list[tuple[LeadFilter, set[str]]] = [
    (LeadFilter(), {"ada", "bob", "cy", "dee"}),
    (LeadFilter(project_id=1), {"ada", "bob", "cy"}),
    (LeadFilter(campaign_id=2), {"dee"}),
    (LeadFilter(status=LeadStatus.REPLIED), {"bob"}),
    (LeadFilter(consent=Consent.DNC), {"cy"}),
    (LeadFilter(source=LeadSource.APOLLO), {"dee"}),
    (LeadFilter(tag="vip"), {"ada", "dee"}),
    (LeadFilter(tag="vi"), set()),
    (LeadFilter(tag='a "b" %'), {"bob"}),
    (LeadFilter(tag="größer"), {"cy"}),
    (LeadFilter(suppressed=True), {"cy"}),
    (LeadFilter(suppressed=False), {"ada", "bob", "dee"}),
    (LeadFilter(search="acme"), {"ada", "bob"}),
    (LeadFilter(search="  ACME   lovelace "), {"ada"}),
    (LeadFilter(search="example.com coo"), {"bob"}),
    (LeadFilter(search="100%"), {"dee"}),
    (LeadFilter(search="a_a"), set()),
    (LeadFilter(search="'; DROP TABLE cam_leads --"), set()),
    (LeadFilter(high_intent=True), {"ada", "bob"}),
    (LeadFilter(project_id=1, status=LeadStatus.NEW, tag="vip", suppressed=False, search="ada"), {"ada"}),
]


@pytest.fixture
def people(db: Session) -> Iterator[None]:
    with clock.frozen(NOW):
        mine, other = make.campaign(db, make.project(db)), make.campaign(db, make.project(db))
        ada = make.lead(db, mine, name="Ada Lovelace", email="ada@example.com", company="Acme", tags=["vip", "x"])
        make.lead(
            db, mine, name="Bob", email="bob@example.com", company="ACME", title="COO", status=LeadStatus.REPLIED,
            tags=['a "b" %'],
        )  # fmt: skip
        make.lead(
            db, mine, name="Cy", email="cy@example.com", company="Orion", consent_status=Consent.DNC, tags=["größer"]
        )
        make.lead(db, other, name=None, email=None, company="100% Dee", source=LeadSource.APOLLO, tags=["vip"])
        suppressions.suppress(db, "cy@example.com", SuppressionReason.BOUNCE, "test")
        for days, direction, kind in ((3, "INBOUND", "reply"), (20, "INBOUND", "reply"), (1, "OUTBOUND", "note")):
            db.add(
                ContactEvent(
                    lead_id=ada.id,
                    channel="email",
                    direction=Direction(direction),
                    event_type=kind,
                    event_at=NOW - timedelta(days=days),
                )
            )
        db.commit()
        yield


def who(db: Session, ids: Any) -> set[str]:
    found = {db.get_one(Lead, lead_id) for lead_id in ids}
    db.rollback()
    return {(lead.email or "dee@").split("@")[0] for lead in found}


@pytest.mark.usefixtures("people")
def test_the_mirror_and_the_database_find_the_same_leads(db: Session, engine: Engine) -> None:
    mirror = Mirror(engine)
    try:
        for which, expected in WHICH:
            answers = (
                leads.ids(db, which, limit=100),
                lead_search.ids(mirror, which, limit=100),
                [row["id"] for row in leads.rows(db, which)],
            )
            assert [who(db, ids) for ids in answers] == [expected] * 3, which
            assert leads.count(db, which) == lead_search.count(mirror, which) == len(expected), which
        # Names that differ in their first letter only sort the same under any collation.
        for sort in ("id", "name", "company", "email", "consent_status", "last_contacted_at", "created_at"):
            for descending in (False, True):
                pages = [
                    lead_search.ids(mirror, LeadFilter(), sort=sort, descending=descending, offset=at, limit=2)
                    for at in (0, 2)
                ]
                whole = leads.rows(db, LeadFilter(project_id=None), sort=sort, descending=descending)
                if sort != "company":
                    assert [one for page in pages for one in page] == [row["id"] for row in whole], sort
                assert sorted(one for page in pages for one in page) == [1, 2, 3, 4]
        with pytest.raises(ValueError, match="id; DROP"):
            lead_search.ids(mirror, LeadFilter(), sort="id; DROP")
    finally:
        mirror.close()


@pytest.mark.usefixtures("people")
def test_a_workbenchs_session_is_answered_by_the_mirror_and_reads_what_was_just_committed(
    db: Session, engine: Engine, sessions: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "MIRROR_PAYS_FROM", 1)
    mirror = Mirror(engine)
    try:
        with sessions(info={"mirror": mirror}) as session:
            assert count_leads(session, suppressed=True) == 1  # not loaded: the database answers
            mirror.refresh()
            monkeypatch.setattr(views, "MIRROR_PAYS_FROM", 5)
            assert len(list_leads(session, search="acme")) == 2  # little: the database answers
            monkeypatch.setattr(views, "MIRROR_PAYS_FROM", 4)
            monkeypatch.setattr(leads, "rows", None)
            monkeypatch.setattr(leads, "count", None)
            assert [row["email"] for row in list_leads(session, search="acme", sort="name", descending=True)] == [
                "bob@example.com",
                "ada@example.com",
            ]
            suppress_address(session, "ada@example.com", "bounce")
            assert count_leads(session, suppressed=True) == 2
            assert [row["suppressed"] for row in list_leads(session, search="ada")] == [True]
            assert [hit["title"] for hit in search(session, "LOVELACE acme")] == ["Ada Lovelace"]
            assert len(find_lead_ids(session, tag="vip")) == 2
            assert [row["lead_count"] for row in list_campaigns(session)] == [3, 1]
            with pytest.raises(InputError, match="More than 1 leads fit"):
                find_lead_ids(session, tag="vip", most=1)
    finally:
        mirror.close()

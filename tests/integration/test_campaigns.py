"""Campaigns belong to a project, are counted, and stop like any other pause."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from tests import factories as make
from workbench.enums import Role
from workbench.errors import InputError, NotFoundError, PermissionDenied
from workbench.models import AuditEvent, Campaign, Project
from workbench.operator_services.campaigns import create_campaign, list_campaigns, set_campaign_active
from workbench.services.audit import Actor


@pytest.fixture
def project(db: Session) -> Project:
    made = make.project(db)
    db.commit()
    return made


def test_a_campaign_starts_active_and_empty(db: Session, project: Project) -> None:
    row = create_campaign(db, project.id, " Autumn ", description=" ", target_niche="Ports", max_emails_per_day=50)
    assert {key: value for key, value in row.items() if key not in ("id", "created_at")} == {
        "project_id": project.id,
        "name": "Autumn",
        "description": None,
        "target_niche": "Ports",
        "active": True,
        "max_emails_per_day": 50,
        "lead_count": 0,
    }
    assert list_campaigns(db, project.id) == [row]
    [event] = db.scalars(sa.select(AuditEvent))
    assert (event.action, event.entity_id, event.project_id) == ("campaign.create", row["id"], project.id)


def test_campaigns_are_listed_by_project_and_name_with_their_leads(db: Session, project: Project) -> None:
    other = make.project(db)
    for of, name, leads in ((project, "B", 2), (project, "A", 0), (other, "A", 1)):
        campaign = make.campaign(db, of, name=name)
        for _ in range(leads):
            make.lead(db, campaign)
    db.commit()
    assert [(row["name"], row["lead_count"]) for row in list_campaigns(db)] == [("A", 0), ("B", 2), ("A", 1)]
    assert [row["name"] for row in list_campaigns(db, other.id)] == ["A"]


def test_a_name_is_taken_once_in_a_project(db: Session, project: Project) -> None:
    other = make.project(db)
    db.commit()
    create_campaign(db, project.id, "Autumn")
    with pytest.raises(InputError, match="already has a campaign called Autumn"):
        create_campaign(db, project.id, "Autumn")
    create_campaign(db, other.id, "Autumn")
    assert len(list_campaigns(db)) == 2


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"project_id": 999}, NotFoundError),
        ({"project_id": "1"}, NotFoundError),
        ({"name": "  "}, InputError),
        ({"name": "x" * 201}, InputError),
        ({"name": "a\x00"}, InputError),
        ({"max_emails_per_day": 0}, InputError),
        ({"max_emails_per_day": -1}, InputError),
        ({"max_emails_per_day": 1.5}, InputError),
        ({"max_emails_per_day": True}, InputError),
        ({"max_emails_per_day": 2**31}, InputError),
    ],
)
def test_what_makes_no_sense_makes_no_campaign(
    sqlite_db: Session, changes: dict[str, Any], error: type[Exception]
) -> None:
    project = make.project(sqlite_db)
    sqlite_db.commit()
    with pytest.raises(error):
        create_campaign(sqlite_db, **({"project_id": project.id, "name": "Autumn"} | changes))
    assert list_campaigns(sqlite_db) == []


def test_a_campaign_is_stopped_and_started_with_a_reason(db: Session, project: Project) -> None:
    made = create_campaign(db, project.id, "Autumn")
    assert set_campaign_active(db, made["id"], False, "Wrong list")["active"] is False
    assert set_campaign_active(db, made["id"], False, "Again")["active"] is False
    assert set_campaign_active(db, made["id"], True)["active"] is True
    events = db.scalars(sa.select(AuditEvent).order_by(AuditEvent.id)).all()
    assert [(event.action, event.reason) for event in events] == [
        ("campaign.create", None),
        ("campaign.stop", "Wrong list"),
        ("campaign.start", None),
    ]


def test_operators_stop_and_approvers_start(db: Session, sessions: sessionmaker[Session], project: Project) -> None:
    with sessions(info={"actor": Actor("Vic", Role.VIEWER)}) as viewer:
        with pytest.raises(PermissionDenied):
            create_campaign(viewer, project.id, "Autumn")
        assert list_campaigns(viewer) == []
    with sessions(info={"actor": Actor("Olu", Role.OPERATOR)}) as operator:
        made = create_campaign(operator, project.id, "Autumn")
        set_campaign_active(operator, made["id"], False)
        with pytest.raises(PermissionDenied, match="approver"):
            set_campaign_active(operator, made["id"], True)
    with sessions(info={"actor": Actor("Ana", Role.APPROVER)}) as approver:
        assert set_campaign_active(approver, made["id"], True)["active"] is True


def test_an_unknown_campaign_is_said(sqlite_db: Session) -> None:
    with pytest.raises(NotFoundError, match="no campaign 7"):
        set_campaign_active(sqlite_db, 7, False)
    assert sqlite_db.scalar(sa.select(sa.func.count()).select_from(Campaign)) == 0

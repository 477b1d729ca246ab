"""The palette's search: what it finds, in which order, and what it never finds."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from tests import factories
from workbench import operator_services as ops
from workbench.clock import now
from workbench.errors import InputError


def found(db: Session, text: str, **more: int) -> list[tuple[str, str]]:
    return [(hit["kind"], hit["title"]) for hit in ops.search(db, text, **more)]


@pytest.fixture
def world(db: Session) -> dict[str, int]:
    project = factories.project(db, client="Northwind Coffee", name="Autumn launch")
    other = factories.project(db, client="Atlas Legal", name="Retainers")
    titled = factories.creative(db, project, "email", title="Two hours a week", body_text="For every Café owner.")
    bare = factories.creative(db, project, "twitter", title="", body_text="\nAutumn is here.\nSecond line")
    gone = factories.creative(db, project, "linkedin", title="Autumn, deleted", deleted_at=now())
    campaign = factories.campaign(db, other, name="Hauliers")
    lead = factories.lead(db, campaign, name="Ann Autumn", company="Freight 100% Ltd", email="ann@freight.example")
    db.commit()
    return {
        "project": project.id,
        "other": other.id,
        "titled": titled.id,
        "bare": bare.id,
        "gone": gone.id,
        "lead": lead.id,
    }


def test_a_word_finds_projects_then_creatives_then_leads(db: Session, world: dict[str, int]) -> None:
    assert found(db, "AUTUMN") == [
        ("project", "Autumn launch"),
        ("creative", "Autumn is here."),
        ("lead", "Ann Autumn"),
    ]
    hits = ops.search(db, "autumn")
    assert [hit["project"] for hit in hits] == ["Autumn launch", "Autumn launch", "Retainers"]
    assert hits[0]["detail"] == "Northwind Coffee · Intake"
    assert hits[1]["detail"] == "X, draft"
    assert (hits[2]["project_id"], hits[2]["detail"]) == (world["other"], "Freight 100% Ltd · Hauliers")


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("north autumn", "Autumn launch"),  # every word, in name or client
        ("week owner", "Two hours a week"),  # in title or text
        ("freight.example", "Ann Autumn"),  # a part of the address
        ("100%", "Ann Autumn"),  # what LIKE would take for any text
    ],
)
def test_every_word_has_to_be_there_somewhere(db: Session, world: dict[str, int], text: str, title: str) -> None:
    assert [name for _, name in found(db, text)] == [title]


def test_what_begins_with_the_text_comes_first(db: Session, world: dict[str, int]) -> None:
    for name in ("A new launch", "Launch in spring"):
        factories.project(db, name=name)
    db.commit()
    assert found(db, "launch")[:3] == [
        ("project", "Launch in spring"),
        ("project", "A new launch"),
        ("project", "Autumn launch"),
    ]
    assert found(db, "launch", limit=1) == [("project", "Launch in spring")]


def test_nothing_deleted_or_erased_is_found(db: Session, world: dict[str, int]) -> None:
    assert found(db, "deleted") == []
    assert found(db, "Ann") == [("lead", "Ann Autumn")]
    ops.erase_lead(db, world["lead"], "asked for it")
    assert found(db, "Ann") == []
    assert found(db, "freight") == []


@pytest.mark.parametrize("text", ["", "   ", "no such words"])
def test_nothing_is_found_for_nothing(db: Session, world: dict[str, int], text: str) -> None:
    assert found(db, text) == []


@pytest.mark.parametrize(("text", "limit"), [("x", 0), ("x", 51), ("x", True), ("x", "5"), (7, 5), ("x" * 201, 5)])
def test_a_search_that_makes_no_sense_is_refused(db: Session, text: object, limit: object) -> None:
    with pytest.raises(InputError):
        ops.search(db, text, limit=limit)  # type: ignore[arg-type]

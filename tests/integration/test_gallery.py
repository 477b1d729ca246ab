"""The list of creatives: first drafts, filters, search, sorting and pages, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session, sessionmaker

from tests import factories
from workbench import operator_services as contract
from workbench.enums import Role, StrategyStatus
from workbench.errors import InputError, NotFoundError
from workbench.models import AuditEvent, ContentItem, Project
from workbench.services import gallery as gallery_service
from workbench.services.audit import Actor

Sessions = sessionmaker[Session]
START = datetime(2026, 11, 1, tzinfo=UTC)


@contextmanager
def statements(engine: Engine) -> Iterator[list[str]]:
    """What is sent to the database within the block."""
    seen: list[str] = []

    def keep(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    sa.event.listen(engine, "before_cursor_execute", keep)
    try:
        yield seen
    finally:
        sa.event.remove(engine, "before_cursor_execute", keep)


@pytest.fixture
def project(db: Session) -> Project:
    made = factories.project(db)
    factories.strategy(db, made, status=StrategyStatus.APPROVED)
    db.commit()
    return made


def titles(db: Session, project: Project, **wanted: Any) -> list[str]:
    found = contract.get_creatives_for_project(db, project.id, **wanted)
    if "page" not in wanted and "sort" not in wanted:
        filters = {name: value for name, value in wanted.items() if name != "page_size"}
        assert contract.count_creatives(db, project.id, **filters) == len(found)
    return [one["title"] for one in found]


def test_the_first_look_ever_writes_one_draft_for_each_platform(db: Session, project: Project) -> None:
    found = contract.get_creatives_for_project(db, project.id)
    assert sorted(one["platform"] for one in found) == ["email", "linkedin", "twitter"]
    for one in found:
        assert (one["status"], one["source"], one["version"], one["stale"]) == ("DRAFT", "template", 1, False)
        assert one["problems"] == []
        assert "ore demos" in one["body_text"]
        assert one["id"] is not None
    assert contract.get_creatives_for_project(db, project.id) == found
    made = db.scalars(sa.select(AuditEvent).where(AuditEvent.action == "creative.create")).all()
    assert [event.after["source"] for event in made if event.after] == ["template"] * 3


def test_first_drafts_are_not_written_again_after_they_were_deleted(db: Session, project: Project) -> None:
    for one in contract.get_creatives_for_project(db, project.id):
        assert one["id"]
        contract.delete_creative(db, project.id, one["id"])
    assert contract.get_creatives_for_project(db, project.id) == []
    assert contract.count_creatives(db, project.id, include_deleted=True) == 3


def test_counting_is_a_first_look_too(db: Session, project: Project) -> None:
    assert contract.count_creatives(db, project.id) == 3
    assert contract.count_creatives(db, project.id, platform="email") == 1


def test_a_project_that_has_creatives_gets_no_drafts(db: Session, project: Project) -> None:
    item = factories.creative(db, project)
    db.commit()
    assert [one["id"] for one in contract.get_creatives_for_project(db, project.id)] == [item.id]


def test_a_viewer_sees_the_first_drafts_without_their_being_stored(sessions: Sessions, project: Project) -> None:
    with sessions(info={"actor": Actor("Vic", Role.VIEWER)}) as db:
        found = contract.get_creatives_for_project(db, project.id)
        assert [one["id"] for one in found] == [None] * 3
        assert {one["source"] for one in found} == {"template"}
        assert len(contract.get_creatives_for_project(db, project.id, platform="email")) == 1
        assert contract.get_creatives_for_project(db, project.id, status="APPROVED") == []
        assert len(contract.get_creatives_for_project(db, project.id, search="MORE DEMOS")) == 3
        assert contract.get_creatives_for_project(db, project.id, search="zebra") == []
        assert len(contract.get_creatives_for_project(db, project.id, page=2, page_size=2)) == 1
        assert contract.count_creatives(db, project.id, stale=False) == 3
        assert db.scalar(sa.select(sa.func.count()).select_from(ContentItem)) == 0
    with sessions() as db:
        assert {one["title"] for one in contract.get_creatives_for_project(db, project.id)} == {
            one["title"] for one in found
        }


@pytest.fixture
def gallery(db: Session, project: Project) -> Project:
    """Five creatives of all sorts, made on five days, and one of another project."""
    old = project.approved_strategy_id
    newer = factories.strategy(db, project, status=StrategyStatus.APPROVED)
    for day, (title, values) in enumerate(
        {
            "alpha": {"platform": "email", "strategy_id": newer.id, "body_text": "100% sure, under_score"},
            "Beta": {
                "platform": "linkedin",
                "body_text": "A post",
                "strategy_id": old,
                "status": "APPROVED",
                "caption": "Tagline",
            },
            "gamma": {"platform": "twitter", "strategy_id": None, "body_text": "back\\slash"},
            "delta": {"platform": "email", "body_text": "x", "strategy_id": newer.id, "deleted_at": START},
            "epsilon": {"platform": "email", "body_text": "x", "strategy_id": newer.id, "status": "FAILED"},
        }.items()
    ):
        moment = START + timedelta(days=day)
        factories.creative(db, project, title=title, created_at=moment, updated_at=moment, **values)  # type: ignore[arg-type]
    factories.creative(db, factories.project(db), title="elsewhere")
    db.commit()
    return project


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, ["epsilon", "gamma", "Beta", "alpha"]),
        ({"include_deleted": True}, ["epsilon", "delta", "gamma", "Beta", "alpha"]),
        ({"only_deleted": True}, ["delta"]),
        ({"only_deleted": True, "search": "alpha"}, []),
        ({"platform": "email"}, ["epsilon", "alpha"]),
        ({"status": "APPROVED"}, ["Beta"]),
        ({"status": ["APPROVED", "FAILED"]}, ["epsilon", "Beta"]),
        ({"status": ["PUBLISHED"]}, []),
        ({"stale": True}, ["gamma", "Beta"]),
        ({"stale": False}, ["epsilon", "alpha"]),
        ({"search": "ALPHA"}, ["alpha"]),
        ({"search": "tagline"}, ["Beta"]),
        ({"search": "%"}, ["alpha"]),
        ({"search": "_"}, ["alpha"]),
        ({"search": "\\"}, ["gamma"]),
        ({"search": "  "}, ["epsilon", "gamma", "Beta", "alpha"]),
        ({"search": "'; DROP TABLE content_items; --"}, []),
        ({"platform": "email", "status": "FAILED", "stale": False, "search": "eps"}, ["epsilon"]),
    ],
)
def test_filters_and_search_narrow_the_list(
    db: Session, gallery: Project, wanted: dict[str, Any], expected: list[str]
) -> None:
    assert titles(db, gallery, **wanted) == expected


def test_lists_sort_by_what_was_asked_for(db: Session, gallery: Project) -> None:
    by_title = {item.title: item for item in db.scalars(sa.select(ContentItem)).all()}
    factories.queued(db, by_title["gamma"], START + timedelta(days=9))
    factories.queued(db, by_title["alpha"], START + timedelta(days=8))
    by_title["Beta"].updated_at = START + timedelta(days=30)
    db.commit()
    assert titles(db, gallery, sort="scheduled")[:2] == ["alpha", "gamma"]
    assert len(titles(db, gallery, sort="scheduled")) == 4
    assert titles(db, gallery, sort="title") == ["alpha", "Beta", "epsilon", "gamma"]
    assert titles(db, gallery, sort="created") == ["epsilon", "gamma", "Beta", "alpha"]
    assert titles(db, gallery, sort="oldest") == ["alpha", "Beta", "gamma", "epsilon"]
    # As work goes on: approved (Beta), scheduled (the newest first), failed; not by the alphabet.
    assert titles(db, gallery, sort="status") == ["Beta", "alpha", "gamma", "epsilon"]
    assert titles(db, gallery, sort="platform") == ["alpha", "epsilon", "Beta", "gamma"]


@pytest.mark.parametrize("sort", gallery_service.SORTS)
@pytest.mark.parametrize("wanted", [{}, {"platform": "email"}, {"stale": True, "search": "a"}, {"only_deleted": True}])
def test_all_that_match_are_found_by_id_and_version_in_the_order_of_the_list(
    db: Session, gallery: Project, sort: str, wanted: dict[str, Any]
) -> None:
    listed = contract.get_creatives_for_project(db, gallery.id, sort=sort, **wanted)
    found = contract.find_creative_ids(db, gallery.id, sort=sort, **wanted)
    assert list(found.items()) == [(one["id"], one["version"]) for one in listed]


def test_pages_hold_everything_once(db: Session, project: Project) -> None:
    moment = START
    for number in range(23):
        factories.creative(db, project, title=f"t{number}", created_at=moment, updated_at=moment)
    db.commit()
    for sort in gallery_service.SORTS:
        pages = [titles(db, project, sort=sort, page=page, page_size=10) for page in (1, 2, 3, 4)]
        assert [len(page) for page in pages] == [10, 10, 3, 0]
        assert len({title for page in pages for title in page}) == 23


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"platform": "fax"}, "not a platform"),
        ({"status": "DONE"}, "not a status"),
        ({"status": ["DRAFT", "DONE"]}, "'DONE' is not a status"),
        ({"sort": "random"}, "not a way to sort"),
        ({"sort": "updated; DROP TABLE x"}, "not a way to sort"),
        ({"page": 0}, "page must be"),
        ({"page": "1"}, "page must be"),
        ({"page_size": 0}, "page_size must be"),
        ({"page_size": 1_001}, "page_size must be"),
        ({"page_size": True}, "page_size must be"),
        ({"search": 3}, "The search must be text"),
        ({"search": "x" * 201}, "The search"),
        ({"search": "a\x00"}, "NUL"),
    ],
)
def test_what_cannot_be_listed_is_said_plainly(
    db: Session, gallery: Project, wanted: dict[str, Any], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        contract.get_creatives_for_project(db, gallery.id, **wanted)


@pytest.mark.parametrize("wrong", [0, 999, 2**40, "1", None, True])
def test_a_project_that_is_not_there_is_not_found(db: Session, wrong: Any) -> None:
    with pytest.raises(NotFoundError):
        contract.get_creatives_for_project(db, wrong)
    with pytest.raises(NotFoundError):
        contract.count_creatives(db, wrong)


def test_a_page_takes_the_same_number_of_queries_whatever_its_size(
    db: Session, engine: Engine, project: Project
) -> None:
    sent = []
    for size in (1, 40):
        while db.scalar(sa.select(sa.func.count()).select_from(ContentItem)) < size:  # type: ignore[operator]
            factories.queued(db, factories.creative(db, project))
        db.commit()
        with statements(engine) as seen:
            assert len(contract.get_creatives_for_project(db, project.id)) == size
        sent.append(len(seen))
    assert sent[0] == sent[1] < 12

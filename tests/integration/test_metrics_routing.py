"""Who answers the contract's counts: the mirror where it is loaded and pays, the database itself otherwise, and both
the same."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session, sessionmaker

from tests import factories as make
from tests.integration.metrics_data import fill
from workbench.enums import AttemptStatus
from workbench.metrics import Mirror, views
from workbench.metrics.loading import Loading
from workbench.models import Campaign, Project
from workbench.operator_services import (
    create_project,
    get_activity_feed,
    get_attention_metrics,
    get_execution_timeline,
    get_projects_pipeline,
)

pytestmark = pytest.mark.usefixtures("frozen_now")


class Watched(Mirror):
    """A mirror that says when it answers."""

    answers = 0

    def rows(self, query: str, params: Any) -> list[dict[str, Any]]:
        self.answers += 1
        return super().rows(query, params)


@pytest.fixture
def mirror(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    monkeypatch.setattr(views, "MIRROR_PAYS_FROM", 1)
    made = Watched(engine)
    yield made
    made.close()


@pytest.fixture
def ours(sessions: sessionmaker[Session], mirror: Watched) -> Iterator[Session]:
    """A session as a workbench opens it, with enough in the database for the mirror to be asked."""
    with sessions() as db:
        db.info["mirror"] = mirror
        make.attempt(db, make.campaign(db, make.project(db)))
        db.commit()
        yield db


READS: dict[str, Callable[[Session, int], Any]] = {
    "attention": lambda db, _: get_attention_metrics(db),
    "attention of one project": lambda db, one: get_attention_metrics(db, project_id=one),
    "pipeline": lambda db, _: get_projects_pipeline(db),
    "timeline of one project": lambda db, one: get_execution_timeline(db, one),
    "timeline by status": lambda db, one: get_execution_timeline(db, one, status="FAILED", platform="email"),
    "activity of one project": lambda db, one: get_activity_feed(db, 100, project_id=one),
}


@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_the_mirror_and_the_database_give_the_same_answer(
    ours: Session, db: Session, mirror: Watched, read: Callable[[Session, int], Any]
) -> None:
    dice = random.Random(20261122)
    for _ in range(3):
        project_ids = fill(ours, dice, rows=15)
        ours.commit()
        mirror.refresh()
        for one in project_ids[:2]:
            before = mirror.answers
            assert read(ours, one) == read(db, one)
            assert mirror.answers == before + 1, "the mirror was not asked"


def test_what_one_has_just_committed_is_in_the_answer(ours: Session, mirror: Watched) -> None:
    mirror.refresh()
    for number in range(2, 5):
        create_project(ours, client="Acme", name=f"Number {number}", goal="More", audience="All")
        assert len(get_projects_pipeline(ours)) == number
    assert mirror.answers == 3


@pytest.mark.parametrize("flushed", [False, True])
def test_what_is_not_committed_yet_is_in_the_answer_of_its_own_session_alone(
    ours: Session, sessions: sessionmaker[Session], mirror: Watched, flushed: bool
) -> None:
    mirror.refresh()
    campaign = ours.get_one(Campaign, 1)
    ours.commit()
    changed = ours.get_one(Project, campaign.project_id)
    ours.commit()
    changed.name = "Another name"
    if flushed:
        ours.flush()
        make.attempt(ours, campaign, status=AttemptStatus.UNKNOWN)
        with sessions(info={"mirror": mirror}) as other:
            assert get_attention_metrics(other)["unknown_outcomes"] == 0
        assert get_attention_metrics(ours)["unknown_outcomes"] == 1
    else:
        assert get_projects_pipeline(ours)[0]["name"] == "Another name"


def test_the_database_answers_until_the_mirror_is_loaded_and_while_it_loads_again(
    ours: Session, mirror: Watched
) -> None:
    assert get_attention_metrics(ours)["leads"] == 0
    assert (mirror.answers, mirror.loaded) == (0, False)
    mirror.refresh()
    mirror.loading = Loading(1, 4)
    get_attention_metrics(ours)
    assert mirror.answers == 0
    mirror.loading = None
    get_attention_metrics(ours)
    assert mirror.answers == 1


def test_the_database_answers_what_it_has_in_order_and_what_is_little(
    ours: Session, mirror: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror.refresh()
    get_execution_timeline(ours)
    get_activity_feed(ours)
    monkeypatch.setattr(views, "MIRROR_PAYS_FROM", 2)
    get_attention_metrics(ours)
    get_projects_pipeline(ours)
    assert mirror.answers == 0
    make.attempt(ours, ours.get_one(Campaign, 1))
    ours.commit()
    get_attention_metrics(ours)
    assert mirror.answers == 1


def test_a_plain_session_is_answered_by_the_database(db: Session, mirror: Watched) -> None:
    mirror.refresh()
    assert get_attention_metrics(db)["leads"] == 0
    assert mirror.answers == 0

"""Every view equals its slow obvious Python version, whatever is in the database and wherever the windows stand."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from tests.conftest import NOW
from tests.integration import metrics_slow as slow
from tests.integration.metrics_data import fill, moments, seeds
from workbench.metrics import Metrics, Mirror, views
from workbench.metrics.activity import SOURCES, activity, decode
from workbench.metrics.view import Source

# One database serves all examples: each is rolled back.
examples = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def mirror(engine: Engine) -> Iterator[Mirror]:
    made = Mirror(engine)
    yield made
    made.close()


@contextmanager
def rolled_back(db: Session) -> Iterator[None]:
    """Whatever an example puts into the database is gone for the next one, also when it failed."""
    try:
        yield
    finally:
        db.rollback()


def _rows(frame: pd.DataFrame) -> list[dict[str, object]]:
    return frame.astype(object).where(frame.notna(), None).to_dict("records")  # type: ignore[return-value]


def _pages(source: Source, size: int, **filters: object) -> list[tuple[object, ...]]:
    """The whole feed, read page by page: the keys in the order they came."""
    keys: list[tuple[object, ...]] = []
    before = None
    while page := activity(source, limit=size, before=before, as_of=NOW, **filters):  # type: ignore[arg-type]
        keys += [tuple(decode(row["cursor"])) for row in page]
        assert len(keys) == len(set(keys)), "a row came twice"
        before = page[-1]["cursor"]
    return keys


@examples
@given(seed=seeds)
def test_attention_and_pipeline_equal_the_slow_version(db: Session, seed: int) -> None:
    with rolled_back(db):
        dice = random.Random(seed)
        project_ids = fill(db, dice)
        all_ = slow.Everything(db)
        for project_id in (None, *project_ids):
            for as_of in (NOW, moments(dice)):
                assert views.attention(db, project_id=project_id, as_of=as_of) == slow.attention(
                    all_, as_of, project_id
                )
        assert views.pipeline(db) == slow.pipeline(all_)


@examples
@given(seed=seeds)
def test_the_timeline_equals_the_slow_version_under_every_filter(db: Session, seed: int) -> None:
    with rolled_back(db):
        dice = random.Random(seed)
        project_ids = fill(db, dice)
        all_ = slow.Everything(db)
        filters = {
            "project_id": dice.choice([None, *project_ids]),
            "status": dice.choice([None, "QUEUED", "SENT", "FAILED", "CANCELLED"]),
            "platform": dice.choice([None, "email", "twitter"]),
            "since": dice.choice([None, moments(dice)]),
            "until": dice.choice([None, moments(dice)]),
        }
        wanted = slow.timeline(all_, **filters)  # type: ignore[arg-type]
        rows = views.timeline(db, limit=10_000, **filters)  # type: ignore[arg-type]
        assert [(row["at"], row["kind"], row["id"]) for row in rows] == wanted
        few = views.timeline(db, limit=3, **filters)  # type: ignore[arg-type]
        assert [(row["at"], row["kind"], row["id"]) for row in few] == wanted[:3]


@examples
@given(seed=seeds)
def test_the_pages_of_the_feed_are_the_whole_feed_in_order(db: Session, seed: int) -> None:
    with rolled_back(db):
        dice = random.Random(seed)
        project_ids = fill(db, dice)
        project_id = dice.choice([None, *project_ids])
        sources = set(dice.sample(sorted(SOURCES), dice.randint(1, len(SOURCES))))
        wanted = slow.activity(slow.Everything(db), NOW, project_id, sources)
        assert _pages(db, dice.randint(1, 7), project_id=project_id, sources=sources) == wanted


@examples
@given(seed=seeds)
def test_what_comes_in_between_two_pages_neither_repeats_nor_hides_a_row(db: Session, seed: int) -> None:
    with rolled_back(db):
        dice = random.Random(seed)
        fill(db, dice, rows=6)
        at_first = slow.activity(slow.Everything(db), NOW, None, set(SOURCES))
        seen: list[tuple[object, ...]] = []
        before = None
        while page := activity(db, limit=3, before=before, as_of=NOW):
            seen += [tuple(decode(row["cursor"])) for row in page]
            assert len(seen) == len(set(seen)), "a row came twice"
            before = page[-1]["cursor"]
            if len(seen) < 60:
                fill(db, dice, rows=2)
        assert set(at_first) <= set(seen), "a row of the first page's time was skipped"
        assert seen == sorted(seen, reverse=True)  # type: ignore[type-var]


def test_the_mirror_answers_exactly_as_the_database_does(db: Session, mirror: Mirror) -> None:
    dice = random.Random(20261119)
    project_ids = [id_ for _ in range(6) for id_ in fill(db, dice, rows=20)]
    db.commit()
    all_ = slow.Everything(db)
    wb = Metrics(mirror)
    for project_id in (None, *project_ids[:4]):
        for as_of in (NOW, NOW - timedelta(days=3), NOW - timedelta(days=7)):
            asked = {"project_id": project_id, "as_of": as_of}
            assert views.attention(mirror, **asked) == views.attention(db, **asked)  # type: ignore[arg-type]
            assert activity(mirror, limit=500, **asked) == activity(db, limit=500, **asked)  # type: ignore[arg-type]
            since = as_of - timedelta(days=8)
            delivered = _rows(wb.delivery(since=since, **asked))  # type: ignore[arg-type]
            assert delivered == slow.delivery(all_, since, as_of, project_id)
            assert _rows(wb.cohorts(**asked)) == slow.cohorts(all_, as_of, project_id)  # type: ignore[arg-type]
            until = as_of + timedelta(days=8)
            ahead = _rows(wb.queue_ahead(until=until, **asked))  # type: ignore[arg-type]
            assert ahead == slow.queue_ahead(all_, until, as_of, project_id)
            assert _rows(wb.funnel(**asked)) == slow.funnel(all_, as_of, project_id)  # type: ignore[arg-type]
        assert views.timeline(mirror, project_id=project_id) == views.timeline(db, project_id=project_id)
    assert views.pipeline(mirror) == views.pipeline(db)
    assert _pages(mirror, 17) == _pages(db, 23)
    assert len(wb.delivery(since=NOW - timedelta(days=20), as_of=NOW)) > 10, "the data are worth comparing"
    assert len(wb.queue_ahead(as_of=NOW - timedelta(days=7))) > 10
    assert wb.funnel(as_of=NOW).leads.is_monotonic_decreasing

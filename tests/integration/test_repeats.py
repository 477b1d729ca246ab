"""Texts that go out near one another and say the same: in the preview of a schedule and while one is written."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from tests import factories
from tests.conftest import NOW
from tests.integration.test_creative_bulk import fill
from tests.integration.test_gallery import statements
from workbench import operator_services as ops
from workbench.accounts import Account
from workbench.enums import CreativeStatus, Platform, QueueStatus, StrategyStatus
from workbench.models import ContentItem, ContentVersion, Project
from workbench.operator_services._edge import Runtime
from workbench.operator_services.types import Repeat
from workbench.settings import Settings

POST = "Which step of a shipment costs you most? Tell us, and we show what others do about it."
ALMOST = POST.replace("most", "the most")


@pytest.fixture(autouse=True)
def _stand_still(frozen_now: datetime) -> None:
    """Time stands at :data:`tests.conftest.NOW`."""


@pytest.fixture
def project(db: Session) -> Project:
    return make_project(db)


def make_project(db: Session) -> Project:
    made = factories.project(db)
    factories.strategy(db, made, status=StrategyStatus.APPROVED)
    db.commit()
    return made


def approved(db: Session, of: Project, text: str, platform: str = "twitter", **values: Any) -> ContentItem:
    values = {"title": "T", "status": CreativeStatus.APPROVED} | values
    made = factories.creative(db, of, platform, body_text=text, **values)
    db.commit()
    return made


def out(db: Session, of: Project, text: str, at: datetime, platform: str = "twitter", **values: Any) -> ContentItem:
    """A text on the queue for ``at``."""
    made = approved(db, of, text, platform)
    factories.queued(db, made, at, **{"account": "simulation"} | values)
    db.commit()
    return made


def preview(db: Session, of: Project, items: list[ContentItem], **params: Any) -> list[Repeat | None]:
    given = {"start": "2026-11-25T09:00", "timezone": "UTC"} | params
    return [slot["repeats"] for slot in ops.preview_schedule(db, of.id, [one.id for one in items], given)["slots"]]


def test_the_preview_names_what_is_queued_near_it_with_the_same_text(db: Session, project: Project) -> None:
    there = out(db, project, POST.upper(), NOW + timedelta(days=3))
    same, almost, other = (approved(db, project, text) for text in (POST, ALMOST, "Something else altogether, today."))
    found = preview(db, project, [same, almost, other])
    assert found[0] == {
        "creative_id": there.id,
        "project_id": project.id,
        "title": "T",
        "platform": "twitter",
        "at": NOW + timedelta(days=3),
        "same": True,
    }
    assert found[1] is not None
    assert (found[1]["creative_id"], found[1]["same"]) == (same.id, False)
    assert found[2] is None


def test_those_planned_together_are_compared_at_their_slots(db: Session, project: Project) -> None:
    items = [approved(db, project, POST) for _ in range(3)]
    near = preview(db, project, items)
    assert near[0] is None
    assert [one and one["creative_id"] for one in near[1:]] == [items[0].id, items[1].id]
    assert preview(db, project, items, spacing_minutes=60 * 24 * 8) == [None, None, None]


@pytest.mark.parametrize(("status", "repeats"), [
    (QueueStatus.QUEUED, True), (QueueStatus.DONE, True), (QueueStatus.UNKNOWN, True), (QueueStatus.MISSED, True),
    (QueueStatus.CANCELLED, False), (QueueStatus.FAILED, False),
])  # fmt: skip
def test_what_never_went_out_is_not_repeated(db: Session, project: Project, status: QueueStatus, repeats: bool) -> None:
    out(db, project, POST, NOW + timedelta(days=5), status=status)
    assert (preview(db, project, [approved(db, project, POST)]) != [None]) is repeats


def test_other_platforms_other_projects_and_other_modes_do_not_count(db: Session, project: Project) -> None:
    out(db, project, POST, NOW + timedelta(days=5), "linkedin")
    out(db, make_project(db), POST, NOW + timedelta(days=5))
    out(db, project, POST, NOW + timedelta(days=5), mode="live")
    assert preview(db, project, [approved(db, project, POST)]) == [None]


def test_projects_that_speak_through_one_account_repeat_one_another_in_posts_and_not_in_mail(
    db: Session, runtime: Runtime, settings: Settings
) -> None:
    accounts = (
        Account(name="@acme", platform=Platform.TWITTER, identity="acme"),
        Account(name="a@example.com", platform=Platform.EMAIL, identity="a@example.com"),
    )
    db.info["runtime"] = Runtime(settings, accounts, runtime.gateways)
    one, other = make_project(db), make_project(db)
    there = out(db, other, POST, NOW + timedelta(days=5), account="@acme")
    out(db, other, POST, NOW + timedelta(days=5), "email", account="a@example.com")
    post, mail = approved(db, one, POST), approved(db, one, POST, "email")
    found = preview(db, one, [post, mail])
    assert found[0] is not None
    assert (found[0]["creative_id"], found[0]["project_id"]) == (there.id, other.id)
    assert found[1] is None
    assert ops.find_repeats(db, one.id, "twitter", POST)[0]["project_id"] == other.id


def test_the_editor_hears_of_what_is_queued_whenever_or_was_sent_in_the_last_week(
    db: Session, project: Project
) -> None:
    old = out(db, project, "An old text, sent long ago and forgotten.", NOW - timedelta(days=8), status="DONE")
    sent = out(db, project, "A text that was sent on Tuesday.", NOW - timedelta(days=2), status="DONE")
    later = out(db, project, POST, NOW + timedelta(days=60))

    def found(text: str, **more: Any) -> list[tuple[int, datetime, bool]]:
        return [
            (one["creative_id"], one["at"], one["same"])
            for one in ops.find_repeats(db, project.id, "twitter", text, **more)
        ]

    assert found("An old text, sent long ago and forgotten.") == [], old
    assert found("A text that was sent on Tuesday!") == [(sent.id, NOW - timedelta(days=2), True)]
    assert found(ALMOST) == [(later.id, NOW + timedelta(days=60), False)]
    assert found(POST, creative_id=later.id) == []


def test_thousands_are_compared_in_a_fixed_number_of_statements(
    sessions: sessionmaker[Session], project: Project
) -> None:
    with sessions() as db:
        ids = fill(db, project, 3_000)
        db.execute(
            sa.insert(ContentVersion).from_select(
                ["content_item_id", "number", "body_text", "source", "created_at"],
                sa.select(
                    ContentItem.id, ContentItem.version, ContentItem.body_text, sa.literal("operator"), sa.func.now()
                ),
            )
        )
        db.commit()
        ops.bulk_approve_creatives(db, project.id, ids)
        with statements(db.get_bind()) as few:  # type: ignore[arg-type]
            ops.preview_schedule(db, project.id, ids[:3], {"spacing_minutes": 1})
        with statements(db.get_bind()) as many:  # type: ignore[arg-type]
            slots = ops.preview_schedule(db, project.id, ids, {"spacing_minutes": 1})["slots"]
    assert len(many) == len(few)
    # Three texts, a thousand times each: all but the first ones repeat another.
    assert sum(slot["repeats"] is not None for slot in slots) == 3_000 - 3

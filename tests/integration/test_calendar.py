"""The calendar as the database answers it, and what a move would be before it is made."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests import factories as make
from workbench.clock import now
from workbench.enums import QueueStatus, Role
from workbench.errors import InputError, InvalidTransition, NotFoundError, PermissionDenied, ScheduleInvalid
from workbench.models import AuditEvent, Project, QueueRow
from workbench.operator_services import get_calendar, get_queue_item, preview_reschedule, reschedule
from workbench.services.audit import Actor


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.fixture
def project(db: Session) -> Project:
    return make.project(db, name="Launch", timezone="Europe/Berlin")


def queue(db: Session, of: Project, moment: str, platform: str = "linkedin", **values: Any) -> QueueRow:
    names = {"title": values.pop("title", "A post"), "body_text": values.pop("body_text", "Hello")}
    made = make.queued(db, make.creative(db, of, platform, **names), at(moment), **values)
    db.commit()
    return made


def by_date(db: Session, *given: Any, **asked: Any) -> dict[str, list[int]]:
    days = get_calendar(db, *given, **asked)
    return {day["date"]: [item["id"] for item in day["items"]] for day in days if day["total"]}


def test_each_row_stands_on_its_day_in_the_projects_zone_in_order_of_time(db: Session, project: Project) -> None:
    late = queue(db, project, "2026-11-20T22:30")
    next_day = queue(db, project, "2026-11-20T23:30")
    early = queue(db, project, "2026-11-20T06:00")
    queue(db, project, "2026-11-22T23:00")
    found = by_date(db, "2026-11-20", 3, project_id=project.id)
    assert found == {"2026-11-20": [early.id, late.id], "2026-11-21": [next_day.id]}
    in_utc = by_date(db, "2026-11-20", 3, project_id=project.id, timezone="UTC")
    assert list(in_utc) == ["2026-11-20", "2026-11-22"]


def test_every_day_of_the_range_is_there_also_one_without_anything(db: Session) -> None:
    days = get_calendar(db, "2026-02-23", 42)
    assert (len(days), days[0]["date"], days[-1]["date"]) == (42, "2026-02-23", "2026-04-05")
    assert {day["total"] for day in days} == {0}


def test_a_crowded_day_says_how_many_there_are_and_shows_the_first_of_them(db: Session, project: Project) -> None:
    rows = [queue(db, project, f"2026-11-20T08:0{minute}").id for minute in range(5)]
    other = queue(db, project, "2026-11-21T08:00").id
    crowded, next_day = get_calendar(db, "2026-11-20", 2, per_day=2)
    assert (crowded["total"], [item["id"] for item in crowded["items"]]) == (5, rows[:2])
    assert (next_day["total"], [item["id"] for item in next_day["items"]]) == (1, [other])


def test_what_was_sent_stays_where_it_was_planned_and_what_was_cancelled_is_gone(db: Session, project: Project) -> None:
    shown = {
        status: queue(db, project, "2026-11-20T08:00", status=status).id
        for status in QueueStatus
        if status is not QueueStatus.CANCELLED
    }
    queue(db, project, "2026-11-20T08:00", status=QueueStatus.CANCELLED)
    (day,) = get_calendar(db, "2026-11-20", 1)
    assert {item["status"]: item["id"] for item in day["items"]} == shown
    assert day["total"] == len(shown)


def test_it_is_narrowed_to_a_project_and_a_platform(db: Session, project: Project) -> None:
    mine = queue(db, project, "2026-11-20T08:00", "twitter")
    queue(db, project, "2026-11-20T08:00", "linkedin")
    theirs = queue(db, make.project(db), "2026-11-20T08:00", "twitter")
    assert by_date(db, "2026-11-20", 1, platform="twitter") == {"2026-11-20": [mine.id, theirs.id]}
    assert by_date(db, "2026-11-20", 1, project_id=project.id, platform="twitter") == {"2026-11-20": [mine.id]}


def test_a_post_without_a_title_shows_how_its_text_begins(db: Session, project: Project) -> None:
    queue(db, project, "2026-11-20T08:00", title="", body_text="Begins here " + "x" * 100)
    (day,) = get_calendar(db, "2026-11-20", 1)
    assert day["items"][0]["title"].startswith("Begins here x")
    assert len(day["items"][0]["title"]) == 80


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"first": "soon"}, InputError),
        ({"first": "9999-12-31"}, InputError),
        ({"first": datetime(2026, 11, 20, tzinfo=UTC)}, InputError),
        ({"days": 0}, InputError),
        ({"days": 63}, InputError),
        ({"days": True}, InputError),
        ({"per_day": 501}, InputError),
        ({"platform": "fax"}, InputError),
        ({"timezone": "Berlin"}, ScheduleInvalid),
        ({"timezone": ""}, ScheduleInvalid),
        ({"project_id": 99}, NotFoundError),
    ],
)
def test_what_makes_no_sense_is_refused(db: Session, wrong: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        get_calendar(db, **{"first": "2026-11-20"} | wrong)


def test_a_move_is_told_before_it_is_made_and_nothing_changes(db: Session, project: Project) -> None:
    row = queue(db, project, "2099-06-01T07:00", timezone="Europe/Berlin", local_time="2099-06-01T09:00:00")
    told = preview_reschedule(db, row.id, "2099-06-03T10:30")
    assert (told["local_time"], told["timezone"]) == ("2099-06-03T10:30:00", "Europe/Berlin")
    assert told["scheduled_time"] == at("2099-06-03T08:30")
    assert told["item"] == get_queue_item(db, row.id)
    assert told["item"]["local_time"] == "2099-06-01T09:00:00"
    assert db.scalar(sa.select(sa.func.count()).select_from(AuditEvent)) == 0
    moved = reschedule(db, row.id, "2099-06-03T10:30")
    assert (moved["local_time"], moved["scheduled_time"]) == (told["local_time"], told["scheduled_time"])


@pytest.mark.parametrize(
    ("status", "local_time", "error", "words"),
    [
        ("QUEUED", "2020-06-01T09:00", ScheduleInvalid, "is past"),
        ("QUEUED", "2099-03-29T02:30", ScheduleInvalid, "does not exist"),
        ("QUEUED", "2099-10-25T02:30", ScheduleInvalid, "happens twice"),
        ("QUEUED", "soon", ScheduleInvalid, "not a date and time"),
        ("RUNNING", "2099-06-03T10:30", InvalidTransition, "is RUNNING"),
        ("FAILED", "2099-06-03T10:30", InvalidTransition, "Retry it instead"),
        ("DONE", "2099-06-03T10:30", InvalidTransition, "is DONE"),
    ],
)
def test_a_move_that_would_be_refused_is_refused_in_the_preview_with_the_same_words(
    db: Session, project: Project, status: str, local_time: str, error: type[Exception], words: str
) -> None:
    row = queue(db, project, "2099-06-01T07:00", timezone="Europe/Berlin", status=status)
    for operation in (preview_reschedule, reschedule):
        with pytest.raises(error, match=words):
            operation(db, row.id, local_time)


def test_only_who_may_move_it_is_told_what_the_move_would_be(db: Session, project: Project) -> None:
    row = queue(db, project, (now() + timedelta(days=3)).strftime("%Y-%m-%dT%H:%M"))
    db.info["actor"] = Actor("Olga", Role.OPERATOR)
    with pytest.raises(PermissionDenied, match="approver"):
        preview_reschedule(db, row.id, "2099-06-01T09:00")
    assert get_queue_item(db, row.id)["id"] == row.id
    with pytest.raises(NotFoundError, match="There is no queue row 99"):
        get_queue_item(db, 99)

"""The exact meaning of each number, counted by hand, and the same from the database and from the mirror."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from tests import factories as make
from tests.conftest import NOW
from workbench.enums import AttemptStatus, CreativeStatus, Gateway, GatewayState, Mode, QueueStatus, StrategyStatus
from workbench.errors import InputError
from workbench.metrics import Mirror, views
from workbench.models import Campaign, ContactEvent, Lead, Project, SafetySettings
from workbench.operator_services import count_leads, list_leads
from workbench.services import gateway_checks

Attention = Callable[..., dict[str, Any]]

pytestmark = pytest.mark.usefixtures("frozen_now")

MICROSECOND = timedelta(microseconds=1)


@pytest.fixture(params=["database", "mirror"])
def attention(request: pytest.FixtureRequest, db: Session, engine: Engine) -> Iterator[Attention]:
    """The attention numbers of what ``db`` holds, from either engine."""
    mirror = Mirror(engine)

    def ask(**asked: Any) -> dict[str, Any]:
        db.commit()
        return views.attention(mirror if request.param == "mirror" else db, **asked)

    yield ask
    mirror.close()


@pytest.fixture
def project(db: Session) -> Project:
    return make.project(db)


@pytest.fixture
def campaign(db: Session, project: Project) -> Campaign:
    return make.campaign(db, project)


@pytest.fixture
def lead(db: Session, campaign: Campaign) -> Lead:
    return make.lead(db, campaign)


def test_an_empty_database_has_zeros_and_no_made_up_success(attention: Attention) -> None:
    assert attention() == {
        "leads": 0,
        "high_intent": 0,
        "approvals_pending": 0,
        "execution_success": None,
        "failed_last_24h": 0,
        "unknown_outcomes": 0,
        "overdue": 0,
        "missed": 0,
        "gateways_down": 0,
        "stale_creatives": 0,
        "other_mode_attempts": 0,
        "mode": "simulation",
        "as_of": NOW,
    }


def test_success_is_the_sent_share_of_what_ended_and_pending_and_skipped_do_not_count(
    db: Session, campaign: Campaign, attention: Attention
) -> None:
    for status, count in (("SENT", 3), ("FAILED", 1), ("UNKNOWN", 1), ("PENDING", 2), ("SKIPPED", 4), ("SENDING", 1)):
        for _ in range(count):
            make.attempt(db, campaign, status=AttemptStatus(status))
    found = attention()
    assert found["execution_success"] == 3 / 5
    assert found["failed_last_24h"] == 1
    assert found["unknown_outcomes"] == 1


@pytest.mark.parametrize(
    ("age", "counted"),
    [
        (timedelta(0), True),
        (timedelta(days=7) - MICROSECOND, True),
        (timedelta(days=7), False),
        (-MICROSECOND, False),
    ],
)
def test_the_week_is_open_at_its_start_and_closed_at_as_of(
    db: Session, campaign: Campaign, attention: Attention, age: timedelta, counted: bool
) -> None:
    make.attempt(db, campaign, attempted_at=NOW - age)
    assert attention()["execution_success"] == (1.0 if counted else None)


@pytest.mark.parametrize(("age", "counted"), [(timedelta(hours=24) - MICROSECOND, 1), (timedelta(hours=24), 0)])
def test_failures_count_for_24_hours(
    db: Session, campaign: Campaign, attention: Attention, age: timedelta, counted: int
) -> None:
    make.attempt(db, campaign, status=AttemptStatus.FAILED, attempted_at=NOW - age)
    assert attention()["failed_last_24h"] == counted


def test_as_of_moves_the_windows_and_not_the_states(db: Session, campaign: Campaign, attention: Attention) -> None:
    make.attempt(db, campaign, attempted_at=NOW - timedelta(days=9))
    make.attempt(db, campaign, status=AttemptStatus.UNKNOWN, attempted_at=NOW)
    friday = attention(as_of=NOW - timedelta(days=5))
    assert friday["execution_success"] == 1.0
    assert friday["unknown_outcomes"] == 1, "an unknown outcome is a state of now"
    assert friday["as_of"] == NOW - timedelta(days=5)


def test_a_naive_as_of_is_refused(attention: Attention) -> None:
    with pytest.raises(InputError, match="no time zone"):
        attention(as_of=NOW.replace(tzinfo=None))


def test_attempts_of_the_other_mode_are_counted_apart(db: Session, campaign: Campaign, attention: Attention) -> None:
    make.attempt(db, campaign, status=AttemptStatus.FAILED)
    make.attempt(db, campaign, mode=Mode.LIVE)
    make.attempt(db, campaign, mode=Mode.LIVE, status=AttemptStatus.UNKNOWN)
    make.attempt(db, campaign, mode=Mode.LIVE, status=AttemptStatus.PENDING)
    found = attention()
    assert (found["execution_success"], found["other_mode_attempts"], found["unknown_outcomes"]) == (0.0, 2, 0)
    settings = db.get(SafetySettings, 1)
    assert settings is not None
    settings.mode = Mode.LIVE
    found = attention()
    assert (found["execution_success"], found["other_mode_attempts"], found["unknown_outcomes"]) == (0.5, 1, 1)
    assert found["failed_last_24h"] == 0
    assert found["mode"] == "live"


def test_high_intent_is_the_status_or_a_message_from_them_within_14_days(
    db: Session, campaign: Campaign, attention: Attention
) -> None:
    make.lead(db, campaign, status="REPLIED")
    make.lead(db, campaign, status="QUALIFIED")
    for direction, age in (
        ("INBOUND", timedelta(days=13)),
        ("INBOUND", timedelta(days=14)),
        ("OUTBOUND", timedelta(days=1)),
    ):
        wrote = make.lead(db, campaign)
        db.add(ContactEvent(lead_id=wrote.id, channel="email", direction=direction, event_at=NOW - age))
    twice = make.lead(db, campaign, status="REPLIED")
    for _ in range(2):
        db.add(ContactEvent(lead_id=twice.id, channel="email", direction="INBOUND", event_at=NOW))
    found = attention()
    assert found["leads"] == 6
    assert found["high_intent"] == 4, "by status 3, by message 1; nobody twice"
    assert count_leads(db, high_intent=True) == 4, "the list behind the number"


def test_who_unsubscribed_is_no_prospect_for_that(db: Session, campaign: Campaign, attention: Attention) -> None:
    gone, back = make.lead(db, campaign), make.lead(db, campaign)
    for lead, kind in ((gone, "unsubscribe"), (back, "unsubscribe"), (back, "reply")):
        db.add(ContactEvent(lead_id=lead.id, channel="email", direction="INBOUND", event_type=kind, event_at=NOW))
    assert attention()["high_intent"] == 1
    assert [lead["id"] for lead in list_leads(db, high_intent=True)] == [back.id]


def test_approvals_pending_are_newest_drafts_of_strategies_and_creatives(
    db: Session, project: Project, attention: Attention
) -> None:
    make.strategy(db, project)
    make.strategy(db, project)
    other = make.project(db)
    make.strategy(db, other)
    make.strategy(db, other, status=StrategyStatus.APPROVED)
    make.creative(db, project)
    make.creative(db, project, status=CreativeStatus.APPROVED)
    make.creative(db, project, deleted_at=NOW)
    assert attention()["approvals_pending"] == 2


@pytest.mark.parametrize(
    ("late", "counted"), [(timedelta(minutes=5), 0), (timedelta(minutes=5) + MICROSECOND, 1), (-timedelta(hours=1), 0)]
)
def test_overdue_is_due_for_more_than_five_minutes(
    db: Session, project: Project, attention: Attention, late: timedelta, counted: int
) -> None:
    make.queued(db, make.creative(db, project), NOW - late)
    assert attention()["overdue"] == counted


def test_a_deferred_row_is_due_when_it_was_deferred_to(db: Session, project: Project, attention: Attention) -> None:
    make.queued(db, make.creative(db, project), NOW - timedelta(hours=2), next_attempt_at=NOW + timedelta(hours=1))
    assert attention()["overdue"] == 0


def test_missed_rows_and_rows_of_the_other_mode(db: Session, project: Project, attention: Attention) -> None:
    make.queued(db, make.creative(db, project), status=QueueStatus.MISSED)
    make.queued(db, make.creative(db, project), status=QueueStatus.MISSED, mode=Mode.LIVE)
    make.queued(db, make.creative(db, project), NOW - timedelta(hours=2), mode=Mode.LIVE)
    make.queued(db, make.creative(db, project), NOW - timedelta(hours=2), status=QueueStatus.CANCELLED)
    found = attention()
    assert (found["missed"], found["overdue"]) == (1, 0)


def test_stale_creatives_are_those_still_to_be_published_from_another_strategy(
    db: Session, project: Project, attention: Attention
) -> None:
    before_any = make.creative(db, project)
    first = make.strategy(db, project, status=StrategyStatus.APPROVED)
    make.creative(db, project, status=CreativeStatus.APPROVED)
    make.creative(db, project, status=CreativeStatus.PUBLISHED)
    make.creative(db, project, status=CreativeStatus.SCHEDULED, deleted_at=NOW)
    assert before_any.strategy_id is None
    assert attention()["stale_creatives"] == 1
    make.strategy(db, project, status=StrategyStatus.APPROVED)
    make.creative(db, project)
    assert attention()["stale_creatives"] == 2
    assert first.id != project.approved_strategy_id


@pytest.mark.parametrize(
    ("probes", "down"),
    [
        ([("down", 1), ("down", 6)], 1),
        ([("down", 1), ("ok", 6)], 0),
        ([("ok", 1), ("down", 6), ("down", 11)], 0),
        ([("down", 15), ("down", 20)], 1),
        ([("down", 16), ("down", 21)], 0),
        ([("down", 1)], 0),
    ],
)
def test_a_gateway_is_down_by_its_last_two_probes(
    db: Session, attention: Attention, probes: list[tuple[str, int]], down: int
) -> None:
    for state, minutes in probes:
        for account in ("one", "two"):
            gateway_checks.store(
                db,
                Gateway.X,
                account,
                GatewayState(state),
                detail="",
                at=NOW - timedelta(minutes=minutes),
            )
    assert attention()["gateways_down"] == down


def test_a_project_has_its_own_numbers(db: Session, project: Project, campaign: Campaign, attention: Attention) -> None:
    other = make.project(db)
    elsewhere = make.campaign(db, other)
    post = make.creative(db, project, "linkedin")
    make.attempt(db, campaign)
    make.attempt(db, content_item_id=post.id, channel="linkedin", status=AttemptStatus.FAILED)
    make.attempt(db, elsewhere, status=AttemptStatus.UNKNOWN)
    make.lead(db, campaign)
    make.lead(db, elsewhere, status="REPLIED")
    make.strategy(db, other)
    mine, theirs = attention(project_id=project.id), attention(project_id=other.id)
    assert (mine["leads"], mine["high_intent"], mine["approvals_pending"]) == (1, 0, 1)
    assert (mine["execution_success"], mine["failed_last_24h"], mine["unknown_outcomes"]) == (0.5, 1, 0)
    assert (theirs["leads"], theirs["high_intent"], theirs["approvals_pending"]) == (1, 1, 1)
    assert (theirs["execution_success"], theirs["failed_last_24h"], theirs["unknown_outcomes"]) == (0.0, 0, 1)


def test_the_card_of_a_project(db: Session, project: Project, campaign: Campaign) -> None:
    make.strategy(db, project, status=StrategyStatus.APPROVED)
    make.lead(db, campaign)
    make.attempt(db, campaign)
    make.attempt(db, campaign, mode=Mode.LIVE)
    make.attempt(db, campaign, status=AttemptStatus.SKIPPED)
    mail = make.creative(db, project)
    make.queued(db, mail, NOW + timedelta(hours=3))
    make.queued(db, make.creative(db, project, "linkedin"), NOW + timedelta(hours=2))
    make.creative(db, project, "twitter", deleted_at=NOW)
    make.creative(db, project, "linkedin", status=CreativeStatus.PUBLISHING)
    (card,) = views.pipeline(db, project_id=project.id)
    assert card == {
        "id": project.id,
        "name": project.name,
        "client": "Acme",
        "state": "CREATIVE",
        "paused": False,
        "clarity": 100,
        "strategy_status": "APPROVED",
        "lead_count": 1,
        "outreach_count": 1,
        "creatives": 3,
        "creatives_draft": 0,
        "creatives_approved": 0,
        "creatives_scheduled": 3,
        "creatives_published": 0,
        "creatives_failed": 0,
        "creatives_unknown": 0,
        "next_scheduled": NOW + timedelta(hours=2),
        "linkedin": 2,
        "twitter": 0,
        "email": 1,
    }


def test_the_timeline_shows_plans_and_deeds_once_each(
    db: Session, project: Project, campaign: Campaign, lead: Lead
) -> None:
    ahead = make.queued(db, make.creative(db, project, "linkedin", title="", body_text="A post " * 30), NOW)
    done = make.queued(db, make.creative(db, project, title="Hello"), NOW - timedelta(hours=3), status=QueueStatus.DONE)
    sent = make.attempt(
        db,
        campaign,
        queue_id=done.id,
        content_item_id=done.content_item_id,
        lead_id=lead.id,
        attempted_at=NOW - timedelta(hours=2),
        external_id="m1",
    )
    refused = make.queued(
        db,
        make.creative(db, project, "twitter"),
        NOW - timedelta(hours=5),
        status=QueueStatus.FAILED,
        last_error="No account",
    )
    rows = views.timeline(db)
    assert [(row["kind"], row["id"], row["status"]) for row in rows] == [
        ("queue", ahead.id, "QUEUED"),
        ("attempt", sent.id, "SENT"),
        ("queue", refused.id, "FAILED"),
    ]
    assert rows[0]["title"] == ("A post " * 30)[:80]
    assert rows[1] | {"at": None} == {
        "at": None,
        "kind": "attempt",
        "id": sent.id,
        "queue_id": done.id,
        "project_id": project.id,
        "project": project.name,
        "platform": "email",
        "status": "SENT",
        "mode": "simulation",
        "title": "Hello",
        "lead_id": lead.id,
        "lead": lead.name,
        "external_id": "m1",
        "error": None,
    }
    assert rows[2]["error"] == "No account"
    assert [row["id"] for row in views.timeline(db, since=NOW - timedelta(hours=2), until=NOW)] == [sent.id]

"""Scheduling: an answer for every id, who gets what, and one step back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from tests import factories as make
from tests.conftest import NOW
from tests.execution_kit import Wire, approved, due_again, go_live, ready_project, worker
from workbench import clock
from workbench.accounts import Account
from workbench.enums import (
    AttemptStatus,
    Consent,
    CreativeStatus,
    Platform,
    ProjectState,
    QueueStatus,
    Role,
    SuppressionReason,
)
from workbench.errors import InputError, InvalidTransition, NotFoundError, PermissionDenied, ScheduleInvalid
from workbench.models import AuditEvent, ContentItem, Project, ProjectAccount, QueueRow
from workbench.operator_services._edge import Runtime, build_runtime
from workbench.operator_services.creative_decisions import bulk_approve_creatives, confirm_creatives
from workbench.operator_services.creatives import delete_creative, update_creative
from workbench.operator_services.projects import move_project
from workbench.operator_services.queue import get_queue
from workbench.operator_services.schedules import (
    bulk_schedule_creatives,
    cancel_scheduled,
    preview_schedule,
    retry_failed,
    undo_batch,
)
from workbench.services.audit import Actor
from workbench.services.suppressions import suppress
from workbench.settings import Settings

NINE = {"start": "2026-11-20T09:00", "timezone": "Europe/Berlin"}
#: Not due by PostgreSQL's own clock either, which nobody stops.
FAR = {"start": "2040-06-01T09:00", "timezone": "Europe/Berlin"}
IDENTITY = {"linkedin": "urn:li:organization:1", "twitter": "@acme", "email": "a@example.com"}


@pytest.fixture(autouse=True)
def _stand_still(frozen_now: datetime) -> None:
    """Time stands at :data:`tests.conftest.NOW`."""


def post(db: Session, project: Project, **values: Any) -> ContentItem:
    """An approved post."""
    return approved(db, project, "linkedin", title="", body_text="We ship on Fridays.", **values)


def reload(db: Session, row: Any) -> Any:
    db.refresh(row)
    db.commit()
    return row


def test_each_gets_its_slot_in_the_operators_own_words(db: Session) -> None:
    project = ready_project(db)
    items = [post(db, project) for _ in range(3)]
    db.commit()
    result = bulk_schedule_creatives(db, project.id, [item.id for item in items], NINE)
    assert (result["done"], result["failed"]) == (3, 0)
    assert [one["local_time"] for one in result["outcomes"]] == [
        "2026-11-20T09:00:00",
        "2026-11-20T10:00:00",
        "2026-11-20T11:00:00",
    ]
    rows = list(db.scalars(sa.select(QueueRow).order_by(QueueRow.id)))
    assert rows[0].scheduled_time == datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
    assert {(row.timezone, row.status, row.mode, row.account) for row in rows} == {
        ("Europe/Berlin", "QUEUED", "simulation", "simulation")
    }
    assert {one["queue_id"] for one in result["outcomes"]} == {row.id for row in rows}
    db.commit()
    assert {reload(db, item).status for item in items} == {CreativeStatus.SCHEDULED}
    assert reload(db, project).state == ProjectState.EXECUTION


def test_without_parameters_it_starts_at_the_next_full_hour_in_the_projects_zone(db: Session) -> None:
    project = ready_project(db, timezone="Asia/Kolkata")
    item = post(db, project)
    db.commit()
    (one,) = bulk_schedule_creatives(db, project.id, [item.id])["outcomes"]
    assert one["local_time"] == "2026-11-19T16:00:00"
    assert one["scheduled_time"] == datetime(2026, 11, 19, 10, 30, tzinfo=UTC)


def test_the_others_are_scheduled_when_some_cannot_be_and_each_says_why(db: Session) -> None:
    project, other = ready_project(db), ready_project(db)
    good = post(db, project)
    draft = make.creative(db, project, "linkedin", body_text="x")
    stale = post(db, project)
    stale.strategy_id = other.approved_strategy_id
    foreign = post(db, other)
    long = approved(db, project, "twitter", title="", body_text="x" * 281)
    deleted = post(db, project, deleted_at=clock.now())
    db.commit()
    ids: list[Any] = [draft.id, good.id, stale.id, foreign.id, long.id, deleted.id, 999, "7", good.id]
    result = bulk_schedule_creatives(db, project.id, ids, NINE)
    said = {one["id"]: one["reason"] for one in result["outcomes"]}
    assert (result["done"], result["failed"]) == (1, 7)
    assert said[good.id] is None
    assert "Approve it first" in str(said[draft.id])
    assert "not in force any more" in str(said[stale.id])
    assert "280" in str(said[long.id])
    assert all(f"There is no creative {one!r}" in str(said[one]) for one in (foreign.id, deleted.id, 999))
    assert [one["local_time"] for one in result["outcomes"] if one["ok"]] == ["2026-11-20T09:00:00"]


def test_a_project_without_a_strategy_in_force_schedules_nothing(db: Session) -> None:
    project = make.project(db)
    item = post(db, project)
    db.commit()
    result = bulk_schedule_creatives(db, project.id, [item.id], NINE)
    assert "No strategy of the project is in force" in str(result["outcomes"][0]["reason"])
    assert result["batch_id"] is None


def test_a_project_that_is_done_schedules_nothing(db: Session) -> None:
    project = ready_project(db)
    item = post(db, project)
    project.state = ProjectState.DONE
    db.commit()
    assert "DONE" in str(bulk_schedule_creatives(db, project.id, [item.id], NINE)["outcomes"][0]["reason"])


@pytest.mark.parametrize(
    "params",
    [
        {"start": "2020-01-01T09:00"},
        {"timezone": "Europe/Berln"},
        {"start": "2027-03-28T02:30", "timezone": "Europe/Berlin"},
        {"spacing_minutes": -5},
        {"when": "now"},
    ],
)
def test_parameters_that_make_no_sense_change_nothing(db: Session, params: dict[str, Any]) -> None:
    project = ready_project(db)
    item = post(db, project)
    db.commit()
    for call in (preview_schedule, bulk_schedule_creatives):
        with pytest.raises(ScheduleInvalid):
            call(db, project.id, [item.id], params)
    assert db.scalar(sa.select(sa.func.count()).select_from(QueueRow)) == 0
    assert reload(db, item).status == CreativeStatus.APPROVED


def test_an_item_whose_slot_a_clock_change_skips_is_named_and_the_others_go(db: Session) -> None:
    project = ready_project(db)
    items = [post(db, project) for _ in range(3)]
    db.commit()
    params = {"start": "2027-03-27T02:30", "spacing_minutes": 1440, "timezone": "Europe/Berlin"}
    result = bulk_schedule_creatives(db, project.id, [item.id for item in items], params)
    assert [one["ok"] for one in result["outcomes"]] == [True, False, True]
    assert "does not exist" in str(result["outcomes"][1]["reason"])


def test_an_unknown_project_and_ids_that_are_no_list_are_refused(db: Session) -> None:
    with pytest.raises(NotFoundError):
        bulk_schedule_creatives(db, 99, [1])
    project = ready_project(db)
    db.commit()
    with pytest.raises(InputError, match="list of numbers"):
        bulk_schedule_creatives(db, project.id, "123")  # type: ignore[arg-type]


def test_operators_see_the_preview_and_approvers_schedule(db: Session) -> None:
    project = ready_project(db)
    item = post(db, project)
    db.commit()
    db.info["actor"] = Actor("Bo", Role.VIEWER)
    assert preview_schedule(db, project.id, [item.id], NINE)["slots"][0]["ok"]
    db.info["actor"] = Actor("Bo", Role.OPERATOR)
    with pytest.raises(PermissionDenied):
        bulk_schedule_creatives(db, project.id, [item.id], NINE)


# Who gets what


def _people(db: Session, project: Project) -> None:
    campaign = make.campaign(db, project)
    for number in range(5):
        make.lead(db, campaign, email=f"lead{number}@example.com")
    make.lead(db, campaign, email="bare@example.com", company="  ")
    make.lead(db, campaign, email="no@example.com", consent_status=Consent.DNC)
    make.lead(db, campaign, email="out@example.com")
    suppress(db, "out@example.com", SuppressionReason.BOUNCE, "test")
    make.lead(db, campaign, email=None)
    make.lead(db, make.campaign(db, project), email="lead0@example.com")


def test_an_email_says_how_many_get_it_and_who_is_skipped_why(db: Session, engine: Engine, settings: Settings) -> None:
    project = ready_project(db)
    _people(db, project)
    plain = approved(db, project, body_text="Hello")
    personal = approved(db, project, body_text="Hello {{first_name|there}} of {{company}}")
    db.commit()
    preview = preview_schedule(db, project.id, [plain.id, personal.id], NINE)
    result = bulk_schedule_creatives(db, project.id, [plain.id, personal.id], NINE)
    for answer in (preview["slots"], result["outcomes"]):
        assert [one["recipients"] for one in answer] == [6, 5]
        assert {skipped["reason"]: skipped["count"] for skipped in answer[1]["skipped"]} == {
            "asked not to be contacted": 1,
            "no e-mail address": 1,
            "no value for {{company}}": 1,
            "the address is suppressed": 1,
        }
    assert preview["recipients"] == result["recipients"] == 11
    assert {one["reason"]: one["count"] for one in result["skipped"]}["no e-mail address"] == 2


def test_what_was_announced_is_what_is_sent(db: Session, engine: Engine, settings: Settings) -> None:
    project = ready_project(db)
    _people(db, project)
    item = approved(db, project, body_text="Hello {{first_name|there}} of {{company}}")
    db.commit()
    announced = bulk_schedule_creatives(db, project.id, [item.id], FAR)["outcomes"][0]
    db.execute(sa.update(QueueRow).values(scheduled_time=NOW))
    db.commit()
    wire = Wire()
    with clock.frozen(NOW):
        worker(engine, settings, wire, staleness_minutes=60 * 24 * 365 * 100).run_once()
    assert len(wire.got) == announced["recipients"]
    (row,) = get_queue(db)
    assert row["skipped"] == sum(skipped["count"] for skipped in announced["skipped"])


def test_who_has_it_already_is_skipped_the_next_time(db: Session, engine: Engine, settings: Settings) -> None:
    project = ready_project(db)
    campaign = make.campaign(db, project)
    first, second = make.lead(db, campaign), make.lead(db, campaign)
    item = approved(db, project)
    make.attempt(db, campaign, content_item_id=item.id, lead_id=first.id, address_norm=first.email_norm)
    db.commit()
    (slot,) = preview_schedule(db, project.id, [item.id], NINE)["slots"]
    assert slot["recipients"] == 1
    assert slot["skipped"] == [{"reason": "got this already", "count": 1}]
    go_live(db)
    settings_with_account = settings.model_copy(update={"public_url": "https://mail.example.com"})
    account = Account(name="acme", platform=Platform.EMAIL, identity="a@example.com")
    db.info["runtime"] = Runtime(settings_with_account, (account,), build_runtime(settings_with_account).gateways)
    (slot,) = preview_schedule(db, project.id, [item.id], NINE)["slots"]
    assert slot["recipients"] == 2, "what was only simulated reached nobody"
    assert second.id


# Accounts


def _with_accounts(
    db: Session, settings: Settings, *names: str, public_url: str | None = "https://m.example.com"
) -> None:
    changed = settings.model_copy(update={"public_url": public_url})
    accounts = tuple(
        Account(name=name, platform=platform, identity=IDENTITY[platform]) for name in names for platform in Platform
    )
    db.info["runtime"] = Runtime(changed, accounts, build_runtime(changed).gateways)


def test_the_only_account_binds_by_itself_and_of_several_one_must_be_chosen(db: Session, settings: Settings) -> None:
    project = ready_project(db)
    item = post(db, project)
    db.commit()
    _with_accounts(db, settings, "acme")
    assert preview_schedule(db, project.id, [item.id], NINE)["slots"][0]["account"] == "acme"
    _with_accounts(db, settings, "acme", "beta")
    (slot,) = preview_schedule(db, project.id, [item.id], NINE)["slots"]
    assert not slot["ok"]
    assert "bound to none" in str(slot["reason"])
    db.add(ProjectAccount(project_id=project.id, platform="linkedin", account="beta"))
    db.commit()
    assert preview_schedule(db, project.id, [item.id], NINE)["slots"][0]["account"] == "beta"


def test_live_refuses_what_no_account_or_no_unsubscribe_link_could_send(db: Session, settings: Settings) -> None:
    project = ready_project(db)
    linkedin, mail = post(db, project), approved(db, project)
    db.commit()
    go_live(db)
    first, second = preview_schedule(db, project.id, [linkedin.id, mail.id], NINE)["slots"]
    assert "No LinkedIn account is configured" in str(first["reason"])
    _with_accounts(db, settings, "acme", public_url=None)
    first, second = preview_schedule(db, project.id, [linkedin.id, mail.id], NINE)["slots"]
    assert first["ok"]
    assert "WORKBENCH_PUBLIC_URL" in str(second["reason"])


# Undo


def test_a_schedule_is_undone_in_one_step(db: Session) -> None:
    project = ready_project(db)
    items = [post(db, project) for _ in range(3)]
    db.commit()
    batch = bulk_schedule_creatives(db, project.id, [item.id for item in items], NINE)["batch_id"]
    assert batch is not None
    result = undo_batch(db, batch)
    assert (result["done"], result["failed"]) == (3, 0)
    assert {reload(db, item).status for item in items} == {CreativeStatus.APPROVED}
    assert set(db.scalars(sa.select(QueueRow.status))) == {QueueStatus.CANCELLED}
    db.commit()
    with pytest.raises(InvalidTransition, match="undone already"):
        undo_batch(db, batch)
    again = bulk_schedule_creatives(db, project.id, [item.id for item in items], NINE)
    assert again["done"] == 3


def test_what_went_out_stays_out_when_its_batch_is_undone(db: Session, engine: Engine, settings: Settings) -> None:
    project = ready_project(db)
    sent, waiting = post(db, project), post(db, project)
    db.commit()
    batch = bulk_schedule_creatives(db, project.id, [sent.id, waiting.id], FAR)["batch_id"]
    db.execute(sa.update(QueueRow).where(QueueRow.content_item_id == sent.id).values(scheduled_time=NOW))
    db.commit()
    worker(engine, settings, Wire(), staleness_minutes=60 * 24 * 365 * 100).run_once()
    due_again(db)
    result = undo_batch(db, str(batch))
    assert [(one["ok"], one["reason"]) for one in result["outcomes"]] == [(False, "It is DONE by now."), (True, None)]


def test_an_approval_is_undone_where_nothing_followed_it(db: Session) -> None:
    project = ready_project(db)
    items = [make.creative(db, project, "linkedin", title="", body_text="Hello") for _ in range(3)]
    db.commit()
    first, second, third = (item.id for item in items)
    batch = bulk_approve_creatives(db, project.id, [first, second, third])["batch_id"]
    bulk_schedule_creatives(db, project.id, [second], NINE)
    update_creative(db, project.id, third, {"body_text": "Hello again"})
    bulk_approve_creatives(db, project.id, [third])
    result = undo_batch(db, str(batch))
    assert [(one["ok"], one["reason"]) for one in result["outcomes"]] == [
        (True, None),
        (False, "It is SCHEDULED by now. Undo that first."),
        (False, "Its text was changed since."),
    ]
    assert [reload(db, item).status for item in items] == ["DRAFT", "SCHEDULED", "APPROVED"]


def test_a_confirmation_is_undone(db: Session) -> None:
    project = ready_project(db)
    old = project.approved_strategy_id
    item = post(db, project)
    make.strategy(db, project, status=make.StrategyStatus.APPROVED)
    db.commit()
    batch = confirm_creatives(db, project.id, [item.id])["batch_id"]
    assert reload(db, item).strategy_id == project.approved_strategy_id != old
    undo_batch(db, str(batch))
    assert reload(db, item).strategy_id == old


def test_cancelling_what_is_cancelled_already_leaves_nothing_to_undo(db: Session) -> None:
    row = make.queued(db, post(db, ready_project(db)), status=QueueStatus.CANCELLED)
    db.commit()
    result = cancel_scheduled(db, [row.id], "Not now")
    assert (result["done"], result["batch_id"]) == (1, None)


def _failed(db: Session, item: ContentItem, **values: Any) -> QueueRow:
    """A queue row of ``item`` that ended FAILED, with its attempt."""
    row = make.queued(db, item, status=QueueStatus.FAILED, expanded=True, **values)
    item.status = CreativeStatus.FAILED
    make.attempt(db, queue_id=row.id, content_item_id=item.id, channel=item.platform, status=AttemptStatus.FAILED)
    db.commit()
    return row


def test_a_post_that_another_row_published_is_not_retried(db: Session) -> None:
    item = post(db, ready_project(db))
    row = _failed(db, item)
    # A first try was reconciled as not sent; the creative was scheduled again, and went out.
    second = make.queued(db, item, status=QueueStatus.DONE, expanded=True)
    make.attempt(db, queue_id=second.id, content_item_id=item.id, channel="linkedin")
    item.status = CreativeStatus.PUBLISHED
    db.commit()
    with pytest.raises(InvalidTransition, match="published since"):
        retry_failed(db, row.id, "Once more")
    assert reload(db, row).status == QueueStatus.FAILED


def test_a_retry_is_a_schedule_for_the_project_too(db: Session) -> None:
    project = ready_project(db)
    row = _failed(db, post(db, project))
    move_project(db, project.id, "DONE")
    with pytest.raises(InvalidTransition, match="DONE; reopen it first"):
        retry_failed(db, row.id, "Once more")
    project.state = ProjectState.CREATIVE
    db.commit()
    retry_failed(db, row.id, "Once more")
    assert reload(db, project).state == ProjectState.EXECUTION


def test_an_email_that_is_deleted_is_not_tried_again_for_those_it_failed_to_reach(db: Session) -> None:
    project = ready_project(db)
    item = make.creative(db, project)
    row = make.queued(db, item, NOW + timedelta(days=1), expanded=True)
    campaign = make.campaign(db, project)
    for status in (AttemptStatus.SENT, AttemptStatus.PENDING):
        lead = make.lead(db, campaign)
        ids = {"lead_id": lead.id, "address_norm": lead.email_norm, "queue_id": row.id, "content_item_id": item.id}
        make.attempt(db, campaign, status=status, **ids)
    item.status = CreativeStatus.PUBLISHED
    row.status = QueueStatus.RUNNING
    db.commit()
    with pytest.raises(InvalidTransition, match="being sent right now"):
        delete_creative(db, project.id, item.id)
    row.status = QueueStatus.QUEUED
    db.commit()
    delete_creative(db, project.id, item.id)
    assert (reload(db, row).status, reload(db, item).status) == (QueueStatus.CANCELLED, CreativeStatus.PUBLISHED)


def _cancelled(db: Session) -> tuple[Project, ContentItem, str]:
    """A creative that was scheduled and cancelled, and the batch to undo."""
    project = ready_project(db)
    item = post(db, project)
    db.commit()
    (queued,) = bulk_schedule_creatives(db, project.id, [item.id], FAR)["outcomes"]
    return project, item, str(cancel_scheduled(db, [queued["queue_id"]], "Not now")["batch_id"])


def test_undoing_a_cancellation_queues_no_text_but_the_one_that_was_approved(db: Session) -> None:
    project, item, batch = _cancelled(db)
    update_creative(db, project.id, item.id, {"body_text": "We ship on Mondays."})
    bulk_approve_creatives(db, project.id, [item.id])
    (outcome,) = undo_batch(db, batch)["outcomes"]
    assert (outcome["ok"], outcome["reason"]) == (False, "Its text was changed since. Schedule it again.")
    assert reload(db, item).status == CreativeStatus.APPROVED


def test_undoing_a_cancellation_queues_nothing_in_a_project_that_is_done(db: Session) -> None:
    project, _, batch = _cancelled(db)
    move_project(db, project.id, "DONE")
    (outcome,) = undo_batch(db, batch)["outcomes"]
    assert (outcome["ok"], outcome["reason"]) == (False, "Its project is DONE by now. Reopen it first.")


def test_undoing_takes_the_role_of_what_is_undone_and_a_batch_that_exists(db: Session) -> None:
    project = ready_project(db)
    item = post(db, project)
    db.commit()
    batch = bulk_schedule_creatives(db, project.id, [item.id], NINE)["batch_id"]
    db.info["actor"] = Actor("Bo", Role.OPERATOR)
    with pytest.raises(PermissionDenied, match="approver"):
        undo_batch(db, str(batch))
    with pytest.raises(NotFoundError):
        undo_batch(db, "nothing")


def test_every_item_has_its_own_audit_event_with_the_batch(db: Session) -> None:
    project = ready_project(db)
    items = [post(db, project) for _ in range(2)]
    db.commit()
    batch = bulk_schedule_creatives(db, project.id, [item.id for item in items], NINE)["batch_id"]
    events = db.scalars(sa.select(AuditEvent).where(AuditEvent.action == "creative.schedule")).all()
    assert [(one.entity_id, one.batch_id, one.actor, one.project_id) for one in events] == [
        (item.id, batch, "Ada", project.id) for item in items
    ]


def test_many_take_no_more_statements_than_few(db: Session, engine: Engine) -> None:
    project = ready_project(db)
    _people(db, project)
    ids = [approved(db, project).id for _ in range(60)]
    db.commit()
    counts = []
    for part in (ids[:2], ids[2:]):
        seen: list[str] = []

        def note(conn: Any, cursor: Any, statement: str, *rest: Any, into: list[str] = seen) -> None:
            into.append(statement)

        event.listen(engine, "before_cursor_execute", note)
        try:
            assert bulk_schedule_creatives(db, project.id, part, NINE)["done"] == len(part)
        finally:
            event.remove(engine, "before_cursor_execute", note)
        counts.append(len(seen))
    assert counts[1] <= counts[0]

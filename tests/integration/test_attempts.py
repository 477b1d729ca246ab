"""Many failed or unknown attempts settled in one step: previewed, answered one by one, recorded together, undone."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from tests.execution_kit import FAILED, PENDING, SENT, UNKNOWN, Wire, fresh, mailing, posting, statuses, worker
from workbench.enums import CreativeStatus, QueueStatus, Role
from workbench.errors import InputError, InvalidTransition, PermissionDenied
from workbench.gateways.base import Rejected, Sent, Unknown
from workbench.models import AuditEvent, ContentItem, OutreachAttempt, QueueRow
from workbench.operator_services.attempts import preview_attempts, settle_attempts
from workbench.operator_services.queue import list_failed_attempts, list_unknown_attempts, reconcile_unknown
from workbench.operator_services.schedules import undo_batch
from workbench.operator_services.types import DecisionOutcome
from workbench.services.audit import Actor
from workbench.settings import Settings


def creative_of(db: Session, row: QueueRow) -> str:
    return db.get_one(ContentItem, row.content_item_id, populate_existing=True).status


def run(engine: Engine, settings: Settings, answer: object) -> Wire:
    wire = Wire()
    wire.answer = lambda message: answer  # type: ignore[assignment, return-value]
    worker(engine, settings, wire).run_once()
    return wire


@pytest.fixture
def failed(db: Session, engine: Engine, settings: Settings) -> tuple[QueueRow, list[int]]:
    """An e-mail to three people that failed for each."""
    row = mailing(db, 3)
    run(engine, settings, Rejected("no"))
    return row, sorted(one["attempt_id"] for one in list_failed_attempts(db))


@pytest.fixture
def unknown(db: Session, engine: Engine, settings: Settings) -> tuple[list[QueueRow], list[int]]:
    """Two posts of unknown outcome."""
    rows = [posting(db), posting(db)]
    worker_of = worker(engine, settings, Wire(answer=lambda message: Unknown("time-out")))
    worker_of.run_once()
    worker_of.run_once()
    return rows, sorted(one["attempt_id"] for one in list_unknown_attempts(db))


def test_those_that_are_chosen_are_tried_again_and_no_others_of_their_row(
    db: Session, engine: Engine, settings: Settings, failed: tuple[QueueRow, list[int]]
) -> None:
    row, ids = failed
    result = settle_attempts(db, ids[:2], "retry", "the server was mended")
    assert (result["done"], result["failed"]) == (2, 0)
    assert [(one["id"], one["ok"], one["status"]) for one in result["outcomes"]] == [
        (ids[0], True, "PENDING"), (ids[1], True, "PENDING"),
    ]  # fmt: skip
    assert fresh(db, row).status == QueueStatus.QUEUED
    assert len(run(engine, settings, Sent("x")).got) == 2
    assert sorted(statuses(db, row)) == sorted([SENT, SENT, FAILED])
    assert fresh(db, row).status == QueueStatus.PARTIAL
    assert creative_of(db, row) == CreativeStatus.PUBLISHED


def test_a_retry_of_many_is_taken_back_with_what_they_had_failed_of(
    db: Session, failed: tuple[QueueRow, list[int]]
) -> None:
    row, ids = failed
    result = settle_attempts(db, ids, "retry", "mended")
    assert creative_of(db, row) == CreativeStatus.SCHEDULED
    assert result["batch_id"] is not None
    assert undo_batch(db, result["batch_id"])["done"] == 1
    assert statuses(db, row) == [FAILED] * 3
    assert {one["error"] for one in list_failed_attempts(db)} == {"no"}
    assert (fresh(db, row).status, creative_of(db, row)) == (QueueStatus.FAILED, CreativeStatus.FAILED)
    assert settle_attempts(db, ids, "retry", "mended after all")["done"] == 3


def test_a_retry_that_a_worker_came_to_is_not_taken_back(
    db: Session, engine: Engine, settings: Settings, failed: tuple[QueueRow, list[int]]
) -> None:
    row, ids = failed
    batch = settle_attempts(db, ids, "retry", "mended")["batch_id"]
    assert batch is not None
    run(engine, settings, Sent("x"))
    (outcome,) = undo_batch(db, batch)["outcomes"]
    assert not outcome["ok"]
    assert "DONE by now" in (outcome["reason"] or "")
    assert statuses(db, row) == [SENT] * 3


@pytest.mark.parametrize(
    ("decision", "becomes", "row_status", "creative"),
    [
        ("sent", SENT, QueueStatus.DONE, CreativeStatus.PUBLISHED),
        ("not_sent", FAILED, QueueStatus.FAILED, CreativeStatus.APPROVED),
    ],
)
def test_many_unknown_outcomes_become_what_a_person_found_and_unknown_again_when_that_is_taken_back(
    db: Session,
    unknown: tuple[list[QueueRow], list[int]],
    decision: str,
    becomes: str,
    row_status: str,
    creative: str,
) -> None:
    rows, ids = unknown
    result = settle_attempts(db, ids, decision, "looked at both pages")
    assert (result["done"], result["failed"]) == (2, 0)
    for row in rows:
        assert (statuses(db, row), fresh(db, row).status, creative_of(db, row)) == ([becomes], row_status, creative)
    events = db.scalars(sa.select(AuditEvent).where(AuditEvent.action == "attempt.reconcile")).all()
    assert {(event.batch_id, event.reason) for event in events} == {(result["batch_id"], "looked at both pages")}
    assert len(events) == 2
    assert undo_batch(db, result["batch_id"] or "")["done"] == 2
    for row in rows:
        assert (statuses(db, row), fresh(db, row).status) == ([UNKNOWN], QueueStatus.UNKNOWN)
        assert creative_of(db, row) == CreativeStatus.UNKNOWN
    with pytest.raises(InvalidTransition, match="undone already"):
        undo_batch(db, result["batch_id"] or "")


def test_what_was_said_of_one_whose_creative_was_changed_since_stays(
    db: Session, unknown: tuple[list[QueueRow], list[int]]
) -> None:
    (first, second), ids = unknown
    batch = settle_attempts(db, ids, "not_sent", "looked")["batch_id"]
    db.execute(sa.update(ContentItem).where(ContentItem.id == first.content_item_id).values(status="DRAFT"))
    db.commit()
    outcomes = {one["id"]: one for one in undo_batch(db, batch or "")["outcomes"]}
    assert [outcomes[id]["ok"] for id in ids] == [False, True]
    assert "DRAFT by now" in (outcomes[ids[0]]["reason"] or "")
    assert (statuses(db, first), statuses(db, second)) == ([FAILED], [UNKNOWN])


def test_the_preview_says_of_each_what_then_happens(
    db: Session, failed: tuple[QueueRow, list[int]], unknown: tuple[list[QueueRow], list[int]]
) -> None:
    ids, (settled, other) = failed[1], unknown[1]
    reconcile_unknown(db, settled, "sent", "seen")
    asked = [*ids, settled, other, 999_999]
    for decision in ("retry", "sent", "not_sent"):
        before = {one.id: one.status for one in db.scalars(sa.select(OutreachAttempt))}
        db.rollback()
        preview = preview_attempts(db, asked, decision)
        assert all(set(one) == set(DecisionOutcome.__annotations__) for one in preview["outcomes"])
        assert preview["changing"] + preview["unchanged"] + preview["refused"] == len(asked)
        assert {one.id: one.status for one in db.scalars(sa.select(OutreachAttempt))} == before, "nothing was changed"
        db.rollback()
        result = settle_attempts(db, asked, decision, "looked")
        planned = [(one["id"], one["ok"], one["status"], one["reason"]) for one in preview["outcomes"]]
        assert planned == [(one["id"], one["ok"], one["status"], one["reason"]) for one in result["outcomes"]]
        if result["batch_id"]:
            undo_batch(db, result["batch_id"])
    assert preview["outcomes"][-1]["reason"] == "There is no attempt 999999."


def test_one_that_cannot_be_tried_again_leaves_the_others_as_they_were_asked_for(
    db: Session, engine: Engine, settings: Settings, failed: tuple[QueueRow, list[int]]
) -> None:
    post = posting(db)
    run(engine, settings, Rejected("no"))
    db.execute(sa.update(ContentItem).where(ContentItem.id == post.content_item_id).values(version=2))
    db.commit()
    (bad,) = {one["attempt_id"] for one in list_failed_attempts(db)} - set(failed[1])
    result = settle_attempts(db, [bad, *failed[1]], "retry", "mended")
    assert (result["done"], result["failed"]) == (3, 1)
    assert "changed since" in (result["outcomes"][0]["reason"] or "")
    assert (statuses(db, post), statuses(db, failed[0])) == ([FAILED], [PENDING] * 3)


def test_settling_needs_a_reason_a_decision_and_an_approver(db: Session, failed: tuple[QueueRow, list[int]]) -> None:
    ids = failed[1]
    with pytest.raises(InputError, match="Say why"):
        settle_attempts(db, ids, "retry", " ")
    with pytest.raises(InputError, match="how you know"):
        settle_attempts(db, ids, "sent", "")
    with pytest.raises(InputError, match="retry, sent, not_sent"):
        settle_attempts(db, ids, "forget", "x")
    with pytest.raises(InputError, match="list of numbers"):
        preview_attempts(db, "12", "retry")
    db.info["actor"] = Actor("Olga", Role.OPERATOR)
    with pytest.raises(PermissionDenied):
        settle_attempts(db, ids, "retry", "x")
    assert statuses(db, failed[0]) == [FAILED] * 3

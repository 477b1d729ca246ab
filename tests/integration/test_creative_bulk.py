"""Approving, confirming and deleting many creatives at once: an answer for every id, on both databases."""

from __future__ import annotations

import time
import uuid
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session, sessionmaker

from tests import factories
from tests.integration.test_gallery import statements
from workbench import operator_services as contract
from workbench.clock import now
from workbench.enums import CreativeStatus, QueueStatus, StrategyStatus
from workbench.errors import InputError, InvalidTransition, NotFoundError
from workbench.models import AuditEvent, ContentItem, Project, QueueRow

_C = CreativeStatus


@pytest.fixture
def project(db: Session) -> Project:
    made = factories.project(db)
    factories.strategy(db, made, status=StrategyStatus.APPROVED)
    db.commit()
    return made


def events(db: Session, action: str) -> list[AuditEvent]:
    return list(db.scalars(sa.select(AuditEvent).where(AuditEvent.action == action).order_by(AuditEvent.id)))


def test_the_good_are_approved_and_the_others_named_with_the_reason(db: Session, project: Project) -> None:
    good = factories.creative(db, project)
    too_long = factories.creative(db, project, "twitter", body_text="x" * 281)
    changed = factories.creative(db, project)
    deleted = factories.creative(db, project, deleted_at=project.created_at)
    foreign = factories.creative(db, factories.project(db))
    db.commit()
    contract.update_creative(db, project.id, changed.id, {"title": "Newer"})
    ids: list[Any] = [too_long.id, good.id, changed.id, deleted.id, foreign.id, 999_999, "7", None, good.id]
    result = contract.bulk_approve_creatives(db, project.id, ids, versions={changed.id: 1, good.id: 1})
    assert (result["done"], result["failed"]) == (1, 7)
    assert [one["id"] for one in result["outcomes"]] == ids[:-1]
    answers = {one["id"]: one for one in result["outcomes"]}
    assert answers[good.id] == {"id": good.id, "ok": True, "status": "APPROVED", "reason": None}
    assert "280" in (answers[too_long.id]["reason"] or "")
    assert "version 2, you saw 1" in (answers[changed.id]["reason"] or "")
    for gone in (deleted.id, foreign.id, 999_999, "7", None):
        assert "There is no creative" in (answers[gone]["reason"] or "")  # type: ignore[index]
    stored = dict(db.execute(sa.select(ContentItem.id, ContentItem.status)).all())
    assert [one for one, status in stored.items() if status == "APPROVED"] == [good.id]


def test_every_change_of_a_batch_is_recorded_under_its_number(db: Session, project: Project) -> None:
    items = [factories.creative(db, project) for _ in range(3)]
    db.commit()
    result = contract.bulk_approve_creatives(db, project.id, [item.id for item in items])
    assert result["batch_id"] is not None
    assert uuid.UUID(result["batch_id"]).version == 4
    recorded = events(db, "creative.approve")
    assert [event.entity_id for event in recorded] == [item.id for item in items]
    for event in recorded:
        assert (event.entity, event.actor, event.role, event.project_id) == ("creative", "Ada", "admin", project.id)
        assert event.batch_id == result["batch_id"]
        assert event.before == {"status": "DRAFT", "version": 1}
        assert event.after == {"status": "APPROVED", "version": 1}


@pytest.mark.parametrize("status", list(_C))
def test_only_a_draft_is_approved_and_repeating_it_is_harmless(db: Session, project: Project, status: _C) -> None:
    item = factories.creative(db, project, status=status)
    db.commit()
    result = contract.bulk_approve_creatives(db, project.id, [item.id])
    (outcome,) = result["outcomes"]
    assert outcome["ok"] == (status in (_C.DRAFT, _C.APPROVED, _C.SCHEDULED))
    assert outcome["status"] == (_C.APPROVED if status is _C.DRAFT else status)
    assert bool(outcome["reason"]) != outcome["ok"]
    assert (result["batch_id"] is not None) == (status is _C.DRAFT)
    assert len(events(db, "creative.approve")) == (status is _C.DRAFT)


@pytest.mark.parametrize("act", [contract.bulk_approve_creatives, contract.confirm_creatives])
@pytest.mark.parametrize("ids", [None, "12", 12, {1: 1}, b"12"])
def test_ids_that_are_no_list_are_refused(db: Session, project: Project, act: Any, ids: Any) -> None:
    with pytest.raises(InputError, match="as a list"):
        act(db, project.id, ids)


@pytest.mark.parametrize("versions", [[1], {"1": 1}, {1: "1"}, 3])
def test_versions_that_are_no_numbers_are_refused(db: Session, project: Project, versions: Any) -> None:
    with pytest.raises(InputError, match="as a dict"):
        contract.bulk_approve_creatives(db, project.id, [1], versions=versions)


def test_no_ids_are_no_batch(db: Session, project: Project) -> None:
    nothing = {"batch_id": None, "done": 0, "failed": 0, "outcomes": []}
    assert contract.bulk_approve_creatives(db, project.id, []) == nothing
    assert contract.confirm_creatives(db, project.id, ()) == nothing


@pytest.mark.parametrize("wrong", [0, 999, "1", None])
def test_a_project_that_is_not_there_is_not_found(db: Session, wrong: Any) -> None:
    with pytest.raises(NotFoundError):
        contract.bulk_approve_creatives(db, wrong, [1])
    with pytest.raises(NotFoundError):
        contract.confirm_creatives(db, wrong, [1])


def test_confirming_bases_stale_creatives_on_the_strategy_in_force(db: Session, project: Project) -> None:
    old = project.approved_strategy_id
    kept = {status: factories.creative(db, project, status=status) for status in _C}
    before_any = factories.creative(db, project, strategy_id=None)
    newer = factories.strategy(db, project, status=StrategyStatus.APPROVED)
    fresh = factories.creative(db, project)
    db.commit()
    ids = [item.id for item in [*kept.values(), before_any, fresh]]
    result = contract.confirm_creatives(db, project.id, ids)
    sent = (_C.PUBLISHING, _C.PUBLISHED, _C.UNKNOWN)
    assert [one["ok"] for one in result["outcomes"]] == [status not in sent for status in _C] + [True, True]
    based = dict(db.execute(sa.select(ContentItem.id, ContentItem.strategy_id)).all())
    for status, item in kept.items():
        assert based[item.id] == (old if status in sent else newer.id)
    assert based[before_any.id] == newer.id
    shown = contract.get_creative(db, project.id, kept[_C.APPROVED].id)
    assert (shown["stale"], shown["status"], shown["version"]) == (False, "APPROVED", 1)
    recorded = events(db, "creative.confirm")
    assert {event.batch_id for event in recorded} == {result["batch_id"]}
    assert fresh.id not in [event.entity_id for event in recorded]
    first = next(event for event in recorded if event.entity_id == kept[_C.APPROVED].id)
    assert first.before == {"status": "APPROVED", "version": 1, "strategy_id": old}
    assert first.after == {"status": "APPROVED", "version": 1, "strategy_id": newer.id}
    assert contract.confirm_creatives(db, project.id, [fresh.id])["batch_id"] is None


def test_nothing_is_confirmed_while_no_strategy_is_in_force(db: Session) -> None:
    project = factories.project(db)
    item = factories.creative(db, project)
    db.commit()
    with pytest.raises(InvalidTransition, match="Approve one first"):
        contract.confirm_creatives(db, project.id, [item.id])


def fill(db: Session, project: Project, count: int) -> list[int]:
    """``count`` drafts, a third for each platform."""
    texts = {
        "linkedin": "A post about planning.\n\n" * 20,
        "twitter": "Short. " * 20,
        "email": "Hi {{first_name|there}}",
    }
    made = db.execute(
        sa.insert(ContentItem).returning(ContentItem.id),
        [
            {
                "project_id": project.id,
                "strategy_id": project.approved_strategy_id,
                "platform": platform,
                "title": f"Number {number}",
                "body_text": text,
            }
            for number in range(count // 3 + 1)
            for platform, text in texts.items()
        ][:count],
    )
    ids = list(made.scalars())
    db.commit()
    return ids


def test_ten_thousand_are_approved_in_a_fixed_number_of_statements(
    db: Session, engine: Engine, project: Project
) -> None:
    ids = fill(db, project, 10_000)
    with statements(engine) as few:
        assert contract.bulk_approve_creatives(db, project.id, ids[:10])["done"] == 10
    started = time.perf_counter()
    with statements(engine) as many:
        result = contract.bulk_approve_creatives(db, project.id, ids[10:])
    seconds = time.perf_counter() - started
    assert (result["done"], result["failed"]) == (9_990, 0)
    # Executemany is one call here; psycopg and SQLAlchemy cut it into batches by themselves.
    assert len(many) - len(few) <= 12
    # The target is 3 s together with scheduling, on an idle machine; this only catches a loop of statements.
    assert seconds < 10
    assert db.scalar(sa.select(sa.func.count()).where(ContentItem.status == _C.APPROVED)) == 10_000


def test_more_ids_than_a_statement_takes_parameters(sqlite_db: Session) -> None:
    db = sqlite_db
    project = factories.project(db)
    (first, *_) = ids = fill(db, project, 3)
    result = contract.bulk_approve_creatives(db, project.id, [*ids, *range(first + 3, first + 40_003)])
    assert (result["done"], result["failed"]) == (3, 40_000)


def test_two_who_approve_the_same_are_both_told_the_truth(sessions: sessionmaker[Session], project: Project) -> None:
    with sessions() as one, sessions() as other:
        item = factories.creative(one, project)
        one.commit()
        first = contract.bulk_approve_creatives(one, project.id, [item.id], versions={item.id: 1})
        second = contract.bulk_approve_creatives(other, project.id, [item.id], versions={item.id: 1})
        assert (first["done"], second["done"]) == (1, 1)
        assert (first["batch_id"] is None, second["batch_id"] is None) == (False, True)


# Deleting


def test_deleting_many_takes_them_off_the_queue_and_one_undo_brings_all_back(db: Session, project: Project) -> None:
    draft, queued = factories.creative(db, project), factories.creative(db, project)
    row = factories.queued(db, queued, now() + timedelta(days=1))
    db.commit()
    result = contract.bulk_delete_creatives(db, project.id, [queued.id, draft.id, 999_999])
    assert (result["done"], result["failed"]) == (2, 1)
    assert contract.get_creatives_for_project(db, project.id) == []
    assert db.get_one(QueueRow, row.id, populate_existing=True).status == "CANCELLED"
    db.commit()
    assert {event.batch_id for event in events(db, "creative.delete")} == {result["batch_id"]}
    db.commit()
    assert contract.undo_batch(db, result["batch_id"] or "")["done"] == 2
    back = {one["id"]: one["status"] for one in contract.get_creatives_for_project(db, project.id)}
    assert back == {draft.id: "DRAFT", queued.id: "APPROVED"}


@pytest.mark.parametrize(("status", "words"), [
    (_C.PUBLISHING, "being sent right now"), (_C.UNKNOWN, "reconcile it"),
])  # fmt: skip
def test_what_is_on_its_way_or_unknown_is_not_deleted(
    db: Session, project: Project, status: CreativeStatus, words: str
) -> None:
    stays, goes = factories.creative(db, project, status=status), factories.creative(db, project)
    db.commit()
    result = contract.bulk_delete_creatives(db, project.id, [stays.id, goes.id])
    assert [(one["ok"], words in (one["reason"] or "")) for one in result["outcomes"]] == [(False, True), (True, False)]


def test_what_is_tried_again_right_now_is_not_deleted(db: Session, project: Project) -> None:
    item = factories.creative(db, project)
    factories.queued(db, item, status=QueueStatus.RUNNING)
    item.status = _C.PUBLISHED
    db.commit()
    assert contract.bulk_delete_creatives(db, project.id, [item.id])["failed"] == 1
    assert contract.get_creative(db, project.id, item.id)["deleted"] is False


def test_ten_thousand_are_deleted_and_brought_back_in_a_fixed_number_of_statements(
    db: Session, engine: Engine, project: Project
) -> None:
    ids = fill(db, project, 10_000)
    with statements(engine) as sent:
        result = contract.bulk_delete_creatives(db, project.id, ids)
        assert contract.undo_batch(db, result["batch_id"] or "")["done"] == 10_000
        contract.bulk_delete_creatives(db, project.id, ids)
        assert contract.bulk_restore_creatives(db, project.id, ids)["done"] == 10_000
    assert len(sent) < 90
    assert contract.count_creatives(db, project.id) == 10_000


# Restoring


def test_many_are_brought_back_at_once_and_one_undo_deletes_them_again(db: Session, project: Project) -> None:
    queued, draft, here = (factories.creative(db, project) for _ in range(3))
    foreign = factories.creative(db, factories.project(db), deleted_at=now())
    factories.queued(db, queued, now() + timedelta(days=1))
    db.commit()
    contract.bulk_delete_creatives(db, project.id, [queued.id, draft.id])
    result = contract.bulk_restore_creatives(db, project.id, [queued.id, draft.id, here.id, foreign.id])
    assert [one["ok"] for one in result["outcomes"]] == [True, True, True, False]
    back = {one["id"]: one["status"] for one in contract.get_creatives_for_project(db, project.id)}
    assert back == {queued.id: "APPROVED", draft.id: "DRAFT", here.id: "DRAFT"}
    recorded = events(db, "creative.restore")
    assert {event.entity_id for event in recorded} == {queued.id, draft.id}
    assert {event.batch_id for event in recorded} == {result["batch_id"]}
    db.commit()
    contract.bulk_approve_creatives(db, project.id, [draft.id])
    undone = contract.undo_batch(db, result["batch_id"] or "")
    assert [(one["id"], one["ok"]) for one in undone["outcomes"]] == [(queued.id, True), (draft.id, False)]
    assert "APPROVED by now" in (undone["outcomes"][1]["reason"] or "")
    assert contract.count_creatives(db, project.id) == 2
    assert contract.find_creative_ids(db, project.id, only_deleted=True) == {queued.id: 1}


# The preview


@pytest.mark.parametrize("decision", ["approve", "confirm", "delete", "restore"])
def test_a_preview_says_of_each_what_the_decision_then_does(db: Session, project: Project, decision: str) -> None:
    ids: list[Any] = [factories.creative(db, project, status=status).id for status in _C]
    ids.append(factories.creative(db, project, strategy_id=None).id)
    queued = factories.creative(db, project)
    factories.queued(db, queued, now() + timedelta(days=1))
    ids.append(factories.creative(db, project, deleted_at=now()).id)
    ids += [queued.id, 999_999, "7"]
    db.commit()
    before = contract.get_creatives_for_project(db, project.id, include_deleted=True)
    seen = contract.preview_creative_decision(db, project.id, decision, ids)
    assert contract.get_creatives_for_project(db, project.id, include_deleted=True) == before
    act: Any = {
        "approve": contract.bulk_approve_creatives,
        "confirm": contract.confirm_creatives,
        "delete": contract.bulk_delete_creatives,
        "restore": contract.bulk_restore_creatives,
    }[decision]
    done = act(db, project.id, ids)
    told = [(one["id"], one["ok"], one["reason"]) for one in seen["outcomes"]]
    assert told == [(one["id"], one["ok"], one["reason"]) for one in done["outcomes"]]
    assert (seen["changing"] + seen["unchanged"], seen["refused"]) == (done["done"], done["failed"])
    assert seen["changing"] == len(events(db, f"creative.{decision}"))
    notes = {one["id"]: one["note"] for one in seen["outcomes"]}
    assert (notes[queued.id] == "It comes off the queue.") is (decision == "delete")


def test_a_preview_names_what_was_changed_since_it_was_read(db: Session, project: Project) -> None:
    item = factories.creative(db, project)
    db.commit()
    contract.update_creative(db, project.id, item.id, {"title": "Newer"})
    seen = contract.preview_creative_decision(db, project.id, "approve", [item.id], versions={item.id: 1})
    assert "you saw 1" in (seen["outcomes"][0]["reason"] or "")


def test_an_unknown_decision_is_refused(db: Session, project: Project) -> None:
    with pytest.raises(InputError, match="approve, confirm, delete, restore"):
        contract.preview_creative_decision(db, project.id, "publish", [])

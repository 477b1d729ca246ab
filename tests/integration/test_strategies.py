"""Strategies through the contract: revisions, decisions and what follows from them, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from tests import factories
from workbench.clock import now
from workbench.enums import ProjectState, QueueStatus, Role, StrategyStatus
from workbench.errors import EditConflict, InputError, NotFoundError, PermissionDenied
from workbench.models import AuditEvent, ContentItem, Draft, Project, QueueRow, Strategy
from workbench.operator_services import strategies as contract
from workbench.services.audit import Actor

Sessions = sessionmaker[Session]
APPROVED, DRAFT, REJECTED = StrategyStatus.APPROVED, StrategyStatus.DRAFT, StrategyStatus.REJECTED


def as_role(sessions: Sessions, role: Role, name: str = "Vic") -> Session:
    return sessions(info={"actor": Actor(name, role)})


def events(db: Session, action: str) -> list[AuditEvent]:
    return list(db.scalars(sa.select(AuditEvent).where(AuditEvent.action == action).order_by(AuditEvent.id)))


def state(db: Session, project: Project) -> tuple[str, int | None]:
    db.refresh(project)
    return project.state, project.approved_strategy_id


def statuses(db: Session, project: Project) -> list[str]:
    return [one["status"] for one in reversed(contract.get_strategies(db, project.id))]


@pytest.fixture
def project(db: Session) -> Project:
    made = factories.project(db)
    db.commit()
    return made


def test_the_first_draft_is_written_from_the_brief_once(db: Session, project: Project) -> None:
    text = contract.get_project_strategy_doc(db, project.id)
    assert "More demos" in text
    assert "Operations managers" in text
    assert contract.get_project_strategy_doc(db, project.id) == text
    (revision,) = contract.get_strategies(db, project.id)
    assert (revision["number"], revision["status"], revision["in_force"]) == (1, "DRAFT", False)
    (event,) = events(db, "strategy.draft")
    assert event.entity_id == revision["id"]
    assert state(db, project) == ("STRATEGY", None)


def test_the_newest_revision_is_the_document(db: Session, project: Project) -> None:
    contract.save_strategy(db, project.id, "one", 0)
    contract.save_strategy(db, project.id, "two", 1)
    assert contract.get_project_strategy_doc(db, project.id) == "two"
    assert events(db, "strategy.draft") == []


def test_a_viewer_reads_a_first_draft_that_is_not_stored(sessions: Sessions, project: Project) -> None:
    with as_role(sessions, Role.VIEWER) as db:
        assert "More demos" in contract.get_project_strategy_doc(db, project.id)
        assert contract.get_strategies(db, project.id) == []
        assert db.scalar(sa.select(sa.func.count()).select_from(AuditEvent)) == 0


def test_a_draft_from_an_incomplete_brief_leaves_the_project_in_intake(db: Session) -> None:
    project = Project(client="Acme", name="Without a brief")
    db.add(project)
    db.commit()
    assert "does not name the goal yet" in contract.get_project_strategy_doc(db, project.id)
    assert state(db, project) == ("INTAKE", None)


def test_saving_makes_a_draft_and_revokes_nothing(db: Session) -> None:
    project = factories.project(db)
    in_force = factories.strategy(db, project, status=APPROVED)
    db.commit()
    saved = contract.save_strategy(db, project.id, "better", 1)
    assert (saved["number"], saved["status"], saved["author"]) == (2, "DRAFT", "Ada")
    assert state(db, project) == ("CREATIVE", in_force.id)
    assert statuses(db, project) == ["APPROVED", "DRAFT"]
    (event,) = events(db, "strategy.save")
    assert event.after == {"number": 2, "status": "DRAFT", "characters": 6}


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "  # padded \r\n", "x" * 50_000, "漢字 {{first_name}} 👩‍👩‍👧"]
)
def test_a_strategy_is_stored_exactly_as_it_was_written(db: Session, project: Project, text: str) -> None:
    assert contract.save_strategy(db, project.id, text, 0)["text"] == text
    assert contract.get_project_strategy_doc(db, project.id) == text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        (" \n\t ", "empty"),
        ("x" * 100_000, "100,000 characters long; the limit is 50,000"),
        ("a\x00b", "NUL"),
        ("\udc00", "half of a character"),
        (None, "must be text"),
        (["# Strategy"], "must be text"),
    ],
)
def test_a_strategy_that_cannot_be_stored_changes_nothing(db: Session, project: Project, text: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        contract.save_strategy(db, project.id, text, 0)
    assert contract.get_strategies(db, project.id) == []


@pytest.mark.parametrize("base", [None, "1", -1, 1.0, True])
def test_the_base_of_a_revision_must_be_its_number(db: Session, project: Project, base: Any) -> None:
    with pytest.raises(InputError, match="base_number"):
        contract.save_strategy(db, project.id, "text", base)


@pytest.mark.parametrize("base", [0, 2, 99])
def test_a_revision_written_on_another_than_the_newest_conflicts(db: Session, project: Project, base: int) -> None:
    contract.save_strategy(db, project.id, "theirs", 0)
    with pytest.raises(EditConflict) as caught:
        contract.save_strategy(db, project.id, "mine", base)
    assert (caught.value.theirs, caught.value.yours) == ("theirs", "mine")
    assert contract.get_project_strategy_doc(db, project.id) == "theirs"


def test_approving_puts_the_newest_in_force_and_supersedes_the_others(db: Session) -> None:
    project = factories.project(db, state=ProjectState.STRATEGY)
    for status in (DRAFT, REJECTED, DRAFT):
        factories.strategy(db, project, status=status)
    db.commit()
    approved = contract.approve_strategy(db, project.id, reason="  looks good ", number=3)
    assert (approved["status"], approved["in_force"], approved["decided_by"]) == ("APPROVED", True, "Ada")
    assert approved["decided_at"] is not None
    assert statuses(db, project) == ["SUPERSEDED", "SUPERSEDED", "APPROVED"]
    assert state(db, project) == ("CREATIVE", approved["id"])
    (event,) = events(db, "strategy.approve")
    assert (event.reason, event.entity_id, event.project_id) == ("looks good", approved["id"], project.id)
    assert event.before == {"number": 3, "status": "DRAFT", "in_force": False}
    assert event.after == {"number": 3, "status": "APPROVED", "in_force": True, "replaces": None, "stale": 0}
    (move,) = events(db, "project.move")
    assert move.after == {"state": "CREATIVE"}


@pytest.mark.parametrize("now", list(ProjectState))
def test_approving_moves_a_project_forward_and_never_back(sqlite_db: Session, now: ProjectState) -> None:
    project = factories.project(sqlite_db, state=now)
    factories.strategy(sqlite_db, project)
    sqlite_db.commit()
    contract.approve_strategy(sqlite_db, project.id)
    forward = now in (ProjectState.INTAKE, ProjectState.STRATEGY)
    assert state(sqlite_db, project)[0] == (ProjectState.CREATIVE if forward else now)


def test_approving_a_rejected_revision_clears_its_reason(db: Session, project: Project) -> None:
    contract.save_strategy(db, project.id, "text", 0)
    assert contract.reject_strategy(db, project.id, "Too loud")["rejection_reason"] == "Too loud"
    approved = contract.approve_strategy(db, project.id)
    assert (approved["status"], approved["rejection_reason"]) == ("APPROVED", None)


def test_repeating_a_decision_is_harmless(db: Session, project: Project) -> None:
    contract.save_strategy(db, project.id, "text", 0)
    first = contract.approve_strategy(db, project.id, number=1)
    assert contract.approve_strategy(db, project.id) == first
    contract.save_strategy(db, project.id, "newer", 1)
    assert contract.approve_strategy(db, project.id, number=1)["in_force"]
    assert len(events(db, "strategy.approve")) == 1
    rejected = contract.reject_strategy(db, project.id, "No", number=2)
    assert contract.reject_strategy(db, project.id, "Still no", number=2) == rejected
    assert len(events(db, "strategy.reject")) == 1


@pytest.mark.parametrize("decide", ["approve", "reject"])
def test_a_decision_on_what_was_read_conflicts_with_what_was_written_since(
    db: Session, project: Project, decide: str
) -> None:
    contract.save_strategy(db, project.id, "read", 0)
    contract.save_strategy(db, project.id, "written since", 1)
    decisions: dict[str, Callable[[], object]] = {
        "approve": lambda: contract.approve_strategy(db, project.id, number=1),
        "reject": lambda: contract.reject_strategy(db, project.id, "No", number=1),
    }
    with pytest.raises(EditConflict) as caught:
        decisions[decide]()
    assert (caught.value.theirs, caught.value.yours) == ("written since", "read")
    assert statuses(db, project) == ["DRAFT", "DRAFT"]
    assert state(db, project)[1] is None


@pytest.mark.parametrize("number", [0, 2, -1, 2**40, "1", True])
def test_a_revision_that_is_not_there_is_not_found(db: Session, project: Project, number: Any) -> None:
    contract.save_strategy(db, project.id, "text", 0)
    with pytest.raises(NotFoundError):
        contract.approve_strategy(db, project.id, number=number)
    with pytest.raises(NotFoundError):
        contract.reject_strategy(db, project.id, "No", number=number)


def test_there_is_nothing_to_decide_before_a_strategy_is_written(db: Session, project: Project) -> None:
    with pytest.raises(NotFoundError, match="no strategy yet"):
        contract.approve_strategy(db, project.id)
    with pytest.raises(NotFoundError, match="no strategy yet"):
        contract.reject_strategy(db, project.id, "No")


@pytest.mark.parametrize("reason", ["", "  \n", None, 3, "x" * 2_001, "a\x00"])
def test_a_rejection_needs_a_reason(db: Session, project: Project, reason: Any) -> None:
    contract.save_strategy(db, project.id, "text", 0)
    with pytest.raises(InputError, match="The reason"):
        contract.reject_strategy(db, project.id, reason)
    assert statuses(db, project) == ["DRAFT"]


def test_rejecting_a_draft_leaves_the_one_in_force(db: Session) -> None:
    project = factories.project(db)
    in_force = factories.strategy(db, project, status=APPROVED)
    factories.strategy(db, project)
    row = factories.queued(db, factories.creative(db, project))
    db.commit()
    contract.reject_strategy(db, project.id, "Too loud", number=2)
    assert state(db, project) == ("CREATIVE", in_force.id)
    assert statuses(db, project) == ["APPROVED", "REJECTED"]
    db.refresh(row)
    assert row.status == QueueStatus.QUEUED


def test_rejecting_the_one_in_force_takes_its_items_off_the_queue(db: Session) -> None:
    project, other = factories.project(db), factories.project(db)
    for one in (project, other):
        factories.strategy(db, one, status=APPROVED)
        one.state = ProjectState.EXECUTION
    rows = [factories.queued(db, factories.creative(db, project)) for _ in range(2)]
    rows.append(factories.queued(db, factories.creative(db, project), status=QueueStatus.MISSED))
    sending = factories.queued(db, factories.creative(db, project, status="PUBLISHING"), status=QueueStatus.RUNNING)
    elsewhere = factories.queued(db, factories.creative(db, other))
    db.commit()
    db.execute(sa.update(ContentItem).where(ContentItem.id == sending.content_item_id).values(status="PUBLISHING"))
    db.commit()
    rejected = contract.reject_strategy(db, project.id, " Wrong audience ")
    assert (rejected["status"], rejected["rejection_reason"]) == ("REJECTED", "Wrong audience")
    assert rejected["in_force"] is False
    assert state(db, project) == ("STRATEGY", None)
    found = dict(db.execute(sa.select(QueueRow.id, QueueRow.status)).all())
    assert [found[row.id] for row in rows] == [QueueStatus.CANCELLED] * 3
    assert (found[sending.id], found[elsewhere.id]) == (QueueStatus.RUNNING, QueueStatus.QUEUED)
    items = dict(db.execute(sa.select(ContentItem.id, ContentItem.status)).all())
    assert [items[row.content_item_id] for row in rows] == ["APPROVED"] * 3
    assert (items[sending.content_item_id], items[elsewhere.content_item_id]) == ("PUBLISHING", "SCHEDULED")
    (event,) = events(db, "strategy.reject")
    assert event.reason == "Wrong audience"
    assert event.before == {"number": 1, "status": "APPROVED", "in_force": True}
    assert event.after == {"number": 1, "status": "REJECTED", "in_force": False}
    assert len(events(db, "schedule.cancel")) == 3


def test_the_one_in_force_can_be_rejected_while_a_newer_draft_waits(db: Session) -> None:
    project = factories.project(db)
    factories.strategy(db, project, status=APPROVED)
    factories.strategy(db, project)
    db.commit()
    assert contract.reject_strategy(db, project.id, "Wrong", number=1)["status"] == "REJECTED"
    assert state(db, project) == ("STRATEGY", None)
    assert statuses(db, project) == ["REJECTED", "DRAFT"]


CALLS: list[tuple[str, Role | None, Callable[[Session, int], object]]] = [
    ("get_project_strategy_doc", None, contract.get_project_strategy_doc),
    ("get_strategies", None, contract.get_strategies),
    ("save_strategy", Role.VIEWER, lambda db, one: contract.save_strategy(db, one, "text", 1)),
    ("approve_strategy", Role.OPERATOR, contract.approve_strategy),
    ("reject_strategy", Role.OPERATOR, lambda db, one: contract.reject_strategy(db, one, "No")),
    ("save_draft", Role.VIEWER, lambda db, one: contract.save_draft(db, "strategy", one, "text", 1)),
    ("get_draft", Role.VIEWER, lambda db, one: contract.get_draft(db, "strategy", one)),
    ("discard_draft", Role.VIEWER, lambda db, one: contract.discard_draft(db, "strategy", one)),
]


@pytest.mark.parametrize(("name", "below", "call"), CALLS, ids=[call[0] for call in CALLS])
def test_each_operation_is_refused_to_the_role_below(
    sessions: Sessions, project: Project, name: str, below: Role | None, call: Callable[[Session, int], object]
) -> None:
    with sessions() as db:
        contract.save_strategy(db, project.id, "text", 0)
    if below is not None:
        with as_role(sessions, below) as db, pytest.raises(PermissionDenied):
            call(db, project.id)
        with sessions() as db:
            assert [one["status"] for one in contract.get_strategies(db, project.id)] == ["DRAFT"]
    enough = Role.VIEWER if below is None else list(Role)[below.rank + 1]
    with as_role(sessions, enough) as db:
        call(db, project.id)
        assert not db.in_transaction()


@pytest.mark.parametrize("wrong", [0, 999, 2**40, "1", None, True])
def test_a_project_that_is_not_there_is_not_found(db: Session, wrong: Any) -> None:
    for call in [call for _, _, call in CALLS if call not in (CALLS[6][2], CALLS[7][2])]:
        with pytest.raises(NotFoundError):
            call(db, wrong)


def test_an_unsaved_text_is_private_and_no_revision(sessions: Sessions, project: Project) -> None:
    with as_role(sessions, Role.OPERATOR, "Oda") as oda, as_role(sessions, Role.OPERATOR, "Pia") as pia:
        contract.save_draft(oda, "strategy", project.id, "half a thou", 0)
        contract.save_draft(oda, "strategy", project.id, "half a thought", 0)
        contract.save_draft(pia, "strategy", project.id, "", 0)
        mine, hers = contract.get_draft(oda, "strategy", project.id), contract.get_draft(pia, "strategy", project.id)
        assert mine is not None
        assert hers is not None
        assert (mine["text"], mine["base"], hers["text"]) == ("half a thought", 0, "")
        assert contract.get_strategies(oda, project.id) == []
        assert oda.scalar(sa.select(sa.func.count()).select_from(AuditEvent)) == 0
        contract.discard_draft(oda, "strategy", project.id)
        contract.discard_draft(oda, "strategy", project.id)
        assert contract.get_draft(oda, "strategy", project.id) is None
        assert contract.get_draft(pia, "strategy", project.id) is not None


def test_a_draft_of_another_window_is_not_overwritten_unseen(sessions: Sessions, project: Project) -> None:
    """One person, two windows, both opened before anything was typed."""
    opened = now()
    with as_role(sessions, Role.OPERATOR, "Oda") as one, as_role(sessions, Role.OPERATOR, "Oda") as other:
        first = contract.save_draft(one, "strategy", project.id, "one", 0, unless_newer_than=opened)
        with pytest.raises(EditConflict, match="Another window") as caught:
            contract.save_draft(other, "strategy", project.id, "other", 0, unless_newer_than=opened)
        assert (caught.value.theirs, caught.value.yours) == ("one", "other")
        assert caught.value.context["updated_at"] == first["updated_at"]
        contract.discard_draft(other, "strategy", project.id, unless_newer_than=opened)
        kept = contract.get_draft(other, "strategy", project.id)
        assert kept == first
        chosen = contract.save_draft(other, "strategy", project.id, "other", 0, unless_newer_than=first["updated_at"])
        assert contract.get_draft(one, "strategy", project.id) == chosen
        contract.discard_draft(other, "strategy", project.id, unless_newer_than=chosen["updated_at"])
        assert contract.get_draft(one, "strategy", project.id) is None


def test_the_same_text_in_two_windows_is_no_conflict(db: Session, project: Project) -> None:
    opened = now()
    contract.save_draft(db, "strategy", project.id, "same", 0, unless_newer_than=opened)
    contract.save_draft(db, "strategy", project.id, "same", 0, unless_newer_than=opened)


def test_what_an_approval_makes_stale_is_told_before_and_kept_in_its_event(db: Session) -> None:
    project = factories.project(db)
    factories.strategy(db, project, status=APPROVED)
    factories.strategy(db, project)
    factories.queued(db, factories.creative(db, project))
    factories.creative(db, project)
    factories.creative(db, project, status="PUBLISHED")
    factories.creative(db, project, deleted_at=now())
    factories.creative(db, factories.project(db))
    db.commit()
    preview = contract.preview_approval(db, project.id, 2)
    assert preview == {"number": 2, "replaces": 1, "stale": 2, "queued": 1}
    assert contract.preview_approval(db, project.id, 1) == {"number": 1, "replaces": None, "stale": 0, "queued": 0}
    contract.approve_strategy(db, project.id, number=2)
    (event,) = events(db, "strategy.approve")
    assert event.after == {"number": 2, "status": "APPROVED", "in_force": True, "replaces": 1, "stale": 2}


def test_the_strategies_that_wait_are_listed_oldest_first(db: Session) -> None:
    late, early, decided = (factories.project(db) for _ in range(3))
    for of, hour in ((late, 12), (early, 9)):
        factories.strategy(db, of, status=REJECTED)
        factories.strategy(db, of).created_at = datetime(2026, 11, 20, hour, tzinfo=UTC)
    factories.strategy(db, decided, status=APPROVED)
    db.commit()
    found = [(one["project_id"], one["number"]) for one in contract.list_waiting_strategies(db)]
    assert found == [(early.id, 2), (late.id, 2)]


def test_drafts_of_different_things_do_not_meet(db: Session, project: Project) -> None:
    item = factories.creative(db, project, id=project.id + 7)
    db.commit()
    contract.save_draft(db, "strategy", project.id, "s", 0)
    contract.save_draft(db, "intake", project.id, "i", 1)
    contract.save_draft(db, "creative", item.id, "c", 1)
    assert db.scalar(sa.select(sa.func.count()).select_from(Draft)) == 3
    found = contract.get_draft(db, "creative", item.id)
    assert found is not None
    assert found["text"] == "c"


@pytest.mark.parametrize(
    ("entity", "text", "base", "error"),
    [
        ("lead", "text", 0, InputError),
        (None, "text", 0, InputError),
        ("strategy", "a\x00", 0, InputError),
        ("strategy", None, 0, InputError),
        ("strategy", "x" * 200_001, 0, InputError),
        ("strategy", "text", "0", InputError),
        ("strategy", "text", -1, InputError),
        ("creative", "text", 0, NotFoundError),
    ],
)
def test_a_draft_that_makes_no_sense_is_refused(
    db: Session, project: Project, entity: Any, text: Any, base: Any, error: type[Exception]
) -> None:
    with pytest.raises(error):
        contract.save_draft(db, entity, project.id, text, base)
    assert db.scalar(sa.select(sa.func.count()).select_from(Draft)) == 0


def test_what_was_decided_is_there_in_another_session(sessions: Sessions, project: Project) -> None:
    with sessions() as db:
        contract.save_strategy(db, project.id, "text", 0)
        contract.reject_strategy(db, project.id, "Too loud")
    with sessions() as db:
        row = db.scalars(sa.select(Strategy)).one()
        assert (row.status, row.rejection_reason, row.decided_by) == ("REJECTED", "Too loud", "Ada")

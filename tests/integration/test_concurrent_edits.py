"""Two people who edit the same thing: the second is told, with both texts, and nothing is overwritten."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from tests import factories
from workbench.enums import Role, StrategyStatus
from workbench.errors import EditConflict, InputError, NotFoundError, WorkbenchError
from workbench.models import AuditEvent, ContentItem, ContentVersion, Draft, Intake, Project, Strategy
from workbench.operator_services import creative_decisions, creatives, projects, strategies
from workbench.services.audit import Actor

Sessions = sessionmaker[Session]
Call = Callable[[Session, int], Any]
THREADS = 8


@pytest.fixture
def project(db: Session) -> Project:
    made = factories.project(db)
    factories.strategy(db, made, status=StrategyStatus.APPROVED)
    db.commit()
    return made


@pytest.fixture
def item(db: Session, project: Project) -> ContentItem:
    made = factories.creative(db, project)
    db.commit()
    return made


def at_once(sessions: Sessions, call: Call, count: int = THREADS) -> list[Any]:
    """What ``call(session, n)`` returned or raised in ``count`` threads that start together, by n."""
    ready = threading.Barrier(count)
    results: list[Any] = [None] * count

    def run(number: int) -> None:
        with sessions(info={"actor": Actor(f"Person {number}", Role.ADMIN)}) as db:
            # Connected before the start, so that the threads meet in the database and not on their way to it.
            db.connection()
            db.rollback()
            ready.wait(timeout=30)
            try:
                results[number] = call(db, number)
            except WorkbenchError as error:
                results[number] = error

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not any(thread.is_alive() for thread in threads)
    return results


def kinds(results: list[Any]) -> Counter[str]:
    return Counter(type(one).__name__ if isinstance(one, Exception) else "done" for one in results)


def count(db: Session, table: type[Any], *where: sa.ColumnElement[bool]) -> int:
    return db.scalar(sa.select(sa.func.count()).select_from(table).where(*where)) or 0


# One after the other, in two sessions that both read before either wrote


def test_the_second_edit_of_a_creative_is_told_and_loses_nothing(
    sessions: Sessions, project: Project, item: ContentItem
) -> None:
    with sessions() as ada, sessions(info={"actor": Actor("Bob", Role.OPERATOR)}) as bob:
        read = [creatives.get_creative(one, project.id, item.id)["version"] for one in (ada, bob)]
        creatives.update_creative(ada, project.id, item.id, {"title": "Ada's", "version": read[0]})
        with pytest.raises(EditConflict) as caught:
            creatives.update_creative(bob, project.id, item.id, {"title": "Bob's", "version": read[1]})
        assert caught.value.theirs.startswith("Ada's")
        assert caught.value.yours.startswith("Bob's")
        assert creatives.get_creative(bob, project.id, item.id)["title"] == "Ada's"
        merged = creatives.update_creative(
            bob, project.id, item.id, {"title": "Both", "version": caught.value.context["version"]}
        )
        assert merged["version"] == 3


def test_the_second_edit_of_a_strategy_is_told_and_loses_nothing(sessions: Sessions, project: Project) -> None:
    with sessions() as ada, sessions(info={"actor": Actor("Bob", Role.OPERATOR)}) as bob:
        assert strategies.get_project_strategy_doc(bob, project.id) == "# Strategy"
        strategies.save_strategy(ada, project.id, "Ada's", 1)
        with pytest.raises(EditConflict, match="Ada saved revision 2") as caught:
            strategies.save_strategy(bob, project.id, "Bob's", 1)
        assert (caught.value.theirs, caught.value.yours) == ("Ada's", "Bob's")
        assert strategies.get_project_strategy_doc(bob, project.id) == "Ada's"


def test_the_second_edit_of_a_brief_is_told_and_loses_nothing(sessions: Sessions, project: Project) -> None:
    with sessions() as ada, sessions(info={"actor": Actor("Bob", Role.OPERATOR)}) as bob:
        assert projects.get_project_context(bob, project.id)["intake_number"] == 1
        projects.save_intake(ada, project.id, {"goal": "Ada's"}, base_number=1)
        with pytest.raises(EditConflict, match="Ada saved revision 2") as caught:
            projects.save_intake(bob, project.id, {"budget": "Bob's"}, base_number=1)
        assert "Ada's" in caught.value.theirs
        assert "Bob's" in caught.value.yours
        assert projects.get_project_context(bob, project.id)["budget"] == "10,000 EUR"


def test_an_approver_does_not_approve_what_was_changed_since_it_was_read(
    sessions: Sessions, project: Project, item: ContentItem
) -> None:
    with sessions() as ada, sessions(info={"actor": Actor("Bob", Role.APPROVER)}) as bob:
        read = creatives.get_creative(bob, project.id, item.id)["version"]
        creatives.update_creative(ada, project.id, item.id, {"title": "Changed"})
        result = creative_decisions.bulk_approve_creatives(bob, project.id, [item.id], versions={item.id: read})
        assert (result["done"], result["failed"]) == (0, 1)
        assert creatives.get_creative(bob, project.id, item.id)["status"] == "DRAFT"


# At the same moment, in threads


def test_of_many_edits_at_once_one_is_stored(
    sessions: Sessions, db: Session, project: Project, item: ContentItem
) -> None:
    results = at_once(
        sessions,
        lambda session, n: creatives.update_creative(session, project.id, item.id, {"title": f"By {n}", "version": 1}),
    )
    assert kinds(results) == {"done": 1, "EditConflict": THREADS - 1}
    (winner,) = [n for n, one in enumerate(results) if not isinstance(one, Exception)]
    for n, one in enumerate(results):
        if n != winner:
            assert one.theirs.startswith(f"By {winner}")
            assert one.yours.startswith(f"By {n}")
    assert creatives.get_creative(db, project.id, item.id)["title"] == f"By {winner}"
    assert count(db, ContentVersion) == 2
    assert count(db, AuditEvent, AuditEvent.action == "creative.update") == 1


def test_of_many_edits_without_a_version_each_is_a_version_of_its_own(
    sessions: Sessions, db: Session, project: Project, item: ContentItem
) -> None:
    results = at_once(
        sessions, lambda session, n: creatives.update_creative(session, project.id, item.id, {"title": f"By {n}"})
    )
    assert kinds(results) == {"done": THREADS}
    kept = creatives.get_creative_versions(db, project.id, item.id)
    assert [one["number"] for one in kept] == list(range(THREADS + 1, 0, -1))
    assert {one["title"] for one in kept} == {"Hello", *(f"By {n}" for n in range(THREADS))}


def test_of_many_revisions_at_once_one_is_stored(sessions: Sessions, db: Session, project: Project) -> None:
    results = at_once(sessions, lambda session, n: strategies.save_strategy(session, project.id, f"By {n}", 1))
    assert kinds(results) == {"done": 1, "EditConflict": THREADS - 1}
    assert count(db, Strategy) == 2
    (stored,) = [one["text"] for one in results if not isinstance(one, Exception)]
    assert {one.theirs for one in results if isinstance(one, EditConflict)} == {stored}


def test_of_many_briefs_at_once_one_is_stored(sessions: Sessions, db: Session, project: Project) -> None:
    results = at_once(
        sessions, lambda session, n: projects.save_intake(session, project.id, {"goal": f"By {n}"}, base_number=1)
    )
    assert kinds(results) == {"done": 1, "EditConflict": THREADS - 1}
    assert count(db, Intake) == 2


def test_the_first_strategy_is_drafted_once_however_many_look(sessions: Sessions, db: Session) -> None:
    fresh = factories.project(db)
    db.commit()
    results = at_once(sessions, lambda session, _: strategies.get_project_strategy_doc(session, fresh.id))
    assert len(set(results)) == 1
    assert "More demos" in results[0]
    assert count(db, Strategy, Strategy.project_id == fresh.id) == 1


def test_the_first_drafts_are_written_once_however_many_look(sessions: Sessions, db: Session, project: Project) -> None:
    results = at_once(sessions, lambda session, _: creatives.get_creatives_for_project(session, project.id))
    assert count(db, ContentItem) == 3
    assert {tuple(sorted(one["id"] for one in found)) for found in results} == {
        tuple(db.scalars(sa.select(ContentItem.id).order_by(ContentItem.id)))
    }


def test_a_name_is_taken_once_however_many_want_it(sessions: Sessions, db: Session) -> None:
    results = at_once(sessions, lambda session, _: projects.create_project(session, "Same", "Acme", goal="g"))
    assert kinds(results) == {"done": 1, "InputError": THREADS - 1}
    assert all("already has" in one.message for one in results if isinstance(one, InputError))
    assert count(db, Project, Project.name == "Same") == 1


def test_approving_and_saving_at_once_never_approves_what_nobody_read(
    sessions: Sessions, db: Session, project: Project
) -> None:
    strategies.save_strategy(db, project.id, "read", 1)
    results = at_once(
        sessions,
        lambda session, n: (
            strategies.save_strategy(session, project.id, "written meanwhile", 2)
            if n == 0
            else strategies.approve_strategy(session, project.id, number=2)
        ),
        2,
    )
    revisions = {one["number"]: one for one in strategies.get_strategies(db, project.id)}
    assert revisions[3]["status"] == "DRAFT"
    approved = not isinstance(results[1], EditConflict)
    assert revisions[2]["in_force"] is approved
    assert revisions[1]["in_force"] is not approved


def test_approving_and_editing_at_once_never_approves_a_text_nobody_read(
    sessions: Sessions, db: Session, project: Project, item: ContentItem
) -> None:
    results = at_once(
        sessions,
        lambda session, n: (
            creatives.update_creative(session, project.id, item.id, {"title": "New", "version": 1})
            if n == 0
            else creative_decisions.bulk_approve_creatives(session, project.id, [item.id], versions={item.id: 1})
        ),
        2,
    )
    assert kinds(results) == {"done": 2}
    stored = creatives.get_creative(db, project.id, item.id)
    assert (stored["title"], stored["version"], stored["status"]) == ("New", 2, "DRAFT")


def test_two_bulk_approvals_that_overlap_both_end(sessions: Sessions, db: Session, project: Project) -> None:
    ids = [factories.creative(db, project).id for _ in range(40)]
    db.commit()
    results = at_once(
        sessions,
        lambda session, n: creative_decisions.bulk_approve_creatives(session, project.id, ids if n % 2 else ids[::-1]),
    )
    assert [one["done"] for one in results] == [40] * THREADS
    assert count(db, AuditEvent, AuditEvent.action == "creative.approve") == 40


def test_deleting_and_editing_at_once_leaves_one_of_both_whole(
    sessions: Sessions, db: Session, project: Project, item: ContentItem
) -> None:
    results = at_once(
        sessions,
        lambda session, n: (
            creatives.delete_creative(session, project.id, item.id)
            if n == 0
            else creatives.update_creative(session, project.id, item.id, {"title": "New", "version": 1})
        ),
        2,
    )
    stored = creatives.get_creative(db, project.id, item.id)
    assert stored["deleted"] is True
    edited = not isinstance(results[1], NotFoundError)
    assert (stored["title"], stored["version"]) == (("New", 2) if edited else ("Hello", 1))


def test_autosaves_of_one_person_in_two_windows_never_fail(sessions: Sessions, db: Session, project: Project) -> None:
    def save(session: Session, n: int) -> None:
        session.info["actor"] = Actor("Ada", Role.OPERATOR)
        strategies.save_draft(session, "strategy", project.id, f"window {n}", 1)

    assert kinds(at_once(sessions, save)) == {"done": THREADS}
    assert count(db, Draft) == 1

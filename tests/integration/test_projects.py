"""Projects and briefs, through the contract, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from tests import factories
from workbench.accounts import Account
from workbench.enums import AttemptStatus, Mode, Platform, ProjectState, QueueStatus, Role, StrategyStatus
from workbench.errors import (
    EditConflict,
    InputError,
    InvalidTransition,
    NotConfigured,
    NotFoundError,
    PermissionDenied,
    ScheduleInvalid,
)
from workbench.models import AuditEvent, Intake, Project
from workbench.operator_services import projects as contract
from workbench.operator_services._edge import Runtime
from workbench.services import projects
from workbench.services.audit import Actor

Sessions = sessionmaker[Session]
ADA = Actor("Ada", Role.ADMIN)


def as_role(sessions: Sessions, role: Role, name: str = "Vic") -> Session:
    return sessions(info={"actor": Actor(name, role)})


def audit(db: Session, action: str) -> list[AuditEvent]:
    return list(db.scalars(sa.select(AuditEvent).where(AuditEvent.action == action).order_by(AuditEvent.id)))


def made(db: Session, **values: Any) -> int:
    project = factories.project(db, **values)
    db.commit()
    return project.id


def test_a_project_is_made_from_a_brief(db: Session) -> None:
    project_id = contract.create_project(
        db, " Spring ", "Acme", goal="More demos", audience="Bakers", timezone="Europe/Berlin"
    )
    context = contract.get_project_context(db, project_id)
    assert context["project_name"] == "Spring"
    assert (context["client"], context["state"], context["timezone"]) == ("Acme", "INTAKE", "Europe/Berlin")
    assert (context["goal"], context["audience"], context["budget"]) == ("More demos", "Bakers", "")
    assert (context["intake_number"], context["strategy_number"], context["strategy_status"]) == (1, 0, None)
    assert context["approved_number"] is None
    assert context["created_at"].tzinfo is not None
    (event,) = audit(db, "project.create")
    assert (event.actor, event.entity_id, event.project_id) == ("Ada", project_id, project_id)
    assert event.after == {"client": "Acme", "name": "Spring", "state": "INTAKE", "timezone": "Europe/Berlin"}
    (saved,) = audit(db, "intake.save")
    assert saved.after == {"number": 1, "changed": ["goal", "audience"]}


def test_a_project_without_a_brief_has_none(db: Session, runtime: Runtime) -> None:
    project_id = contract.create_project(db, "Spring")
    context = contract.get_project_context(db, project_id)
    assert (context["intake_number"], context["goal"]) == (0, "")
    assert context["timezone"] == runtime.settings.timezone
    assert contract.get_intakes(db, project_id) == []


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"name": "  "}, "needs a name"),
        ({"name": None}, "needs a name"),
        ({"name": "x" * 201}, "201"),
        ({"name": "a\x00b"}, "NUL"),
        ({"name": "a", "client": 3}, "must be text"),
        ({"name": "a", "timezone": "Mars/Olympus"}, "no time zone"),
        ({"name": "a", "timezone": ""}, "no time zone"),
        ({"name": "a", "timezone": "../etc/passwd"}, "no time zone"),
        ({"name": "a", "goal": "x" * 10_001}, "10,001"),
        ({"name": "a", "goal": "a\x00"}, "NUL"),
        ({"name": "a", "goal": None}, "must be text"),
    ],
)
def test_a_project_that_makes_no_sense_leaves_nothing_behind(db: Session, values: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        contract.create_project(db, **values)
    assert db.scalar(sa.select(sa.func.count()).select_from(Project)) == 0
    assert db.scalar(sa.select(sa.func.count()).select_from(AuditEvent)) == 0


def test_a_client_has_a_name_once_and_two_clients_may_share_it(db: Session) -> None:
    contract.create_project(db, "Spring", "Acme")
    contract.create_project(db, "Spring", "Globex")
    with pytest.raises(InputError, match="Acme already has a project called Spring"):
        contract.create_project(db, "Spring", "Acme", goal="g")
    assert [one["client"] for one in contract.list_projects(db)] == ["Acme", "Globex"]


@pytest.mark.parametrize("wrong", [0, -1, 999, 2**40, "1", None, 1.0, True])
def test_a_project_that_is_not_there_is_not_found(db: Session, wrong: Any) -> None:
    for call in (
        lambda: contract.get_project_context(db, wrong),
        lambda: contract.get_intakes(db, wrong),
        lambda: contract.save_intake(db, wrong, {"goal": "g"}),
        lambda: contract.move_project(db, wrong, "STRATEGY"),
        lambda: contract.bind_account(db, wrong, "email", None),
    ):
        with pytest.raises(NotFoundError):
            call()


def test_context_counts_leads_and_attempts_of_this_project_only(db: Session) -> None:
    project, other = factories.project(db), factories.project(db)
    campaign, elsewhere = factories.campaign(db, project), factories.campaign(db, other)
    lead = factories.lead(db, campaign)
    factories.lead(db, elsewhere)
    item = factories.creative(db, project, "linkedin")
    factories.attempt(db, campaign, lead_id=lead.id)
    factories.attempt(db, content_item_id=item.id, channel="linkedin")
    factories.attempt(db, elsewhere)
    factories.attempt(db, campaign, status=AttemptStatus.SKIPPED)
    factories.attempt(db, campaign, status=AttemptStatus.PENDING)
    factories.attempt(db, campaign, mode=Mode.LIVE)
    db.commit()
    context = contract.get_project_context(db, project.id)
    assert (context["lead_count"], context["outreach_count"]) == (1, 2)


def test_saving_the_brief_makes_a_revision_and_keeps_the_old_one(db: Session) -> None:
    project_id = made(db)
    saved = contract.save_intake(db, project_id, {"goal": "Fewer calls"}, base_number=1)
    assert (saved["number"], saved["goal"], saved["audience"]) == (2, "Fewer calls", "Operations managers")
    assert [one["goal"] for one in contract.get_intakes(db, project_id)] == ["Fewer calls", "More demos"]
    assert contract.get_project_context(db, project_id)["intake_number"] == 2
    (event,) = audit(db, "intake.save")
    assert (event.entity, event.entity_id) == ("intake", saved["id"])
    assert event.after == {"number": 2, "changed": ["goal"]}


def test_a_brief_is_stored_exactly_as_it_was_written(db: Session) -> None:
    text = "  <script>alert(1)</script>\r\n{{company}} 漢字 👩‍👩‍👧  "
    assert contract.save_intake(db, made(db), {"goal": text})["goal"] == text


def test_saving_what_is_there_already_makes_no_revision(db: Session) -> None:
    project_id = made(db)
    assert contract.save_intake(db, project_id, {"goal": "More demos"})["number"] == 1
    assert contract.save_intake(db, project_id, {})["number"] == 1
    assert audit(db, "intake.save") == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"gaol": "typo"}, "no field gaol"),
        ("goal", "as a dict"),
        (None, "as a dict"),
        ({"goal": 3}, "must be text"),
        ({"goal": "x" * 10_001}, "limit is 10,000"),
        ({"goal": "\x00"}, "NUL"),
        ({"goal": "\ud800"}, "half of a character"),
    ],
)
def test_a_brief_that_makes_no_sense_changes_nothing(db: Session, changes: Any, words: str) -> None:
    project_id = made(db)
    with pytest.raises(InputError, match=words):
        contract.save_intake(db, project_id, changes)
    assert len(contract.get_intakes(db, project_id)) == 1


def test_an_empty_first_brief_is_refused(db: Session) -> None:
    project_id = contract.create_project(db, "Spring")
    with pytest.raises(InputError, match="The brief is empty"):
        contract.save_intake(db, project_id, {"goal": ""})


@pytest.mark.parametrize("base", [0, 1, 3])
def test_a_brief_written_on_an_older_revision_conflicts_with_both_texts(db: Session, base: int) -> None:
    project_id = made(db)
    contract.save_intake(db, project_id, {"goal": "Theirs"}, base_number=1)
    with pytest.raises(EditConflict) as caught:
        contract.save_intake(db, project_id, {"goal": "Mine"}, base_number=base)
    assert "Goal: Theirs" in caught.value.theirs
    assert "Goal: Mine" in caught.value.yours
    assert contract.get_project_context(db, project_id)["goal"] == "Theirs"


@pytest.mark.parametrize(
    ("brief", "state"),
    [
        ({"goal": "g"}, "INTAKE"),
        ({"goal": " ", "audience": "a"}, "INTAKE"),
        ({"goal": "g", "audience": "a"}, "STRATEGY"),
    ],
)
def test_a_project_leaves_intake_when_the_brief_is_complete_and_a_strategy_exists(
    db: Session, brief: dict[str, str], state: str
) -> None:
    project = db.get_one(Project, contract.create_project(db, "Spring"))
    factories.strategy(db, project)
    db.commit()
    contract.save_intake(db, project.id, brief)
    assert contract.get_project_context(db, project.id)["state"] == state


STATES = list(ProjectState)
BY_HAND = {("INTAKE", "STRATEGY"), ("EXECUTION", "DONE"), ("CREATIVE", "DONE"), ("DONE", "EXECUTION")}


@pytest.mark.parametrize("now", STATES)
@pytest.mark.parametrize("to", STATES)
def test_every_move_by_hand_is_allowed_or_refused_with_a_reason(sqlite_db: Session, now: str, to: str) -> None:
    db = sqlite_db
    project_id = made(db, state=now)
    if now == to:
        assert contract.move_project(db, project_id, to) == to
        assert audit(db, "project.move") == []
    elif (now, to) in BY_HAND:
        assert contract.move_project(db, project_id, to, reason=" by hand ") == to
        (event,) = audit(db, "project.move")
        assert (event.before, event.after, event.reason) == ({"state": now}, {"state": to}, "by hand")
    else:
        with pytest.raises(InvalidTransition, match=now):
            contract.move_project(db, project_id, to)
        assert contract.get_project_context(db, project_id)["state"] == now
        assert audit(db, "project.move") == []


@pytest.mark.parametrize("status", [QueueStatus.QUEUED, QueueStatus.RUNNING, QueueStatus.MISSED])
def test_a_project_is_not_done_while_something_is_queued(db: Session, status: QueueStatus) -> None:
    project = factories.project(db, state=ProjectState.EXECUTION)
    row = factories.queued(db, factories.creative(db, project), status=status)
    db.commit()
    with pytest.raises(InvalidTransition, match="1 on the queue"):
        contract.move_project(db, project.id, "DONE")
    row.status = QueueStatus.CANCELLED
    db.commit()
    assert contract.move_project(db, project.id, "DONE") == "DONE"


def test_an_unknown_state_is_named_with_the_known_ones(db: Session) -> None:
    with pytest.raises(InputError, match=r"'PAUSED'.*INTAKE"):
        contract.move_project(db, made(db), "PAUSED")


@pytest.fixture
def accounts(sessions: Sessions, runtime: Runtime) -> tuple[Account, ...]:
    """Two e-mail accounts and one of LinkedIn."""
    declared = (
        Account(name="acme", platform=Platform.EMAIL, identity="a@example.com"),
        Account(name="globex", platform=Platform.EMAIL, identity="g@example.com"),
        Account(name="page", platform=Platform.LINKEDIN, identity="urn:li:organization:1"),
    )
    with_accounts = Runtime(runtime.settings, declared, runtime.gateways)
    sessions.configure(info={"runtime": with_accounts, "actor": ADA})
    return declared


def test_binding_an_account_is_kept_audited_and_taken_back(accounts: tuple[Account, ...], sessions: Sessions) -> None:
    with sessions() as db:
        project_id = made(db)
        assert contract.get_project_context(db, project_id)["accounts"] == {
            "linkedin": "page",
            "twitter": None,
            "email": None,
        }
        contract.bind_account(db, project_id, "email", "globex")
        contract.bind_account(db, project_id, "email", "globex")
        contract.bind_account(db, project_id, "email", "acme")
        assert contract.get_project_context(db, project_id)["accounts"]["email"] == "acme"
        contract.bind_account(db, project_id, "email", None)
        assert contract.get_project_context(db, project_id)["accounts"]["email"] is None
        assert [event.after for event in audit(db, "project.bind")] == [
            {"platform": "email", "account": "globex"},
            {"platform": "email", "account": "acme"},
            {"platform": "email", "account": None},
        ]


def test_an_account_nobody_declared_cannot_be_bound(accounts: tuple[Account, ...], sessions: Sessions) -> None:
    with sessions() as db:
        project_id = made(db)
        for platform, name in (("email", "page"), ("twitter", "acme")):
            with pytest.raises(NotConfigured, match=f"called {name}"):
                contract.bind_account(db, project_id, platform, name)
        with pytest.raises(InputError, match="not a platform"):
            contract.bind_account(db, project_id, "fax", "acme")
        with pytest.raises(InputError, match="Name the account"):
            contract.bind_account(db, project_id, "email", " ")


def test_with_several_accounts_an_unbound_project_has_none_to_speak_through(
    accounts: tuple[Account, ...], sessions: Sessions
) -> None:
    with sessions() as db:
        project = projects.get_project(db, made(db))
        assert projects.account_for(db, project, Platform.LINKEDIN, accounts, Mode.LIVE) == "page"
        with pytest.raises(ScheduleInvalid, match="acme, globex"):
            projects.account_for(db, project, Platform.EMAIL, accounts, Mode.LIVE)
        projects.bind_account(db, project, Platform.EMAIL, "globex", accounts)
        assert projects.account_for(db, project, Platform.EMAIL, accounts, Mode.LIVE) == "globex"


CALLS: list[tuple[str, Role | None, Callable[[Session, int], object]]] = [
    ("create_project", Role.VIEWER, lambda db, _: contract.create_project(db, "New")),
    ("save_intake", Role.VIEWER, lambda db, one: contract.save_intake(db, one, {"goal": "g"})),
    ("move_project", Role.VIEWER, lambda db, one: contract.move_project(db, one, "STRATEGY")),
    ("bind_account", Role.APPROVER, lambda db, one: contract.bind_account(db, one, "email", None)),
    ("get_project_context", None, contract.get_project_context),
    ("get_intakes", None, contract.get_intakes),
    ("list_projects", None, lambda db, _: contract.list_projects(db)),
]


@pytest.mark.parametrize(("name", "below", "call"), CALLS, ids=[call[0] for call in CALLS])
def test_each_operation_is_refused_to_the_role_below(
    sessions: Sessions, name: str, below: Role | None, call: Callable[[Session, int], object]
) -> None:
    with sessions() as db:
        project_id = made(db)
    if below is not None:
        with as_role(sessions, below) as db, pytest.raises(PermissionDenied, match="Vic"):
            call(db, project_id)
    enough = Role.VIEWER if below is None else list(Role)[below.rank + 1]
    with as_role(sessions, enough) as db:
        call(db, project_id)
        assert not db.in_transaction()


def test_an_event_names_who_did_it_in_which_role(sessions: Sessions) -> None:
    with as_role(sessions, Role.OPERATOR, "Oda") as db:
        project_id = contract.create_project(db, "New")
        (event,) = audit(db, "project.create")
        assert (event.actor, event.role, event.entity_id) == ("Oda", "operator", project_id)


def test_context_speaks_of_the_newest_strategy_and_of_the_one_in_force(db: Session) -> None:
    project = factories.project(db)
    factories.strategy(db, project, status=StrategyStatus.APPROVED)
    newest = factories.strategy(db, project, status=StrategyStatus.REJECTED)
    newest.rejection_reason = "Too loud"
    db.commit()
    context = contract.get_project_context(db, project.id)
    assert (context["strategy_number"], context["strategy_status"]) == (2, "REJECTED")
    assert (context["rejection_reason"], context["approved_number"]) == ("Too loud", 1)


def test_the_first_brief_is_written_with_the_project_or_not_at_all(db: Session) -> None:
    with pytest.raises(InputError):
        contract.create_project(db, "Spring", goal="\x00")
    assert db.scalar(sa.select(sa.func.count()).select_from(Intake)) == 0

"""What holds for every operation of the contract alike: roles, ids, wrong types, transactions, plain sessions."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session, sessionmaker

from tests.contract_calls import World, build, calls
from tests.servers import HttpServer, answer
from workbench import operator_services
from workbench.enums import Role
from workbench.errors import InputError, NotFoundError, PermissionDenied, WorkbenchError
from workbench.metrics import changes
from workbench.operator_services import _edge
from workbench.operator_services._edge import Runtime
from workbench.services.audit import Actor

#: Of every sort, what somebody may pass by mistake.
WRONG: tuple[Any, ...] = (
    *(None, True, 0, -1, 999_999, 2**31, 2**70, 1.5, float("nan")),
    *("", "  ", "1", "no such thing", "\x00", "\ud800", "x" * 100_001, b"1"),
    *([], [None], {}, {"x": 1}, {1: "x"}, (1, 2), object(), datetime(2026, 1, 1)),
)

#: Wherever an id may be given alone.
IDS = ("project_id", "campaign_id", "creative_id", "lead_id", "queue_id", "attempt_id", "entity_id", "discovery_id")


def call(db: Session, name: str, arguments: dict[str, Any]) -> Any:
    return getattr(operator_services, name)(db, **arguments)


def not_plain(answer: Any, at: str = "") -> Iterator[str]:
    """Where an answer holds more than plain data: an object of ours, an enum that shows as one in a notebook."""
    if type(answer) in (dict, list):
        for key, value in answer.items() if isinstance(answer, dict) else enumerate(answer):
            yield from not_plain(value, f"{at}.{key}")
    elif answer is not None and type(answer) not in (str, int, float, bool, datetime):
        yield f"{at}: {answer!r}"


@pytest.fixture
def world(sessions: sessionmaker[Session]) -> World:
    with sessions() as session:
        return build(session)


@pytest.fixture
def two_admins(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        for name in ("Ada", "Bob"):
            operator_services.add_user(session, name, "admin", "correct horse battery")


@pytest.fixture
def apollo() -> Iterator[HttpServer]:
    with HttpServer(answer(200, {"people": [], "total_entries": 0})) as running:
        yield running


@pytest.fixture
def plain_engine(database_url: str) -> Iterator[Engine]:
    """As somebody makes one who knows nothing of the workbench's own."""
    made = sa.create_engine(database_url)
    yield made
    made.dispose()


@pytest.fixture
def unkept(engine: Engine, world: World, runtime: Runtime) -> Iterator[Session]:
    """A session whose commits go no further than this test, and can be taken back by :func:`take_back`."""
    with engine.connect() as connection:
        connection.execution_options(sqlite_begin="IMMEDIATE")
        session = Session(
            connection,
            expire_on_commit=False,
            join_transaction_mode="create_savepoint",
            info={"runtime": runtime, "actor": Actor("Ada", Role.ADMIN)},
        )
        outer = connection.begin()
        session.info["outer"] = outer
        yield session
        session.close()
        session.info["outer"].rollback()


def take_back(session: Session) -> None:
    connection = session.connection()
    session.close()
    session.info["outer"].rollback()
    session.info["outer"] = connection.begin()


def test_every_operation_is_tried_here(world: World) -> None:
    assert sorted(calls(world)) == sorted(operator_services.__all__)
    for name, (_, arguments) in calls(world).items():
        given = {"db", "progress", "cancelled", *arguments}
        assert set(inspect.signature(getattr(operator_services, name)).parameters) <= given, name


def test_a_plain_session_can_do_everything(
    plain_engine: Engine, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, apollo: HttpServer
) -> None:
    """By hand, without the workbench's engine, actor or runtime: whoever runs it is admin while there are no users."""
    monkeypatch.setenv("WORKBENCH_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("WORKBENCH_SECRET_KEY", "x" * 32)
    monkeypatch.setenv("WORKBENCH_APOLLO_API_KEY", "key")
    monkeypatch.setenv("WORKBENCH_APOLLO_BASE_URL", apollo.url)
    _edge._from_environment.cache_clear()
    batch_id = None
    with Session(plain_engine) as db:
        for name, (_, arguments) in calls(world).items():
            if name == "set_user_role":
                break  # Users exist from here on, and a plain session is none of them.
            if name == "undo_batch":
                arguments = {"batch_id": batch_id}
            answer = call(db, name, arguments)
            assert not db.in_transaction(), f"{name} left its transaction open"
            assert name == "find_actor" or not list(not_plain(answer)), name
            if isinstance(answer, dict) and "batch_id" in answer:
                assert answer["failed"] == 0, (name, answer["outcomes"])
                batch_id = answer["batch_id"]
        with pytest.raises(PermissionDenied, match="must say who acts"):
            operator_services.list_projects(db)
        if db.get_bind().dialect.name == "sqlite":
            # Nothing watches over foreign keys in an engine that was not told to.
            assert db.execute(sa.text("PRAGMA foreign_key_check")).all() == []
    _edge._from_environment.cache_clear()


def test_what_a_plain_session_wrote_is_there_for_others(plain_engine: Engine, engine: Engine) -> None:
    with Session(plain_engine) as db:
        made = operator_services.create_project(db, "By hand")
    with Session(engine) as other:
        assert made in [project["id"] for project in operator_services.list_projects(other)]


def test_each_operation_is_refused_to_the_role_below(world: World, sessions: sessionmaker[Session]) -> None:
    for name, (role, arguments) in calls(world).items():
        if role is None or role is Role.VIEWER:
            continue
        below = list(Role)[role.rank - 1]
        with sessions() as db:
            before = changes.token(db.connection())
            db.rollback()
            db.info["actor"] = Actor("Vic", below)
            with pytest.raises((PermissionDenied, NotFoundError) if name == "undo_batch" else PermissionDenied):
                call(db, name, arguments)
            assert not db.in_transaction()
            assert changes.token(db.connection()) == before, name


def test_each_operation_is_open_to_its_role(unkept: Session, world: World) -> None:
    for name, (role, arguments) in calls(world).items():
        if role is None:
            continue
        unkept.info["actor"] = Actor("Vic", role)
        try:
            call(unkept, name, arguments)
        except PermissionDenied as error:
            pytest.fail(f"{name} is refused to its own role {role}: {error}")
        except WorkbenchError:
            pass  # Some need what a call above has done; this is about the role alone.
        take_back(unkept)


def test_an_id_that_is_not_there_or_none_is_not_found(unkept: Session, world: World) -> None:
    for name, (_, arguments) in calls(world).items():
        for argument in set(IDS) & set(arguments):
            optional = arguments[argument] is None or name in ("get_draft", "discard_draft")
            for wrong in (999_999, 0, -1, 2**31, 2**70, True, 1.5, "1", "Acme", [1], object()):
                if optional and wrong == 999_999:
                    continue
                with pytest.raises(NotFoundError):
                    call(unkept, name, arguments | {argument: wrong})


def test_what_belongs_to_another_project_is_not_found(unkept: Session, world: World) -> None:
    for name, (_, arguments) in calls(world).items():
        if "project_id" not in arguments:
            continue
        foreign = {"creative_id": world.others_creative, "ids": [world.others_creative]}
        if name in ("preview_message", "send_test"):
            foreign["lead_id"] = world.others_lead
        for argument in set(foreign) & set(arguments):
            told = arguments | {argument: foreign[argument]}
            if argument != "ids":
                with pytest.raises(NotFoundError):
                    call(unkept, name, told)
            else:
                answer = call(unkept, name, told)
                [outcome] = answer.get("outcomes") or answer["slots"]
                assert not outcome["ok"], name
                assert outcome["reason"], name


def test_nonsense_is_refused_in_words_and_changes_nothing(two_admins: None, unkept: Session, world: World) -> None:
    """Every argument of every operation takes it or says what is wrong: never a TypeError, never half a change."""
    faults = []
    for name, (_, arguments) in calls(world).items():
        for argument in arguments:
            for wrong in WRONG:
                told = f"{name}({argument}={wrong!r:.30})"
                before = changes.token(unkept.connection())
                try:
                    call(unkept, name, arguments | {argument: wrong})
                except WorkbenchError as error:
                    if not str(error).strip() or "database refused" in str(error):
                        faults.append(f"{told}: {error}")
                    if changes.token(unkept.connection()) != before:
                        faults.append(f"{told}: refused, and changed something")
                except Exception as error:
                    faults.append(f"{told}: {type(error).__name__}: {error}")
                take_back(unkept)
    assert not faults, "\n".join(faults)


def test_ids_of_a_bulk_call_are_a_list(unkept: Session, world: World) -> None:
    for name, argument in (("cancel_scheduled", "queue_ids"), ("set_consent", "lead_ids")):
        arguments = calls(world)[name][1]
        for wrong in (None, 7, "12", {1: 2}):
            with pytest.raises(InputError, match="as a list of numbers"):
                call(unkept, name, arguments | {argument: wrong})

"""Who may sign in, and that a role is what the database says at the moment of the click."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session, sessionmaker

from workbench.enums import Role
from workbench.errors import InputError, InvalidTransition, NotFoundError, PermissionDenied
from workbench.operator_services.users import (
    add_user,
    disable_user,
    find_actor,
    list_users,
    set_user_password,
    set_user_role,
    sign_in,
)
from workbench.services.audit import Actor

PASSWORD = "correct horse battery"


@pytest.fixture
def admin(db: Session) -> Session:
    add_user(db, "Maya", "admin", PASSWORD)
    return db


def test_a_right_password_signs_in_and_a_wrong_one_does_not(admin: Session) -> None:
    actor = sign_in(admin, "maya", PASSWORD)
    assert actor is not None
    assert (actor.name, actor.role) == ("Maya", Role.ADMIN)
    assert sign_in(admin, "Maya", "wrong") is None
    assert sign_in(admin, "nobody", PASSWORD) is None


def test_no_password_is_stored_as_it_was_given(admin: Session) -> None:
    from workbench.models import User

    stored = admin.query(User).one().hash
    assert stored.startswith("$argon2id$")
    assert PASSWORD not in stored


def test_the_first_user_must_be_an_admin(db: Session) -> None:
    with pytest.raises(InputError, match="first user must be an admin"):
        add_user(db, "Omar", "operator", PASSWORD)
    assert list_users(db) == []


def test_a_name_is_taken_once_whatever_its_case(admin: Session) -> None:
    with pytest.raises(InputError, match="already"):
        add_user(admin, "MAYA", "viewer", PASSWORD)


@pytest.mark.parametrize(("name", "role", "password", "says"), [
    ("Omar", "boss", PASSWORD, "not a role"),
    ("  ", "viewer", PASSWORD, "needs a name"),
    ("Omar", "viewer", "short", "at least 10"),
])  # fmt: skip
def test_a_user_that_makes_no_sense_is_refused(admin: Session, name: str, role: str, password: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        add_user(admin, name, role, password)
    assert [user["name"] for user in list_users(admin)] == ["Maya"]


def test_the_last_admin_cannot_be_lost(admin: Session) -> None:
    with pytest.raises(InvalidTransition, match="last administrator"):
        set_user_role(admin, "Maya", "viewer")
    with pytest.raises(InvalidTransition, match="last administrator"):
        disable_user(admin, "Maya")
    add_user(admin, "Omar", "admin", PASSWORD)
    assert set_user_role(admin, "Maya", "viewer")["role"] == "viewer"


def test_a_role_taken_away_is_gone_at_the_next_click(admin: Session, sessions: sessionmaker[Session]) -> None:
    add_user(admin, "Omar", "admin", PASSWORD)
    omar = sign_in(admin, "Omar", PASSWORD)
    with sessions(info={"actor": omar}) as session:
        assert len(list_users(session)) == 2
        set_user_role(admin, "Omar", "viewer")
        with pytest.raises(PermissionDenied, match="admin"):
            list_users(session)
        disable_user(admin, "Omar")
        with pytest.raises(PermissionDenied, match="disabled"):
            list_users(session)


def test_a_session_that_names_nobody_is_refused_once_there_are_users(admin: Session) -> None:
    admin.info.pop("actor")
    with pytest.raises(PermissionDenied, match="say who acts"):
        list_users(admin)


def test_a_session_that_names_nobody_is_the_system_user_while_there_are_none(db: Session) -> None:
    import getpass

    db.info.pop("actor")
    add_user(db, "Maya", "admin", PASSWORD)
    db.info["actor"] = Actor("Ada", Role.ADMIN)
    from workbench.models import AuditEvent

    event = db.query(AuditEvent).one()
    assert (event.actor, event.role, event.action) == (getpass.getuser(), "admin", "user.add")


def test_a_signed_in_name_becomes_an_actor_or_is_refused(db: Session) -> None:
    assert find_actor(db, None) is None
    add_user(db, "Maya", "admin", PASSWORD)
    assert find_actor(db, "maya") == sign_in(db, "Maya", PASSWORD)
    with pytest.raises(PermissionDenied, match="Sign in first"):
        find_actor(db, None)
    with pytest.raises(PermissionDenied, match="Zed"):
        find_actor(db, "Zed")


def test_a_new_password_replaces_the_old_one(admin: Session) -> None:
    set_user_password(admin, "Maya", "another long password")
    assert sign_in(admin, "Maya", PASSWORD) is None
    assert sign_in(admin, "Maya", "another long password") is not None
    with pytest.raises(NotFoundError):
        set_user_password(admin, "Zed", PASSWORD)

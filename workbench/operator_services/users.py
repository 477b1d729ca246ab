"""People who may sign in: for administrators."""

from __future__ import annotations

from typing import TypedDict

import sqlalchemy as sa
from sqlalchemy.orm import Session

from workbench.db import transaction
from workbench.enums import Role
from workbench.errors import InputError, PermissionDenied
from workbench.models import User
from workbench.operator_services._edge import operation, optional_text, require_text
from workbench.services import texts, users
from workbench.services.audit import Actor

LONGEST_NAME = 200
#: Hashing takes longer the longer it is.
LONGEST_PASSWORD = 1_000


class UserRow(TypedDict):
    id: int
    name: str
    role: str
    disabled: bool


def _row(user: User) -> UserRow:
    return {"id": user.id, "name": user.name, "role": user.role, "disabled": user.disabled}


def _role(value: object) -> Role:
    try:
        return Role(str(value))
    except ValueError as error:
        raise InputError(f"{value!r:.80} is not a role. Choose one of {', '.join(Role)}.") from error


def _name(value: object) -> str:
    return require_text(value, "Say which user, by name.", longest=LONGEST_NAME)


def _password(value: object) -> str:
    return texts.checked(value, "The password", LONGEST_PASSWORD)


def list_users(db: Session) -> list[UserRow]:
    """Every user, by name."""
    with operation(db, Role.ADMIN, write=False):
        return [_row(user) for user in db.scalars(sa.select(User).order_by(User.name))]


def add_user(db: Session, name: str, role: str, password: str) -> UserRow:
    """A new user; the first one must be an admin. Raises :class:`InputError` for a name taken or a short password."""
    with operation(db, Role.ADMIN, write=True) as actor:
        clean = require_text(name, "A user needs a name.", longest=LONGEST_NAME)
        return _row(users.add(db, actor, clean, _role(role), _password(password)))


def set_user_role(db: Session, name: str, role: str) -> UserRow:
    """Give a user another role; it holds from their next click. The last admin stays one."""
    with operation(db, Role.ADMIN, write=True) as actor:
        return _row(users.set_role(db, actor, _name(name), _role(role)))


def disable_user(db: Session, name: str, disabled: bool = True) -> UserRow:
    """Shut a user out, from their next click on, or let them in again."""
    with operation(db, Role.ADMIN, write=True) as actor:
        if not isinstance(disabled, bool):
            raise InputError(f"disabled must be True or False, not {disabled!r:.80}.")
        return _row(users.set_disabled(db, actor, _name(name), disabled))


def set_user_password(db: Session, name: str, password: str) -> None:
    """Replace a user's password."""
    with operation(db, Role.ADMIN, write=True) as actor:
        users.set_password(db, actor, _name(name), _password(password))


def sign_in(db: Session, name: str, password: str) -> Actor | None:
    """The actor behind a name and password, or None. Needs no role: it is how one is got."""
    try:
        wanted, given = _name(name), _password(password)
    except InputError:
        return None  # Nobody is called that.
    with transaction(db, write=False):
        user = users.verify(db, wanted, given)
        return Actor(user.name, Role(user.role), user.id) if user else None


def have_users(db: Session) -> bool:
    """Whether this workbench has users, so that everybody must sign in."""
    with transaction(db, write=False):
        return db.scalar(sa.select(User.id).limit(1)) is not None


def find_actor(db: Session, name: str | None) -> Actor | None:
    """The actor a signed-in name stands for; None when nobody is signed in and no users exist.

    Raises :class:`PermissionDenied` when users exist and this is none of them.
    """
    with transaction(db, write=False):
        if name is None and db.scalar(sa.select(User.id).limit(1)) is None:
            return None
        wanted = optional_text(name, "The name") or ""
        user = db.scalar(sa.select(User).where(sa.func.lower(User.name) == wanted.lower()))
        if user is None or user.disabled:
            raise PermissionDenied(
                f"{name} may not use this workbench. Ask an administrator."
                if name
                else "Sign in first: this workbench has users."
            )
        return Actor(user.name, Role(user.role), user.id)

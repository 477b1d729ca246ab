"""Local sign-in: names, roles and argon2id hashes. The table is empty by default."""

from __future__ import annotations

from functools import cache

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy.orm import Session

from workbench.enums import Role
from workbench.errors import InputError, InvalidTransition, NotFoundError
from workbench.models import User
from workbench.services.audit import Actor, record

SHORTEST_PASSWORD = 10


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@cache
def _nobody() -> str:
    """A hash to verify against when the name is unknown, so that a wrong name takes as long as a wrong password."""
    return _hasher().hash("nobody has this password")


def add(session: Session, actor: Actor, name: str, role: Role, password: str) -> User:
    """A new user. The first one must be an administrator, or nobody could add the second."""
    if session.scalar(sa.select(User.id).where(sa.func.lower(User.name) == name.lower())):
        raise InputError(f"There is a user {name} already. Choose another name, or change that user's role.")
    if role is not Role.ADMIN and _admins(session) == 0:
        raise InputError("The first user must be an admin: from then on only users may act here.")
    user = User(name=name, role=role.value, hash=_hasher().hash(_good(password)))
    session.add(user)
    session.flush()
    record(session, actor, "user.add", "user", user.id, after={"name": name, "role": role.value})
    return user


def set_role(session: Session, actor: Actor, name: str, role: Role) -> User:
    """Give a user another role. The last administrator keeps theirs."""
    user = get(session, name)
    _keep_an_admin(session, user, stays_admin=role is Role.ADMIN and not user.disabled)
    before, user.role = user.role, role.value
    session.flush()
    record(session, actor, "user.role", "user", user.id, before={"role": before}, after={"role": role.value})
    return user


def set_disabled(session: Session, actor: Actor, name: str, disabled: bool) -> User:
    """Shut a user out (at once, open pages included), or let them in again."""
    user = get(session, name)
    _keep_an_admin(session, user, stays_admin=user.role == Role.ADMIN and not disabled)
    before, user.disabled = user.disabled, disabled
    session.flush()
    record(
        session, actor, "user.disable" if disabled else "user.enable", "user", user.id,
        before={"disabled": before}, after={"disabled": disabled},
    )  # fmt: skip
    return user


def set_password(session: Session, actor: Actor, name: str, password: str) -> None:
    user = get(session, name)
    user.hash = _hasher().hash(_good(password))
    session.flush()
    record(session, actor, "user.password", "user", user.id)


def get(session: Session, name: str) -> User:
    """The user of that name, upper and lower case alike. Raises :class:`NotFoundError`."""
    user = session.scalar(sa.select(User).where(sa.func.lower(User.name) == name.lower()))
    if user is None:
        raise NotFoundError(f"There is no user {name}.")
    return user


def verify(session: Session, name: str, password: str) -> User | None:
    """The user, when name and password are right and they are not disabled."""
    user = session.scalar(sa.select(User).where(sa.func.lower(User.name) == name.lower()))
    try:
        _hasher().verify(user.hash if user else _nobody(), password)
    except (VerifyMismatchError, InvalidHashError):
        return None
    return user if user and not user.disabled else None


def _admins(session: Session) -> int:
    return (
        session.scalar(sa.select(sa.func.count()).where(User.role == Role.ADMIN.value, User.disabled.is_(False))) or 0
    )


def _keep_an_admin(session: Session, user: User, *, stays_admin: bool) -> None:
    is_one = user.role == Role.ADMIN and not user.disabled
    if is_one and not stays_admin and _admins(session) == 1:
        raise InvalidTransition(f"{user.name} is the last administrator. Make somebody else one first.")


def _good(password: str) -> str:
    if len(password) < SHORTEST_PASSWORD:
        raise InputError(f"A password has at least {SHORTEST_PASSWORD} characters.")
    return password

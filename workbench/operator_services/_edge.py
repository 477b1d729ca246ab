"""What every operation of the contract begins and ends with: who acts, may they, and one whole transaction."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache

import sqlalchemy as sa
from sqlalchemy.orm import Session

from workbench.db import transaction
from workbench.enums import Role
from workbench.errors import InputError, NotFoundError, PermissionDenied
from workbench.gateways.registry import Gateways
from workbench.models import User
from workbench.services.audit import Actor
from workbench.settings import Account, Settings, load, load_accounts


@dataclass(frozen=True)
class Runtime:
    """What a session was opened with, beside the database."""

    settings: Settings
    accounts: tuple[Account, ...]
    gateways: Gateways


def build_runtime(settings: Settings) -> Runtime:
    """The accounts and gateways that ``settings`` declare. Opens no connection."""
    accounts = load_accounts(settings)
    return Runtime(settings, accounts, Gateways(settings, accounts))


@lru_cache(maxsize=1)
def _from_environment() -> Runtime:
    return build_runtime(load())


def runtime_of(db: Session) -> Runtime:
    """The session's runtime; a plain session is answered from the environment."""
    runtime = db.info.get("runtime")
    return runtime if isinstance(runtime, Runtime) else _from_environment()


def actor_of(db: Session) -> Actor:
    """Who acts in this session.

    A plain session acts as the operating-system user, who is admin while no users exist. Raises
    :class:`PermissionDenied` when users exist and the session names none of them, or a disabled one.
    """
    actor = db.info.get("actor")
    if isinstance(actor, Actor):
        if actor.user_id is None:
            return actor
        user = db.get(User, actor.user_id, populate_existing=True)
        if user is None or user.disabled:
            raise PermissionDenied(f"The account of {actor.name} is disabled. Ask an administrator.")
        return Actor(user.name, Role(user.role), user.id)
    if db.scalar(sa.select(sa.func.count()).select_from(User)):
        raise PermissionDenied(
            "This workbench has users, so the session must say who acts: open it with "
            "open_workbench(actor=…) or sign in."
        )
    return Actor(getpass.getuser(), Role.ADMIN)


@contextmanager
def operation(db: Session, role: Role, *, write: bool) -> Iterator[Actor]:
    """One operation of the contract: a whole transaction by an actor who may do it.

    Commits when the block ends, rolls back when it raises. Raises :class:`PermissionDenied`.
    """
    with transaction(db, write=write):
        actor = actor_of(db)
        if not actor.role.allows(role):
            raise PermissionDenied(
                f"This needs the role {role.value}; {actor.name} is {actor.role.value}. Ask an administrator."
            )
        yield actor


def as_id(value: object, what: str) -> int:
    """``value`` as a row id. Raises :class:`NotFoundError` for what could not be one (wrong type, out of range)."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise NotFoundError(f"There is no {what} {value!r}: an id is a whole number.")
    if not 0 < value < 2**31:
        raise NotFoundError(f"There is no {what} {value}.")
    return value


def require_text(value: object, message: str, *, longest: int = 10_000) -> str:
    """``value`` stripped. Raises :class:`InputError` with ``message`` when there is nothing in it."""
    if not isinstance(value, str) or not value.strip():
        raise InputError(message)
    if len(value) > longest:
        raise InputError(f"That is {len(value):,} characters long; the limit is {longest:,}. Shorten it.")
    if "\x00" in value:
        raise InputError("The text holds a NUL character. Remove it.")
    return value.strip()

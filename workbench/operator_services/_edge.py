"""What every operation of the contract begins and ends with: who acts, may they, and one whole transaction."""

from __future__ import annotations

import getpass
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from workbench.accounts import Account, load_accounts
from workbench.db import transaction
from workbench.enums import Role
from workbench.errors import InputError, NotFoundError, PermissionDenied
from workbench.gateways.registry import Gateways
from workbench.metrics.mirror import Mirror
from workbench.metrics.view import Source
from workbench.metrics.views import mirror_pays
from workbench.models import User
from workbench.services import texts
from workbench.services.audit import Actor
from workbench.settings import Settings, load


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


def mirror_of(db: Session) -> Mirror | None:
    """The mirror of the workbench that opened the session; to be asked for within an operation.

    None for a plain session, until the mirror is loaded, where the operation came in the middle of a transaction (what
    is changed and not committed yet is seen by nobody but the session itself), and while the database has so little to
    look through that it answers sooner.
    """
    mirror = db.info.get("mirror")
    if not (isinstance(mirror, Mirror) and mirror.loaded and db.info.get("began_here")):
        return None
    return mirror if mirror_pays(db) else None


def source_of(db: Session) -> Source:
    """Who answers a view sooner: the mirror or the session itself. To be asked for within an operation."""
    return mirror_of(db) or db


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
    db.info["began_here"] = not (db.in_transaction() or db.new or db.dirty or db.deleted)
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
    return texts.checked(value, "This text", longest).strip()


def optional_text(value: object, what: str, *, longest: int = 2_000) -> str | None:
    """``value`` stripped, or None when it is None or blank. ``what`` starts the error's sentence: "The reason".

    Raises :class:`InputError` for what is not text, cannot be stored, or is too long.
    """
    return None if value is None else texts.checked(value, what, longest).strip() or None


def as_ids(values: object, what: str) -> list[int]:
    """``values`` as row ids. Raises :class:`InputError` for what is no list, :class:`NotFoundError` like ``as_id``."""
    if isinstance(values, str | bytes | Mapping) or not isinstance(values, Iterable):
        raise InputError(f"Give the ids of each {what} as a list of numbers, for example [1, 2, 3].")
    return [as_id(value, what) for value in values]


def optional_dict(value: object, what: str) -> dict[str, Any] | None:
    """``value`` as a dict whose keys are names, or None. Raises :class:`InputError` for anything else."""
    if value is None:
        return None
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise InputError(f"{what} must be a dict whose keys are names, or left out.")
    return dict(value)

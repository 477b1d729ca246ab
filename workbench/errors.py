"""Every error the workbench raises on purpose.

::

    WorkbenchError
    ├── NotFoundError            an id that does not exist, or belongs to another project
    ├── PermissionDenied         the actor's role does not allow this
    ├── InvalidTransition        the item is in a state this cannot start from
    ├── EditConflict             somebody else changed it first (carries both texts)
    ├── InputError               the caller's words do not make sense
    │   ├── ContentInvalid       a text its platform would refuse
    │   ├── ScheduleInvalid      a time in the past, unknown, or that a clock change skips or repeats
    │   └── LeadFileInvalid      a lead file that cannot be read at all
    ├── Cancelled                the person who began it stopped it; nothing of it stands
    ├── StoppedHalfway           a part of many is changed, and the rest is not (says how far)
    ├── ImportStopped            a part of a lead file is in, and the rest is not (says how far)
    ├── NotConfigured            a setting is missing; says which one
    ├── GatewayFault             an outside system that was asked something refused, failed or did not answer
    ├── DatabaseProblem          the database cannot be used as it is
    │   ├── DatabaseBusy         locked by another writer for too long
    │   ├── DatabaseReadOnly     opened or mounted read-only
    │   ├── DatabaseFull         cannot grow any more
    │   └── DatabaseNotAtHead    older or newer than this version of the workbench
    └── QueryError               ad-hoc SQL that is wrong, too slow or not allowed

A class's docstring is its default message. Each error carries what is needed to mend it as attributes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any


class WorkbenchError(Exception):
    """Something went wrong in the workbench."""

    def __init__(self, message: str | None = None, **context: Any) -> None:
        self.message = message or (self.__doc__ or "").strip()
        self.context = context
        super().__init__(self.message)


class NotFoundError(WorkbenchError):
    """There is no such thing here. It may have been deleted, or belong to another project."""


class PermissionDenied(WorkbenchError):
    """Your role does not allow this. Ask an administrator."""


class InvalidTransition(WorkbenchError):
    """This cannot be done in its present state."""


class EditConflict(WorkbenchError):
    """Somebody else changed this while you were editing. Nothing was overwritten.

    ``theirs`` is what is stored now, ``yours`` what was about to be saved.
    """

    def __init__(self, message: str | None = None, *, theirs: str, yours: str, **context: Any) -> None:
        self.theirs = theirs
        self.yours = yours
        super().__init__(
            message or "Somebody else changed this while you were editing. Nothing was overwritten.", **context
        )


class InputError(WorkbenchError):
    """That input cannot be used."""


class ContentInvalid(InputError):
    """This text would be refused by its platform.

    ``problems`` lists every reason, each a sentence.
    """

    def __init__(self, problems: Sequence[str], **context: Any) -> None:
        self.problems = list(problems)
        super().__init__(" ".join(self.problems), **context)


class ScheduleInvalid(InputError):
    """This time cannot be used."""


class LeadFileInvalid(InputError):
    """This file cannot be read as a list of leads."""


class Cancelled(WorkbenchError):
    """Cancelled. Nothing was changed."""


class StoppedHalfway(WorkbenchError):
    """It stopped half-way. What was done stays.

    ``done`` is how many were dealt with, ``batch_id`` what takes them back.
    """

    def __init__(self, message: str | None = None, *, done: int = 0, batch_id: str | None = None, **context: Any):
        self.done = done
        self.batch_id = batch_id
        super().__init__(message or "It stopped half-way. What was done stays.", **context)


class ImportStopped(WorkbenchError):
    """An import stopped half-way. What it brought in stays; import the file again for the rest.

    ``done`` is how many rows of the file were dealt with.
    """

    def __init__(self, message: str | None = None, *, done: int = 0, **context: Any) -> None:
        self.done = done
        super().__init__(
            message or "An import stopped half-way. What it brought in stays; import the file again for the rest.",
            **context,
        )


class NotConfigured(WorkbenchError):
    """A setting is missing."""


class GatewayFault(WorkbenchError):
    """The outside system could not do this. Nothing was changed here.

    ``retry_at`` (aware UTC) is when it may work again, if the system said so.
    """

    def __init__(self, message: str | None = None, *, retry_at: datetime | None = None, **context: Any) -> None:
        self.retry_at = retry_at
        super().__init__(message or "The outside system could not do this. Nothing was changed here.", **context)


class DatabaseProblem(WorkbenchError):
    """The database cannot be used as it is."""


class DatabaseBusy(DatabaseProblem):
    """The database is locked by another program. Nothing was changed; try again in a moment."""


class DatabaseReadOnly(DatabaseProblem):
    """The database is read-only. Nothing was changed; check the file's permissions and its mode."""


class DatabaseFull(DatabaseProblem):
    """The database cannot grow: the disk or its page limit is full. Nothing was changed; make room."""


class DatabaseNotAtHead(DatabaseProblem):
    """The database is not at the version this workbench needs. Run: workbench migrate"""


class QueryError(WorkbenchError):
    """This query cannot be run."""

"""What the screens of one browser session share, without a single widget."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Concatenate, Final, Literal, ParamSpec, Protocol, TypeVar

import param

from workbench import operator_services as ops
from workbench.clock import now
from workbench.enums import Mode, Role
from workbench.errors import WorkbenchError
from workbench.services.audit import Actor
from workbench.settings import Settings

logger = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")

#: Key in the address -> name on the screen, in the order of the tabs.
PAGES: Final[dict[str, str]] = {
    "command": "Command",
    "war-room": "War Room",
    "gallery": "Gallery",
    "leads": "Leads",
    "control-tower": "Control Tower",
}

#: A worker beats without changing anything the screens show, so the banner has its own, slower, look.
WORKERS_EVERY_SECONDS: Final = 10.0

_UNCHANGED: Final = object()


class Host(Protocol):
    """What the screens need of the workbench that opened them."""

    @property
    def settings(self) -> Settings: ...

    @property
    def metrics(self) -> Any:
        """The metric views, each a method that returns a DataFrame."""

    def changes_token(self) -> str:
        """Differs once anything the screens show has changed; cheap to ask."""

    @property
    def watched(self) -> Hashable:
        """Equal for hosts whose :meth:`changes_token` is the same."""

    def shared(self, key: Hashable, token: str, read: Callable[[], R], *, renew: bool = False) -> R:
        """What ``read`` answers, once for all sessions that ask with this ``key`` after they saw this token, or anew
        and then for them too."""

    def actor(self) -> Actor:
        """Who uses the present browser session or kernel.

        Raises :class:`PermissionDenied` for nobody we know.
        """

    def session(self, actor: Actor | None = None) -> AbstractContextManager[Any]:
        """A database session that acts as ``actor``; the screens only hand it to operator services."""


@dataclass(frozen=True, eq=False)
class Message:
    """Something to tell the person.

    Never equal to another one, so that the same words twice are shown twice.
    """

    text: str
    tone: Literal["ok", "info", "warn", "error"] = "info"
    #: Offered as a button beside the text.
    undo: Callable[[], object] | None = None
    at: datetime = field(default_factory=now)


class WorkbenchState(param.Parameterized):
    """One per browser session (or notebook viewer). Everything here may be watched."""

    page: param.Selector[str] = param.Selector(
        default="command", objects=list(PAGES), doc="The page shown, a key of PAGES."
    )
    project_id = param.Integer(default=None, allow_None=True, bounds=(1, 2**31 - 1), doc="The project chosen.")
    filters = param.Dict(default={}, doc="The shown page's filters: short names and strings, kept in the address.")
    projects = param.List(default=[], doc="id, name, client and state of every project, for selectors.")
    mode: param.Selector[str] = param.Selector(default=Mode.SIMULATION.value, objects=[mode.value for mode in Mode])
    pause = param.Dict(default=None, allow_None=True, doc="PauseState; None before the first look.")
    workers_alive = param.Boolean(default=True, doc="Whether any worker has beaten lately.")
    pulse = param.Integer(default=0, doc="Goes up now and then: what beats without being a change is looked at again.")
    trouble = param.String(default="", doc="Why the database cannot be read; empty when it can.")
    message = param.ClassSelector(default=None, class_=Message, allow_None=True, doc="The newest message.")
    dialogs = param.Integer(default=0, doc="How many dialogs have been opened.")
    busy = param.Boolean(default=False, doc="Whether an action of this session is running.")
    dark = param.Boolean(default=False)
    loading = param.String(default="", doc="How far the charts' numbers are loaded; empty when they are.")
    changes = param.String(default="", doc="Changes when anything the screens show has changed.")

    def __init__(self, host: Host, **params: Any) -> None:
        super().__init__(**params)
        self.host = host
        self.actor = host.actor()
        #: Held while a page is opened, reads and shows, so that a poll and a click of one session do not mix
        #: their updates.
        self.lock = threading.RLock()
        #: The clicks that are being answered.
        self.clicked: dict[Hashable, object] = {}
        self._working = 0
        self._workers_seen: datetime | None = None
        #: The state of the database that is being caught up with, and whether it was changed here.
        self._following: str | None = None
        self._changed_here = False
        #: Whether somebody polls: else what is not there yet has to be waited for.
        self.polled = False

    @property
    def paused(self) -> bool:
        """Whether the system as a whole is paused."""
        return bool(self.pause and self.pause["paused"])

    def may(self, role: Role) -> bool:
        """Whether to offer what needs ``role``. Only to offer: the contract is what refuses."""
        return self.actor.role.allows(role)

    # Reading and acting

    @contextmanager
    def session(self) -> Iterator[Any]:
        """A session for one callback, acting as the person who is signed in."""
        with self.host.session(self.actor) as db:
            yield db

    def call(self, operation: Callable[Concatenate[Any, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run one operation of the contract in a session of its own. Raises what it raises."""
        with self.session() as db:
            return operation(db, *args, **kwargs)

    def read(self, operation: Callable[Concatenate[Any, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """As :meth:`call`, for what is the same whoever asks: pages that follow one change share one reading of it.

        ``operation`` may be a function of a page's own that shapes what it reads: that is shared too. Nobody may
        change the answer in place.
        """
        if self._following is None:
            return self.call(operation, *args, **kwargs)
        key = (operation.__module__, operation.__qualname__, args, tuple(sorted(kwargs.items())))
        read = partial(self.call, operation, *args, **kwargs)
        return self.host.shared(key, self._following, read, renew=self._changed_here)

    @contextmanager
    def working(self) -> Iterator[None]:
        """Shows as :attr:`busy` while the block runs; may be nested and may overlap in threads."""
        with self.lock:
            self._working += 1
            self.busy = True
        try:
            yield
        finally:
            with self.lock:
                self._working -= 1
                self.busy = self._working > 0

    # Telling

    def tell(
        self,
        text: str,
        tone: Literal["ok", "info", "warn", "error"] = "ok",
        undo: Callable[[], object] | None = None,
    ) -> None:
        """Say what happened, with a button that takes it back when there is an ``undo``."""
        self.message = Message(text, tone, undo)

    def fail(self, error: WorkbenchError | str) -> None:
        """Say what went wrong."""
        self.message = Message(error.message if isinstance(error, WorkbenchError) else error, "error")

    # Going

    def go(self, page: str | None = None, *, project_id: Any = _UNCHANGED, **filters: str) -> None:
        """Open a view in one step: this or another page and project, with these filters and no others."""
        values: dict[str, Any] = {"filters": {name: str(value) for name, value in filters.items() if value}}
        if page is not None:
            values["page"] = page
        if project_id is not _UNCHANGED:
            values["project_id"] = project_id
        with self.lock:
            self.param.update(**values)

    def known(self, values: dict[str, Any]) -> dict[str, Any]:
        """``values`` for this state, without a project that is not there: that is told."""
        projects = values.get("projects", self.projects)
        if values["project_id"] is None or any(row["id"] == values["project_id"] for row in projects):
            return values
        self.fail(f"There is no project {values['project_id']} (any more). Choose another one.")
        return values | {"project_id": None}

    def project(self) -> dict[str, Any] | None:
        """The chosen project's row of :attr:`projects`."""
        return next((row for row in self.projects if row["id"] == self.project_id), None)

    # Keeping up

    def poll(self, seen: str | None = None, *, force: bool = False) -> None:
        """Look whether anything changed, and if so (or by ``force``) renew the header's facts and
        :attr:`changes`.

        Cheap when nothing changed: one token, which all sessions share; ``seen`` is one that was seen just now, for
        pages that catch up together. A poll that would have to wait for a running one is skipped, unless forced. A
        database that cannot be read becomes :attr:`trouble`, not an exception.
        """
        if not self.lock.acquire(blocking=force):
            return
        try:
            token = seen or self.host.changes_token()
            changed = force or token != self.changes
            self._following, self._changed_here = token, force
            if changed:
                self._read_status()
            self._look_for_workers(force=force)
            if self.loading:
                self.loading = self.host.metrics.loading
            self.trouble = ""
            if token != self.changes:
                self.changes = token
            elif force:
                self.param.trigger("changes")
        except WorkbenchError as error:
            logger.warning("The screens cannot read the database: %s", error.message)
            self.trouble = error.message
        finally:
            self._following, self._changed_here = None, False
            self.lock.release()

    def _read_status(self) -> None:
        projects = self.read(ops.list_projects)
        values: dict[str, Any] = {"mode": self.read(ops.get_mode), "pause": self.read(ops.get_pause_state)}
        if projects != self.projects:
            values["projects"] = projects
        self.param.update(**self.known({"project_id": self.project_id} | values))

    def _look_for_workers(self, *, force: bool) -> None:
        seen = self._workers_seen
        if not force and seen is not None and (now() - seen).total_seconds() < WORKERS_EVERY_SECONDS:
            return
        self._workers_seen = now()
        self.call(ops.get_mode)  # so that who may no longer use the workbench is told, though all else is shared
        self.workers_alive = any(worker["alive"] for worker in self.read(ops.get_workers))
        self.pulse += 1

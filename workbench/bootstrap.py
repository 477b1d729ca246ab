"""``open_workbench()``: the only wiring. Everything below takes what it needs from here."""

from __future__ import annotations

import atexit
import builtins
import tempfile
from collections.abc import Callable, Hashable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.orm import Session

from workbench import clock, migrate
from workbench.db import make_engine, make_sessions, transaction
from workbench.enums import Role
from workbench.errors import DatabaseProblem, InputError
from workbench.metrics import Metrics, Mirror
from workbench.metrics.loading import bar_for_a_person
from workbench.models import Project
from workbench.operator_services._edge import Runtime, actor_of, build_runtime
from workbench.operator_services.users import find_actor, have_users
from workbench.services.audit import Actor
from workbench.settings import Settings, load

if TYPE_CHECKING:
    from panel.viewable import Viewer

    from workbench.panels.charts import Charts

T = TypeVar("T")


class Workbench:
    """An open workbench: sessions, metric views, ad-hoc SQL and the pages, for one person.

    ``acting_as`` gives the same workbench to somebody else: engine, gateways and mirror are shared.
    """

    def __init__(self, runtime: Runtime, engine: sa.Engine, mirror: Mirror, actor: Actor | None) -> None:
        self.runtime = runtime
        self.settings = runtime.settings
        self.engine = engine
        self._actor = actor
        self._mirror = mirror
        self._sessions = make_sessions(engine)

    def session(self, actor: Actor | None = None) -> Session:
        """A session whose operations act as this workbench's person (or ``actor``). Close it, or use ``with``."""
        who = actor or self._actor
        info = {"runtime": self.runtime, "mirror": self._mirror}
        return self._sessions(info=info | ({"actor": who} if who else {}))

    def actor(self) -> Actor:
        """Who acts here. Raises :class:`PermissionDenied` when there are users and this is none of them."""
        with self.session() as db, transaction(db, write=False):
            return actor_of(db)

    @property
    def metrics(self) -> Metrics:
        """The metric views as DataFrames, fresh at every call."""
        return Metrics(self._mirror)

    def sql(self, query: str, **params: Any) -> pd.DataFrame:
        """Run one read-only query over every table but users and drafts; ``$name`` takes a parameter.

        Raises :class:`workbench.errors.QueryError`, showing where the query is wrong.
        """
        return self._mirror.sql(query, **params)

    def load_metrics(self) -> None:
        """Begin to load the metric views' copy of the tables, or to go on with the one in its file. Does not wait."""
        self._mirror.load_in_background()

    def changes_token(self) -> str:
        """A short text that differs once anything the screens show has changed.

        All sessions of the process share one look; while nothing changed it takes microseconds. Probes and the pulse
        of workers are no changes. Raises :class:`DatabaseProblem`.
        """
        return self._mirror.watch.token()

    def shared(self, key: Hashable, token: str, read: Callable[[], T], *, renew: bool = False) -> T:
        """What ``read`` answers, once for all sessions that ask with this ``key`` after they saw this token, or anew
        and then for them too."""
        return self._mirror.watch.shared(key, token, read, renew=renew)

    @property
    def watched(self) -> Hashable:
        """Equal for those whose :meth:`changes_token` is the same."""
        return self._mirror.watch

    def acting_as(self, name: str | None) -> Workbench:
        """This workbench for the user ``name`` (None: whoever sits at this machine, while there are no users).

        Raises :class:`PermissionDenied` for a name that may not use it.
        """
        with self._sessions() as db:
            return Workbench(self.runtime, self.engine, self._mirror, find_actor(db, name))

    def close(self) -> None:
        """Let go of the database and the mirror."""
        self._mirror.close()
        self.engine.dispose()

    # The pages. Panel is imported with the first of them: a worker never needs it.

    def page(self) -> Viewer:
        """The whole application: header, navigation and the five pages."""
        from workbench.panels import Shell, WorkbenchState, configure_notebook

        configure_notebook()
        return cast("Viewer", Shell(WorkbenchState(self)))

    def command(self) -> Viewer:
        """What needs attention, the board, the activity."""
        return self._page("Command", None)

    def war_room(self, project: str | int | None = None) -> Viewer:
        """Brief and strategy of a project, by name or id (None: the first)."""
        return self._page("WarRoom", project)

    def gallery(self, project: str | int | None = None) -> Viewer:
        """The creatives of a project."""
        return self._page("Gallery", project)

    def leads(self, project: str | int | None = None) -> Viewer:
        """The leads of a project."""
        return self._page("Leads", project)

    def control_tower(self, project: str | int | None = None) -> Viewer:
        """Schedule, queue, gateways, workers, pause and audit log."""
        return self._page("ControlTower", project)

    def _page(self, name: str, project: str | int | None) -> Viewer:
        from workbench import panels

        panels.configure_notebook()
        state = panels.WorkbenchState(self)
        if project is not None:
            state.project_id = self._project_id(project)
        return cast("Viewer", getattr(panels, name)(state))

    @property
    def charts(self) -> Charts:
        """The metric views as pictures, for a notebook: ``wb.charts.delivery("Autumn launch", days=7)``."""
        from workbench.panels import charts, configure_notebook

        configure_notebook()
        return charts.Charts(lambda: self.metrics, self._project_and_zone)

    def _project_and_zone(self, project: str | int | None) -> tuple[int | None, str]:
        if project is None:
            return None, self.settings.timezone
        found = self._project_id(project)
        with self._sessions() as db, transaction(db, write=False):
            return found, db.scalars(sa.select(Project.timezone).where(Project.id == found)).one()

    def _project_id(self, project: str | int) -> int:
        with self._sessions() as db, transaction(db, write=False):
            wanted = Project.id == project if isinstance(project, int) else Project.name == project
            found = db.scalars(sa.select(Project.id).where(wanted)).all()
        if len(found) != 1:
            raise InputError(
                f"{len(found)} projects are called {project!r}. "
                + ("Give the id instead." if found else "wb.metrics.pipeline() lists them.")
            )
        return found[0]


def open_workbench(
    settings: Settings | None = None,
    *,
    actor: str | Actor | None = None,
    database_url: str | None = None,
    data_dir: Path | str | None = None,
    demo: bool = False,
    as_of: datetime | str | None = None,
    keep_mirror: bool = False,
) -> Workbench:
    """Open the workbench that the environment (or ``settings``) describes.

    The embedded SQLite database is made and migrated by itself, after a backup; a PostgreSQL database that is not
    at head is refused with the command to run.

    Parameters
    ----------
    actor
        Who acts: a user's name, once there are users; any name (as admin) before.
    database_url, data_dir
        Stand in for the settings of the same name.
    demo
        Open a demo of its own in a temporary folder that goes when Python ends; with ``database_url`` or
        ``data_dir``, fill that database with the demo unless it has projects.
    as_of
        The moment the demo is made for; time stands still there in this process. An ISO text or an aware datetime.
    keep_mirror
        Keep the metric views' copy of the tables in a file in the data folder, so that the next process that asks for
        it need not load it; for the one that serves. Otherwise, or while another process has it, it is in memory.

    Raises
    ------
    NotConfigured, DatabaseProblem, PermissionDenied
    """
    moment = _moment(as_of)
    if hasattr(builtins, "__IPYTHON__"):
        _show_text_as_text()
    if demo and settings is None and database_url is None and data_dir is None:
        folder = tempfile.TemporaryDirectory(prefix="workbench-demo-")
        atexit.register(folder.cleanup)
        data_dir = folder.name
        database_url = f"sqlite:///{Path(folder.name) / 'workbench.db'}"
    if settings is None:
        given = {"database_url": database_url, "data_dir": data_dir}
        settings = load(**{name: value for name, value in given.items() if value is not None})
    if moment:
        clock.pin(moment)
    engine = open_database(settings)
    runtime = build_runtime(settings)
    if demo:
        fill_with_demo(engine, moment or clock.now())
    if isinstance(actor, str):
        with make_sessions(engine)() as db:
            actor = find_actor(db, actor) if have_users(db) else Actor(actor, Role.ADMIN)
    kept = settings.data_dir / "mirror" if keep_mirror else None
    return Workbench(runtime, engine, Mirror(engine, folder=kept, progress=bar_for_a_person()), actor)


def _show_text_as_text() -> None:
    """Let the tables of this notebook show what stands in them: no markup, and no formulas, which can hold links."""
    pd.set_option("display.html.use_mathjax", False, "styler.html.mathjax", False, "styler.format.escape", "html")


def open_database(settings: Settings) -> sa.Engine:
    """The engine, its database at head."""
    engine = make_engine(settings.url)
    if settings.embedded:
        path = Path(engine.url.database or "")
        if engine.url.database and not engine.url.database.startswith("file:"):
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise DatabaseProblem(f"The folder {path.parent} cannot be made: {error.strerror}.") from error
        migrate.upgrade(engine, backup_to=settings.data_dir / "backups")
    else:
        migrate.check_head(engine)
    return engine


def fill_with_demo(engine: sa.Engine, as_of: datetime, *, scale: int = 1) -> bool:
    """Load the demo unless the database has projects. Says whether it did."""
    from workbench.services.demo import load_demo  # nobody else pays for its texts

    with make_sessions(engine)() as db, transaction(db, write=True):
        if db.scalar(sa.select(Project.id).limit(1)) is not None:
            return False
        load_demo(db, as_of, scale=scale)
        return True


def _moment(as_of: datetime | str | None) -> datetime | None:
    if isinstance(as_of, str):
        try:
            as_of = datetime.fromisoformat(as_of)
        except ValueError as error:
            raise InputError(f"{as_of!r} is not a moment. Write it like 2026-11-20T09:00:00Z.") from error
    return clock.as_utc(as_of) if as_of else None

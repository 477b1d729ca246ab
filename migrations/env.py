"""What alembic runs, from its own command line or through :mod:`workbench.migrate`: one way for both.

A migration is one transaction, on SQLite as well, with foreign keys off (rebuilding a table would otherwise empty
those that refer to it) and checked at the end. The triggers are taken off before it and put on again after it.
"""

from __future__ import annotations

import logging
from typing import Any

from alembic import context
from alembic.util import CommandError
from sqlalchemy.engine import Engine

from workbench import migrate
from workbench.db import make_engine
from workbench.errors import WorkbenchError
from workbench.models import Base
from workbench.settings import load


def _in_the_models(_object: Any, name: str | None, kind: str, reflected: bool, compare_to: Any) -> bool:
    """Whether autogenerate compares this with the models. It leaves PostgreSQL's ``xid`` alone (see ChangeLog)."""
    return not (reflected and compare_to is None and name in migrate.POSTGRESQL_ONLY)


def _default_differs(
    _context: Any, _inspected: Any, _column: Any, inspected: str | None, _default: Any, rendered: str | None
) -> bool | None:
    """Alembic takes an empty text that SQLite reflects for another default; the rest is left to it (None)."""
    return False if inspected in ("''", "('')") and rendered == "" else None


def _changes_the_database() -> bool:
    """Upgrade, downgrade and stamp name a revision to go to; current, check and revision only look."""
    try:
        context.get_revision_argument()
    except KeyError:
        return False
    return True


def _stamps() -> bool:
    """Whether this is ``alembic stamp``, which alone may meet tables that have no version yet."""
    options = context.config.cmd_opts
    return options is not None and options.cmd[0].__name__ == "stamp"


def _run(engine: Engine) -> None:
    with migrate.connection_for(engine, changes=_changes_the_database(), unversioned=_stamps()) as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            include_object=_in_the_models,
            render_as_batch=True,
            transactional_ddl=True,
            compare_type=True,
            compare_server_default=_default_differs,
            autogenerate_plugins=["alembic.autogenerate.*", "alembic.ext.checkconstraint_byname"],
        )
        context.run_migrations()


def _run_by_itself() -> None:
    """Alembic's own command line: the database of the settings, with a backup as ``workbench migrate`` makes it."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    settings = load()
    engine = make_engine(settings.url)
    try:
        if _changes_the_database() and context.get_revision_argument() != migrate.current(engine):
            migrate.copy_first(engine, settings.data_dir / "backups")
        _run(engine)
    finally:
        engine.dispose()


if context.is_offline_mode():
    raise CommandError("The migrations move data, so they cannot be written out as SQL. Run them on the database.")
if "engine" in context.config.attributes:
    _run(context.config.attributes["engine"])
else:
    try:
        _run_by_itself()
    except WorkbenchError as problem:
        raise CommandError(str(problem)) from problem

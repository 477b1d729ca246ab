"""An agency to look around in, for an empty database."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.orm import Session

from workbench.clock import now
from workbench.enums import Role
from workbench.operator_services._edge import operation
from workbench.services.audit import record
from workbench.services.progress import Progress
from workbench.services.projects import list_projects

__all__ = ["load_demo"]


def load_demo(
    db: Session,
    *,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> bool:
    """Fill an empty database with the demo of ``workbench demo``, made for this moment: takes some seconds.

    Says whether it did: a database with projects is left as it is. One that holds the demo can never go live.
    ``progress`` is called with the rows that are written and the rows there are, and ``cancelled`` is asked whether to
    stop; then nothing of it stays. Raises :class:`InvalidTransition` in live mode, :class:`Cancelled`.
    """
    from workbench.services.demo import load_demo as load  # nobody else pays for its texts

    with operation(db, Role.ADMIN, write=True) as actor:
        if list_projects(db):
            return False
        load(db, now(), progress=Progress(progress, cancelled))
        record(db, actor, "demo.load", "demo", None)
        return True

"""Fill an empty database with the demo agency."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from workbench.clock import as_utc
from workbench.enums import Mode, ProjectState
from workbench.errors import InputError, InvalidTransition
from workbench.models import Project
from workbench.services.demo import leads, mails, posts, projects
from workbench.services.demo.clients import CLIENTS
from workbench.services.demo.people import People
from workbench.services.demo.rows import Rows
from workbench.services.demo.telling import Telling
from workbench.services.progress import Progress
from workbench.services.safety import settings_row

#: Attempts at scale 1.
ATTEMPTS: Final = 20_000


def load_demo(session: Session, as_of: datetime, scale: int = 1, progress: Progress | None = None) -> None:
    """Eight projects in all states, 40 campaigns, 5,000 leads and 20,000 attempts over the 90 days before ``as_of``,
    and what is planned for the two weeks after it; all of it ``scale`` times. Flushes.

    Everything is in simulation mode, every address is at example.com, and the database can never go live. The same
    ``as_of`` makes the same rows. Raises :class:`InputError` when the database has projects already, or is given
    a scale below 1; :class:`InvalidTransition` in live mode; :class:`Cancelled` when ``progress`` says so.
    """
    at = as_utc(as_of)
    if isinstance(scale, bool) or not isinstance(scale, int) or scale < 1:
        raise InputError(f"The scale is {scale!r}; give a whole number of at least 1.")
    if session.scalar(sa.select(Project.id).limit(1)) is not None:
        raise InputError(
            "This database has projects already, and the demo would mix with them. Open an empty one, with "
            "WORKBENCH_DATABASE_URL or WORKBENCH_DATA_DIR."
        )
    safety = settings_row(session, lock_row=True)
    if safety.mode == Mode.LIVE:
        raise InvalidTransition("This installation is live and takes no demo data.", state=Mode.LIVE)
    safety.demo_at = safety.updated_at = at
    session.add(safety)
    people = People(random.Random("people"))  # noqa: S311 - invented people need no secrecy
    watched = progress or Progress()
    for number in range(scale):

        def tell(done: int, rows: int, before: int = number) -> None:
            watched.step(before * rows + done, scale * rows)  # each agency is about as large as the first

        _agency(session, at, people, number, tell)
    session.flush()


def _agency(session: Session, as_of: datetime, people: People, number: int, tell: Callable[[int, int], None]) -> None:
    """All clients once. The last one's last e-mail makes the sum of attempts even."""
    rows = Rows(session)
    attempts = 0
    for client in CLIENTS:
        dice = random.Random(f"{client.name} {number}")  # noqa: S311
        telling = Telling(rows, dice, people, client, as_of)
        projects.begin(telling, client.project if number == 0 else f"{client.project} {number + 1}")
        times, sizes = mails.wave_times(telling), mails.wave_sizes(telling)
        first = posts.publish(telling) if client.posts else None
        if client is CLIENTS[-1]:
            sizes[-1] = ATTEMPTS - attempts - telling.attempts - sum(sizes[:-1])
        mailing = mails.Mailing(telling, leads.gather(telling, times, sizes))
        if first is not None:
            projects.enter_execution(telling, min(first, times[0] - timedelta(days=2)))
        mailing.send(times, sizes)
        if client.state is ProjectState.EXECUTION:
            posts.plan(telling)
        if client.state is ProjectState.DONE:
            projects.finish(telling)
        if client.topics:
            posts.leave_open(telling)
        attempts += telling.attempts
    rows.insert(tell)

"""Approving and scheduling 10,000 creatives, against writing the same new states and rows without any rule."""

from __future__ import annotations

import statistics
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from benchmarks import databases
from tests import factories
from workbench.clock import now
from workbench.db import make_sessions
from workbench.enums import CreativeStatus, Role, StrategyStatus
from workbench.models import ContentItem, QueueRow
from workbench.operator_services import bulk_approve_creatives, bulk_schedule_creatives
from workbench.operator_services._edge import build_runtime
from workbench.services.audit import Actor
from workbench.settings import Settings

ROUNDS = 3
CREATIVES = 10_000


def main() -> None:
    for name, made in databases.BOTH.items():
        with made() as new_database:
            taken, bare = zip(*(_one_round(new_database()) for _ in range(ROUNDS)), strict=True)
        mine, theirs = statistics.median(taken), statistics.median(bare)
        print(
            f"{name:11} approve + schedule {CREATIVES:,}: {mine / theirs:.1f} times the bare writes   "
            f"{mine:.2f} s (target 3 s) against {theirs:.2f} s",
            flush=True,
        )


def _one_round(url: str) -> tuple[float, float]:
    """Seconds for both calls, and for the bare writes."""
    settings = Settings(database_url=url, data_dir=Path(tempfile.mkdtemp()), secret_key="x" * 32)
    with databases.at_head(url) as engine:
        sessions = make_sessions(engine)
        sessions.configure(info={"runtime": build_runtime(settings), "actor": Actor("Ada", Role.ADMIN)})
        with sessions() as session:
            project = factories.project(session)
            factories.strategy(session, project, status=StrategyStatus.APPROVED)
            ids = [factories.creative(session, project, "linkedin", body_text=f"Post {n}").id for n in range(CREATIVES)]
            session.commit()
            project_id = project.id
        with sessions() as session:
            start = (now() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
            began = time.perf_counter()
            approved = bulk_approve_creatives(session, project_id, ids)
            scheduled = bulk_schedule_creatives(
                session, project_id, ids, {"start": start, "spacing_minutes": 1, "timezone": "UTC"}
            )
            taken = time.perf_counter() - began
            assert approved["done"] == scheduled["done"] == CREATIVES
            return taken, _bare_writes(session)


def _bare_writes(session: Session) -> float:
    """Write the rows that were queued once more as they are, with the creatives' states: no rule, no audit event."""
    rows = [dict(row._mapping) for row in session.execute(sa.select(*QueueRow.__table__.columns))]
    session.execute(sa.delete(QueueRow))
    session.commit()
    began = time.perf_counter()
    session.execute(sa.update(ContentItem).values(status=CreativeStatus.SCHEDULED))
    session.execute(sa.insert(QueueRow), rows)
    session.commit()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()

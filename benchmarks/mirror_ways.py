"""The ways to answer a view that the mirror is compared with."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, TypeVar

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from workbench.metrics import Mirror, views
from workbench.metrics.activity import activity
from workbench.models import Campaign, ContactEvent, ContentItem, Lead, OutreachAttempt, Project

T = TypeVar("T")

#: pandas and the naive way are given up after this.
PATIENCE_SECONDS = 60.0

_HOUR = {"sqlite": "strftime('%Y-%m-%d %H:00', attempted_at)", "postgresql": "date_trunc('hour', attempted_at)"}
_WEEK = {
    "sqlite": "date(created_at, '-6 days', 'weekday 1')",
    "postgresql": "date_trunc('week', created_at)",
}


def on_source(engine: Engine, at: datetime) -> dict[str, Callable[[], object]]:
    """The same SQL on the database; where DuckDB's words are not the database's, the same in its own."""

    def ask(view: Callable[[Session], object]) -> Callable[[], object]:
        def run() -> object:
            with Session(engine) as session:
                return view(session)

        return run

    def plain(query: str) -> Callable[[], object]:
        since = {"since": str(at - timedelta(days=30)), "at": str(at)}
        return ask(lambda session: session.execute(sa.text(query), since if ":since" in query else {}).all())

    kind = engine.dialect.name
    return {
        "attention": ask(lambda session: views.attention(session, as_of=at)),
        "pipeline": ask(views.pipeline),
        "delivery": plain(
            f"SELECT {_HOUR[kind]}, channel, count(*) FILTER (WHERE status = 'SENT'),"
            " count(*) FILTER (WHERE status = 'FAILED'), count(*) FILTER (WHERE status = 'UNKNOWN')"
            " FROM cam_outreach_attempts WHERE attempted_at > :since AND attempted_at <= :at"
            " AND mode = 'simulation' AND status IN ('SENT', 'FAILED', 'UNKNOWN') GROUP BY 1, 2 ORDER BY 1, 2"
        ),
        "cohorts": plain(f"SELECT {_WEEK[kind]}, source, status, count(*) FROM cam_leads GROUP BY 1, 2, 3"),
        "timeline": ask(views.timeline),
        "activity": ask(lambda session: activity(session, as_of=at)),
    }


def by_pandas(engine: Engine, at: datetime) -> dict[str, Callable[[], object]]:
    """``read_sql`` of the columns it needs, and the rest in pandas."""

    def read(columns: str, table: str) -> pd.DataFrame:
        with engine.connect().execution_options(stream_results=True) as connection:
            parts = pd.read_sql(sa.text(f"SELECT {columns} FROM {table}"), connection, chunksize=100_000)
            return pd.concat(_patient(parts, end[0]))

    end = [0.0]

    def patient(view: Callable[[], object]) -> Callable[[], object]:
        def run() -> object:
            end[0] = time.perf_counter() + PATIENCE_SECONDS
            return view()

        return run

    def attempts() -> pd.DataFrame:
        frame = read("attempted_at, status, mode, channel, campaign_id", "cam_outreach_attempts")
        return frame.assign(attempted_at=pd.to_datetime(frame["attempted_at"], utc=True))

    def attention() -> object:
        tried = attempts()
        week = tried[(tried["attempted_at"] > at - timedelta(days=7)) & (tried["mode"] == "simulation")]
        leads = read("id, status", "cam_leads")
        wrote = read("lead_id", "cam_contact_events WHERE direction = 'INBOUND'")
        intent = leads["status"].isin(["REPLIED", "QUALIFIED"]) | leads["id"].isin(wrote["lead_id"])
        return week["status"].value_counts(), intent.sum(), len(leads)

    def pipeline() -> object:
        campaigns = read("id, project_id", "cam_campaigns").set_index("id")["project_id"]
        leads = read("campaign_id", "cam_leads")["campaign_id"].map(campaigns).value_counts()
        begun = attempts()["campaign_id"].map(campaigns).value_counts()
        items = read("project_id, status", "content_items").value_counts()
        return read("id, name", "projects").assign(leads=leads, begun=begun), items

    def delivery() -> object:
        tried = attempts()
        recent = tried[(tried["attempted_at"] > at - timedelta(days=30)) & (tried["mode"] == "simulation")]
        return recent.groupby([recent["attempted_at"].dt.floor("h"), "channel", "status"]).size()

    def cohorts() -> object:
        leads = read("created_at, source, status", "cam_leads")
        week = pd.to_datetime(leads["created_at"], utc=True).dt.tz_localize(None).dt.to_period("W")
        return leads.groupby([week, "source", "status"]).size()

    ways = {"attention": attention, "pipeline": pipeline, "delivery": delivery, "cohorts": cohorts}
    return {name: patient(view) for name, view in ways.items()}


class GaveUp(Exception):
    """It took longer than PATIENCE_SECONDS."""


def _patient(things: Iterable[T], end: float) -> Iterator[T]:
    for thing in things:
        if time.perf_counter() > end:
            raise GaveUp
        yield thing


def needed_bytes(mirror: Mirror, at: datetime) -> dict[str, float]:
    """By view: how many bytes an engine must read that does no work twice, with states, modes and kinds in a byte each,
    ids in four and times in eight, and windows found by an index."""
    frame = mirror.sql(
        """
        SELECT
          (SELECT count(*) FROM cam_outreach_attempts) AS attempts,
          (SELECT count(*) FROM cam_outreach_attempts WHERE attempted_at BETWEEN $week AND $at) AS week,
          (SELECT count(*) FROM cam_outreach_attempts WHERE attempted_at BETWEEN $month AND $at) AS month,
          (SELECT count(*) FROM cam_leads) AS leads,
          (SELECT count(*) FROM cam_contact_events WHERE event_at BETWEEN $fortnight AND $at) AS wrote
        """,
        at=at, week=at - timedelta(days=7), month=at - timedelta(days=30), fortnight=at - timedelta(days=14),
    )  # fmt: skip
    rows = {name: float(frame[name][0]) for name in frame}
    time_, word, id_ = 8, 1, 4
    return {
        "attention": rows["attempts"] * word
        + rows["week"] * (time_ + word)
        + rows["leads"] * word
        + rows["wrote"] * id_,
        "pipeline": rows["attempts"] * (id_ + 2 * word) + rows["leads"] * id_,
        "delivery": rows["month"] * (time_ + 3 * word),
        "cohorts": rows["leads"] * (time_ + 2 * word),
        "funnel": rows["leads"] * (time_ + word),
    }


def naively(engine: Engine, at: datetime) -> dict[str, Callable[[], object]]:
    """As the first version of such a console is written: a query a project, objects for rows, loops for counts."""

    def patient(view: Callable[[Session, Callable[[Any], Any]], object]) -> Callable[[], object]:
        def run() -> object:
            end = time.perf_counter() + PATIENCE_SECONDS

            def each(rows: Any) -> Any:
                return _patient(rows, end)

            with Session(engine) as session:
                return view(session, each)

        return run

    def objects(session: Session, model: Any, *where: Any) -> Any:
        return session.scalars(sa.select(model).where(*where).execution_options(yield_per=10_000))

    def attention(session: Session, each: Callable[[Any], Any]) -> object:
        recent = objects(session, OutreachAttempt, OutreachAttempt.attempted_at > at - timedelta(days=7))
        tally = Counter(attempt.status for attempt in each(recent))
        wrote = {event.lead_id for event in each(objects(session, ContactEvent))}
        return tally, sum(lead.status == "REPLIED" or lead.id in wrote for lead in each(objects(session, Lead)))

    def pipeline(session: Session, each: Callable[[Any], Any]) -> object:
        def count(model: Any, *where: Any) -> int:
            return session.scalar(sa.select(sa.func.count()).select_from(model).where(*where)) or 0

        board = []
        for project in each(session.scalars(sa.select(Project)).all()):
            campaigns = list(session.scalars(sa.select(Campaign.id).where(Campaign.project_id == project.id)))
            items = session.scalars(sa.select(ContentItem).where(ContentItem.project_id == project.id)).all()
            leads = sum(count(Lead, Lead.campaign_id == campaign) for campaign in each(campaigns))
            tried = sum(count(OutreachAttempt, OutreachAttempt.campaign_id == one) for one in each(campaigns))
            board.append((project.name, leads, tried, Counter(item.status for item in items)))
        return board

    def delivery(session: Session, each: Callable[[Any], Any]) -> object:
        recent = objects(session, OutreachAttempt, OutreachAttempt.attempted_at > at - timedelta(days=30))
        return Counter((one.attempted_at.replace(minute=0), one.channel, one.status) for one in each(recent))

    def cohorts(session: Session, each: Callable[[Any], Any]) -> object:
        leads = each(objects(session, Lead))
        return Counter((lead.created_at.isocalendar()[:2], lead.source, lead.status) for lead in leads)

    ways = {"attention": attention, "pipeline": pipeline, "delivery": delivery, "cohorts": cohorts}
    return {name: patient(view) for name, view in ways.items()}

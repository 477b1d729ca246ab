"""The mirror holds what the database holds, notices every change and nothing else, and hides what is private."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session, sessionmaker

from tests import factories as make
from tests.conftest import NOW
from workbench.db import make_engine
from workbench.enums import Gateway, GatewayState, Role
from workbench.errors import DatabaseProblem, QueryError
from workbench.metrics import Metrics, Mirror, source, views
from workbench.models import Base, Lead, User, WorkerHeartbeat
from workbench.services import gateway_checks
from workbench.services.audit import Actor, record
from workbench.triggers import install_triggers, remove_triggers


@pytest.fixture
def mirror(engine: Engine) -> Iterator[Mirror]:
    made = Mirror(engine)
    yield made
    made.close()


def _leads(mirror: Mirror) -> int:
    return int(mirror.sql("select count(*) as n from cam_leads")["n"][0])


def test_every_column_arrives_with_its_type_and_value(db: Session, mirror: Mirror) -> None:
    project = make.project(db, paused=True)
    campaign = make.campaign(db, project, active=False, max_emails_per_day=None)
    lead = make.lead(
        db,
        campaign,
        name="Zoë “Z” O'Neil\n",
        tags=["a", "ü"],
        lead_score=0.25,
        enrichment_data={"size": 5},
        created_at=NOW,
    )
    record(db, Actor("Ada", Role.ADMIN), "lead.contact", "lead", lead.id, after={"fields": ["status"]})
    db.commit()
    row = mirror.sql("select *, enrichment_data->>'size' as size from cam_leads").iloc[0]
    assert row["name"] == "Zoë “Z” O'Neil\n"
    assert row["tags"] in ('["a", "ü"]', '["a", "\\u00fc"]')
    assert (row["lead_score"], row["size"], row["id"]) == (0.25, "5", lead.id)
    assert row["created_at"].to_pydatetime() == NOW
    assert str(row["last_contacted_at"]) == "NaT"
    types = mirror.sql("describe cam_leads").set_index("column_name")["column_type"]
    assert types[["id", "created_at", "tags", "lead_score", "name"]].tolist() == [
        "BIGINT",
        "TIMESTAMP WITH TIME ZONE",
        "JSON",
        "DOUBLE",
        "VARCHAR",
    ]
    flags = mirror.sql("select p.paused, c.active, c.max_emails_per_day from projects p, cam_campaigns c")
    assert flags.iloc[0].tolist()[:2] == [True, False]
    assert flags["max_emails_per_day"].isna().all()
    assert mirror.sql('select "at", "after" from audit_events')["after"][0] == '{"fields": ["status"]}'


def test_users_and_drafts_stay_out_and_everything_else_is_there(mirror: Mirror) -> None:
    there = set(mirror.sql("show tables")["name"])
    assert there == set(Base.metadata.tables) - source.LEFT_OUT
    assert {"users", "drafts", "probe_turns", "change_log", "mirror_state"} == source.LEFT_OUT
    for private in ("users", "drafts"):
        with pytest.raises(QueryError, match="does not exist"):
            mirror.sql(f"select * from {private}")


def test_rows_in_many_pieces_all_arrive(db: Session, mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "CHUNK", 7)
    campaign = make.campaign(db, make.project(db))
    for number in range(30):
        make.lead(db, campaign, title=None if number < 25 else "Lead")
    db.commit()
    assert mirror.sql("select count(*) n, count(title) t, count(distinct id) d from cam_leads").iloc[0].tolist() == [
        30,
        5,
        30,
    ]


def test_a_refresh_loads_what_was_committed_and_nothing_when_nothing_was(
    db: Session, sessions: sessionmaker[Session], mirror: Mirror
) -> None:
    assert mirror.refresh()
    assert not mirror.refresh()
    campaign = make.campaign(db, make.project(db))
    make.lead(db, campaign)
    assert not mirror.refresh(), "what is not committed is nobody's yet"
    db.commit()
    assert mirror.refresh()
    assert not mirror.refresh()
    assert _leads(mirror) == 1
    make.lead(db, campaign)
    db.rollback()
    mirror.refresh()
    assert _leads(mirror) == 1
    with sessions() as other:
        other.execute(sa.update(Lead).values(name="Renamed"))
        other.commit()
    assert mirror.sql("select name from cam_leads")["name"].tolist() == ["Renamed"]
    db.execute(sa.delete(Lead))
    db.commit()
    assert _leads(mirror) == 0


def test_probes_and_heartbeats_are_seen_although_no_trigger_logs_them(db: Session, mirror: Mirror) -> None:
    mirror.refresh()
    gateway_checks.store(db, Gateway.X, "one", GatewayState.DOWN, detail="", at=NOW)
    beat = WorkerHeartbeat(worker_id="h:1:x", host="h", pid=1, started_at=NOW, beat_at=NOW)
    db.add(beat)
    db.commit()
    assert mirror.refresh()
    assert len(mirror.sql("select * from gateway_checks")) == 1
    beat.beat_at = NOW + timedelta(seconds=5)
    db.commit()
    assert mirror.refresh()
    assert mirror.sql("select max(beat_at) m from worker_heartbeats")["m"][0] == NOW + timedelta(seconds=5)
    beat.stopped_at = NOW + timedelta(seconds=6)
    db.commit()
    assert mirror.refresh()
    assert not mirror.refresh()


@pytest.mark.postgres
def test_a_transaction_that_commits_late_is_not_missed(fresh_postgres_url: str) -> None:
    """The one that began first has the lower number and may commit last. SQLite has one writer."""
    engine = make_engine(fresh_postgres_url)
    mirror = Mirror(engine)
    with Session(engine) as first, Session(engine) as slow, Session(engine) as fast:
        campaign = make.campaign(first, make.project(first))
        first.commit()
        make.lead(slow, campaign)
        make.lead(fast, campaign)
        fast.commit()
        assert _leads(mirror) == 1
        slow.commit()
        assert _leads(mirror) == 2
    mirror.close()
    engine.dispose()


def test_without_its_triggers_a_database_is_read_every_time(db: Session, engine: Engine, mirror: Mirror) -> None:
    campaign = make.campaign(db, make.project(db))
    db.commit()
    assert _leads(mirror) == 0
    with engine.begin() as connection:
        remove_triggers(connection)
    make.lead(db, campaign)
    db.commit()
    assert _leads(mirror) == 1
    make.lead(db, campaign)
    db.commit()
    assert _leads(mirror) == 2
    with engine.begin() as connection:
        install_triggers(connection)
    mirror.refresh()
    assert not mirror.refresh()


def test_a_failed_refresh_says_so_and_leaves_the_mirror_as_it_was(db: Session, engine: Engine, mirror: Mirror) -> None:
    make.lead(db, make.campaign(db, make.project(db)))
    db.commit()
    assert _leads(mirror) == 1
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE suppressions RENAME TO gone")
        connection.exec_driver_sql("DELETE FROM cam_leads")
    with pytest.raises(DatabaseProblem, match="workbench migrate"):
        mirror.refresh()
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE gone RENAME TO suppressions")
    assert _leads(mirror) == 0


def test_readers_in_many_threads_see_whole_states_while_it_refreshes(
    db: Session, sessions: sessionmaker[Session], mirror: Mirror
) -> None:
    """Each commit adds an attempt and a lead at once, so no reader may count them apart."""
    campaign = make.campaign(db, make.project(db))
    db.commit()
    wrong: list[Any] = []
    done = threading.Event()

    def read() -> None:
        try:
            while not done.is_set():
                row = mirror.sql(
                    "select (select count(*) from cam_leads) l, (select count(*) from cam_outreach_attempts) a"
                ).iloc[0]
                if row["l"] != row["a"]:
                    wrong.append(row.to_dict())
        except Exception as error:  # shown by the assertion, in the main thread
            wrong.append(error)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for _ in range(15):
        with sessions() as writer:
            make.lead(writer, campaign)
            make.attempt(writer, campaign)
            writer.commit()
    done.set()
    for reader in readers:
        reader.join()
    assert wrong == []
    assert _leads(mirror) == 15


def test_a_closed_mirror_opens_again(db: Session, mirror: Mirror) -> None:
    make.lead(db, make.campaign(db, make.project(db)))
    db.commit()
    assert _leads(mirror) == 1
    mirror.close()
    assert _leads(mirror) == 1


def test_each_frame_has_its_columns_and_dtypes_with_and_without_rows(db: Session, mirror: Mirror) -> None:
    wb = Metrics(mirror)

    def dtypes() -> dict[str, dict[str, str]]:
        frames = {
            "attention": wb.attention(),
            "pipeline": wb.pipeline(),
            "timeline": wb.timeline(),
            "activity": wb.activity(),
            "delivery": wb.delivery(),
            "cohorts": wb.cohorts(),
            "queue_ahead": wb.queue_ahead(),
            "funnel": wb.funnel(),
        }
        return {name: {column: str(kind) for column, kind in frame.dtypes.items()} for name, frame in frames.items()}

    empty = dtypes()
    campaign = make.campaign(db, make.project(db))
    make.attempt(db, campaign, lead_id=make.lead(db, campaign).id)
    db.commit()
    assert len(wb.timeline()) == len(wb.activity()) == len(wb.delivery()) == len(wb.cohorts()) == 1
    assert dtypes() == empty
    for view in (views.PIPELINE, views.TIMELINE, *views.MIRROR_ONLY):
        assert empty[view.name] == dict(view.columns)


def test_a_mirror_of_no_database_says_what_is_wrong(tmp_path: Any) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'nowhere' / 'x.db'}")
    with pytest.raises(DatabaseProblem, match="cannot be opened"):
        Mirror(engine).refresh()
    engine.dispose()


def test_private_rows_do_not_leak_through_the_mirror(db: Session, mirror: Mirror) -> None:
    db.add(User(name="Ada", role="admin", hash="argon2-secret"))
    db.commit()
    for table in mirror.sql("show tables")["name"]:
        assert "argon2-secret" not in mirror.sql(f"select * from {table}").to_csv()

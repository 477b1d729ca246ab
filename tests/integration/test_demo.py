"""The demo keeps every promise the real data keep: sizes, states, texts, moments; and it is the same every time."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from tests import factories as make
from workbench import clock, placeholders
from workbench import operator_services as contract
from workbench.db import make_engine
from workbench.enums import Mode, Platform, Role
from workbench.errors import Cancelled, InputError, InvalidTransition
from workbench.execution.worker import Worker
from workbench.models import (
    AuditEvent,
    Base,
    Campaign,
    ContactEvent,
    ContentItem,
    ContentVersion,
    DiscoveryJob,
    GatewayCheck,
    Intake,
    Lead,
    OutreachAttempt,
    Project,
    QueueRow,
    SafetySettings,
    Strategy,
    Suppression,
    User,
    WorkerHeartbeat,
)
from workbench.operator_services import (
    get_activity_feed,
    get_attention_metrics,
    get_creatives_for_project,
    get_execution_timeline,
    get_project_context,
    get_project_strategy_doc,
    get_projects_pipeline,
    get_queue,
    list_leads,
)
from workbench.operator_services._edge import build_runtime
from workbench.platform_rules import problems
from workbench.services.audit import Actor
from workbench.services.demo import load_demo
from workbench.services.rollup import Counts, creative_after, roll_up
from workbench.services.safety import settings_row
from workbench.settings import Settings

AS_OF = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def _load(url: str, as_of: datetime, scale: int = 1) -> Engine:
    engine = make_engine(url)
    with Session(engine) as session:
        load_demo(session, as_of, scale)
        session.commit()
    return engine


@pytest.fixture(scope="module")
def demo_file(_sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("demo") / "demo.db"
    shutil.copy(_sqlite_template, path)
    engine = _load(f"sqlite:///{path}", AS_OF)
    with engine.connect() as connection:
        connection.connection.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # type: ignore[union-attr]
    engine.dispose()
    return path


@pytest.fixture
def demo_url(demo_file: Path, tmp_path: Path) -> str:
    """A copy of its own of the demo."""
    shutil.copy(demo_file, tmp_path / "demo.db")
    return f"sqlite:///{tmp_path / 'demo.db'}"


@pytest.fixture
def demo(demo_url: str, tmp_path: Path) -> Iterator[Session]:
    engine = make_engine(demo_url)
    settings = Settings(database_url=demo_url, data_dir=tmp_path / "var", secret_key="x" * 32)
    actor = Actor("Ada", Role.ADMIN)
    with clock.frozen(AS_OF), Session(engine, info={"runtime": build_runtime(settings), "actor": actor}) as session:
        yield session
    engine.dispose()


def _counts(session: Session) -> dict[str, int]:
    models = (Project, Campaign, Lead, OutreachAttempt)
    return {model.__tablename__: session.scalar(sa.select(sa.func.count()).select_from(model)) or 0 for model in models}


def _dump(engine: Engine) -> dict[str, list[tuple[object, ...]]]:
    bookkeeping = {"change_log", "mirror_state"}
    with engine.connect() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(sa.select(table).order_by(table.c.id))]
            for table in Base.metadata.sorted_tables
            if table.name not in bookkeeping
        }


def test_an_agency_of_the_promised_size_on_both_databases(db: Session) -> None:
    load_demo(db, AS_OF)
    db.commit()
    assert _counts(db) == {
        "projects": 8,
        "cam_campaigns": 40,
        "cam_leads": 5_000,
        "cam_outreach_attempts": 20_000,
    }
    states = db.scalars(sa.select(Project.state).distinct()).all()
    assert set(states) == {"INTAKE", "STRATEGY", "CREATIVE", "EXECUTION", "DONE"}
    newest = db.scalar(sa.select(sa.func.max(Project.id)))
    assert newest is not None
    assert make.project(db).id == newest + 1, "the next id is free"
    assert make.campaign(db, make.project(db)).id == 41


@pytest.mark.parametrize(
    "as_of",
    [
        datetime(2026, 3, 29, 0, 30, tzinfo=UTC),  # a Sunday, clocks go forward in Europe that night
        datetime(2026, 11, 2, 23, 59, 59, 999999, tzinfo=UTC),  # clocks went back in America the day before
    ],
)
def test_its_size_and_its_times_hold_on_any_day(sqlite_url: str, as_of: datetime) -> None:
    engine = _load(sqlite_url, as_of)
    with Session(engine) as session:
        assert _counts(session)["cam_outreach_attempts"] == 20_000
        assert _counts(session)["cam_leads"] == 5_000
        _check_moments(session, as_of)
        _check_rows_and_creatives(session)
    engine.dispose()


def test_scale_multiplies_it(sqlite_url: str) -> None:
    engine = _load(sqlite_url, AS_OF, scale=2)
    with Session(engine) as session:
        assert _counts(session) == {
            "projects": 16,
            "cam_campaigns": 80,
            "cam_leads": 10_000,
            "cam_outreach_attempts": 40_000,
        }
        assert session.scalar(sa.select(sa.func.count(sa.distinct(Lead.email_norm)))) == 10_000
    engine.dispose()


def test_the_same_moment_makes_the_same_rows(demo_url: str, sqlite_url: str) -> None:
    first = make_engine(demo_url)
    with clock.frozen(AS_OF + timedelta(days=700)):
        second = _load(sqlite_url, AS_OF)
    assert _dump(first) == _dump(second)
    first.dispose()
    second.dispose()


def test_it_is_only_for_an_empty_installation_in_simulation(sqlite_db: Session) -> None:
    make.project(sqlite_db)
    with pytest.raises(InputError, match="has projects already"):
        load_demo(sqlite_db, AS_OF)
    sqlite_db.rollback()
    for scale in (0, -1, True, 1.5):
        with pytest.raises(InputError, match="whole number"):
            load_demo(sqlite_db, AS_OF, scale)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="no time zone"):
        load_demo(sqlite_db, AS_OF.replace(tzinfo=None))
    settings = sqlite_db.get(SafetySettings, 1)
    assert settings is not None
    settings.mode = Mode.LIVE
    sqlite_db.flush()
    with pytest.raises(InvalidTransition, match="live"):
        load_demo(sqlite_db, AS_OF)


def test_how_far_it_is_is_told_and_cancelled_it_leaves_nothing(db: Session) -> None:
    told: list[tuple[int, int]] = []
    with pytest.raises(Cancelled, match="Nothing was changed"):
        contract.load_demo(
            db, progress=lambda done, rows: told.append((done, rows)), cancelled=lambda: told[-1][0] > told[-1][1] // 2
        )
    assert told[-1][1] // 2 < told[-1][0] < told[-1][1]
    assert told == sorted(told)
    assert set(_counts(db).values()) == {0}
    assert settings_row(db).demo_at is None


def test_it_can_never_go_live_and_claims_no_health_it_has_not(demo: Session) -> None:
    settings = demo.get(SafetySettings, 1)
    assert settings is not None
    assert (settings.mode, settings.demo_at, settings.system_paused) == ("simulation", AS_OF, False)
    for model in (GatewayCheck, WorkerHeartbeat, User):
        assert demo.scalar(sa.select(sa.func.count()).select_from(model)) == 0
    for model in (OutreachAttempt, QueueRow):
        assert demo.scalars(sa.select(model.mode).distinct()).all() == ["simulation"]


def test_every_address_is_at_example_com_and_nobody_has_two(demo: Session) -> None:
    leads = demo.scalars(sa.select(Lead)).all()
    assert all(lead.email == lead.email_norm and lead.email.endswith("@example.com") for lead in leads if lead.email)
    assert len({lead.email_norm for lead in leads}) == 5_000
    assert all(row.address_norm.endswith("@example.com") for row in demo.scalars(sa.select(Suppression)))
    assert all(lead.name and lead.first_name and lead.company and lead.title for lead in leads)


def _check_moments(session: Session, as_of: datetime) -> None:
    """Nothing that happened lies ahead of ``as_of``, and nothing was sent more than 90 days before it."""
    for model in (Project, Campaign, Lead, ContentItem, QueueRow, OutreachAttempt):
        for column in (model.created_at, model.updated_at):
            assert (session.scalar(sa.select(sa.func.max(column))) or as_of) <= as_of, column
    happened = (
        Intake.created_at,
        Strategy.created_at,
        Strategy.decided_at,
        ContentVersion.created_at,
        ContentItem.deleted_at,
        ContactEvent.event_at,
        DiscoveryJob.completed_at,
        Suppression.created_at,
        AuditEvent.at,
        Lead.last_contacted_at,
        Lead.last_replied_at,
        OutreachAttempt.attempted_at,
    )
    for column in happened:
        assert (session.scalar(sa.select(sa.func.max(column))) or as_of) <= as_of, column
    first = session.scalar(sa.select(sa.func.min(OutreachAttempt.attempted_at)))
    assert first is not None
    assert as_of - timedelta(days=90) < first < as_of - timedelta(days=80)


def _check_rows_and_creatives(session: Session) -> None:
    """A row's state is what its attempts make of it, and its creative's what the row makes of that."""
    by_row: dict[int, Counter[str]] = {}
    for queue_id, status, count in session.execute(
        sa.select(OutreachAttempt.queue_id, OutreachAttempt.status, sa.func.count()).group_by(
            OutreachAttempt.queue_id, OutreachAttempt.status
        )
    ):
        by_row.setdefault(queue_id, Counter())[status] = count
    items = {item.id: item for item in session.scalars(sa.select(ContentItem))}
    queued = set()
    for row in session.scalars(sa.select(QueueRow)):
        item = items[row.content_item_id]
        queued.add(item.id)
        if row.status in ("QUEUED", "MISSED"):
            assert (item.status, row.expanded, row.id in by_row) == ("SCHEDULED", False, False)
        else:
            ended = roll_up(Counts.of(by_row[row.id]))
            assert row.status == (ended or "RUNNING")
            assert item.status == (creative_after(ended) if ended else "PUBLISHING")
    for item in items.values():
        if item.status in ("DRAFT", "APPROVED"):
            assert item.id not in queued
        else:
            assert item.id in queued


def test_states_agree_from_attempt_to_creative(demo: Session) -> None:
    _check_rows_and_creatives(demo)
    _check_moments(demo, AS_OF)


def test_there_is_something_of_everything(demo: Session) -> None:
    def some(column: sa.ColumnElement[str]) -> set[str]:
        return set(demo.scalars(sa.select(column).distinct()))

    assert some(ContentItem.status) == {
        "DRAFT",
        "APPROVED",
        "SCHEDULED",
        "PUBLISHING",
        "PUBLISHED",
        "FAILED",
        "UNKNOWN",
    }
    assert some(QueueRow.status) >= {"QUEUED", "RUNNING", "DONE", "PARTIAL", "FAILED", "UNKNOWN", "MISSED"}
    assert some(OutreachAttempt.status) == {"PENDING", "SENT", "FAILED", "SKIPPED", "UNKNOWN"}
    assert some(Strategy.status) == {"DRAFT", "APPROVED", "REJECTED", "SUPERSEDED"}
    assert some(Lead.status) >= {"NEW", "ENRICHED", "CONTACTED", "REPLIED", "QUALIFIED", "ROUTED", "LOST"}
    assert some(Lead.consent_status) == {"UNKNOWN", "CONSENTED", "DNC"}
    assert some(DiscoveryJob.status) == {"DONE", "FAILED", "CANCELLED"}
    assert demo.scalar(sa.select(sa.func.count()).where(ContentItem.deleted_at.is_not(None)))
    found = get_attention_metrics(demo)
    numbers = {name: value for name, value in found.items() if name not in ("mode", "as_of")}
    zero = {name for name, value in numbers.items() if not value}
    assert zero == {"gateways_down", "other_mode_attempts"}
    assert 0.9 < (found["execution_success"] or 0) < 1
    assert found["overdue"] <= 5, "a worker that starts now must not find a flood"


def test_what_is_ahead_is_spread_over_the_coming_two_weeks(demo: Session) -> None:
    rows = demo.scalars(sa.select(QueueRow).where(QueueRow.status == "QUEUED")).all()
    ahead = [row.scheduled_time for row in rows if row.scheduled_time > AS_OF]
    assert len(ahead) >= 20
    assert len({moment.date() for moment in ahead}) >= 5
    assert max(ahead) < AS_OF + timedelta(days=15)
    assert max(Counter(moment.replace(minute=0) for moment in ahead).values()) <= 4
    for row in rows:
        local = datetime.fromisoformat(row.local_time)
        zone = row.scheduled_time.astimezone(ZoneInfo(row.timezone))
        assert local == zone.replace(tzinfo=None)


def test_strategies_and_projects_keep_the_rules(demo: Session) -> None:
    strategies = {row.id: row for row in demo.scalars(sa.select(Strategy))}
    for project in demo.scalars(sa.select(Project)):
        mine = sorted((one for one in strategies.values() if one.project_id == project.id), key=lambda one: one.number)
        assert [one.number for one in mine] == list(range(1, len(mine) + 1))
        assert project.strategy_id == (mine[-1].id if mine else None)
        in_force = [one for one in mine if one.status == "APPROVED"]
        assert project.approved_strategy_id == (in_force[0].id if in_force else None)
        assert bool(in_force) == (project.state in ("CREATIVE", "EXECUTION", "DONE"))
        for one in mine:
            assert one.status != "REJECTED" or one.rejection_reason
            assert len(one.text) < 50_000
        waiting = demo.scalar(
            sa.select(sa.func.count())
            .select_from(QueueRow)
            .join(ContentItem, ContentItem.id == QueueRow.content_item_id)
            .where(ContentItem.project_id == project.id, QueueRow.status.in_(("QUEUED", "RUNNING", "MISSED")))
        )
        assert bool(waiting) == (project.state == "EXECUTION")
    assert any("|---|" in one.text for one in strategies.values())
    assert max(Counter(one.project_id for one in strategies.values()).values()) >= 4


def test_what_is_queued_is_the_version_that_was_approved_and_not_stale(demo: Session) -> None:
    rows = demo.execute(
        sa.select(QueueRow, ContentItem, ContentVersion, Project)
        .join(ContentItem, ContentItem.id == QueueRow.content_item_id)
        .join(ContentVersion, ContentVersion.id == QueueRow.content_version_id)
        .join(Project, Project.id == ContentItem.project_id)
    ).all()
    for row, item, version, project in rows:
        assert (version.content_item_id, version.number) == (item.id, item.version)
        if row.status in ("QUEUED", "MISSED", "RUNNING"):
            assert item.strategy_id == project.approved_strategy_id
            assert item.deleted_at is None


def test_every_text_would_be_taken_by_its_platform(demo: Session) -> None:
    newest = {(version.content_item_id, version.number): version for version in demo.scalars(sa.select(ContentVersion))}
    texts: Counter[tuple[int, str, str]] = Counter()
    for item in demo.scalars(sa.select(ContentItem)):
        version = newest[item.id, item.version]
        words = (item.title, item.body_text, item.caption)
        assert words == (version.title, version.body_text, version.caption)
        assert problems(Platform(item.platform), *words) == []
        assert [fault for text in words for fault in placeholders.problems(text)] == []
        texts[item.project_id, item.platform, item.body_text + item.title] += 1
    assert max(texts.values()) <= 2, "hardly any text comes twice"


def test_nobody_is_mailed_who_asked_not_to_be(demo: Session) -> None:
    left = {
        event.lead_id: event.event_at
        for event in demo.scalars(sa.select(ContactEvent).where(ContactEvent.event_type == "unsubscribe"))
    }
    assert left
    refused = set(demo.scalars(sa.select(Lead.id).where(Lead.consent_status == "DNC")))
    assert refused == set(left)
    gone = {row.address_norm: row.created_at for row in demo.scalars(sa.select(Suppression))}
    skipped = 0
    for attempt in demo.scalars(sa.select(OutreachAttempt).where(OutreachAttempt.address_norm.in_(gone))):
        began = attempt.created_at
        if gone[attempt.address_norm] < began:
            assert attempt.status == "SKIPPED"
            skipped += 1
        else:
            assert attempt.status != "SKIPPED"
    assert skipped > 100


def test_leads_stand_where_their_story_put_them(demo: Session) -> None:
    sent = set(demo.scalars(sa.select(OutreachAttempt.lead_id).where(OutreachAttempt.status == "SENT").distinct()))
    replied = set(demo.scalars(sa.select(ContactEvent.lead_id).where(ContactEvent.event_type == "reply")))
    for lead in demo.scalars(sa.select(Lead)):
        assert (lead.last_replied_at is not None) == (lead.id in replied)
        assert (lead.last_contacted_at is not None) == (lead.id in sent)
        assert (lead.status in ("NEW", "ENRICHED")) == (lead.id not in sent)
        assert lead.status != "REPLIED" or lead.id in replied


def test_the_audit_log_is_in_the_order_of_time_and_names_nobody_outside(demo: Session) -> None:
    events = demo.scalars(sa.select(AuditEvent).order_by(AuditEvent.id)).all()
    assert [event.at for event in events] == sorted(event.at for event in events)
    for event in events:
        assert "@" not in str((event.reason, event.before, event.after))
    approved = {event.entity_id for event in events if event.action == "creative.approve"}
    for item in demo.scalars(sa.select(ContentItem)):
        assert (item.id in approved) == (item.status != "DRAFT")


def test_the_contract_reads_it(demo: Session) -> None:
    cards = get_projects_pipeline(demo)
    assert len(cards) == 8
    for card in cards:
        context = get_project_context(demo, card["id"])
        assert (context["lead_count"], context["outreach_count"]) == (card["lead_count"], card["outreach_count"])
        if card["strategy_status"]:
            assert get_project_strategy_doc(demo, card["id"]).startswith(f"# {card['client']}")
        if card["creatives"]:
            assert len(get_creatives_for_project(demo, card["id"], page_size=100)) == card["creatives"]
    assert len(list_leads(demo, page_size=50)) == 50
    assert len(get_execution_timeline(demo, limit=200)) == 200
    assert {row["source"] for row in get_activity_feed(demo, limit=500)} >= {"attempt", "audit", "contact"}
    assert len(get_queue(demo, status="QUEUED")) >= 20


def test_a_worker_that_starts_beside_it_sends_the_few_that_are_due_and_goes_on_with_what_was_interrupted(
    demo_url: str, tmp_path: Path
) -> None:
    engine = make_engine(demo_url)
    settings = Settings(database_url=demo_url, data_dir=tmp_path / "var", secret_key="x" * 32)
    with clock.frozen(AS_OF + timedelta(minutes=3)):
        with Session(engine) as session:
            before = session.scalar(sa.select(sa.func.count()).where(OutreachAttempt.status == "PENDING")) or 0
        worker = Worker(engine, build_runtime(settings))
        handled = worker.run_once()
        with Session(engine) as session:
            states = Counter(session.scalars(sa.select(QueueRow.status)))
            attempts = Counter(session.scalars(sa.select(OutreachAttempt.status)))
    assert 2 <= handled <= 5
    assert attempts["UNKNOWN"] == 2
    assert attempts["PENDING"] < before, "the interrupted e-mail goes on"
    assert states["MISSED"] == 2
    assert len(list((tmp_path / "var" / "outbox" / "linkedin").iterdir())) == 2
    engine.dispose()

"""A database that was in use before the workbench: every row of it is accounted for, and its words are kept."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from tests.integration.tables import LEGACY
from workbench import addresses, migrate
from workbench import operator_services as contract
from workbench.db import make_engine
from workbench.enums import Role
from workbench.errors import InputError
from workbench.models import (
    Campaign,
    ContactEvent,
    DiscoveryJob,
    Intake,
    Lead,
    OutreachAttempt,
    Project,
    SafetySettings,
    Strategy,
)
from workbench.operator_services._edge import build_runtime
from workbench.services.audit import Actor
from workbench.settings import Settings

CREATED, UPDATED = "2025-05-01 08:00:00", "2025-06-02 09:30:15.250000"
DECIDED = datetime(2025, 6, 2, 9, 30, 15, 250000, tzinfo=UTC)

#: id → name, text, status, rejection reason, goal, audience. Ids have gaps, as in life.
CAMPAIGNS: dict[int, tuple[Any, ...]] = {
    3: ("Approved and sent", "# Go", "APPROVED", None, "Demos", "CTOs"),
    4: ("Approved, nothing sent", "# Go", "APPROVED", None, "Demos", "CTOs"),
    7: ("Draft", "# Maybe", "DRAFT", None, "Demos", None),
    8: ("Rejected", "# No", "REJECTED", "Too vague", "Demos", "CTOs"),
    9: ("Decided without a text", None, "APPROVED", None, None, None),
    10: ("Refused without a text", "", "REJECTED", "Write one", None, None),
    12: ("Brief only", None, "DRAFT", None, "Demos", "CTOs"),
    13: ("Nothing at all", None, None, None, None, None),
    15: ("A word of its own", "# Wait", "PENDING_APPROVAL", None, None, None),
    16: ("Small letters", "# Go", "approved", None, None, None),
    20: ("  Acme  ", "# One", "DRAFT", None, None, None),
    21: ("Acme", "# Two", "DRAFT", None, None, None),
    22: ("Acme (2)", "# Three", "DRAFT", None, None, None),
    30: ("N" * 200, None, "DRAFT", None, None, None),
    31: ("N" * 199 + " ", None, "DRAFT", None, None, None),
}


def fill(engine: Engine) -> None:
    command.upgrade(migrate.config(engine), LEGACY)
    with engine.begin() as connection:

        def put(table: str, **values: Any) -> None:
            names = ", ".join(values)
            connection.execute(
                sa.text(f"INSERT INTO {table} ({names}) VALUES (:{', :'.join(values)})"),
                {k: json.dumps(v) if isinstance(v, dict | list) else v for k, v in values.items()},
            )

        for number, (name, text, status, reason, goal, audience) in CAMPAIGNS.items():
            put(
                "cam_campaigns", id=number, name=name, description="About it",
                target_niche="Logistics" if goal else None, active=number != 8, strategy_text=text,
                strategy_status=status, strategy_rejection_reason=reason, intake_goal=goal, intake_audience=audience,
                intake_budget="5k" if goal else None, created_at=CREATED, updated_at=UPDATED,
            )  # fmt: skip
        written = ["Ann@Example.com ", "ann@example.com", "bob@example.com", None, "", "no address"]
        written.append("ZOE@Bücher.example")
        for number, address in enumerate(written, start=1):
            put(
                "cam_leads", id=number, campaign_id=3, name=f"Lead {number}", role="Head of Ops", email=address,
                source="trade_fair", status="NURTURING" if number == 1 else "REPLIED", stage="s", lead_score=0.5,
                tags=["a", "b"], enrichment_data={"size": 10}, notes="A note", created_at=CREATED, updated_at=UPDATED,
            )  # fmt: skip
        put("cam_leads", id=50, campaign_id=4, email="ann@example.com")
        for number, status in enumerate(["SENT", "FAILED", "PENDING", "SENDING", "DELIVERED", "SKIPPED"], start=1):
            put(
                "cam_outreach_attempts", id=number, lead_id=1, campaign_id=3, channel="linkedin_message", step_number=2,
                status=status, last_error="Bounced" if status == "FAILED" else None, retry_count=1, max_retries=3,
                next_retry_at="2025-07-01 00:00:00", created_at=CREATED, updated_at=UPDATED,
            )  # fmt: skip
        for number, direction in enumerate(["INBOUND", "inbound", "OUTBOUND", "sideways"], start=1):
            put(
                "cam_contact_events", id=number, lead_id=1, channel="email", direction=direction, summary="Hello",
                created_at=CREATED,
            )  # fmt: skip
        put("cam_discovery_jobs", id=5, name="Search", criteria={"city": "Ulm"}, campaign_id=3, status="STALLED")
        put("cam_discovery_jobs", id=6, name="No campaign", status="DONE", completed_at=UPDATED)
        put("cam_safety_settings", id=2, data={"cap": 1}, system_paused=True, updated_at="2025-01-01 00:00:00")
        put("cam_safety_settings", id=3, data={"cap": 2}, system_paused=False, updated_at="2025-03-01 00:00:00")


@pytest.fixture
def old(empty_engine: Engine) -> Engine:
    """A database as revision 308887b163f4 left it, brought to head."""
    fill(empty_engine)
    migrate.upgrade(empty_engine)
    return empty_engine


def test_every_campaign_has_a_project_with_its_own_id(old: Engine) -> None:
    with Session(old) as session:
        assert session.scalars(sa.select(Project.id).order_by(Project.id)).all() == list(CAMPAIGNS)
        assert all(campaign.project_id == campaign.id for campaign in session.scalars(sa.select(Campaign)))
        campaigns = {row.id: row for row in session.scalars(sa.select(Campaign))}
    assert {number: row.name for number, row in campaigns.items()} == {n: row[0] for n, row in CAMPAIGNS.items()}
    assert [number for number, row in campaigns.items() if not row.active] == [8]
    assert campaigns[3].target_niche == "Logistics"
    assert campaigns[3].updated_at == DECIDED


def test_the_next_project_gets_a_free_id(old: Engine) -> None:
    with Session(old) as session:
        project = Project(name="The next one")
        session.add(project)
        session.commit()
        assert project.id == max(CAMPAIGNS) + 1


def test_the_first_project_of_an_empty_legacy_database_gets_an_id_too(empty_engine: Engine) -> None:
    command.upgrade(migrate.config(empty_engine), LEGACY)
    migrate.upgrade(empty_engine)
    with Session(empty_engine) as session:
        project = Project(name="The first one")
        session.add(project)
        session.commit()
        assert project.id == 1


def test_the_state_of_a_project_follows_from_its_strategy(old: Engine) -> None:
    with Session(old) as session:
        states = dict(session.execute(sa.select(Project.id, Project.state)).all())
    assert states == {
        3: "EXECUTION", 4: "CREATIVE", 7: "STRATEGY", 8: "STRATEGY", 9: "CREATIVE", 10: "STRATEGY", 12: "INTAKE",
        13: "INTAKE", 15: "STRATEGY", 16: "CREATIVE", 20: "STRATEGY", 21: "STRATEGY", 22: "STRATEGY", 30: "INTAKE",
        31: "INTAKE",
    }  # fmt: skip


def test_strategies_move_with_their_decisions_and_a_decision_without_a_text_makes_a_revision(old: Engine) -> None:
    with Session(old) as session:
        found = {row.project_id: row for row in session.scalars(sa.select(Strategy))}
        in_force = dict(session.execute(sa.select(Project.id, Project.approved_strategy_id)).all())
        newest = dict(session.execute(sa.select(Project.id, Project.strategy_id)).all())
    assert {n: (r.text, r.status, r.rejection_reason, r.author) for n, r in found.items()} == {
        3: ("# Go", "APPROVED", None, ""),
        4: ("# Go", "APPROVED", None, ""),
        7: ("# Maybe", "DRAFT", None, ""),
        8: ("# No", "REJECTED", "Too vague", ""),
        9: ("", "APPROVED", None, ""),
        10: ("", "REJECTED", "Write one", ""),
        15: ("# Wait", "DRAFT", None, "formerly PENDING_APPROVAL"),
        16: ("# Go", "APPROVED", None, ""),
        20: ("# One", "DRAFT", None, ""),
        21: ("# Two", "DRAFT", None, ""),
        22: ("# Three", "DRAFT", None, ""),
    }
    assert {n: row.decided_at for n, row in found.items() if row.decided_at} == dict.fromkeys(
        [3, 4, 8, 9, 10, 16], DECIDED
    )
    assert newest == {n: found[n].id if n in found else None for n in CAMPAIGNS}
    assert in_force == {n: found[n].id if n in (3, 4, 9, 16) else None for n in CAMPAIGNS}
    assert all(row.number == 1 for row in found.values())


def test_a_brief_of_any_words_becomes_the_first_revision(old: Engine) -> None:
    with Session(old) as session:
        found = {row.project_id: row for row in session.scalars(sa.select(Intake))}
        newest = dict(session.execute(sa.select(Project.id, Project.intake_id)).all())
    assert sorted(found) == [3, 4, 7, 8, 12]
    brief = found[3]
    assert (brief.number, brief.goal, brief.audience, brief.budget, brief.constraints, brief.target_niche) == (
        1, "Demos", "CTOs", "5k", "", "Logistics",
    )  # fmt: skip
    assert newest == {n: found[n].id if n in found else None for n in CAMPAIGNS}


def test_project_names_are_told_apart(old: Engine) -> None:
    with Session(old) as session:
        names = dict(session.execute(sa.select(Project.id, Project.name)).all())
    assert (names[20], names[21], names[22]) == ("Acme", "Acme (3)", "Acme (2)")
    assert (names[30], names[31]) == ("N" * 200, "N" * 199)
    assert len(set(names.values())) == len(names)


def test_every_lead_is_there_and_the_first_of_a_campaign_holds_the_address(old: Engine) -> None:
    with Session(old) as session:
        leads = {row.id: row for row in session.scalars(sa.select(Lead))}
    assert {n: row.email_norm for n, row in leads.items()} == {
        1: "ann@example.com",
        2: None,
        3: "bob@example.com",
        4: None,
        5: None,
        6: None,
        7: "zoe@xn--bcher-kva.example",
        50: "ann@example.com",
    }
    first = leads[1]
    assert (first.email, first.title, first.first_name, first.notes) == (
        "Ann@Example.com ",
        "Head of Ops",
        None,
        "A note",
    )
    assert (first.source, first.status, first.tags, first.enrichment_data) == (
        "trade_fair", "NURTURING", ["a", "b"], {"size": 10},
    )  # fmt: skip
    assert (leads[50].source, leads[50].status, leads[50].consent_status) == ("other", "NEW", "UNKNOWN")


@pytest.mark.parametrize(
    "written",
    [
        "ann@example.com", " Ann.Lee+news@Example.COM ", "o'neil@example.co.uk", "zoe@bücher.example",
        "max@straße.example", "zoë@example.com", "a..b@example.com", ".a@example.com", "a@b@example.com",
        "a b@example.com", "ann@localhost", "ann@", "@example.com", "ann", "", "Ann <ann@example.com>",
        "ann@example..com", "ann@-example.com",
        "a@example.com\nBcc: b@example.com", "a" * 65 + "@example.com", "a@" + "b" * 64 + ".com",
    ],
)  # fmt: skip
def test_an_address_is_normalised_as_the_workbench_does_it_from_then_on(written: str) -> None:
    """So that a lead imported later meets the one that is there, and an unsubscribed person is not written to."""
    people = ScriptDirectory(str(Path(migrate.__file__).parents[1] / "migrations")).get_revision("e93a5c1d7f06").module
    try:
        expected = addresses.normalise(written)
    except InputError:
        expected = None
    assert people.normalised(written) == expected


def test_what_was_tried_was_live_and_what_was_being_sent_is_unknown(old: Engine) -> None:
    with Session(old) as session:
        rows = session.scalars(sa.select(OutreachAttempt).order_by(OutreachAttempt.id)).all()
    assert {row.mode for row in rows} == {"live"}
    assert [(row.status, row.attempted_at) for row in rows] == [
        ("SENT", DECIDED),
        ("FAILED", DECIDED),
        ("PENDING", None),
        ("UNKNOWN", DECIDED),
        ("DELIVERED", DECIDED),
        ("SKIPPED", None),
    ]
    assert [row.last_error for row in rows][:3] == [None, "Bounced", None]
    assert rows[3].last_error == "It was being sent when the database was upgraded."
    assert {(row.channel, row.step_number, row.retry_count, row.max_retries) for row in rows} == {
        ("linkedin_message", 2, 1, 3)
    }
    assert {row.next_attempt_at for row in rows} == {datetime(2025, 7, 1, tzinfo=UTC)}
    assert {row.created_at for row in rows} == {datetime(2025, 5, 1, 8, tzinfo=UTC)}


def test_contact_events_keep_their_time_and_any_direction_of_their_own(old: Engine) -> None:
    with Session(old) as session:
        rows = session.scalars(sa.select(ContactEvent).order_by(ContactEvent.id)).all()
    assert [(row.direction, row.summary) for row in rows] == [
        ("INBOUND", "Hello"),
        ("INBOUND", "Hello"),
        ("OUTBOUND", "Hello"),
        ("OUTBOUND", "[direction: sideways] Hello"),
    ]
    assert {(row.event_at, row.event_type) for row in rows} == {(datetime(2025, 5, 1, 8, tzinfo=UTC), "note")}


def test_discovery_jobs_stay_as_they_were(old: Engine) -> None:
    with Session(old) as session:
        rows = session.scalars(sa.select(DiscoveryJob).order_by(DiscoveryJob.id)).all()
    assert [(row.id, row.name, row.criteria, row.campaign_id, row.status, row.completed_at) for row in rows] == [
        (5, "Search", {"city": "Ulm"}, 3, "STALLED", None),
        (6, "No campaign", None, None, "DONE", DECIDED),
    ]


def test_of_several_safety_rows_the_newest_stays_with_the_others_in_its_data(old: Engine) -> None:
    with Session(old) as session:
        (row,) = session.scalars(sa.select(SafetySettings)).all()
    assert row.id == 1
    assert row.system_paused is True, "one of them was paused"
    assert row.mode == "simulation"
    assert row.data is not None
    (earlier,) = row.data.pop("earlier_rows")
    assert row.data == {"cap": 2}
    assert (earlier["id"], earlier["data"], earlier["system_paused"]) == (2, {"cap": 1}, True)


def test_every_part_of_the_workbench_can_read_it(old: Engine, tmp_path: Path) -> None:
    settings = Settings(
        database_url=old.url.render_as_string(hide_password=False), data_dir=tmp_path, secret_key="x" * 32
    )
    with Session(old, info={"runtime": build_runtime(settings), "actor": Actor("Ada", Role.ADMIN)}) as db:
        contexts = {number: contract.get_project_context(db, number) for number in CAMPAIGNS}
        documents = {number: contract.get_project_strategy_doc(db, number) for number in CAMPAIGNS}
        cards = contract.get_projects_pipeline(db)
        metrics = contract.get_attention_metrics(db)
        leads = contract.count_leads(db)
        for number in CAMPAIGNS:
            contract.get_creatives_for_project(db, number)
        assert contract.get_activity_feed(db, limit=100)
        assert contract.get_execution_timeline(db)
    assert contexts[3]["goal"] == "Demos"
    assert contexts[13]["goal"] == ""
    assert documents[3] == "# Go"
    assert all(documents[number] for number in (12, 13, 30)), "a first draft is written where there was none"
    assert {card["id"] for card in cards} == set(CAMPAIGNS)
    assert metrics["leads"] == leads == 8


def test_down_and_up_again_tells_the_same_story(old: Engine) -> None:
    def told() -> dict[str, Any]:
        with Session(old) as session:
            return {
                model.__name__: sorted(
                    (
                        {c.key: getattr(row, c.key) for c in sa.inspect(model).columns if c.key not in changing}
                        for row in session.scalars(sa.select(model))
                    ),
                    key=lambda row: str(row.get("id", row.get("project_id"))),
                )
                for model, changing in {
                    # New revisions are new rows, and what a downgrade renames to be unique stays so.
                    Project: {"intake_id", "strategy_id", "approved_strategy_id", "name"},
                    Intake: {"id"},
                    Strategy: {"id"},
                    Campaign: set[str](),
                    Lead: set[str](),
                    OutreachAttempt: set[str](),
                    ContactEvent: set[str](),
                    DiscoveryJob: set[str](),
                    SafetySettings: {"pause_reason"},
                }.items()
            }

    before = told()
    migrate.downgrade(old, LEGACY)
    with old.connect() as connection:
        status = connection.scalar(sa.text("SELECT strategy_status FROM cam_campaigns WHERE id = 15"))
    assert status == "PENDING_APPROVAL"
    migrate.upgrade(old)

    assert told() == before


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-01-31 10:00:00", "2026-01-31 10:00:00.000000"),
        ("2026-01-31T10:00:00", "2026-01-31 10:00:00.000000"),
        ("2026-01-31 10:00:00.123456", "2026-01-31 10:00:00.123456"),
        ("2026-01-31T10:00:00.123456", "2026-01-31 10:00:00.123456"),
        ("2026-01-31T12:00:00+02:00", "2026-01-31 10:00:00.000000"),
        ("2026-01-31T10:00:00Z", "2026-01-31 10:00:00.000000"),
        ("2026-01-31 10:00:00.5", "2026-01-31 10:00:00.500000"),
        ("2026-01-31", "2026-01-31 00:00:00.000000"),
        ("last Tuesday", "last Tuesday"),
    ],
)
def test_moments_that_other_writers_left_in_sqlite_sort_together(tmp_path: Path, written: str, read: str) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'moments.db'}")
    command.upgrade(migrate.config(engine), LEGACY)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO cam_discovery_jobs (id, name, created_at) VALUES (1, 'x', ?)", (written,)
        )
        connection.exec_driver_sql(
            "INSERT INTO cam_campaigns (id, name, created_at, updated_at) VALUES (1, 'x', NULL, NULL)"
        )
    migrate.upgrade(engine)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT created_at FROM cam_discovery_jobs").scalar_one() == read
        assert len(connection.exec_driver_sql("SELECT created_at FROM cam_campaigns").scalar_one()) == 26
    engine.dispose()


def test_a_legacy_column_without_a_time_zone_was_utc(empty_postgres_url: str) -> None:
    engine = make_engine(empty_postgres_url)
    command.upgrade(migrate.config(engine), LEGACY)
    with engine.begin() as connection:
        connection.exec_driver_sql("SET LOCAL TIME ZONE 'Asia/Tokyo'")
        connection.exec_driver_sql("ALTER TABLE cam_discovery_jobs ALTER created_at TYPE timestamp")
        connection.exec_driver_sql("INSERT INTO cam_discovery_jobs (name, created_at) VALUES ('x', '2026-01-31 10:00')")
    migrate.upgrade(engine)
    with Session(engine) as session:
        assert session.scalars(sa.select(DiscoveryJob.created_at)).one() == datetime(2026, 1, 31, 10, tzinfo=UTC)
    engine.dispose()

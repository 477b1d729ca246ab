"""The contract's reads: shapes, roles, filters, paging, gateways, workers and the token of changes."""

from __future__ import annotations

import csv
import io
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy import event as sa_event
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from tests import factories as make
from tests.conftest import NOW
from workbench.db import database_now, make_engine
from workbench.enums import AttemptStatus, Gateway, GatewayState, Platform, Role
from workbench.errors import InputError, NotFoundError, PermissionDenied
from workbench.models import (
    AuditEvent,
    ContactEvent,
    ContentVersion,
    DiscoveryJob,
    GatewayCheck,
    GatewaySetting,
    SendCounter,
    WorkerHeartbeat,
)
from workbench.operator_services import types
from workbench.operator_services._edge import Runtime, build_runtime
from workbench.operator_services.monitoring import (
    export_audit_log,
    get_activity_feed,
    get_attention_metrics,
    get_audit_log,
    get_changes_token,
    get_execution_timeline,
    get_gateway_status,
    get_projects_pipeline,
    get_workers,
    probe_gateways,
)
from workbench.operator_services.projects import get_project_context
from workbench.services import gateway_checks
from workbench.services.audit import Actor, record
from workbench.settings import Settings

pytestmark = pytest.mark.usefixtures("frozen_now")


@pytest.fixture
def queries(engine: Engine) -> Iterator[list[str]]:
    """The statements that were sent, without the transaction's own."""
    sent: list[str] = []

    def listen(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith("BEGIN"):
            sent.append(statement)

    sa_event.listen(engine, "before_cursor_execute", listen)
    yield sent
    sa_event.remove(engine, "before_cursor_execute", listen)


def _fields(shape: Any) -> set[str]:
    return set(shape.__annotations__)


def test_each_answer_has_exactly_the_fields_of_its_type(db: Session) -> None:
    project = make.project(db)
    campaign = make.campaign(db, project)
    make.attempt(db, campaign)
    make.queued(db, make.creative(db, project))
    record(db, Actor("Ada", Role.ADMIN), "project.create", "project", project.id, project_id=project.id)
    alive = database_now(db)
    db.add(WorkerHeartbeat(worker_id="h:1:x", host="h", pid=1, started_at=alive, beat_at=alive))
    db.commit()
    assert set(get_attention_metrics(db)) == _fields(types.AttentionMetrics)
    assert {frozenset(row) for row in get_activity_feed(db)} == {frozenset(_fields(types.ActivityEvent))}
    assert {frozenset(row) for row in get_projects_pipeline(db)} == {frozenset(_fields(types.PipelineProject))}
    assert {frozenset(row) for row in get_execution_timeline(db)} == {frozenset(_fields(types.TimelineRow))}
    assert {frozenset(row) for row in get_audit_log(db)} == {frozenset(_fields(types.AuditRow))}
    assert {frozenset(row) for row in get_workers(db)} == {frozenset(_fields(types.WorkerRow))}
    assert {frozenset(row) for row in get_gateway_status(db).values()} == {frozenset(_fields(types.GatewayStatus))}


def test_a_viewer_may_look_and_not_probe(db: Session) -> None:
    db.info["actor"] = Actor("Vic", Role.VIEWER)
    get_attention_metrics(db)
    get_activity_feed(db)
    get_projects_pipeline(db)
    get_execution_timeline(db)
    get_gateway_status(db)
    get_audit_log(db)
    get_workers(db)
    get_changes_token(db)
    with pytest.raises(PermissionDenied):
        probe_gateways(db)


def test_a_read_ends_its_transaction(db: Session) -> None:
    for read in (
        get_attention_metrics,
        get_activity_feed,
        get_projects_pipeline,
        get_gateway_status,
        get_changes_token,
    ):
        read(db)  # type: ignore[operator]
        assert not db.in_transaction()


def test_the_board_takes_the_same_number_of_queries_for_any_number_of_projects(db: Session, queries: list[str]) -> None:
    def cost() -> int:
        del queries[:]
        get_projects_pipeline(db)
        return len(queries)

    one = make.project(db)
    db.commit()
    few = cost()
    for _ in range(10):
        make.campaign(db, make.project(db))
    db.commit()
    assert cost() == few
    (card,) = [card for card in get_projects_pipeline(db) if card["id"] == one.id]
    assert card["platforms"] == []
    make.creative(db, one, "twitter")
    make.creative(db, one, "linkedin")
    db.commit()
    (card,) = [card for card in get_projects_pipeline(db) if card["id"] == one.id]
    assert card["platforms"] == ["linkedin", "twitter"]


def test_board_and_project_page_say_the_same_numbers(db: Session) -> None:
    project = make.project(db)
    campaign = make.campaign(db, project)
    post = make.creative(db, project, "linkedin")
    for status in ("SENT", "FAILED", "UNKNOWN", "SENDING", "PENDING", "SKIPPED"):
        make.attempt(db, campaign, lead_id=make.lead(db, campaign).id, status=AttemptStatus(status))
    make.attempt(db, content_item_id=post.id, channel="linkedin")
    make.attempt(db, content_item_id=post.id, channel="linkedin", mode="live")
    db.commit()
    context = get_project_context(db, project.id)
    (card,) = get_projects_pipeline(db)
    assert (card["lead_count"], card["outreach_count"]) == (context["lead_count"], context["outreach_count"]) == (6, 5)


@pytest.mark.parametrize("project_id", [99, -1, "1", True, 2**40])
def test_a_project_there_is_not_is_not_found(db: Session, project_id: Any) -> None:
    for read in (get_attention_metrics, get_activity_feed, get_execution_timeline):
        with pytest.raises(NotFoundError):
            read(db, project_id=project_id)  # type: ignore[operator]


@pytest.mark.parametrize(
    "asked", [{"status": "SENDED"}, {"platform": "x"}, {"limit": 0}, {"since": NOW.replace(tzinfo=None)}]
)
def test_a_timeline_filter_that_cannot_be_is_refused(db: Session, asked: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        get_execution_timeline(db, **asked)


@pytest.mark.parametrize("asked", [{"limit": 0}, {"before": "nonsense"}, {"sources": ["weather"]}])
def test_a_feed_that_cannot_be_is_refused(db: Session, asked: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        get_activity_feed(db, **asked)


def test_the_feed_tells_all_four_kinds_newest_first_and_no_more_of_a_person_than_the_name(db: Session) -> None:
    project = make.project(db, name="Launch")
    campaign = make.campaign(db, project, name="Spring")
    item = make.creative(db, project, title="Hello")
    lead = make.lead(db, campaign, name="Lea Park", email="lea.park@example.com", title="COO")
    make.attempt(db, campaign, lead_id=lead.id, content_item_id=item.id, attempted_at=NOW - timedelta(hours=4))
    db.add(
        ContactEvent(
            lead_id=lead.id,
            channel="email",
            direction="INBOUND",
            event_type="reply",
            summary="Call me on 0123",
            event_at=NOW - timedelta(hours=3),
        )
    )
    db.add(
        DiscoveryJob(
            campaign_id=campaign.id,
            name="COOs",
            status="DONE",
            created_at=NOW - timedelta(hours=6),
            completed_at=NOW - timedelta(hours=2),
        )
    )
    record(
        db,
        Actor("Ada", Role.ADMIN),
        "strategy.approve",
        "strategy",
        1,
        project_id=project.id,
        reason="good",
        after={"number": 3},
    )
    db.commit()
    feed = get_activity_feed(db)
    assert [(row["event"], row["detail"], row["source"], row["tone"]) for row in feed] == [
        ("Strategy 3 approved", "Launch · by Ada · good", "audit", "ok"),
        ("Search for leads finished", "COOs · Spring", "discovery", "ok"),
        ("Lea Park wrote to us", "reply · by email · Spring", "contact", "ok"),
        ("E-mail sent (simulated)", "“Hello” to Lea Park · Spring", "attempt", "ok"),
        ("Search for leads started", "COOs · Spring", "discovery", "info"),
    ]
    assert {row["project_id"] for row in feed} == {project.id}
    assert all(row["time"].tzinfo is not None for row in feed)
    assert not any(secret in str(feed) for secret in ("lea.park@", "0123", "COO'"))
    assert [row["source"] for row in get_activity_feed(db, sources=["contact", "attempt"])] == ["contact", "attempt"]
    page = get_activity_feed(db, limit=2)
    assert get_activity_feed(db, before=page[-1]["cursor"]) == feed[2:]


def test_the_audit_log_pages_and_filters(db: Session) -> None:
    project = make.project(db)
    ada, bob = Actor("Ada", Role.ADMIN), Actor("Bob", Role.OPERATOR)
    for number in range(5):
        record(db, ada if number % 2 else bob, "intake.save", "intake", number + 1, project_id=project.id)
    record(db, ada, "mode.change", "safety", 1, reason="go", before={"mode": "a"}, after={"mode": "b"})
    db.commit()
    rows = get_audit_log(db)
    assert [row["entity_id"] for row in rows] == [1, 5, 4, 3, 2, 1]
    assert rows[0]["after"] == {"mode": "b"}
    assert [row["id"] for row in get_audit_log(db, limit=2, before=rows[1]["id"])] == [rows[2]["id"], rows[3]["id"]]
    assert len(get_audit_log(db, project_id=project.id)) == 5
    assert len(get_audit_log(db, actor="Bob")) == 3
    assert len(get_audit_log(db, action="mode.change", entity="safety")) == 1
    assert get_audit_log(db, entity="nothing") == []


def test_the_audit_log_is_searched_by_range_and_text_and_leaves_as_a_file_no_spreadsheet_runs(db: Session) -> None:
    project = make.project(db, name="=cmd|' /C calc'!A0")
    ada = Actor("Ada", Role.ADMIN)
    for reason in ("50 % off", "=HYPERLINK(1)", "@later", "50 more"):
        record(db, ada, "intake.save", "intake", 1, project_id=project.id, reason=reason, after={"number": 1})
    db.add(AuditEvent(at=NOW - timedelta(days=2), actor="Bob", role="operator", action="mode.change", entity="safety"))
    db.commit()
    assert [row["reason"] for row in get_audit_log(db, search="50 %")] == ["50 % off"]
    assert {row["actor"] for row in get_audit_log(db, search="BOB")} == {"Bob"}
    assert [row["actor"] for row in get_audit_log(db, until=NOW)] == ["Bob"]
    assert len(get_audit_log(db, since=NOW)) == 4
    with pytest.raises(InputError):
        get_audit_log(db, since=NOW.replace(tzinfo=None))
    written = io.StringIO()
    assert export_audit_log(db, to=written, project_id=project.id) == 4
    header, *lines = csv.reader(io.StringIO(written.getvalue()))
    assert header[:5] == ["Event", "Time (UTC)", "Who", "Role", "Action"]
    assert [line[9] for line in lines] == ["50 more", "'@later", "'=HYPERLINK(1)", "50 % off"]
    assert {line[7] for line in lines} == {"'=cmd|' /C calc'!A0"}
    assert lines[0][11] == '{"number": 1}'
    assert not any(cell.startswith(("=", "+", "-", "@")) for line in lines for cell in line)
    short = io.StringIO()
    assert export_audit_log(db, to=short, actor="Bob", search="mode") == 1


def test_workers_are_alive_for_half_a_minute_and_shown_for_a_while(db: Session) -> None:
    at = database_now(db)

    def beat(name: str, ago: timedelta, **values: Any) -> None:
        db.add(WorkerHeartbeat(worker_id=name, host="h", pid=1, started_at=at, beat_at=at - ago, **values))

    beat("fresh", timedelta(seconds=10), working_on="queue row 5")
    beat("silent", timedelta(seconds=40))
    beat("gone", timedelta(minutes=20))
    beat("stopped", timedelta(seconds=1), stopped_at=at)
    db.commit()
    assert [(row["worker_id"], row["alive"], row["working_on"]) for row in get_workers(db)] == [
        ("fresh", True, "queue row 5"),
        ("silent", False, None),
    ]


def test_the_token_changes_with_what_the_screens_show_and_with_nothing_else(db: Session, engine: Engine) -> None:
    project = make.project(db)
    db.commit()
    token = get_changes_token(db)
    get_attention_metrics(db)
    gateway_checks.store(db, Gateway.X, "one", GatewayState.OK, detail="")
    db.add(WorkerHeartbeat(worker_id="h:1:x", host="h", pid=1, started_at=NOW, beat_at=NOW))
    db.commit()
    assert get_changes_token(db) == token
    make.creative(db, project)
    db.rollback()
    assert get_changes_token(db) == token
    with engine.begin() as connection:  # a writer that never heard of the workbench
        connection.exec_driver_sql("UPDATE projects SET name = 'Other'")
    after = get_changes_token(db)
    assert after != token
    assert get_changes_token(db) == after


@pytest.mark.postgres
def test_the_token_notices_a_transaction_that_commits_late(fresh_postgres_url: str, runtime: Runtime) -> None:
    engine = make_engine(fresh_postgres_url)
    with Session(engine, info={"runtime": runtime}) as db, Session(engine) as slow, Session(engine) as fast:
        project = make.project(db)
        db.commit()
        make.creative(slow, project)
        make.creative(fast, project)
        fast.commit()
        token = get_changes_token(db)
        slow.commit()
        assert get_changes_token(db) != token
    engine.dispose()


# Gateways


def test_without_a_session_every_gateway_is_unknown() -> None:
    status = get_gateway_status()
    assert {name: row["status"] for name, row in status.items()} == {gateway.value: "unknown" for gateway in Gateway}


def test_what_is_not_configured_is_said_to_be_with_what_to_set(db: Session) -> None:
    for name, row in get_gateway_status(db).items():
        assert row["status"] == "unconfigured", name
        assert "WORKBENCH_" in row["detail"]
        assert row["checked_at"] is row["age"] is None


def test_activity_queue_and_pause_stand_beside_the_state(db: Session) -> None:
    project = make.project(db)
    campaign = make.campaign(db, project)
    make.attempt(db, campaign, attempted_at=NOW - timedelta(hours=23))
    make.attempt(db, campaign, attempted_at=NOW - timedelta(hours=24))
    make.attempt(db, campaign, status=AttemptStatus.FAILED)
    make.attempt(db, campaign, mode="live")
    make.queued(db, make.creative(db, project, "twitter"))
    item = make.creative(db, project)
    db.add(ContentVersion(content_item_id=item.id, number=2, source="model:gpt", created_at=NOW))
    db.add(DiscoveryJob(campaign_id=campaign.id, name="COOs", created_at=NOW))
    db.add(GatewaySetting(gateway="x", paused=True, reason="rate limit"))
    db.add(GatewaySetting(gateway="email", paused=False, reason="old"))
    db.commit()
    status = get_gateway_status(db)
    assert {name: row["recent_activity"] for name, row in status.items()} == {
        "linkedin": 0,
        "x": 0,
        "email": 1,
        "openai": 1,
        "apollo": 1,
    }
    assert (status["x"]["queued"], status["x"]["paused"], status["x"]["pause_reason"]) == (1, True, "rate limit")
    assert (status["email"]["queued"], status["email"]["paused"], status["email"]["pause_reason"]) == (0, False, None)


class _Apollo(BaseHTTPRequestHandler):
    answers = True

    def do_GET(self) -> None:
        self.send_response(200 if self.answers else 503)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(b'{"healthy": true, "is_logged_in": true}')

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def apollo(db: Session, settings: Settings) -> Iterator[type[_Apollo]]:
    """A far side that can be told to fail, configured in the session."""

    class Server(_Apollo):
        pass

    server = HTTPServer(("127.0.0.1", 0), Server)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    configured = settings.model_copy(
        update={
            "apollo_api_key": SecretStr("key"),
            "apollo_base_url": f"http://127.0.0.1:{server.server_address[1]}",
        }
    )
    db.info["runtime"] = build_runtime(configured)
    yield Server
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_probe_is_kept_and_shown_with_its_age(db: Session, apollo: type[_Apollo]) -> None:
    assert get_gateway_status(db)["apollo"]["detail"] == "It was never probed."
    assert probe_gateways(db, "apollo")["apollo"]["status"] == "ok"
    row = get_gateway_status(db)["apollo"]
    assert (row["status"], row["checked_at"], row["age"]) == ("ok", NOW, 0.0)
    assert row["latency_ms"] is not None
    assert row["latency_ms"] > 0
    assert db.scalar(sa.select(sa.func.count()).select_from(GatewayCheck)) == 1
    db.rollback()


def test_one_failed_probe_warns_and_two_are_down(db: Session, apollo: type[_Apollo]) -> None:
    probe_gateways(db, "apollo")
    apollo.answers = False
    first = probe_gateways(db, "apollo")["apollo"]
    assert first["status"] == "warn"
    assert "may pass" in first["detail"]
    assert get_attention_metrics(db)["gateways_down"] == 0
    assert probe_gateways(db, "apollo")["apollo"]["status"] == "down"
    assert get_attention_metrics(db)["gateways_down"] == 1


def test_an_old_probe_says_nothing_about_now(db: Session, apollo: type[_Apollo]) -> None:
    gateway_checks.store(
        db, Gateway.APOLLO, "", GatewayState.OK, detail="Fine", at=NOW - gateway_checks.FRESH_FOR - timedelta(seconds=1)
    )
    db.commit()
    row = get_gateway_status(db)["apollo"]
    assert row["status"] == "unknown"
    assert "too old" in row["detail"]
    assert row["age"] == gateway_checks.FRESH_FOR.total_seconds() + 1


def test_old_checks_are_cleared_away(db: Session) -> None:
    gateway_checks.store(db, Gateway.X, "one", GatewayState.OK, detail="", at=NOW - timedelta(days=31))
    db.commit()
    probe_gateways(db, "x")
    assert [row.state for row in db.scalars(sa.select(GatewayCheck))] == ["unconfigured"]
    db.rollback()


def test_a_probe_holds_no_transaction_while_it_calls_out(
    db: Session, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    class Watching:
        """The real gateways, with a look at the session at the moment they would call out."""

        def __init__(self, inner: Any) -> None:
            self._inner = inner

        def probe(self, gateway: Gateway) -> Any:
            seen.append(db.in_transaction())
            return self._inner.probe(gateway)

        def __getattr__(self, name: str) -> Any:
            return getattr(self._inner, name)

    db.info["runtime"] = replace(runtime, gateways=Watching(runtime.gateways))  # type: ignore[arg-type]
    probe_gateways(db, "x")
    assert seen[0] is False


def test_an_unknown_gateway_is_not_found(db: Session) -> None:
    with pytest.raises(NotFoundError, match="linkedin, x, email, openai, apollo"):
        probe_gateways(db, "twitter")


def test_the_worst_account_speaks_for_its_gateway(db: Session, settings: Settings, tmp_path: Any) -> None:
    accounts = tmp_path / "accounts.toml"
    accounts.write_text(
        "".join(
            f'[[account]]\nname = "{name}"\nplatform = "email"\nidentity = "{name}@example.com"\n'
            'base_url = "smtp://127.0.0.1:9"\n'
            for name in ("acme", "helio")
        )
    )
    db.info["runtime"] = build_runtime(settings.model_copy(update={"accounts": accounts}))
    for account, states in (("acme", ["ok", "ok"]), ("helio", ["down", "down"]), ("gone", ["down", "down"])):
        for minutes, state in enumerate(states, start=1):
            gateway_checks.store(
                db,
                Platform.EMAIL.gateway,
                account,
                GatewayState(state),
                detail=f"{account} {state}",
                at=NOW - timedelta(minutes=minutes),
            )
    db.commit()
    row = get_gateway_status(db)["email"]
    assert row["status"] == "down"
    assert row["detail"] == "helio: helio down"
    assert row["accounts"] == ["acme", "helio"]


def test_a_gateway_says_how_much_of_each_daily_cap_is_left(db: Session, settings: Settings, tmp_path: Any) -> None:
    accounts = tmp_path / "accounts.toml"
    accounts.write_text(
        "".join(
            f'[[account]]\nname = "{name}"\nplatform = "email"\nidentity = "{name}@example.com"\n'
            f'base_url = "smtp://127.0.0.1:9"\n{cap}\n'
            for name, cap in (("acme", "per_day = 100"), ("helio", "per_day = 5"))
        )
    )
    db.info["runtime"] = build_runtime(settings.model_copy(update={"accounts": accounts}))
    today, yesterday = f"d:{NOW:%Y-%m-%d}", f"d:{NOW - timedelta(days=1):%Y-%m-%d}"
    for account, campaign_id, window, count in (
        ("acme", 0, today, 4), ("acme", 0, yesterday, 90), ("", 7, today, 50), ("helio", 0, today, 9),
    ):  # fmt: skip
        db.add(SendCounter(gateway="email", account=account, campaign_id=campaign_id, window=window, count=count))
    db.commit()
    status = get_gateway_status(db)
    assert status["email"]["caps"] == [
        {"account": "acme", "limit": 100, "left": 96},
        {"account": "helio", "limit": 5, "left": 0},
    ]
    assert status["x"]["caps"] == []
    db.add(GatewaySetting(gateway="email", paused=False, caps={"per_day": 10}))
    db.commit()
    assert [cap["left"] for cap in get_gateway_status(db)["email"]["caps"]] == [6, 1]

"""Probes on a schedule: one worker at a time, once an interval, beside the sending, whatever is paused."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from tests.execution_kit import Wire, posting
from tests.servers import HttpServer, Received, answer, free_port
from workbench.enums import Gateway, GatewayState, Mode, Platform
from workbench.execution.chores import chores
from workbench.execution.probing import Prober
from workbench.execution.worker import Worker
from workbench.gateways.base import Message, Outcome, Sent
from workbench.gateways.registry import Gateways
from workbench.models import GatewayCheck, ProbeTurn
from workbench.operator_services import get_attention_metrics, get_gateway_status, probe_gateways, set_system_pause
from workbench.operator_services._edge import Runtime, build_runtime
from workbench.services import gateway_checks
from workbench.settings import Settings

HEALTHY = answer(200, {"healthy": True, "is_logged_in": True}, headers={"x-minute-requests-left": "49"})
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer(HEALTHY) as running:
        yield running


@pytest.fixture
def apollo(settings: Settings, server: HttpServer) -> Settings:
    """Apollo alone is configured, and answers."""
    return settings.model_copy(update={"apollo_api_key": SecretStr("s3cret"), "apollo_base_url": server.url})


@pytest.fixture
def prober(engine: Engine, apollo: Settings) -> Prober:
    return make(engine, apollo, "one")


def make(engine: Engine, settings: Settings, worker_id: str) -> Prober:
    gateways = Gateways(settings, ())
    return Prober(engine, settings, gateways, worker_id, Gateway.APOLLO, gateways.to_probe()[Gateway.APOLLO])


def checks(db: Session) -> list[GatewayCheck]:
    db.rollback()
    found = list(db.scalars(sa.select(GatewayCheck).order_by(GatewayCheck.id)))
    db.rollback()
    return found


def pass_an_interval(db: Session) -> None:
    """As if the last probes had been five minutes earlier."""
    for check in checks(db):
        check.at -= timedelta(seconds=300)
        check.fresh_until -= timedelta(seconds=300)
        db.add(check)
    db.commit()


def test_what_is_due_is_probed_and_all_that_was_found_is_kept(db: Session, prober: Prober) -> None:
    assert prober.look()
    (check,) = checks(db)
    assert (check.gateway, check.account, check.state) == ("apollo", "", "ok")
    assert check.latency_ms is not None
    assert check.facts == {"minute_left": 49}
    assert check.fresh_until == check.at + timedelta(minutes=15)


def test_once_an_interval_whoever_looks(db: Session, engine: Engine, apollo: Settings, server: HttpServer) -> None:
    one, two = make(engine, apollo, "one"), make(engine, apollo, "two")
    assert [one.look(), two.look(), one.look()] == [True, False, False]
    pass_an_interval(db)
    assert [two.look(), one.look()] == [True, False]
    assert len(server.received) == 2


def test_the_button_counts_for_the_interval(db: Session, apollo: Settings, prober: Prober, server: HttpServer) -> None:
    db.info["runtime"] = build_runtime(apollo)
    probe_gateways(db, "apollo")
    assert not prober.look()
    assert len(server.received) == 1


def test_of_many_workers_at_one_moment_one_probes(engine: Engine, apollo: Settings, server: HttpServer) -> None:
    barrier = threading.Barrier(8)

    def look(number: int) -> bool:
        barrier.wait()
        return make(engine, apollo, f"worker {number}").look()

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(look, range(8))) == [False] * 7 + [True]
    assert len(server.received) == 1


def test_nobody_probes_while_another_does_and_no_transaction_is_open_meanwhile(
    engine: Engine, apollo: Settings, prober: Prober, server: HttpServer
) -> None:
    seen: list[object] = []

    def behave(connection: socket.socket, request: Received) -> None:
        seen.append(engine.pool.checkedout())  # type: ignore[attr-defined]
        seen.append(make(engine, apollo, "two").look())
        HEALTHY(connection, request)

    server.behave = behave
    assert prober.look()
    assert seen == [0, False]


def test_a_worker_that_died_over_a_probe_is_replaced_and_what_comes_late_is_not_kept(
    db: Session, engine: Engine, apollo: Settings, prober: Prober, server: HttpServer
) -> None:
    def behave(connection: socket.socket, request: Received) -> None:
        server.behave = HEALTHY
        with Session(engine) as other:  # the first one freezes here until its turn is over and another had one
            other.execute(sa.update(ProbeTurn).values(lease_expires_at=LONG_AGO))
            other.commit()
        assert make(engine, apollo, "two").look()
        answer(500)(connection, request)

    server.behave = behave
    assert prober.look()
    assert [check.state for check in checks(db)] == ["ok"]


def test_one_failure_warns_two_in_a_row_are_down_and_only_changes_are_logged(
    db: Session, apollo: Settings, prober: Prober, server: HttpServer, caplog: pytest.LogCaptureFixture
) -> None:
    db.info["runtime"] = build_runtime(apollo)
    caplog.set_level(logging.INFO, "workbench.worker")
    said = []
    for behave in (HEALTHY, HEALTHY, answer(500), answer(500), answer(500), HEALTHY):
        server.behave = behave
        pass_an_interval(db)
        assert prober.look()
        said.append(get_gateway_status(db)["apollo"]["status"])
    assert said == ["ok", "ok", "warn", "down", "down", "ok"]
    changes = [record.getMessage().rpartition("account= ")[2] for record in caplog.records]
    assert changes == ["state=ok was=unknown", "state=warn was=ok", "state=down was=warn", "state=ok was=down"]


def test_pausing_everything_does_not_stop_probes(db: Session, prober: Prober) -> None:
    set_system_pause(db, True, "Lunch")
    assert prober.look()


def test_a_probe_is_believed_for_three_intervals_as_long_as_the_setting_makes_them(
    db: Session, engine: Engine, apollo: Settings, server: HttpServer
) -> None:
    slower = apollo.model_copy(update={"probe_interval_seconds": 600})
    db.info["runtime"] = build_runtime(slower)
    server.behave = answer(500)
    for _ in range(2):
        probe_gateways(db, "apollo")
    for minutes, state, down in ((29, "down", 1), (2, "unknown", 0)):
        for check in checks(db):
            check.at -= timedelta(minutes=minutes)
            check.fresh_until -= timedelta(minutes=minutes)
            db.add(check)
        db.commit()
        assert get_gateway_status(db)["apollo"]["status"] == state
        assert get_attention_metrics(db)["gateways_down"] == down


def test_where_nothing_is_configured_nothing_is_started_and_nothing_asked(
    db: Session, engine: Engine, settings: Settings
) -> None:
    gateways = Gateways(settings, ())
    assert gateways.to_probe() == {}
    before = threading.active_count()
    with chores(engine, settings, gateways, "one"):
        assert threading.active_count() == before
    assert checks(db) == []
    assert get_gateway_status(db)["apollo"]["status"] == "unconfigured"


def test_of_each_account_only_the_newest_checks_are_kept(
    db: Session, prober: Prober, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway_checks, "KEPT", 3)
    at = datetime.now(UTC) - timedelta(days=1)
    for account in ("", "other"):
        for number in range(5):
            gateway_checks.store(
                db, Gateway.APOLLO, account, GatewayState.OK, detail=str(number), at=at + timedelta(minutes=number)
            )
    db.commit()
    assert prober.look()
    kept = [(check.account, check.detail) for check in checks(db)]
    assert kept == [("", "3"), ("", "4"), ("other", "2"), ("other", "3"), ("other", "4"), ("", "The key is valid.")]


def test_nobody_there_is_a_finding(db: Session, engine: Engine, apollo: Settings) -> None:
    nobody = apollo.model_copy(update={"apollo_base_url": f"http://127.0.0.1:{free_port()}"})
    assert make(engine, nobody, "one").look()
    assert [check.state for check in checks(db)] == ["down"]


class Half(Gateways):
    """The real gateways, but what is sent goes over a wire in memory."""

    def __init__(self, settings: Settings, wire: Wire) -> None:
        super().__init__(settings, ())
        self.wire = wire

    def sender(self, platform: Platform, account_name: str, mode: Mode) -> Wire:  # type: ignore[override]
        return self.wire


def test_a_probe_that_hangs_delays_neither_a_message_nor_the_workers_end(
    db: Session, engine: Engine, apollo: Settings, runtime: Runtime, server: HttpServer
) -> None:
    asked, sent, over = threading.Event(), threading.Event(), threading.Event()

    def hang(_connection: socket.socket, _request: Received) -> None:
        asked.set()
        over.wait(60)

    def take(_message: Message) -> Outcome:
        sent.set()
        return Sent("1")

    server.behave = hang
    gateways = Half(apollo, Wire(answer=take))
    worker = Worker(engine, replace(runtime, settings=apollo, gateways=gateways))
    stop = threading.Event()
    running = threading.Thread(target=worker.run, args=(stop,))
    running.start()
    try:
        assert asked.wait(30)
        posting(db)
        assert sent.wait(30), "the message waited for the probe"
    finally:
        stop.set()
        running.join(30)
        ended = not running.is_alive()
        over.set()
    assert ended, "the worker's end waited for the probe"
    assert checks(db) == []


@pytest.mark.parametrize("fault", [ValueError, KeyError])
def test_a_fault_nobody_foresaw_ends_no_worker(
    engine: Engine, apollo: Settings, fault: type[Exception], caplog: pytest.LogCaptureFixture
) -> None:
    seen = threading.Event()

    class Broken:
        apollo = None

        def to_probe(self) -> dict[Gateway, list[str]]:
            return {Gateway.APOLLO: [""]}

        def probe(self, gateway: Gateway) -> list[object]:
            seen.set()
            raise fault("secret words")

    with chores(engine, apollo, Broken(), "one"):  # type: ignore[arg-type]
        assert seen.wait(30)
    assert [record.getMessage() for record in caplog.records] == [f"probe apollo failed error={fault.__name__}"]

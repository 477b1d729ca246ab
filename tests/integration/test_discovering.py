"""Searches for people, carried out against a server that behaves as Apollo documents, and misbehaves when told to."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from tests import factories as make
from tests.apollo import MATCH, SEARCH, FakeApollo, person
from tests.servers import Behaviour, HttpServer, Received, answer, hang_up
from workbench.enums import Consent, LeadStatus
from workbench.execution.discovering import TRIES, Discoverer
from workbench.gateways.registry import Gateways
from workbench.models import Campaign, DiscoveryJob, Lead, Suppression
from workbench.operator_services import (
    cancel_discovery,
    erase_lead,
    list_discoveries,
    set_gateway_pause,
    set_project_pause,
    set_system_pause,
    start_discovery,
)
from workbench.operator_services._edge import build_runtime
from workbench.operator_services.types import DiscoveryRow
from workbench.services import suppressions
from workbench.settings import Settings

COO = {"titles": ["COO"]}
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


class Killed(BaseException):
    """The worker dies here: nothing that comes after may run."""


@pytest.fixture
def apollo() -> FakeApollo:
    return FakeApollo([person(number) for number in range(1, 251)])


@pytest.fixture
def server(apollo: FakeApollo) -> Iterator[HttpServer]:
    with HttpServer(apollo) as running:
        yield running


@pytest.fixture
def configured(db: Session, settings: Settings, server: HttpServer) -> Settings:
    made = settings.model_copy(update={"apollo_api_key": SecretStr("key"), "apollo_base_url": server.url})
    db.info["runtime"] = build_runtime(made)
    return made


@pytest.fixture
def campaign(db: Session, configured: Settings) -> Campaign:
    made = make.campaign(db, make.project(db), name="Carriers")
    db.commit()
    return made


@pytest.fixture
def worker(engine: Engine, configured: Settings) -> Callable[[], Discoverer]:
    """A new worker every time it is asked for one."""
    client = Gateways(configured, ()).apollo
    assert client is not None
    return lambda: Discoverer(engine, configured, client, "one")


def start(db: Session, campaign: Campaign, people: int = 1_000, paid: int = 0) -> int:
    return start_discovery(db, campaign.id, COO, max_people=people, max_credits=paid)["id"]


def row_of(db: Session, job: int) -> DiscoveryRow:
    return next(row for row in list_discoveries(db) if row["id"] == job)


def counts(db: Session, job: int) -> tuple[int, ...]:
    row = row_of(db, job)
    return row["seen"], row["added"], row["merged"], row["unchanged"], row["rejected"]


def leads(db: Session) -> list[Lead]:
    found = list(db.scalars(sa.select(Lead).order_by(Lead.id).execution_options(populate_existing=True)))
    db.rollback()
    return found


def set_job(db: Session, **values: Any) -> None:
    db.execute(sa.update(DiscoveryJob).values(**values))
    db.commit()


def time_passes(db: Session) -> None:
    """As if leases had run out and the time of the next try had come."""
    db.execute(
        sa.update(DiscoveryJob).where(DiscoveryJob.lease_expires_at.is_not(None)).values(lease_expires_at=LONG_AGO)
    )
    set_job(db, next_attempt_at=None)


def at(path: str, number: int, then: Behaviour) -> Callable[[Received], Behaviour | None]:
    """At the ``number``-th request of ``path``, answer with ``then`` instead."""
    seen = {"times": 0}

    def before(request: Received) -> Behaviour | None:
        seen["times"] += request.path == path
        return then if request.path == path and seen["times"] == number else None

    return before


def test_every_page_is_read_and_everybody_becomes_a_lead(
    db: Session, campaign: Campaign, worker: Callable[[], Discoverer], apollo: FakeApollo
) -> None:
    job = start(db, campaign)
    assert row_of(db, job)["why"] == "No worker is alive. Start one: workbench worker"
    assert worker().look()
    assert apollo.searched == [1, 2, 3]
    assert apollo.asked[0] == {"person_titles": ["COO"], "page": 1, "per_page": 100}
    row = row_of(db, job)
    assert (row["status"], row["found"], row["pages_done"], row["without_email"]) == ("DONE", 250, 3, 250)
    assert counts(db, job) == (250, 250, 0, 0, 0)
    assert row["completed_at"] is not None
    lead = leads(db)[0]
    assert (lead.name, lead.first_name, lead.title, lead.company) == (None, "Lea", "COO", "Example Ltd")
    assert (lead.email, lead.source, lead.status) == (None, "apollo", "NEW")
    assert not worker().look()


def test_an_address_is_asked_for_where_it_was_paid_for_and_never_more_often(
    db: Session, campaign: Campaign, worker: Callable[[], Discoverer], apollo: FakeApollo
) -> None:
    job = start(db, campaign, people=5, paid=3)
    worker().look()
    assert apollo.matched == ["p1", "p2", "p3"]
    row = row_of(db, job)
    assert (row["credits_used"], row["seen"], row["without_email"]) == (3, 5, 2)
    assert [lead.email for lead in leads(db) if lead.email] == [f"lea{number}@example.com" for number in (1, 2, 3)]
    lead = next(lead for lead in leads(db) if lead.email)
    assert (lead.name, lead.status, lead.consent_status) == ("Lea Example-1", LeadStatus.ENRICHED, Consent.UNKNOWN)
    assert lead.linkedin_url == "http://www.linkedin.com/in/lea-1"
    assert lead.enrichment_data == {
        "apollo_id": "p1", "email_status": "verified", "city": "Kiel", "country": "Germany",
        "industry": "logistics", "employees": "40",
    }  # fmt: skip


def test_nobody_is_paid_for_whom_apollo_has_no_address_of_or_who_has_one_here(
    db: Session, campaign: Campaign, worker: Callable[[], Discoverer], apollo: FakeApollo
) -> None:
    apollo.people = [person(1, email=None), person(2), person(3)]
    make.lead(db, campaign, email="lea2@example.com", enrichment_data={"apollo_id": "p2"})
    db.commit()
    job = start(db, campaign, people=3, paid=3)
    worker().look()
    assert apollo.matched == ["p3"]
    assert counts(db, job) == (3, 2, 1, 0, 0), "what was missing of who has one is filled in"


def test_a_second_search_pays_for_nobody_twice_and_gives_addresses_to_those_without(
    db: Session, campaign: Campaign, worker: Callable[[], Discoverer], apollo: FakeApollo
) -> None:
    first = start(db, campaign, people=4, paid=2)
    worker().look()
    second = start(db, campaign, people=4, paid=4)
    worker().look()
    assert apollo.matched == ["p1", "p2", "p3", "p4"]
    assert counts(db, first) == (4, 4, 0, 0, 0)
    assert counts(db, second) == (4, 0, 2, 2, 0)
    assert sorted(lead.email or "" for lead in leads(db)) == [f"lea{number}@example.com" for number in range(1, 5)]
    assert {lead.name for lead in leads(db)} == {f"Lea Example-{number}" for number in range(1, 5)}


def test_people_are_merged_by_the_rules_of_the_import(
    db: Session, campaign: Campaign, worker: Callable[[], Discoverer], apollo: FakeApollo
) -> None:
    """Nothing is overwritten, what is missing is filled in, consent is not weakened, suppression stays."""
    refused = make.lead(
        db, campaign, email="LEA1@example.com", email_norm="lea1@example.com", name="Lea Own", title=None,
        consent_status=Consent.DNC,
    )  # fmt: skip
    db.add(Suppression(address_norm="lea2@example.com", reason="bounce", source="test"))
    db.commit()
    apollo.people = apollo.people[:2]
    job = start(db, campaign, paid=2)
    worker().look()
    assert counts(db, job) == (2, 1, 1, 0, 0)
    db.refresh(refused)
    assert (refused.name, refused.title, refused.consent_status) == ("Lea Own", "COO", Consent.DNC)
    assert refused.email == "LEA1@example.com"
    assert suppressions.is_suppressed(db, "lea2@example.com")


@pytest.mark.parametrize("paid", [0, 2])
def test_who_was_erased_does_not_come_back(
    paid: int, db: Session, campaign: Campaign, worker: Callable[[], Discoverer], apollo: FakeApollo
) -> None:
    apollo.people = apollo.people[:2]
    start(db, campaign, paid=2)
    worker().look()
    erase_lead(db, leads(db)[0].id, "They asked for it")
    job = start(db, campaign, paid=paid)
    worker().look()
    assert counts(db, job) == (2, 0, 0, 1, 1)
    assert row_of(db, job)["rejections"] == [{"reason": "They were erased on request.", "count": 1}]
    assert [lead.email for lead in leads(db)] == ["lea2@example.com"]


def test_everybody_is_accounted_for_whatever_apollo_says_of_them(
    db: Session, campaign: Campaign, worker: Callable[[], Discoverer], apollo: FakeApollo
) -> None:
    apollo.people = [
        person(1, id=None), person(2, id=["x"]), person(3, title="x" * 301), person(4, email="not an address"),
        person(5, email="email_not_unlocked@domain.com"), person(6, first_name="L\x00ea\nX\ud800", city="\x00"),
        person(7, id="x" * 101), person(8, linkedin_url="javascript:alert(1)"), person(8),
        person(9, headline="=1+1" + "x" * 10_000),
    ]  # fmt: skip
    job = start(db, campaign, paid=10)
    worker().look()
    assert counts(db, job) == (9, 5, 0, 0, 4)
    assert apollo.matched == ["p3", "p4", "p5", "p6", "p8", "p9"]
    assert row_of(db, job)["without_email"] == 2
    assert not [lead for lead in leads(db) if lead.linkedin_url and lead.linkedin_url.startswith("javascript")]


def test_a_worker_that_is_killed_between_pages_leaves_the_rest_to_another(
    db: Session, campaign: Campaign, worker: Callable[[], Discoverer], apollo: FakeApollo, engine: Engine
) -> None:
    job = start(db, campaign)
    one = worker()
    inner = one._apollo

    class Dying:
        def search(self, criteria: Any, page: int = 1, per_page: int = 100) -> Any:
            if page == 2:
                raise Killed
            return inner.search(criteria, page, per_page)

        def match(self, apollo_id: str) -> Any:
            return inner.match(apollo_id)

    one._apollo = Dying()
    with pytest.raises(Killed):
        one.look()
    row = row_of(db, job)
    assert (row["status"], row["pages_done"], row["added"]) == ("RUNNING", 1, 100)
    assert not worker().look(), "its lease still stands"
    time_passes(db)
    assert worker().look()
    assert apollo.searched == [1, 2, 3]
    assert counts(db, job) == (250, 250, 0, 0, 0)
    assert len(leads(db)) == 250


def test_killed_at_every_point_of_a_page_nobody_is_lost_doubled_or_paid_for_beyond_the_limit(
    db: Session, campaign: Campaign, worker: Callable[[], Discoverer], apollo: FakeApollo
) -> None:
    """The worker dies before or after each call in turn; every time a new one goes on when the lease is over."""
    apollo.people = apollo.people[:12]
    job = start(db, campaign, people=12, paid=12)
    dies_at = 0
    while row_of(db, job)["status"] != "DONE":
        one = worker()
        one._apollo = _DiesAfter(one._apollo, dies_at % 5)
        dies_at += 1
        time_passes(db)
        with suppress(Killed):
            one.look()
        assert dies_at < 200
    row = row_of(db, job)
    assert counts(db, job) == (12, 12, 0, 0, 0)
    assert row["credits_used"] == 12
    assert len(apollo.matched) <= 12
    assert row["without_email"] == 12 - sum(lead.email is not None for lead in leads(db)) > 0
    found = [lead.enrichment_data["apollo_id"] for lead in leads(db) if lead.enrichment_data]
    assert sorted(found) == sorted(f"p{number}" for number in range(1, 13))


class _DiesAfter:
    """Apollo, for a worker that is killed at one of its calls: before it leaves, or when its answer is there."""

    def __init__(self, inner: Any, points: int) -> None:
        self.inner, self.points = inner, points

    def search(self, *arguments: Any) -> Any:
        return self._call(self.inner.search, *arguments)

    def match(self, *arguments: Any) -> Any:
        return self._call(self.inner.match, *arguments)

    def _call(self, method: Callable[..., Any], *arguments: Any) -> Any:
        self._point()
        found = method(*arguments)
        self._point()
        return found

    def _point(self) -> None:
        if self.points == 0:
            raise Killed
        self.points -= 1


def test_a_worker_that_was_frozen_past_its_lease_changes_nothing_any_more(
    db: Session, campaign: Campaign, worker: Callable[[], Discoverer], apollo: FakeApollo
) -> None:
    apollo.people = apollo.people[:3]
    job = start(db, campaign, paid=3)

    def taken_over(_request: Received) -> Behaviour | None:
        apollo.before = lambda _request: None
        time_passes(db)
        assert worker().look()
        return None

    apollo.before = taken_over
    worker().look()
    assert counts(db, job) == (3, 3, 0, 0, 0)
    assert apollo.matched == ["p1", "p2", "p3"]
    assert row_of(db, job)["credits_used"] == 3


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (answer(429, {"message": "slow down"}, headers={"Retry-After": "600"}), "too often"),
        (answer(429, {}), "too often"),
        (answer(500, body=b"<html>"), "500"),
        (answer(503, {}, headers={"Retry-After": "60"}), "503"),
        (answer(200, body=b'{"people": ['), "list of people"),
        (hang_up, "cannot be asked"),
    ],
)
def test_what_may_pass_puts_the_search_off_and_it_goes_on_at_the_same_page(
    fault: Behaviour,
    error: str,
    db: Session,
    campaign: Campaign,
    worker: Callable[[], Discoverer],
    apollo: FakeApollo,
) -> None:
    job = start(db, campaign)
    apollo.before = at(SEARCH, 2, fault)
    assert worker().look()
    row = row_of(db, job)
    assert (row["status"], row["pages_done"]) == ("QUEUED", 1)
    assert error in (row["error"] or "")
    assert row["next_attempt_at"] is not None
    assert row["next_attempt_at"] > datetime.now(UTC)
    assert not worker().look(), "not before its time"
    time_passes(db)
    assert worker().look()
    assert row_of(db, job)["status"] == "DONE"
    assert counts(db, job) == (250, 250, 0, 0, 0)


def test_apollos_own_word_on_when_to_come_back_is_obeyed(
    db: Session, campaign: Campaign, worker: Callable[[], Discoverer], apollo: FakeApollo
) -> None:
    job = start(db, campaign)
    apollo.before = at(SEARCH, 1, answer(429, {}, headers={"Retry-After": "3600"}))
    before = datetime.now(UTC)
    worker().look()
    until = row_of(db, job)["next_attempt_at"]
    assert until is not None
    assert until >= before + timedelta(hours=1)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (answer(401, {"error": "bad key"}), "WORKBENCH_APOLLO_API_KEY"),
        (answer(403, {"error": "not in your plan"}), "not in your plan"),
        (answer(422, {"error": "insufficient credits"}), "insufficient credits"),
    ],
)
@pytest.mark.parametrize("path", [SEARCH, MATCH])
def test_what_is_refused_for_good_fails_the_search_and_says_why(
    path: str,
    fault: Behaviour,
    error: str,
    db: Session,
    campaign: Campaign,
    worker: Callable[[], Discoverer],
    apollo: FakeApollo,
) -> None:
    job = start(db, campaign, paid=10)
    apollo.before = at(path, 1, fault)
    worker().look()
    row = row_of(db, job)
    assert row["status"] == "FAILED"
    assert error in (row["error"] or "")
    assert not worker().look()


def test_what_does_not_pass_fails_it_in_the_end_but_a_limit_never_does(
    db: Session, campaign: Campaign, worker: Callable[[], Discoverer], apollo: FakeApollo
) -> None:
    job = start(db, campaign)
    apollo.before = lambda _request: answer(429, {})
    for _ in range(TRIES + 2):
        time_passes(db)
        assert worker().look()
    assert row_of(db, job)["status"] == "QUEUED"
    set_job(db, attempts=0)
    apollo.before = lambda _request: answer(500)
    for _ in range(TRIES):
        assert row_of(db, job)["status"] == "QUEUED"
        time_passes(db)
        assert worker().look()
    assert row_of(db, job)["status"] == "FAILED"


@pytest.mark.parametrize("window", ["minute", "hourly", "daily"])
@pytest.mark.parametrize("path", [SEARCH, MATCH])
def test_when_no_request_is_left_apollo_is_left_alone(
    path: str,
    window: str,
    db: Session,
    campaign: Campaign,
    worker: Callable[[], Discoverer],
    apollo: FakeApollo,
) -> None:
    apollo.people = apollo.people[:120]
    job = start(db, campaign, paid=2)

    def before(request: Received) -> None:
        left = "0" if request.path == path else "7"
        apollo.headers = {f"x-{window}-requests-left": left}

    apollo.before = before  # type: ignore[assignment]
    worker().look()
    row = row_of(db, job)
    assert row["status"] == "QUEUED"
    assert f"limit of {window} requests" in (row["error"] or "")
    assert len(apollo.searched) == 1
    assert len(apollo.matched) == (path == MATCH)
    apollo.before, apollo.headers = lambda _request: None, {}
    time_passes(db)
    worker().look()
    assert counts(db, job) == (120, 120, 0, 0, 0)
    assert apollo.matched == ["p1", "p2"]


@pytest.mark.parametrize("scope", ["system", "project", "apollo"])
def test_a_pause_stops_it_between_two_calls_and_lifting_it_lets_it_go_on(
    scope: str, db: Session, campaign: Campaign, worker: Callable[[], Discoverer], apollo: FakeApollo
) -> None:
    def pause(flag: bool) -> None:
        if scope == "system":
            set_system_pause(db, flag, "Lunch")
        elif scope == "project":
            set_project_pause(db, campaign.project_id, flag, "Lunch")
        else:
            set_gateway_pause(db, "apollo", flag, "Lunch")

    def pausing(connection: socket.socket, request: Received) -> None:
        pause(True)
        apollo.before = lambda _request: None
        apollo(connection, request)

    job = start(db, campaign, people=250, paid=5)
    apollo.before = at(MATCH, 3, pausing)
    worker().look()
    assert (apollo.searched, apollo.matched) == ([1], ["p1", "p2", "p3"])
    row = row_of(db, job)
    assert (row["status"], row["why"]) == ("QUEUED", "It is paused. It goes on when that is lifted.")
    assert {lead.email for lead in leads(db)} >= {"lea3@example.com"}, "what was paid for is kept"
    assert not worker().look()
    pause(False)
    assert worker().look()
    assert apollo.matched == ["p1", "p2", "p3", "p4", "p5"]
    assert counts(db, job) == (250, 250, 0, 0, 0)


def test_a_cancelled_search_ends_before_its_next_call(
    db: Session, campaign: Campaign, worker: Callable[[], Discoverer], apollo: FakeApollo
) -> None:
    job = start(db, campaign)

    def cancelling(connection: socket.socket, request: Received) -> None:
        cancel_discovery(db, job, "Wrong country")
        apollo.before = lambda _request: None
        apollo(connection, request)

    apollo.before = at(SEARCH, 2, cancelling)
    worker().look()
    row = row_of(db, job)
    assert (row["status"], row["seen"], row["pages_done"]) == ("CANCELLED", 100, 1)
    assert len(leads(db)) == 100
    assert not worker().look()


def test_a_worker_that_is_stopped_gives_the_search_back(
    db: Session, campaign: Campaign, worker: Callable[[], Discoverer], apollo: FakeApollo
) -> None:
    job = start(db, campaign)
    one = worker()

    def stopping(connection: socket.socket, request: Received) -> None:
        one.stop.set()
        apollo(connection, request)

    apollo.before = at(SEARCH, 2, stopping)
    one.look()
    assert row_of(db, job)["status"] == "QUEUED"
    apollo.before = lambda _request: None
    assert worker().look(), "another worker takes it at once"
    assert counts(db, job) == (250, 250, 0, 0, 0)


def test_a_search_that_kills_every_worker_ends(
    db: Session, campaign: Campaign, worker: Callable[[], Discoverer]
) -> None:
    job = start(db, campaign)
    for _ in range(TRIES + 1):
        one = worker()
        one._apollo = _DiesAfter(one._apollo, 0)
        try:
            one.look()
        except Killed:
            time_passes(db)
    row = row_of(db, job)
    assert (row["status"], row["error"]) == ("FAILED", f"It failed {TRIES} times in a row. The workers' logs say how.")


def test_a_search_of_another_tool_is_left_alone(
    db: Session, campaign: Campaign, worker: Callable[[], Discoverer], apollo: FakeApollo
) -> None:
    db.add(DiscoveryJob(campaign_id=campaign.id, name="Old", criteria={"city": "Ulm"}, status="PENDING"))
    db.commit()
    assert not worker().look()
    assert apollo.searched == []
    (row,) = list_discoveries(db)
    assert "another tool" in (row["why"] or "")


def test_no_transaction_is_open_while_apollo_is_asked(
    db: Session, engine: Engine, campaign: Campaign, worker: Callable[[], Discoverer], apollo: FakeApollo
) -> None:
    open_then: list[int] = []
    apollo.before = lambda _request: open_then.append(engine.pool.checkedout())  # type: ignore
    start(db, campaign, people=2, paid=2)
    db.close()
    worker().look()
    assert open_then == [0, 0, 0]


def test_two_workers_never_carry_out_the_same_search(
    db: Session, campaign: Campaign, worker: Callable[[], Discoverer], apollo: FakeApollo
) -> None:
    start(db, campaign, people=2)
    looked: list[bool] = []
    apollo.before = lambda _request: looked.append(worker().look())  # type: ignore[func-returns-value]
    assert worker().look()
    assert looked == [False]

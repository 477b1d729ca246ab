"""The queue's own rules: leases, tokens, caps, and what an operator sees of them."""

from __future__ import annotations

import os
import socket
import subprocess
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from tests import factories as make
from tests.execution_kit import (
    FAILED,
    PENDING,
    SENDING,
    SENT,
    UNKNOWN,
    Wire,
    due_again,
    expire_lease,
    fresh,
    go_live,
    mailing,
    posting,
    ready_project,
    statuses,
    worker,
)
from workbench.accounts import Account
from workbench.clock import now
from workbench.enums import AttemptStatus, Consent, CreativeStatus, Mode, Platform, QueueStatus
from workbench.errors import InputError, InvalidTransition, NotFoundError
from workbench.execution import caps
from workbench.execution.expand import expand, find_audience
from workbench.execution.finishing import finish
from workbench.execution.queue import Claim, claim_due, renew
from workbench.execution.release import reap, release
from workbench.execution.sending import Batch, Run, begin
from workbench.gateways.base import Deferred, Message, Rejected, Sent, Unknown
from workbench.models import (
    AuditEvent,
    ContentItem,
    GatewaySetting,
    Lead,
    OutreachAttempt,
    ProjectAccount,
    QueueRow,
    SendCounter,
    WorkerHeartbeat,
)
from workbench.operator_services.queue import (
    count_open_attempts,
    count_queue,
    get_queue,
    list_failed_attempts,
    list_unknown_attempts,
    reconcile_unknown,
)
from workbench.operator_services.schedules import cancel_scheduled, reschedule, retry_failed, undo_batch
from workbench.services import workers
from workbench.services.missed import miss_overdue
from workbench.settings import Settings

LEASE = timedelta(seconds=60)


def take(engine: Engine, worker_id: str = "host:1:a") -> Claim:
    with Session(engine) as session, session.begin():
        claim = claim_due(session, worker_id, LEASE)
        assert claim is not None
        if not claim.expanded:
            assert expand(session, claim, find_audience(session, claim))
    return claim


def start(engine: Engine, claim: Claim, limit: int = 10) -> Batch:
    run = Run(
        claim, LEASE, None, lambda row, text: Message(claim.platform, f"k{row.id}", text.title, text.body_text), limit
    )
    with Session(engine) as session, session.begin():
        batch = begin(session, run)
    assert isinstance(batch, Batch)
    return batch


def test_a_claim_raises_the_token_and_holds_a_lease(db: Session, engine: Engine) -> None:
    row = posting(db)
    claim = take(engine)
    assert fresh(db, row).status == QueueStatus.RUNNING
    assert (row.claim_token, row.worker_id) == (claim.token, "host:1:a") == (1, "host:1:a")
    assert timedelta(seconds=50) < row.lease_expires_at - now() <= LEASE
    assert db.get_one(ContentItem, row.content_item_id, populate_existing=True).status == CreativeStatus.PUBLISHING


def test_a_stale_token_changes_nothing(db: Session, engine: Engine) -> None:
    row = mailing(db, 2)
    old = take(engine)
    batch = start(engine, old)
    expire_lease(db, row)
    with Session(engine) as session, session.begin():
        assert reap(session) == [row.id]
    due_again(db)
    make.attempt(db, queue_id=row.id, content_item_id=row.content_item_id, status=PENDING, address_norm="c@example.com")
    db.execute(sa.update(QueueRow).values(status=QueueStatus.QUEUED))
    db.execute(sa.update(ContentItem).values(status=CreativeStatus.SCHEDULED))
    db.commit()
    new = take(engine, "host:2:b")
    assert new.token == old.token + 1
    with Session(engine) as session, session.begin():
        results = {letter.attempt_id: Sent("x") for letter in batch.letters}
        assert finish(session, old, batch, results).held is None
        assert not renew(session, old, LEASE)
        assert release(session, old) is None
        assert not expand(session, old, find_audience(session, old))
    assert statuses(db, row) == [UNKNOWN, UNKNOWN, PENDING]
    assert fresh(db, row).worker_id == "host:2:b"


def test_finishing_twice_changes_nothing_the_second_time(db: Session, engine: Engine) -> None:
    row = mailing(db, 3)
    go_live(db)
    db.execute(sa.update(QueueRow).values(mode=Mode.LIVE))
    db.commit()
    claim = take(engine)
    batch = start(engine, claim)
    results = {letter.attempt_id: Sent("x") for letter in batch.letters}
    for _ in range(2):
        with Session(engine) as session, session.begin():
            assert finish(session, claim, batch, results).held
    assert statuses(db, row) == [SENT] * 3
    assert db.scalar(sa.text("SELECT count(*) FROM cam_contact_events")) == 3


def test_what_was_not_sent_of_a_batch_is_pending_again_and_given_back_to_the_caps(db: Session, engine: Engine) -> None:
    db.add(GatewaySetting(gateway="email", caps={"per_day": 10}))
    row = mailing(db, 4)
    claim = take(engine)
    batch = start(engine, claim)
    assert db.scalars(sa.select(SendCounter.count)).all() == [4]
    db.commit()
    with Session(engine) as session, session.begin():
        finish(session, claim, batch, {batch.letters[0].attempt_id: Sent("x")})
    assert statuses(db, row) == [SENT, PENDING, PENDING, PENDING]
    assert db.scalars(sa.select(SendCounter.count)).all() == [1]


def test_reaping_leaves_what_is_held(db: Session, engine: Engine) -> None:
    held, gone = posting(db), posting(db)
    take(engine)
    claim = take(engine, "host:2:b")
    start(engine, claim)
    expire_lease(db, db.get_one(QueueRow, claim.queue_id))
    with Session(engine) as session, session.begin():
        assert reap(session) == [claim.queue_id]
    assert {fresh(db, row).status for row in (held, gone)} == {QueueStatus.RUNNING, QueueStatus.UNKNOWN}


def test_a_reaped_row_with_people_left_goes_on_at_once_and_is_not_missed(db: Session, engine: Engine) -> None:
    row = mailing(db, 3, at=now() - timedelta(minutes=59))
    claim = take(engine)
    start(engine, claim, limit=1)
    expire_lease(db, row)
    db.execute(sa.update(QueueRow).values(scheduled_time=now() - timedelta(hours=5)))
    db.commit()
    with Session(engine) as session, session.begin():
        reap(session)
        assert miss_overdue(session, timedelta(minutes=60)) == 0
    assert statuses(db, row) == [UNKNOWN, PENDING, PENDING]
    assert fresh(db, row).status == QueueStatus.QUEUED


# Caps


def _account(**limits: int) -> tuple[Account, ...]:
    return (Account(name="simulated", platform=Platform.EMAIL, identity="a@example.com", **limits),)


def test_a_cap_defers_to_the_next_window_costs_no_try_and_drops_nothing(
    db: Session, engine: Engine, settings: Settings
) -> None:
    row, wire = mailing(db, 5), Wire()
    one = worker(engine, settings, wire, accounts=_account(per_day=3), email_batch=2)
    one.run_once()
    assert len(wire.got) == 3
    assert fresh(db, row).status == QueueStatus.QUEUED
    tomorrow = (now() + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    assert row.next_attempt_at == tomorrow
    assert "cap of account simulated is used up: 3 a day" in row.last_error
    assert set(db.scalars(sa.select(OutreachAttempt.retry_count))) == {0}
    # The next day.
    due_again(db)
    db.execute(sa.delete(SendCounter))
    db.commit()
    one.run_once()
    assert statuses(db, row) == [SENT] * 5


def test_a_minutes_cap_waits_for_the_next_minute(db: Session, engine: Engine, settings: Settings) -> None:
    row, wire = mailing(db, 3), Wire()
    worker(engine, settings, wire, accounts=_account(per_minute=2)).run_once()
    assert 2 <= len(wire.got) <= 3  # the minute may have turned meanwhile
    if len(wire.got) == 2:
        assert timedelta(0) < fresh(db, row).next_attempt_at - now() <= timedelta(minutes=1)


def test_the_gateways_cap_stands_in_for_the_accounts(db: Session, engine: Engine, settings: Settings) -> None:
    db.add(GatewaySetting(gateway="email", caps={"per_day": 1}))
    mailing(db, 3)
    wire = Wire()
    worker(engine, settings, wire, accounts=_account(per_day=3)).run_once()
    assert len(wire.got) == 1


def test_a_campaigns_cap_holds_its_own_people_only(db: Session, engine: Engine, settings: Settings) -> None:
    project = ready_project(db)
    small, large = make.campaign(db, project, max_emails_per_day=1), make.campaign(db, project)
    for number in range(3):
        make.lead(db, small, email=f"small{number}@example.com")
        make.lead(db, large, email=f"large{number}@example.com")
    row = make.queued(db, make.creative(db, project, "email"))
    db.commit()
    wire = Wire()
    worker(engine, settings, wire, email_batch=2).run_once()
    assert sorted(str(reader)[:5] for reader in wire.readers) == ["large"] * 3 + ["small"]
    assert fresh(db, row).status == QueueStatus.QUEUED
    tomorrow = (now() + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    assert row.next_attempt_at == tomorrow


def test_two_batches_never_take_more_than_the_cap_together(db: Session, engine: Engine) -> None:
    limits, gateway = caps.Limits(per_day=5), Platform.EMAIL.gateway
    granted = 0
    for _ in range(3):
        with Session(engine) as session, session.begin():
            taken = caps.take(session, gateway, "a", [0, 0], limits, {}, now())
            granted += sum(answer is None for answer in taken.answers)
    assert granted == 5
    assert db.scalars(sa.select(SendCounter.count)).all() == [5]


def test_old_counters_are_removed(db: Session) -> None:
    long_ago = now() - timedelta(days=3)
    for moment in (long_ago, now()):
        caps.take(db, Platform.EMAIL.gateway, "a", [0], caps.Limits(9, 9), {}, moment)
    caps.prune(db, now())
    assert db.scalar(sa.select(sa.func.count()).select_from(SendCounter)) == 2


# What an operator sees and does


@pytest.mark.parametrize(
    ("make_it_so", "said"),
    [
        ("UPDATE cam_safety_settings SET system_paused = true, pause_reason = 'storm'", "Everything is paused: storm"),
        ("UPDATE projects SET paused = true", "Its project is paused"),
        ("UPDATE cam_safety_settings SET mode = 'live'", "queued in simulation mode"),
        ("UPDATE content_items SET strategy_id = NULL", "not in force"),
        ("UPDATE execution_queue SET status = 'MISSED'", "overdue by more than 60 minutes"),
        (
            "INSERT INTO project_accounts (project_id, platform, account) SELECT id, 'linkedin', 'acme' FROM projects",
            "speaks through acme now, not simulated",
        ),
        ("SELECT 1", "no worker is alive"),
    ],
)
def test_every_row_says_why_it_is_not_going_out(db: Session, make_it_so: str, said: str) -> None:
    row = posting(db)
    db.execute(sa.text(make_it_so))
    db.commit()
    (item,) = get_queue(db)
    assert item["id"] == row.id
    assert item["why"] is not None
    assert said in item["why"]


def test_a_row_that_a_living_worker_will_come_to_says_so(db: Session) -> None:
    posting(db)
    db.add(WorkerHeartbeat(worker_id="w", host="h", pid=1))
    db.commit()
    assert "waits for a worker to come to it" in str(get_queue(db)[0]["why"])


def test_the_queue_is_filtered_and_counts_its_attempts(db: Session, engine: Engine, settings: Settings) -> None:
    row, wire = mailing(db, 3), Wire()
    wire.answer = lambda message: Rejected("no") if len(wire.got) == 1 else Sent("x")
    worker(engine, settings, wire).run_once()
    posting(db, at=now() + timedelta(hours=1))
    (item,) = get_queue(db, status=["PARTIAL", "DONE"])
    assert (item["id"], item["sent"], item["failed"]) == (row.id, 2, 1)
    assert item["why"] == "no"
    assert len(get_queue(db)) == 2
    assert len(get_queue(db, limit=1)) == 1
    assert get_queue(db, item["project_id"], status="QUEUED") == []
    with pytest.raises(InputError, match="not a status"):
        get_queue(db, status="GONE")
    with pytest.raises(NotFoundError):
        get_queue(db, 99)
    with pytest.raises(InputError, match="limit"):
        get_queue(db, limit=0)


def test_what_failed_is_retried_for_those_who_did_not_get_it(db: Session, engine: Engine, settings: Settings) -> None:
    row, wire = mailing(db, 3), Wire()
    wire.answer = lambda message: Rejected("no") if len(wire.got) == 1 else Sent("x")
    worker(engine, settings, wire).run_once()
    with pytest.raises(InputError, match="Say why"):
        retry_failed(db, row.id, " ")
    assert retry_failed(db, row.id, "the server was mended")["status"] == "QUEUED"
    wire.answer = lambda message: Sent("x")
    worker(engine, settings, wire).run_once()
    assert statuses(db, row) == [SENT] * 3
    assert len(wire.got) == 4
    assert fresh(db, row).status == QueueStatus.DONE
    assert db.get_one(ContentItem, row.content_item_id, populate_existing=True).status == CreativeStatus.PUBLISHED
    with pytest.raises(InvalidTransition, match="DONE"):
        retry_failed(db, row.id, "again")


def test_a_retried_row_that_is_let_go_before_it_is_expanded_again_still_waits(db: Session, engine: Engine) -> None:
    row = mailing(db, 2)
    db.execute(sa.update(Lead).values(consent_status=Consent.DNC))
    db.commit()
    claim = take(engine)
    with Session(engine) as session, session.begin():
        assert release(session, claim) is QueueStatus.FAILED
    retry_failed(db, row.id, "They said yes by now.")
    with Session(engine) as session, session.begin():
        again = claim_due(session, "host:2:b", LEASE)
        assert again is not None
        assert not again.expanded
        assert release(session, again) is QueueStatus.QUEUED
    assert statuses(db, row) == [AttemptStatus.SKIPPED] * 2


def test_a_failed_post_is_retried_as_the_same_attempt(db: Session, engine: Engine, settings: Settings) -> None:
    row, wire = posting(db), Wire(answer=lambda message: Rejected("no"))
    worker(engine, settings, wire).run_once()
    assert statuses(db, row) == [FAILED]
    assert [attempt["error"] for attempt in list_failed_attempts(db)] == ["no"]
    retry_failed(db, row.id, "mended")
    wire.answer = lambda message: Sent("x")
    worker(engine, settings, wire).run_once()
    assert statuses(db, row) == [SENT]
    assert fresh(db, row).status == QueueStatus.DONE


def test_a_retry_of_a_text_that_was_changed_is_refused(db: Session, engine: Engine, settings: Settings) -> None:
    row = posting(db)
    worker(engine, settings, Wire(answer=lambda message: Rejected("no"))).run_once()
    db.execute(sa.update(ContentItem).values(version=2))
    db.commit()
    with pytest.raises(InvalidTransition, match="changed since"):
        retry_failed(db, row.id, "mended")


def _unknown(db: Session, engine: Engine, settings: Settings) -> QueueRow:
    row = posting(db)
    worker(engine, settings, Wire(answer=lambda message: Unknown("time-out"))).run_once()
    return row


@pytest.mark.parametrize(
    ("verdict", "attempt", "row_status", "creative"),
    [
        ("sent", SENT, QueueStatus.DONE, CreativeStatus.PUBLISHED),
        ("not_sent", FAILED, QueueStatus.FAILED, CreativeStatus.APPROVED),
    ],
)
def test_an_unknown_outcome_becomes_what_a_person_found(
    db: Session, engine: Engine, settings: Settings, verdict: str, attempt: str, row_status: str, creative: str
) -> None:
    row = _unknown(db, engine, settings)
    (open_one,) = list_unknown_attempts(db)
    assert (open_one["error"], open_one["may_still_deliver"]) == ("time-out", None)
    item = reconcile_unknown(db, open_one["attempt_id"], verdict, "looked at the page", "urn:1")  # type: ignore[arg-type]
    assert item is not None
    assert item["status"] == row_status
    assert statuses(db, row) == [attempt]
    assert db.get_one(ContentItem, row.content_item_id, populate_existing=True).status == creative
    db.commit()
    assert list_unknown_attempts(db) == []
    reconcile_unknown(db, open_one["attempt_id"], verdict, "again")  # type: ignore[arg-type]
    events = db.scalars(sa.select(AuditEvent).where(AuditEvent.action == "attempt.reconcile")).all()
    assert [event.reason for event in events] == ["looked at the page"]


def test_reconciling_needs_a_reason_a_verdict_and_an_unknown_outcome(
    db: Session, engine: Engine, settings: Settings
) -> None:
    _unknown(db, engine, settings)
    attempt = list_unknown_attempts(db)[0]["attempt_id"]
    with pytest.raises(InputError, match="how you know"):
        reconcile_unknown(db, attempt, "sent", "")
    with pytest.raises(InputError, match="sent or not_sent"):
        reconcile_unknown(db, attempt, "maybe", "x")  # type: ignore[arg-type]
    with pytest.raises(NotFoundError):
        reconcile_unknown(db, 999, "sent", "x")
    reconcile_unknown(db, attempt, "sent", "x")
    with pytest.raises(InvalidTransition, match="SENT"):
        reconcile_unknown(db, attempt, "not_sent", "x")


def _cut(db: Session, engine: Engine, beat: WorkerHeartbeat) -> int:
    """An attempt that a worker with this heartbeat began and never finished; its id."""
    row = posting(db)
    db.add(beat)
    db.commit()
    claim = take(engine, beat.worker_id)
    start(engine, claim)
    assert statuses(db, row) == [SENDING]
    expire_lease(db, row)
    with Session(engine) as session, session.begin():
        reap(session)
    return list_unknown_attempts(db)[0]["attempt_id"]


def test_what_a_living_process_began_cannot_be_called_not_sent(db: Session, engine: Engine) -> None:
    here = WorkerHeartbeat(worker_id="w", host=socket.gethostname(), pid=os.getpid(), beat_at=now() - timedelta(days=1))
    attempt = _cut(db, engine, here)
    assert f"process {os.getpid()}" in str(list_unknown_attempts(db)[0]["may_still_deliver"])
    with pytest.raises(InvalidTransition, match="still exists"):
        reconcile_unknown(db, attempt, "not_sent", "nothing there")
    assert reconcile_unknown(db, attempt, "sent", "it is there") is not None


@pytest.mark.parametrize(
    ("silent", "stopped", "refused"),
    [(timedelta(minutes=1), False, True), (timedelta(minutes=16), False, False), (timedelta(minutes=1), True, False)],
)
def test_a_worker_of_another_host_is_gone_when_it_stopped_or_after_a_long_silence(
    db: Session, engine: Engine, silent: timedelta, stopped: bool, refused: bool
) -> None:
    moment = now() - silent
    beat = WorkerHeartbeat(
        worker_id="w", host="elsewhere", pid=1, beat_at=moment, stopped_at=moment if stopped else None
    )
    attempt = _cut(db, engine, beat)
    if refused:
        with pytest.raises(InvalidTransition, match="may still deliver"):
            reconcile_unknown(db, attempt, "not_sent", "nothing there")
    else:
        assert reconcile_unknown(db, attempt, "not_sent", "nothing there") is not None


def test_a_living_process_is_seen_however_far_the_databases_clock_is_off(
    db: Session, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A host whose clock is ahead of the database's would otherwise take every worker for a later process."""
    late = timedelta(minutes=10)
    monkeypatch.setattr(workers, "database_now", lambda session: datetime.now(UTC) - late)
    with subprocess.Popen(["sleep", "60"]) as process:
        beat = WorkerHeartbeat(
            worker_id="w", host=socket.gethostname(), pid=process.pid, started_at=datetime.now(UTC) - late
        )
        attempt = _cut(db, engine, beat)
        with pytest.raises(InvalidTransition, match="still exists"):
            reconcile_unknown(db, attempt, "not_sent", "nothing there")
        process.kill()
    assert reconcile_unknown(db, attempt, "not_sent", "nothing there") is not None


def test_a_process_that_is_no_more_is_gone_at_once(db: Session, engine: Engine) -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    attempt = _cut(db, engine, WorkerHeartbeat(worker_id="w", host=socket.gethostname(), pid=child))
    assert reconcile_unknown(db, attempt, "not_sent", "nothing there") is not None


def test_rescheduling_keeps_what_was_said_and_means_it(db: Session) -> None:
    row = posting(db)
    db.execute(sa.update(QueueRow).values(status=QueueStatus.MISSED))
    db.commit()
    item = reschedule(db, row.id, "2040-06-01T09:00", "Europe/Berlin", "client asked")
    assert (item["status"], item["local_time"], item["timezone"]) == ("QUEUED", "2040-06-01T09:00:00", "Europe/Berlin")
    assert item["scheduled_time"].isoformat() == "2040-06-01T07:00:00+00:00"
    with pytest.raises(InputError, match="past"):
        reschedule(db, row.id, "2020-01-01T09:00")
    db.execute(sa.update(QueueRow).values(status=QueueStatus.DONE))
    db.commit()
    with pytest.raises(InvalidTransition):
        reschedule(db, row.id, "2040-06-01T09:00")


def test_cancelling_answers_for_every_id_and_can_be_undone(db: Session, engine: Engine) -> None:
    future = posting(db, at=now() + timedelta(days=1))
    running = posting(db)
    take(engine)
    result = cancel_scheduled(db, [future.id, running.id, 999], "client asked")
    assert [(one["id"], one["ok"]) for one in result["outcomes"]] == [
        (future.id, True),
        (running.id, False),
        (999, False),
    ]
    assert fresh(db, future).status == QueueStatus.CANCELLED
    assert db.get_one(ContentItem, future.content_item_id, populate_existing=True).status == CreativeStatus.APPROVED
    db.commit()
    assert result["batch_id"] is not None
    undone = undo_batch(db, result["batch_id"])
    assert undone["done"] == 1
    (item,) = get_queue(db, status="QUEUED")
    assert (item["content_item_id"], item["local_time"]) == (future.content_item_id, future.local_time)
    with pytest.raises(InvalidTransition, match="undone already"):
        undo_batch(db, result["batch_id"])


def test_a_project_never_speaks_through_an_account_it_is_not_bound_to(
    db: Session, engine: Engine, settings: Settings
) -> None:
    row, wire = posting(db, account="other"), Wire()
    project = db.scalar(sa.text("SELECT id FROM projects"))
    db.add(ProjectAccount(project_id=project, platform="linkedin", account="acme"))
    db.commit()
    assert worker(engine, settings, wire).run_once() == 0
    assert wire.got == []
    assert fresh(db, row).status == QueueStatus.QUEUED


def test_a_deferred_reader_does_not_hold_up_the_others(db: Session, engine: Engine, settings: Settings) -> None:
    row, wire = mailing(db, 4), Wire()
    wire.answer = lambda message: Deferred("greylisted") if len(wire.got) == 1 else Sent("x")
    one = worker(engine, settings, wire, email_batch=2)
    one.run_once()
    assert statuses(db, row) == [PENDING, SENT, SENT, SENT]
    assert fresh(db, row).status == QueueStatus.QUEUED
    due_again(db)
    one.run_once()
    assert statuses(db, row) == [SENT] * 4
    assert fresh(db, row).status == QueueStatus.DONE


def test_the_queue_and_its_open_attempts_are_narrowed_and_turned_page_by_page(db: Session) -> None:
    project = ready_project(db)
    at = now().replace(microsecond=0)
    rows = {
        "late": posting(db, "linkedin", project=project, scheduled_time=at - timedelta(hours=2)),
        "put off": posting(
            db,
            "linkedin",
            project=project,
            scheduled_time=at - timedelta(hours=1),
            next_attempt_at=at + timedelta(hours=1),
        ),
        "soon": posting(db, "twitter", project=project, scheduled_time=at + timedelta(hours=1)),
        "later": posting(db, "twitter", scheduled_time=at + timedelta(days=3)),
        "over": posting(db, "linkedin", scheduled_time=at - timedelta(days=3), status=QueueStatus.DONE),
    }
    names = {row.id: name for name, row in rows.items()}

    def told(**asked: object) -> list[str]:
        found = [names[item["id"]] for item in get_queue(db, **asked)]  # type: ignore[arg-type]
        counted = {name: value for name, value in asked.items() if name not in ("limit", "page", "next_first")}
        if "limit" not in asked:
            assert count_queue(db, **counted) == len(found)  # type: ignore[arg-type]
        return found

    assert told(next_first=True) == ["late", "put off", "soon", "later", "over"]
    assert told() == ["later", "soon", "put off", "late", "over"]
    assert [told(limit=2, page=page, next_first=True) for page in (1, 2, 3, 4)] == [
        ["late", "put off"], ["soon", "later"], ["over"], [],
    ]  # fmt: skip
    assert told(platform="twitter", project_id=project.id) == ["soon"]
    assert told(since=at - timedelta(hours=1), until=at + timedelta(hours=1)) == ["put off"]
    assert told(overdue=True) == ["late"]
    for bad in ({"platform": "fax"}, {"page": 0}, {"since": datetime(2026, 1, 1)}):
        with pytest.raises(InputError):
            get_queue(db, **bad)  # type: ignore[arg-type]


def test_what_failed_is_narrowed_and_turned_page_by_page(db: Session, engine: Engine, settings: Settings) -> None:
    first, second = mailing(db, 3), posting(db)
    run = worker(engine, settings, Wire(answer=lambda message: Rejected("no")))
    run.run_once()
    run.run_once()
    everything = [one["attempt_id"] for one in list_failed_attempts(db)]
    assert len(everything) == 4
    pages = [list_failed_attempts(db, limit=3, page=page) for page in (1, 2)]
    assert [one["attempt_id"] for page in pages for one in page] == everything
    mails = list_failed_attempts(db, platform="email")
    assert {one["queue_id"] for one in mails} == {first.id}
    assert count_open_attempts(db, "FAILED", platform="email") == 3
    assert count_open_attempts(db, "FAILED", since=now() + timedelta(hours=1)) == 0
    assert [one["queue_id"] for one in list_failed_attempts(db, platform="linkedin")] == [second.id]
    assert list_unknown_attempts(db, until=now()) == []
    with pytest.raises(InputError, match="FAILED or UNKNOWN"):
        count_open_attempts(db, "SENT")

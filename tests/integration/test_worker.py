"""The worker on a real queue: everything once, nothing lost, nothing that is not known called known."""

from __future__ import annotations

import threading
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
    SKIPPED,
    UNKNOWN,
    Crash,
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
from workbench import operator_services as ops
from workbench.clock import now
from workbench.enums import Consent, CreativeStatus, LeadStatus, Mode, QueueStatus, SuppressionReason
from workbench.execution.turn import OutcomeLost
from workbench.gateways.base import Deferred, Message, Outcome, Rejected, Sent, Unknown
from workbench.models import (
    ContactEvent,
    ContentItem,
    Lead,
    OutreachAttempt,
    Suppression,
    WorkerHeartbeat,
)
from workbench.services.suppressions import suppress
from workbench.settings import Settings


def test_a_due_post_is_sent_once_and_published(db: Session, engine: Engine, settings: Settings) -> None:
    row, wire = posting(db), Wire()
    one = worker(engine, settings, wire)
    assert one.run_once() == 1
    assert one.run_once() == 0
    assert [message.body_text for message in wire.got] == ["We ship on Fridays."]
    assert statuses(db, row) == [SENT]
    assert fresh(db, row).status == QueueStatus.DONE
    assert db.get_one(ContentItem, row.content_item_id, populate_existing=True).status == CreativeStatus.PUBLISHED


def test_an_email_goes_to_each_address_once_in_several_batches(db: Session, engine: Engine, settings: Settings) -> None:
    row, wire = mailing(db, 7), Wire()
    assert worker(engine, settings, wire, email_batch=3).run_once() == 1
    assert len(wire.readers) == len(set(wire.readers)) == 7
    assert statuses(db, row) == [SENT] * 7
    assert fresh(db, row).status == QueueStatus.DONE


def test_nothing_is_sent_before_its_time(db: Session, engine: Engine, settings: Settings) -> None:
    row, wire = posting(db, at=now() + timedelta(hours=1)), Wire()
    assert worker(engine, settings, wire).run_once() == 0
    assert wire.got == []
    assert fresh(db, row).status == QueueStatus.QUEUED


def test_a_row_of_the_other_mode_is_left_alone(db: Session, engine: Engine, settings: Settings) -> None:
    row, wire = posting(db, mode=Mode.LIVE), Wire()
    assert worker(engine, settings, wire).run_once() == 0
    assert fresh(db, row).status == QueueStatus.QUEUED


def test_who_may_not_be_mailed_is_skipped_with_the_reason(db: Session, engine: Engine, settings: Settings) -> None:
    project = ready_project(db)
    first, other = make.campaign(db, project), make.campaign(db, project)
    off = make.campaign(db, project, active=False)
    make.lead(db, first, email="ok@example.com")
    make.lead(db, other, email="ok@example.com")
    make.lead(db, off, email="off@example.com")
    make.lead(db, first, email="dnc@example.com")
    make.lead(db, make.campaign(db, make.project(db)), email="dnc@example.com", consent_status=Consent.DNC)
    make.lead(db, first, email="gone@example.com")
    suppress(db, "gone@example.com", SuppressionReason.UNSUBSCRIBE, "test")
    make.lead(db, first, email=None)
    make.lead(db, first, email="bare@example.com", company=None)
    item = make.creative(db, project, "email", body_text="Hello {{first_name}} of {{company}}")
    row = make.queued(db, item)
    db.commit()
    wire = Wire()
    worker(engine, settings, wire).run_once()
    assert wire.readers == ["ok@example.com"]
    reasons = {
        attempt.address_norm: attempt.last_error
        for attempt in db.scalars(sa.select(OutreachAttempt).where(OutreachAttempt.status == SKIPPED))
    }
    assert reasons == {
        "dnc@example.com": "asked not to be contacted",
        "gone@example.com": "the address is suppressed",
        "": "no e-mail address",
        "bare@example.com": "no value for {{company}}",
    }
    assert fresh(db, row).status == QueueStatus.DONE


def test_a_row_that_finds_nobody_fails_and_says_so(db: Session, engine: Engine, settings: Settings) -> None:
    row = mailing(db, 0)
    worker(engine, settings, Wire()).run_once()
    assert fresh(db, row).status == QueueStatus.FAILED
    assert "Nobody could be mailed" in row.last_error


@pytest.mark.parametrize(
    ("outcome", "attempt", "row_status", "creative"),
    [
        (Sent("7"), SENT, QueueStatus.DONE, CreativeStatus.PUBLISHED),
        (Rejected("no"), FAILED, QueueStatus.FAILED, CreativeStatus.FAILED),
        (Unknown("lost"), UNKNOWN, QueueStatus.UNKNOWN, CreativeStatus.UNKNOWN),
        (Deferred("later"), PENDING, QueueStatus.QUEUED, CreativeStatus.SCHEDULED),
    ],
)
def test_each_outcome_ends_where_its_evidence_says(
    db: Session,
    engine: Engine,
    settings: Settings,
    outcome: Outcome,
    attempt: str,
    row_status: str,
    creative: str,
) -> None:
    row = posting(db)
    one = worker(engine, settings, Wire(answer=lambda message: outcome))
    one.run_once()
    assert statuses(db, row) == [attempt]
    assert fresh(db, row).status == row_status
    assert db.get_one(ContentItem, row.content_item_id, populate_existing=True).status == creative


@pytest.mark.parametrize("again", ["retried", "scheduled anew"])
def test_a_duplicate_after_an_unknown_is_no_failure_but_evidence_that_it_went_out(
    db: Session, engine: Engine, settings: Settings, again: str
) -> None:
    row, wire = posting(db, "twitter"), Wire(answer=lambda message: Unknown("lost"))
    one = worker(engine, settings, wire)
    one.run_once()
    [attempt] = ops.list_unknown_attempts(db)
    ops.reconcile_unknown(db, attempt["attempt_id"], "not_sent", "I do not see it")
    item = db.get_one(ContentItem, row.content_item_id, populate_existing=True)
    if again == "retried":
        ops.retry_failed(db, row.id, "Once more")
    else:
        row = make.queued(db, item)
        db.commit()
    wire.answer = lambda message: Rejected("X answered 403: duplicate content.", duplicate=True)
    assert one.run_once() == 1
    assert statuses(db, row) == [UNKNOWN]
    assert fresh(db, row).status == QueueStatus.UNKNOWN
    assert "403: duplicate content. An earlier try of this was reconciled as not sent" in row.last_error
    [attempt] = ops.list_unknown_attempts(db)
    ops.reconcile_unknown(db, attempt["attempt_id"], "sent", "There it is", external_id="77")
    assert fresh(db, item).status == CreativeStatus.PUBLISHED


def test_a_duplicate_of_what_was_never_in_doubt_failed(db: Session, engine: Engine, settings: Settings) -> None:
    row = posting(db, "twitter")
    worker(engine, settings, Wire(answer=lambda message: Rejected("Said before.", duplicate=True))).run_once()
    assert statuses(db, row) == [FAILED]
    assert fresh(db, row).last_error == "Said before."


def test_what_was_deferred_is_tried_again_at_its_time_and_given_up_in_the_end(
    db: Session, engine: Engine, settings: Settings
) -> None:
    row, wire = posting(db, max_attempts=2), Wire(answer=lambda message: Deferred("busy"))
    one = worker(engine, settings, wire)
    assert one.run_once() == 1
    assert one.run_once() == 0, "it must wait for its time"
    assert fresh(db, row).next_attempt_at > now() + timedelta(seconds=20)
    due_again(db)
    assert one.run_once() == 1
    assert fresh(db, row).status == QueueStatus.FAILED
    assert row.last_error == "Given up after 2 tries. The last time: busy"
    assert len(wire.got) == 2


def test_the_far_sides_own_time_is_obeyed(db: Session, engine: Engine, settings: Settings) -> None:
    asked = datetime(2030, 1, 1, tzinfo=UTC)
    row = posting(db)
    worker(engine, settings, Wire(answer=lambda message: Deferred("429", asked))).run_once()
    assert fresh(db, row).next_attempt_at == asked


def test_one_unknown_never_blocks_the_others(db: Session, engine: Engine, settings: Settings) -> None:
    row, wire = mailing(db, 5), Wire()
    wire.answer = lambda message: Unknown("cut") if len(wire.got) == 2 else Sent("x")
    worker(engine, settings, wire, email_batch=2).run_once()
    assert statuses(db, row) == [SENT, UNKNOWN, SENT, SENT, SENT]
    assert fresh(db, row).status == QueueStatus.UNKNOWN


def test_a_batch_that_is_deferred_whole_stops_the_run(db: Session, engine: Engine, settings: Settings) -> None:
    row, wire = mailing(db, 6), Wire(answer=lambda message: Deferred("refused"))
    worker(engine, settings, wire, email_batch=2).run_once()
    assert len(wire.got) == 2
    assert statuses(db, row) == [PENDING] * 6
    assert fresh(db, row).status == QueueStatus.QUEUED
    assert row.next_attempt_at > now()
    assert row.last_error == "refused"


def test_a_crash_between_begin_and_finish_is_unknown_and_never_resent(
    db: Session, engine: Engine, settings: Settings
) -> None:
    row, wire = mailing(db, 5), Wire()

    def die(number: int, message: Message) -> None:
        if number == 3:
            raise Crash

    wire.before = die
    with pytest.raises(Crash):
        worker(engine, settings, wire, email_batch=2).run_once()
    assert statuses(db, row) == [SENT, SENT, SENDING, SENDING, PENDING]

    wire.before = lambda number, message: None
    second = worker(engine, settings, wire, email_batch=2)
    assert second.run_once() == 0, "the lease still holds"
    expire_lease(db, row)
    second = worker(engine, settings, wire, email_batch=2)
    assert second.run_once() == 1
    assert statuses(db, row) == [SENT, SENT, UNKNOWN, UNKNOWN, SENT]
    assert fresh(db, row).status == QueueStatus.UNKNOWN
    assert len(wire.readers) == len(set(wire.readers)) == 4
    cut = db.scalars(sa.select(OutreachAttempt).where(OutreachAttempt.status == UNKNOWN)).all()
    assert all("may still deliver" in attempt.last_error and attempt.sender in attempt.last_error for attempt in cut)


def test_a_crash_before_begin_loses_nothing(db: Session, engine: Engine, settings: Settings) -> None:
    row, wire = mailing(db, 2), Wire()
    from workbench.execution.queue import claim_due

    with Session(engine) as session, session.begin():
        assert claim_due(session, "gone:1:x", timedelta(seconds=60))
    expire_lease(db, row)
    worker(engine, settings, wire).run_once()
    assert statuses(db, row) == [SENT, SENT]


def test_an_adapter_that_raises_leaves_the_outcome_unknown_and_the_others_sent(
    db: Session, engine: Engine, settings: Settings
) -> None:
    row, wire = mailing(db, 3), Wire()

    def bug(number: int, message: Message) -> None:
        if number == 1 and not wire.got[1:]:
            wire.got.append(message)
            raise RuntimeError("lead@example.com")

    wire.before = bug
    worker(engine, settings, wire).run_once()
    assert statuses(db, row) == [SENT, UNKNOWN, SENT]


def test_a_frozen_worker_cannot_finish_a_row_that_was_taken_over(
    db: Session, engine: Engine, settings: Settings
) -> None:
    row, wire = posting(db), Wire()
    other = Wire()

    def freeze(number: int, message: Message) -> None:
        expire_lease(db, row)
        worker(engine, settings, other).run_once()

    wire.before = freeze
    worker(engine, settings, wire).run_once()
    assert statuses(db, row) == [UNKNOWN]
    assert other.got == []
    attempt = db.scalars(sa.select(OutreachAttempt)).one()
    assert "reported later: sent, id id-" in attempt.last_error
    assert fresh(db, row).status == QueueStatus.UNKNOWN


def test_two_workers_never_take_the_same_row(db: Session, engine: Engine, settings: Settings) -> None:
    project = ready_project(db)
    rows = [posting(db, project=project) for _ in range(12)]
    wire, errors = Wire(), []
    start = threading.Barrier(3)

    def work() -> None:
        one = worker(engine, settings, wire)
        start.wait()
        try:
            while one.run_once():
                pass
        except BaseException as error:  # a thread's failure must fail the test
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    start.wait()
    for thread in threads:
        thread.join()
    assert errors == []
    keys = [message.key for message in wire.got]
    assert len(keys) == len(set(keys)) == len(rows)
    assert {fresh(db, row).status for row in rows} == {QueueStatus.DONE}


def test_a_stop_finishes_the_message_and_gives_back_the_rest(db: Session, engine: Engine, settings: Settings) -> None:
    row, wire, stop = mailing(db, 6), Wire(), threading.Event()
    wire.before = lambda number, message: stop.set() if number == 1 else None
    one = worker(engine, settings, wire, email_batch=3)
    one.run(stop)
    assert statuses(db, row) == [SENT, SENT, PENDING, PENDING, PENDING, PENDING]
    assert fresh(db, row).status == QueueStatus.QUEUED
    assert row.worker_id is None
    beat = db.scalars(sa.select(WorkerHeartbeat)).one()
    assert beat.stopped_at is not None
    worker(engine, settings, Wire()).run_once()
    assert fresh(db, row).status == QueueStatus.DONE


def test_a_suppression_takes_effect_before_the_next_message(db: Session, engine: Engine, settings: Settings) -> None:
    row, wire = mailing(db, 3), Wire()
    leads = list(db.scalars(sa.select(Lead).order_by(Lead.id)))
    db.commit()

    def meanwhile(number: int, message: Message) -> None:
        if number == 0:
            suppress(db, leads[1].email_norm, SuppressionReason.UNSUBSCRIBE, "test")
            db.execute(sa.update(Lead).where(Lead.id == leads[2].id).values(consent_status=Consent.DNC))
            db.commit()

    wire.before = meanwhile
    worker(engine, settings, wire).run_once()
    assert wire.readers == [leads[0].email_norm]
    assert statuses(db, row) == [SENT, SKIPPED, SKIPPED]


def test_the_next_message_waits_when_its_campaign_is_switched_off(
    db: Session, engine: Engine, settings: Settings
) -> None:
    row, wire = mailing(db, 3), Wire()

    def meanwhile(number: int, message: Message) -> None:
        db.execute(sa.text("UPDATE cam_campaigns SET active = false"))
        db.commit()

    wire.before = meanwhile
    one = worker(engine, settings, wire)
    one.run_once()
    assert statuses(db, row) == [SENT, PENDING, PENDING]
    assert fresh(db, row).status == QueueStatus.QUEUED
    assert row.next_attempt_at > now()
    assert "switched off" in row.last_error


def test_an_email_that_was_really_sent_changes_its_reader_and_a_simulated_one_does_not(
    db: Session, engine: Engine, settings: Settings
) -> None:
    simulated = mailing(db, 1)
    worker(engine, settings, Wire()).run_once()
    assert statuses(db, simulated) == [SENT]
    assert db.scalars(sa.select(Lead.status)).all() == [LeadStatus.NEW]
    assert db.scalar(sa.select(sa.func.count()).select_from(ContactEvent)) == 0

    go_live(db)
    live = mailing(db, 2, mode=Mode.LIVE)
    replied = db.scalars(sa.select(Lead).order_by(Lead.id.desc()).limit(1)).one()
    replied.status = LeadStatus.REPLIED
    db.commit()
    worker(engine, settings, Wire()).run_once()
    assert statuses(db, live) == [SENT, SENT]
    people = list(db.scalars(sa.select(Lead).order_by(Lead.id).execution_options(populate_existing=True)))
    assert [lead.status for lead in people] == [LeadStatus.NEW, LeadStatus.CONTACTED, LeadStatus.REPLIED]
    assert [lead.last_contacted_at is not None for lead in people] == [False, True, True]
    assert db.scalar(sa.select(sa.func.count()).select_from(ContactEvent)) == 2


def test_a_bounce_suppresses_the_address(db: Session, engine: Engine, settings: Settings) -> None:
    go_live(db)
    row = mailing(db, 1, mode=Mode.LIVE)
    worker(engine, settings, Wire(answer=lambda message: Rejected("550 no such user", bounce=True))).run_once()
    assert statuses(db, row) == [FAILED]
    lead = db.scalars(sa.select(Lead)).one()
    assert db.scalars(sa.select(Suppression.address_norm)).all() == [lead.email_norm]


def test_live_email_without_a_public_url_is_not_sent_and_says_why(
    db: Session, engine: Engine, settings: Settings
) -> None:
    go_live(db)
    row, wire = mailing(db, 1, mode=Mode.LIVE), Wire()
    worker(engine, settings, wire, public_url=None).run_once()
    assert wire.got == []
    assert fresh(db, row).status == QueueStatus.QUEUED
    assert "WORKBENCH_PUBLIC_URL" in row.last_error


def test_an_account_that_is_not_configured_is_never_taken_for_sent(
    db: Session, engine: Engine, settings: Settings
) -> None:
    row = posting(db)
    one = worker(engine, settings, Wire(configured=False))
    assert one.run_once() == 1
    assert one.run_once() == 0, "it waits a while before it looks again"
    assert fresh(db, row).status == QueueStatus.QUEUED
    assert row.last_error == "No account of that name is configured."


def test_what_is_overdue_by_more_than_the_limit_waits_for_a_person(
    db: Session, engine: Engine, settings: Settings
) -> None:
    old, wire = posting(db, at=now() - timedelta(minutes=61)), Wire()
    young = posting(db, at=now() - timedelta(minutes=59))
    worker(engine, settings, wire).run_once()
    assert fresh(db, old).status == QueueStatus.MISSED
    assert fresh(db, young).status == QueueStatus.DONE


def test_what_became_overdue_while_the_machine_slept_is_not_taken_before_it_is_looked_for(
    db: Session, engine: Engine, settings: Settings
) -> None:
    wire = Wire()
    one = worker(engine, settings, wire)
    one.run_once()  # it looked for what was missed just now, and does not look again for some seconds
    row = posting(db, at=now() - timedelta(hours=3))
    assert one.run_once() == 0
    assert wire.got == []
    worker(engine, settings, wire).run_once()
    assert fresh(db, row).status == QueueStatus.MISSED


@pytest.mark.parametrize("what", ["edited", "deleted", "stale", "rebound"])
def test_a_row_is_not_sent_once_what_was_approved_does_not_hold(
    db: Session, engine: Engine, settings: Settings, what: str
) -> None:
    row, wire = mailing(db, 4), Wire()

    def meanwhile(number: int, message: Message) -> None:
        changes = {
            "edited": "UPDATE content_items SET version = 2",
            "deleted": "UPDATE content_items SET deleted_at = CURRENT_TIMESTAMP",
            "stale": "UPDATE projects SET approved_strategy_id = NULL",
            "rebound": "INSERT INTO project_accounts (project_id, platform, account) "
            "SELECT id, 'email', 'somebody else' FROM projects",
        }
        if number == 1:
            db.execute(sa.text(changes[what]))
            db.commit()

    wire.before = meanwhile
    worker(engine, settings, wire, email_batch=2).run_once()
    assert len(wire.got) == 2
    expected = FAILED if what in ("edited", "deleted") else PENDING
    assert statuses(db, row) == [SENT, SENT, expected, expected]


def test_the_key_of_a_message_stays_the_same_however_often_it_is_tried(
    db: Session, engine: Engine, settings: Settings
) -> None:
    row, wire = posting(db), Wire(answer=lambda message: Deferred("busy"))
    for _ in range(2):
        worker(engine, settings, wire).run_once()
        due_again(db)
    keys = {message.key for message in wire.got}
    assert len(wire.got) == 2
    assert len(keys) == 1
    assert row.id


def test_a_failed_reader_gets_the_same_item_again_as_the_same_attempt(
    db: Session, engine: Engine, settings: Settings
) -> None:
    row, wire = mailing(db, 3), Wire()
    wire.answer = lambda message: Rejected("no") if len(wire.got) == 2 else Sent("x")
    worker(engine, settings, wire).run_once()
    assert fresh(db, row).status == QueueStatus.PARTIAL
    item = db.get_one(ContentItem, row.content_item_id, populate_existing=True)
    again = make.queued(db, item)
    db.commit()
    second = Wire()
    worker(engine, settings, second).run_once()
    assert second.readers == [wire.readers[1]]
    assert statuses(db, row) == [SENT, SENT]
    assert sorted(statuses(db, again)) == sorted([SENT, SKIPPED, SKIPPED])


def test_a_database_that_refuses_the_outcome_ends_the_worker_and_never_resends(
    db: Session, engine: Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sqlalchemy.exc import IntegrityError

    from workbench.execution import turn as module

    def refuse(*args: object, **kwargs: object) -> None:
        raise IntegrityError("UPDATE", {}, Exception("refused"))

    row, wire = mailing(db, 2), Wire()
    with monkeypatch.context() as patched:
        patched.setattr(module, "finish", refuse)
        with pytest.raises(OutcomeLost):
            worker(engine, settings, wire).run_once()
    assert statuses(db, row) == [SENDING, SENDING]
    expire_lease(db, row)
    worker(engine, settings, wire).run_once()
    assert statuses(db, row) == [UNKNOWN, UNKNOWN]
    assert len(wire.got) == 2


def test_a_begin_whose_answer_was_lost_is_taken_back_because_nothing_was_called(
    db: Session, engine: Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from workbench.errors import DatabaseProblem
    from workbench.execution import turn as module

    row, wire = mailing(db, 2), Wire()
    one = worker(engine, settings, wire)
    real = module.Turn._transaction

    def cut(self: module.Turn, **options: bool):  # type: ignore[no-untyped-def]
        from contextlib import contextmanager

        @contextmanager
        def lost():  # type: ignore[no-untyped-def]
            with real(self, **options) as session:
                yield session
            if begun:
                begun.clear()
                raise DatabaseProblem("the connection broke while it committed")

        return lost()

    begun: list[int] = []
    real_begin = module.begin

    def noted(session: Session, run):  # type: ignore[no-untyped-def]
        begun.append(1)
        return real_begin(session, run)

    with monkeypatch.context() as patched:
        patched.setattr(module.Turn, "_transaction", cut)
        patched.setattr(module, "begin", noted)
        with pytest.raises(DatabaseProblem):
            one.run_once()
    assert statuses(db, row) == [SENDING, SENDING]
    assert wire.got == []
    one.run_once()
    assert statuses(db, row) == [SENT, SENT]
    assert len(wire.got) == 2


def test_the_worker_logs_ids_and_never_texts_or_addresses(
    db: Session, engine: Engine, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", logger="workbench.worker")
    row, wire = mailing(db, 2), Wire()

    def bug(number: int, message: Message) -> None:
        raise RuntimeError(f"could not reach {message.recipient}")

    wire.before = bug
    worker(engine, settings, wire).run_once()
    said = "\n".join(record.getMessage() + str(record.exc_text or "") for record in caplog.records)
    assert f"queue={row.id}" in said
    assert "@" not in said
    assert "Hello" not in said


def test_a_long_mailing_lets_what_is_due_meanwhile_have_its_turn(
    db: Session, engine: Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from workbench.execution import turn as module

    monkeypatch.setattr(module, "TURN_SECONDS", 0.0)
    mail, post = mailing(db, 6, at=now() - timedelta(minutes=10)), posting(db)
    wire = Wire()
    worker(engine, settings, wire, email_batch=2).run_once()
    kinds = [message.platform.value for message in wire.got]
    assert kinds.index("linkedin") == 2
    assert kinds.count("email") == 6
    assert {fresh(db, row).status for row in (mail, post)} == {QueueStatus.DONE}


def test_a_row_that_nobody_foresaw_waits_and_does_not_stop_the_others(
    db: Session, engine: Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from workbench.execution import turn as module

    mail, post = mailing(db, 1, at=now() - timedelta(minutes=10)), posting(db)

    def surprise(session: Session, claim: object, audience: object) -> bool:
        raise KeyError("surprise")

    monkeypatch.setattr(module, "expand", surprise)
    wire = Wire()
    worker(engine, settings, wire).run_once()
    assert fresh(db, mail).status == QueueStatus.QUEUED
    assert "KeyError" in mail.last_error
    assert fresh(db, post).status == QueueStatus.DONE

"""The switches: nothing starts after a pause is confirmed, nothing bursts on resume, each scope by itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session, sessionmaker

from tests import factories as make
from tests.execution_kit import (
    PENDING,
    SENT,
    SKIPPED,
    Wire,
    fresh,
    mailing,
    posting,
    ready_project,
    statuses,
    worker,
)
from workbench.clock import now
from workbench.enums import CreativeStatus, Mode, QueueStatus, Role
from workbench.errors import InputError, InvalidTransition, NotFoundError, PermissionDenied
from workbench.execution.queue import claim_due
from workbench.execution.sending import Batch, Nothing, Run, begin
from workbench.execution.standing import Stop
from workbench.gateways.base import Message
from workbench.models import AuditEvent, ContentItem, OutreachAttempt, QueueRow, SafetySettings
from workbench.operator_services.safety import (
    get_mode,
    get_pause_state,
    get_system_pause,
    preview_resume,
    set_gateway_pause,
    set_mode,
    set_project_pause,
    set_system_pause,
)
from workbench.services.audit import Actor
from workbench.settings import Settings

Switch = Callable[[Session, bool], Any]
SWITCHES: dict[str, Switch] = {
    "system": lambda db, flag: set_system_pause(db, flag, "storm"),
    "gateway": lambda db, flag: set_gateway_pause(db, "email", flag, "storm"),
    "project": lambda db, flag: set_project_pause(db, 1, flag, "storm"),
}


def test_no_record_means_not_paused(db: Session) -> None:
    db.execute(sa.delete(SafetySettings))
    db.commit()
    assert get_system_pause(db) is False
    assert set_system_pause(db, True, "storm")["paused"]
    assert get_system_pause(db) is True


@pytest.mark.parametrize("scope", SWITCHES)
def test_nothing_is_claimed_while_paused_and_all_of_it_after(
    db: Session, engine: Engine, settings: Settings, scope: str
) -> None:
    row, wire = mailing(db, 2), Wire()
    SWITCHES[scope](db, True)
    assert worker(engine, settings, wire).run_once() == 0
    assert fresh(db, row).status == QueueStatus.QUEUED
    SWITCHES[scope](db, False)
    assert worker(engine, settings, wire).run_once() == 1
    assert statuses(db, row) == [SENT, SENT]


@pytest.mark.parametrize("scope", SWITCHES)
def test_a_pause_in_the_middle_of_a_batch_stops_before_the_next_message_and_gives_the_rest_back(
    db: Session, engine: Engine, settings: Settings, scope: str, sessions: sessionmaker[Session]
) -> None:
    row, wire = mailing(db, 5), Wire()
    told: list[int] = []

    def meanwhile(number: int, message: Message) -> None:
        if number == 1:
            with sessions() as other:
                SWITCHES[scope](other, True)
                told.append(get_pause_state(other)["in_flight"])

    wire.before = meanwhile
    worker(engine, settings, wire).run_once()
    assert told == [5], "what was begun is in flight until it is finished or given back"
    assert len(wire.got) == 2
    assert statuses(db, row) == [SENT, SENT, PENDING, PENDING, PENDING]
    assert get_pause_state(db)["in_flight"] == 0
    assert fresh(db, row).status == QueueStatus.QUEUED


def test_a_send_that_begins_while_the_pause_commits_sees_it_or_is_seen(
    db: Session, engine: Engine, settings: Settings, sessions: sessionmaker[Session]
) -> None:
    """The pauser waits for a begin that holds the lock, and then counts it; a begin that waits sees the pause."""
    if engine.dialect.name == "sqlite":
        pytest.skip("on SQLite the single writer is the lock")
    row = posting(db)
    with Session(engine) as session, session.begin():
        claim = claim_due(session, "w:1:x", timedelta(seconds=60))
    assert claim is not None
    run = Run(claim, timedelta(seconds=60), None, lambda _row, text: Message(claim.platform, "k", "", text.body_text))
    seen: list[int] = []

    def pause() -> None:
        with sessions() as other:
            seen.append(set_system_pause(other, True, "storm")["in_flight"])

    with Session(engine) as session, session.begin():
        assert isinstance(begin(session, run), Batch)
        thread = threading.Thread(target=pause)
        thread.start()
        time.sleep(0.3)
        assert seen == [], "the pause waits until the begin has committed"
    thread.join()
    assert seen == [1]
    with Session(engine) as session, session.begin():
        nothing = begin(session, run)
    assert isinstance(nothing, Nothing)
    assert nothing.stop is Stop.PAUSED
    assert row.id == claim.queue_id


def test_no_send_starts_after_the_pause_is_confirmed(
    db: Session, engine: Engine, settings: Settings, sessions: sessionmaker[Session]
) -> None:
    """Against two busy workers: the moment of every call lies before the moment of the confirmation."""
    project = ready_project(db)
    campaign = make.campaign(db, project)
    for _ in range(200):
        make.lead(db, campaign)
    for _ in range(4):
        make.queued(db, make.creative(db, project, "email"))
    db.commit()
    calls: list[float] = []
    wire = Wire(before=lambda number, message: (calls.append(time.monotonic()), time.sleep(0.002))[0])
    stop = threading.Event()
    workers = [worker(engine, settings, wire, worker_poll_seconds=0.01) for _ in range(2)]
    threads = [threading.Thread(target=one.run, args=(stop,)) for one in workers]
    for thread in threads:
        thread.start()
    try:
        for _ in range(5):
            already = len(calls)
            deadline = time.monotonic() + 10
            while len(calls) < already + 8 and time.monotonic() < deadline:
                time.sleep(0.005)
            with sessions() as other:
                set_system_pause(other, True, "storm")
                while get_pause_state(other)["in_flight"]:
                    time.sleep(0.002)
                confirmed = time.monotonic()
                time.sleep(0.1)
                assert all(call <= confirmed for call in calls)
                set_system_pause(other, False)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert len({message.key for message in wire.got}) == len(wire.got)
    assert db.scalar(sa.select(sa.func.count()).where(OutreachAttempt.status == "SENDING")) == 0


def test_a_pause_of_a_project_or_gateway_is_confirmed_however_busy_the_others_are(
    db: Session, engine: Engine, settings: Settings, sessions: sessionmaker[Session]
) -> None:
    row, wire = posting(db, "linkedin"), Wire()
    other_project = ready_project(db)
    db.commit()
    told: list[tuple[int, ...]] = []

    def meanwhile(number: int, message: Message) -> None:
        with sessions() as other:
            for gateway in ("email", "linkedin"):
                set_gateway_pause(other, gateway, True)
            for project in (1, other_project.id):
                set_project_pause(other, project, True)
            state = get_pause_state(other)
            flying = {
                one.get("gateway") or one["id"]: one["in_flight"] for one in state["projects"] + state["gateways"]
            }
            told.append((state["in_flight"], flying["linkedin"], flying["email"], flying[1], flying[other_project.id]))

    wire.before = meanwhile
    worker(engine, settings, wire).run_once()
    assert told == [(1, 1, 0, 1, 0)]
    assert statuses(db, row) == [SENT]
    state = get_pause_state(db)
    assert {one["in_flight"] for one in state["projects"] + state["gateways"]} == {0}


def test_resuming_one_scope_leaves_the_others(db: Session, engine: Engine, settings: Settings) -> None:
    mailing(db, 1)
    set_system_pause(db, True, "storm")
    set_gateway_pause(db, "email", True, "token")
    set_project_pause(db, 1, True, "client asked")
    state = set_system_pause(db, False)
    assert not state["paused"]
    assert [gateway["reason"] for gateway in state["gateways"]] == ["token"]
    assert [(one["reason"], one["by"]) for one in state["projects"]] == [("client asked", "Ada")]
    assert worker(engine, settings, Wire()).run_once() == 0
    set_gateway_pause(db, "email", False)
    assert worker(engine, settings, Wire()).run_once() == 0
    set_project_pause(db, 1, False)
    assert worker(engine, settings, Wire()).run_once() == 1


def test_a_pause_says_who_and_why_and_repeating_it_changes_nothing(db: Session) -> None:
    first = set_system_pause(db, True, "storm")
    again = set_system_pause(db, True, "another reason")
    assert (first["reason"], first["by"]) == ("storm", "Ada")
    assert again == first
    assert isinstance(first["at"], datetime)
    set_system_pause(db, False, "over")
    actions = db.execute(sa.select(AuditEvent.action, AuditEvent.reason).order_by(AuditEvent.id)).all()
    assert actions == [("safety.pause", "storm"), ("safety.resume", "over")]


@pytest.mark.parametrize(
    ("role", "flag", "allowed"),
    [
        (Role.VIEWER, True, False),
        (Role.OPERATOR, True, True),
        (Role.OPERATOR, False, False),
        (Role.APPROVER, False, True),
    ],
)
def test_operators_pause_and_approvers_resume(db: Session, role: Role, flag: bool, allowed: bool) -> None:
    db.info["actor"] = Actor("Bo", role)
    if allowed:
        set_system_pause(db, flag)
    else:
        with pytest.raises(PermissionDenied):
            set_system_pause(db, flag)


def test_what_makes_no_sense_is_refused(db: Session) -> None:
    with pytest.raises(InputError, match="flag"):
        set_system_pause(db, "yes")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="for resuming"):
        set_system_pause(db, True, overdue={"action": "send"})
    with pytest.raises(InputError, match="send, reschedule, skip"):
        set_system_pause(db, False, overdue={"action": "burn"})
    with pytest.raises(InputError, match="spacing_minutes"):
        set_system_pause(db, False, overdue={"spacing_minutes": -1})
    with pytest.raises(InputError, match="There is no choice"):
        set_system_pause(db, False, overdue={"when": "now"})
    with pytest.raises(InputError, match="not a gateway"):
        set_gateway_pause(db, "fax", True)
    with pytest.raises(NotFoundError):
        set_project_pause(db, 99, True)
    with pytest.raises(InputError, match="not a scope"):
        preview_resume(db, "world")


def _waiting(db: Session, minutes: list[int]) -> list[QueueRow]:
    project = ready_project(db)
    rows = [posting(db, project=project, at=now() - timedelta(minutes=ago)) for ago in minutes]
    set_system_pause(db, True, "storm")
    return rows


def test_the_preview_shows_what_would_go_out_and_what_is_too_old(db: Session) -> None:
    rows = _waiting(db, [90, 30, 5])
    mail = mailing(db, 2)
    future = posting(db, at=now() + timedelta(hours=1))
    preview = preview_resume(db)
    assert [item["queue_id"] for item in preview["items"]] == [*(row.id for row in rows), mail.id]
    assert [item["too_old"] for item in preview["items"]] == [True, False, False, False]
    assert [item["recipients"] for item in preview["items"]] == [None, None, None, 2]
    assert (preview["would_send"], preview["would_miss"]) == (3, 1)
    assert future.id not in {item["queue_id"] for item in preview["items"]}


def test_the_preview_of_one_scope_leaves_out_what_another_one_holds(db: Session) -> None:
    rows = _waiting(db, [5])
    set_project_pause(db, 1, True)
    assert preview_resume(db)["items"] == []
    assert preview_resume(db, "project", 1)["items"] == []
    set_system_pause(db, False)
    assert [item["queue_id"] for item in preview_resume(db, "project", 1)["items"]] == [rows[0].id]
    assert preview_resume(db, "gateway", "x")["items"] == []


def test_resuming_spreads_what_is_overdue_and_lets_the_too_old_wait(
    db: Session, engine: Engine, settings: Settings
) -> None:
    old, *rows = _waiting(db, [90, 30, 20, 10])
    set_system_pause(db, False, overdue={"action": "send", "spacing_minutes": 7})
    assert fresh(db, old).status == QueueStatus.MISSED
    first, second, third = (fresh(db, row).next_attempt_at for row in rows)
    assert second - first == third - second == timedelta(minutes=7)
    wire = Wire()
    worker(engine, settings, wire).run_once()
    assert len(wire.got) == 1, "nothing bursts"


def test_resuming_can_move_everything_to_another_time(db: Session) -> None:
    rows = _waiting(db, [90, 30])
    set_system_pause(db, False, overdue={"action": "reschedule", "start": "2040-01-02T09:00", "spacing_minutes": 30})
    assert [fresh(db, row).local_time for row in rows] == ["2040-01-02T09:00:00", "2040-01-02T09:30:00"]
    assert {row.status for row in rows} == {QueueStatus.QUEUED}


def test_resuming_can_skip_and_each_item_can_have_its_own_choice(db: Session) -> None:
    skipped, kept = _waiting(db, [30, 20])
    mail = mailing(db, 1, expanded=True)
    make.attempt(
        db, queue_id=mail.id, content_item_id=mail.content_item_id, status=PENDING, address_norm="a@example.com"
    )
    db.commit()
    set_system_pause(db, False, overdue={"action": "skip", "items": {kept.id: "send"}})
    assert fresh(db, skipped).status == QueueStatus.CANCELLED
    assert db.get_one(ContentItem, skipped.content_item_id, populate_existing=True).status == CreativeStatus.APPROVED
    assert fresh(db, kept).status == QueueStatus.QUEUED
    assert fresh(db, mail).status == QueueStatus.CANCELLED
    assert statuses(db, mail) == [SKIPPED]


def test_a_wrong_choice_leaves_it_paused(db: Session) -> None:
    _waiting(db, [30])
    with pytest.raises(InputError):
        set_system_pause(db, False, overdue={"action": "reschedule", "start": "2020-01-01T09:00"})
    assert get_system_pause(db) is True


# The mode is a switch too.


def test_going_live_takes_what_was_queued_in_simulation_off_and_names_what_is_not_configured(db: Session) -> None:
    row = posting(db)
    change = set_mode(db, "live", "launch")
    assert (change["mode"], change["returned"], get_mode(db)) == ("live", 1, "live")
    assert "LinkedIn" in change["unconfigured"]
    assert fresh(db, row).status == QueueStatus.CANCELLED
    assert db.get_one(ContentItem, row.content_item_id, populate_existing=True).status == CreativeStatus.APPROVED
    event = db.scalars(sa.select(AuditEvent).where(AuditEvent.action == "mode.change")).one()
    assert (event.reason, event.before, event.after) == (
        "launch",
        {"mode": "simulation"},
        {"mode": "live", "returned": 1},
    )


def test_a_row_that_was_running_in_simulation_comes_back_too(db: Session, engine: Engine, settings: Settings) -> None:
    row, wire = mailing(db, 3), Wire()

    def meanwhile(number: int, message: Message) -> None:
        if number == 0:
            set_mode(db, "live")

    wire.before = meanwhile
    worker(engine, settings, wire).run_once()
    assert len(wire.got) == 1, "nothing more of it is sent once the mode has changed"
    worker(engine, settings, wire).run_once()
    assert fresh(db, row).status == QueueStatus.CANCELLED
    assert statuses(db, row) == [SENT, SKIPPED, SKIPPED]


def test_a_demo_database_refuses_to_go_live(db: Session) -> None:
    db.execute(sa.update(SafetySettings).values(demo_at=now()))
    db.commit()
    with pytest.raises(InvalidTransition, match="demo"):
        set_mode(db, "live")
    assert get_mode(db) == "simulation"


def test_going_back_to_simulation_leaves_the_live_queue_where_it_is(
    db: Session, engine: Engine, settings: Settings
) -> None:
    set_mode(db, "live")
    row = posting(db, mode=Mode.LIVE)
    assert set_mode(db, "simulation")["returned"] == 0
    wire = Wire()
    worker(engine, settings, wire).run_once()
    assert fresh(db, row).status == QueueStatus.QUEUED
    assert wire.got == []


def test_only_administrators_change_the_mode(db: Session) -> None:
    db.info["actor"] = Actor("Bo", Role.APPROVER)
    with pytest.raises(PermissionDenied):
        set_mode(db, "live")
    db.info["actor"] = Actor("Ada", Role.ADMIN)
    with pytest.raises(InputError, match="not a mode"):
        set_mode(db, "wild")

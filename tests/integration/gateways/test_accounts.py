"""A project speaks through its own accounts, and what is wrong with an account is not the message's fault."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from tests.execution_kit import Wire, due_again, fresh, go_live, mailing, posting, ready_project, statuses, worker
from tests.servers import HttpServer, answer
from workbench.accounts import Account
from workbench.enums import AttemptStatus, Mode, Platform, QueueStatus
from workbench.errors import NotConfigured
from workbench.execution.worker import Worker
from workbench.gateways.base import Deferred, Sent
from workbench.gateways.registry import Gateways
from workbench.models import Project, ProjectAccount, QueueRow
from workbench.operator_services._edge import Runtime
from workbench.settings import Settings

Start = Callable[[HttpServer, HttpServer], Worker]


def declared(platform: Platform, name: str, server: HttpServer) -> Account:
    return Account(
        name=name,
        platform=platform,
        identity="@" + name if platform is Platform.TWITTER else f"urn:li:organization:{len(name)}",
        base_url=server.url,
        secret=SecretStr(f"token-of-{name}"),
    )


@pytest.fixture(params=[Platform.LINKEDIN, Platform.TWITTER])
def platform(request: pytest.FixtureRequest) -> Platform:
    return Platform(request.param)


def bound(db: Session, platform: Platform, account: str) -> tuple[Project, QueueRow]:
    """A project bound to ``account``, with a due post of its own; committed."""
    project = ready_project(db)
    db.add(ProjectAccount(project_id=project.id, platform=platform.value, account=account))
    return project, posting(db, platform.value, project=project, account=account, mode=Mode.LIVE)


def said_by(server: HttpServer) -> set[str]:
    return {request.headers["authorization"] for request in server.received}


class TestTwoClients:
    """Acme and Globex, an account each, each at a far side of its own."""

    @pytest.fixture
    def start(self, db: Session, settings: Settings, engine: Engine, platform: Platform) -> Start:
        go_live(db)

        def start(acme: HttpServer, globex: HttpServer) -> Worker:
            accounts = (declared(platform, "acme", acme), declared(platform, "globex", globex))
            return Worker(engine, Runtime(settings, accounts, Gateways(settings, accounts)))

        return start

    def test_each_speaks_through_its_own_account(self, db: Session, platform: Platform, start: Start) -> None:
        with HttpServer(answer(201)) as acme, HttpServer(answer(201)) as globex:
            first, second = bound(db, platform, "acme")[1], bound(db, platform, "globex")[1]
            assert start(acme, globex).run_once() == 2
            assert (len(acme.received), len(globex.received)) == (1, 1)
            assert (said_by(acme), said_by(globex)) == ({"Bearer token-of-acme"}, {"Bearer token-of-globex"})
        assert statuses(db, first) == statuses(db, second) == [AttemptStatus.SENT]

    def test_what_was_queued_for_another_account_stays_where_it_is(
        self, db: Session, platform: Platform, start: Start
    ) -> None:
        with HttpServer(answer(201)) as acme, HttpServer(answer(201)) as globex:
            _, row = bound(db, platform, "acme")
            # Past the contract, which would not queue it: the worker does not rely on that.
            db.execute(sa.update(QueueRow).where(QueueRow.id == row.id).values(account="globex"))
            db.commit()
            start(acme, globex).run_once()
            assert acme.received == globex.received == []
            assert fresh(db, row).status == QueueStatus.QUEUED

    def test_a_project_bound_anew_does_not_go_out_by_either(
        self, db: Session, platform: Platform, start: Start
    ) -> None:
        with HttpServer(answer(201)) as acme, HttpServer(answer(201)) as globex:
            project, row = bound(db, platform, "acme")
            db.execute(
                sa.update(ProjectAccount).where(ProjectAccount.project_id == project.id).values(account="globex")
            )
            db.commit()
            start(acme, globex).run_once()
            assert acme.received == globex.received == []
            assert fresh(db, row).status == QueueStatus.QUEUED

    def test_an_account_of_that_name_on_another_platform_is_another_account(
        self, settings: Settings, platform: Platform, server: HttpServer
    ) -> None:
        other = next(one for one in (Platform.LINKEDIN, Platform.TWITTER) if one is not platform)
        accounts = (declared(other, "acme", server),)
        sender = Gateways(settings, accounts).sender(other, "acme", Mode.LIVE)
        assert sender.gateway is other.gateway
        with pytest.raises(NotConfigured, match="called acme is configured"):
            Gateways(settings, accounts).sender(platform, "acme", Mode.LIVE)


def test_a_fault_of_the_account_waits_for_a_person_and_costs_no_message_a_try(
    db: Session, engine: Engine, settings: Settings
) -> None:
    wrong = Deferred("535 wrong password", hold=True)
    row, wire = mailing(db, 6, max_attempts=1), Wire(answer=lambda message: wrong)
    one = worker(engine, settings, wire, email_batch=3)
    for _ in range(3):
        assert one.run_once() == 1
        assert statuses(db, row) == [AttemptStatus.PENDING] * 6
        assert (fresh(db, row).status, row.last_error) == (QueueStatus.QUEUED, wrong.reason)
        due_again(db)
    assert len(wire.got) == 3, "once a turn, not once a message"
    wire.answer = lambda message: Sent("x")
    one.run_once()
    assert statuses(db, row) == [AttemptStatus.SENT] * 6


def test_what_went_out_before_the_account_was_refused_is_sent(db: Session, engine: Engine, settings: Settings) -> None:
    row, wire = mailing(db, 4), Wire()
    wire.answer = lambda message: Sent("x") if len(wire.got) < 3 else Deferred("535", hold=True)
    worker(engine, settings, wire, email_batch=4).run_once()
    assert len(wire.got) == 3
    assert statuses(db, row) == [AttemptStatus.SENT] * 2 + [AttemptStatus.PENDING] * 2

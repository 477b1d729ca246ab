"""From a lead file to a mail in a real mail server's hands, in live mode, with a way out that works."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from tests.execution_kit import approved, fresh, ready_project, statuses
from tests.servers import MailSink, mail_server
from workbench.accounts import Account
from workbench.clock import now
from workbench.enums import LeadStatus, Platform, QueueStatus
from workbench.errors import ContentInvalid, InputError, InvalidTransition
from workbench.execution.worker import Worker
from workbench.gateways.registry import Gateways
from workbench.models import AuditEvent, Lead, OutreachAttempt, Project, QueueRow, Suppression
from workbench.operator_services import create_campaign, get_lead, import_leads, unsubscribe
from workbench.operator_services._edge import Runtime
from workbench.operator_services.safety import set_mode, set_system_pause
from workbench.operator_services.schedules import bulk_schedule_creatives
from workbench.operator_services.trials import send_test
from workbench.settings import Settings

LEADS = b"""First Name,Last Name,Title,Company,Email
Lea,Klein,CTO,Example Ltd,lea@example.com
Max,Gross,CEO,Beispiel GmbH,max@example.com
Ida,Neu,COO,,ida@example.com
"""


@pytest.fixture
def sink() -> MailSink:
    return MailSink()


@pytest.fixture
def live(db: Session, settings: Settings, sink: MailSink) -> Iterator[Runtime]:
    """The installation in live mode, with one e-mail account at a real mail server on loopback."""
    with mail_server(sink) as port:
        account = Account(
            name="acme",
            platform=Platform.EMAIL,
            identity="Acme <news@acme.example>",
            base_url=f"smtp://127.0.0.1:{port}",
            per_minute=1000,
        )
        changed = settings.model_copy(update={"postal_address": "Acme GmbH, Berlin"})
        runtime = Runtime(changed, (account,), Gateways(changed, (account,)))
        db.info["runtime"] = runtime
        set_mode(db, "live", "launch")
        yield runtime


def scheduled(db: Session, **values: str) -> QueueRow:
    """Three imported leads, and an approved e-mail to them that is due."""
    project = ready_project(db)
    item = approved(db, project, **({"title": "Hello {{first_name}}", "body_text": "Dear {{first_name}}"} | values))
    db.commit()
    campaign = create_campaign(db, project.id, "First")["id"]
    assert import_leads(db, campaign, LEADS)["imported"] == 3
    result = bulk_schedule_creatives(db, project.id, [item.id])
    assert result["done"] == 1, result
    row = db.scalars(sa.select(QueueRow)).one()
    row.scheduled_time = now() - timedelta(seconds=1)
    db.commit()
    return row


def test_imported_leads_get_their_own_mail_with_one_click_unsubscribe(
    db: Session, engine: Engine, live: Runtime, sink: MailSink
) -> None:
    row = scheduled(db)
    assert Worker(engine, live).run_once() == 1
    assert [mail.recipient for mail in sink.mails] == ["lea@example.com", "max@example.com", "ida@example.com"]
    assert [mail.parsed["Subject"] for mail in sink.mails] == ["Hello Lea", "Hello Max", "Hello Ida"]
    assert len({mail.connection for mail in sink.mails}) == 1
    first = sink.mails[0].parsed
    assert first["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert first["List-Unsubscribe"].startswith("<https://mail.example.com/unsubscribe/")
    assert "Acme GmbH, Berlin" in first.get_content()
    assert statuses(db, row) == ["SENT"] * 3
    assert fresh(db, row).status == QueueStatus.DONE
    assert set(db.scalars(sa.select(Lead.status))) == {LeadStatus.CONTACTED}
    kept = set(db.scalars(sa.select(OutreachAttempt.external_id)))
    assert kept == {mail.parsed["Message-ID"] for mail in sink.mails}
    db.commit()
    history = get_lead(db, db.scalars(sa.select(Lead.id)).first() or 0)
    db.commit()
    assert len(history["events"]) == 1


def test_who_follows_the_link_gets_nothing_more(db: Session, engine: Engine, live: Runtime, sink: MailSink) -> None:
    scheduled(db)
    one = Worker(engine, live)
    one.run_once()
    token = sink.mails[1].parsed["List-Unsubscribe"].strip("<>").rsplit("/", 1)[1]
    assert unsubscribe(db, token) is True
    assert db.scalars(sa.select(Suppression.address_norm)).all() == ["max@example.com"]
    db.commit()
    second = approved(db, db.get_one(Project, 1), body_text="Once more")
    db.commit()
    bulk_schedule_creatives(db, 1, [second.id])
    db.execute(sa.update(QueueRow).values(scheduled_time=now() - timedelta(seconds=1)))
    db.commit()
    sink.mails.clear()
    one.run_once()
    assert [mail.recipient for mail in sink.mails] == ["lea@example.com", "ida@example.com"]


def test_a_mailbox_that_does_not_exist_is_suppressed_and_the_others_get_it(
    db: Session, engine: Engine, live: Runtime, sink: MailSink
) -> None:
    sink.says["RCPT"] = "550 5.1.1 No such user"
    sink.once = True
    row = scheduled(db)
    Worker(engine, live).run_once()
    assert statuses(db, row) == ["FAILED", "SENT", "SENT"]
    assert fresh(db, row).status == QueueStatus.PARTIAL
    assert db.scalars(sa.select(Suppression.address_norm)).all() == ["lea@example.com"]


def test_a_connection_lost_after_the_data_is_unknown_and_not_sent_again(
    db: Session, engine: Engine, live: Runtime, sink: MailSink
) -> None:
    sink.lose_after_data = True
    row = scheduled(db)
    one = Worker(engine, live)
    one.run_once()
    assert statuses(db, row) == ["UNKNOWN"] * 3
    taken = len(sink.mails)
    assert one.run_once() == 0
    assert len(sink.mails) == taken == 3


def test_a_server_that_is_busy_gets_everything_later_and_once(
    db: Session, engine: Engine, live: Runtime, sink: MailSink
) -> None:
    sink.says["MAIL"] = "451 4.3.0 Try later"
    row = scheduled(db)
    one = Worker(engine, live)
    one.run_once()
    assert statuses(db, row) == ["PENDING"] * 3
    sink.says.clear()
    db.execute(sa.update(QueueRow).values(next_attempt_at=None))
    db.execute(sa.update(OutreachAttempt).values(next_attempt_at=None))
    db.commit()
    one.run_once()
    assert statuses(db, row) == ["SENT"] * 3
    assert len(sink.mails) == 3


def test_who_lacks_a_field_is_left_out_before_anything_is_sent(
    db: Session, engine: Engine, live: Runtime, sink: MailSink
) -> None:
    row = scheduled(db, body_text="Dear {{first_name}} of {{company}}")
    Worker(engine, live).run_once()
    assert sorted(statuses(db, row)) == ["SENT", "SENT", "SKIPPED"]
    skipped = db.scalars(sa.select(OutreachAttempt).where(OutreachAttempt.status == "SKIPPED")).one()
    assert (skipped.address_norm, skipped.last_error) == ("ida@example.com", "no value for {{company}}")


def test_a_test_goes_to_oneself_marked_and_leaves_no_attempt(
    db: Session, engine: Engine, live: Runtime, sink: MailSink
) -> None:
    scheduled(db)
    lead = db.scalars(sa.select(Lead.id).order_by(Lead.id)).first()
    db.commit()
    answer = send_test(db, 1, 1, "me@example.com", lead)
    assert (answer["outcome"], answer["to"], answer["mode"]) == ("sent", "me@example.com", "live")
    (mail,) = sink.mails
    assert (mail.recipient, mail.parsed["Subject"]) == ("me@example.com", "[Test] Hello Lea")
    assert db.scalar(sa.select(sa.func.count()).select_from(OutreachAttempt)) == 0
    event = db.scalars(sa.select(AuditEvent).where(AuditEvent.action == "creative.test")).one()
    assert "me@example.com" not in str((event.before, event.after, event.reason))
    db.commit()
    token = mail.parsed["List-Unsubscribe"].strip("<>").rsplit("/", 1)[1]
    unsubscribe(db, token)
    assert db.scalar(sa.select(sa.func.count()).select_from(Suppression)) == 0


def test_a_test_is_refused_where_a_mail_would_be(db: Session, live: Runtime, sink: MailSink) -> None:
    scheduled(db, body_text="Dear {{first_name}} of {{company}}")
    post = approved(db, db.get_one(Project, 1), "linkedin", body_text="We ship.")
    db.commit()
    ida = db.scalars(sa.select(Lead.id).where(Lead.company.is_(None))).one()
    db.commit()
    with pytest.raises(InputError, match="TEST_RECIPIENT"):
        send_test(db, 1, 1)
    with pytest.raises(InputError, match="not valid"):
        send_test(db, 1, 1, "nobody")
    with pytest.raises(ContentInvalid, match="company"):
        send_test(db, 1, 1, "me@example.com", ida)
    with pytest.raises(InvalidTransition, match="no private reader"):
        send_test(db, 1, post.id)
    set_system_pause(db, True)
    with pytest.raises(InvalidTransition, match="paused"):
        send_test(db, 1, 1, "me@example.com")
    assert sink.mails == []


def test_in_simulation_everything_ends_in_the_outbox_folder(db: Session, engine: Engine, settings: Settings) -> None:
    runtime = Runtime(settings, (), Gateways(settings, ()))
    row = scheduled(db)
    Worker(engine, runtime).run_once()
    assert statuses(db, row) == ["SENT"] * 3
    assert len(list((settings.data_dir / "outbox" / "email").glob("*.eml"))) == 3
    assert send_test(db, 1, 1, "me@example.com")["outcome"] == "sent"
    assert len(list((settings.data_dir / "outbox" / "email").glob("*.eml"))) == 4

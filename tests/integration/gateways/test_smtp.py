"""E-mail against real mail servers on loopback, polite ones and rude ones."""

from __future__ import annotations

import re
import socket
import time
from dataclasses import replace
from email.utils import parsedate_to_datetime

import pytest

from tests.conftest import NOW
from tests.integration.gateways.making import LIMIT, message, send, smtp
from tests.servers import CERTIFICATE, DRIP, GOOD, MailSink, dialogue, free_port, mail_server, rude_mail_server
from workbench.enums import GatewayState, Platform
from workbench.gateways.base import Deferred, Message, Outcome, Rejected, Sent, Unknown

PASSWORD = "geheim-und-lang"


def mail(**values: object) -> Message:
    return replace(message(Platform.EMAIL), **values)  # type: ignore[arg-type]


class TestTheMail:
    def test_is_what_was_written_with_a_way_out(self) -> None:
        sink = MailSink()
        with mail_server(sink) as port:
            (outcome,) = send(
                smtp(port, identity="Müller & Söhne <news@acme.example>"),
                mail(
                    title="Grüße aus Köln 🎉",
                    recipient_name='Jürgen "Jo" Groß, Dr.',
                    body_text="Guten Tag,\n\n.ein Punkt\nSchöne Grüße",
                    caption="PS: Äpfel",
                ),
            )
        (taken,) = sink.mails
        parsed = taken.parsed
        assert isinstance(outcome, Sent)
        assert outcome.external_id == parsed["Message-ID"]
        assert (taken.sender, taken.recipient) == ("news@acme.example", "lea@example.com")
        assert parsed["Subject"] == "Grüße aus Köln 🎉"
        assert parsed["From"].addresses[0].display_name == "Müller & Söhne"
        assert parsed["To"].addresses[0].display_name == 'Jürgen "Jo" Groß, Dr.'
        assert parsed["To"].addresses[0].addr_spec == "lea@example.com"
        assert parsed.get_content_type() == "text/plain"
        assert parsed.get_content_charset() == "utf-8"
        assert parsed.get_content().replace("\r\n", "\n") == (
            "Guten Tag,\n\n.ein Punkt\nSchöne Grüße\n\nPS: Äpfel\n\n"
            "-- \nAcme GmbH\nHauptstraße 1\n10115 Berlin\n"
            "Unsubscribe: https://mail.acme.example/unsubscribe/abc.def\n"
        )

    def test_can_be_unsubscribed_from_with_one_click(self) -> None:
        """RFC 8058."""
        link = "https://mail.acme.example/unsubscribe/" + "t" * 500
        sink = MailSink()
        with mail_server(sink) as port:
            send(smtp(port), mail(unsubscribe_url=link))
        (taken,) = sink.mails
        assert taken.parsed["List-Unsubscribe"] == f"<{link}>"
        assert taken.parsed["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert f"List-Unsubscribe: <{link}>\r\n".encode() in taken.raw, "whole, on one line"

    def test_carries_the_time_and_only_ascii(self, frozen_now: object) -> None:
        sink = MailSink()
        with mail_server(sink) as port:
            send(smtp(port), mail(title="ä" * 150, body_text="ö" * 3000))
        (taken,) = sink.mails
        assert parsedate_to_datetime(taken.parsed["Date"]) == NOW
        assert taken.raw.isascii()
        assert max(map(len, taken.raw.split(b"\r\n"))) <= 998
        assert b"\n" not in taken.raw.replace(b"\r\n", b"")

    def test_has_the_same_id_whenever_the_same_thing_is_sent_to_the_same_person(self) -> None:
        sink = MailSink()
        keys = ["item-1:lead-1", "item-1:lead-1", "item-1:lead-2", "item-2:lead-1"]
        with mail_server(sink) as port:
            for key in keys:
                send(smtp(port), mail(key=key))
        ids = [taken.parsed["Message-ID"] for taken in sink.mails]
        assert ids[0] == ids[1]
        assert len(set(ids)) == 3
        assert all(re.fullmatch(r"<[0-9a-f]{40}@acme\.example>", found) for found in ids)


class TestABatch:
    def test_goes_over_one_connection(self) -> None:
        sink = MailSink()
        with mail_server(sink, password=PASSWORD) as port:
            outcomes = send(smtp(port, user="me", password=PASSWORD), *(mail(key=str(number)) for number in range(5)))
        assert all(isinstance(outcome, Sent) for outcome in outcomes)
        assert len({taken.connection for taken in sink.mails}) == 1
        assert [command for command in sink.commands if command.startswith("AUTH")] == ["AUTH PLAIN"]

    def test_goes_on_after_a_refusal(self) -> None:
        sink = MailSink(says={"RCPT": "550 5.1.1 no such user"}, once=True)
        with mail_server(sink) as port:
            outcomes = send(smtp(port), mail(key="1"), mail(key="2"))
        assert isinstance(outcomes[0], Rejected)
        assert isinstance(outcomes[1], Sent)
        assert "RSET" in sink.commands
        assert len(sink.mails) == 1

    def test_is_continued_on_a_new_connection_when_the_server_hangs_up_between_two(self) -> None:
        sink = MailSink(hang_up_after=1)
        with mail_server(sink) as port, smtp(port).connect() as channel:
            outcomes = []
            for number in range(3):
                outcomes.append(channel.send(mail(key=str(number))))
                time.sleep(0.1)
        assert [type(outcome) for outcome in outcomes] == [Sent, Sent, Sent]
        assert len(sink.mails) == 3
        assert len({taken.connection for taken in sink.mails}) == 3

    def test_does_not_wait_again_for_a_server_that_is_not_there(self) -> None:
        def silent(connection: socket.socket) -> None:
            connection.recv(1)

        started = time.monotonic()
        with rude_mail_server(silent) as port:
            outcomes = send(smtp(port), *(mail(key=str(number)) for number in range(10)))
        assert all(isinstance(outcome, Deferred) for outcome in outcomes)
        assert time.monotonic() - started < LIMIT * 2

    def test_one_unknown_does_not_stop_the_others(self) -> None:
        sink = MailSink(lose_after_data=True)
        with mail_server(sink) as port, smtp(port).connect() as channel:
            first = channel.send(mail(key="1"))
            sink.lose_after_data = False
            second = channel.send(mail(key="2"))
        assert isinstance(first, Unknown)
        assert isinstance(second, Sent)


@pytest.mark.parametrize(
    ("says", "expected"),
    [
        ({"MAIL": "421 4.3.2 shutting down"}, Deferred),
        ({"MAIL": "451 4.3.0 later"}, Deferred),
        ({"MAIL": "550 5.7.1 not allowed"}, Deferred),
        ({"MAIL": "530 5.7.0 sign in first"}, Deferred),
        ({"MAIL": "552 5.3.4 too big"}, Rejected),
        ({"RCPT": "421 4.3.2 shutting down"}, Deferred),
        ({"RCPT": "450 4.2.0 greylisted"}, Deferred),
        ({"RCPT": "452 4.5.3 too many recipients"}, Deferred),
        ({"RCPT": "550 5.1.1 no such user"}, Rejected),
        ({"RCPT": "552 5.2.2 mailbox full"}, Rejected),
        ({"RCPT": "554 5.7.1 blocked"}, Rejected),
        ({"DATA": "421 4.3.2 shutting down"}, Deferred),
        ({"DATA": "451 4.3.0 later"}, Deferred),
        ({"DATA": "550 5.7.1 looks like spam"}, Rejected),
        ({"DATA": "554 5.6.0 not like this"}, Rejected),
    ],
    ids=str,
)
def test_the_outcome_follows_the_reply(says: dict[str, str], expected: type[Outcome]) -> None:
    sink = MailSink(says=dict(says))
    with mail_server(sink) as port:
        (outcome,) = send(smtp(port), mail())
    assert isinstance(outcome, expected)
    assert not isinstance(outcome, Sent)
    (said,) = says.values()
    assert said.split(" ", 1)[1] in outcome.reason
    assert said[:3] in outcome.reason
    assert sink.mails == []


@pytest.mark.parametrize(
    ("reply", "bounce"),
    [
        ("550 no such user", True),
        ("550 5.1.1 no such user", True),
        ("550 5.2.1 mailbox disabled", True),
        ("551 5.1.6 moved", True),
        ("553 5.1.3 bad address", True),
        ("550 5.7.1 relaying denied", False),
        ("550 5.4.1 no route", False),
        ("552 5.2.2 mailbox full", False),
        ("554 5.7.1 blocked", False),
    ],
)
def test_only_a_refusal_of_the_mailbox_itself_is_a_bounce(reply: str, bounce: bool) -> None:
    with mail_server(MailSink(says={"RCPT": reply})) as port:
        (outcome,) = send(smtp(port), mail())
    assert isinstance(outcome, Rejected)
    assert outcome.bounce is bounce


@pytest.mark.parametrize("command", ["MAIL", "RCPT"])
def test_a_connection_lost_before_the_data_is_deferred(command: str) -> None:
    sink = MailSink(lose_at=command)
    with mail_server(sink) as port:
        (outcome,) = send(smtp(port), mail())
    assert isinstance(outcome, Deferred)
    assert sink.commands.count(command) == 1, "a fresh connection is not tried twice"


def test_a_connection_lost_after_the_data_is_unknown_and_sent_once() -> None:
    sink = MailSink(lose_after_data=True)
    with mail_server(sink) as port:
        (outcome,) = send(smtp(port), mail())
    assert isinstance(outcome, Unknown)
    assert len(sink.mails) == 1


def test_a_refused_connection_is_deferred() -> None:
    (outcome,) = send(smtp(free_port()), mail())
    assert isinstance(outcome, Deferred)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        pytest.param({b"": b""}, Deferred, id="no greeting"),
        pytest.param({b"": b"220-"}, Deferred, id="half a greeting"),
        pytest.param({b"": b"HTTP/1.1 400 Bad Request\r\n\r\n"}, Deferred, id="another protocol"),
        pytest.param({b"": b"554 5.7.1 go away\r\n"}, Deferred, id="refused at the door"),
        pytest.param({b"": b"421 4.3.2 busy\r\n"}, Deferred, id="busy at the door"),
        pytest.param({b"MAIL": b""}, Deferred, id="silent at MAIL"),
        pytest.param({b"RCPT": DRIP}, Deferred, id="drips at RCPT"),
        pytest.param({b"DATA": b""}, Deferred, id="silent at DATA"),
        pytest.param({b"DATA": b"250 what?\r\n"}, Deferred, id="out of order at DATA"),
        pytest.param({b".": b""}, Unknown, id="silent after the data"),
        pytest.param({b".": DRIP}, Unknown, id="drips after the data"),
        pytest.param({b".": b"banana\r\n"}, Unknown, id="nonsense after the data"),
        pytest.param({b".": b"354 more?\r\n"}, Unknown, id="out of order after the data"),
    ],
)
def test_slow_and_odd_servers_are_cut_at_the_limit_and_judged_by_evidence(
    changed: dict[bytes, bytes], expected: type[Outcome]
) -> None:
    started = time.monotonic()
    with rude_mail_server(lambda connection: dialogue(connection, {**GOOD, **changed})) as port:
        (outcome,) = send(smtp(port), mail())
    assert isinstance(outcome, expected)
    assert time.monotonic() - started < LIMIT * 2


def test_a_goodbye_that_does_not_come_does_not_hold_up_the_worker() -> None:
    started = time.monotonic()
    with rude_mail_server(lambda connection: dialogue(connection, {**GOOD, b"QUIT": DRIP})) as port:
        (outcome,) = send(smtp(port), mail())
    assert isinstance(outcome, Sent)
    assert time.monotonic() - started < 4


@pytest.mark.parametrize(
    "changes",
    [
        {"unsubscribe_url": None},
        {"unsubscribe_url": ""},
        {"unsubscribe_url": "http://mail.acme.example/u/1"},
        {"unsubscribe_url": "https://mail.acme.example/u/1>\r\nBcc: all@example.com"},
        {"unsubscribe_url": "https://mail.acme.example/" + "u" * 900},
        {"recipient": None},
        {"recipient": "lea"},
        {"recipient": "lea@example.com, all@example.com"},
        {"recipient": "lea@example.com\r\nBcc: all@example.com"},
        {"recipient": "léa@example.com"},
        {"recipient_name": "Lea\r\nBcc: all@example.com"},
        {"title": "News\r\nBcc: all@example.com"},
        {"title": ""},
        {"body_text": "", "caption": ""},
        {"body_text": "NUL\x00"},
        {"postal_address": "Street\x00"},
        {"platform": Platform.LINKEDIN},
    ],
    ids=str,
)
def test_what_must_not_go_out_is_refused_before_anything_is_called(changes: dict[str, object]) -> None:
    asked: list[socket.socket] = []
    with rude_mail_server(asked.append) as port:
        (outcome,) = send(smtp(port), mail(**changes))
    assert isinstance(outcome, Rejected)
    assert not outcome.bounce
    assert asked == []


class TestEncryption:
    @pytest.fixture
    def trusted(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))

    @pytest.mark.usefixtures("trusted")
    @pytest.mark.parametrize("kind", ["starttls", "implicit_tls"])
    def test_sends_and_signs_in_over_tls(self, kind: str) -> None:
        sink = MailSink()
        with mail_server(sink, password=PASSWORD, **{kind: True}) as port:
            sender = smtp(port, user="me", password=PASSWORD, **{kind: True})
            (outcome,) = send(sender, mail())
            probe = sender.probe()
        assert isinstance(outcome, Sent)
        assert len(sink.mails) == 1
        assert probe.state is GatewayState.OK
        assert probe.facts["tls"] is True

    @pytest.mark.parametrize("kind", ["starttls", "implicit_tls"])
    def test_a_certificate_nobody_vouches_for_is_not_trusted(self, kind: str) -> None:
        sink = MailSink()
        with mail_server(sink, password=PASSWORD, **{kind: True}) as port:
            (outcome,) = send(smtp(port, user="me", password=PASSWORD, **{kind: True}), mail())
        assert isinstance(outcome, Deferred)
        assert outcome.hold
        assert sink.mails == []
        assert sink.commands == []

    def test_without_starttls_neither_password_nor_mail_is_sent(self) -> None:
        sink = MailSink()
        with mail_server(sink, password=PASSWORD) as port:
            sender = smtp(port, user="me", password=PASSWORD, starttls=True)
            (outcome,) = send(sender, mail())
            probe = sender.probe()
        assert isinstance(outcome, Deferred)
        assert outcome.hold
        assert "STARTTLS" in outcome.reason
        assert probe.state is GatewayState.DOWN
        assert sink.commands == []

    def test_a_refused_starttls_is_deferred(self) -> None:
        replies = dict(GOOD) | {
            b"EHLO": b"250-hello\r\n250 STARTTLS\r\n",
            b"STAR": b"454 4.7.0 TLS not available\r\n",
        }
        with rude_mail_server(lambda connection: dialogue(connection, replies)) as port:
            (outcome,) = send(smtp(port, starttls=True), mail())
        assert isinstance(outcome, Deferred)
        assert not outcome.hold
        assert "454" in outcome.reason

    def test_a_handshake_that_stalls_is_cut(self) -> None:
        def silent(connection: socket.socket) -> None:
            connection.recv(10_000)
            time.sleep(LIMIT * 3)

        started = time.monotonic()
        with rude_mail_server(silent) as port:
            (outcome,) = send(smtp(port, implicit_tls=True), mail())
        assert isinstance(outcome, Deferred)
        assert time.monotonic() - started < LIMIT * 2


class TestSigningIn:
    def test_a_wrong_password_is_no_fault_of_the_mails_and_shown_nowhere(self) -> None:
        sink = MailSink()
        with mail_server(sink, password=PASSWORD) as port:
            sender = smtp(port, user="me", password="falsches-passwort")
            first, second = send(sender, mail(key="1"), mail(key="2"))
            probe = sender.probe()
        assert isinstance(first, Deferred)
        assert first.hold, "it waits for a person"
        assert "535" in first.reason
        assert "user and password" in first.reason
        assert second == first
        assert probe.state is GatewayState.DOWN
        assert "535" in probe.detail
        assert "falsches-passwort" not in f"{first} {probe} {sender!r}"
        assert sink.mails == []

    def test_a_password_that_cannot_be_sent_is_said_without_it(self) -> None:
        with mail_server(MailSink(), password=PASSWORD) as port:
            first, second = send(smtp(port, user="me", password="pässwörd"), mail(key="1"), mail(key="2"))
        assert isinstance(first, Deferred)
        assert second == first
        assert first.hold
        assert "ASCII" in first.reason
        assert "pässwörd" not in first.reason

    def test_a_temporary_failure_is_deferred(self) -> None:
        replies = dict(GOOD) | {
            b"EHLO": b"250-hello\r\n250 AUTH PLAIN\r\n",
            b"AUTH": b"454 4.7.0 temporary\r\n",
        }
        with rude_mail_server(lambda connection: dialogue(connection, replies)) as port:
            (outcome,) = send(smtp(port, user="me", password=PASSWORD), mail())
        assert isinstance(outcome, Deferred)


class TestTheProbe:
    def test_connects_signs_in_says_noop_and_never_begins_a_mail(self) -> None:
        sink = MailSink()
        with mail_server(sink, password=PASSWORD) as port:
            probe = smtp(port, user="me", password=PASSWORD).probe()
        assert probe.state is GatewayState.OK
        assert probe.latency_ms is not None
        assert probe.latency_ms > 0
        assert sink.commands == ["AUTH PLAIN", "NOOP"]
        assert probe.facts["port"] == port

    def test_says_what_is_wrong_when_nobody_is_there(self) -> None:
        probe = smtp(free_port()).probe()
        assert probe.state is GatewayState.DOWN
        assert "refused" in probe.detail

    def test_a_server_that_does_not_like_noop_is_down(self) -> None:
        with mail_server(MailSink(says={"NOOP": "421 4.3.2 going"})) as port:
            probe = smtp(port).probe()
        assert probe.state is GatewayState.DOWN
        assert "421" in probe.detail

"""Where mail goes, and what a reply is evidence of."""

from __future__ import annotations

import pytest

from workbench.gateways.base import Deferred, Outcome, Rejected, Sent, Unknown
from workbench.gateways.smtp import SmtpServer
from workbench.gateways.smtp_replies import SmtpReply, classify_reply


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example.com", SmtpServer("mail.example.com", 587, None, False, True)),
        ("smtp://me%40x.de@mail.example.com:2525", SmtpServer("mail.example.com", 2525, "me@x.de", False, True)),
        ("smtps://me@mail.example.com", SmtpServer("mail.example.com", 465, "me", True, False)),
        ("smtp://localhost:1025", SmtpServer("localhost", 1025, None, False, False)),
        ("smtp://127.0.0.1:1025", SmtpServer("127.0.0.1", 1025, None, False, False)),
        ("smtp://[::1]:1025", SmtpServer("::1", 1025, None, False, False)),
        ("smtp://10.0.0.5:25", SmtpServer("10.0.0.5", 25, None, False, True)),
        ("smtp://localhost.example.com", SmtpServer("localhost.example.com", 587, None, False, True)),
    ],
)
def test_only_a_server_on_this_machine_may_do_without_tls(url: str, server: SmtpServer) -> None:
    assert SmtpServer.from_url(url) == server


@pytest.mark.parametrize(
    ("stage", "code", "expected"),
    [
        ("end", 250, Sent),
        ("end", 200, Sent),
        ("end", 354, Unknown),
        ("end", -1, Unknown),
        ("end", 421, Deferred),
        ("end", 451, Deferred),
        ("end", 554, Rejected),
        ("connect", 220, Deferred),
        ("connect", 421, Deferred),
        ("connect", 554, Deferred),
        ("starttls", 502, Deferred),
        ("starttls", 454, Deferred),
        ("auth", 454, Deferred),
        ("auth", 535, Deferred),
        ("mail", -1, Deferred),
        ("mail", 250, Deferred),
        ("mail", 530, Deferred),
        ("mail", 550, Deferred),
        ("mail", 552, Rejected),
        ("rcpt", 450, Deferred),
        ("rcpt", 550, Rejected),
        ("data", 250, Deferred),
        ("data", 554, Rejected),
    ],
)
def test_a_reply_is_evidence_of_one_outcome(stage: str, code: int, expected: type[Outcome]) -> None:
    assert isinstance(classify_reply(SmtpReply(stage, code, "text"), "<id>"), expected)


@pytest.mark.parametrize(
    ("stage", "code", "hold"),
    [
        ("connect", 554, True),
        ("connect", 421, False),
        ("starttls", 502, True),
        ("starttls", 454, False),
        ("auth", 535, True),
        ("auth", 454, False),
        ("mail", 550, True),
        ("mail", 451, False),
        ("rcpt", 450, False),
        ("end", 451, False),
    ],
)
def test_a_refusal_of_the_account_waits_for_a_person_and_a_passing_one_does_not(
    stage: str, code: int, hold: bool
) -> None:
    outcome = classify_reply(SmtpReply(stage, code, "text"), "<id>")
    assert isinstance(outcome, Deferred)
    assert outcome.hold is hold


@pytest.mark.parametrize("stage", ["data", "end"])
def test_only_the_recipients_refusal_can_be_a_bounce(stage: str) -> None:
    outcome = classify_reply(SmtpReply(stage, 550, "5.1.1 no"), "<id>")
    assert isinstance(outcome, Rejected)
    assert not outcome.bounce

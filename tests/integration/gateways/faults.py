"""Every way in which the servers of the tests misbehave, as something an adapter can be sent against."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from tests.integration.gateways.making import smtp
from tests.servers import (
    DRIP,
    GOOD,
    RESET,
    Behaviour,
    HttpServer,
    MailSink,
    Received,
    answer,
    dialogue,
    drip,
    free_port,
    half_a_head,
    hang_up,
    mail_server,
    nonsense,
    reset,
    rude_mail_server,
    stall,
)
from workbench.clock import now
from workbench.enums import Platform
from workbench.gateways.base import Sender
from workbench.gateways.outbox import OutboxSender

#: The hard limit of a call, in seconds: of one that is waited out, and of one that is answered (a busy machine may be
#: slow).
SHORT, LONG = 0.5, 5.0
#: All that RFC 9110 and its extensions name from 400 to 429, the odd ones, and every kind of 5xx.
STATUSES = (*range(400, 430), 431, 451, *range(500, 512), 520, 599)
PASSWORD = "not-a-real-one"
#: What each far side answers when it is well.
POSTED = {"active": True, "data": {"id": "1", "username": "acme"}}
FOUND = {"people": [], "healthy": True, "is_logged_in": True}
WRITTEN = {"choices": [{"finish_reason": "stop", "message": {"content": "Hello"}}], "data": [{"id": "small"}]}


@dataclass(frozen=True)
class Fault:
    """A misbehaviour. ``status``: it is nothing but an answer with this status."""

    name: str
    #: The far side, for as long as the block lasts: yields what the adapter is to be given of it.
    far_side: Callable[[], AbstractContextManager[str]]
    status: int | None = None
    seconds: float = LONG


def _http(
    name: str,
    behave: Behaviour,
    *,
    deaf: bool = False,
    tls: bool = False,
    status: int | None = None,
    seconds: float = LONG,
) -> Fault:
    @contextmanager
    def far_side() -> Iterator[str]:
        with HttpServer(behave, tls=tls) as server:
            server.deaf = deaf
            yield server.url

    return Fault(name, far_side, status, seconds)


def _in_time(connection: socket.socket, request: Received) -> None:
    time.sleep(0.1)
    answer(201, WRITTEN if request.path.startswith("/v1") else POSTED | FOUND)(connection, request)


def _at(header: str) -> Behaviour:
    """429, naming a time an hour away in ``header``, in seconds since 1970."""

    def behave(connection: socket.socket, request: Received) -> None:
        named = {header: str(int(now().timestamp()) + 3600), header.replace("reset", "remaining"): "0"}
        answer(429, {}, headers=named)(connection, request)

    return behave


@contextmanager
def _nobody() -> Iterator[str]:
    yield f"http://127.0.0.1:{free_port()}"


@contextmanager
def _unknown_host() -> Iterator[str]:
    """No name is looked up for real: that would ask a server outside."""
    with patch("socket.getaddrinfo", side_effect=socket.gaierror(-2, "Name or service not known")):
        yield "http://127.0.0.1:9"


@contextmanager
def _stalled_handshake() -> Iterator[str]:
    with rude_mail_server(_mute) as port:
        yield f"https://localhost:{port}"


def _mute(connection: socket.socket) -> None:
    while connection.recv(10_000):
        pass


DUPLICATE = {"detail": "You are not allowed to create a Tweet with duplicate content.", "message": "duplicate"}

HTTP: tuple[Fault, ...] = (
    _http("slow, but in time", _in_time),
    _http("201 with broken JSON", answer(201, body=b"{broken")),
    _http("201 with nothing in it", answer(201, body=b"")),
    _http("201 with half of its body", answer(201, {}, promise=1000)),
    _http("201, then a body without end", drip(b"HTTP/1.1 201 Created\r\n\r\n"), seconds=SHORT),
    *(_http(str(status), answer(status, {}), status=status) for status in (301, 302, 303, 307, 308)),
    *(_http(str(status), answer(status, {}), status=status) for status in STATUSES),
    _http("403, duplicate content", answer(403, DUPLICATE)),
    _http("422 with half of its body", answer(422, {}, promise=1000)),
    _http("429 with Retry-After", answer(429, {}, headers={"Retry-After": "3600"})),
    _http("429 with x-rate-limit-reset", _at("x-rate-limit-reset")),
    _http("503 with Retry-After", answer(503, {}, headers={"Retry-After": "3600"})),
    _http("no answer", stall, seconds=SHORT),
    _http("a byte now and then, before the status", drip(b""), seconds=SHORT),
    _http("a byte now and then, in the headers", drip(b"HTTP/1.1 201 Created\r\nX-A: "), seconds=SHORT),
    _http("half an answer: breaks off in the headers", half_a_head),
    _http("hangs up without a word", hang_up),
    _http("connection reset after the request was read", reset),
    _http("connection reset before the request was read", reset, deaf=True),
    _http("speaks another protocol", nonsense),
    Fault("nobody listens", _nobody),
    Fault("host name not found", _unknown_host),
    _http("certificate nobody vouches for", answer(201, {}), tls=True),
    Fault("TLS handshake stalls", _stalled_handshake, seconds=SHORT),
)


@dataclass(frozen=True)
class MailFault:
    """A misbehaviour of a mail server, and the account it is shown to."""

    name: str
    sender: Callable[[], AbstractContextManager[Sender]]


def _mail(
    name: str, changed: Mapping[bytes, bytes], *, starttls: bool = False, password: bool = False, seconds: float = LONG
) -> MailFault:
    @contextmanager
    def sender() -> Iterator[Sender]:
        with rude_mail_server(lambda connection: dialogue(connection, {**GOOD, **changed})) as port:
            user = {"user": "me", "password": PASSWORD} if password else {}
            yield smtp(port, seconds=seconds, starttls=starttls, **user)

    return MailFault(name, sender)


def _real(name: str, sink: Callable[[], MailSink], *, wrong: bool = False, **tls: bool) -> MailFault:
    @contextmanager
    def sender() -> Iterator[Sender]:
        with mail_server(sink(), password=PASSWORD, **tls) as port:
            yield smtp(port, user="me", password="wrong" if wrong else PASSWORD, seconds=LONG, **tls)

    return MailFault(name, sender)


@contextmanager
def _nobody_by_mail() -> Iterator[Sender]:
    yield smtp(free_port(), seconds=LONG)


@contextmanager
def _unknown_mail_host() -> Iterator[Sender]:
    with patch("socket.getaddrinfo", side_effect=socket.gaierror(-2, "Name or service not known")):
        yield smtp(9, seconds=LONG)


def _at_every_step(what: str, reply: bytes) -> Iterator[MailFault]:
    steps = {b"": "greeting", b"MAIL": "sender", b"RCPT": "recipient", b"DATA": "DATA command", b".": "text"}
    for verb, step in steps.items():
        yield _mail(f"{what} {step}", {verb: reply}, seconds=SHORT if reply in (b"", DRIP) else LONG)


_STARTTLS = {b"EHLO": b"250-hello\r\n250 STARTTLS\r\n"}
_AUTH = {b"EHLO": b"250-hello\r\n250 AUTH PLAIN\r\n"}

SMTP: tuple[MailFault, ...] = (
    _mail("a refused goodbye", {b"QUIT": b"500 what?\r\n"}),
    _mail("silent at the goodbye", {b"QUIT": b""}),
    *_at_every_step("421 at the", b"421 4.3.2 shutting down\r\n"),
    *_at_every_step("451 at the", b"451 4.3.0 later\r\n"),
    *_at_every_step("554 at the", b"554 5.7.1 no\r\n"),
    _mail("530 at the sender: sign in first", {b"MAIL": b"530 5.7.0 Authentication required\r\n"}),
    _mail("552 at the sender: too big", {b"MAIL": b"552 5.3.4 too big\r\n"}),
    _mail("550 at the recipient: no such mailbox", {b"RCPT": b"550 5.1.1 no such user\r\n"}),
    _mail("550 at the recipient: policy", {b"RCPT": b"550 5.7.1 not from you\r\n"}),
    _mail("552 at the recipient: mailbox full", {b"RCPT": b"552 5.2.2 full\r\n"}),
    *_at_every_step("no answer at the", b""),
    *_at_every_step("a byte now and then at the", DRIP),
    *_at_every_step("connection reset at the", RESET),
    *_at_every_step("nonsense at the", b"banana\r\n"),
    _real("connection lost when the text has arrived", lambda: MailSink(lose_after_data=True)),
    _real("password refused (535)", MailSink, wrong=True),
    _mail("password check fails for now (454)", _AUTH | {b"AUTH": b"454 4.7.0 later\r\n"}, password=True),
    _mail("no AUTH offered", {}, password=True),
    _mail("no STARTTLS offered", {}, starttls=True),
    _mail("STARTTLS refused (502)", _STARTTLS | {b"STAR": b"502 5.5.1 no\r\n"}, starttls=True),
    _mail("STARTTLS fails for now (454)", _STARTTLS | {b"STAR": b"454 4.7.0 later\r\n"}, starttls=True),
    _mail("STARTTLS, then no handshake", _STARTTLS | {b"STAR": b"220 go\r\n"}, starttls=True, seconds=SHORT),
    _real("certificate nobody vouches for, by STARTTLS", MailSink, starttls=True),
    _real("certificate nobody vouches for, TLS from the start", MailSink, implicit_tls=True),
    MailFault("nobody listens", _nobody_by_mail),
    MailFault("host name not found", _unknown_mail_host),
)


@contextmanager
def blocked_outbox(platform: Platform, folder: Path) -> Iterator[Sender]:
    """An outbox that cannot be written, for whoever is asked: a file stands where its folder should be."""
    blocked = folder / "a file"
    blocked.write_text("in the way")
    yield OutboxSender(platform, blocked, account="simulation")
    blocked.unlink()

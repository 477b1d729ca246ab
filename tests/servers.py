"""Small real servers on loopback that behave as the documentation says, and misbehave when told to.

HTTP: a server hands every request to its ``behave`` function, which owns the connection from then on. SMTP:
aiosmtpd, with a handler that keeps the mails and answers what it is told to. Both count what they accepted.
"""

from __future__ import annotations

import json as json_module
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as modern
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

#: Certificate and key of "localhost", for tests only. It is its own authority.
CERTIFICATE = Path(__file__).with_name("localhost.pem")


def free_port() -> int:
    """A port on which nobody listens."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# HTTP


@dataclass(frozen=True)
class Received:
    """A request that was read whole."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json_module.loads(self.body)


Behaviour = Callable[[socket.socket, Received], None]


def answer(
    status: int,
    json: Any = None,
    *,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    promise: int = 0,
) -> Behaviour:
    """Answer and close. ``promise`` more bytes are announced than come: half an answer."""
    content = body if body is not None else json_module.dumps({} if json is None else json).encode()
    fields = {"Content-Type": "application/json", "Content-Length": str(len(content) + promise)} | dict(headers or {})
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())

    def behave(connection: socket.socket, _request: Received) -> None:
        connection.sendall(f"HTTP/1.1 {status} Said\r\n{head}Connection: close\r\n\r\n".encode() + content)

    return behave


def reset(connection: socket.socket, _request: Received | None = None) -> None:
    """Hang up the hard way: the caller gets "connection reset"."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def hang_up(_connection: socket.socket, _request: Received) -> None:
    """Read everything, say nothing, close."""


def half_a_head(connection: socket.socket, _request: Received) -> None:
    """Break off in the middle of the headers."""
    connection.sendall(b"HTTP/1.1 201 Created\r\nContent-Ty")


def nonsense(connection: socket.socket, _request: Received) -> None:
    """Speak something that is not HTTP."""
    connection.sendall(b"220 mail.example.com ESMTP\r\n")


def stall(connection: socket.socket, _request: Received) -> None:
    """Say nothing until the caller gives up."""
    with suppress(OSError):
        connection.recv(1)


def drip(start: bytes, drop: bytes = b"x") -> Behaviour:
    """Send a little, again and again, so that no pause is ever long: only a limit of the whole call helps."""

    def behave(connection: socket.socket, _request: Received) -> None:
        with suppress(OSError):
            connection.sendall(start)
            while True:
                connection.sendall(drop)
                time.sleep(0.05)

    return behave


class HttpServer:
    """One thread per connection. Set ``behave`` (or ``deaf``: reset without reading); look at ``received``.

    ``tls``: speaks TLS, with the certificate of "localhost" that only a test trusts.
    """

    def __init__(self, behave: Behaviour | None = None, *, tls: bool = False) -> None:
        self.behave: Behaviour = behave or answer(200)
        self._tls = tls_context() if tls else None
        self.deaf = False
        self.received: list[Received] = []
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._accept, daemon=True)

    @property
    def url(self) -> str:
        start = "https://localhost" if self._tls else "http://127.0.0.1"
        return f"{start}:{self._listener.getsockname()[1]}"

    def __enter__(self) -> HttpServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with closing(connection), suppress(OSError):
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            if self.deaf:
                connection.recv(1, socket.MSG_PEEK)  # it is there, and stays unread
                reset(connection)
                return
            request = _read_request(connection)
            if request is not None:
                self.received.append(request)
                self.behave(connection, request)


def _read_request(connection: socket.socket) -> Received | None:
    stream = connection.makefile("rb")
    first = stream.readline().decode().split()
    if len(first) != 3:
        return None
    headers: dict[str, str] = {}
    while (line := stream.readline().decode("latin-1").strip()) != "":
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    body = stream.read(int(headers.get("content-length", 0)))
    return Received(first[0], first[1], headers, body)


# SMTP


@dataclass
class Mail:
    """One accepted mail."""

    sender: str
    recipient: str
    raw: bytes
    connection: int

    @property
    def parsed(self) -> EmailMessage:
        found = message_from_bytes(self.raw, policy=modern)
        assert isinstance(found, EmailMessage)
        return found


@dataclass
class MailSink:
    """Keeps the mails; ``says`` maps MAIL, RCPT, DATA, NOOP or RSET to another answer than yes.

    ``once``: it says so only the first time. ``lose_after_data``: the connection is lost when the mail has arrived.
    ``lose_at``: at this command. ``hang_up_after``: politely, after so many mails on one connection.
    """

    says: dict[str, str] = field(default_factory=dict)
    once: bool = False
    lose_after_data: bool = False
    lose_at: str | None = None
    wants_password: bool = False
    hang_up_after: int = 0
    mails: list[Mail] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if said := self._at(server, "MAIL"):
            return said
        if self.wants_password and not session.authenticated:
            return "530 5.7.0 Authentication required"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if said := self._at(server, "RCPT"):
            return said
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if said := self._at(server, "DATA"):
            return said
        content = envelope.content
        assert isinstance(content, bytes)
        self.mails.append(Mail(envelope.mail_from or "", envelope.rcpt_tos[0], content, session.peer[1]))
        if self.lose_after_data:
            server.transport.abort()
        elif self.hang_up_after and len(self.mails) % self.hang_up_after == 0:
            server.loop.call_later(0.02, server.transport.close)
        return "250 2.0.0 Taken"

    async def handle_NOOP(self, server: SMTP, _session: Session, _envelope: Envelope, _arg: str) -> str:  # noqa: N802
        return self._at(server, "NOOP") or "250 OK"

    async def handle_RSET(self, server: SMTP, _session: Session, _envelope: Envelope) -> str:  # noqa: N802
        return self._at(server, "RSET") or "250 OK"

    def _at(self, server: SMTP, command: str) -> str | None:
        self.commands.append(command)
        if self.lose_at == command:
            server.transport.abort()
        said = self.says.pop(command, None) if self.once else self.says.get(command)
        if said and said.startswith("421"):
            server.loop.call_later(0.02, server.transport.close)
        return said


@contextmanager
def mail_server(
    sink: MailSink, *, password: str | None = None, starttls: bool = False, implicit_tls: bool = False
) -> Iterator[int]:
    """Runs until the block ends; yields the port. With ``password`` it wants one (any user)."""

    def check(_server: SMTP, _session: Session, _envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        good = isinstance(data, LoginPassword) and data.password.decode() == password
        sink.commands.append(f"AUTH {mechanism}")
        return AuthResult(success=good, handled=False)  # the server itself then says 235 or 535

    options: dict[str, Any] = {}
    if password is not None:
        sink.wants_password = True
        options |= {"authenticator": check, "auth_require_tls": False}
    if starttls:
        options |= {"tls_context": tls_context(), "require_starttls": True}
    controller = Controller(
        sink,
        hostname="127.0.0.1",
        port=free_port(),
        ssl_context=tls_context() if implicit_tls else None,
        **options,
    )
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


def tls_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


@contextmanager
def rude_mail_server(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """A bare listener for what aiosmtpd cannot be told to do: ``talk`` owns each connection."""
    listener = socket.create_server(("127.0.0.1", 0))
    opened: list[socket.socket] = []

    def serve(connection: socket.socket) -> None:
        with closing(connection), suppress(OSError):
            talk(connection)

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            opened.append(connection)
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield int(listener.getsockname()[1])
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()
        for connection in opened:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()


#: What an ordinary mail server answers to each command, by its first four letters ("": the greeting).
GOOD: Mapping[bytes, bytes] = {
    b"EHLO": b"250 hello\r\n",
    b"MAIL": b"250 OK\r\n",
    b"RCPT": b"250 OK\r\n",
    b"DATA": b"354 go on\r\n",
    b".": b"250 OK\r\n",
    b"NOOP": b"250 OK\r\n",
    b"RSET": b"250 OK\r\n",
    b"QUIT": b"221 bye\r\n",
}
#: In place of an answer: one byte now and then, and a connection that is reset.
DRIP, RESET = b"DRIP", b"RESET"


def dialogue(connection: socket.socket, replies: Mapping[bytes, bytes]) -> None:
    """A mail server in a few lines. An empty reply means silence."""
    if not _say(connection, replies.get(b"", b"220 here\r\n")):
        return
    for line in connection.makefile("rb"):
        if not _say(connection, replies.get(line.strip().upper()[:4], b"")):
            return


def _say(connection: socket.socket, reply: bytes) -> bool:
    """Whether the talk goes on."""
    if reply == RESET:
        reset(connection)
        return False
    if reply == DRIP:
        connection.sendall(b"250-")
        while True:
            connection.sendall(b"x")
            time.sleep(0.05)
    connection.sendall(reply)
    return True

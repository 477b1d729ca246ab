"""Everything the workers send to: a mail server and the two platforms. It counts what it accepted, on disk."""

from __future__ import annotations

import asyncio
import json
import os
import random
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import default as modern
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.servers import HttpServer, MailSink, Received, answer, mail_server

#: The mail server refuses every address that begins so, for good.
REFUSED = "refused"


@dataclass(frozen=True)
class Accepted:
    """One message that was taken: which, when (CLOCK_MONOTONIC, the same in all processes), by what name."""

    gateway: str
    account: str
    text: str
    recipient: str
    external_id: str
    at: float
    #: By the wall clock, in UTC.
    minute: str

    @property
    def identity(self) -> tuple[str, str, str]:
        return (self.gateway, self.text, self.recipient)


@dataclass
class FarSide:
    """What arrived. ``begun``: when a message began to come in, whatever became of it."""

    journal: Path
    #: Seconds it thinks about a message, at most.
    slowness: float = 0.0
    accepted: list[Accepted] = field(default_factory=list)
    begun: list[tuple[float, str, str]] = field(default_factory=list)
    mail_port: int = 0
    http_url: str = ""

    def __post_init__(self) -> None:
        self._file = os.open(self.journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._lock = threading.Lock()
        self._chance = random.Random(0)

    def accept(self, gateway: str, account: str, text: str, recipient: str, external_id: str) -> None:
        """It counts from here on, and only then the sender hears of it."""
        with self._lock:
            one = Accepted(gateway, account, text, recipient, external_id, time.monotonic(), _minute())
            os.write(self._file, (json.dumps(vars(one)) + "\n").encode())
            self.accepted.append(one)

    def begin(self, gateway: str, account: str) -> None:
        self.begun.append((time.monotonic(), gateway, account))

    def think(self) -> float:
        return self._chance.uniform(0, self.slowness)

    def accounts(self, **limits: Any) -> list[dict[str, Any]]:
        """Two of each platform, as :class:`Account` takes them; ``limits`` are for LinkedIn's."""
        smtp = f"smtp://127.0.0.1:{self.mail_port}"
        much = {"per_minute": 1_000_000, "per_day": 1_000_000}
        found = []
        for name in ("acme", "beta"):
            mail = {"name": name, "platform": "email", "identity": f"{name}@mail.example", "base_url": smtp}
            post = {"name": name, "platform": "linkedin", "identity": f"urn:li:organization:{name}"}
            short = {"name": name, "platform": "twitter", "identity": f"@{name}"}
            found += [mail | much, post | much | {"base_url": self.http_url} | limits]
            found.append(short | much | {"base_url": self.http_url})
        return found

    def close(self) -> None:
        os.close(self._file)


def _minute() -> str:
    return time.strftime("%Y-%m-%dT%H:%M", time.gmtime())


class _Sink(MailSink):
    def __init__(self, far: FarSide) -> None:
        super().__init__()
        self._far = far

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self._far.begin("email", address.partition("@")[0])
        return await super().handle_MAIL(server, session, envelope, address, options)

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.startswith(REFUSED):
            return "550 5.1.1 No such mailbox"
        return await super().handle_RCPT(server, session, envelope, address, options)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        await asyncio.sleep(self._far.think())
        content = envelope.content
        assert isinstance(content, bytes)
        mail = message_from_bytes(content, policy=modern)
        self._far.accept(
            "email",
            (envelope.mail_from or "").partition("@")[0],
            mail["Subject"],
            envelope.rcpt_tos[0],
            str(mail["Message-ID"]),
        )
        return "250 2.0.0 Taken"


def _platforms(far: FarSide) -> Any:
    def behave(connection: socket.socket, request: Received) -> None:
        if request.method != "POST":  # a probe
            answer(200)(connection, request)
            return
        gateway, field_name = ("x", "text") if request.path.endswith("/2/tweets") else ("linkedin", "commentary")
        account = request.headers["authorization"].removeprefix("Bearer ")
        far.begin(gateway, account)
        time.sleep(far.think())
        text = request.json[field_name]
        name = f"{gateway}-{text.rpartition(' ')[2]}"
        far.accept(gateway, account, text, "", name)
        said = answer(201, {"data": {"id": name}}, headers={"x-restli-id": name})
        said(connection, request)

    return behave


@contextmanager
def far_side(journal: Path, slowness: float = 0.0) -> Iterator[FarSide]:
    far = FarSide(journal, slowness)
    with mail_server(_Sink(far)) as port, HttpServer(_platforms(far)) as platforms:
        far.mail_port, far.http_url = port, platforms.url
        yield far
    far.close()

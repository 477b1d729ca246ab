"""A mail server in a process of its own, so that it does not share an interpreter with what is measured."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection

from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.servers import MailSink, mail_server


class _Sink(MailSink):
    """Answers a mail after ``seconds``, as a server that has to store it does."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self._seconds:
            await asyncio.sleep(self._seconds)
        return await super().handle_DATA(server, session, envelope)


@dataclass(frozen=True)
class Taken:
    """What the server took since it was last asked."""

    mails: int
    #: The last one, byte for byte.
    raw: bytes


@dataclass(frozen=True)
class Sink:
    """The way to the server."""

    port: int
    _line: Connection

    def taken(self) -> Taken:
        self._line.send("taken")
        answer: Taken = self._line.recv()
        return answer


@contextmanager
def running(seconds: float = 0.0) -> Iterator[Sink]:
    """A server on loopback that takes every mail, and says so ``seconds`` after it has all of it."""
    processes = multiprocessing.get_context("spawn")
    ours, theirs = processes.Pipe()
    process = processes.Process(target=_serve, args=(theirs, seconds), daemon=True)
    process.start()
    try:
        yield Sink(ours.recv(), ours)
    finally:
        ours.send("end")
        process.join()


def _serve(line: Connection, seconds: float) -> None:
    sink = _Sink(seconds)
    with mail_server(sink) as port:
        line.send(port)
        while line.recv() == "taken":
            line.send(Taken(len(sink.mails), sink.mails[-1].raw if sink.mails else b""))
            sink.mails.clear()
            sink.commands.clear()

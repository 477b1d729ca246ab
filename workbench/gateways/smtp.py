"""E-mail by SMTP: one connection for a batch, TLS before any password, and an honest end to every dialogue."""

from __future__ import annotations

import smtplib
import socket
import ssl
import time
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

from workbench import server_urls
from workbench.accounts import Account
from workbench.enums import Gateway, GatewayState, Platform
from workbench.gateways.base import Adapter, Finding, Message, NoProof, NotAccepted, Outcome, Sent
from workbench.gateways.mail import Email, build_email, sender_mailbox
from workbench.gateways.smtp_replies import SmtpReply, classify_reply
from workbench.gateways.watchdog import Watchdog

SUBMISSION_PORT: Final = 587
TLS_PORT: Final = 465
#: What keeps a connection from being made until a person mends the account: a password that cannot be sent, no
#: STARTTLS or AUTH where it is needed, a certificate that nobody vouches for.
_FOR_A_PERSON: Final = (UnicodeEncodeError, smtplib.SMTPNotSupportedError, ssl.SSLCertVerificationError)
#: How long a polite goodbye may take.
QUIT_SECONDS: Final = 2.0


@dataclass(frozen=True)
class SmtpServer:
    """Where to deliver. ``implicit_tls``: TLS from the start. ``starttls``: nothing is said before it."""

    host: str
    port: int
    user: str | None
    implicit_tls: bool
    starttls: bool

    @classmethod
    def from_url(cls, url: str) -> SmtpServer:
        """From ``smtp://user@host:587`` (STARTTLS, which only a server on this machine may do without) or
        ``smtps://user@host:465``. Raises ValueError for anything else."""
        parts = server_urls.smtp(url)
        implicit = parts.scheme == "smtps"
        return cls(
            host=parts.hostname or "",
            port=parts.port or (TLS_PORT if implicit else SUBMISSION_PORT),
            user=unquote(parts.username) if parts.username else None,
            implicit_tls=implicit,
            starttls=not implicit and not server_urls.is_loopback(parts.hostname),
        )


class SmtpLine:
    """The connection of one batch: made at the first message, made again when the server hung up between two."""

    def __init__(self) -> None:
        self.watchdog = Watchdog()
        self.smtp: smtplib.SMTP | None = None
        #: Connecting failed: the rest of the batch is not made to wait for the same.
        self.fault: NotAccepted | SmtpReply | None = None

    def drop(self) -> None:
        """Close without a word."""
        if self.smtp is not None:
            self.smtp.close()
            self.smtp = None
        self.watchdog.forget()


class SmtpSender(Adapter[SmtpLine, Email, SmtpReply]):
    """Sends from one mailbox. ``server`` is taken from the account's base_url unless given."""

    gateway = Gateway.EMAIL
    platform = Platform.EMAIL

    def __init__(self, account: Account, *, seconds: float, server: SmtpServer | None = None) -> None:
        super().__init__(account.name, account.secret)
        self._account, self._seconds = account, seconds
        self._server = server or SmtpServer.from_url(account.base_url or "")

    def open(self) -> SmtpLine:
        return SmtpLine()

    def close(self, line: SmtpLine) -> None:
        if line.smtp is not None:
            try:
                with line.watchdog.limit(QUIT_SECONDS):
                    line.smtp.quit()
            except (OSError, smtplib.SMTPException):
                pass  # what was sent is sent, goodbye or not
        line.drop()
        line.watchdog.close()

    def build(self, message: Message) -> Email:
        return build_email(message, self._account.identity)

    def call(self, line: SmtpLine, request: Email) -> SmtpReply:
        if line.fault is not None:
            if isinstance(line.fault, SmtpReply):
                return line.fault
            raise NotAccepted(str(line.fault), hold=line.fault.hold)
        try:
            with line.watchdog.limit(self._seconds):
                return self._deliver(line, request)
        except _Refused as refusal:
            line.drop()
            line.fault = refusal.reply
            return refusal.reply

    def classify(self, reply: SmtpReply, request: Email) -> Outcome:
        return classify_reply(reply, request.message_id)

    def look(self) -> Finding:
        """Connect, TLS, AUTH and NOOP. Never MAIL FROM."""
        line = self.open()
        try:
            with line.watchdog.limit(self._seconds):
                smtp = self._connect(line)
                code, text = smtp.noop()
                facts = _facts(smtp, self._server)
        except _Refused as refusal:
            outcome = classify_reply(refusal.reply, "")
            return Finding(GatewayState.DOWN, outcome.reason if not isinstance(outcome, Sent) else "")
        except (OSError, smtplib.SMTPException, UnicodeEncodeError) as error:
            raise NotAccepted(self._reason(line, error)) from error
        finally:
            self.close(line)
        if code != 250:
            return Finding(GatewayState.DOWN, f"The mail server answered {code} to NOOP: {_words(text)}", facts)
        signed_in = f"signed in as {self._server.user}" if self._server.user else "without a password"
        return Finding(GatewayState.OK, f"The mail server answers, {signed_in}.", facts)

    def _deliver(self, line: SmtpLine, request: Email) -> SmtpReply:
        fresh = line.smtp is None
        try:
            smtp = line.smtp or self._connect(line)
        except (OSError, smtplib.SMTPException, UnicodeEncodeError) as error:
            line.fault = NotAccepted(self._reason(line, error), hold=isinstance(error, _FOR_A_PERSON))
            line.drop()
            raise line.fault from error
        payload = _payload(request)
        sending = False
        try:
            try:
                reply = _envelope(smtp, request, len(payload))
            except (OSError, smtplib.SMTPServerDisconnected):
                if fresh or line.watchdog.expired:
                    raise
                # The server hung up between two messages, as it may. Nothing of this one was accepted.
                line.drop()
                return self._deliver(line, request)
            if reply is None:
                sending = True
                smtp.send(payload)
                code, text = smtp.getreply()
                reply = SmtpReply("end", code, _words(text))
        except (OSError, smtplib.SMTPException) as error:
            reason = self._reason(line, error)
            line.drop()
            raise (NoProof(f"{reason} The mail may have gone out.") if sending else NotAccepted(reason)) from error
        if reply.code == 421 or reply.code < 0:
            line.drop()
        elif reply.stage in ("mail", "rcpt", "data"):
            self._reset(line, smtp)
        return reply

    def _reset(self, line: SmtpLine, smtp: smtplib.SMTP) -> None:
        """After a refusal in the middle: a server that does not take a reset starts the next mail afresh."""
        try:
            if smtp.rset()[0] != 250:
                line.drop()
        except (OSError, smtplib.SMTPException):
            line.drop()

    def _connect(self, line: SmtpLine) -> smtplib.SMTP:
        """Connected, encrypted and signed in. Raises what smtplib raises, and :class:`_Refused` with the reply."""
        server = self._server
        context = ssl.create_default_context() if server.implicit_tls or server.starttls else None
        started = time.monotonic()
        stage = "connect"
        try:
            smtp = _Smtp(server, line.watchdog, context if server.implicit_tls else None, self._seconds, self._hello())
            line.smtp = smtp
            smtp.ehlo_or_helo_if_needed()
            if server.starttls:
                stage = "starttls"
                code, text = smtp.starttls(context=context)
                if code != 220:
                    raise smtplib.SMTPResponseException(code, text)
                smtp.ehlo_or_helo_if_needed()
            if server.user and self._account.secret:
                stage = "auth"
                smtp.login(server.user, self._account.secret.get_secret_value())
        except smtplib.SMTPResponseException as error:
            raise _Refused(SmtpReply(stage, error.smtp_code, _words(error.smtp_error))) from error
        if time.monotonic() - started > self._seconds:
            raise TimeoutError("connecting took too long")
        return smtp

    def _hello(self) -> str:
        """The name given in EHLO: the From domain. (The default asks the DNS for this host's own, which may take
        longer than the whole call.)"""
        return sender_mailbox(self._account.identity).domain

    def _reason(self, line: SmtpLine, error: Exception) -> str:
        if line.watchdog.expired or isinstance(error, TimeoutError):
            return f"The mail server did not finish within {self._seconds:g} seconds."
        if isinstance(error, UnicodeEncodeError):  # its own words would repeat the password
            return "User and password of a mail server may hold ASCII characters only."
        if isinstance(error, smtplib.SMTPServerDisconnected):
            in_time = "timed out" not in str(error)
            return "The mail server closed the connection." if in_time else "The mail server did not answer in time."
        if isinstance(error, smtplib.SMTPException):
            return f"The mail server does not offer what is needed. {error} Nothing was sent; check host and port."
        return f"The mail server cannot be reached: {error}."


class _Refused(Exception):
    def __init__(self, reply: SmtpReply) -> None:
        self.reply = reply
        super().__init__(reply.text)


class _Smtp(smtplib.SMTP):
    """Tells the watchdog about its connection before a byte is read from it, and speaks TLS first when asked."""

    def __init__(
        self, server: SmtpServer, watchdog: Watchdog, tls: ssl.SSLContext | None, seconds: float, hello: str
    ) -> None:
        self._watchdog, self._tls = watchdog, tls
        super().__init__(server.host, server.port, local_hostname=hello, timeout=seconds)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        connection = socket.create_connection((host, port), timeout)
        self._watchdog.watch(connection)
        return self._tls.wrap_socket(connection, server_hostname=host) if self._tls else connection


def _envelope(smtp: smtplib.SMTP, request: Email, size: int) -> SmtpReply | None:
    """Everything before the text. A reply is a refusal; None means that the server waits for the text."""
    # smtplib's own mail() and rcpt() parse each address again, which takes longer than the command itself.
    option = f" SIZE={size}" if smtp.has_extn("size") else ""
    code, text = smtp.docmd(f"MAIL FROM:<{request.sender}>{option}")
    if code != 250:
        return SmtpReply("mail", code, _words(text))
    code, text = smtp.docmd(f"RCPT TO:<{request.recipient}>")
    if code not in (250, 251):
        return SmtpReply("rcpt", code, _words(text))
    code, text = smtp.docmd("DATA")
    return None if code == 354 else SmtpReply("data", code, _words(text))


def _payload(request: Email) -> bytes:
    """The text with its dots doubled at line starts, and the lone dot that ends it."""
    plain = request.raw
    if not plain.endswith(b"\r\n"):
        plain += b"\r\n"
    stuffed = plain.replace(b"\r\n.", b"\r\n..")
    return (b"." + stuffed if stuffed.startswith(b".") else stuffed) + b".\r\n"


def _words(text: bytes | str) -> str:
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else text


def _facts(smtp: smtplib.SMTP, server: SmtpServer) -> dict[str, Any]:
    return {
        "host": server.host,
        "port": server.port,
        "tls": isinstance(smtp.sock, ssl.SSLSocket),
        "signs_in": server.user is not None,
        "size_limit": int(limit) if (limit := smtp.esmtp_features.get("size", "")).isdecimal() else None,
    }

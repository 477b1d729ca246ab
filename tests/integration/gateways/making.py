"""Accounts, senders and messages for the tests of this folder, each whole by itself."""

from __future__ import annotations

from typing import Any

from pydantic import SecretStr

from workbench.accounts import Account
from workbench.enums import Platform
from workbench.gateways.base import Message, Outcome, Sender
from workbench.gateways.linkedin import LinkedInSender
from workbench.gateways.smtp import SmtpSender, SmtpServer
from workbench.gateways.x import XSender

TOKEN = "token-nobody-may-see"
#: The hard limit in these tests, in seconds.
LIMIT = 1.0


def linkedin(url: str, *, seconds: float = LIMIT, **values: Any) -> LinkedInSender:
    account = Account(
        **{
            "name": "acme",
            "platform": Platform.LINKEDIN,
            "identity": "urn:li:organization:42",
            "base_url": url,
            "secret": SecretStr(TOKEN),
        }
        | values
    )
    return LinkedInSender(account, version="202610", seconds=seconds)


def x(url: str, *, seconds: float = LIMIT, **values: Any) -> XSender:
    account = Account(
        **{
            "name": "acme",
            "platform": Platform.TWITTER,
            "identity": "@acme",
            "base_url": url,
            "secret": SecretStr(TOKEN),
        }
        | values
    )
    return XSender(account, seconds=seconds)


def smtp(
    port: int,
    *,
    user: str | None = None,
    password: str | None = None,
    seconds: float = LIMIT,
    identity: str = "Acme GmbH <news@acme.example>",
    starttls: bool = False,
    implicit_tls: bool = False,
) -> SmtpSender:
    account = Account(
        name="acme",
        platform=Platform.EMAIL,
        identity=identity,
        base_url=f"smtp://127.0.0.1:{port}",
        secret=SecretStr(password) if password else None,
    )
    # "localhost" is the name in the certificate of the tests.
    host = "localhost" if starttls or implicit_tls else "127.0.0.1"
    server = SmtpServer(host, port, user, implicit_tls=implicit_tls, starttls=starttls)
    return SmtpSender(account, seconds=seconds, server=server)


def message(platform: Platform, **values: Any) -> Message:
    fields: dict[str, Any] = {"key": "item-1:lead-2", "title": "Our news", "body_text": "Hello from Acme."}
    if platform is Platform.EMAIL:
        fields |= {
            "recipient": "lea@example.com",
            "recipient_name": "Lea Example",
            "unsubscribe_url": "https://mail.acme.example/unsubscribe/abc.def",
            "postal_address": "Acme GmbH\nHauptstraße 1\n10115 Berlin",
        }
    return Message(platform=platform, **fields | values)


def send(sender: Sender, *messages: Message) -> list[Outcome]:
    """One batch."""
    with sender.connect() as channel:
        return [channel.send(one) for one in messages]

"""What a gateway is: one fixed sequence, four possible outcomes, and honest health.

Every send runs build → validate → call → classify → outcome. The outcome is decided by evidence alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from workbench.enums import Gateway, GatewayState, Platform


@dataclass(frozen=True)
class Sent:
    """The far side said that it has it."""

    external_id: str | None = None


@dataclass(frozen=True)
class Rejected:
    """The far side said no for good. ``bounce``: it refused the address itself, which is to be suppressed."""

    reason: str
    bounce: bool = False


@dataclass(frozen=True)
class Deferred:
    """Proof that it was not accepted, and may be later. ``retry_at`` is the far side's own word, aware UTC."""

    reason: str
    retry_at: datetime | None = None


@dataclass(frozen=True)
class Unknown:
    """No proof either way. Never resent by itself."""

    reason: str


Outcome = Sent | Rejected | Deferred | Unknown


@dataclass(frozen=True)
class Message:
    """One thing to send, complete: nothing is looked up any more."""

    platform: Platform
    #: Stable per (content item, recipient) in this installation: Message-ID, log key.
    key: str
    title: str
    body_text: str
    caption: str = ""
    #: E-mail only.
    recipient: str | None = None
    recipient_name: str | None = None
    unsubscribe_url: str | None = None
    postal_address: str | None = None


@dataclass(frozen=True)
class Probe:
    """What one look at a gateway found. ``state`` is ok, warn, down or unconfigured."""

    gateway: Gateway
    account: str
    state: GatewayState
    detail: str
    latency_ms: float | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


class Channel(Protocol):
    """An open connection to a gateway, for a batch."""

    def send(self, message: Message) -> Outcome:
        """Send one message. Never raises for what the far side does: that is an outcome."""
        ...


class Sender(Protocol):
    """One account's way out."""

    gateway: Gateway
    account: str

    def connect(self) -> AbstractContextManager[Channel]:
        """A channel for one batch. Connection faults surface as outcomes of ``send``, not here."""
        ...

    def probe(self) -> Probe:
        """Look at the far side without changing anything there. Never raises for what it finds."""
        ...

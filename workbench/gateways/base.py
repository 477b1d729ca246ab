"""What a gateway is: one fixed sequence, four possible outcomes, and honest health.

Every send runs build → validate → call → classify → outcome. :class:`Adapter` fixes the sequence, each gateway
fills in the steps. The outcome is decided by evidence alone:

=============  =================================================================================================
``Sent``       the far side said that it has it
``Rejected``   the far side (or our own validation) said no for good
``Deferred``   proof that it was not accepted, and may be later
``Unknown``    no proof either way: never resent by itself
=============  =================================================================================================
"""

from __future__ import annotations

import re
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, ClassVar, Final, Generic, Protocol, TypeVar

from pydantic import SecretStr

from workbench.enums import Gateway, GatewayState, Platform
from workbench.platform_rules import problems


@dataclass(frozen=True)
class Sent:
    """The far side said that it has it."""

    external_id: str | None = None


@dataclass(frozen=True)
class Rejected:
    """The far side said no for good.

    ``bounce``: it refused the address itself, which is to be suppressed. ``duplicate``: it says that it has this
    already; after an Unknown that is evidence that the earlier try went out.
    """

    reason: str
    bounce: bool = False
    duplicate: bool = False


@dataclass(frozen=True)
class Deferred:
    """Proof that it was not accepted, and may be later. ``retry_at`` is the far side's own word, aware UTC.

    ``hold``: the account or a setting is at fault, and nothing gets through before a person mends it. The message
    waits for that; it must not use up its tries.
    """

    reason: str
    retry_at: datetime | None = None
    hold: bool = False


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
    #: JSON values: ``expires_at``, ``days_left``, ``limit``, ``remaining``, ``reset_at`` and the like, as known.
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Finding:
    """What :meth:`Adapter.look` saw, before its latency is known."""

    state: GatewayState
    detail: str
    facts: Mapping[str, Any] = field(default_factory=dict)


class Channel(Protocol):
    """An open connection to a gateway, for a batch."""

    def send(self, message: Message) -> Outcome:
        """Send one message. Never raises for what the far side does: that is an outcome."""
        ...


class Sender(Protocol):
    """One account's way out."""

    @property
    def gateway(self) -> Gateway: ...

    @property
    def account(self) -> str: ...

    def connect(self) -> AbstractContextManager[Channel]:
        """A channel for one batch. Connection faults surface as outcomes of ``send``, not here."""
        ...

    def probe(self) -> Probe:
        """Look at the far side without changing anything there. Never raises for what it finds."""
        ...


class NotAccepted(Exception):
    """Raised by a call that failed while the far side could not have accepted anything yet: a Deferred."""

    def __init__(self, reason: str, *, hold: bool = False) -> None:
        self.hold = hold
        super().__init__(reason)


class NoProof(Exception):
    """Raised by a call that failed after the far side may have accepted it: an Unknown."""


class Invalid(Exception):
    """Raised by build or validate: it cannot be sent as it is, and nothing was."""


Line = TypeVar("Line")
Request = TypeVar("Request")
Reply = TypeVar("Reply")


class Adapter(ABC, Generic[Line, Request, Reply]):
    """One account's way out. ``Line`` is its open connection, ``Request`` what goes out, ``Reply`` what returns."""

    gateway: ClassVar[Gateway]
    platform: ClassVar[Platform]

    def __init__(self, account: str, *secrets: SecretStr | None) -> None:
        self.account = account
        self._clean = Scrubber(*secrets)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.account}>"

    @contextmanager
    def connect(self) -> Iterator[Channel]:
        """A channel for one batch. Connection faults surface as outcomes of ``send``, not here."""
        line = self.open()
        try:
            yield _Channel(self, line)
        finally:
            self.close(line)

    def probe(self) -> Probe:
        """Look at the far side without changing anything there. Never raises for what it finds."""
        started = time.perf_counter()
        try:
            finding = self.look()
        except (NotAccepted, NoProof) as fault:
            finding = Finding(GatewayState.DOWN, str(fault))
        latency = (time.perf_counter() - started) * 1000
        return Probe(
            self.gateway,
            self.account,
            finding.state,
            self._clean(finding.detail),
            round(latency, 1),
            finding.facts,
        )

    def send_over(self, line: Line, message: Message) -> Outcome:
        """The sequence. Raises nothing for what the far side does."""
        try:
            check_content(message, self.platform)
            request = self.build(message)
            self.validate(request)
        except Invalid as refusal:
            return Rejected(self._clean(str(refusal)))
        try:
            outcome = self.classify(self.call(line, request), request)
        except NotAccepted as fault:
            outcome = Deferred(str(fault), hold=fault.hold)
        except NoProof as fault:
            outcome = Unknown(str(fault))
        return outcome if isinstance(outcome, Sent) else replace(outcome, reason=self._clean(outcome.reason))

    # The steps.

    @abstractmethod
    def open(self) -> Line:
        """A line for one batch. Connects lazily: nothing here can fail for what the far side does."""

    @abstractmethod
    def close(self, line: Line) -> None:
        """Hang up. Raises nothing for what the far side does."""

    @abstractmethod
    def build(self, message: Message) -> Request:
        """What goes out for ``message``. Raises :class:`Invalid`."""

    def validate(self, request: Request) -> None:
        """Last look at what goes out, once it is whole. Raises :class:`Invalid`."""

    @abstractmethod
    def call(self, line: Line, request: Request) -> Reply:
        """Put it on the line, within the time limit. Raises :class:`NotAccepted` or :class:`NoProof`."""

    @abstractmethod
    def classify(self, reply: Reply, request: Request) -> Outcome:
        """What the far side's answer is evidence of. Pure."""

    @abstractmethod
    def look(self) -> Finding:
        """The probe's own look. May raise :class:`NotAccepted` or :class:`NoProof`, which mean down."""


class _Channel(Generic[Line]):
    def __init__(self, adapter: Adapter[Line, Any, Any], line: Line) -> None:
        self._adapter, self._line = adapter, line

    def send(self, message: Message) -> Outcome:
        return self._adapter.send_over(self._line, message)


def check_content(message: Message, platform: Platform) -> None:
    """The same rules as in the editor and at approval. Raises :class:`Invalid`."""
    if message.platform != platform:
        raise Invalid(f"This is meant for {message.platform.label} and cannot go out by {platform.label}.")
    found = problems(platform, message.title, message.body_text, message.caption)
    if found:
        raise Invalid(" ".join(found))


class Scrubber:
    """Makes words of the far side fit to be stored and shown: no secret, one line, not too long."""

    LONGEST: Final = 400

    def __init__(self, *secrets: SecretStr | None) -> None:
        self._secrets = sorted(
            (secret.get_secret_value() for secret in secrets if secret and secret.get_secret_value()),
            key=len,
            reverse=True,
        )

    def __call__(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "•••")
        text = re.sub(r"[\s\x00-\x1f\x7f-\x9f\ud800-\udfff]+", " ", text).strip()
        return text if len(text) <= self.LONGEST else text[: self.LONGEST - 1] + "…"

"""An e-mail as it goes over the wire: the same for the real server and for the outbox of simulation."""

from __future__ import annotations

import binascii
import hashlib
import re
from dataclasses import dataclass
from email.header import Header
from email.utils import format_datetime, parseaddr
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from workbench.clock import now
from workbench.gateways.base import Invalid, Message
from workbench.platform_rules import post_text
from workbench.server_urls import is_loopback

#: A header line may have 998 characters, and this one is not folded.
LONGEST_URL: Final = 900
LONGEST_NAME: Final = 300
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_CONTROL_BUT_LINE_ENDS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_ADDRESS = re.compile(r"[^@\s<>,;:\"()\[\]\\]+@[^@\s<>,;:\"()\[\]\\]+")
#: An address in ASCII that needs no quotes (RFC 5322, dot-atoms on both sides).
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_PLAIN = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*")
_VISIBLE = re.compile(r"[!-~]+")  # of ASCII


#: What a display name may hold without quotes (RFC 5322 atoms and blanks).
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*")


@dataclass(frozen=True)
class Mailbox:
    """A display name, or none, and an address in ASCII."""

    name: str
    address: str

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]

    def header(self, field: str) -> str:
        """As the value of the header ``field``."""
        if not self.name:
            return self.address
        if not self.name.isascii() or "=?" in self.name:
            return f"{_encoded(self.name, field)} <{self.address}>"
        if _ATOMS.fullmatch(self.name):
            return f"{self.name} <{self.address}>"
        quoted = self.name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{quoted}" <{self.address}>'


@dataclass(frozen=True)
class Email:
    """An e-mail on its way: envelope, Message-ID and every byte of it, with CRLF line ends."""

    sender: str
    recipient: str
    message_id: str
    raw: bytes


@lru_cache(maxsize=100)
def sender_mailbox(identity: str) -> Mailbox:
    """The From mailbox of an account, such as ``Acme <news@example.com>``. Raises :class:`Invalid`."""
    name, address = parseaddr(identity)
    if _CONTROL.search(identity) or not _ADDRESS.fullmatch(address):
        raise Invalid("The account's identity is no usable From address. Correct it in the accounts file.")
    return _mailbox(name, address, "The account's From address")


def message_id(key: str, domain: str) -> str:
    """The Message-ID of what ``key`` names: always the same, and telling nothing about anybody."""
    return f"<{hashlib.sha256(key.encode('utf-8', 'surrogatepass')).hexdigest()[:40]}@{domain}>"


def build_email(message: Message, identity: str) -> Email:
    """``message`` as an e-mail from ``identity``, dated now.

    Written by hand, because the standard library's builder takes longer than the delivery of the mail. Raises
    :class:`Invalid` for what must not or cannot go out: no recipient, no way to unsubscribe, a line break in a
    header.
    """
    sender, recipient = sender_mailbox(identity), _recipient(message)
    unsubscribe = _unsubscribe_url(message.unsubscribe_url)
    title = _one_line(message.title.strip(), "The subject")
    identifier = message_id(message.key, sender.domain)
    headers = {
        "From": sender.header("From"),
        "To": recipient.header("To"),
        "Subject": title if title.isascii() and "=?" not in title else _encoded(title, "Subject"),
        "Date": format_datetime(now()),
        "Message-ID": identifier,
        # RFC 8058: a POST to this address unsubscribes, without any further question. Never folded: an address in
        # two pieces is no link.
        "List-Unsubscribe": f"<{unsubscribe}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "MIME-Version": "1.0",
        "Content-Type": 'text/plain; charset="utf-8"',
        "Content-Transfer-Encoding": "quoted-printable",
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    body = _text(message, unsubscribe).replace("\n", "\r\n").encode()
    return Email(
        sender.address,
        recipient.address,
        identifier,
        head.encode("ascii") + b"\r\n" + binascii.b2a_qp(body, istext=True),
    )


def _encoded(text: str, field: str) -> str:
    """``text`` as encoded words (RFC 2047), folded."""
    return Header(text, "utf-8", maxlinelen=76, header_name=field).encode(linesep="\r\n")


def _text(message: Message, unsubscribe: str) -> str:
    postal = (message.postal_address or "").replace("\r\n", "\n").strip()
    if _CONTROL_BUT_LINE_ENDS.search(postal):
        raise Invalid("The postal address holds a control character. Correct WORKBENCH_POSTAL_ADDRESS.")
    footer = "\n".join(filter(None, ("-- ", postal, f"Unsubscribe: {unsubscribe}")))
    return f"{post_text(message.body_text, message.caption)}\n\n{footer}\n"


def _recipient(message: Message) -> Mailbox:
    if not message.recipient:
        raise Invalid("An e-mail needs a recipient.")
    if _CONTROL.search(message.recipient) or not _ADDRESS.fullmatch(message.recipient):
        raise Invalid("The recipient's address is not one address. Correct it at the lead.")
    name = _one_line((message.recipient_name or "").strip(), "The recipient's name")
    if len(name) > LONGEST_NAME:
        raise Invalid(f"The recipient's name is longer than {LONGEST_NAME} characters. Correct it at the lead.")
    return _mailbox(name, message.recipient, "The recipient's address")


def _mailbox(name: str, address: str, what: str) -> Mailbox:
    local, _, domain = address.rpartition("@")
    if not local.isascii():
        raise Invalid(f"{what} has letters before the @ that ordinary mail servers do not take.")
    try:
        plain = f"{local}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError as error:
        raise Invalid(f"{what} has a domain that cannot exist. Correct it.") from error
    # Its ASCII form may hold what it did not: a full-width ＠ or ， becomes an ordinary one.
    if not _PLAIN.fullmatch(plain):
        raise Invalid(f"{what} is not one address. Correct it.")
    return Mailbox(name, plain)


def _one_line(text: str, what: str) -> str:
    if _CONTROL.search(text):
        raise Invalid(f"{what} holds a line break or another control character. Write it on one line.")
    return text


def _unsubscribe_url(url: str | None) -> str:
    if not url:
        raise Invalid("An e-mail goes out only with a way to unsubscribe. Set WORKBENCH_PUBLIC_URL.")
    parts = urlsplit(url) if _VISIBLE.fullmatch(url) and len(url) <= LONGEST_URL else None
    safe = parts and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname)))
    if not safe or "<" in url or ">" in url:
        raise Invalid("The unsubscribe link must be an https address. Check WORKBENCH_PUBLIC_URL.")
    return url

"""An e-mail as it goes over the wire: the same for the real server and for the outbox of simulation."""

from __future__ import annotations

import hashlib
import re
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy, Policy
from email.utils import format_datetime, parseaddr
from typing import Final
from urllib.parse import urlsplit

from workbench.clock import now
from workbench.gateways.base import Invalid, Message
from workbench.platform_rules import post_text
from workbench.server_urls import is_loopback

#: A header line may have 998 characters, and this one is not folded.
LONGEST_URL: Final = 900
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_CONTROL_BUT_LINE_ENDS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_ADDRESS = re.compile(r"[^@\s<>,;:\"()\[\]\\]+@[^@\s<>,;:\"()\[\]\\]+")
_URL = re.compile(r"[!-~]+")  # visible ASCII


class _WholeLine(UnstructuredHeader, BaseHeader):
    """A header that is never folded: an address cut in two by an encoded word is no link any more."""

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


def _policy() -> EmailPolicy[EmailMessage]:
    registry = HeaderRegistry()
    for name in ("list-unsubscribe", "message-id"):
        registry.map_to_type(name, _WholeLine)
    # 7bit: what is not ASCII is encoded, so that it passes any server as it is.
    return SMTP.clone(header_factory=registry, cte_type="7bit")


POLICY: Final = _policy()


def sender_address(identity: str) -> Address:
    """The From mailbox of an account, such as ``Acme <news@example.com>``. Raises :class:`Invalid`."""
    name, address = parseaddr(identity)
    if _CONTROL.search(identity) or not _ADDRESS.fullmatch(address):
        raise Invalid("The account's identity is no usable From address. Correct it in the accounts file.")
    return _address(name, address, "The account's From address")


def message_id(key: str, domain: str) -> str:
    """The Message-ID of what ``key`` names: always the same, and telling nothing about anybody."""
    return f"<{hashlib.sha256(key.encode('utf-8', 'surrogatepass')).hexdigest()[:40]}@{domain}>"


def build_email(message: Message, identity: str) -> EmailMessage:
    """``message`` as an e-mail from ``identity``, complete but for the date of its delivery.

    Raises :class:`Invalid` for what must not or cannot go out: no recipient, no way to unsubscribe, a line break in
    a header.
    """
    sender = sender_address(identity)
    recipient = _recipient(message)
    unsubscribe = _unsubscribe_url(message.unsubscribe_url)
    email = EmailMessage(policy=POLICY)
    email["From"] = sender
    email["To"] = recipient
    email["Subject"] = _one_line(message.title.strip(), "The subject")
    email["Date"] = format_datetime(now())
    email["Message-ID"] = message_id(message.key, sender.domain)
    # RFC 8058: a POST to this address unsubscribes, without any further question.
    email["List-Unsubscribe"] = f"<{unsubscribe}>"
    email["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    email.set_content(_text(message, unsubscribe))
    return email


def _text(message: Message, unsubscribe: str) -> str:
    postal = (message.postal_address or "").replace("\r\n", "\n").strip()
    if _CONTROL_BUT_LINE_ENDS.search(postal):
        raise Invalid("The postal address holds a control character. Correct WORKBENCH_POSTAL_ADDRESS.")
    footer = "\n".join(filter(None, ("-- ", postal, f"Unsubscribe: {unsubscribe}")))
    return f"{post_text(message.body_text, message.caption)}\n\n{footer}\n"


def _recipient(message: Message) -> Address:
    if not message.recipient:
        raise Invalid("An e-mail needs a recipient.")
    if _CONTROL.search(message.recipient) or not _ADDRESS.fullmatch(message.recipient):
        raise Invalid("The recipient's address is not one address. Correct it at the lead.")
    name = _one_line((message.recipient_name or "").strip(), "The recipient's name")
    return _address(name, message.recipient, "The recipient's address")


def _address(name: str, address: str, what: str) -> Address:
    local, _, domain = address.rpartition("@")
    if not local.isascii():
        raise Invalid(f"{what} has letters before the @ that ordinary mail servers do not take.")
    try:
        return Address(name, local, domain if domain.isascii() else domain.encode("idna").decode("ascii"))
    except (ValueError, IndexError, UnicodeError) as error:
        raise Invalid(f"{what} cannot be written into a mail header. Correct it.") from error


def _one_line(text: str, what: str) -> str:
    if _CONTROL.search(text):
        raise Invalid(f"{what} holds a line break or another control character. Write it on one line.")
    return text


def _unsubscribe_url(url: str | None) -> str:
    if not url:
        raise Invalid("An e-mail goes out only with a way to unsubscribe. Set WORKBENCH_PUBLIC_URL.")
    parts = urlsplit(url) if _URL.fullmatch(url) and len(url) <= LONGEST_URL else None
    safe = parts and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname)))
    if not safe or "<" in url or ">" in url:
        raise Invalid("The unsubscribe link must be an https address. Check WORKBENCH_PUBLIC_URL.")
    return url

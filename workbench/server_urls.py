"""Addresses of servers, taken apart and checked. Pure. No error repeats a user, a password or a key."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import SplitResult, urlsplit

#: Where plain http and plain SMTP are allowed: nothing leaves the machine.
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_UNFIT = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029]")


def is_loopback(host: str | None) -> bool:
    """Whether ``host`` is this machine by its very name."""
    return host is not None and host.lower() in LOOPBACK


def api(url: str) -> SplitResult:
    """The parts of an HTTP API's address. Raises ValueError unless it is https, or http on this machine."""
    parts = _parts(url, "an address such as https://api.example.com")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname)):
        raise ValueError("must start with https:// (http:// is for localhost only)")
    if parts.query or parts.fragment or parts.username is not None:
        raise ValueError("must be a plain address, without user, password, ? or #")
    return parts


def smtp(url: str) -> SplitResult:
    """The parts of ``smtp://user:password@host:587`` or ``smtps://…:465``. Raises ValueError for others."""
    parts = _parts(url, "an address such as smtp://user@mail.example.com:587")
    if parts.scheme not in ("smtp", "smtps"):
        raise ValueError("must start with smtp:// (STARTTLS) or smtps:// (TLS from the start)")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError("must end after host and port; in user or password write / ? # @ as %2F %3F %23 %40")
    return parts


def holds_password(url: object) -> bool:
    """Whether ``url`` is text with a password in it."""
    try:
        return isinstance(url, str) and urlsplit(url).password is not None
    except ValueError:
        return False


def _parts(url: str, what: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port  # a port that is no number is noticed only when it is read
    except ValueError:
        raise ValueError(f"cannot be read; give {what}") from None
    if _UNFIT.search(url) or not host:
        raise ValueError(f"names no server; give {what}")
    return parts

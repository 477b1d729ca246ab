"""Simulation: what would have been sent is written into a folder, and nothing leaves the machine.

``<data folder>/outbox/email/*.eml`` opens in any mail program; a post is a ``.json`` file with the very request
that the platform would have been sent. Each file is there whole or not at all.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.clock import now
from workbench.enums import GatewayState, Platform
from workbench.gateways import linkedin, x
from workbench.gateways.base import Adapter, Finding, Message, NotAccepted, Outcome, Sent
from workbench.gateways.mail import build_email
from workbench.platform_rules import counts, post_text

#: Who speaks when no account is configured: nobody real.
NOBODY: Mapping[Platform, str] = {
    Platform.LINKEDIN: "urn:li:organization:0",
    Platform.TWITTER: "@simulation",
    Platform.EMAIL: "Simulation <simulation@localhost.invalid>",
}


@dataclass(frozen=True)
class Written:
    """One file to be: its name and what is in it."""

    name: str
    content: bytes
    key: str


class OutboxSender(Adapter[Path, Written, Path]):
    """Takes the place of any platform's sender in simulation, with the same validation."""

    def __init__(self, platform: Platform, folder: Path, *, account: str, identity: str | None = None) -> None:
        super().__init__(account)
        self.platform = platform  # type: ignore[misc]  # one class stands in for all platforms
        self.gateway = platform.gateway  # type: ignore[misc]
        self._folder = folder / platform.value
        self._identity = identity or NOBODY[platform]

    def open(self) -> Path:
        return self._folder

    def close(self, line: Path) -> None:
        """Nothing is held open."""

    def build(self, message: Message) -> Written:
        name = file_name(message.key)
        if self.platform is Platform.EMAIL:
            return Written(f"{name}.eml", build_email(message, self._identity).raw, message.key)
        post = _REQUESTS[self.platform](message, self._identity)
        record = {
            "simulated": True,
            "platform": self.platform.value,
            "account": self.account,
            "identity": self._identity,
            "key": message.key,
            "written_at": now().isoformat(),
            "title": message.title,
            "text": post_text(message.body_text, message.caption),
            "counts": counts(self.platform, message.title, message.body_text, message.caption),
            "request": post,
        }
        content = json.dumps(record, ensure_ascii=False, indent=2) + "\n"
        return Written(f"{name}.json", content.encode(), message.key)

    def call(self, line: Path, request: Written) -> Path:
        target = line / request.name
        try:
            write_whole(target, request.content)
        except OSError as error:
            raise NotAccepted(
                f"The outbox {line} cannot be written: {error.strerror or error}. Make room, or let the "
                "workbench write there."
            ) from error
        return target

    def classify(self, reply: Path, request: Written) -> Outcome:
        return Sent(f"simulated:{request.key}")

    def look(self) -> Finding:
        place = self._folder
        while not place.exists() and place != place.parent:
            place = place.parent
        if not place.is_dir() or not os.access(place, os.W_OK):
            return Finding(GatewayState.DOWN, f"The outbox {self._folder} cannot be written. Check its permissions.")
        return Finding(GatewayState.OK, f"Simulation: messages are written to {self._folder}.")


_REQUESTS: Mapping[Platform, Callable[[Message, str], Mapping[str, Any]]] = {
    Platform.LINKEDIN: linkedin.build_post,
    Platform.TWITTER: lambda message, _identity: x.build_post(message),
}


def file_name(key: str) -> str:
    """A name for the file of ``key``: always the same, different for different keys, safe on any file system."""
    readable = re.sub(r"[^A-Za-z0-9-]+", "-", key).strip("-")[:60]
    digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return "-".join(filter(None, (readable, digest)))


def write_whole(target: Path, content: bytes) -> None:
    """Put ``content`` at ``target`` in one step: a reader sees the old file or the new one. Raises OSError."""
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        os.replace(temporary, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise

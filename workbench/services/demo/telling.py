"""What every part of a demo story needs: the rows, the dice, the calendar and who did it."""

from __future__ import annotations

import random
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from workbench.enums import Mode, Platform, QueueStatus, Role
from workbench.models import AuditEvent, ContentItem, ContentVersion, QueueRow
from workbench.services.audit import Actor
from workbench.services.demo.client import Client
from workbench.services.demo.people import People
from workbench.services.demo.rows import Rows
from workbench.services.demo.writing import creative
from workbench.services.projects import SIMULATED

MARA: Final = Actor("Mara Lindt", Role.OPERATOR)
PRIYA: Final = Actor("Priya Nair", Role.OPERATOR)
JONAS: Final = Actor("Jonas Weber", Role.APPROVER)


@dataclass(frozen=True)
class Item:
    """A creative that was written: what the queue needs of it."""

    id: int
    version_id: int
    platform: Platform


@dataclass
class Telling:
    """One project's story while it is told."""

    rows: Rows
    dice: random.Random
    people: People
    client: Client
    as_of: datetime
    project_id: int = 0
    #: The revisions' ids by number, and what was in force from when on.
    strategies: dict[int, int] = field(default_factory=dict)
    in_force: list[tuple[datetime, int]] = field(default_factory=list)
    attempts: int = 0
    _texts: dict[Platform, int] = field(default_factory=dict)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.client.timezone)

    def at(self, day: int, hour: int, minute: int = 0) -> datetime:
        """That wall time of the client, ``day`` days from the day of ``as_of``, in UTC."""
        date = self.as_of.astimezone(self.zone).date() + timedelta(days=day)
        return datetime.combine(date, time(hour, minute), self.zone).astimezone(UTC)

    def strategy_at(self, moment: datetime) -> int | None:
        """The id of the strategy in force at ``moment``."""
        return next((id_ for since, id_ in reversed(self.in_force) if since <= moment), None)

    def batch(self) -> str:
        return str(uuid.UUID(int=self.dice.getrandbits(128), version=4))

    def audit(
        self,
        at: datetime,
        actor: Actor,
        action: str,
        entity: str,
        entity_id: int,
        *,
        reason: str | None = None,
        batch_id: str | None = None,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
    ) -> None:
        self.rows.add(
            AuditEvent,
            at=at,
            actor=actor.name,
            role=actor.role.value,
            action=action,
            entity=entity,
            entity_id=entity_id,
            project_id=self.project_id,
            batch_id=batch_id,
            reason=reason,
            before=before,
            after=after,
        )

    def write(self, platform: Platform, at: datetime, status: str, *, approved_at: datetime | None = None) -> Item:
        """A creative written at ``at`` from the strategy in force then; every second one edited by a person."""
        number = self._texts.get(platform, -1) + 1
        self._texts[platform] = number
        text = creative(self.client, platform, number)
        edited = number % 2 == 1
        newest = at + timedelta(minutes=40) if edited else at
        words = {"title": text.title, "body_text": text.body_text, "caption": text.caption}
        item_id = self.rows.add(
            ContentItem,
            project_id=self.project_id,
            strategy_id=self.strategy_at(at),
            platform=platform.value,
            **words,
            status=status,
            version=2 if edited else 1,
            deleted_at=None,
            created_at=at,
            updated_at=approved_at or newest,
        )
        draft = {**words, "body_text": _rougher(text.body_text)} if edited else words
        version_id = self._version(item_id, 1, at, draft, "template")
        self.audit(
            at,
            MARA,
            "creative.create",
            "creative",
            item_id,
            after={"status": "DRAFT", "version": 1, "platform": platform.value, "source": "template"},
        )
        if edited:
            version_id = self._version(item_id, 2, newest, words, "operator")
            self.audit(
                newest,
                PRIYA,
                "creative.update",
                "creative",
                item_id,
                before={"status": "DRAFT", "version": 1},
                after={"status": "DRAFT", "version": 2, "source": "operator"},
            )
        if approved_at is not None:
            number = 2 if edited else 1
            self.audit(
                approved_at,
                JONAS,
                "creative.approve",
                "creative",
                item_id,
                before={"status": "DRAFT", "version": number},
                after={"status": "APPROVED", "version": number},
            )
        return Item(item_id, version_id, platform)

    def _version(self, item_id: int, number: int, at: datetime, words: Mapping[str, str], source: str) -> int:
        return self.rows.add(
            ContentVersion,
            content_item_id=item_id,
            number=number,
            **words,
            source=source,
            instruction=None,
            author=MARA.name if source == "template" else PRIYA.name,
            created_at=at,
        )

    def queue(self, item: Item, planned_at: datetime, at: datetime, status: QueueStatus, **values: Any) -> int:
        """``item`` put on the queue at ``planned_at`` for ``at``; its row's id."""
        local = at.astimezone(self.zone).strftime("%Y-%m-%dT%H:%M:%S")
        batch_id = self.batch()
        waiting = status in (QueueStatus.QUEUED, QueueStatus.MISSED)
        row: dict[str, Any] = {
            "content_item_id": item.id,
            "content_version_id": item.version_id,
            "account": SIMULATED,
            "mode": Mode.SIMULATION.value,
            "scheduled_time": at,
            "local_time": local,
            "timezone": self.client.timezone,
            "status": status.value,
            "next_attempt_at": None,
            "attempts": 0 if waiting else 1,
            "max_attempts": 5,
            "expanded": not waiting,
            "worker_id": None,
            "claim_token": 0 if waiting else 1,
            "lease_expires_at": None,
            "last_error": None,
            "batch_id": batch_id,
            "created_at": planned_at,
            "updated_at": planned_at if waiting else at,
        }
        queue_id = self.rows.add(QueueRow, **row | values)
        self.audit(
            planned_at,
            JONAS,
            "creative.schedule",
            "creative",
            item.id,
            batch_id=batch_id,
            before={"status": "APPROVED"},
            after={"status": "SCHEDULED", "queue_id": queue_id, "local_time": local, "timezone": self.client.timezone},
        )
        return queue_id


def _rougher(text: str) -> str:
    """The draft before somebody worked on it: without its last paragraph but one."""
    parts = text.split("\n\n")
    return "\n\n".join(parts[:-2] + parts[-1:]) if len(parts) > 2 else text

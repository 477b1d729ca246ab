"""The e-mails the demo's people got, and what they did then: reply, bounce, leave."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from workbench.enums import (
    AttemptStatus,
    Consent,
    CreativeStatus,
    Direction,
    LeadStatus,
    Mode,
    Platform,
    QueueStatus,
    SuppressionReason,
)
from workbench.models import (
    ContactEvent,
    ContentItem,
    OutreachAttempt,
    QueueRow,
    Suppression,
)
from workbench.services.audience import DNC, SUPPRESSED
from workbench.services.demo.projects import CEDAR_DONE, MIRA_REJECTED
from workbench.services.demo.telling import PRIYA, Telling
from workbench.services.demo.writing import CALLS, REPLIES
from workbench.services.rollup import Counts, creative_after, roll_up
from workbench.services.unsubscribe import RECIPIENT

_S = AttemptStatus
_FIRST_DAY: Final = -89
_LAST_DAY: Final = {"Mira Skincare": MIRA_REJECTED - 3, "Cedar & Pine Hotels": CEDAR_DONE - 4}
#: At this client a worker was killed in the middle of a run: the next one goes on with it.
_INTERRUPTED: Final = "Helio Energy"
_INTERRUPTED_AFTER: Final = 9
_BOUNCE: Final = "550 5.1.1 There is no such mailbox."
_GIVEN_UP: Final = "Given up after 5 tries. The last time: 451 4.7.1 Try again later."


def wave_times(telling: Telling) -> list[datetime]:
    """When its e-mails went out: spread over the 90 days, at ten in the morning, never at a weekend."""
    count = telling.client.mails
    if not count:
        return []
    last = _LAST_DAY.get(telling.client.name, -2)
    days = [_FIRST_DAY + round(n * (last - _FIRST_DAY) / (count - 1)) for n in range(count)]
    times = [telling.at(_weekday(telling, day, forward=n < count / 2), 10, 15) for n, day in enumerate(days)]
    if telling.client.name == _INTERRUPTED:
        times[-1] = telling.as_of - timedelta(minutes=1)
    return times


def _weekday(telling: Telling, day: int, *, forward: bool) -> int:
    weekday = telling.at(day, 10).astimezone(telling.zone).weekday()
    return day if weekday < 5 else day + (7 - weekday if forward else 4 - weekday)


def wave_sizes(telling: Telling) -> list[int]:
    """How many people each e-mail was meant for: the list grew by half from the first to the last."""
    count, reach = telling.client.mails, telling.client.reach
    return [round(reach * (0.8 + 0.4 * n / (count - 1))) for n in range(count)]


class Mailing:
    """What was sent to the people of one project, and what they answered."""

    def __init__(self, telling: Telling, leads: list[dict[str, Any]]) -> None:
        self._t = telling
        self._leads = leads
        #: lead → why nothing is sent to them any more.
        self._blocked: dict[int, str] = {}

    def send(self, times: list[datetime], sizes: list[int]) -> None:
        """The e-mails, one after the other, each to the first so many people."""
        for at, size in zip(times, sizes, strict=True):
            interrupted = self._t.client.name == _INTERRUPTED and at == times[-1]
            self._wave(at, self._leads[:size], interrupted=interrupted)

    def _wave(self, at: datetime, leads: list[dict[str, Any]], *, interrupted: bool) -> None:
        t = self._t
        planned = at - timedelta(days=2)
        item = t.write(
            Platform.EMAIL,
            planned - timedelta(hours=20),
            CreativeStatus.PUBLISHING.value,
            approved_at=planned - timedelta(hours=3),
        )
        queue_id = t.queue(item, planned, at, QueueStatus.RUNNING)
        by_status: dict[str, int] = {}
        moment = at
        for number, lead in enumerate(leads):
            moment = at + timedelta(milliseconds=1500 * (number + 1))
            status = self._attempt(lead)
            if interrupted and number >= _INTERRUPTED_AFTER and status is not _S.SKIPPED:
                status = _S.PENDING
            self._add(queue_id, item.id, lead, status, at, moment)
            by_status[status.value] = by_status.get(status.value, 0) + 1
        ended = roll_up(Counts.of(by_status))
        if ended is None:
            t.rows.get(QueueRow, queue_id).update(
                worker_id="demo:1:000000", lease_expires_at=t.as_of + timedelta(minutes=2)
            )
            return
        t.rows.get(QueueRow, queue_id).update(status=ended.value, updated_at=moment)
        t.rows.get(ContentItem, item.id).update(status=creative_after(ended).value, updated_at=moment)

    def _attempt(self, lead: dict[str, Any]) -> AttemptStatus:
        if lead["id"] in self._blocked:
            return _S.SKIPPED
        luck = self._t.dice.random()
        return _S.FAILED if luck < 0.014 else _S.SENT

    def _add(
        self, queue_id: int, item_id: int, lead: dict[str, Any], status: AttemptStatus, at: datetime, moment: datetime
    ) -> None:
        t = self._t
        bounced = status is _S.FAILED and t.dice.random() < 0.7
        error = None
        if status is _S.SKIPPED:
            error = self._blocked[lead["id"]]
        elif status is _S.FAILED:
            error = _BOUNCE if bounced else _GIVEN_UP
        tried = status in (_S.SENT, _S.FAILED)
        attempt_id = t.rows.add(
            OutreachAttempt,
            queue_id=queue_id,
            content_item_id=item_id,
            campaign_id=lead["campaign_id"],
            lead_id=lead["id"],
            address_norm=lead["email_norm"],
            channel=Platform.EMAIL.value,
            step_number=1,
            status=status.value,
            mode=Mode.SIMULATION.value,
            next_attempt_at=None,
            retry_count=5 if error == _GIVEN_UP else 0,
            max_retries=None,
            external_id=f"simulated:demo-{item_id}-{lead['id']}" if status is _S.SENT else None,
            last_error=error,
            sender=None,
            attempted_at=moment if tried else None,
            created_at=at,
            updated_at=moment if tried else at,
        )
        t.attempts += 1
        if bounced:
            self._blocked[lead["id"]] = SUPPRESSED
            self._suppress(lead, SuppressionReason.BOUNCE, f"queue row {queue_id}, attempt {attempt_id}", moment)
        elif status is _S.SENT:
            lead.update(last_contacted_at=moment, updated_at=moment)
            if lead["status"] in (LeadStatus.NEW, LeadStatus.ENRICHED):
                lead["status"] = LeadStatus.CONTACTED.value
            self._answer(lead, moment)

    def _answer(self, lead: dict[str, Any], sent: datetime) -> None:
        t = self._t
        luck = t.dice.random()
        at = sent + timedelta(minutes=t.dice.randint(20, 4000))
        if at >= t.as_of:
            return
        if luck < 0.004:
            self._unsubscribe(lead, at)
        elif luck < 0.024:
            self._reply(lead, at)

    def _unsubscribe(self, lead: dict[str, Any], at: datetime) -> None:
        t = self._t
        self._blocked[lead["id"]] = DNC
        lead.update(consent_status=Consent.DNC.value, updated_at=at)
        self._contact(lead, Direction.INBOUND, "unsubscribe", "Asked to get no more e-mail", at)
        self._suppress(lead, SuppressionReason.UNSUBSCRIBE, "the link in an e-mail", at)
        after = {"fields": ["consent_status"], "lead_ids": [lead["id"]]}
        t.audit(at, RECIPIENT, "lead.unsubscribe", "lead", lead["id"], after=after)

    def _reply(self, lead: dict[str, Any], at: datetime) -> None:
        t = self._t
        event_id = self._contact(lead, Direction.INBOUND, "reply", t.dice.choice(REPLIES), at)
        became = t.dice.choices(
            (LeadStatus.REPLIED, LeadStatus.QUALIFIED, LeadStatus.ROUTED, LeadStatus.LOST, LeadStatus.MANUAL_REVIEW),
            (50, 22, 10, 12, 6),
        )[0]
        lead.update(status=became.value, last_replied_at=at, updated_at=at)
        after = {"contact_event_id": event_id, "fields": ["status", "last_replied_at"]}
        t.audit(at, PRIYA, "lead.contact", "lead", lead["id"], after=after)
        called = at + timedelta(hours=t.dice.randint(2, 40))
        if became in (LeadStatus.QUALIFIED, LeadStatus.ROUTED) and called < t.as_of:
            event_id = self._contact(lead, Direction.OUTBOUND, "call", t.dice.choice(CALLS), called, channel="phone")
            lead.update(last_contacted_at=called, updated_at=called)
            after = {"contact_event_id": event_id, "fields": ["last_contacted_at"]}
            t.audit(called, PRIYA, "lead.contact", "lead", lead["id"], after=after)

    def _contact(
        self,
        lead: dict[str, Any],
        direction: Direction,
        kind: str,
        summary: str,
        at: datetime,
        *,
        channel: str = "email",
    ) -> int:
        return self._t.rows.add(
            ContactEvent,
            lead_id=lead["id"],
            channel=channel,
            direction=direction.value,
            event_type=kind,
            summary=summary,
            event_at=at,
        )

    def _suppress(self, lead: dict[str, Any], reason: SuppressionReason, source: str, at: datetime) -> None:
        self._t.rows.add(
            Suppression, address_norm=lead["email_norm"], reason=reason.value, source=source, created_at=at
        )

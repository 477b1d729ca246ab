"""What a demo project published, what is planned, and what still waits for a person."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from workbench.enums import AttemptStatus, CreativeStatus, Mode, Platform, ProjectState, QueueStatus
from workbench.models import ContentItem, OutreachAttempt, Project, QueueRow
from workbench.services.demo.projects import CEDAR_DONE, MIRA_REJECTED
from workbench.services.demo.telling import JONAS, MARA, Telling

_C, _Q = CreativeStatus, QueueStatus
#: Weekday, hour and minute of each platform's post.
_RHYTHM: Final = ((Platform.LINKEDIN, 1, 9, 0), (Platform.TWITTER, 3, 12, 30))
_PAST_DAYS: Final = 88
_AHEAD_DAYS: Final = 14
_UNTIL: Final = {"Mira Skincare": MIRA_REJECTED - 1, "Cedar & Pine Hotels": CEDAR_DONE - 1}

#: What went wrong with the last post of a client on a platform.
_ACCIDENTS: Final[dict[tuple[str, Platform], tuple[AttemptStatus, str]]] = {
    ("Northwind Coffee", Platform.TWITTER): (
        AttemptStatus.FAILED,
        "403 duplicate content: this text was posted before. Change it and try again.",
    ),
    ("Kite Robotics", Platform.LINKEDIN): (
        AttemptStatus.FAILED,
        "401 the access token has expired. Connect the account again.",
    ),
    ("Helio Energy", Platform.LINKEDIN): (
        AttemptStatus.UNKNOWN,
        "The connection ended before LinkedIn answered. Look whether the post is there.",
    ),
    ("Brightside Dental", Platform.TWITTER): (
        AttemptStatus.UNKNOWN,
        "X did not answer within 30 seconds. Look whether the post is there.",
    ),
}


def publish(telling: Telling) -> datetime | None:
    """The posts of the last 90 days; when the first of them was planned."""
    first = None
    last = _UNTIL.get(telling.client.name, 0)
    slots = list(_slots(telling, -_PAST_DAYS, last, before=telling.as_of - timedelta(hours=3)))
    newest = dict(slots)
    for platform, at in slots:
        accident = _ACCIDENTS.get((telling.client.name, platform)) if newest[platform] == at else None
        planned = at - timedelta(days=telling.dice.choice((2, 3, 4)), hours=1)
        _published(telling, platform, planned, at, accident)
        first = min(first, planned) if first else planned
    return first


def _published(
    telling: Telling,
    platform: Platform,
    planned: datetime,
    at: datetime,
    accident: tuple[AttemptStatus, str] | None,
) -> None:
    status, error = accident or (AttemptStatus.SENT, None)
    became = {
        AttemptStatus.SENT: (_C.PUBLISHED, _Q.DONE),
        AttemptStatus.FAILED: (_C.FAILED, _Q.FAILED),
        AttemptStatus.UNKNOWN: (_C.UNKNOWN, _Q.UNKNOWN),
    }[status]
    item = telling.write(
        platform, planned - timedelta(hours=6), became[0].value, approved_at=planned - timedelta(hours=1)
    )
    queue_id = telling.queue(item, planned, at, became[1], last_error=error)
    sent = at + timedelta(seconds=telling.dice.randint(1, 9))
    telling.rows.get(ContentItem, item.id)["updated_at"] = sent
    telling.rows.get(QueueRow, queue_id)["updated_at"] = sent
    telling.rows.add(
        OutreachAttempt,
        queue_id=queue_id,
        content_item_id=item.id,
        campaign_id=None,
        lead_id=None,
        address_norm=None,
        channel=platform.value,
        step_number=1,
        status=status.value,
        mode=Mode.SIMULATION.value,
        next_attempt_at=None,
        retry_count=0,
        max_retries=None,
        external_id=f"simulated:demo-{item.id}" if status is AttemptStatus.SENT else None,
        last_error=error,
        sender="demo:1:000000" if status is AttemptStatus.UNKNOWN else None,
        attempted_at=sent,
        created_at=at,
        updated_at=sent,
    )
    telling.attempts += 1


def plan(telling: Telling) -> None:
    """What is on the queue for the coming two weeks, and what was due a while ago."""
    soon = telling.as_of + timedelta(hours=1)
    for platform, at in _slots(telling, 0, _AHEAD_DAYS, after=soon):
        _queued(telling, platform, telling.at(-1, 15), at, _Q.QUEUED)
    for day in (3, 10):
        _queued(telling, Platform.EMAIL, telling.at(-1, 15, 30), telling.at(day, 10, 15), _Q.QUEUED)
    if telling.client.name in ("Brightside Dental", "Northwind Coffee"):
        late = (telling.as_of - timedelta(minutes=telling.dice.randint(12, 25))).replace(second=0, microsecond=0)
        _queued(telling, Platform.LINKEDIN, telling.at(-2, 15), late, _Q.QUEUED)
    if telling.client.name in ("Brightside Dental", "Kite Robotics"):
        at = telling.at(-1, 8, 30)
        row = _queued(telling, Platform.TWITTER, telling.at(-3, 15), at, _Q.MISSED)
        telling.rows.get(QueueRow, row)["updated_at"] = at + timedelta(minutes=61)
        telling.audit(
            at + timedelta(minutes=61),
            JONAS,
            "schedule.miss",
            "queue",
            row,
            reason="No worker was running.",
            before={"status": "QUEUED"},
            after={"status": "MISSED"},
        )


def _queued(telling: Telling, platform: Platform, planned: datetime, at: datetime, status: QueueStatus) -> int:
    item = telling.write(
        platform, planned - timedelta(hours=5), _C.SCHEDULED.value, approved_at=planned - timedelta(hours=1)
    )
    return telling.queue(item, planned, at, status)


def leave_open(telling: Telling) -> None:
    """Creatives nobody has decided on yet, some ready and not scheduled, one deleted."""
    counts: dict[ProjectState, tuple[int, int]] = {
        ProjectState.CREATIVE: (7, 4),
        ProjectState.EXECUTION: (4, 2),
        ProjectState.STRATEGY: (2, 2),
        ProjectState.DONE: (0, 1),
    }
    drafts, approved = counts.get(telling.client.state, (0, 0))
    platforms = tuple(Platform)
    # At Kite a new strategy was approved since, at Mira the one they were made from was rejected: these are stale.
    days = {"Kite Robotics": -9, "Mira Skincare": -19, "Cedar & Pine Hotels": -33}
    day = days.get(telling.client.name, -3)
    for number in range(drafts):
        telling.write(platforms[number % 3], telling.at(day, 10, 5 * number), _C.DRAFT.value)
    for number in range(approved):
        platform = platforms[(number + drafts) % 3]
        at = telling.at(day, 13, 5 * number)
        telling.write(platform, at, _C.APPROVED.value, approved_at=at + timedelta(hours=2))
    if drafts:
        item = telling.write(Platform.LINKEDIN, telling.at(day, 14), _C.DRAFT.value)
        at = telling.at(day + 1, 9, 30)
        telling.rows.get(ContentItem, item.id).update(deleted_at=at, updated_at=at)
        state: dict[str, Any] = {"status": "DRAFT", "version": telling.rows.get(ContentItem, item.id)["version"]}
        telling.audit(
            at,
            MARA,
            "creative.delete",
            "creative",
            item.id,
            before=state | {"deleted": False},
            after=state | {"deleted": True},
        )
    telling.rows.get(Project, telling.project_id)["drafted_at"] = telling.at(day, 9)


def _slots(
    telling: Telling, first: int, last: int, *, before: datetime | None = None, after: datetime | None = None
) -> Iterator[tuple[Platform, datetime]]:
    for day in range(first, last + 1):
        for platform, weekday, hour, minute in _RHYTHM:
            at = telling.at(day, hour, minute)
            if at.astimezone(telling.zone).weekday() != weekday:
                continue
            if (before is None or at < before) and (after is None or at > after):
                yield platform, at

"""The metric views: each is one file in ``sql/`` that says what its columns mean, and one function here.

A view takes a source: a SQLAlchemy :class:`Session` (the operational database answers, in the session's
transaction) or a :class:`Mirror` (its DuckDB copy answers). Who calls does not see which.
Those of :data:`MIRROR_ONLY` count over whole tables by calendar units and are answered by the mirror only.

``as_of`` is an aware datetime, by default now. It moves the time windows; it does not bring back past states.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from workbench.clock import as_utc, now
from workbench.enums import AttemptStatus, Platform
from workbench.errors import InputError
from workbench.metrics.frames import FLAG, INTEGER, MAYBE_INTEGER, NUMBER, TEXT, TIME
from workbench.metrics.mirror import Mirror
from workbench.metrics.view import Source, View
from workbench.models import Lead, OutreachAttempt

#: From so many attempts and leads on, the mirror answers sooner than the database, what it must read anew included.
MIRROR_PAYS_FROM: Final = 50_000
#: Queued rows due for longer than this are overdue.
OVERDUE_AFTER: Final = timedelta(minutes=5)
#: The most rows one page of a list may have.
LONGEST_PAGE: Final = 10_000
_OPEN: Final = frozenset({AttemptStatus.SENDING, AttemptStatus.FAILED, AttemptStatus.UNKNOWN})
_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
_END: Final = datetime(9999, 1, 1, tzinfo=UTC)

ATTENTION: Final = View(
    "attention",
    {
        "leads": INTEGER,
        "high_intent": INTEGER,
        "approvals_pending": INTEGER,
        "execution_success": NUMBER,
        "failed_last_24h": INTEGER,
        "unknown_outcomes": INTEGER,
        "overdue": INTEGER,
        "missed": INTEGER,
        "gateways_down": INTEGER,
        "stale_creatives": INTEGER,
        "other_mode_attempts": INTEGER,
        "mode": TEXT,
    },
)
PIPELINE: Final = View(
    "pipeline",
    {
        "id": INTEGER,
        "name": TEXT,
        "client": TEXT,
        "state": TEXT,
        "paused": FLAG,
        "clarity": INTEGER,
        "strategy_status": TEXT,
        "lead_count": INTEGER,
        "outreach_count": INTEGER,
        "creatives": INTEGER,
        "creatives_draft": INTEGER,
        "creatives_approved": INTEGER,
        "creatives_scheduled": INTEGER,
        "creatives_published": INTEGER,
        "creatives_failed": INTEGER,
        "creatives_unknown": INTEGER,
        "next_scheduled": TIME,
        "linkedin": INTEGER,
        "twitter": INTEGER,
        "email": INTEGER,
    },
)
TIMELINE: Final = View(
    "timeline",
    {
        "at": TIME,
        "kind": TEXT,
        "id": INTEGER,
        "queue_id": MAYBE_INTEGER,
        "project_id": INTEGER,
        "project": TEXT,
        "platform": TEXT,
        "status": TEXT,
        "mode": TEXT,
        "title": TEXT,
        "lead_id": MAYBE_INTEGER,
        "lead": TEXT,
        "external_id": TEXT,
        "error": TEXT,
    },
)
ACTIVITY: Final = View(
    "activity",
    {
        "at": TIME,
        "branch": INTEGER,
        "id": INTEGER,
        "what": TEXT,
        "platform": TEXT,
        "mode": TEXT,
        "words": TEXT,
        "entity": TEXT,
        "entity_id": MAYBE_INTEGER,
        "actor": TEXT,
        "facts": TEXT,
        "project_id": MAYBE_INTEGER,
        "project": TEXT,
        "campaign": TEXT,
        "title": TEXT,
        "lead": TEXT,
    },
)
DELIVERY: Final = View(
    "delivery",
    {"hour": TIME, "platform": TEXT, "gateway": TEXT, "sent": INTEGER, "failed": INTEGER, "unknown": INTEGER},
)
COHORTS: Final = View("cohorts", {"week": TIME, "source": TEXT, "status": TEXT, "leads": INTEGER})

QUEUE_AHEAD: Final = View("queue_ahead", {"hour": TIME, "platform": TEXT, "items": INTEGER, "overdue": INTEGER})
FUNNEL: Final = View("funnel", {"step": INTEGER, "stage": TEXT, "leads": INTEGER})

VIEWS: Final = (ATTENTION, PIPELINE, TIMELINE, ACTIVITY, DELIVERY, COHORTS, QUEUE_AHEAD, FUNNEL)
MIRROR_ONLY: Final = (DELIVERY, COHORTS, QUEUE_AHEAD, FUNNEL)


def mirror_pays(db: Session) -> bool:
    """Whether there is so much that a mirror looks through whole tables sooner than the database itself."""
    size = sa.select(*(sa.select(sa.func.max(one.id)).scalar_subquery() for one in (OutreachAttempt, Lead)))
    return sum(number or 0 for number in db.execute(size).one()) >= MIRROR_PAYS_FROM


def windows(as_of: datetime) -> dict[str, datetime]:
    """Where the windows of the attention view begin: each is open at its start and closed at ``as_of``."""
    return {
        "as_of": as_of,
        "since_24h": as_of - timedelta(hours=24),
        "since_7d": as_of - timedelta(days=7),
        "since_14d": as_of - timedelta(days=14),
        "overdue_before": as_of - OVERDUE_AFTER,
    }


def moment(as_of: datetime | None) -> datetime:
    """``as_of`` in UTC, or now. Raises :class:`InputError` for a naive one."""
    return now() if as_of is None else as_utc(as_of)


def page_size(limit: object) -> int:
    """``limit`` when it is a whole number from 1 to :data:`LONGEST_PAGE`. Raises :class:`InputError`."""
    if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= LONGEST_PAGE:
        raise InputError(f"limit is {limit!r}; give a whole number from 1 to {LONGEST_PAGE:,}.")
    return limit


def attention(source: Source, *, project_id: int | None = None, as_of: datetime | None = None) -> dict[str, Any]:
    """The numbers of ``sql/attention.sql`` with ``as_of``; ``execution_success`` is a fraction or None."""
    at = moment(as_of)
    (row,) = ATTENTION.rows(source, project_id=project_id, **windows(at))
    return {**row, "as_of": at}


def pipeline(source: Source, *, project_id: int | None = None) -> list[dict[str, Any]]:
    """One row per project, by id (``sql/pipeline.sql``), in one query whatever their number."""
    return PIPELINE.rows(source, project_id=project_id)


def timeline(
    source: Source,
    *,
    project_id: int | None = None,
    limit: int = 50,
    status: str | None = None,
    platform: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[dict[str, Any]]:
    """Plans and deeds, latest first (``sql/timeline.sql``). ``since`` is part of the range, ``until`` is not."""
    return TIMELINE.rows(
        source,
        project_id=project_id,
        everywhere=1 if project_id is None else None,
        limit=page_size(limit),
        status=status,
        open_status=status if status in _OPEN else None,
        platform=platform,
        post_platform=platform if platform != Platform.EMAIL else None,
        since=as_utc(since) if since else _BEGINNING,
        until=as_utc(until) if until else _END,
    )


def delivery(
    mirror: Mirror,
    *,
    project_id: int | None = None,
    since: datetime | None = None,
    as_of: datetime | None = None,
) -> list[dict[str, Any]]:
    """What became of attempts, by hour and platform (``sql/delivery.sql``); by default of the last 30 days."""
    at = moment(as_of)
    begin = as_utc(since) if since else at - timedelta(days=30)
    return DELIVERY.rows(mirror, project_id=project_id, since=begin, as_of=at)


def cohorts(mirror: Mirror, *, project_id: int | None = None, as_of: datetime | None = None) -> list[dict[str, Any]]:
    """Leads by week of entry, source and status (``sql/cohorts.sql``)."""
    return COHORTS.rows(mirror, project_id=project_id, as_of=moment(as_of))


def queue_ahead(
    mirror: Mirror,
    *,
    project_id: int | None = None,
    until: datetime | None = None,
    as_of: datetime | None = None,
) -> list[dict[str, Any]]:
    """What waits to go out, by hour and platform (``sql/queue_ahead.sql``); by default in the next 30 days."""
    at = moment(as_of)
    end = as_utc(until) if until else at + timedelta(days=30)
    before = windows(at)["overdue_before"]
    return QUEUE_AHEAD.rows(mirror, project_id=project_id, until=end, as_of=at, overdue_before=before)


def funnel(mirror: Mirror, *, project_id: int | None = None, as_of: datetime | None = None) -> list[dict[str, Any]]:
    """How many leads have got at least so far (``sql/funnel.sql``), five stages."""
    return FUNNEL.rows(mirror, project_id=project_id, as_of=moment(as_of))

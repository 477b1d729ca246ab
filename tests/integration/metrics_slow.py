"""The metric views once more, as slowly and obviously as they can be written: loops over all rows in Python."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from workbench.models import (
    AuditEvent,
    Base,
    Campaign,
    ContactEvent,
    ContentItem,
    DiscoveryJob,
    GatewayCheck,
    Intake,
    Lead,
    OutreachAttempt,
    Project,
    QueueRow,
    SafetySettings,
    Strategy,
)


class Everything:
    """All rows of the database, by table."""

    def __init__(self, session: Session) -> None:
        def rows(model: type[Base]) -> list[Any]:
            return list(session.scalars(sa.select(model).order_by(model.id)))

        self.projects = rows(Project)
        self.intakes = {row.id: row for row in rows(Intake)}
        self.strategies = {row.id: row for row in rows(Strategy)}
        self.campaigns = {row.id: row for row in rows(Campaign)}
        self.leads = {row.id: row for row in rows(Lead)}
        self.items = {row.id: row for row in rows(ContentItem)}
        self.queue = rows(QueueRow)
        self.attempts = rows(OutreachAttempt)
        self.contacts = rows(ContactEvent)
        self.jobs = rows(DiscoveryJob)
        self.audits = rows(AuditEvent)
        self.checks = rows(GatewayCheck)
        settings = rows(SafetySettings)
        self.mode = settings[0].mode if settings else "simulation"

    def project_of_attempt(self, attempt: OutreachAttempt) -> int:
        if attempt.campaign_id is not None:
            return self.campaigns[attempt.campaign_id].project_id
        return self.items[attempt.content_item_id].project_id

    def project_of_lead(self, lead: Lead) -> int:
        return self.campaigns[lead.campaign_id].project_id


def attention(all_: Everything, as_of: datetime, project_id: int | None) -> dict[str, Any]:
    def within(moment: datetime | None, **window: float) -> bool:
        return moment is not None and as_of - timedelta(**window) < moment <= as_of

    def here(found: int) -> bool:
        return project_id is None or found == project_id

    leads = [lead for lead in all_.leads.values() if here(all_.project_of_lead(lead))]
    wrote = {
        event.lead_id
        for event in all_.contacts
        if event.direction == "INBOUND" and event.event_type != "unsubscribe" and within(event.event_at, days=14)
    }
    items = [item for item in all_.items.values() if item.deleted_at is None and here(item.project_id)]
    projects = [project for project in all_.projects if here(project.id)]
    in_force = {project.id: project.approved_strategy_id for project in all_.projects}
    attempts = [attempt for attempt in all_.attempts if here(all_.project_of_attempt(attempt))]
    present = [attempt for attempt in attempts if attempt.mode == all_.mode]
    ended = ("SENT", "FAILED", "UNKNOWN")
    week = [one for one in present if one.status in ended and within(one.attempted_at, days=7)]
    queue = [row for row in all_.queue if row.mode == all_.mode and here(all_.items[row.content_item_id].project_id)]
    down = set()
    for gateway, account in {(check.gateway, check.account) for check in all_.checks}:
        past = [
            check for check in all_.checks if (check.gateway, check.account) == (gateway, account) and check.at <= as_of
        ]
        past.sort(key=lambda check: (check.at, check.id), reverse=True)
        fresh = bool(past) and past[0].fresh_until >= as_of
        if fresh and [check.state for check in past[:2]] == ["down", "down"]:
            down.add(gateway)
    return {
        "leads": len(leads),
        "high_intent": sum(lead.status in ("REPLIED", "QUALIFIED") or lead.id in wrote for lead in leads),
        "approvals_pending": sum(
            project.strategy_id is not None and all_.strategies[project.strategy_id].status == "DRAFT"
            for project in projects
        )
        + sum(item.status == "DRAFT" for item in items),
        "execution_success": sum(one.status == "SENT" for one in week) / len(week) if week else None,
        "failed_last_24h": sum(one.status == "FAILED" and within(one.attempted_at, hours=24) for one in present),
        "unknown_outcomes": sum(one.status == "UNKNOWN" for one in present),
        "overdue": sum(
            row.status == "QUEUED" and as_of - (row.next_attempt_at or row.scheduled_time) > timedelta(minutes=5)
            for row in queue
        ),
        "missed": sum(row.status == "MISSED" for row in queue),
        "gateways_down": len(down),
        "stale_creatives": sum(
            item.strategy_id != in_force[item.project_id]
            and item.status in ("DRAFT", "APPROVED", "SCHEDULED", "FAILED")
            for item in items
        ),
        "other_mode_attempts": sum(
            one.mode != all_.mode and one.status in ended and within(one.attempted_at, days=7) for one in attempts
        ),
        "mode": all_.mode,
        "as_of": as_of,
    }


def pipeline(all_: Everything) -> list[dict[str, Any]]:
    cards = []
    for project in all_.projects:
        brief = all_.intakes.get(project.intake_id)
        answers = [brief.goal, brief.constraints, brief.audience, brief.budget, brief.target_niche] if brief else []
        strategy = all_.strategies.get(project.strategy_id)
        items = [item for item in all_.items.values() if item.project_id == project.id and item.deleted_at is None]
        begun = ("SENDING", "SENT", "FAILED", "UNKNOWN")
        due = [
            row.next_attempt_at or row.scheduled_time
            for row in all_.queue
            if row.status == "QUEUED"
            and row.mode == all_.mode
            and all_.items[row.content_item_id].project_id == project.id
        ]
        statuses = [item.status for item in items]
        platforms = [item.platform for item in items]
        cards.append(
            {
                "id": project.id,
                "name": project.name,
                "client": project.client,
                "state": project.state,
                "paused": project.paused,
                "clarity": 20 * sum(bool(answer.strip()) for answer in answers),
                "strategy_status": strategy.status if strategy else None,
                "lead_count": sum(all_.project_of_lead(lead) == project.id for lead in all_.leads.values()),
                "outreach_count": sum(
                    one.status in begun and one.mode == all_.mode and all_.project_of_attempt(one) == project.id
                    for one in all_.attempts
                ),
                "creatives": len(items),
                "creatives_draft": statuses.count("DRAFT"),
                "creatives_approved": statuses.count("APPROVED"),
                "creatives_scheduled": statuses.count("SCHEDULED") + statuses.count("PUBLISHING"),
                "creatives_published": statuses.count("PUBLISHED"),
                "creatives_failed": statuses.count("FAILED"),
                "creatives_unknown": statuses.count("UNKNOWN"),
                "next_scheduled": min(due, default=None),
                "linkedin": platforms.count("linkedin"),
                "twitter": platforms.count("twitter"),
                "email": platforms.count("email"),
            }
        )
    return cards


def timeline(
    all_: Everything,
    *,
    project_id: int | None = None,
    status: str | None = None,
    platform: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[tuple[datetime, str, int]]:
    """Which rows in which order: their at, kind and id."""
    tried = {attempt.queue_id for attempt in all_.attempts}
    found = []
    for row in all_.queue:
        item = all_.items[row.content_item_id]
        plan = row.status in ("QUEUED", "RUNNING", "MISSED", "CANCELLED")
        if plan or (row.status == "FAILED" and row.id not in tried):
            found.append((row.scheduled_time, "queue", row.id, row.status, item.platform, item.project_id))
    for one in all_.attempts:
        if one.status in ("SENDING", "SENT", "FAILED", "UNKNOWN") and one.attempted_at is not None:
            project = all_.project_of_attempt(one)
            found.append((one.attempted_at, "attempt", one.id, one.status, one.channel, project))
    kept = [
        row[:3]
        for row in found
        if (project_id is None or row[5] == project_id)
        and (status is None or row[3] == status)
        and (platform is None or row[4] == platform)
        and (since is None or row[0] >= since)
        and (until is None or row[0] < until)
    ]
    return sorted(kept, reverse=True)


def activity(
    all_: Everything, as_of: datetime, project_id: int | None, sources: set[str]
) -> list[tuple[datetime, int, int]]:
    """The whole feed in its order: time, branch and id."""
    found: list[tuple[datetime | None, int, int, str, int | None]] = [
        (one.attempted_at, 1, one.id, "attempt", all_.project_of_attempt(one))
        for one in all_.attempts
        if one.status in ("SENT", "FAILED", "UNKNOWN")
    ]
    found += [(event.at, 2, event.id, "audit", event.project_id) for event in all_.audits]
    for event in all_.contacts:
        project = all_.project_of_lead(all_.leads[event.lead_id])
        found.append((event.event_at, 3, event.id, "contact", project))
    for job in all_.jobs:
        project = all_.campaigns[job.campaign_id].project_id if job.campaign_id else None
        found.append((job.created_at, 4, job.id, "discovery", project))
        found.append((job.completed_at, 5, job.id, "discovery", project))
    kept = [
        (row[0], row[1], row[2])
        for row in found
        if row[0] is not None and row[0] <= as_of and row[3] in sources and (project_id is None or row[4] == project_id)
    ]
    return sorted(kept, reverse=True)


def delivery(all_: Everything, since: datetime, as_of: datetime, project_id: int | None) -> list[dict[str, Any]]:
    buckets: dict[tuple[datetime, str], list[str]] = {}
    for one in all_.attempts:
        if (
            one.attempted_at is not None
            and since < one.attempted_at <= as_of
            and one.mode == all_.mode
            and one.status in ("SENT", "FAILED", "UNKNOWN")
            and (project_id is None or all_.project_of_attempt(one) == project_id)
        ):
            hour = one.attempted_at.replace(minute=0, second=0, microsecond=0)
            buckets.setdefault((hour, one.channel), []).append(one.status)
    return [
        {
            "hour": hour,
            "platform": channel,
            "gateway": "x" if channel == "twitter" else channel,
            "sent": statuses.count("SENT"),
            "failed": statuses.count("FAILED"),
            "unknown": statuses.count("UNKNOWN"),
        }
        for (hour, channel), statuses in sorted(buckets.items())
    ]


def cohorts(all_: Everything, as_of: datetime, project_id: int | None) -> list[dict[str, Any]]:
    groups: dict[tuple[datetime, str, str], int] = {}
    for lead in all_.leads.values():
        if lead.created_at <= as_of and (project_id is None or all_.project_of_lead(lead) == project_id):
            day = lead.created_at.replace(hour=0, minute=0, second=0, microsecond=0)
            key = (day - timedelta(days=day.weekday()), lead.source, lead.status)
            groups[key] = groups.get(key, 0) + 1
    return [
        {"week": week, "source": source, "status": status, "leads": count}
        for (week, source, status), count in sorted(groups.items())
    ]


def queue_ahead(all_: Everything, until: datetime, as_of: datetime, project_id: int | None) -> list[dict[str, Any]]:
    buckets: dict[tuple[datetime, str], list[bool]] = {}
    for row in all_.queue:
        item = all_.items[row.content_item_id]
        due = row.next_attempt_at or row.scheduled_time
        if row.status != "QUEUED" or row.mode != all_.mode or due > until:
            continue
        if project_id is None or item.project_id == project_id:
            hour = max(due, as_of).replace(minute=0, second=0, microsecond=0)
            buckets.setdefault((hour, item.platform), []).append(as_of - due > timedelta(minutes=5))
    return [
        {"hour": hour, "platform": platform, "items": len(late), "overdue": sum(late)}
        for (hour, platform), late in sorted(buckets.items())
    ]


def funnel(all_: Everything, as_of: datetime, project_id: int | None) -> list[dict[str, Any]]:
    counts = dict.fromkeys(("entered", "contacted", "replied", "qualified", "routed"), 0)
    for lead in all_.leads.values():
        if lead.created_at > as_of or (project_id is not None and all_.project_of_lead(lead) != project_id):
            continue
        qualified = lead.status in ("QUALIFIED", "ROUTED")
        replied = qualified or lead.status == "REPLIED" or lead.last_replied_at is not None
        counts["entered"] += 1
        counts["contacted"] += replied or lead.status == "CONTACTED" or lead.last_contacted_at is not None
        counts["replied"] += replied
        counts["qualified"] += qualified
        counts["routed"] += lead.status == "ROUTED"
    return [{"step": step, "stage": stage, "leads": leads} for step, (stage, leads) in enumerate(counts.items(), 1)]

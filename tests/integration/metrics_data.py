"""Databases that hypothesis thinks up: few rows, and moments that lie on the edges of the windows."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from hypothesis import strategies as st
from sqlalchemy.orm import Session

from tests.conftest import NOW
from workbench.enums import (
    AttemptStatus,
    CreativeStatus,
    Direction,
    GatewayState,
    LeadSource,
    LeadStatus,
    Mode,
    Platform,
    ProjectState,
    QueueStatus,
    StrategyStatus,
)
from workbench.models import (
    AuditEvent,
    Campaign,
    ContactEvent,
    ContentItem,
    ContentVersion,
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

_EDGES = [
    timedelta(0),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=24),
    timedelta(days=7),
    timedelta(days=14),
]
_NUDGES = [timedelta(0), timedelta(0), timedelta(microseconds=1), timedelta(microseconds=-1), timedelta(hours=3)]

#: A seed is a whole database: hypothesis finds the seed, and a failure is repeated by it.
seeds = st.integers(0, 2**32 - 1)


def moments(dice: random.Random) -> datetime:
    return NOW - dice.choice(_EDGES) - dice.choice(_NUDGES)


def fill(session: Session, dice: random.Random, rows: int = 12) -> list[int]:
    """Add up to about ``rows`` rows of each kind; the ids of the projects. Flushes."""

    def some(most: int) -> range:
        return range(dice.randint(0, most))

    def maybe(value: datetime) -> datetime | None:
        return value if dice.random() < 0.8 else None

    number = dice.randrange(10**9)
    settings = session.get(SafetySettings, 1)
    assert settings is not None
    settings.mode = dice.choice(list(Mode))
    projects: list[Project] = []
    campaigns: list[Campaign] = []
    leads: list[Lead] = []
    items: list[ContentItem] = []
    for n in range(dice.randint(1, 3)):
        project = Project(
            client="Acme", name=f"{number}-{n}", state=dice.choice(list(ProjectState)), paused=dice.random() < 0.3
        )
        session.add(project)
        session.flush()
        projects.append(project)
        if dice.random() < 0.8:
            answers = {field: dice.choice(["", "  ", "More"]) for field in ("goal", "constraints", "audience")}
            brief = Intake(project_id=project.id, number=1, **answers)
            session.add(brief)
            session.flush()
            project.intake_id = brief.id
        made = [
            Strategy(project_id=project.id, number=k, text="x", status=dice.choice(list(StrategyStatus)))
            for k in range(1, dice.randint(1, 4))
        ]
        session.add_all(made)
        session.flush()
        if made:
            project.strategy_id = made[-1].id
            project.approved_strategy_id = dice.choice([None, *(one.id for one in made)])
        campaigns += [Campaign(project_id=project.id, name=f"c{k}") for k in some(2)]
        items += [
            ContentItem(
                project_id=project.id,
                strategy_id=dice.choice([None, *(one.id for one in made)]),
                platform=dice.choice(list(Platform)),
                title=dice.choice(["", "Hello"]),
                body_text="A text.",
                status=dice.choice(list(CreativeStatus)),
                deleted_at=NOW if dice.random() < 0.2 else None,
            )
            for _ in some(rows)
        ]
    session.add_all([*campaigns, *items])
    session.flush()
    versions = [ContentVersion(content_item_id=item.id, number=1, title="Then", source="operator") for item in items]
    session.add_all(versions)
    for campaign in campaigns:
        leads += [
            Lead(
                campaign_id=campaign.id,
                name="Lea",
                source=dice.choice(list(LeadSource)),
                status=dice.choice(list(LeadStatus)),
                last_contacted_at=None if dice.random() < 0.6 else moments(dice),
                last_replied_at=None if dice.random() < 0.8 else moments(dice),
                created_at=moments(dice),
            )
            for _ in some(rows)
        ]
    session.add_all(leads)
    session.flush()
    queue = [
        QueueRow(
            content_item_id=item.id,
            content_version_id=version.id,
            account="one",
            mode=dice.choice(list(Mode)),
            scheduled_time=moments(dice),
            next_attempt_at=None if dice.random() < 0.6 else moments(dice),
            local_time="2026-11-19T10:00:00",
            timezone="UTC",
            status=dice.choice([*QueueStatus, *[QueueStatus.QUEUED] * 6]),
            last_error=None,
        )
        for item, version in zip(items, versions, strict=True)
        if dice.random() < 0.7
    ]
    session.add_all(queue)
    session.flush()
    for _ in some(3 * rows):
        lead = dice.choice(leads) if leads and dice.random() < 0.7 else None
        if lead is None and not items:
            continue
        session.add(
            OutreachAttempt(
                queue_id=dice.choice(queue).id if queue and lead is not None else None,
                campaign_id=lead.campaign_id if lead else None,
                content_item_id=None if lead else dice.choice(items).id,
                lead_id=lead.id if lead else None,
                channel="email" if lead else dice.choice(["linkedin", "twitter"]),
                status=dice.choice(list(AttemptStatus)),
                mode=dice.choice(list(Mode)),
                attempted_at=maybe(moments(dice)),
                last_error=dice.choice([None, "It was refused"]),
            )
        )
    for _ in some(rows):
        if leads:
            session.add(
                ContactEvent(
                    lead_id=dice.choice(leads).id,
                    channel="email",
                    direction=dice.choice(list(Direction)),
                    event_type=dice.choice(["reply", "note", "unsubscribe"]),
                    event_at=moments(dice),
                )
            )
        session.add(
            AuditEvent(
                at=moments(dice),
                actor="Ada",
                role="admin",
                action="strategy.approve",
                entity="strategy",
                entity_id=1,
                project_id=dice.choice([None, *(project.id for project in projects)]),
                after={"number": 1},
            )
        )
        session.add(
            DiscoveryJob(
                campaign_id=dice.choice(campaigns).id if campaigns and dice.random() < 0.8 else None,
                name="search",
                status="DONE",
                created_at=moments(dice),
                completed_at=maybe(moments(dice)),
            )
        )
        probed = moments(dice)
        session.add(
            GatewayCheck(
                gateway=dice.choice(["x", "linkedin"]),
                account=dice.choice(["one", "two"]),
                at=probed,
                fresh_until=probed + timedelta(minutes=15),
                state=dice.choice([GatewayState.OK, GatewayState.DOWN, GatewayState.DOWN]),
            )
        )
    session.flush()
    return [project.id for project in projects]

"""Rows for tests, each whole by itself: ask for what the test is about, the rest is filled in. They flush."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from workbench.clock import now
from workbench.enums import AttemptStatus, CreativeStatus, DiscoveryStatus, Mode, ProjectState, StrategyStatus
from workbench.models import (
    Base,
    Campaign,
    ContentItem,
    ContentVersion,
    DiscoveryJob,
    Intake,
    Lead,
    OutreachAttempt,
    Project,
    QueueRow,
    Strategy,
)

Row = TypeVar("Row", bound=Base)
_numbers = count(1)


def _add(session: Session, row: Row) -> Row:
    session.add(row)
    session.flush()
    return row


def project(session: Session, **values: Any) -> Project:
    """A project with a complete brief, in INTAKE."""
    made = _add(session, Project(**{"client": "Acme", "name": f"Project {next(_numbers)}"} | values))
    brief = _add(
        session,
        Intake(
            project_id=made.id,
            number=1,
            goal="More demos",
            audience="Operations managers",
            constraints="No discounts",
            budget="10,000 EUR",
            target_niche="Logistics",
            author="Ada",
        ),
    )
    made.intake_id = brief.id
    session.flush()
    return made


def strategy(
    session: Session, of: Project, text: str = "# Strategy", status: StrategyStatus = StrategyStatus.DRAFT
) -> Strategy:
    """The next revision; an APPROVED one is put in force and moves the project to CREATIVE."""
    number = 1 + session.query(Strategy).filter_by(project_id=of.id).count()
    made = _add(session, Strategy(project_id=of.id, number=number, text=text, status=status, author="Ada"))
    of.strategy_id = made.id
    if status is StrategyStatus.APPROVED:
        of.approved_strategy_id = made.id
        made.decided_by, made.decided_at = "Ada", now()
        of.state = ProjectState.CREATIVE
    session.flush()
    return made


def creative(session: Session, of: Project, platform: str = "email", **values: Any) -> ContentItem:
    """A creative with its first version, based on the strategy in force."""
    defaults: dict[str, Any] = {
        "project_id": of.id,
        "platform": platform,
        "title": "Hello",
        "body_text": "Hello {{first_name|there}}",
        "strategy_id": of.approved_strategy_id,
        "status": CreativeStatus.DRAFT,
    }
    made = _add(session, ContentItem(**defaults | values))
    _add(
        session,
        ContentVersion(
            content_item_id=made.id,
            number=made.version,
            title=made.title,
            body_text=made.body_text,
            caption=made.caption or "",
            source="operator",
            author="Ada",
        ),
    )
    return made


def campaign(session: Session, of: Project, **values: Any) -> Campaign:
    return _add(session, Campaign(**{"project_id": of.id, "name": f"Campaign {next(_numbers)}"} | values))


def lead(session: Session, of: Campaign, **values: Any) -> Lead:
    number = next(_numbers)
    address = values.pop("email", f"lead{number}@example.com")
    defaults = {
        "campaign_id": of.id,
        "name": f"Lea {number}",
        "first_name": "Lea",
        "company": "Example Ltd",
        "email": address,
        "email_norm": address.lower() if address else None,
        "source": "csv",
    }
    return _add(session, Lead(**defaults | values))


def queued(session: Session, item: ContentItem, at: datetime | None = None, **values: Any) -> QueueRow:
    """``item`` on the queue (due a minute ago unless ``at``), its status SCHEDULED."""
    version = session.query(ContentVersion).filter_by(content_item_id=item.id, number=item.version).one()
    moment = at or now() - timedelta(minutes=1)
    item.status = CreativeStatus.SCHEDULED
    defaults: dict[str, Any] = {
        "content_item_id": item.id,
        "content_version_id": version.id,
        "account": "simulated",
        "mode": Mode.SIMULATION,
        "scheduled_time": moment,
        "local_time": moment.strftime("%Y-%m-%dT%H:%M:%S"),
        "timezone": "UTC",
    }
    return _add(session, QueueRow(**defaults | values))


def search(session: Session, of: Campaign, **values: Any) -> DiscoveryJob:
    """A search for people that waits for a worker."""
    defaults = {"name": "COO", "criteria": {"titles": ["COO"]}, "status": DiscoveryStatus.QUEUED, "max_people": 10}
    return _add(session, DiscoveryJob(**{"campaign_id": of.id} | defaults | values))


def attempt(session: Session, of: Campaign | None = None, **values: Any) -> OutreachAttempt:
    """An attempt made now, SENT by e-mail in simulation."""
    defaults: dict[str, Any] = {
        "campaign_id": of.id if of else None,
        "channel": "email",
        "status": AttemptStatus.SENT,
        "attempted_at": now(),
        "mode": Mode.SIMULATION,
    }
    return _add(session, OutreachAttempt(**defaults | values))

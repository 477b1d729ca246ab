"""A database in which every field that a person, a model, a gateway or a file can fill tries to run a script.

The texts stand in :file:`data/injections.toml`. Which columns are free is not listed but found: a column that is added
to a model is poisoned too, unless it is named as one that only the workbench itself writes.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from datetime import timedelta
from itertools import cycle
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests import factories
from workbench.clock import now
from workbench.enums import AttemptStatus, CreativeStatus, DiscoveryStatus, LeadStatus, ProjectState, StrategyStatus
from workbench.models import (
    AuditEvent,
    Base,
    ContactEvent,
    ContentItem,
    Draft,
    GatewayCheck,
    GatewaySetting,
    Intake,
    SafetySettings,
    Suppression,
    WorkerHeartbeat,
)

#: Kinds, states, keys and numbers: the workbench writes them itself, or refuses what is not one of a few.
CLOSED: Final = {
    "action", "address_norm", "batch_id", "channel", "consent_status", "direction", "email_norm", "entity",
    "event_type", "generation", "local_time", "mode", "platform", "role", "state", "status", "timezone", "window",
    "execution_queue.account", "project_accounts.account", "cam_leads.source", "gateway", "suppressions.reason",
    "cam_discovery_jobs.page_ids", "cam_discovery_jobs.rejections", "cam_safety_settings.data", "gateway_settings.caps",
    "drafts.actor", "worker_id",
}  # fmt: skip
#: What the workbench keeps for itself; and the audit log, which cannot be changed once it is written.
OWN: Final = {"change_log", "mirror_state", "audit_events", "users"}
#: A field without a limit holds so many of them.
_MANY: Final = 12


def payloads() -> list[str]:
    classes = tomllib.loads((Path(__file__).parent / "data" / "injections.toml").read_text(encoding="utf-8"))
    return [text for texts in classes.values() for text in texts]


def fill(db: Session) -> int:
    """Rows of every sort, poisoned, in one project, whose id is answered. Commits."""
    texts = cycle(payloads())
    project_id = _make_rows(db)
    db.flush()
    for table in Base.metadata.sorted_tables:
        if table.name not in OWN:
            _poison(db, table, texts)
    _show_all(db)
    _write_audit_events(db, project_id, texts)
    db.commit()
    return project_id


def _show_all(db: Session) -> None:
    """Each text in a creative that the Gallery shows, so that none is hidden everywhere by chance."""
    items = db.scalars(sa.select(ContentItem).where(ContentItem.deleted_at.is_(None))).all()
    for number, item in enumerate(items):
        item.body_text = "\n\n".join(payloads()[number :: len(items)])


def free_columns(table: sa.Table) -> list[sa.Column[Any]]:
    """The columns whose content somebody else decides."""
    return [
        column
        for column in table.columns
        if isinstance(column.type, sa.String | sa.JSON)
        and not column.foreign_keys
        and not CLOSED & {column.name, f"{table.name}.{column.name}"}
    ]


def _poison(db: Session, table: sa.Table, texts: Iterator[str]) -> None:
    columns = free_columns(table)
    for id in db.scalars(sa.select(table.c.id)).all() if columns else []:
        values = {column.name: _bad_value(column, texts) for column in columns}
        db.execute(sa.update(table).where(table.c.id == id).values(values))


def _bad_value(column: sa.Column[Any], texts: Iterator[str]) -> Any:
    if isinstance(column.type, sa.JSON):
        if column.name == "tags":
            return [next(texts), next(texts)]
        if column.name == "criteria":
            return {"titles": [next(texts)], "locations": [next(texts)], "keywords": next(texts)}
        return {next(texts): next(texts), "note": [next(texts)]}
    limit = getattr(column.type, "length", None)
    if limit is None:
        return "\n\n".join(next(texts) for _ in range(_MANY))
    return next(text for text in texts if len(text) <= limit)


def _make_rows(db: Session) -> int:
    project = factories.project(db, name="A")
    other = factories.project(db, name="B")
    for number in (2, 3):
        db.add(Intake(project_id=project.id, number=number, goal="g", author="a"))
    rejected = factories.strategy(db, project)
    factories.strategy(db, project, status=StrategyStatus.APPROVED)
    factories.strategy(db, project)
    rejected.status, rejected.rejection_reason = StrategyStatus.REJECTED, "r"
    rejected.decided_by, rejected.decided_at = "d", now()
    project.state = ProjectState.EXECUTION
    items = [
        factories.creative(db, project, platform, body_text="b", caption="c")
        for _ in range(8)
        for platform in ("linkedin", "twitter", "email")
    ]
    items[0].deleted_at = now()
    campaigns = [factories.campaign(db, project), factories.campaign(db, other)]
    leads = [factories.lead(db, campaigns[0]) for _ in range(30)]
    for item in items[1:5]:
        factories.queued(db, item, now() + timedelta(hours=1))
    for item, state in zip(items[5:9], ("FAILED", "UNKNOWN", "DONE", "MISSED"), strict=True):
        row = factories.queued(db, item, now() - timedelta(minutes=30), status=state)
        item.status = CreativeStatus(state) if state in ("FAILED", "UNKNOWN") else CreativeStatus.PUBLISHED
        if state == "MISSED":
            item.status = CreativeStatus.SCHEDULED
            continue
        ended = {"FAILED": AttemptStatus.FAILED, "UNKNOWN": AttemptStatus.UNKNOWN, "DONE": AttemptStatus.SENT}[state]
        factories.attempt(db, queue_id=row.id, content_item_id=item.id, channel=item.platform, status=ended)
    for lead, ended in zip(leads, [AttemptStatus.FAILED, AttemptStatus.UNKNOWN, AttemptStatus.SENT] * 2, strict=False):
        factories.attempt(db, campaigns[0], lead_id=lead.id, address_norm=lead.email_norm, status=ended)
    for lead in leads[:10]:
        lead.status = LeadStatus.REPLIED
        db.add(
            ContactEvent(
                lead_id=lead.id, channel="email", direction="INBOUND", event_type="reply", summary="s", event_at=now()
            )
        )
    factories.search(db, campaigns[0])
    factories.search(db, campaigns[0], status=DiscoveryStatus.FAILED, completed_at=now())
    db.add(Suppression(address_norm="gone@example.com", reason="operator", source="s"))
    for gateway in ("email", "linkedin", "x"):
        db.add(GatewayCheck(gateway=gateway, state="down", detail="d", fresh_until=now()))
    db.add(GatewaySetting(gateway="email", paused=True, reason="r", by="b", at=now()))
    db.add(WorkerHeartbeat(worker_id="host:1:nonce", host="h", pid=1, working_on="w"))
    db.add(Draft(entity="strategy", entity_id=project.id, actor="Ada", text="t", base=3))
    safety = db.get(SafetySettings, 1)
    if safety is None:
        safety = SafetySettings(id=1)
        db.add(safety)
    safety.system_paused, safety.pause_reason, safety.paused_by = True, "r", "b"
    return project.id


_ACTIONS: Final = (
    ("strategy.approve", "strategy"), ("strategy.reject", "strategy"), ("creative.update", "creative"),
    ("creative.approve", "creative"), ("project.create", "project"), ("intake.save", "project"),
    ("system.pause", "system"), ("gateway.pause", "gateway"), ("lead.import", "campaign"),
    ("attempt.reconcile", "queue"),
)  # fmt: skip


def _write_audit_events(db: Session, project_id: int, texts: Iterator[str]) -> None:
    for action, entity in _ACTIONS:
        facts = {"name": next(texts), "reason": next(texts), next(texts): next(texts)}
        db.add(
            AuditEvent(
                actor=next(texts), role="admin", action=action, entity=entity, entity_id=1, project_id=project_id,
                reason=next(texts), before=facts, after=dict(facts, title=next(texts)),
            )
        )  # fmt: skip

"""What the Control Tower lists, as rows of tables: plain functions of what the contract returns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from workbench.enums import Gateway, Platform
from workbench.metrics.audit_words import audit_words
from workbench.operator_services.types import AuditRow, GatewayStatus, QueueItem, TimelineRow, WorkerRow

#: Status of a queue row or an attempt -> how it looks.
TONES: Final = {
    "QUEUED": "info",
    "RUNNING": "info",
    "DONE": "ok",
    "SENT": "ok",
    "PARTIAL": "warn",
    "FAILED": "error",
    "UNKNOWN": "error",
    "MISSED": "warn",
    "CANCELLED": "",
    "SKIPPED": "",
    "PENDING": "info",
    "SENDING": "info",
}
QUEUE_COLUMNS: Final = [
    {"key": "at", "label": "When", "kind": "time", "sub": "zone", "zone": "zone"},
    {"key": "title", "label": "What", "sub": "where"},
    {"key": "status", "label": "Status", "kind": "chip"},
    {"key": "counts", "label": "Recipients"},
    {"key": "why", "label": "Why it is not going out"},
]
ATTEMPT_COLUMNS: Final = [
    {"key": "at", "label": "When", "kind": "time"},
    {"key": "title", "label": "What", "sub": "where"},
    {"key": "lead", "label": "To"},
    {"key": "status", "label": "Status", "kind": "chip"},
    {"key": "error", "label": "Detail"},
]
AUDIT_COLUMNS: Final = [
    {"key": "at", "label": "When", "kind": "time"},
    {"key": "actor", "label": "Who", "sub": "role"},
    {"key": "words", "label": "What", "sub": "what"},
    {"key": "reason", "label": "Why"},
]


def queue_line(item: QueueItem) -> dict[str, Any]:
    """One row of the queue, with what may be done to it."""
    told = [f"{item[key]:,} {key}" for key in ("sent", "failed", "unknown", "pending", "skipped") if item[key]]
    allowed = {
        "QUEUED": ["move", "cancel"],
        "MISSED": ["move", "cancel"],
        "FAILED": ["retry"],
        "PARTIAL": ["retry"],
    }
    return {
        "id": item["id"],
        "at": item["scheduled_time"].isoformat(),
        "zone": item["timezone"],
        "title": item["title"] or "(no title)",
        "where": f"{Platform(item['platform']).label} · {item['project']} · {item['account']}",
        "status": {"text": item["status"].lower(), "tone": TONES.get(item["status"], "")},
        "counts": ", ".join(told),
        "why": item["why"] or item["last_error"],
        "actions": allowed.get(item["status"], []),
    }


def attempt_line(row: TimelineRow, *, actions: list[str] | None = None) -> dict[str, Any]:
    """One plan or deed of the timeline."""
    return {
        "id": row["id"],
        "at": row["at"].isoformat(),
        "title": row["title"] or "(no title)",
        "where": f"{Platform(row['platform']).label} · {row['project']}",
        "lead": row["lead"],
        "status": {"text": row["status"].lower(), "tone": TONES.get(row["status"], "")},
        "error": row["error"] or row["external_id"],
        "actions": actions or [],
    }


def audit_line(row: AuditRow) -> dict[str, Any]:
    """One event of the audit log."""
    words = audit_words(row["action"], row["entity"], row["entity_id"], row["after"] or {})
    entity = row["entity"] if row["entity_id"] is None else f"{row['entity']} {row['entity_id']}"
    return {
        "id": row["id"],
        "at": row["at"].isoformat(),
        "actor": row["actor"],
        "role": row["role"],
        "words": words.event,
        "what": f"{row['action']} · {entity}",
        "reason": row["reason"],
    }


def gateway_entry(key: str, status: GatewayStatus, pause: Mapping[str, Any] | None) -> dict[str, Any]:
    """One gateway as an entry of the list; ``pause`` is its own of a PauseState."""
    sends = key in {platform.gateway for platform in Platform}
    queued = f"{status['queued']:,} queued" if status["queued"] else ""
    facts = [queued, f"{status['recent_activity']:,} sent in 24 h"] if sends else []
    for cap in status["caps"]:
        whose = f"{cap['account']}: " if len(status["caps"]) > 1 else ""
        facts.append(f"{whose}{cap['left']:,} of {cap['limit']:,} left today (UTC)")
    if pause is not None:
        flying = pause["in_flight"]
        facts.append(f"pausing, {flying} in flight" if flying else f"paused: {pause['reason'] or 'no reason given'}")
    return {
        "key": key,
        "label": Gateway(key).label,
        "status": status["status"],
        "detail": status["detail"],
        "checked_at": status["checked_at"].isoformat() if status["checked_at"] else None,
        "latency_ms": status["latency_ms"],
        "facts": [fact for fact in facts if fact],
        "paused": pause is not None,
        # What searches for people can be stopped as well.
        "pausable": sends or key == Gateway.APOLLO,
    }


def worker_line(number: int, worker: WorkerRow) -> dict[str, Any]:
    """One worker as a row."""
    return {
        "id": number,
        "name": f"{worker['host']}, process {worker['pid']}",
        "beat": worker["beat_at"].isoformat(),
        "state": {"text": "alive", "tone": "ok"} if worker["alive"] else {"text": "gone", "tone": "error"},
        "doing": worker["working_on"],
    }

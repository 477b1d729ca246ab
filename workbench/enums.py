"""States, kinds and roles, and the transition tables that say which move is allowed.

The tables are data: ``(from, to)`` pairs with the reason a person would be given. What makes a move happen
(who, when, with which consequences) is the services' business; whether it is allowed at all is decided here.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from workbench.errors import InvalidTransition


class Mode(StrEnum):
    SIMULATION = "simulation"
    LIVE = "live"


class Role(StrEnum):
    VIEWER = "viewer"
    OPERATOR = "operator"
    APPROVER = "approver"
    ADMIN = "admin"

    @property
    def rank(self) -> int:
        return list(Role).index(self)

    def allows(self, needed: Role) -> bool:
        """Whether somebody with this role may do what ``needed`` may do."""
        return self.rank >= needed.rank


class Platform(StrEnum):
    LINKEDIN = "linkedin"
    TWITTER = "twitter"
    EMAIL = "email"

    @property
    def label(self) -> str:
        return {"linkedin": "LinkedIn", "twitter": "X", "email": "Email"}[self.value]

    @property
    def gateway(self) -> Gateway:
        return {
            Platform.LINKEDIN: Gateway.LINKEDIN,
            Platform.TWITTER: Gateway.X,
            Platform.EMAIL: Gateway.EMAIL,
        }[self]


class Gateway(StrEnum):
    LINKEDIN = "linkedin"
    X = "x"
    EMAIL = "email"
    OPENAI = "openai"
    APOLLO = "apollo"

    @property
    def label(self) -> str:
        return {
            "linkedin": "LinkedIn",
            "x": "X",
            "email": "Email",
            "openai": "Language model",
            "apollo": "Apollo",
        }[self.value]


class GatewayState(StrEnum):
    OK = "ok"
    WARN = "warn"
    DOWN = "down"
    UNCONFIGURED = "unconfigured"
    UNKNOWN = "unknown"


class ProjectState(StrEnum):
    INTAKE = "INTAKE"
    STRATEGY = "STRATEGY"
    CREATIVE = "CREATIVE"
    EXECUTION = "EXECUTION"
    DONE = "DONE"


class StrategyStatus(StrEnum):
    DRAFT = "DRAFT"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    SUPERSEDED = "SUPERSEDED"


class CreativeStatus(StrEnum):
    DRAFT = "DRAFT"
    APPROVED = "APPROVED"
    SCHEDULED = "SCHEDULED"
    PUBLISHING = "PUBLISHING"
    PUBLISHED = "PUBLISHED"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"


class QueueStatus(StrEnum):
    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    DONE = "DONE"
    PARTIAL = "PARTIAL"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"
    CANCELLED = "CANCELLED"
    MISSED = "MISSED"


#: A content item has at most one queue row in one of these.
ACTIVE_QUEUE: Final = (QueueStatus.QUEUED, QueueStatus.RUNNING, QueueStatus.MISSED)


class AttemptStatus(StrEnum):
    PENDING = "PENDING"
    SENDING = "SENDING"
    SENT = "SENT"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"
    UNKNOWN = "UNKNOWN"


class LeadStatus(StrEnum):
    NEW = "NEW"
    ENRICHED = "ENRICHED"
    CONTACTED = "CONTACTED"
    REPLIED = "REPLIED"
    QUALIFIED = "QUALIFIED"
    ROUTED = "ROUTED"
    LOST = "LOST"
    MANUAL_REVIEW = "MANUAL_REVIEW"


class LeadSource(StrEnum):
    CSV = "csv"
    APOLLO = "apollo"
    MANUAL = "manual"
    OTHER = "other"


class Consent(StrEnum):
    UNKNOWN = "UNKNOWN"
    CONSENTED = "CONSENTED"
    DNC = "DNC"


class Direction(StrEnum):
    INBOUND = "INBOUND"
    OUTBOUND = "OUTBOUND"


class DiscoveryStatus(StrEnum):
    #: Written by other tools, before the workbench. No worker takes it.
    PENDING = "PENDING"
    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    DONE = "DONE"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


class SuppressionReason(StrEnum):
    UNSUBSCRIBE = "unsubscribe"
    BOUNCE = "bounce"
    COMPLAINT = "complaint"
    OPERATOR = "operator"


Transitions = Mapping[tuple[StrEnum, StrEnum], str]

_P = ProjectState
PROJECT_TRANSITIONS: Final[Transitions] = {
    (_P.INTAKE, _P.STRATEGY): "the brief has goal and audience and a first strategy exists, or by hand",
    (_P.INTAKE, _P.CREATIVE): "strategy approved",
    (_P.STRATEGY, _P.CREATIVE): "strategy approved",
    (_P.CREATIVE, _P.STRATEGY): "the strategy in force is rejected",
    (_P.EXECUTION, _P.STRATEGY): "the strategy in force is rejected",
    (_P.CREATIVE, _P.EXECUTION): "first creative scheduled",
    (_P.EXECUTION, _P.DONE): "by hand, when nothing is queued",
    (_P.CREATIVE, _P.DONE): "by hand, when nothing is queued",
    (_P.DONE, _P.EXECUTION): "reopened by hand",
}

_C = CreativeStatus
CREATIVE_TRANSITIONS: Final[Transitions] = {
    (_C.DRAFT, _C.APPROVED): "approved at a named version, valid for its platform",
    (_C.APPROVED, _C.DRAFT): "edited, regenerated or restored",
    (_C.SCHEDULED, _C.DRAFT): "edited, regenerated or restored, after it was taken off the queue",
    (_C.FAILED, _C.DRAFT): "edited, regenerated or restored",
    (_C.APPROVED, _C.SCHEDULED): "queued",
    (_C.SCHEDULED, _C.APPROVED): "cancelled, or its strategy rejected, or the mode changed",
    (_C.SCHEDULED, _C.PUBLISHING): "the worker started it",
    (_C.PUBLISHING, _C.PUBLISHED): "the worker finished it",
    (_C.PUBLISHING, _C.FAILED): "the worker finished it",
    (_C.PUBLISHING, _C.UNKNOWN): "the worker finished it",
    (_C.PUBLISHING, _C.SCHEDULED): "the worker gave it back: deferred, capped or paused",
    (_C.UNKNOWN, _C.PUBLISHED): "reconciled as sent",
    (_C.UNKNOWN, _C.APPROVED): "reconciled as not sent",
    (_C.FAILED, _C.APPROVED): "retried by a person",
}

_Q = QueueStatus
QUEUE_TRANSITIONS: Final[Transitions] = {
    (_Q.QUEUED, _Q.RUNNING): "claimed",
    (_Q.RUNNING, _Q.QUEUED): "lease expired, given back, or attempts still pending",
    (_Q.RUNNING, _Q.DONE): "everything sent",
    (_Q.RUNNING, _Q.PARTIAL): "some sent, some failed",
    (_Q.RUNNING, _Q.FAILED): "none sent",
    (_Q.RUNNING, _Q.UNKNOWN): "an outcome is unknown",
    (_Q.QUEUED, _Q.CANCELLED): "by a person, or approval withdrawn",
    (_Q.MISSED, _Q.CANCELLED): "by a person, or approval withdrawn",
    (_Q.QUEUED, _Q.MISSED): "overdue by more than the staleness limit",
    (_Q.MISSED, _Q.QUEUED): "rescheduled or retried by a person",
    (_Q.FAILED, _Q.QUEUED): "failed attempts retried by a person",
    (_Q.PARTIAL, _Q.QUEUED): "failed attempts retried by a person",
    (_Q.UNKNOWN, _Q.DONE): "reconciled",
    (_Q.UNKNOWN, _Q.PARTIAL): "reconciled",
    (_Q.UNKNOWN, _Q.FAILED): "reconciled",
}

_D = DiscoveryStatus
DISCOVERY_TRANSITIONS: Final[Transitions] = {
    (_D.QUEUED, _D.RUNNING): "claimed",
    (_D.RUNNING, _D.QUEUED): "paused, put off or given back, or its lease expired",
    (_D.RUNNING, _D.DONE): "every page was read, or as many people as were asked for",
    (_D.RUNNING, _D.FAILED): "Apollo refused for good, or failed too often in a row",
    (_D.PENDING, _D.CANCELLED): "by a person",
    (_D.QUEUED, _D.CANCELLED): "by a person",
    (_D.RUNNING, _D.CANCELLED): "by a person",
}


def check_transition(table: Transitions, now: StrEnum, to: StrEnum, what: str) -> None:
    """Raise :class:`InvalidTransition` unless ``table`` allows ``now`` → ``to``. Staying put is allowed."""
    if now == to or (now, to) in table:
        return
    allowed = [target.value for (start, target) in table if start == now]
    can = f"From {now.value} it can only become {', '.join(allowed)}." if allowed else "It cannot change any more."
    raise InvalidTransition(f"{what} is {now.value} and cannot become {to.value}. {can}", state=now, to=to)

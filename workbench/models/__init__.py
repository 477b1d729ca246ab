"""Tables, and nothing else."""

from workbench.models.base import Base
from workbench.models.campaigns import (
    Campaign,
    ContactEvent,
    DiscoveryJob,
    Lead,
    OutreachAttempt,
    SafetySettings,
)
from workbench.models.changes import ChangeLog, MirrorState
from workbench.models.content import ContentItem, ContentVersion
from workbench.models.execution import (
    GatewayCheck,
    GatewaySetting,
    ProbeTurn,
    QueueRow,
    SendCounter,
    Suppression,
    WorkerHeartbeat,
)
from workbench.models.projects import Intake, Project, ProjectAccount, Strategy
from workbench.models.system import AuditEvent, Draft, User

__all__ = [
    "AuditEvent",
    "Base",
    "Campaign",
    "ChangeLog",
    "ContactEvent",
    "ContentItem",
    "ContentVersion",
    "DiscoveryJob",
    "Draft",
    "GatewayCheck",
    "GatewaySetting",
    "Intake",
    "Lead",
    "MirrorState",
    "OutreachAttempt",
    "ProbeTurn",
    "Project",
    "ProjectAccount",
    "QueueRow",
    "SafetySettings",
    "SendCounter",
    "Strategy",
    "Suppression",
    "User",
    "WorkerHeartbeat",
]

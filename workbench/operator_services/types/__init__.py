"""The shapes the contract returns. All times are aware datetimes in UTC unless a name says otherwise."""

from workbench.operator_services.types.bulk import BulkResult, ItemOutcome
from workbench.operator_services.types.creatives import Creative, CreativeVersion, RenderedMessage, SentTest
from workbench.operator_services.types.discovery import DiscoveryPreview, DiscoveryReason, DiscoveryRow, FoundPerson
from workbench.operator_services.types.leads import (
    CampaignRow,
    ImportPreview,
    ImportResult,
    LeadHistory,
    LeadRow,
    RowOutcome,
)
from workbench.operator_services.types.overview import (
    ActivityEvent,
    AttentionMetrics,
    AuditRow,
    OpenAttempt,
    PipelineProject,
    TimelineRow,
)
from workbench.operator_services.types.safety import (
    GatewayStatus,
    ModeChange,
    PauseState,
    ResumeItem,
    ResumePreview,
    WorkerRow,
)
from workbench.operator_services.types.schedules import (
    CalendarDay,
    CalendarItem,
    MovePreview,
    QueueItem,
    ScheduleOutcome,
    SchedulePreview,
    ScheduleResult,
    Skipped,
    SlotPreview,
)
from workbench.operator_services.types.strategies import (
    ApprovalPreview,
    DraftText,
    IntakeRevision,
    ProjectContext,
    StrategyRevision,
    WaitingStrategy,
)

__all__ = [
    "ActivityEvent",
    "ApprovalPreview",
    "AttentionMetrics",
    "AuditRow",
    "BulkResult",
    "CalendarDay",
    "CalendarItem",
    "CampaignRow",
    "Creative",
    "CreativeVersion",
    "DiscoveryPreview",
    "DiscoveryReason",
    "DiscoveryRow",
    "DraftText",
    "FoundPerson",
    "GatewayStatus",
    "ImportPreview",
    "ImportResult",
    "IntakeRevision",
    "ItemOutcome",
    "LeadHistory",
    "LeadRow",
    "ModeChange",
    "MovePreview",
    "OpenAttempt",
    "PauseState",
    "PipelineProject",
    "ProjectContext",
    "QueueItem",
    "RenderedMessage",
    "ResumeItem",
    "ResumePreview",
    "RowOutcome",
    "ScheduleOutcome",
    "SchedulePreview",
    "ScheduleResult",
    "SentTest",
    "Skipped",
    "SlotPreview",
    "StrategyRevision",
    "TimelineRow",
    "WaitingStrategy",
    "WorkerRow",
]

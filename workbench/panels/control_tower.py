"""The Control Tower page: what is planned, what went out, what did not and why, and through which gateways."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

import pandas as pd
import panel as pn
import panel_material_ui as pmu

from workbench import operator_services as ops
from workbench.clock import now
from workbench.enums import Gateway, Platform, Role
from workbench.metrics.audit_words import audit_words
from workbench.operator_services.types import AuditRow, GatewayStatus, QueueItem, TimelineRow, WorkerRow
from workbench.panels import safe
from workbench.panels.base import PageView, action
from workbench.panels.components.bars import Bars
from workbench.panels.components.gateways import Gateways
from workbench.panels.components.tab_bar import TabBar
from workbench.panels.components.table import Table
from workbench.panels.layout import bar, split
from workbench.panels.queue_dialogs import QueueDialogs
from workbench.panels.state import WorkbenchState
from workbench.panels.tools import STACK, tool

MOST_ROWS: Final = 200
CHART_DAYS: Final = 30
OVERDUE_AFTER: Final = timedelta(minutes=5)

#: Key in the address -> label of the view.
VIEWS: Final = {
    "queue": "Schedule",
    "failed": "Failed",
    "unknown": "Unknown",
    "timeline": "Timeline",
    "audit": "Audit log",
}
_TONES: Final = {
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
        "status": {"text": item["status"].lower(), "tone": _TONES.get(item["status"], "")},
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
        "status": {"text": row["status"].lower(), "tone": _TONES.get(row["status"], "")},
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


def gateway_entry(key: str, status: GatewayStatus) -> dict[str, Any]:
    """One gateway as an entry of the list."""
    facts = [f"{status['queued']:,} queued" if status["queued"] else "", f"{status['recent_activity']:,} sent in 24 h"]
    if status["paused"] and status["pause_reason"]:
        facts.append(f"paused: {status['pause_reason']}")
    sends = key in {platform.gateway for platform in Platform}
    return {
        "key": key,
        "label": Gateway(key).label,
        "status": status["status"],
        "detail": status["detail"],
        "checked_at": status["checked_at"].isoformat() if status["checked_at"] else None,
        "latency_ms": status["latency_ms"],
        "facts": [fact for fact in facts if fact] if sends else [],
        "paused": status["paused"],
        "pausable": sends,
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


def daily_bars(
    delivery: pd.DataFrame, until: datetime, days: int = CHART_DAYS
) -> tuple[list[str], list[dict[str, Any]]]:
    """Labels and series of the chart: sent, failed and unknown a day (UTC), the last ``days`` up to ``until``."""
    dates = [(until - timedelta(days=back)).date() for back in range(days - 1, -1, -1)]
    by_day = delivery.assign(day=delivery["hour"].dt.date).groupby("day")[["sent", "failed", "unknown"]].sum()
    by_day = by_day.reindex(dates, fill_value=0)
    tones = {"sent": "ok", "failed": "error", "unknown": "warn"}
    series = [{"name": name, "tone": tone, "values": [int(n) for n in by_day[name]]} for name, tone in tones.items()]
    return [f"{day.day} {day:%b}" for day in dates], series


class ControlTower(PageView):
    """Lists on the left by what is asked; gateways, workers and the chart beside and below."""

    key: ClassVar[str] = "control-tower"

    def __init__(self, state: WorkbenchState, **params: Any) -> None:
        super().__init__(state, **params)
        self.views = TabBar(
            tabs=[{"key": key, "label": label} for key, label in VIEWS.items()],
            active="queue",
            label="Lists of the Control Tower",
            on_choose=self._click_view,
        )
        self.platform = pmu.Select(
            label="Platform", options={"All": "", **{one.label: one.value for one in Platform}}, **tool(130)
        )
        self.platform.param.watch(lambda event: self._click_filter("platform", event.new), "value")
        self.note = safe.text("", kind="note", sizing_mode=None, align="center")
        self.show_all = pmu.Button(label="Show all", variant="text", on_click=self._click_show_all, **tool())
        self.narrowed = bar(self.note, self.show_all, visible=False)
        self.table = Table(page_size=MOST_ROWS, on_act=self._act)
        self.gateways = Gateways(on_probe=self._click_probe, on_switch=self._click_switch)
        self.workers = Table(
            label="Workers",
            columns=[
                {"key": "name", "label": "Worker", "sub": "doing"},
                {"key": "state", "label": "State", "kind": "chip"},
                {"key": "beat", "label": "Last heartbeat", "kind": "time"},
            ],
            empty="No worker has ever run. Start one: workbench worker",
        )
        self.chart = Bars(heading=f"Delivered in the last {CHART_DAYS} days", empty="Nothing was sent in these days.")
        self.dialogs = QueueDialogs(self)
        self._charted = ""
        stacked: dict[str, Any] = {"sizing_mode": "stretch_width", "margin": 0, "stylesheets": [STACK]}
        head = bar(pn.Column(self.views, min_width=280, sizing_mode="stretch_width", margin=0), self.platform)
        main = pn.Column(head, self.narrowed, self.table, self.chart, **stacked)
        side = pn.Column(self.gateways, pn.Column(safe.text("Workers", kind="heading"), self.workers), **stacked)
        self.body[:] = [split(main, side)]

    def _update(self) -> None:
        state = self.state
        wanted = state.filters.get("show", "queue")
        shown = wanted if wanted in VIEWS else "queue"
        platform = state.filters.get("platform", "")
        self.views.active = shown
        if self.platform.value != platform and platform in self.platform.options.values():
            self.platform.value = platform
        self.platform.visible = shown != "audit"
        readers: dict[str, Callable[[], None]] = {
            "queue": self._show_queue,
            "failed": lambda: self._show_attempts("failed"),
            "unknown": lambda: self._show_attempts("unknown"),
            "timeline": self._show_timeline,
            "audit": self._show_audit,
        }
        readers[shown]()
        self._show_gateways(state.call(ops.get_gateway_status))
        workers = [row for row in state.call(ops.get_workers) if row["alive"]] or state.call(ops.get_workers)[:3]
        rows = [worker_line(number, worker) for number, worker in enumerate(workers, 1)]
        self.workers.param.update(rows=rows, total=len(rows), page_size=max(1, len(rows)), zone=self._zone())
        self._show_chart()

    def _zone(self) -> str:
        project = self.state.project()
        if project is None:
            return self.state.host.settings.timezone
        return str(self.state.call(ops.get_project_context, project["id"])["timezone"])

    def _show_rows(self, rows: list[dict[str, Any]], columns: list[dict[str, str]], empty: str, **more: Any) -> None:
        values = {"label": VIEWS[self.views.active], "actions": [], "page": 1, "zone": self._zone(), **more}
        self.table.param.update(rows=rows, columns=columns, total=len(rows), empty=empty, **values)
        chosen = [self.state.filters.get(name, "") for name in ("due", "status")]
        words = [f"Only {word.lower()}." for word in chosen if word and self.views.active == "queue"]
        self.show_all.visible = bool(words)
        if len(rows) == MOST_ROWS:
            words.append(f"The newest {MOST_ROWS} are shown. Choose a project or platform to see others.")
        self.note.object = safe.text_html(" ".join(words), "note")
        self.narrowed.visible = bool(words)

    def _show_queue(self) -> None:
        filters = self.state.filters
        items = self.state.call(
            ops.get_queue, self.state.project_id, status=filters.get("status") or None, limit=MOST_ROWS
        )
        if filters.get("platform"):
            items = [item for item in items if item["platform"] == filters["platform"]]
        if filters.get("due") == "overdue":
            items = [
                item for item in items if item["status"] == "QUEUED" and item["scheduled_time"] < now() - OVERDUE_AFTER
            ]
        may = self.state.may(Role.APPROVER)
        actions = [
            {"key": "move", "label": "Reschedule"},
            {"key": "retry", "label": "Retry"},
            {"key": "cancel", "label": "Cancel", "tone": "error"},
        ]
        self._show_rows(
            [queue_line(item) for item in items],
            QUEUE_COLUMNS,
            "Nothing is scheduled. Approve and schedule in the Gallery.",
            actions=actions if may else [],
        )

    def _show_attempts(self, which: str) -> None:
        read = ops.list_failed_attempts if which == "failed" else ops.list_unknown_attempts
        rows = self.state.call(read, self.state.project_id)
        if platform := self.state.filters.get("platform"):
            rows = [row for row in rows if row["platform"] == platform]
        offered = ["retry"] if which == "failed" else ["sent", "not_sent"]
        actions = [
            {"key": "retry", "label": "Retry"},
            {"key": "sent", "label": "It was sent"},
            {"key": "not_sent", "label": "It was not sent", "tone": "error"},
        ]
        self._queue_of = {row["id"]: row["queue_id"] for row in rows}
        empty = "Nothing failed." if which == "failed" else "No outcome is unknown."
        self._show_rows(
            [attempt_line(row, actions=offered if row["queue_id"] else []) for row in rows],
            ATTEMPT_COLUMNS,
            empty,
            actions=actions if self.state.may(Role.APPROVER) else [],
        )

    def _show_timeline(self) -> None:
        platform = self.state.filters.get("platform") or None
        rows = self.state.call(ops.get_execution_timeline, self.state.project_id, MOST_ROWS, platform=platform)
        lines = [attempt_line(row) | {"id": number} for number, row in enumerate(rows, 1)]
        self._show_rows(lines, ATTEMPT_COLUMNS, "Nothing is planned and nothing was sent yet.")

    def _show_audit(self) -> None:
        rows = self.state.call(ops.get_audit_log, project_id=self.state.project_id, limit=MOST_ROWS)
        self._show_rows([audit_line(row) for row in rows], AUDIT_COLUMNS, "Nothing has been done here yet.")

    def _show_gateways(self, statuses: dict[str, GatewayStatus]) -> None:
        entries = [gateway_entry(key, status) for key, status in statuses.items()]
        self.gateways.param.update(gateways=entries, may_act=self.state.may(Role.OPERATOR))

    def _show_chart(self) -> None:
        key = f"{self.state.changes} {self.state.project_id}"
        if key == self._charted:
            return
        self._charted = key
        moment = now()
        delivery = self.state.host.metrics.delivery(project_id=self.state.project_id, as_of=moment)
        labels, series = daily_bars(delivery, moment)
        self.chart.param.update(labels=labels, series=series)

    def _click_view(self, key: str) -> None:
        if key in VIEWS:
            self._click_filter("show", key)

    def _click_filter(self, name: str, value: str) -> None:
        if self.shown and self.state.filters.get(name, "") != (value or ""):
            kept = {"platform": self.state.filters.get("platform", ""), "show": self.state.filters.get("show", "")}
            self.state.go(**{**kept, name: value or ""})

    def _click_show_all(self, *_: Any) -> None:
        self.state.go(show="queue")

    def _act(self, key: str, id: int) -> None:
        shown = self.views.active
        if shown == "queue" and key in ("move", "retry", "cancel"):
            self.dialogs.open(key, id)
        elif shown == "failed" and key == "retry" and self._queue_of.get(id):
            self.dialogs.open("retry", int(self._queue_of[id] or 0))
        elif shown == "unknown" and key == "sent":
            self.dialogs.open_reconcile(id, "sent")
        elif shown == "unknown" and key == "not_sent":
            self.dialogs.open_reconcile(id, "not_sent")

    @action
    def _click_probe(self, key: str) -> None:
        self.gateways.probing = True
        try:
            self._show_gateways(self.state.call(ops.probe_gateways, key or None))
        finally:
            self.gateways.probing = False

    def _click_switch(self, key: str, pause: bool) -> None:
        self.dialogs.open_gateway(key, pause)

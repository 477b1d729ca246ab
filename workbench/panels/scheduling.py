"""The dialog that schedules creatives: when, then who gets what, and only then the queue."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import panel as pn
import panel_material_ui as pmu

from workbench import operator_services as ops
from workbench.clock import now
from workbench.enums import Mode, Platform
from workbench.errors import WorkbenchError
from workbench.operator_services.types import SchedulePreview, Skipped, SlotPreview
from workbench.panels import safe
from workbench.panels.base import action
from workbench.panels.gallery_items import repeat_words
from workbench.panels.new_project import typed
from workbench.panels.paged_table import paged_table
from workbench.panels.slot_calendar import SlotCalendar
from workbench.panels.tools import lined_up, number, number_input


def skipped_words(skipped: list[Skipped]) -> str:
    """``37 skipped: asked not to be contacted (30), the address is suppressed (7)``; empty when nobody is."""
    total = sum(one["count"] for one in skipped)
    return f"{total:,} skipped: " + ", ".join(f"{one['reason']} ({one['count']:,})" for one in skipped) if total else ""


def summary(preview: SchedulePreview) -> str:
    """Who gets what, in one sentence."""
    good = [slot for slot in preview["slots"] if slot["ok"]]
    posts = sum(slot["platform"] != Platform.EMAIL for slot in good)
    mails = len(good) - posts
    parts = []
    if posts:
        parts.append(f"{posts:,} post{'s' if posts > 1 else ''}")
    if mails:
        parts.append(f"{mails:,} e-mail{'s' if mails > 1 else ''} to {preview['recipients']:,} people")
    words = " and ".join(parts) + " will be queued." if parts else "Nothing can be queued."
    left = len(preview["slots"]) - len(good)
    again = sum(slot["repeats"] is not None for slot in good)
    sentences = [
        words,
        f"{left:,} cannot, see why." if left else "",
        skipped_words(preview["skipped"]),
        f"{again:,} say what goes out near them already, see which." if again else "",
    ]
    return " ".join(part for part in sentences if part)


def slot_line(slot: SlotPreview, zone: str) -> dict[str, Any]:
    """One slot as a row of the preview."""
    who = "" if slot["recipients"] is None else f"{slot['recipients']:,} people"
    skipped = skipped_words(slot["skipped"])
    return {
        "id": slot["id"],
        "title": slot["title"] or "(no title)",
        "platform": Platform(slot["platform"]).label,
        "at": (slot["local_time"] or "").replace("T", " ")[:16],
        "account": slot["account"],
        "who": {"text": who or "post", "tone": "info"} if slot["ok"] else {"text": "not queued", "tone": "error"},
        "why": " ".join(part for part in (slot["reason"] or skipped, repeat_words(slot["repeats"], zone)) if part),
    }


class ScheduleDialog:
    """Two steps: times, then the preview that is confirmed. In live mode the number of people is typed."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.state = page.state

    def open(self, project_id: int, ids: list[int]) -> None:
        """Ask when."""
        self.project_id, self.ids = project_id, ids
        try:
            zone = self.state.call(ops.get_project_context, project_id)["timezone"]
        except WorkbenchError as error:
            self.state.fail(error)
            return
        start = (now().astimezone(ZoneInfo(zone)) + timedelta(hours=1)).replace(minute=0, second=0, microsecond=0)
        self.start = pmu.TextInput(
            label="First one at (YYYY-MM-DD HH:MM)", value=f"{start:%Y-%m-%d %H:%M}", sizing_mode="stretch_width"
        )
        self.zone = pmu.AutocompleteInput(
            label="Time zone",
            options=sorted(available_timezones()),
            value=zone,
            restrict=True,
            sizing_mode="stretch_width",
        )
        self.spacing = number_input("Minutes between two", 60)
        self.slots = pmu.TextInput(
            label="Or at these times of day, such as 09:00, 15:00", value="", sizing_mode="stretch_width"
        )
        self.daily_cap = number_input("At most a day (empty: no limit)")
        self.steps = pn.Column(
            self.start,
            self.zone,
            self.spacing,
            self.slots,
            self.daily_cap,
            self.page.buttons(pmu.Button(label="Show who gets what", on_click=self._click_preview)),
            sizing_mode="stretch_width",
        )
        self.page.open_dialog(f"Schedule {len(ids):,}", self.steps, width="lg")

    def _params(self) -> dict[str, Any]:
        times = [part.strip() for part in typed(self.slots).split(",") if part.strip()]
        given = {
            "start": typed(self.start).strip().replace(" ", "T"),
            "timezone": self.zone.value,
            "spacing_minutes": number(self.spacing),
            "slots": times or None,
            "daily_cap": number(self.daily_cap),
        }
        return {name: value for name, value in given.items() if value is not None}

    @action
    def _click_preview(self, *_: Any) -> None:
        self.params = self._params()
        preview = self.state.call(ops.preview_schedule, self.project_id, self.ids, self.params)
        # What needs a look comes first; the rest in the order of time.
        slots = sorted(preview["slots"], key=lambda slot: (slot["ok"], slot["repeats"] is None))
        lines = [slot_line(slot, preview["timezone"]) for slot in slots]
        self.calendar = SlotCalendar(self.state, self.project_id, preview["slots"], ZoneInfo(preview["timezone"]))
        columns = [
            {"key": "at", "label": f"When ({preview['timezone']})"},
            {"key": "title", "label": "What", "sub": "platform"},
            {"key": "account", "label": "Through"},
            {"key": "who", "label": "Who", "kind": "chip"},
            {"key": "why", "label": "Skipped, or why not"},
        ]
        self.people = preview["recipients"]
        good = sum(slot["ok"] for slot in preview["slots"])
        self.confirm = pmu.TextInput(
            label=f"This is live: type {self.people} to confirm",
            sizing_mode="stretch_width",
            visible=preview["mode"] == Mode.LIVE and self.people > 1,
        )
        back = pmu.Button(label="Back", variant="text", on_click=lambda *_: self.open(self.project_id, self.ids))
        go = pmu.Button(label=f"Schedule {good:,}", disabled=not good, on_click=self._click_schedule)
        self.preview = paged_table("Who gets what", columns, lines)
        self.steps[:] = lined_up(
            safe.text(summary(preview), kind="heading"),
            self.calendar.grid,
            self.preview,
            self.confirm,
            self.page.buttons(back, go),
        )

    @action
    def _click_schedule(self, *_: Any) -> None:
        if self.confirm.visible and typed(self.confirm).strip().replace(",", "") != str(self.people):
            self.state.fail(f"Type {self.people} to confirm that so many people get it. Nothing was queued.")
            return
        result = self.state.call(ops.bulk_schedule_creatives, self.project_id, self.ids, self.params)
        self.page.close_dialog()
        self.page.decisions.tell(result, "scheduled")

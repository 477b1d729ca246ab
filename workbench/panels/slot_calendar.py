"""The slots of a schedule that is not confirmed yet, on a calendar, among what stands there already."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from workbench import operator_services as ops
from workbench.clock import now
from workbench.enums import Platform
from workbench.operator_services.types import CalendarDay, SlotPreview
from workbench.panels import calendar_layout as layout
from workbench.panels.components.calendar import CalendarGrid
from workbench.panels.state import WorkbenchState

#: Weeks that show at once, and items of a day: small enough for a dialog.
WEEKS: Final = 3
ROOM: Final = 5


def slot_entry(slot: SlotPreview, local: datetime) -> dict[str, Any]:
    """One slot as the calendar draws it; ids below zero belong to no queue row."""
    platform, title = Platform(slot["platform"]), slot["title"].strip() or "(no title)"
    assert slot["scheduled_time"] is not None
    return {
        "id": -slot["id"],
        "at": slot["scheduled_time"].isoformat(),
        "time": f"{local:%H:%M}",
        "hour": local.hour,
        "title": title,
        "platform": platform.value,
        "where": f"{platform.label} · {slot['account'] or ''}",
        "status": "this schedule",
        "tone": "warn" if slot["repeats"] else "",
        "sign": "warn" if slot["repeats"] else "add",
        "movable": False,
        "look": "proposed",
        "label": f"{local:%H:%M} {title}, {platform.label}, would be scheduled",
    }


def with_slots(
    days: Sequence[dict[str, Any]], slots: Sequence[SlotPreview], zone: ZoneInfo, room: int
) -> list[dict[str, Any]]:
    """``days`` (of :func:`calendar_layout.day_entries`) with the slots that fall on them, at most ``room`` a day.

    Where there is no room for all, the slots are those that show, and the rest is counted.
    """
    new: dict[str, list[dict[str, Any]]] = {}
    for slot in slots:
        if slot["ok"] and slot["scheduled_time"] is not None:
            local = slot["scheduled_time"].astimezone(zone)
            new.setdefault(local.date().isoformat(), []).append(slot_entry(slot, local))
    made = []
    for day in days:
        mine = new.get(day["date"], [])
        total = day["total"] + len(mine)
        # "+1 more" would take the line that the one item needs.
        fits = room if total <= room else room - 1
        shown = [*mine[:fits], *day["items"][: max(0, fits - len(mine))]]
        made.append({**day, "total": total, "items": sorted(shown, key=lambda item: str(item["at"]))})
    return made


def weeks_of(anchor: date) -> layout.Span:
    """The :data:`WEEKS` weeks from that of ``anchor`` on, which the calendar draws as it draws a month."""
    first = layout.span("week", anchor).first
    last = first + timedelta(days=7 * WEEKS - 1)
    begin = f"{first.day} {first:%b}" if first.month != last.month else str(first.day)
    begin += f" {first.year}" if first.year != last.year else ""
    return layout.Span(first, 7 * WEEKS, f"{begin} – {last.day} {last:%b %Y}")


class SlotCalendar:
    """A calendar that shows and turns; nothing on it can be moved."""

    def __init__(self, state: WorkbenchState, project_id: int, slots: Sequence[SlotPreview], zone: ZoneInfo) -> None:
        self.state, self.project_id, self.slots, self.zone = state, project_id, slots, zone
        first = next((slot["scheduled_time"] for slot in slots if slot["scheduled_time"]), None) or now()
        self.anchor = first.astimezone(zone).date()
        views = [{"key": "month", "label": "Weeks"}, {"key": "week", "label": "Week"}]
        self.grid = CalendarGrid(
            views=views, zone=zone.key, on_turn=self._turn, on_choose=self._choose, on_show=self._show_day
        )
        self.show("month")

    def show(self, view: str) -> None:
        """Read and draw the days of ``view`` (month stands for the weeks) around the anchor."""
        span = weeks_of(self.anchor) if view == "month" else layout.span(view, self.anchor)
        room = ROOM if view == "month" else layout.MOST_A_DAY[view]
        days: list[CalendarDay] = self.state.call(
            ops.get_calendar,
            span.first,
            span.days,
            project_id=self.project_id,
            timezone=self.zone.key,
            per_day=room,
        )
        today = now().astimezone(self.zone).date()
        entries = layout.day_entries(
            days, "week" if view == "month" else view, self.anchor, today, self.zone, may_move=False
        )
        self.grid.param.update(
            view=view,
            heading=span.title,
            days=with_slots(entries, self.slots, self.zone, room),
            empty="Nothing is planned in these days.",
        )

    def _turn(self, step: int) -> None:
        today = now().astimezone(self.zone).date()
        many = WEEKS if self.grid.view == "month" else 1
        view = "day" if self.grid.view == "day" else "week"
        step = max(-1, min(1, step)) * many
        self.anchor = layout.turned(view, self.anchor, step) if step else today
        self.show(self.grid.view)

    def _choose(self, view: str) -> None:
        if view in ("month", "week"):
            self.show(view)

    def _show_day(self, day: str) -> None:
        self.anchor = layout.read_day(day, self.anchor)
        self.show("day")

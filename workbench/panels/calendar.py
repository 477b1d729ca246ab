"""The schedule as a calendar: moving what may be moved, and a card with all about one item."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, Final
from zoneinfo import ZoneInfo

import panel as pn
import panel_material_ui as pmu

from workbench import operator_services as ops
from workbench.clock import now
from workbench.enums import Platform, Role
from workbench.errors import WorkbenchError
from workbench.operator_services.types import MovePreview, QueueItem
from workbench.panels import calendar_layout as layout
from workbench.panels import safe
from workbench.panels.base import StateView, action
from workbench.panels.components.calendar import CalendarGrid
from workbench.panels.layout import bar
from workbench.panels.moving import move
from workbench.panels.new_project import typed
from workbench.panels.queue_dialogs import QueueDialogs
from workbench.panels.theme import style
from workbench.panels.tower_lines import queue_line
from workbench.services.slots import find_zone

EMPTY: Final = "Nothing is planned and nothing was sent in these days. Approve and schedule in the Gallery."


def view_of(filters: dict[str, str]) -> str:
    """What the address asks for: month, week, day or list. Filters that only the list has open the list."""
    narrowed = any(filters.get(name) for name in ("status", "due"))
    wanted = filters.get("view", "list" if narrowed else "month")
    return wanted if wanted in ("month", "week", "day", "list") else "month"


def fact_list(facts: Sequence[tuple[str, str | None]]) -> pn.pane.HTML:
    """Names and what is to be said of them, as text; those of which there is nothing to say are left out."""
    lines = (f"<dt>{safe.escape(name)}</dt><dd>{safe.escape(value)}</dd>" for name, value in facts if value)
    return pn.pane.HTML(f"<dl>{''.join(lines)}</dl>", **safe.pane_options(stylesheets=[style("facts.css")]))


class Calendar:
    """The Control Tower's calendar over a page's state; ``grid`` is what is shown."""

    def __init__(self, page: StateView, dialogs: QueueDialogs) -> None:
        self.page = page
        self.state = page.state
        self.dialogs = dialogs
        views = [{"key": key, "label": label} for key, label in layout.VIEWS.items()]
        self.grid = CalendarGrid(
            views=views,
            empty=EMPTY,
            on_open=self._click_item,
            on_move=self._drop,
            on_turn=self._click_turn,
            on_choose=self._click_view,
            on_show=self._click_day,
        )

    # Showing

    def show(self, view: str, zone: str) -> None:
        """Read and draw the days of ``view`` around the date in the address; only the switch for the list."""
        if view == "list":
            self.grid.view = view
            return
        clock = find_zone(zone)
        today = now().astimezone(clock).date()
        anchor = self._anchor(clock)
        span = layout.span(view, anchor)
        days = self.state.read(
            ops.get_calendar,
            span.first,
            span.days,
            project_id=self.state.project_id,
            platform=self.state.filters.get("platform") or None,
            timezone=zone,
            per_day=layout.MOST_A_DAY[view],
        )
        entries = layout.day_entries(days, view, anchor, today, clock, may_move=self.state.may(Role.APPROVER))
        self.grid.put(view=view, heading=span.title, zone=zone, days=entries)

    def _anchor(self, zone: ZoneInfo) -> date:
        return layout.read_day(self.state.filters.get("date", ""), now().astimezone(zone).date())

    def _go(self, **filters: str) -> None:
        kept = {name: self.state.filters.get(name, "") for name in ("show", "platform", "view", "date")}
        self.state.go(**{**kept, **filters})

    def _click_turn(self, step: int) -> None:
        if step not in (-1, 1):
            self._go(date="")
            return
        further = layout.turned(self.grid.view, self._anchor(find_zone(self.grid.zone)), step)
        self._go(date=further.isoformat())

    def _click_view(self, view: str) -> None:
        if view in layout.VIEWS:
            self._go(view=view)

    def _click_day(self, day: str) -> None:
        # A day that is open and has more than it shows leads on to the list.
        self._go(view="list" if self.grid.view == "day" else "day", date=day)

    # Moving

    @action
    def _drop(self, id: int, day: str, hour: int) -> None:
        """Somebody dropped an item: say what it would mean and ask, or put it back and say why not."""
        try:
            zone = find_zone(self.grid.zone)
            item = self.state.call(ops.get_queue_item, id)
            asked = layout.new_time(item, zone, date.fromisoformat(day), hour if 0 <= hour <= 23 else None)
            preview = self.state.call(ops.preview_reschedule, id, asked)
        except (WorkbenchError, ValueError):
            self.grid.settle(id, moved=False)
            raise
        self._ask(preview)

    def _ask(self, preview: MovePreview) -> None:
        item = preview["item"]
        self.preview = preview
        self._settled = False
        self.reason = pmu.TextInput(label="Reason (optional)", max_length=2_000, sizing_mode="stretch_width")
        self.confirm = pmu.Button(label="Reschedule", on_click=self._click_confirm)
        lines = [
            f"Now: {layout.told(item['scheduled_time'], item['timezone'])}",
            f"Then: {self._both(preview)}",
        ]
        if item["status"] == "MISSED":
            lines.append("It was missed; it is queued again.")
        dialog = self.page.open_dialog(
            "Another time?",
            safe.text(item["title"] or "(no title)", kind="heading"),
            safe.text("\n".join(lines)),
            self.reason,
            self.page.buttons(self.confirm),
        )
        dialog.param.watch(self._closed, "open")

    def _both(self, preview: MovePreview) -> str:
        then = layout.told(preview["scheduled_time"], preview["timezone"])
        if preview["timezone"] == self.grid.zone:
            return then
        return f"{then}\n({layout.told(preview['scheduled_time'], self.grid.zone)})"

    @action
    def _click_confirm(self, *_: Any) -> None:
        preview = self.preview
        try:
            move(
                self.state, preview["item"], preview["scheduled_time"], preview["timezone"], typed(self.reason) or None
            )
        except WorkbenchError:
            self.page.close_dialog()
            raise
        self._settled = True
        self.page.close_dialog()
        self.grid.settle(preview["item"]["id"], moved=True)

    def _closed(self, event: Any) -> None:
        if not event.new and not self._settled:
            self.grid.settle(self.preview["item"]["id"], moved=False)

    # The card

    @action
    def _click_item(self, id: int) -> None:
        """Everything about one item, and what may be done to it."""
        item = self.state.call(ops.get_queue_item, id)
        line = queue_line(item)
        zone = self.grid.zone
        when = layout.told(item["scheduled_time"], item["timezone"])
        facts = [
            ("Status", item["status"].lower()),
            ("When", when if zone == item["timezone"] else f"{when} ({layout.told(item['scheduled_time'], zone)})"),
            ("In UTC", f"{item['scheduled_time']:%Y-%m-%d %H:%M}"),
            ("Where", f"{Platform(item['platform']).label}, {item['mode']}"),
            ("Account", item["account"]),
            ("Project", item["project"]),
            ("Recipients", line["counts"]),
            ("Why it is not going out" if item["why"] else "What went wrong", line["why"]),
        ]
        offered = {
            "move": ("Reschedule…", "primary"),
            "retry": ("Retry…", "primary"),
            "cancel": ("Cancel…", "error"),
        }
        keys = line["actions"] if self.state.may(Role.APPROVER) else []
        buttons = [
            pmu.Button(label=label, color=color, variant="outlined", on_click=self._decide(key, item))
            for key, (label, color) in offered.items()
            if key in keys
        ]
        gallery = pmu.Button(label="Open in Gallery", variant="text", on_click=lambda *_: self._open_gallery(item))
        dialog = self.page.open_dialog(
            line["title"],
            fact_list(facts),
            bar(gallery, *buttons, margin=(8, 10)),
            closes_on_click=True,
        )
        self._return_to(item["id"], dialog)

    def _return_to(self, id: int, dialog: pmu.Dialog) -> None:
        """Once ``dialog`` is closed, the keyboard is on the item again."""
        dialog.param.watch(lambda event: None if event.new else self.grid.focus(id), "open")

    def _decide(self, key: str, item: QueueItem) -> Callable[..., None]:
        return lambda *_: self._return_to(item["id"], self.dialogs.open(key, item["id"]))

    def _open_gallery(self, item: QueueItem) -> None:
        self.page.close_dialog()
        self.state.go("gallery", project_id=item["project_id"], q=item["title"], platform=item["platform"])

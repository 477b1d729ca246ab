"""The filters above the Control Tower's lists: what the address says, for the contract and as controls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import panel_material_ui as pmu

from workbench.clock import as_utc
from workbench.enums import Platform, QueueStatus
from workbench.metrics.audit_words import WORDS
from workbench.panels.layout import bar, unfold
from workbench.panels.tools import tool
from workbench.panels.tower_charts import DAYS, USUAL

#: The address's ``range`` -> what the choice says, and the days from today's midnight on that it begins and ends at.
RANGES: Final[Mapping[str, tuple[str, int | None, int | None]]] = {
    "24h": ("The last 24 hours", None, None),
    "today": ("Today", 0, 1),
    "next7": ("Today and 7 days on", 0, 8),
    "last7": ("The last 7 days", -6, 1),
    "last30": ("The last 30 days", -29, 1),
    "past": ("Before today", None, 0),
}
#: Which controls each list has.
OF_LIST: Final[Mapping[str, tuple[str, ...]]] = {
    "calendar": ("platform",),
    "queue": ("platform", "status", "range"),
    "failed": ("platform", "range"),
    "unknown": ("platform", "range"),
    "timeline": ("platform", "range"),
    "audit": ("action", "range", "actor", "q"),
    "charts": ("days",),
}
_PAGES: Final = 10_000


def span(name: str, today: datetime, zone: ZoneInfo) -> dict[str, datetime]:
    """``since`` and ``until`` (UTC) of the range called ``name`` in ``zone``; nothing for one there is not.

    Ranges are whole days but for ``24h``, which is the window of the Command page's number.
    """
    if name == "24h":
        return {"since": today - timedelta(hours=24)}
    _, first, end = RANGES.get(name, ("", None, None))
    day = today.astimezone(zone).date()
    return {
        key: as_utc(datetime.combine(day + timedelta(days=days), time.min, zone))
        for key, days in (("since", first), ("until", end))
        if days is not None
    }


def narrowing(filters: Mapping[str, str], names: tuple[str, ...], at: datetime, zone: ZoneInfo) -> dict[str, Any]:
    """Arguments of the contract for those of ``names`` that the address sets; what makes no sense is left out."""
    found: dict[str, Any] = {}
    if "platform" in names and filters.get("platform") in list(Platform):
        found["platform"] = filters["platform"]
    if "status" in names and filters.get("status") in list(QueueStatus):
        found["status"] = filters["status"]
    if "action" in names and filters.get("action") in WORDS:
        found["action"] = filters["action"]
    if "actor" in names and filters.get("actor"):
        found["actor"] = filters["actor"]
    if "q" in names and filters.get("q"):
        found["search"] = filters["q"]
    if "range" in names:
        found |= span(filters.get("range", ""), at, zone)
    return found


def page_of(filters: Mapping[str, str]) -> int:
    """The page that the address asks for."""
    text = filters.get("n", "")
    return min(int(text), _PAGES) if text.isascii() and text.isdigit() and int(text) > 0 else 1


#: Name in the address -> label, width in pixels, and what there is to choose from: words -> value, empty for the usual.
_ALL: Final = {"All": ""}
_CHOICES: Final[Mapping[str, tuple[str, int, Mapping[str, str]]]] = {
    "platform": ("Platform", 130, _ALL | {one.label: one.value for one in Platform}),
    "status": ("Status", 140, _ALL | {one.lower(): one.value for one in QueueStatus}),
    "action": ("What was done", 210, _ALL | {key: key for key in WORDS}),
    "range": ("When", 190, _ALL | {words: key for key, (words, *_) in RANGES.items()}),
    "days": ("Days", 120, {words: "" if key == USUAL else key for key, words in DAYS.items()}),
}
_TEXTS: Final = {"actor": ("Who", 130), "q": ("Search", 170)}


class TowerFilters:
    """The controls in :attr:`view`, each made when a list first has it.

    ``changed(name, value)`` hears what somebody chose, empty for all.
    """

    def __init__(self, changed: Callable[[str, str], None]) -> None:
        self._changed = changed
        #: Those that were made, by their name in the address.
        self.controls: dict[str, Any] = {}
        self.view = bar()

    def _make(self, name: str) -> Any:
        if name in _TEXTS:
            return self._text(name, *_TEXTS[name])
        label, width, options = _CHOICES[name]
        made = pmu.Select(label=label, options=dict(options), value="", **tool(width))
        made.param.watch(lambda event: self._changed(name, event.new or ""), "value")
        return made

    def _text(self, name: str, label: str, width: int) -> Any:
        made = pmu.TextInput(label=label, max_length=200, **tool(width))
        # The value is told at Enter, and when the field is left.
        made.param.watch(lambda event: self._changed(name, event.new.strip()), "value")
        return made

    def show(self, filters: Mapping[str, str], names: tuple[str, ...]) -> None:
        """Show the controls called ``names`` with what the address says."""
        for name in names:
            if name not in self.controls:
                self.controls[name] = self._make(name)
        for name, control in self.controls.items():
            wanted = filters.get(name, "") if name in names else ""
            if isinstance(control, pmu.Select) and wanted not in control.options.values():
                wanted = ""
            control.param.update(value=wanted, visible=name in names)
        unfold(self.view, [self.controls[name] for name in (*_CHOICES, *_TEXTS) if name in self.controls])

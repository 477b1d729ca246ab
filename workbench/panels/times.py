"""Moments on the screen where Python writes them: in the project's zone, UTC on hover, and how long ago."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from workbench.clock import now
from workbench.panels.safe import escape

_STEPS: Final = (("day", 86_400), ("hour", 3_600), ("minute", 60))


def words(moment: datetime, zone: str) -> str:
    """``20 Nov 2026, 09:30``: wall time of ``zone``, an IANA name."""
    at = moment.astimezone(ZoneInfo(zone))
    return f"{at.day} {at:%b %Y, %H:%M}"


def clock(moment: datetime, zone: str) -> str:
    """``09:30:12 Europe/Berlin``"""
    return f"{moment.astimezone(ZoneInfo(zone)):%H:%M:%S} {zone}"


def html(moment: datetime, zone: str) -> str:
    """:func:`words` as a ``<time>`` that says the zone and UTC on hover."""
    hover = f"{words(moment, zone)} ({zone})\n{words(moment, 'UTC')} UTC"
    return f'<time datetime="{moment.isoformat()}" title="{escape(hover)}">{words(moment, zone)}</time>'


def ago(moment: datetime) -> str:
    """``3 hours ago``, in the largest whole unit."""
    seconds = (now() - moment).total_seconds()
    for unit, size in _STEPS:
        if seconds >= size:
            number = int(seconds // size)
            return f"{number:,} {unit}{'' if number == 1 else 's'} ago"
    return "just now"

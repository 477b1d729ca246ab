"""``wb.metrics``: every view as a DataFrame with the same columns and dtypes, whether or not it has rows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import pandas as pd

from workbench.metrics import views
from workbench.metrics.activity import activity
from workbench.metrics.frames import INTEGER, MAYBE_INTEGER, TEXT, TIME, from_rows
from workbench.metrics.mirror import Mirror

#: Columns and dtypes of the two frames that are more than their query.
ATTENTION_FRAME = {**views.ATTENTION.columns, "as_of": TIME}
ACTIVITY_FRAME = {
    "time": TIME,
    "event": TEXT,
    "detail": TEXT,
    "project_id": MAYBE_INTEGER,
    "source": TEXT,
    "source_id": INTEGER,
    "tone": TEXT,
    "cursor": TEXT,
}


class Metrics:
    """The views, answered from the mirror, which is brought up to date at every call.

    ``as_of`` is an aware datetime (default: now), ``project_id`` narrows a view to one project. What the columns mean
    stands in ``workbench/metrics/sql`` and in the reference.
    """

    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror

    @property
    def loading(self) -> str:
        """How far the first load of the mirror is, in words; empty once there is one. Asking begins it, beside the
        caller, who would otherwise wait for it with the first number."""
        self._mirror.load_in_background()
        return "" if self._mirror.loaded else str(self._mirror.loading or "Loading numbers")

    def attention(self, *, project_id: int | None = None, as_of: datetime | None = None) -> pd.DataFrame:
        """What needs somebody: one row."""
        return from_rows(ATTENTION_FRAME, [views.attention(self._mirror, project_id=project_id, as_of=as_of)])

    def pipeline(self, *, project_id: int | None = None) -> pd.DataFrame:
        """One row per project, with its counts."""
        return from_rows(views.PIPELINE.columns, views.pipeline(self._mirror, project_id=project_id))

    def timeline(
        self,
        *,
        project_id: int | None = None,
        limit: int = 50,
        status: str | None = None,
        platform: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> pd.DataFrame:
        """Plans and deeds, latest first, from ``since`` and before ``until``."""
        rows = views.timeline(
            self._mirror,
            project_id=project_id,
            limit=limit,
            status=status,
            platform=platform,
            since=since,
            until=until,
        )
        return from_rows(views.TIMELINE.columns, rows)

    def activity(
        self,
        *,
        limit: int = 25,
        project_id: int | None = None,
        before: str | None = None,
        sources: Iterable[str] | None = None,
        as_of: datetime | None = None,
    ) -> pd.DataFrame:
        """What happened, newest first; give the last row's ``cursor`` as ``before`` for the next page."""
        rows = activity(self._mirror, limit=limit, project_id=project_id, before=before, sources=sources, as_of=as_of)
        return from_rows(ACTIVITY_FRAME, rows)

    def delivery(
        self,
        *,
        project_id: int | None = None,
        since: datetime | None = None,
        as_of: datetime | None = None,
    ) -> pd.DataFrame:
        """Sent, failed and unknown attempts by hour and platform; by default of the last 30 days."""
        rows = views.delivery(self._mirror, project_id=project_id, since=since, as_of=as_of)
        return from_rows(views.DELIVERY.columns, rows)

    def cohorts(self, *, project_id: int | None = None, as_of: datetime | None = None) -> pd.DataFrame:
        """Leads by week of entry, source and status."""
        rows = views.cohorts(self._mirror, project_id=project_id, as_of=as_of)
        return from_rows(views.COHORTS.columns, rows)

    def queue_ahead(
        self,
        *,
        project_id: int | None = None,
        until: datetime | None = None,
        as_of: datetime | None = None,
    ) -> pd.DataFrame:
        """What waits to go out, by the hour it is due and platform; by default in the next 30 days."""
        rows = views.queue_ahead(self._mirror, project_id=project_id, until=until, as_of=as_of)
        return from_rows(views.QUEUE_AHEAD.columns, rows)

    def funnel(self, *, project_id: int | None = None, as_of: datetime | None = None) -> pd.DataFrame:
        """How many leads have got at least so far: entered, contacted, replied, qualified, routed."""
        rows = views.funnel(self._mirror, project_id=project_id, as_of=as_of)
        return from_rows(views.FUNNEL.columns, rows)

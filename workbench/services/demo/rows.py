"""Rows that are thought up in any order, numbered at once, and inserted in few statements."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from workbench.models import (
    AuditEvent,
    Base,
    Campaign,
    ContactEvent,
    ContentItem,
    ContentVersion,
    DiscoveryJob,
    Intake,
    Lead,
    OutreachAttempt,
    Project,
    QueueRow,
    Strategy,
    Suppression,
)

#: Each after what it refers to. A project's own references are filled in last.
_ORDER: Final[Sequence[type[Base]]] = (
    Project,
    Intake,
    Strategy,
    Campaign,
    Lead,
    ContentItem,
    ContentVersion,
    QueueRow,
    OutreachAttempt,
    ContactEvent,
    DiscoveryJob,
    Suppression,
    AuditEvent,
)
#: Rows in one statement.
PART: Final = 1_000
_LATER: Final = ("intake_id", "strategy_id", "approved_strategy_id")


class Rows:
    """Collects rows. Ids are given here, after those that the tables hold, so that rows can refer to each other."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._rows: dict[type[Base], list[dict[str, Any]]] = {model: [] for model in _ORDER}
        self._last = {model: session.scalar(sa.select(sa.func.max(model.id))) or 0 for model in _ORDER}

    def add(self, model: type[Base], **values: Any) -> int:
        """Remember a row; its id."""
        self._last[model] += 1
        self._rows[model].append({"id": self._last[model], **values})
        return self._last[model]

    def get(self, model: type[Base], id_: int) -> dict[str, Any]:
        """The remembered row, to be changed before it is inserted."""
        return self._rows[model][id_ - self._last[model] - 1]

    def insert(self, tell: Callable[[int, int], None]) -> None:
        """Insert everything; audit events in the order of their time. ``tell`` hears of each part that is in."""
        self._in_order_of_time()
        done, total = 0, sum(map(len, self._rows.values()))
        for model in _ORDER:
            rows = self._rows[model]
            if model is Project:
                rows = [{**row, **dict.fromkeys(_LATER)} for row in rows]
            alike = _same_keys(rows)
            for start in range(0, len(alike), PART):
                part = alike[start : start + PART]
                self._session.execute(sa.insert(model.__table__), part)  # type: ignore[arg-type]  # a model's is a Table
                done += len(part)
                tell(done, total)
        table = sa.table("projects", sa.column("id"), *(sa.column(name) for name in _LATER))
        update = sa.update(table).where(table.c.id == sa.bindparam("of_id"))
        self._session.execute(
            update.values({name: sa.bindparam(f"to_{name}") for name in _LATER}),
            [{"of_id": row["id"], **{f"to_{name}": row[name] for name in _LATER}} for row in self._rows[Project]],
        )
        if self._session.get_bind().dialect.name == "postgresql":
            self._move_sequences()

    def _in_order_of_time(self) -> None:
        events = self._rows[AuditEvent]
        ids = [event["id"] for event in events]
        events.sort(key=lambda event: event["at"])
        for event, id_ in zip(events, ids, strict=True):
            event["id"] = id_

    def _move_sequences(self) -> None:
        for model in _ORDER:
            name = model.__tablename__
            self._session.execute(
                sa.text(
                    f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), (SELECT max(id) FROM {name})) "  # noqa: S608
                    f"FROM {name} LIMIT 1"
                )
            )


def _same_keys(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One statement has one set of columns."""
    keys = dict.fromkeys(key for row in rows for key in row)
    return [{key: row.get(key) for key in keys} for row in rows]

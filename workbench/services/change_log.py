"""Keeping the change log short. What it is for and who reads it: :mod:`workbench.metrics.changes`."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

#: The newest changes that stay, for readers that have been away for a while. Who comes later reads in full.
KEEP: Final = 200_000
#: About how many go at once, so that no writer waits long.
BATCH: Final = 10_000

_FLOOR_ON_SQLITE: Final = sa.text(
    "SELECT min((SELECT max(id) FROM change_log) - :keep, (SELECT min(id) FROM change_log) - 1 + :batch)"
)
# A transaction's changes go together or not at all, and only when every one with a lower number has ended too.
_FLOOR_ON_POSTGRESQL: Final = sa.text(
    """
    SELECT least(
      (SELECT xid::text::bigint FROM change_log ORDER BY xid DESC OFFSET :keep LIMIT 1) - 1,
      coalesce((SELECT xid::text::bigint FROM change_log ORDER BY xid OFFSET :batch LIMIT 1), 9223372036854775807),
      pg_snapshot_xmin(pg_current_snapshot())::text::bigint - 1)
    WHERE EXISTS (SELECT 1 FROM change_log ORDER BY xid DESC OFFSET :keep LIMIT 1)
    """
)
# A dump that was read back brings the numbers of another server's transactions, which may not have come here yet.
_FOREIGN: Final = "pg_snapshot_xmax(pg_current_snapshot())"


def prune(session: Session, *, keep: int = KEEP, batch: int = BATCH) -> int:
    """Remove the oldest changes but for the newest ``keep``, at most about ``batch``; how many there were.

    Raises the floor in the same transaction: a reader that would have needed them reads the tables in full.
    """
    sqlite = session.get_bind().dialect.name == "sqlite"
    if not sqlite:
        session.execute(sa.text(f"DELETE FROM change_log WHERE xid >= {_FOREIGN}"))  # noqa: S608
        session.execute(sa.text(f"UPDATE mirror_state SET floor = 0 WHERE floor >= {_FOREIGN}::text::bigint"))  # noqa: S608
    floor = session.scalar(_FLOOR_ON_SQLITE if sqlite else _FLOOR_ON_POSTGRESQL, {"keep": keep, "batch": batch})
    if floor is None:
        return 0
    session.execute(sa.text("UPDATE mirror_state SET floor = :floor WHERE floor < :floor"), {"floor": floor})
    gone = "id <= :floor" if sqlite else "xid <= CAST(CAST(:floor AS text) AS xid8)"
    removed = session.connection().execute(sa.text(f"DELETE FROM change_log WHERE {gone}"), {"floor": floor})  # noqa: S608
    return removed.rowcount

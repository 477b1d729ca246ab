"""Whether anything changed: one short text that differs when a committed change has become visible.

The number of triggers that stand is part of it, so that a table whose triggers are lost is noticed.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

# AUTOINCREMENT keeps the highest number ever given, also after the log was pruned, and a rollback takes it back.
_SQLITE: Final = sa.text(
    "SELECT (SELECT generation FROM mirror_state WHERE id = 1), "
    "(SELECT seq FROM sqlite_sequence WHERE name = 'change_log'), "
    "(SELECT count(*) FROM sqlite_master WHERE type = 'trigger')"
)

# The highest transaction alone would miss one with a lower number that commits later. Those are the transactions
# between the oldest that still runs and the highest: the number of visible log rows in that range tells them apart,
# because a number that is running now was not yet given, or running too, whenever the highest was the same before.
_POSTGRESQL: Final = sa.text(
    "SELECT (SELECT generation FROM mirror_state WHERE id = 1), "
    "(SELECT xid::text FROM change_log ORDER BY xid DESC LIMIT 1), "
    "(SELECT count(*) FROM change_log WHERE xid >= pg_snapshot_xmin(pg_current_snapshot())), "
    "(SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'workbench%' AND tgenabled = 'A')"
)


def token(connection: Connection) -> str:
    """The state of all captured tables as this transaction sees it, in one indexed query.

    Two different texts may stand for the same state; one text never stands for two states.
    """
    query = _SQLITE if connection.dialect.name == "sqlite" else _POSTGRESQL
    return "/".join(str(part or 0) for part in connection.execute(query).one())

"""What probes found, kept, and the judgement on them. A probe is evidence of health; a row somewhere is not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from workbench.clock import now
from workbench.enums import Gateway, GatewayState
from workbench.models import GatewayCheck

#: How often a gateway is probed, unless the settings say otherwise.
INTERVAL: Final = timedelta(minutes=5)
#: A probe that so many intervals went by without another says nothing about now.
BELIEVED: Final = 3
FRESH_FOR: Final = BELIEVED * INTERVAL
#: When new checks are stored, what is older is deleted, and of each account all but so many.
KEPT_FOR: Final = timedelta(days=30)
KEPT: Final = 1_000

#: The worst first: what a gateway with several accounts is said to be.
_WORST_FIRST: Final = (
    GatewayState.DOWN,
    GatewayState.WARN,
    GatewayState.UNKNOWN,
    GatewayState.OK,
    GatewayState.UNCONFIGURED,
)


@dataclass(frozen=True)
class Check:
    """One probe of one account of a gateway, as it is kept."""

    gateway: Gateway
    account: str
    at: datetime
    state: GatewayState
    fresh_until: datetime
    detail: str = ""
    latency_ms: float | None = None


def is_due(last: Mapping[str, datetime], accounts: Iterable[str], at: datetime, interval: timedelta) -> bool:
    """Whether one of ``accounts`` was not probed for an ``interval``; ``last`` says when each was."""
    return any(account not in last or at - last[account] >= interval for account in accounts)


def judge(checks: Sequence[Check], at: datetime) -> GatewayState:
    """The state of one account by its newest probes (newest first), seen from ``at``.

    None, or the last one not believed any more: unknown. One failed probe is a warning, because a passing
    network fault must not disconnect a channel; two in a row mean down.
    """
    if not checks or at > checks[0].fresh_until:
        return GatewayState.UNKNOWN
    last = checks[0].state
    if last is GatewayState.DOWN and (len(checks) < 2 or checks[1].state is not GatewayState.DOWN):
        return GatewayState.WARN
    return last


def worst(states: Iterable[GatewayState]) -> GatewayState:
    """What to say of a gateway whose accounts are in ``states``; unknown when there are none."""
    return min(states, key=_WORST_FIRST.index, default=GatewayState.UNKNOWN)


def store(
    session: Session,
    gateway: Gateway,
    account: str,
    state: GatewayState,
    *,
    detail: str,
    latency_ms: float | None = None,
    facts: Mapping[str, Any] | None = None,
    at: datetime | None = None,
    interval: timedelta = INTERVAL,
) -> None:
    """Keep what one probe found, at ``at`` (default: now), the next one being due an ``interval`` later. Flushes."""
    moment = at or now()
    session.add(
        GatewayCheck(
            gateway=gateway,
            account=account,
            at=moment,
            state=state,
            detail=detail,
            latency_ms=latency_ms,
            facts=dict(facts) if facts else None,
            fresh_until=moment + BELIEVED * interval,
        )
    )
    session.flush()


def prune(session: Session, at: datetime) -> None:
    """Delete checks older than :data:`KEPT_FOR` at ``at``, and of each account all but its :data:`KEPT` newest."""
    ranked = _ranked(sa.true())
    too_many = sa.select(ranked.c.id).where(ranked.c.nth > KEPT)
    session.execute(
        sa.delete(GatewayCheck).where(sa.or_(GatewayCheck.at < at - KEPT_FOR, GatewayCheck.id.in_(too_many))),
        execution_options={"synchronize_session": False},
    )


def newest(session: Session, at: datetime) -> dict[tuple[Gateway, str], list[Check]]:
    """The two newest checks of each account up to ``at``, newest first, in one query."""
    ranked = _ranked(GatewayCheck.at <= at)
    rows = session.execute(sa.select(ranked).where(ranked.c.nth <= 2).order_by(ranked.c.nth)).all()
    found: dict[tuple[Gateway, str], list[Check]] = {}
    for row in rows:
        state = GatewayState(row.state)
        check = Check(Gateway(row.gateway), row.account, row.at, state, row.fresh_until, row.detail, row.latency_ms)
        found.setdefault((check.gateway, check.account), []).append(check)
    return found


def _ranked(which: sa.ColumnElement[bool]) -> sa.Subquery:
    """Checks with ``nth``, the newest of each account being the first."""
    nth = (
        sa.func.row_number()
        .over(
            partition_by=(GatewayCheck.gateway, GatewayCheck.account),
            order_by=(GatewayCheck.at.desc(), GatewayCheck.id.desc()),
        )
        .label("nth")
    )
    return sa.select(GatewayCheck, nth).where(which).subquery()

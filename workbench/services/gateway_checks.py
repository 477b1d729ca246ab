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

#: How often a gateway is meant to be probed.
INTERVAL: Final = timedelta(minutes=5)
#: A probe older than this says nothing about now.
FRESH_FOR: Final = 3 * INTERVAL
#: Older checks are deleted when new ones are stored.
KEPT_FOR: Final = timedelta(days=30)

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
    detail: str = ""
    latency_ms: float | None = None


def judge(checks: Sequence[Check], at: datetime) -> GatewayState:
    """The state of one account by its newest probes (newest first), seen from ``at``.

    None, or the last one older than :data:`FRESH_FOR`: unknown. One failed probe is a warning, because a passing
    network fault must not disconnect a channel; two in a row mean down.
    """
    if not checks or at - checks[0].at > FRESH_FOR:
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
) -> None:
    """Keep what one probe found, at ``at`` (default: now). Flushes."""
    session.add(
        GatewayCheck(
            gateway=gateway,
            account=account,
            at=at or now(),
            state=state,
            detail=detail,
            latency_ms=latency_ms,
            facts=dict(facts) if facts else None,
        )
    )
    session.flush()


def prune(session: Session, at: datetime) -> None:
    """Delete the checks that are older than :data:`KEPT_FOR` at ``at``."""
    session.execute(
        sa.delete(GatewayCheck).where(GatewayCheck.at < at - KEPT_FOR),
        execution_options={"synchronize_session": False},
    )


def newest(session: Session, at: datetime) -> dict[tuple[Gateway, str], list[Check]]:
    """The two newest checks of each account up to ``at``, newest first, in one query."""
    nth = (
        sa.func.row_number()
        .over(
            partition_by=(GatewayCheck.gateway, GatewayCheck.account),
            order_by=(GatewayCheck.at.desc(), GatewayCheck.id.desc()),
        )
        .label("nth")
    )
    ranked = sa.select(GatewayCheck, nth).where(GatewayCheck.at <= at).subquery()
    rows = session.execute(sa.select(ranked).where(ranked.c.nth <= 2).order_by(ranked.c.nth)).all()
    found: dict[tuple[Gateway, str], list[Check]] = {}
    for row in rows:
        check = Check(Gateway(row.gateway), row.account, row.at, GatewayState(row.state), row.detail, row.latency_ms)
        found.setdefault((check.gateway, check.account), []).append(check)
    return found

"""Probing the configured gateways on a schedule: of any number of workers one at a time, and one an interval.

Whether a gateway is due is decided by its stored checks, and whose turn it is by a row that is taken and given back
in short transactions; none is open while a gateway is asked. Pausing stops sends, not probes. In simulation probes
run as well: they tell whether going live would work, and they change nothing at the far side.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from workbench.db import database_now
from workbench.enums import Gateway, GatewayState
from workbench.execution.background import short_transaction
from workbench.gateways.base import Probe
from workbench.gateways.openai import PROBE_SECONDS
from workbench.models import Base, ProbeTurn
from workbench.services import gateway_checks
from workbench.settings import Settings

log = logging.getLogger("workbench.worker")

#: How often a worker looks whether a gateway is due.
LOOK_SECONDS: Final = 5.0
#: How long a stopping worker waits for a probe; what it would have found is not worth more.
PATIENCE_SECONDS: Final = 2.0

turns = Base.metadata.tables[ProbeTurn.__tablename__]


class Probing(Protocol):
    """What probing needs of the gateways."""

    def to_probe(self) -> dict[Gateway, list[str]]: ...
    def probe(self, gateway: Gateway) -> list[Probe]: ...


@dataclass(frozen=True)
class Turn:
    """A worker's turn to probe one gateway."""

    gateway: Gateway
    token: int


class Prober:
    """Probes one gateway when it is due and nobody else does. After ``stop`` nothing more is written down."""

    def __init__(
        self,
        engine: Engine,
        settings: Settings,
        gateways: Probing,
        worker_id: str,
        gateway: Gateway,
        accounts: Sequence[str],
    ) -> None:
        self.gateway = gateway
        self._engine, self._gateways, self._worker_id, self._accounts = engine, gateways, worker_id, accounts
        self.stop = threading.Event()
        self._interval = timedelta(seconds=settings.probe_interval_seconds)
        limit = max(settings.send_timeout_seconds, PROBE_SECONDS)
        # Accounts are asked one after the other, each within the limit; looking up a host name comes on top.
        self._lease = timedelta(seconds=2 * limit * len(accounts))

    def look(self) -> bool:
        """Probe the gateway if it is due. Says whether this worker did. Raises :class:`DatabaseProblem`."""
        with short_transaction(self._engine, write=False) as session:
            due = self._due(session, database_now(session))
        if not due:
            return False
        with short_transaction(self._engine) as session:
            turn = self._take(session)
        if turn is None:
            return False
        found = self._gateways.probe(self.gateway)
        if self.stop.is_set():
            return False
        with short_transaction(self._engine) as session:
            told = self._store(session, turn, found)
        for account, was, state in told:
            level = logging.INFO if state is GatewayState.OK else logging.WARNING
            log.log(level, "gateway state gateway=%s account=%s state=%s was=%s", self.gateway, account, state, was)
        return True

    def _due(self, session: Session, moment: datetime) -> bool:
        newest = gateway_checks.newest(session, moment)
        last = {account: checks[0].at for (gateway, account), checks in newest.items() if gateway is self.gateway}
        return gateway_checks.is_due(last, self._accounts, moment, self._interval)

    def _take(self, session: Session) -> Turn | None:
        """The turn, unless somebody has it, or had it between our look and this."""
        dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
        session.execute(dialect.insert(turns).values(gateway=self.gateway).on_conflict_do_nothing())
        mine = turns.c.gateway == self.gateway
        row = session.execute(sa.select(turns).where(mine).with_for_update()).one()
        moment = database_now(session)
        held = row.lease_expires_at is not None and row.lease_expires_at > moment
        if held or not self._due(session, moment):
            return None
        token = row.token + 1
        session.execute(
            sa.update(turns)
            .where(mine)
            .values(token=token, worker_id=self._worker_id, lease_expires_at=moment + self._lease)
        )
        return Turn(self.gateway, token)

    def _store(
        self, session: Session, turn: Turn, found: Sequence[Probe]
    ) -> list[tuple[str, GatewayState, GatewayState]]:
        """Keep what was found and end the turn; answers (account, state before, state now) where they differ.

        Nothing is kept when the turn was lost: somebody else has probed since, and two failures at one moment are
        not two in a row.
        """
        ended = session.connection().execute(
            sa.update(turns)
            .where(turns.c.gateway == turn.gateway, turns.c.token == turn.token)
            .values(worker_id=None, lease_expires_at=None)
        )
        if not ended.rowcount:
            log.warning("probe came too late gateway=%s", turn.gateway)
            return []
        moment = database_now(session)
        before = gateway_checks.newest(session, moment)
        keep(session, found, moment, self._interval)
        after = gateway_checks.newest(session, moment)
        told = []
        for probe in found:
            key = (probe.gateway, probe.account)
            was, state = (gateway_checks.judge(checks.get(key, []), moment) for checks in (before, after))
            if was is not state:
                told.append((probe.account, was, state))
        return told


def keep(session: Session, found: Iterable[Probe], at: datetime, interval: timedelta) -> None:
    """Store what was found at ``at``, the next probes being due an ``interval`` later, and drop what is old."""
    for probe in found:
        gateway_checks.store(
            session,
            probe.gateway,
            probe.account,
            probe.state,
            detail=probe.detail,
            latency_ms=probe.latency_ms,
            facts=probe.facts,
            at=at,
            interval=interval,
        )
    gateway_checks.prune(session, at)

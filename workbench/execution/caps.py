"""Caps: how many messages an account sends in a minute and a day, and a campaign in a day (all UTC).

A cap is taken for a whole batch by one guarded UPDATE, and what was not sent of it is given back. A cap that is used
up defers to the next window; it costs no try and never drops anything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from workbench.accounts import Account
from workbench.enums import Gateway
from workbench.models import Base, SendCounter

MINUTE: Final = "%Y-%m-%dT%H:%M"
DAY: Final = "%Y-%m-%d"
#: Counters of windows that ended this long ago are removed.
KEPT: Final = timedelta(days=2)


@dataclass(frozen=True)
class Limits:
    """What one account may send; None: as much as it can."""

    per_minute: int | None = None
    per_day: int | None = None


@dataclass(frozen=True)
class Window:
    """One counter: whose, for which time, how far it may go, and when the next one begins."""

    account: str
    #: 0: the account's own.
    campaign_id: int
    name: str
    limit: int
    ends: datetime

    @property
    def sentence(self) -> str:
        whose = f"campaign {self.campaign_id}" if self.campaign_id else f"account {self.account}"
        unit = "minute" if self.name.startswith("m:") else "day"
        return f"The cap of {whose} is used up: {self.limit:,} a {unit}."


@dataclass(frozen=True)
class Taken:
    """What was granted of a batch, so that the rest can be given back."""

    #: For each message of the batch, in order: None when it may go, else the window that is full.
    answers: Sequence[Window | None]
    #: counter id → the campaign it counts (0: every message).
    counters: Mapping[int, int] = field(default_factory=dict)


def limits_for(account: Account | None, overrides: Mapping[str, Any] | None) -> Limits:
    """The account's own limits, each replaced by the gateway's setting if there is one.

    An account that is not declared (the simulated one) has none of its own.
    """
    given = overrides or {}
    return Limits(
        given.get("per_minute", account.per_minute if account else None),
        given.get("per_day", account.per_day if account else None),
    )


def windows(account: str, limits: Limits, campaigns: Mapping[int, int | None], now: datetime) -> list[Window]:
    """The counters that limit a batch at ``now``: ``campaigns`` maps those in it to their daily limit."""
    minute = now.replace(second=0, microsecond=0)
    day = minute.replace(hour=0, minute=0)
    tomorrow = day + timedelta(days=1)
    found = []
    if limits.per_minute is not None:
        name = f"m:{minute.strftime(MINUTE)}"
        found.append(Window(account, 0, name, limits.per_minute, minute + timedelta(minutes=1)))
    if limits.per_day is not None:
        found.append(Window(account, 0, f"d:{day.strftime(DAY)}", limits.per_day, tomorrow))
    for campaign_id, limit in sorted(campaigns.items()):
        if limit is not None and campaign_id:
            found.append(Window("", campaign_id, f"d:{day.strftime(DAY)}", limit, tomorrow))
    return found


def grant(messages: Sequence[int], counted: Sequence[tuple[Window, int]]) -> list[Window | None]:
    """For each message (its campaign, 0 for none) in order: None when every counter has room, else the full one.

    ``counted`` holds each window with what it counts so far. A full window of the account comes before a
    campaign's, and the longer one before the shorter: it says when to come back.
    """
    used = dict(counted)
    order = sorted(used, key=lambda window: (window.campaign_id, -window.ends.timestamp()))
    answers: list[Window | None] = []
    for campaign in messages:
        concerned = [window for window in order if window.campaign_id in (0, campaign)]
        full = next((window for window in concerned if used[window] >= window.limit), None)
        answers.append(full)
        if full is None:
            for window in concerned:
                used[window] += 1
    return answers


def take(
    session: Session,
    gateway: Gateway,
    account: str,
    messages: Sequence[int],
    limits: Limits,
    campaigns: Mapping[int, int | None],
    now: datetime,
) -> Taken:
    """Take from every cap that concerns ``messages`` (their campaigns, in order) as much as there is room for."""
    needed = windows(account, limits, {one: campaigns.get(one) for one in set(messages)}, now)
    if not needed:
        return Taken([None] * len(messages))
    rows = _held(session, gateway, needed)
    answers = grant(messages, [(window, rows[window].count) for window in needed])
    granted = Counter(campaign for campaign, full in zip(messages, answers, strict=True) if full is None)
    total = sum(granted.values())
    adds = {
        rows[window].id: (granted[window.campaign_id] if window.campaign_id else total, window) for window in needed
    }
    adds = {counter: pair for counter, pair in adds.items() if pair[0]}
    if adds:
        values: dict[str, int] = {}
        for place, (counter, (count, window)) in enumerate(adds.items()):
            values |= {f"id_{place}": counter, f"more_{place}": count, f"most_{place}": window.limit}
        changed = session.connection().execute(_guarded(len(adds)), values)
        # The rows are held, so this cannot be; were it so, the transaction must not go on.
        if changed.rowcount != len(adds):
            raise RuntimeError("a cap changed under its lock")
    return Taken(answers, {counter: window.campaign_id for counter, (_, window) in adds.items()})


def give_back(session: Session, taken: Taken, messages: Sequence[int]) -> None:
    """Return to the caps what was granted for ``messages`` (their campaigns) and not used."""
    less = {
        counter: len(messages) if campaign == 0 else messages.count(campaign)
        for counter, campaign in taken.counters.items()
    }
    less = {counter: count for counter, count in less.items() if count}
    if less:
        session.execute(
            sa.update(SendCounter)
            .where(SendCounter.id.in_(less))
            .values(count=SendCounter.count - sa.case(less, value=SendCounter.id)),
            execution_options={"synchronize_session": False},
        )


def used_today(session: Session, now: datetime) -> dict[tuple[str, str], int]:
    """(gateway, account) -> how many messages count towards the account's cap of the present day (UTC)."""
    rows = session.execute(
        sa.select(SendCounter.gateway, SendCounter.account, SendCounter.count).where(
            SendCounter.campaign_id == 0, SendCounter.window == f"d:{now.strftime(DAY)}"
        )
    )
    return {(gateway, account): count for gateway, account, count in rows}


def prune(session: Session, now: datetime) -> None:
    """Remove the counters of windows that are long over."""
    before = now - KEPT
    for kind, pattern in (("m", MINUTE), ("d", DAY)):
        session.execute(
            sa.delete(SendCounter).where(
                SendCounter.window.startswith(f"{kind}:"),
                SendCounter.window < f"{kind}:{before.strftime(pattern)}",
            ),
            execution_options={"synchronize_session": False},
        )


def _held(session: Session, gateway: Gateway, needed: Sequence[Window]) -> dict[Window, Any]:
    """The counters of ``needed``, made where they are missing, and held to the transaction's end."""
    keys = [(window.account, window.campaign_id, window.name) for window in needed]
    values: dict[str, Any] = {"of_gateway": gateway.value}
    for place, (account, campaign_id, name) in enumerate(keys):
        values |= {f"account_{place}": account, f"campaign_{place}": campaign_id, f"window_{place}": name}
    query, connection = _wanted(len(keys)), session.connection()
    found = connection.execute(query, values).all()
    if len(found) < len(needed):
        insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
        session.execute(
            insert(SendCounter).on_conflict_do_nothing(),
            [
                {"gateway": gateway.value, "account": account, "campaign_id": campaign_id, "window": name, "count": 0}
                for account, campaign_id, name in keys
            ],
        )
        found = connection.execute(query, values).all()
    rows = {(row.account, row.campaign_id, row.window): row for row in found}
    return {window: rows[key] for window, key in zip(needed, keys, strict=True)}


# Both are made once for each number of counters, and then only filled in.


@cache
def _wanted(number: int) -> sa.Select[*tuple[Any, ...]]:
    keys = (
        sa.and_(
            SendCounter.account == sa.bindparam(f"account_{place}"),
            SendCounter.campaign_id == sa.bindparam(f"campaign_{place}"),
            SendCounter.window == sa.bindparam(f"window_{place}"),
        )
        for place in range(number)
    )
    return (
        sa.select(SendCounter.id, SendCounter.account, SendCounter.campaign_id, SendCounter.window, SendCounter.count)
        .where(SendCounter.gateway == sa.bindparam("of_gateway"), sa.or_(*keys))
        .order_by(SendCounter.id)  # always in this order, so that two workers never wait for each other
        .with_for_update()
    )


@cache
def _guarded(number: int) -> sa.Update:
    table = Base.metadata.tables[SendCounter.__tablename__]
    ids = [sa.bindparam(f"id_{place}", type_=sa.Integer) for place in range(number)]
    more, most = (
        sa.case(
            *(
                (table.c.id == counter, sa.bindparam(f"{name}_{place}", type_=sa.Integer))
                for place, counter in enumerate(ids)
            )
        )
        for name in ("more", "most")
    )
    return (
        sa.update(table)
        .where(table.c.id.in_(ids), table.c.count + more <= most)
        .values({table.c.count: table.c.count + more})
    )

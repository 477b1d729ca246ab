"""How the gateways are: what their last probes found, and probing them now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from workbench.clock import now
from workbench.enums import Gateway, GatewayState, Role
from workbench.errors import NotFoundError
from workbench.execution import caps
from workbench.execution.probing import keep
from workbench.operator_services._edge import Runtime, operation, runtime_of
from workbench.operator_services.types import DayCap, GatewayStatus
from workbench.services import gateway_checks
from workbench.services.gateway_checks import Check, judge
from workbench.services.gateway_facts import Facts, gateway_facts


def get_gateway_status(db: Session | None = None) -> dict[str, GatewayStatus]:
    """Every gateway by name: what its last probes say of it, how old they are, and what goes through it.

    Answers ``unknown`` for all of them without a session, ``unconfigured`` for one without credentials.
    """
    if db is None:
        silent = Facts()
        return {
            gateway.value: _row(GatewayState.UNKNOWN, "Open a session to see it.", None, silent, [], now())
            for gateway in Gateway
        }
    with operation(db, Role.VIEWER, write=False):
        at = now()
        runtime = runtime_of(db)
        return _statuses(db, runtime, list(Gateway), at)


def probe_gateways(db: Session, gateway: str | None = None) -> dict[str, GatewayStatus]:
    """Look at every gateway (or one) now, keep what was found, and answer like :func:`get_gateway_status`.

    Calls out, so it takes as long as the slowest of them, and holds no transaction meanwhile. Raises
    :class:`NotFoundError` for a gateway there is not.
    """
    with operation(db, Role.OPERATOR, write=False):
        runtime = runtime_of(db)
        wanted = [_gateway(gateway)] if gateway is not None else list(Gateway)
    with ThreadPoolExecutor(max_workers=len(wanted), thread_name_prefix="probe") as pool:
        probes = [probe for found in pool.map(runtime.gateways.probe, wanted) for probe in found]
    with operation(db, Role.OPERATOR, write=True):
        at = now()
        keep(db, probes, at, timedelta(seconds=runtime.settings.probe_interval_seconds))
        return _statuses(db, runtime, wanted, at)


def _statuses(db: Session, runtime: Runtime, wanted: Sequence[Gateway], at: datetime) -> dict[str, GatewayStatus]:
    checks = gateway_checks.newest(db, at)
    facts = gateway_facts(db, at)
    used = caps.used_today(db, at)
    return {
        one.value: {**_status(one, runtime, checks, facts[one], at), "caps": _caps(one, runtime, facts[one], used)}
        for one in wanted
    }


def _caps(gateway: Gateway, runtime: Runtime, facts: Facts, used: Mapping[tuple[str, str], int]) -> list[DayCap]:
    found: list[DayCap] = []
    for account in runtime.accounts:
        limit = caps.limits_for(account, facts.caps).per_day
        if account.platform.gateway is gateway and limit is not None:
            left = max(0, limit - used.get((gateway.value, account.name), 0))
            found.append({"account": account.name, "limit": limit, "left": left})
    return found


def _gateway(name: str) -> Gateway:
    try:
        return Gateway(name)
    except ValueError as error:
        raise NotFoundError(f"There is no gateway {name!r}. There are {', '.join(Gateway)}.") from error


def _status(
    gateway: Gateway,
    runtime: Runtime,
    checks: Mapping[tuple[Gateway, str], Sequence[Check]],
    facts: Facts,
    at: datetime,
) -> GatewayStatus:
    declared = [account.name for account in runtime.accounts if account.platform.gateway is gateway]
    if not runtime.gateways.configured(gateway):
        # Nothing to call, so these probes only say what is missing.
        missing = " ".join(probe.detail for probe in runtime.gateways.probe(gateway))
        return _row(GatewayState.UNCONFIGURED, missing, None, facts, declared, at)
    # What has no accounts (the model, Apollo) is probed as one; a check of what is gone counts no more.
    names = declared or runtime.gateways.to_probe()[gateway]
    states = {name: judge(checks.get((gateway, name), []), at) for name in names}
    state = gateway_checks.worst(states.values())
    named = next((name for name in names if states[name] is state and (gateway, name) in checks), None)
    last = checks[gateway, named][0] if named is not None else None
    return _row(state, _detail(state, last, several=len(names) > 1), last, facts, declared, at)


def _detail(state: GatewayState, last: Check | None, *, several: bool) -> str:
    if last is None:
        return "It was never probed."
    said = f"{last.account}: {last.detail}" if several else last.detail
    if state is GatewayState.UNKNOWN:
        return f"The last probe is too old to say how it is now. It said: {said}"
    if state is GatewayState.WARN and last.state is GatewayState.DOWN:
        return f"One probe failed, which may pass: {said}"
    return said


def _row(
    state: GatewayState, detail: str, last: Check | None, facts: Facts, accounts: list[str], at: datetime
) -> GatewayStatus:
    return {
        "status": state.value,
        "checked_at": last.at if last else None,
        "age": (at - last.at).total_seconds() if last else None,
        "latency_ms": last.latency_ms if last else None,
        "detail": detail,
        "recent_activity": facts.recent_activity,
        "queued": facts.queued,
        "paused": facts.paused,
        "pause_reason": facts.pause_reason,
        "accounts": accounts,
        "caps": [],
    }

"""``workbench doctor``: what is configured, reachable and wrong, and what to do about it. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from workbench import migrate
from workbench.db import explain, make_engine, make_sessions, transaction
from workbench.enums import Gateway, GatewayState, Mode, Platform
from workbench.errors import NotConfigured, WorkbenchError
from workbench.gateways.base import Probe
from workbench.models import SafetySettings, User
from workbench.operator_services._edge import build_runtime
from workbench.services.workers import alive_count
from workbench.settings import Settings

State = Literal["ok", "note", "wrong"]


@dataclass(frozen=True)
class Finding:
    """One line of the answer. ``todo`` is empty where there is nothing to do."""

    what: str
    state: State
    text: str
    todo: str = ""


def examine(settings: Settings, *, probe: bool = True) -> list[Finding]:
    """Look at everything. ``probe``: also ask the outside systems that are configured, changing nothing there."""
    findings = [Finding("settings", "ok", f"Data folder {settings.data_dir}.")]
    findings += _database(settings)
    findings += _outside(settings, probe=probe)
    return findings


def _database(settings: Settings) -> Iterator[Finding]:
    engine = make_engine(settings.url)
    name = engine.url.render_as_string(hide_password=True)
    try:
        path = engine.url.database
        if settings.embedded and path and not path.startswith("file:") and not _exists(path):
            yield Finding("database", "note", f"{name} does not exist yet.", "workbench serve makes it.")
            return
        migrate.check_head(engine)
        yield Finding("database", "ok", f"{name} is at head, its triggers stand: the audit log is append-only.")
        with make_sessions(engine)() as db, transaction(db, write=False):
            yield from _state(settings, db.get(SafetySettings, 1))
            users = db.scalar(sa.select(sa.func.count()).select_from(User)) or 0
            yield Finding("users", "ok", f"{users} may sign in." if users else "None: this machine's user is admin.")
            alive = alive_count(db)
        if alive:
            yield Finding("worker", "ok", f"{alive} alive.")
        else:
            todo = "Run: workbench serve, or workbench worker"
            yield Finding("worker", "note", "None is alive, so nothing is sent.", todo)
    except DBAPIError as error:
        yield Finding("database", "wrong", f"{name}: {explain(error).message}")
    except WorkbenchError as error:
        yield Finding("database", "wrong", f"{name}: {error.message}")
    finally:
        engine.dispose()


def _exists(path: str) -> bool:
    from pathlib import Path

    return Path(path).exists()


def _state(settings: Settings, safety: SafetySettings | None) -> Iterator[Finding]:
    if safety is None:
        yield Finding(
            "mode", "wrong", "The row of safety settings is gone.", "Restore a backup, then: workbench migrate"
        )
        return
    live = safety.mode == Mode.LIVE
    demo = " It holds demo data and refuses to go live." if safety.demo_at else ""
    yield Finding("mode", "ok", "Live: messages really go out." if live else f"Simulation: nothing leaves.{demo}")
    if safety.system_paused:
        yield Finding("pause", "note", f"Everything is paused by {safety.paused_by}: {safety.pause_reason}")
    if not settings.public_url:
        yield Finding(
            "unsubscribe",
            "wrong" if live else "note",
            "Recipients could not unsubscribe, so no e-mail goes out in live mode.",
            "Set WORKBENCH_PUBLIC_URL to the https address of this workbench.",
        )
    else:
        yield Finding("unsubscribe", "ok", f"Links begin with {settings.public_url}/unsubscribe/.")
    if not settings.postal_address:
        todo = "Set WORKBENCH_POSTAL_ADDRESS: most countries want it at the foot of an e-mail."
        yield Finding("postal address", "note", "None.", todo)


def _outside(settings: Settings, *, probe: bool) -> Iterator[Finding]:
    try:
        runtime = build_runtime(settings)
    except NotConfigured as error:
        yield Finding("accounts", "wrong", error.message)
        return
    for platform in Platform:
        accounts = runtime.gateways.accounts_for(platform)
        if not accounts:
            yield Finding(f"{platform.label} accounts", "note", "None: cannot go live.")
        for account in accounts:
            todo = runtime.gateways.missing(account) or ""
            text = "Declared, and cannot send yet." if todo else "Can send."
            yield Finding(f"{platform.label} {account.name}", "note" if todo else "ok", text, todo)
    for gateway in Gateway:
        if not runtime.gateways.configured(gateway):
            yield Finding(gateway.label, "note", "Unconfigured.", "docs/how-to/go-live.md says how.")
        elif not probe:
            yield Finding(gateway.label, "note", "Configured; not asked.")
        else:
            yield from (_probed(found) for found in runtime.gateways.probe(gateway))


def _probed(found: Probe) -> Finding:
    what = f"{found.gateway.label} {found.account}".strip()
    took = f" ({found.latency_ms:.0f} ms)" if found.latency_ms is not None else ""
    state: dict[GatewayState, State] = {GatewayState.OK: "ok", GatewayState.WARN: "note"}
    return Finding(what, state.get(found.state, "wrong"), found.detail + took)

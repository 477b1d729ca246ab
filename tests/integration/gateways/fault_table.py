"""Make docs/reference/gateway-faults.md: ``python -m tests.integration.gateways.fault_table``.

Every misbehaviour of the test servers is shown to every adapter, in the hands of a real worker on a real database,
and what became of the message is written down.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from tests.conftest import NOW
from tests.execution_kit import go_live, mailing, posting
from tests.integration.gateways.faults import HTTP, SMTP, blocked_outbox
from tests.integration.gateways.making import TOKEN, linkedin, x
from workbench import clock, migrate
from workbench.accounts import Account
from workbench.db import make_engine
from workbench.enums import AttemptStatus, Gateway, Mode, Platform, QueueStatus
from workbench.errors import GatewayFault
from workbench.execution.worker import Worker
from workbench.gateways.apollo import ApolloClient
from workbench.gateways.base import Channel, Deferred, Message, Outcome, Rejected, Sender
from workbench.gateways.openai import ModelClient
from workbench.models import OutreachAttempt, QueueRow, Suppression
from workbench.settings import Settings

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "gateway-faults.md"
HEAD = """# What happens when a gateway misbehaves

Every misbehaviour that the servers of the tests know, shown to every adapter in the hands of a real worker: the
outcome that the evidence allows, what became of the message, and what a probe of the same far side finds. (One failed
probe is shown as a warning; two in a row are "down".) [Gateways](gateways.md) says what the outcomes mean.

- **again later**: tried again after 30 seconds, a minute, two … at most an hour, five times by default; then FAILED.
- **held**: the account or a setting is at fault. The message loses no try; the queue says what to mend, and the worker
  looks again every minute. What has not begun by the staleness limit becomes MISSED.
- **UNKNOWN**: never sent again by itself; a person reconciles.

A status that a row does not name on its own is in the row of its kind. A test makes this page and fails when it
differs; write it anew with `python -m tests.integration.gateways.fault_table`, and read what changed.
"""
CLIENT = {"client_id": "app", "client_secret": SecretStr("client-secret")}


@dataclass(frozen=True)
class Line:
    """One row of the page."""

    fault: str
    cells: tuple[str, ...]
    status: int | None = None


@dataclass
class Tapped:
    """A gateway with one account, which keeps the outcomes that pass."""

    behind: Sender
    outcomes: list[Outcome] = field(default_factory=list)

    @property
    def gateway(self) -> Gateway:
        return self.behind.gateway

    @property
    def account(self) -> str:
        return self.behind.account

    def sender(self, platform: Platform, account_name: str, mode: Mode) -> Tapped:
        return self

    def to_probe(self) -> dict[Gateway, list[str]]:
        return {}

    @contextmanager
    def connect(self) -> Iterator[Tapped]:
        with self.behind.connect() as channel:
            self._channel: Channel = channel
            yield self

    def probe(self) -> Any:
        return self.behind.probe()

    def send(self, message: Message) -> Outcome:
        self.outcomes.append(self._channel.send(message))
        return self.outcomes[-1]


@dataclass(frozen=True)
class Runtime:
    """What a worker needs."""

    settings: Settings
    gateways: Tapped
    accounts: tuple[Account, ...] = ()


class Bench:
    """A database and a worker for one misbehaviour after the other."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self._engine, self._settings = engine, settings
        with Session(engine) as db:
            go_live(db)

    def drive(self, sender: Sender) -> tuple[str, str, str]:
        """Outcome, what the worker made of it, what a probe finds."""
        gateway = Tapped(sender)
        platform = next(one for one in Platform if one.gateway is sender.gateway)
        with Session(self._engine) as db:
            make = mailing if platform is Platform.EMAIL else partial(posting, platform=platform.value)
            row = make(db, people=1, mode=Mode.LIVE) if make is mailing else make(db, mode=Mode.LIVE)
            Worker(self._engine, Runtime(self._settings, gateway)).run_once()
            (outcome,) = gateway.outcomes
            became = self._became(db, row, outcome)
            db.execute(sa.update(QueueRow).values(status=QueueStatus.CANCELLED))
            db.commit()
        return type(outcome).__name__, became, sender.probe().state.value

    def _became(self, db: Session, row: QueueRow, outcome: Outcome) -> str:
        db.expire_all()
        (attempt,) = db.scalars(sa.select(OutreachAttempt).where(OutreachAttempt.queue_id == row.id))
        if attempt.status == AttemptStatus.PENDING:
            if not attempt.retry_count:
                return "held"
            if not isinstance(outcome, Deferred) or outcome.retry_at is None:
                return "again later"
            assert attempt.next_attempt_at == outcome.retry_at
            midnight = f"{outcome.retry_at:%H:%M:%S}" == "00:00:00"
            return "again at 00:00 UTC" if midnight else "again at the time it named"
        address = sa.select(Suppression.id).where(Suppression.address_norm == attempt.address_norm)
        suppressed = db.scalar(address) is not None
        assert suppressed is (isinstance(outcome, Rejected) and outcome.bounce)
        return f"{attempt.status}, address suppressed" if suppressed else attempt.status


def sections(engine: Engine, settings: Settings, folder: Path) -> dict[str, list[Line]]:
    """Every adapter's rows, by its name."""
    bench = Bench(engine, settings)
    found: dict[str, list[Line]] = {}
    for name, make in (("LinkedIn", partial(linkedin, **CLIENT)), ("X", x)):
        found[name] = []
        for fault in HTTP:
            with fault.far_side() as url:
                found[name].append(Line(fault.name, bench.drive(make(url, seconds=fault.seconds)), fault.status))
    found["E-mail"] = []
    for mail_fault in SMTP:
        with mail_fault.sender() as sender:
            found["E-mail"].append(Line(mail_fault.name, bench.drive(sender)))
    found["Outbox"] = []
    for platform in Platform:
        with blocked_outbox(platform, folder) as sender:
            found["Outbox"].append(Line(f"{platform.label}: its folder cannot be written", bench.drive(sender)))
    for name, ask in (("Language model", _ask_model), ("Apollo", _ask_apollo)):
        found[name] = []
        for fault in HTTP:
            with fault.far_side() as url:
                found[name].append(Line(fault.name, ask(url, fault.seconds), fault.status))
    return found


def _ask_model(url: str, seconds: float) -> tuple[str, str]:
    client = ModelClient(base_url=f"{url}/v1", model="small", api_key=SecretStr(TOKEN), seconds=seconds)
    return _asked(lambda: client.complete("Be brief.", "Greet.")), client.probe().state.value


def _ask_apollo(url: str, seconds: float) -> tuple[str, str]:
    client = ApolloClient(base_url=url, api_key=SecretStr(TOKEN), seconds=seconds)
    return _asked(lambda: client.search({})), client.probe().state.value


def _asked(ask: Callable[[], object]) -> str:
    try:
        ask()
    except GatewayFault as fault:
        return "error that names a time" if fault.retry_at else "error"
    return "answer"


def page(found: dict[str, list[Line]]) -> str:
    """The whole page."""
    parts = [HEAD]
    for name, lines in found.items():
        titles = ["the far side", "outcome", "the message", "a probe"]
        if name in ("Language model", "Apollo"):
            titles = ["the far side", "who asked gets", "a probe"]
        parts.append(f"\n## {name}\n| {' | '.join(titles)} |\n{'|---' * len(titles)}|\n")
        parts += [f"| {' | '.join([line.fault, *line.cells])} |\n" for line in _grouped(lines)]
    return "".join(parts)


def _grouped(lines: Iterable[Line]) -> Iterator[Line]:
    """Answers that are nothing but a status, and end alike, in one row."""
    alike: dict[tuple[str, ...], list[int]] = {}
    for line in lines:
        if line.status is not None:
            alike.setdefault(line.cells, []).append(line.status)
    yield from (Line(_ranges(statuses), cells) for cells, statuses in alike.items())
    yield from (line for line in lines if line.status is None)


def _ranges(numbers: list[int]) -> str:
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in runs)


def main() -> None:
    """Write the page."""
    with tempfile.TemporaryDirectory() as name, clock.frozen(NOW):
        folder = Path(name)
        url = f"sqlite:///{folder / 'workbench.db'}"
        engine = make_engine(url)
        migrate.upgrade(engine)
        PAGE.write_text(page(sections(engine, settings_of(url, folder), folder)), encoding="utf-8")
        engine.dispose()


def settings_of(url: str, folder: Path) -> Settings:
    """Settings under which mail may go out."""
    public = "https://mail.example.com"
    return Settings(database_url=url, data_dir=folder / "var", public_url=public, secret_key="x" * 32)


if __name__ == "__main__":
    main()

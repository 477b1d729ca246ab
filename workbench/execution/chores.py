"""What a worker does beside sending: probes. Nothing of it is started where it is not configured."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Protocol

from sqlalchemy.engine import Engine

from workbench.execution import probing
from workbench.execution.background import Background
from workbench.settings import Settings


class GatewaysLike(probing.Probing, Protocol):
    """What the chores need of the gateways."""


@contextmanager
def chores(engine: Engine, settings: Settings, gateways: GatewaysLike, worker_id: str) -> Iterator[None]:
    """Within this block every chore goes on, each in a thread of its own."""
    with ExitStack() as going_on:
        for gateway, accounts in gateways.to_probe().items():
            prober = probing.Prober(engine, settings, gateways, worker_id, gateway, accounts)
            thread = Background(
                f"probe {gateway}", prober.look, every=probing.LOOK_SECONDS, patience=probing.PATIENCE_SECONDS
            )
            going_on.enter_context(thread)
        yield

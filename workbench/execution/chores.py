"""What a worker does beside sending: probes and searches for people. Nothing is started where it is not configured."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Protocol

from sqlalchemy.engine import Engine

from workbench.execution import discovering, probing
from workbench.execution.background import Background
from workbench.settings import Settings


class GatewaysLike(probing.Probing, Protocol):
    """What the chores need of the gateways."""

    @property
    def apollo(self) -> discovering.Apollo | None: ...


@contextmanager
def chores(engine: Engine, settings: Settings, gateways: GatewaysLike, worker_id: str) -> Iterator[None]:
    """Within this block every chore goes on, each in a thread of its own."""
    with ExitStack() as going_on:
        for gateway, accounts in gateways.to_probe().items():
            prober = probing.Prober(engine, settings, gateways, worker_id, gateway, accounts)
            thread = Background(
                f"probe {gateway}", prober.look, every=probing.LOOK_SECONDS, patience=probing.PATIENCE_SECONDS
            )
            prober.stop = thread.done
            going_on.enter_context(thread)
        if gateways.apollo is not None:
            discoverer = discovering.Discoverer(engine, settings, gateways.apollo, worker_id)
            # What a call that is under way answers may have been paid for.
            thread = Background(
                "discovery", discoverer.look, every=discovering.LOOK_SECONDS, patience=settings.send_timeout_seconds
            )
            discoverer.stop = thread.done
            going_on.enter_context(thread)
        yield

"""How much chaos, and the processes it happens to.

``CHAOS_KILLS`` and ``CHAOS_PAUSES`` say how many there are on each database; ``CHAOS_SEED`` repeats a run that failed.
"""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import Engine

from tests.chaos.child import Spec
from tests.chaos.far_side import FarSide, far_side
from tests.chaos.fleet import Fleet, Nursery
from tests.chaos.world import World


@pytest.fixture(scope="session")
def kills() -> int:
    return int(os.environ.get("CHAOS_KILLS", "40"))


@pytest.fixture(scope="session")
def pauses() -> int:
    return int(os.environ.get("CHAOS_PAUSES", "20"))


@pytest.fixture
def chance() -> random.Random:
    """Shown with the output of a test that fails."""
    seed = int(os.environ.get("CHAOS_SEED") or random.SystemRandom().randrange(10**9))
    sys.stdout.write(f"CHAOS_SEED={seed}\n")
    return random.Random(seed)


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    made = Nursery()
    yield made
    made.close()


@pytest.fixture
def far(tmp_path: Path) -> Iterator[FarSide]:
    with far_side(tmp_path / "accepted.jsonl") as side:
        yield side


@pytest.fixture
def world(engine: Engine) -> World:
    return World(engine)


@pytest.fixture
def spec(far: FarSide, database_url: str, tmp_path: Path) -> Spec:
    return make_spec(far, database_url, tmp_path)


@pytest.fixture
def fleet(nursery: Nursery, spec: Spec, tmp_path: Path) -> Iterator[Fleet]:
    with Fleet(nursery, spec, tmp_path).ended_after() as made:
        yield made


def make_spec(far: FarSide, database_url: str, folder: Path, **settings: Any) -> Spec:
    return Spec(
        name="",
        database_url=database_url,
        log="",
        settings={
            "data_dir": str(folder / "var"),
            "public_url": "https://mail.example.com",
            "secret_key": "x" * 32,
            "lease_seconds": 600,
            "worker_poll_seconds": 0.02,
            **settings,
        },
        accounts=far.accounts(),
    )

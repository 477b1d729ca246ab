"""Workers as processes of their own, and what a test does to them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

import psutil

from tests.chaos.child import Spec, worker_id

ROOT = Path(__file__).parents[2]
#: How long a test waits for what must come to pass before it fails. Nothing is asserted about how long it took.
PATIENCE = 120.0


def wait_for(what: str, true: Any, patience: float = PATIENCE) -> Any:
    """Ask again and again until the answer is truthy; answers it."""
    deadline = time.monotonic() + patience
    while not (found := true()):
        assert time.monotonic() < deadline, f"in vain waited for: {what}"
        time.sleep(0.01)
    return found


@dataclass(frozen=True)
class Hand:
    """One worker process."""

    pid: int
    name: str

    @property
    def worker_id(self) -> str:
        return worker_id(self.pid, self.name)


class Nursery:
    """Forks workers in milliseconds. One for the whole run of tests."""

    def __init__(self) -> None:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.nursery"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        self._process, self._tell, self._hear = process, process.stdin, process.stdout

    def fork(self, spec: Spec) -> int:
        return int(self._ask({"fork": vars(spec)})["pid"])

    def ended(self, pid: int) -> int | None:
        """The exit code, or the negative number of the signal; None while it lives. A code is answered once."""
        code: int | None = self._ask({"wait": pid})["ended"]
        return code

    def close(self) -> None:
        self._tell.close()
        self._process.wait(PATIENCE)
        self._hear.close()

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        self._tell.write(json.dumps(question) + "\n")
        self._tell.flush()
        answer: dict[str, Any] = json.loads(self._hear.readline())
        return answer


class Fleet:
    """The workers of one test, all made from one spec."""

    def __init__(self, nursery: Nursery, spec: Spec, folder: Path) -> None:
        self._nursery, self.spec, self.folder = nursery, spec, folder
        self._numbers = count(1)
        self.alive: list[Hand] = []

    def start(self, **changes: Any) -> Hand:
        name = f"chaos-{next(self._numbers)}"
        spec = replace(self.spec, **({"name": name, "log": str(self.folder / f"{name}.log")} | changes))
        hand = Hand(self._nursery.fork(spec), name)
        self.alive.append(hand)
        return hand

    def kill(self, hand: Hand) -> None:
        """SIGKILL; it is gone when this returns."""
        os.kill(hand.pid, signal.SIGKILL)
        assert self.wait(hand) == -signal.SIGKILL, self.crashes()

    def wait(self, hand: Hand) -> int:
        """Until it is gone; the exit code, or the negative number of the signal."""
        codes: list[int] = []

        def ended() -> bool:
            code = self._nursery.ended(hand.pid)
            codes.extend([] if code is None else [code])
            return bool(codes)

        wait_for(f"the end of {hand.name}", ended)
        self.alive.remove(hand)
        return codes[0]

    def freeze(self, hand: Hand) -> None:
        """SIGSTOP; not one instruction runs any more when this returns."""
        os.kill(hand.pid, signal.SIGSTOP)
        self.wait_frozen(hand)

    def wait_frozen(self, hand: Hand) -> None:
        wait_for("a frozen worker", lambda: psutil.Process(hand.pid).status() == psutil.STATUS_STOPPED)

    def thaw(self, hand: Hand) -> None:
        os.kill(hand.pid, signal.SIGCONT)

    def stop(self) -> None:
        """SIGTERM to all; each must end in good order."""
        for hand in self.alive:
            os.kill(hand.pid, signal.SIGTERM)
        ended = {hand.name: self.wait(hand) for hand in list(self.alive)}
        assert set(ended.values()) <= {0}, f"{ended}\n{self.crashes()}"

    def crashes(self) -> str:
        return "\n".join(path.read_text() for path in sorted(self.folder.glob("*.crash")))

    def said(self, hand: Hand) -> str:
        path = self.folder / f"{hand.name}.log"
        return path.read_text() if path.exists() else ""

    def said_by_all(self) -> str:
        return "\n".join(path.read_text() for path in sorted(self.folder.glob("chaos-*.log")))

    @contextmanager
    def ended_after(self) -> Iterator[Fleet]:
        """Whatever a test does, no worker outlives it."""
        try:
            yield self
        finally:
            for hand in list(self.alive):
                os.kill(hand.pid, signal.SIGKILL)
                self.wait(hand)

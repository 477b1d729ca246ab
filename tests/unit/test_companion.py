"""The worker beside the app: started with it, started again when it dies, stopped with it."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from workbench.companion import Companion


def _lines(path: Path) -> int:
    return len(path.read_text().splitlines()) if path.exists() else 0


def _wait_for_lines(path: Path, number: int) -> None:
    deadline = time.monotonic() + 20
    while _lines(path) < number:
        assert time.monotonic() < deadline, f"{path.name} never had {number} lines"
        time.sleep(0.02)


def _child(path: Path, then: str) -> list[str]:
    return [sys.executable, "-c", f"import time; open({str(path)!r}, 'a').write('started\\n'); {then}"]


def test_a_child_that_dies_is_started_again(tmp_path: Path) -> None:
    starts = tmp_path / "starts"
    companion = Companion(_child(starts, "raise SystemExit(3)"), pause=0.05)
    companion.start()
    _wait_for_lines(starts, 3)
    companion.stop()
    after = _lines(starts)
    time.sleep(0.3)
    assert _lines(starts) == after


def test_a_child_that_runs_is_asked_to_stop(tmp_path: Path) -> None:
    starts = tmp_path / "starts"
    companion = Companion(_child(starts, "time.sleep(60)"))
    companion.start()
    _wait_for_lines(starts, 1)
    began = time.monotonic()
    companion.stop()
    assert time.monotonic() - began < 20
    assert _lines(starts) == 1


def test_stopping_what_was_never_started_is_harmless() -> None:
    Companion([sys.executable, "-c", ""]).stop()

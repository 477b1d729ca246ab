"""The warm parent of the workers that chaos tests kill: it has imported everything and holds no engine or thread.

One JSON object a line. ``{"fork": spec}`` answers ``{"pid": …}``; ``{"wait": pid}`` answers ``{"ended": …}``: the exit
code of that child, the negative number of the signal that ended it, or null while it lives. A child stays a zombie
until it is waited for, so a pid never means another process meanwhile. When its input ends it kills what is left.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import signal
import sys
import traceback

from tests.chaos.child import Spec, live


def main() -> None:
    gc.freeze()
    children: set[int] = set()
    for line in sys.stdin:
        asked = json.loads(line)
        answer: dict[str, int | None]
        if "fork" in asked:
            pid = _fork(Spec(**asked["fork"]))
            children.add(pid)
            answer = {"pid": pid}
        else:
            pid, status = os.waitpid(asked["wait"], os.WNOHANG)
            children.discard(pid)
            answer = {"ended": os.waitstatus_to_exitcode(status) if pid else None}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    for pid in children:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _fork(spec: Spec) -> int:
    # SIGTERM waits until the child can take it as a worker does.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    pid = os.fork()
    if pid:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return pid
    code = 1
    try:
        nothing, log = os.open(os.devnull, os.O_RDONLY), os.open(spec.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(nothing, 0)
        os.dup2(log, 1)
        os.dup2(log, 2)
        code = live(spec)
    except BaseException:
        # Beside the log: whether texts or addresses get into that one is tested.
        with open(f"{spec.log}.crash", "a") as crash:
            traceback.print_exc(file=crash)
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()

"""A connection that takes too long is cut, and only then."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from workbench.gateways.watchdog import Watchdog


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


@pytest.fixture
def watchdog() -> Iterator[Watchdog]:
    made = Watchdog()
    yield made
    made.close()


def test_a_wait_ends_at_the_limit(watchdog: Watchdog, pair: tuple[socket.socket, socket.socket]) -> None:
    started = time.monotonic()
    with watchdog.limit(0.2):
        watchdog.watch(pair[0])
        assert pair[0].recv(1) == b"", "cut, not answered"
    assert 0.15 < time.monotonic() - started < 1
    assert watchdog.expired


def test_what_ends_in_time_is_left_alone(watchdog: Watchdog, pair: tuple[socket.socket, socket.socket]) -> None:
    with watchdog.limit(0.1):
        watchdog.watch(pair[0])
    time.sleep(0.2)
    pair[1].sendall(b"x")
    assert pair[0].recv(1) == b"x"
    assert not watchdog.expired


def test_the_next_call_on_the_same_connection_has_its_own_limit(
    watchdog: Watchdog, pair: tuple[socket.socket, socket.socket]
) -> None:
    watchdog.watch(pair[0])
    for _ in range(3):
        with watchdog.limit(0.3):
            time.sleep(0.15)
    assert not watchdog.expired
    with watchdog.limit(0.1):
        assert pair[0].recv(1) == b""
    assert watchdog.expired


def test_a_connection_that_comes_too_late_is_cut_at_once(
    watchdog: Watchdog, pair: tuple[socket.socket, socket.socket]
) -> None:
    with watchdog.limit(0.05):
        time.sleep(0.2)
        watchdog.watch(pair[0])
        assert pair[0].recv(1) == b""


def test_it_leaves_no_thread_and_no_descriptor_behind(pair: tuple[socket.socket, socket.socket]) -> None:
    before = threading.active_count()
    for _ in range(20):
        watchdog = Watchdog()
        with watchdog.limit(10):
            watchdog.watch(pair[0])
        watchdog.close()
    assert threading.active_count() == before
    pair[0].close()
    assert pair[1].recv(1) == b"", "nobody else holds the connection open"


def test_closing_one_that_never_watched_is_fine() -> None:
    Watchdog().close()


def test_a_short_limit_after_a_long_one_is_kept(watchdog: Watchdog, pair: tuple[socket.socket, socket.socket]) -> None:
    watchdog.watch(pair[0])
    with watchdog.limit(60):
        time.sleep(0.05)  # its thread waits for a minute now
    pair[0].settimeout(5)
    with watchdog.limit(0.1):
        assert pair[0].recv(1) == b"", "cut, and not by the socket's own time-out"

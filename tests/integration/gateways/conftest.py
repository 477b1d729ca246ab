"""Adapters with a real server behind each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers import HttpServer


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer() as running:
        yield running

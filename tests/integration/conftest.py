"""What the tests of the mirror share."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
import pytest
from sqlalchemy.engine import Connection

from workbench.metrics import source
from workbench.metrics.source import Table


@pytest.fixture
def in_full(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The captured tables that were read in full."""
    found: list[str] = []
    chunks = source.chunks

    def watched(connection: Connection, table: Table) -> Iterator[pd.DataFrame]:
        if table.captured:
            found.append(table.name)
        return chunks(connection, table)

    monkeypatch.setattr(source, "chunks", watched)
    return found

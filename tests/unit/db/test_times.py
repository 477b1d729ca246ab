"""Moments on their way to a database and back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy.dialects import postgresql, sqlite

from workbench.db import UtcDateTime
from workbench.errors import InputError


def test_a_moment_is_kept_in_utc() -> None:
    column = UtcDateTime()
    berlin = datetime(2026, 7, 1, 12, 0, tzinfo=timezone(timedelta(hours=2)))
    noon = datetime(2026, 7, 1, 10, 0, tzinfo=UTC)
    assert column.process_bind_param(berlin, sqlite.dialect()) == noon.replace(tzinfo=None)
    assert column.process_bind_param(berlin, postgresql.dialect()) == noon
    assert column.process_result_value(noon.replace(tzinfo=None), sqlite.dialect()) == noon
    assert column.process_result_value(berlin, postgresql.dialect()).tzinfo is UTC  # type: ignore[union-attr]
    assert column.process_bind_param(None, sqlite.dialect()) is None
    assert column.process_result_value(None, sqlite.dialect()) is None


def test_a_moment_without_a_time_zone_is_refused() -> None:
    with pytest.raises(InputError, match="no time zone"):
        UtcDateTime().process_bind_param(datetime(2026, 7, 1), sqlite.dialect())

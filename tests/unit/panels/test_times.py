from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from workbench.clock import frozen
from workbench.panels import times

MOMENT = datetime(2026, 11, 20, 8, 30, 5, tzinfo=UTC)


def test_a_moment_is_told_in_the_projects_zone_and_in_utc_on_hover() -> None:
    assert times.words(MOMENT, "Europe/Berlin") == "20 Nov 2026, 09:30"
    assert times.clock(MOMENT, "Europe/Berlin") == "09:30:05 Europe/Berlin"
    shown = times.html(MOMENT, "Europe/Berlin")
    assert shown.endswith(">20 Nov 2026, 09:30</time>")
    assert "20 Nov 2026, 09:30 (Europe/Berlin)\n20 Nov 2026, 08:30 UTC" in shown
    assert 'datetime="2026-11-20T08:30:05+00:00"' in shown


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "just now"), (59, "just now"), (60, "1 minute ago"), (7_199, "1 hour ago"), (7_200, "2 hours ago"),
        (86_400 * 3, "3 days ago"),
    ],
)  # fmt: skip
def test_an_age_is_told_in_its_largest_whole_unit(seconds: int, words: str) -> None:
    with frozen(MOMENT):
        assert times.ago(MOMENT - timedelta(seconds=seconds)) == words

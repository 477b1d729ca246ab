"""LinkedIn's little text format, and what its answers mean."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.enums import GatewayState
from workbench.gateways.linkedin import escape_little_text, judge_token, version_end


@pytest.mark.parametrize("character", list("\\<>#~_|[]*(){}@"))
def test_every_reserved_character_is_escaped(character: str) -> None:
    assert escape_little_text(f"a{character}b") == f"a\\{character}b"


@given(st.text())
def test_nothing_is_lost_and_nothing_else_is_touched(text: str) -> None:
    assert re.sub(r"\\(.)", r"\1", escape_little_text(text), flags=re.DOTALL) == text


@pytest.mark.parametrize(
    ("version", "ends"),
    [("202610", date(2027, 10, 1)), ("202601", date(2027, 1, 1)), ("202612", date(2027, 12, 1))],
)
def test_a_version_is_guaranteed_for_a_year(version: str, ends: date) -> None:
    assert version_end(version) == ends


@pytest.mark.parametrize(
    ("at", "state"),
    [
        (datetime(2027, 8, 30, tzinfo=UTC), GatewayState.OK),
        (datetime(2027, 8, 31, tzinfo=UTC), GatewayState.WARN),
        (datetime(2028, 1, 1, tzinfo=UTC), GatewayState.WARN),
    ],
)
def test_a_version_near_its_end_is_a_warning(at: datetime, state: GatewayState) -> None:
    finding = judge_token({"active": True}, "202610", at)
    assert finding.state is state
    assert ("WORKBENCH_LINKEDIN_API_VERSION" in finding.detail) is (state is GatewayState.WARN)

"""Each misbehaviour of the test servers ends as docs/reference/gateway-faults.md says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import NOW
from tests.integration.gateways import fault_table
from tests.integration.gateways.fault_table import PAGE, Line, page, sections, settings_of
from tests.integration.gateways.faults import STATUSES
from workbench import clock
from workbench.db import make_engine


@pytest.fixture(scope="module")
def found(_sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Line]]:
    folder = tmp_path_factory.mktemp("faults")
    database = folder / "workbench.db"
    database.write_bytes(_sqlite_template.read_bytes())
    engine = make_engine(f"sqlite:///{database}")
    with clock.frozen(NOW):
        made = sections(engine, settings_of(f"sqlite:///{database}", folder), folder)
    engine.dispose()
    return made


def test_the_page_says_what_happens(found: dict[str, list[Line]]) -> None:
    again = f"read what changed, then run: python -m {fault_table.__name__}"
    assert PAGE.read_text(encoding="utf-8") == page(found), again


@pytest.mark.parametrize("adapter", ["LinkedIn", "X"])
@pytest.mark.parametrize("status", STATUSES)
def test_every_refusal_is_judged_by_its_kind(adapter: str, status: int, found: dict[str, list[Line]]) -> None:
    (line,) = [one for one in found[adapter] if one.status == status]
    outcome = line.cells[0]
    if status >= 500:
        assert outcome == "Unknown", "nobody knows what it did before it failed"
    elif status in (408, 425, 429) or (status == 426 and adapter == "LinkedIn"):
        assert outcome == "Deferred"
    else:
        assert outcome == "Rejected"


def test_what_may_have_gone_out_is_never_tried_again_and_never_called_failed(found: dict[str, list[Line]]) -> None:
    lines = [line for adapter in ("LinkedIn", "X", "E-mail", "Outbox") for line in found[adapter]]
    ends = {
        "Sent": {"SENT"},
        "Rejected": {"FAILED", "FAILED, address suppressed"},
        "Deferred": {"again later", "again at 00:00 UTC", "again at the time it named", "held"},
        "Unknown": {"UNKNOWN"},
    }
    assert {outcome: {line.cells[1] for line in lines if line.cells[0] == outcome} for outcome in ends} == ends

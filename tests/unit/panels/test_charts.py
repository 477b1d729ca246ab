"""``wb.charts``, a report of them, and the Charts view of the Control Tower, on a real database."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from typing import Any

import pytest

from tests import factories as make
from workbench.bootstrap import Workbench
from workbench.clock import now
from workbench.enums import AttemptStatus, LeadStatus
from workbench.errors import InputError
from workbench.panels import ControlTower, WorkbenchState
from workbench.panels.charts import as_csv, as_html


@pytest.fixture
def busy(wb: Workbench) -> int:
    """A project in Berlin with two leads, three mails of which one failed, and a post planned; its id."""
    with wb.session() as db:
        project = make.project(db, name="Launch", timezone="Europe/Berlin")
        campaign = make.campaign(db, project)
        make.lead(db, campaign, status=LeadStatus.REPLIED)
        make.lead(db, campaign, status=LeadStatus.NEW)
        for status in (AttemptStatus.SENT, AttemptStatus.SENT, AttemptStatus.FAILED):
            make.attempt(db, campaign, status=status, attempted_at=now() - timedelta(minutes=1))
        make.queued(db, make.creative(db, project, "linkedin"), now() + timedelta(hours=30))
        db.commit()
        return project.id


def test_a_notebook_gets_picture_numbers_and_words_of_a_project_by_its_name(wb: Workbench, busy: int) -> None:
    chart = wb.charts.delivery("Launch", days=1)
    assert chart.summary == "2 sent, 1 failed, 0 unknown in the last 24 hours, by hour, Europe/Berlin time."
    assert (chart.table["Email"].sum(), chart.table["Failed"].sum()) == (2, 1)
    assert chart.figure.renderers
    assert "Email 66.6 %" in wb.charts.success(busy).summary
    assert wb.charts.queue_ahead(busy).table["LinkedIn"].sum() == 1
    assert list(wb.charts.funnel().table["Leads"]) == [2, 1, 1, 0, 0]
    assert "UTC" in wb.charts.queue_ahead().summary


@pytest.mark.parametrize("days", [0, 367, True, 1.5, "7"])
def test_a_number_of_days_there_is_not_is_refused_with_what_there_is(wb: Workbench, days: Any) -> None:
    with pytest.raises(InputError, match="from 1 to 366"):
        wb.charts.delivery(days=days)


def test_a_project_there_is_not_is_refused(wb: Workbench) -> None:
    with pytest.raises(InputError, match=r"wb\.metrics\.pipeline"):
        wb.charts.funnel("Nowhere")


def test_a_report_brings_along_all_it_needs_and_shows_words_as_words(wb: Workbench, busy: int) -> None:
    page = as_html("Launch & <b>more</b>", wb.charts.delivery(busy), wb.charts.funnel(busy), wb.charts.delivery(days=1))
    assert "<h1>Launch &amp; &lt;b&gt;more&lt;/b&gt;</h1>" in page
    assert not re.search(r"<(?:script|link|img)[^>]*\b(?:src|href)=", page), "it would ask the network"
    assert page.count("<figure>") == 3
    assert page.count("<details>") == 3
    assert "2 sent, 1 failed" in page


def test_no_spreadsheet_runs_a_cell_of_a_chart() -> None:
    written = as_csv(["When", "=cmd"], [["+1", "2"]])
    assert list(csv.reader(io.StringIO(written))) == [["When", "'=cmd"], ["'+1", "2"]]


def test_the_charts_are_made_when_they_are_opened_and_read_only_while_they_are_shown(
    wb: Workbench, busy: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = WorkbenchState(wb)
    state.poll(force=True)
    tower = ControlTower(state)
    state.go("control-tower", project_id=busy, view="list")
    assert tower.charts.views == {}
    assert not tower.charts.body.visible
    state.go("control-tower", show="charts", days="30")
    assert list(tower.charts.views) == ["delivery", "success", "queue_ahead", "funnel"]
    assert (tower.charts.body.visible, tower.lists.view.visible, tower.filters.controls["days"].value) == (
        True,
        False,
        "30",
    )
    assert tower.charts.views["delivery"].summary.startswith("2 sent, 1 failed, 0 unknown in the last 30 days")
    tower.filters.controls["days"].value = "1"
    assert state.filters["days"] == "1"
    assert "24 hours" in tower.charts.views["delivery"].summary
    with wb.session() as db:
        make.attempt(db, make.campaign(db, make.project(db)), attempted_at=now())
        db.commit()
    state.go("control-tower", project_id=None, show="charts")
    assert tower.charts.views["delivery"].summary.startswith("3 sent")
    state.go("control-tower", show="audit")
    monkeypatch.setattr(tower.charts, "show", lambda zone: pytest.fail("it reads although nobody looks"))
    state.poll(force=True)


def test_a_page_that_waits_for_the_first_numbers_says_how_far_they_are(
    wb: Workbench, busy: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = WorkbenchState(wb)
    state.poll(force=True)
    state.polled = True
    tower = ControlTower(state)
    monkeypatch.setattr("workbench.metrics.api.Metrics.loading", "Loading numbers, 40 %")
    state.go("control-tower", show="charts")
    frame = tower.charts.views["delivery"].__panel__()
    assert frame.empty == "Loading numbers, 40 % …"
    monkeypatch.setattr("workbench.metrics.api.Metrics.loading", "")
    state.poll()
    assert (frame.empty, state.loading) == ("", "")
    assert frame.summary.startswith("2 sent")

"""What needs attention, in a real browser: each number opens the list behind it, which is as long as it says."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from pydantic import SecretStr

from tests import factories
from tests.browser.parts import dialog, press
from tests.servers import HttpServer, answer
from workbench import operator_services as ops
from workbench.bootstrap import Workbench
from workbench.clock import now
from workbench.enums import AttemptStatus, CreativeStatus, QueueStatus, StrategyStatus
from workbench.settings import Settings

Visit = Callable[..., Page]


@pytest.fixture
def apollo() -> Iterator[HttpServer]:
    with HttpServer(answer(200, {"healthy": True, "is_logged_in": True})) as running:
        yield running


@pytest.fixture
def settings(sqlite_url: str, tmp_path: Path, apollo: HttpServer) -> Settings:
    return Settings(
        database_url=sqlite_url,
        data_dir=tmp_path / "var",
        secret_key="x" * 32,
        apollo_api_key=SecretStr("s3cret"),
        apollo_base_url=apollo.url,
    )


@pytest.fixture
def project_id(wb: Workbench) -> int:
    """One of everything that asks for somebody, and two, three or four of what is easily counted wrongly."""
    with wb.session() as db:
        project = factories.project(db, client="Northwind", name="Launch")
        old = factories.strategy(db, project, status=StrategyStatus.APPROVED)
        factories.strategy(db, project, status=StrategyStatus.APPROVED)
        factories.strategy(db, project)
        for title in ("One", "Two", "Three"):
            factories.creative(db, project, title=title)
        for title in ("Old", "Older"):
            factories.creative(db, project, "linkedin", title=title, status=CreativeStatus.APPROVED, strategy_id=old.id)
        campaign = factories.campaign(db, project)
        factories.lead(db, campaign, status="REPLIED")
        for _ in range(3):
            factories.lead(db, campaign)
        ended = [(AttemptStatus.FAILED, hours) for hours in (1, 2, 30)] + [(AttemptStatus.UNKNOWN, 1)]
        for status, hours in ended:
            item = factories.creative(db, project, "linkedin", title=f"{status} {hours}")
            row = factories.queued(db, item, now() - timedelta(hours=hours), status=QueueStatus(status.value))
            item.status = CreativeStatus(status.value)
            factories.attempt(
                db, queue_id=row.id, content_item_id=item.id, channel="linkedin", status=status,
                attempted_at=now() - timedelta(hours=hours), last_error="The token has expired. Renew it, then retry.",
            )  # fmt: skip
        for status, minutes in (("QUEUED", 60), ("QUEUED", 50), ("QUEUED", 2), ("QUEUED", -60), ("MISSED", 9000)):
            item = factories.creative(db, project, "linkedin", title=f"{status} {minutes}")
            factories.queued(db, item, now() - timedelta(minutes=minutes), status=status)
        db.commit()
        return project.id


def rows(page: Page) -> Locator:
    """Of the page's list; beside it stands the table of workers."""
    return page.get_by_role("table").filter(visible=True).first.locator("tbody tr")


def card(page: Page, label: str, value: str) -> Locator:
    return page.get_by_role("group", name="What needs attention").get_by_role("button", name=f"{label}: {value}.")


def test_every_number_opens_the_list_behind_it(visit: Visit, project_id: int) -> None:
    page = visit()
    for label, value in {
        "Failed": 2, "Unknown outcome": 1, "Overdue": 2, "Missed": 1, "High intent": 1, "Leads": 4,
    }.items():  # fmt: skip
        card(page, label, str(value)).click()
        page.wait_for_url(re.compile("page=(control-tower|leads)"))
        expect(rows(page)).to_have_count(value)
        page.get_by_role("navigation", name="Pages").get_by_role("link", name="Command").click()
    # A list that spans projects is a list of links.
    card(page, "Waiting for approval", "4").click()
    links = dialog(page, "Waiting for approval").get_by_role("listitem")
    expect(links).to_have_text([re.compile("Northwind / Launch.*Strategy"), re.compile("Northwind / Launch.*3 creat")])
    links.last.get_by_role("button").click()
    expect(page.get_by_text("1–3 of 3")).to_be_visible()
    page.wait_for_url("**page=gallery**status=DRAFT**")
    page.go_back()
    card(page, "Stale creatives", "2").click()
    dialog(page, "Stale creatives").get_by_role("listitem").get_by_role("button").click()
    expect(page.get_by_text("1–2 of 2")).to_be_visible()
    page.wait_for_url("**page=gallery**stale=yes**")
    page.go_back()
    card(page, "Sent successfully", "0.0%").click()
    page.wait_for_url("**show=timeline**")


def test_a_failed_post_is_tried_again_and_a_gateway_is_probed(
    visit: Visit, wb: Workbench, project_id: int, apollo: HttpServer
) -> None:
    page = visit("?page=control-tower&show=failed&range=24h")
    press(rows(page).filter(has_text="FAILED 1"), "Retry")
    trying = dialog(page, "Try again")
    expect(trying.get_by_role("row").filter(has_text="FAILED 1")).to_contain_text("sent again as soon as a worker")
    trying.get_by_label("Why now?").fill("The token is renewed")
    press(trying, "Try again (1)")
    expect(rows(page)).to_have_count(1)
    with wb.session() as db:
        assert ops.count_queue(db, status="QUEUED") == 5

    visit("?page=control-tower&show=gateways")
    entry = page.get_by_role("listitem").filter(has_text="Apollo")
    press(entry, "Probe Apollo")
    expect(entry).to_contain_text(re.compile(r"ok.*probed just now · \d+ ms"))
    apollo.behave = answer(200, {"healthy": True, "is_logged_in": False})
    press(entry, "Probe Apollo")
    expect(entry).to_contain_text("One probe failed, which may pass")
    press(entry, "Probe Apollo")
    expect(entry).to_contain_text("down")
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Command").click()
    card(page, "Gateways down", "1").click()
    expect(entry).to_contain_text("down")

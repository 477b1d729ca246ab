"""The Control Tower in a real browser: charts, settling many, the audit log, pausing a gateway, a month on a phone."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests import factories
from tests.browser.axe import findings
from tests.browser.parts import told
from workbench import operator_services as ops
from workbench.bootstrap import Workbench
from workbench.clock import now
from workbench.enums import AttemptStatus, CreativeStatus, QueueStatus, Role, StrategyStatus
from workbench.errors import PermissionDenied
from workbench.models import Project
from workbench.services.audit import Actor

Visit = Callable[..., Page]


@pytest.fixture
def project(wb: Workbench) -> int:
    """Mails that were sent, three posts of unknown outcome, one that failed, and one planned for this time tomorrow."""
    with wb.session() as db:
        made = factories.project(db, client="Northwind", name="Launch", timezone="Europe/Berlin")
        factories.strategy(db, made, status=StrategyStatus.APPROVED)
        campaign = factories.campaign(db, made)
        factories.lead(db, campaign)
        for _ in range(4):
            factories.attempt(db, campaign, attempted_at=now() - timedelta(minutes=2))
        ended = [(f"Lost {n}", QueueStatus.UNKNOWN, AttemptStatus.UNKNOWN) for n in range(3)]
        for title, row_status, status in [*ended, ("Refused", QueueStatus.FAILED, AttemptStatus.FAILED)]:
            item = factories.creative(db, made, "linkedin", title=title)
            row = factories.queued(db, item, now() - timedelta(hours=2), status=row_status)
            item.status = CreativeStatus(row_status.value)
            factories.attempt(
                db, queue_id=row.id, content_item_id=item.id, channel="linkedin", status=status, last_error="time-out"
            )
        factories.queued(db, factories.creative(db, made, "linkedin", title="Planned"), now() + timedelta(days=1))
        db.commit()
        return made.id


def test_charts_are_pictures_with_words_and_a_table_behind_each(visit: Visit, project: int, page: Page) -> None:
    visit(f"?page=control-tower&project={project}&show=charts")
    for name in ("Delivery by hour and platform", "Success rate over time", "Queue ahead", "Funnel of leads"):
        chart = page.get_by_role("figure", name=name)
        expect(chart.locator("canvas").first).to_be_visible()
        expect(chart.get_by_text("As a table")).to_be_visible()
    delivery = page.get_by_role("figure", name="Delivery by hour and platform")
    expect(delivery).to_contain_text("4 sent, 1 failed, 3 unknown in the last 7 days, by hour, Europe/Berlin time.")
    # By keyboard alone: the table, and a file of it.
    delivery.get_by_text("As a table").focus()
    page.keyboard.press("Enter")
    expect(delivery.get_by_role("columnheader")).to_have_text(["When", "LinkedIn", "X", "Email", "Failed", "Unknown"])
    with page.expect_download() as download:
        delivery.get_by_role("button", name="Download CSV").press("Enter")
    assert download.value.suggested_filename == "delivery.csv"
    header, *rows = csv.reader(io.StringIO(Path(download.value.path()).read_text()))
    assert header[0] == "When"
    assert sum(int(row[3]) for row in rows) == 4
    # The exact numbers, where the last column is touched.
    picture = delivery.locator(".bk-Figure, canvas").first.bounding_box()
    assert picture is not None
    page.mouse.move(picture["x"] + picture["width"] - 16, picture["y"] + picture["height"] * 0.6)
    expect(page.locator(".bk-Tooltip, .bk-tooltip").first).to_be_visible()
    page.mouse.move(0, 0)
    page.get_by_role("combobox", name="Days").click()
    page.get_by_text("24 hours", exact=True).click()
    expect(page).to_have_url(re.compile("days=1"))
    expect(page.get_by_role("figure", name="Delivery")).to_contain_text("in the last 24 hours")
    assert findings(page) == []
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.get_by_role("figure", name="Queue ahead")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_many_unknown_outcomes_are_settled_in_one_step_after_a_preview_with_one_undo(
    visit: Visit, project: int, page: Page, wb: Workbench
) -> None:
    def unknown() -> int:
        with wb.session() as db:
            return ops.count_open_attempts(db, "UNKNOWN")

    visit(f"?page=control-tower&project={project}&show=unknown")
    lists = page.get_by_role("region", name="Unknown")
    expect(lists.get_by_role("row")).to_have_count(4)
    lists.get_by_role("checkbox", name="Select all on this page").check()
    page.get_by_role("button", name="They were sent…").click()
    dialog = page.get_by_role("dialog")
    preview = dialog.get_by_role("region", name="What happens to each")
    expect(preview.get_by_text("It counts as sent, and is never sent again.")).to_have_count(3)
    dialog.get_by_label("How do you know?").fill("All three stand on the page")
    dialog.get_by_role("button", name="They were sent (3)").click()
    told(page, "3 count as sent.")
    expect(page.get_by_text("No outcome is unknown.")).to_be_visible()
    assert unknown() == 0
    page.get_by_role("button", name="Undo").click()
    expect(lists.get_by_role("row")).to_have_count(4)
    assert unknown() == 3
    # Who did that, and why, stands in the audit log, which is searched and leaves as a file.
    page.get_by_role("tab", name="Audit log").click()
    log = page.get_by_role("region", name="Audit log")
    expect(log.get_by_text("All three stand on the page")).to_have_count(3)
    page.get_by_role("textbox", name="Search").fill("all three")
    page.get_by_role("textbox", name="Search").press("Enter")
    expect(log.get_by_role("row")).to_have_count(4)
    expect(page).to_have_url(re.compile("q=all"))
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as CSV").press("Enter")
    rows = list(csv.reader(io.StringIO(Path(download.value.path()).read_text("utf-8-sig"))))
    assert [row[4] for row in rows[1:]] == ["attempt.reconcile"] * 3
    assert findings(page) == []


def test_a_gateway_is_paused_with_a_reason_and_resumed_after_a_preview(
    visit: Visit, project: int, page: Page, wb: Workbench
) -> None:
    visit(f"?page=control-tower&project={project}")
    page.get_by_role("button", name="Pause LinkedIn").click()
    page.get_by_role("dialog").get_by_label("Reason").fill("token expired")
    page.get_by_role("dialog").get_by_role("button", name="Pause now").click()
    expect(page.get_by_text("paused: token expired")).to_be_visible()
    page.get_by_role("button", name="Resume LinkedIn").click()
    expect(page.get_by_role("dialog")).to_contain_text("Nothing is overdue")
    page.get_by_role("dialog").get_by_role("button", name="Resume", exact=True).click()
    expect(page.get_by_role("button", name="Pause LinkedIn")).to_be_visible()


def test_on_a_phone_a_month_begins_with_today(visit: Visit, wb: Workbench, page: Page, project: int) -> None:
    with wb.session() as db:
        made = factories.creative(db, db.get_one(Project, project), "linkedin", title="Today's")
        factories.queued(db, made, now(), status=QueueStatus.DONE)
        first = now().replace(day=1, hour=12)
        past = factories.creative(db, db.get_one(Project, project), "linkedin", title="The first's")
        factories.queued(db, past, first, status=QueueStatus.DONE)
        db.commit()
    page.set_viewport_size({"width": 390, "height": 844})
    visit(f"?page=control-tower&project={project}")
    calendar = page.get_by_role("region", name="Calendar")
    expect(calendar.get_by_role("heading", level=3).first).to_contain_text("today")
    if now().astimezone().day > 2:
        expect(calendar.get_by_role("button", name=re.compile("The first's"))).to_be_hidden()
        calendar.get_by_text("Earlier this month").click()
        expect(calendar.get_by_role("button", name=re.compile("The first's"))).to_be_visible()


#: What a person who only reads may press on the War Room and the Control Tower.
READING = re.compile(
    r"Save or print|Revisions…|Side by side|Inline|Earlier|Later|Today"
    r"|Month|Week|Day|List|Older|Newest|Download as CSV|Show all|Previous|Next"
    r"|.*\d (January|February|March|April|May|June|July|August|September|October|November|December) 20\d\d.*"  # a day
    r"|.*(Planned|Lost \d|Refused).*"  # an item of the calendar opens its card
    r"|.*(wrote|saved|approved|rejected) .*revision.*"  # an entry of the history opens what it is about
)


def test_a_viewer_sees_everything_and_can_press_nothing_that_writes(
    visit: Visit, project: int, page: Page, wb: Workbench
) -> None:
    vic = Actor("Vic", Role.VIEWER)
    writes: tuple[Callable[[Any], object], ...] = (
        lambda db: ops.save_strategy(db, project, "# Mine", 1),
        lambda db: ops.approve_strategy(db, project),
        lambda db: ops.save_intake(db, project, {"goal": "Mine"}),
        lambda db: ops.set_project_pause(db, project, False),
        lambda db: ops.settle_attempts(db, [1], "sent", "seen"),
        lambda db: ops.retry_failed(db, 1, "again"),
        lambda db: ops.probe_gateways(db),
    )
    with wb.session() as db:
        ops.save_strategy(db, project, "# Newer", 1)
        ops.save_intake(db, project, {"goal": "Ten demos"})
        ops.set_project_pause(db, project, True, "holidays")
    wb.actor = lambda: vic  # type: ignore[method-assign]
    signs = {
        "war-room": {
            "Read": "Newer",
            "Edit": "needs the role operator",
            "Changes": "Inline",
            "History": "saved revision",
        },
        "control-tower": {"Schedule": "Planned", "Failed": "time-out", "Unknown": "Lost 2", "Audit log": "Download"},
    }
    for key, tabs in signs.items():
        visit(f"?page={key}&project={project}")
        for tab, sign in tabs.items():
            page.get_by_role("tab", name=tab).click()
            expect(page.get_by_role("main").get_by_text(sign).filter(visible=True).first).to_be_visible()
            enabled = page.get_by_role("main").get_by_role("button", disabled=False).all()
            names = [(one.get_attribute("aria-label") or one.inner_text()).replace("\n", " ") for one in enabled]
            assert [name for name in names if not READING.fullmatch(name)] == [], tab
            expect(page.get_by_role("banner").get_by_role("button", name="Pause")).to_be_disabled()
            if tab == "Schedule":
                page.get_by_role("button", name="Planned").click()
                expect(page.get_by_role("dialog").get_by_role("button")).to_have_text(["", "Open in Gallery"])
                page.keyboard.press("Escape")
                expect(page.get_by_role("dialog")).to_have_count(0)
    for write in writes:
        with wb.session(vic) as db, pytest.raises(PermissionDenied):
            write(db)

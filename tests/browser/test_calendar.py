"""The calendar in a real browser: by mouse, by keyboard, by link, on a phone, and while somebody else works."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests import factories
from workbench import operator_services as ops
from workbench.bootstrap import Workbench
from workbench.enums import QueueStatus, Role, StrategyStatus
from workbench.services.audit import Actor

Visit = Callable[..., Page]
BEN = Actor("Ben", Role.ADMIN)
#: A Wednesday, and a month whose every day is still to come.
DAY = "2099-06-03"


@pytest.fixture
def posts(wb: Workbench) -> dict[str, int]:
    """A project in Berlin: a post at nine o'clock on DAY, five on the Friday after, and one sent the week before."""
    with wb.session() as db:
        project = factories.project(db, client="Northwind Coffee", name="Autumn launch", timezone="Europe/Berlin")
        factories.strategy(db, project, status=StrategyStatus.APPROVED)

        def plan(title: str, local: str, platform: str = "linkedin", **values: Any) -> int:
            item = factories.creative(db, project, platform, title=title, body_text="Hello")
            moment = datetime.fromisoformat(f"{local}+02:00")
            zone = {"local_time": f"{local}:00", "timezone": "Europe/Berlin"}
            return factories.queued(db, item, moment, **zone, **values).id

        made = {"project": project.id, "post": plan("Own the weekday", f"{DAY}T09:00")}
        for number in range(5):
            plan(f"Friday {number + 1}", f"2099-06-05T1{number}:30", "twitter")
        made["sent"] = plan("It went out", "2099-05-28T09:00", "email", status=QueueStatus.DONE)
        db.commit()
        return made


def item(page: Page, title: str) -> Locator:
    return page.get_by_role("region", name="Calendar").get_by_role("button", name=re.compile(rf"^\d\d:\d\d {title},"))


def cell(page: Page, name: str) -> Locator:
    return page.get_by_role("gridcell", name=re.compile(rf"^{name},"))


def asking(page: Page) -> Locator:
    return page.get_by_role("dialog").filter(has=page.get_by_role("heading", name="Another time?"))


def planned(wb: Workbench, queue_id: int) -> str:
    with wb.session() as db:
        return ops.get_queue_item(db, queue_id)["local_time"]


def test_a_dragged_item_moves_when_that_is_confirmed_and_not_before_and_can_be_moved_back(
    visit: Visit, wb: Workbench, posts: dict[str, int]
) -> None:
    page = visit(f"?page=control-tower&project={posts['project']}&date={DAY}")
    there = cell(page, "Wednesday 10 June 2099")
    item(page, "Own the weekday").drag_to(there)
    expect(asking(page)).to_contain_text("Now: Wed 3 Jun 2099, 09:00 Europe/Berlin")
    expect(asking(page)).to_contain_text("Then: Wed 10 Jun 2099, 09:00 Europe/Berlin")
    assert planned(wb, posts["post"]) == f"{DAY}T09:00:00"
    asking(page).get_by_role("button", name="Cancel").click()
    expect(cell(page, "Wednesday 3 June 2099")).to_contain_text("Own the weekday")
    expect(there).not_to_contain_text("Own the weekday")

    item(page, "Own the weekday").drag_to(there)
    asking(page).get_by_role("button", name="Reschedule").click()
    message = page.get_by_role("status").filter(has_text="It goes out at Wed 10 Jun 2099, 09:00 Europe/Berlin.")
    expect(message).to_be_visible()
    expect(there).to_contain_text("Own the weekday")
    assert planned(wb, posts["post"]) == "2099-06-10T09:00:00"
    message.get_by_role("button", name="Undo").click()
    expect(cell(page, "Wednesday 3 June 2099")).to_contain_text("Own the weekday")
    assert planned(wb, posts["post"]) == f"{DAY}T09:00:00"


def test_in_the_week_an_item_is_dragged_to_another_hour_and_one_that_there_is_not_is_refused(
    visit: Visit, wb: Workbench, posts: dict[str, int]
) -> None:
    with wb.session() as db:
        ops.reschedule(db, posts["post"], "2099-03-28T09:15")
    page = visit(f"?page=control-tower&project={posts['project']}&view=week&date=2099-03-28")
    post = item(page, "Own the weekday")
    # On the 29th the clocks go forward at two.
    post.drag_to(cell(page, "Sunday 29 March 2099, 2:00"))
    expect(page.get_by_role("alert").filter(has_text="does not exist in Europe/Berlin")).to_be_visible()
    expect(cell(page, "Saturday 28 March 2099, 9:00")).to_contain_text("Own the weekday")
    expect(asking(page)).to_have_count(0)
    assert planned(wb, posts["post"]) == "2099-03-28T09:15:00"
    post.drag_to(cell(page, "Sunday 29 March 2099, 14:00"))
    asking(page).get_by_role("button", name="Reschedule").click()
    expect(cell(page, "Sunday 29 March 2099, 14:00")).to_contain_text("14:15")
    assert planned(wb, posts["post"]) == "2099-03-29T14:15:00"


def test_everything_is_done_with_the_keyboard_alone(visit: Visit, wb: Workbench, posts: dict[str, int]) -> None:
    page = visit(f"?page=control-tower&project={posts['project']}&date={DAY}")
    post = item(page, "Own the weekday")
    expect(post).to_be_visible()
    page.get_by_role("button", name="List", exact=True).focus()
    page.keyboard.press("Tab")
    expect(cell(page, "Monday 1 June 2099")).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(cell(page, "Wednesday 3 June 2099")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(post).to_be_focused()
    page.keyboard.press("Enter")
    card = page.get_by_role("dialog").filter(has=page.get_by_role("heading", name="Own the weekday"))
    expect(card).to_contain_text("Wed 3 Jun 2099, 09:00 Europe/Berlin")
    expect(card).to_contain_text("It is not due yet.")
    page.keyboard.press("Escape")
    expect(post).to_be_focused()

    page.keyboard.press("Shift+ArrowDown")
    expect(asking(page)).to_contain_text("Then: Wed 10 Jun 2099, 09:00 Europe/Berlin")
    reschedule = asking(page).get_by_role("button", name="Reschedule")
    asking(page).get_by_label("Reason").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(reschedule).to_be_focused()
    page.keyboard.press("Enter")
    expect(cell(page, "Wednesday 10 June 2099")).to_contain_text("Own the weekday")
    expect(post).to_be_focused()
    assert planned(wb, posts["post"]) == "2099-06-10T09:00:00"

    page.keyboard.press("Enter")
    card.get_by_role("button", name="Reschedule…").press("Enter")
    page.get_by_label("New time").fill(f"{DAY} 17:45")
    page.get_by_role("dialog").get_by_role("button", name="Reschedule", exact=True).press("Enter")
    expect(cell(page, "Wednesday 3 June 2099")).to_contain_text("17:45")
    assert planned(wb, posts["post"]) == f"{DAY}T17:45:00"
    expect(post).to_be_focused()
    page.keyboard.press("PageDown")
    expect(page.get_by_role("heading", name="July 2099")).to_be_visible()


def test_what_was_sent_is_not_moved(visit: Visit, wb: Workbench, posts: dict[str, int]) -> None:
    page = visit(f"?page=control-tower&project={posts['project']}&date=2099-05-28")
    sent = item(page, "It went out")
    expect(sent).to_have_accessible_name("09:00 It went out, Email, Autumn launch, done")
    assert sent.get_attribute("draggable") is None
    sent.focus()
    page.keyboard.press("Shift+ArrowRight")
    sent.click()
    card = page.get_by_role("dialog").filter(has=page.get_by_role("heading", name="It went out"))
    expect(card.get_by_role("button", name="Open in Gallery")).to_be_visible()
    expect(card.get_by_role("button", name="Reschedule…")).to_have_count(0)
    expect(asking(page)).to_have_count(0)
    assert planned(wb, posts["sent"]) == "2099-05-28T09:00:00"


def test_somebody_elses_move_appears_by_itself(visit: Visit, wb: Workbench, posts: dict[str, int]) -> None:
    page = visit(f"?page=control-tower&project={posts['project']}&date={DAY}")
    expect(cell(page, "Wednesday 3 June 2099")).to_contain_text("Own the weekday")
    with wb.session(BEN) as db:
        ops.reschedule(db, posts["post"], "2099-06-17T08:00")
    expect(cell(page, "Wednesday 17 June 2099")).to_contain_text("Own the weekday")
    expect(item(page, "Own the weekday")).to_have_count(1)


def test_a_link_opens_the_view_the_day_and_the_platform_and_a_full_day_opens(
    visit: Visit, posts: dict[str, int]
) -> None:
    query = f"?page=control-tower&project={posts['project']}"
    page = visit(f"{query}&view=week&date={DAY}&platform=twitter")
    expect(page.get_by_role("heading", name="1 – 7 Jun 2099")).to_be_visible()
    expect(item(page, "Friday 1")).to_be_visible()
    expect(item(page, "Own the weekday")).to_have_count(0)
    page.get_by_role("button", name="Month", exact=True).click()
    page.get_by_role("button", name="3 more on Friday 5 June 2099").click()
    expect(page.get_by_role("heading", name="Friday 5 June 2099")).to_be_visible()
    expect(item(page, "Friday 5")).to_be_visible()
    assert "view=day&date=2099-06-05" in page.url
    page.go_back()
    expect(page.get_by_role("heading", name="June 2099", exact=True)).to_be_visible()
    page.get_by_role("button", name="Later").click()
    expect(page.get_by_text("Nothing is planned and nothing was sent in these days.")).to_be_visible()
    page.get_by_role("button", name="List", exact=True).click()
    rows = page.get_by_role("region", name="Schedule").get_by_role("row")
    expect(rows.filter(has_text="Friday 1")).to_be_visible()


@pytest.mark.parametrize("theme", ["default", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_no_view_is_wider_than_the_screen_and_on_a_phone_the_days_are_a_list(
    visit: Visit, page: Page, wb: Workbench, posts: dict[str, int], width: int, theme: str
) -> None:
    with wb.session() as db:
        long = "Ein-sehr-langes-Wort-" * 8
        project = factories.project(db, name=long, timezone="Europe/Berlin")
        at = datetime.fromisoformat(f"{DAY}T09:00+02:00") + timedelta(hours=1)
        factories.queued(db, factories.creative(db, project, "linkedin", title=long), at)
        db.commit()
    page.set_viewport_size({"width": width, "height": 844})
    for view in ("month", "week", "day"):
        visit(f"?page=control-tower&view={view}&date={DAY}&theme={theme}")
        post = item(page, "Own the weekday")
        expect(post).to_be_visible()
        expect(page.get_by_role("grid")).to_have_count(1 if width > 640 and view != "day" else 0)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, view
        for box in (page.get_by_role("main").bounding_box(), item(page, long).bounding_box()):
            assert box is not None
            assert box["x"] + box["width"] <= width, view
    post.click()
    box = page.get_by_role("dialog").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width

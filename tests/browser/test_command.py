"""The Command page and the palette in a real browser: numbers, feed, first run, search and commands."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests import factories
from tests.browser.axe import findings
from tests.browser.parts import cancel_by_keyboard, dialog, hold_until_cancelled, told
from workbench import operator_services as ops
from workbench.bootstrap import Workbench

Visit = Callable[..., Page]


@pytest.fixture
def project_id(wb: Workbench) -> int:
    """A project with a creative, a lead, and sixty decisions in the feed."""
    with wb.session() as db:
        made = factories.project(db, client="Northwind Coffee", name="Autumn launch")
        factories.creative(db, made, "email", title="Two hours a week")
        factories.lead(db, factories.campaign(db, made, name="Cafes"), name="Ann Miller", company="Freight Ltd")
        db.commit()
        for number in range(30):
            ops.set_project_pause(db, made.id, True, f"Stopped {number}")
            ops.set_project_pause(db, made.id, False, f"Started {number}")
        return made.id


def test_the_palette_finds_by_typing_and_opens_by_keyboard(visit: Visit, project_id: int) -> None:
    page = visit()
    page.get_by_role("button", name="New project").focus()
    page.keyboard.press("Control+k")
    palette = page.get_by_role("dialog", name="Search and commands")
    field = palette.get_by_role("combobox")
    expect(field).to_be_focused()
    assert findings(page) == []
    page.keyboard.type("autumn")
    expect(palette.get_by_role("option", name=re.compile("Autumn launch")).first).to_have_attribute(
        "aria-selected", "true"
    )
    page.keyboard.press("Escape")
    expect(palette).to_be_hidden()
    expect(page.get_by_role("button", name="New project")).to_be_focused()

    page.get_by_role("button", name="Search", exact=True).click()
    page.keyboard.type("two hours")
    expect(palette.get_by_role("option", name=re.compile("Two hours a week"))).to_be_visible()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**page=gallery&project={project_id}&q=Two+hours+a+week")
    expect(page.get_by_text("Two hours a week").filter(visible=True).first).to_be_visible()

    page.keyboard.press("Control+k")
    page.keyboard.type("miller freight")
    expect(palette.get_by_role("option", name=re.compile("Ann Miller"))).to_be_visible()
    page.keyboard.press("Enter")
    history = page.get_by_role("dialog").filter(has=page.get_by_role("heading", name="Ann Miller"))
    expect(history).to_be_visible()
    page.reload()
    expect(history).to_be_visible()


def test_the_palette_gives_commands(visit: Visit, wb: Workbench, project_id: int) -> None:
    page = visit()
    palette = page.get_by_role("dialog", name="Search and commands")
    page.keyboard.press("Control+k")
    page.keyboard.type("what fai")
    expect(palette.get_by_role("option")).to_have_count(1)
    page.keyboard.press("Enter")
    page.wait_for_url("**page=control-tower**show=failed**")
    page.keyboard.press("Control+k")
    page.keyboard.type("dark")
    page.keyboard.press("Enter")
    page.wait_for_url("**theme=dark**")
    page.keyboard.press("Control+k")
    options = palette.get_by_role("option")
    expect(options.first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(options.last).to_have_attribute("aria-selected", "true")
    page.keyboard.type("pause every")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Reason")).to_be_focused()
    page.keyboard.type("Wrong price")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Paused by Ada: Wrong price")).to_be_visible()
    with wb.session() as db:
        assert ops.get_system_pause(db)


def test_the_feed_goes_on_when_it_is_scrolled_and_is_narrowed_in_the_address(visit: Visit, project_id: int) -> None:
    page = visit()
    feed = page.get_by_role("region", name="Activity")
    entries = feed.locator("[data-id]")
    expect(entries).to_have_count(25)
    for loaded in (50, 60):
        feed.get_by_role("list").evaluate("list => list.scrollTo(0, list.scrollHeight)")
        expect(entries).to_have_count(loaded)
    ids = entries.evaluate_all("all => all.map(one => one.dataset.id)")
    assert len(set(ids)) == 60
    feed.get_by_label("Show").select_option("Replies")
    page.wait_for_url("**kind=replies**")
    expect(feed.get_by_text("Nothing of this kind has happened yet")).to_be_visible()
    visit("?page=command&kind=decisions")
    expect(feed.get_by_label("Show")).to_have_value("decisions")
    expect(entries).to_have_count(25)
    time = entries.first.locator("time")
    assert "UTC" in str(time.get_attribute("title"))


def test_the_demo_shows_how_far_it_is_is_cancelled_by_keyboard_and_fills_an_empty_workbench(
    visit: Visit, wb: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold_until_cancelled(monkeypatch)
    page = visit()
    page.get_by_role("button", name="Load the demo…").click()
    loading = dialog(page, "Load the demo")
    loading.get_by_role("button", name="Load the demo").press("Enter")
    expect(loading.get_by_role("progressbar", name="Load the demo")).to_be_visible()
    expect(loading.get_by_text(re.compile(r"[1-9][0-9,]* of [0-9,]+ rows"))).to_be_visible()
    assert findings(page) == []
    cancel_by_keyboard(page, loading)
    told(page, "Cancelled. Nothing was changed.")
    with wb.session() as db:
        assert ops.list_projects(db) == []
    monkeypatch.undo()
    page.get_by_role("button", name="Load the demo…").click()
    page.get_by_role("dialog").get_by_role("button", name="Load the demo").click()
    expect(page.get_by_text("The demo is loaded")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("region", name=re.compile("^Execution")).get_by_role("listitem")).not_to_have_count(0)
    with wb.session() as db:
        assert len(ops.list_projects(db)) == 8
        assert ops.get_audit_log(db, action="demo.load")[0]["actor"] == "Ada"


def test_a_message_with_an_undo_waits_while_it_is_looked_at_and_is_taken_back_by_keyboard(
    visit: Visit, wb: Workbench, project_id: int
) -> None:
    page = visit(f"?page=gallery&project={project_id}")
    page.clock.install()
    page.get_by_role("button", name=re.compile("^Delete")).filter(visible=True).last.click()
    undo = page.get_by_role("status").get_by_role("button", name="Undo")
    expect(undo).to_be_visible()
    undo.focus()
    page.clock.run_for(60_000)
    expect(undo).to_be_visible()
    undo.blur()
    page.keyboard.press("Control+z")
    expect(undo).to_be_hidden()
    expect(page.get_by_text("Two hours a week").filter(visible=True).first).to_be_visible()
    with wb.session() as db:
        assert ops.count_creatives(db, project_id) == 1

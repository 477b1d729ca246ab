"""Leads in a browser: a file comes in with its progress, found, changed and erased; on a phone too."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests import factories as make
from tests.browser.axe import findings
from tests.browser.parts import cancel_by_keyboard, dialog, hold_until_cancelled, press, start_an_import, told
from workbench import operator_services as ops
from workbench.bootstrap import Workbench
from workbench.enums import Role
from workbench.models import Lead
from workbench.operator_services import lead_decisions
from workbench.panels import lead_bulk, leads
from workbench.services import lead_import, undo
from workbench.services.audit import Actor

Visit = Callable[..., Page]


@pytest.fixture
def project_id(wb: Workbench) -> int:
    """A project with 120 leads; three of them wrote to us."""
    with wb.session() as db:
        project = make.project(db, name="Autumn launch", timezone="Europe/Berlin")
        campaign = make.campaign(db, project, name="Carriers")
        make.campaign(db, project, name="Shippers")
        made = [
            make.lead(db, campaign, name=f"Person {number:03}", email=f"p{number}@example.com", company="Northwind")
            for number in range(120)
        ]
        db.commit()
        for lead in made[:3]:
            ops.record_contact_event(
                db, lead.id, channel="email", direction="INBOUND", event_type="reply", summary=f"Call {lead.name}"
            )
        return project.id


def rows(page: Page) -> Locator:
    return page.get_by_role("table").first.locator("tbody tr")


def choose(page: Page, label: str, option: str) -> None:
    page.get_by_label(label, exact=True).click()
    # The options of panel-material-ui's selects say that they are menu items.
    page.get_by_role("menuitem", name=option, exact=True).click()


def test_leads_are_found_by_filter_search_order_and_page_which_all_stand_in_the_address(
    visit: Visit, project_id: int
) -> None:
    page = visit(f"?page=leads&project={project_id}&sort=name&p=2")
    expect(rows(page).first).to_contain_text("Person 050")
    expect(page.get_by_text("51–100 of 120")).to_be_visible()
    page.get_by_role("button", name="E-mail").click()
    page.wait_for_url(re.compile("sort=email"))
    expect(page.get_by_text("1–50 of 120")).to_be_visible()
    search = page.get_by_role("textbox", name="Search")
    # While it is typed, without Enter.
    search.press_sequentially("northwind 007")
    expect(rows(page)).to_have_count(1)
    page.wait_for_url(re.compile(r"q=northwind\+007"))
    expect(search).to_be_focused()
    page.reload()
    expect(rows(page)).to_have_count(1)
    expect(page.get_by_role("textbox", name="Search")).to_have_value("northwind 007")
    assert findings(page) == []


def test_all_that_match_are_changed_after_a_preview_and_one_undo_takes_it_back(
    visit: Visit, wb: Workbench, project_id: int
) -> None:
    page = visit(f"?page=leads&project={project_id}")
    page.get_by_label("Select all on this page").check()
    page.get_by_role("button", name="Select all 120 that match").click()
    expect(page.get_by_text("120 selected")).to_be_visible()
    page.get_by_role("button", name="Change 120…").click()
    change = dialog(page, "Change 120 leads")
    choose(page, "What to change", "Add tags")
    change.get_by_label("Tags, separated by commas").fill("vip")
    change.get_by_label("Tags, separated by commas").press("Tab")
    expect(change.get_by_text("120 will change.")).to_be_visible()
    assert findings(page) == []
    change.get_by_role("button", name="Change", exact=True).click()
    expect(page.get_by_text("120 leads are as you said.")).to_be_visible()
    expect(rows(page).filter(has_text="vip")).to_have_count(50)
    with wb.session() as db:
        assert ops.count_leads(db, tag="vip") == 120
    page.get_by_role("button", name="Undo").click()
    expect(rows(page).filter(has_text="vip")).to_have_count(0)
    with wb.session() as db:
        assert ops.count_leads(db, tag="vip") == 0
    page.get_by_role("button", name="Export…").click()
    with page.expect_download() as download:
        dialog(page, "Export leads").get_by_role("button", name="Download 120 leads").press("Enter")
    assert download.value.path().read_text(encoding="utf-8-sig").count("@example.com") == 120


def test_a_change_of_very_many_shows_how_far_it_is_is_cancelled_by_keyboard_and_a_large_file_is_written_first(
    visit: Visit, wb: Workbench, project_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module, name, value in (
        *((leads, "AT_ONCE", 50), (lead_bulk, "AT_ONCE", 50), (lead_decisions, "PART", 20), (undo, "PART", 20)),
        (lead_bulk, "PART_CHARACTERS", 2_000),
    ):
        monkeypatch.setattr(module, name, value)
    page = visit(f"?page=leads&project={project_id}")
    press(page, "Export…")
    export = dialog(page, "Export leads")
    press(export, "Write 120 leads")
    with page.expect_download() as download:
        export.get_by_role("button", name="Save the file").press("Enter")
    assert download.value.path().read_text(encoding="utf-8-sig").count("@example.com") == 120
    page.keyboard.press("Escape")
    hold_until_cancelled(monkeypatch)
    page.get_by_label("Select all on this page").check()
    press(page, "Select all 120 that match")
    expect(page.get_by_text("120 selected")).to_be_visible()
    press(page, "Change 120…")
    change = dialog(page, "Change 120 leads")
    expect(change.get_by_text("120 will change.")).to_be_visible()
    press(change, "Change")
    working = dialog(page, "Change 120 leads").filter(has=page.get_by_role("progressbar"))
    expect(working.get_by_text("20 of 120 leads")).to_be_visible()
    assert findings(page) == []
    cancel_by_keyboard(page, working)
    told(page, "Cancelled after 20 of 120 leads, and what was done stays: 20 leads are as you said.")
    with wb.session() as db:
        assert ops.count_leads(db, consent="DNC") == 20


def test_an_import_shows_its_progress_and_is_cancelled_with_what_stands(
    visit: Visit, wb: Workbench, project_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lead_import, "CHUNK", 20)
    hold_until_cancelled(monkeypatch)
    page = visit(f"?page=leads&project={project_id}")
    importing = start_an_import(page, page)
    expect(importing.get_by_text("20 of 4,000 rows")).to_be_visible()
    expect(importing.get_by_role("progressbar", name="Import of leads")).to_be_visible()
    assert findings(page) == []
    # It goes on while its dialog is closed, and is found again by its button.
    page.keyboard.press("Escape")
    expect(importing).to_be_hidden()
    press(page, "Import leads")
    expect(importing.get_by_text("20 of 4,000 rows")).to_be_visible()
    expect(importing.get_by_text("Closing the tab does not stop it either")).to_be_visible()
    # The browser asks before the tab is closed, as long as it goes on.
    asks = "() => !window.dispatchEvent(new Event('beforeunload', {cancelable: true}))"
    assert page.evaluate(asks)
    importing.get_by_role("button", name="Cancel the import").press("Enter")
    expect(importing.get_by_text("Cancelled: 20 of 4,000 rows were dealt with, and that stays")).to_be_visible()
    assert not page.evaluate(asks)
    with wb.session() as db:
        assert ops.count_leads(db) == 120 + 20
    assert findings(page) == []


def test_a_person_is_looked_at_and_erased_with_the_keyboard_on_a_phone(
    visit: Visit, page: Page, wb: Workbench, project_id: int
) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    visit(f"?page=leads&project={project_id}&view=replies&theme=dark")
    expect(page.get_by_text("Call Person 000")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert findings(page) == []
    page.get_by_role("button", name="Person 002").focus()
    page.keyboard.press("Enter")
    history = dialog(page, "Person 002")
    expect(history.get_by_text("Received: reply")).to_be_visible()
    expect(history.get_by_role("term").filter(has_text="E-mail")).to_be_visible()
    expect(history.get_by_text("Fact", exact=True)).to_have_count(0)
    assert findings(page) == []
    history.get_by_role("button", name="Erase person").focus()
    page.keyboard.press("Enter")
    expect(history.get_by_text("This removes 1 lead (Carriers), 1 contacts")).to_be_visible()
    history.get_by_label(re.compile("^Reason, without naming")).fill("asked by letter")
    history.get_by_label("Type ERASE to confirm").fill("ERASE")
    history.get_by_role("button", name="Erase person").last.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("They are erased, and will not be written to again.")).to_be_visible()
    expect(rows(page)).to_have_count(2)
    with wb.session() as db:
        assert ops.count_leads(db) == 119
    page.get_by_role("tab", name="Suppressed").click()
    expect(page.get_by_text("Somebody who was erased")).to_be_visible()
    assert "view=suppressed" in page.url


def test_a_viewer_sees_who_there_is_and_their_whole_history_on_a_phone_and_can_write_nothing(
    visit: Visit, page: Page, wb: Workbench, project_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with wb.session() as db:
        [lead] = ops.list_leads(db, search="Person 007")
        db.get_one(Lead, lead["id"]).enrichment_data = {"Biography": f"{'word ' * 400}the end"}
        db.commit()
        for number in range(30):
            ops.record_contact_event(
                db, lead["id"], channel="email", direction="OUTBOUND", event_type="note", summary=f"Note {number} " * 60
            )
    viewer = Workbench(wb.runtime, wb.engine, wb._mirror, Actor("Vic", Role.VIEWER))
    monkeypatch.setattr(wb, "acting_as", lambda name: viewer)
    page.set_viewport_size({"width": 390, "height": 844})
    visit(f"?page=leads&project={project_id}&q=Person+007&lead={lead['id']}")
    history = dialog(page, "Person 007")
    for name in ("Record a reply", "Add a note", "Suppress address", "Erase person"):
        expect(history.get_by_role("button", name=name)).to_be_disabled()
    fact = history.get_by_role("definition").filter(has_text="the end").locator("details")
    folded = fact.bounding_box()
    fact.locator("summary").press("Enter")
    expect(fact).to_have_js_property("open", True)
    unfolded = fact.bounding_box()
    assert folded
    assert unfolded
    assert folded["height"] * 3 < unfolded["height"]
    lines = history.locator("tbody tr")
    expect(lines).to_have_count(25)
    expect(lines.first.get_by_text("Note 29 Note 29").first).to_be_visible()
    lines.first.locator("summary").press("Enter")
    expect(lines.first.locator("details")).to_have_js_property("open", True)
    press(history, "Next")
    expect(lines).to_have_count(5)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert findings(page) == []
    page.keyboard.press("Escape")
    expect(rows(page)).to_have_count(1)
    expect(rows(page).get_by_role("checkbox")).to_have_count(0)
    for name in ("Import leads", "Campaigns…", "Export…"):
        expect(page.get_by_role("button", name=name)).to_be_disabled()
    assert findings(page) == []

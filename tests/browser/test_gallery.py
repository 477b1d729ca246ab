"""The Gallery in a real browser: as platforms show it, edited in place, ten thousand of them, decided on in bulk."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Locator, Page, expect

from tests import factories
from tests.browser.axe import findings
from tests.browser.parts import dialog, told
from tests.integration.test_creative_bulk import fill
from workbench import operator_services as ops
from workbench.bootstrap import Workbench
from workbench.clock import now
from workbench.enums import Role, StrategyStatus
from workbench.models import Project
from workbench.services.audit import Actor

Visit = Callable[..., Page]
ZONE = "Europe/Berlin"
POST = "Which step of a shipment costs you most? See https://example.com/a-very-long-address-that-weighs-23 #logistics"


@pytest.fixture
def project_id(wb: Workbench) -> int:
    """Three drafts, one of them too long, and a post that says on the queue what one of them says."""
    with wb.session() as db:
        made = factories.project(db, client="Northwind Coffee", name="Autumn launch", timezone=ZONE)
        factories.strategy(db, made, status=StrategyStatus.APPROVED)
        factories.creative(db, made, "email", title="A mail", body_text="Hi {{first_name|there}},\n\nshort and good.")
        factories.creative(db, made, "twitter", title="A post", body_text=POST)
        factories.creative(db, made, "linkedin", title="A long one", body_text="One.\n\nTwo.\n\nThe third line folds.")
        there = factories.creative(db, made, "twitter", title="There already", body_text=POST.upper())
        factories.queued(db, there, now() + timedelta(days=3), account="simulation")
        campaign = factories.campaign(db, made)
        factories.lead(db, campaign, name="Ann")
        factories.lead(db, campaign, name="Bob", consent_status="DNC")
        db.commit()
        return made.id


def card(page: Page, title: str) -> Locator:
    return page.get_by_role("region", name="Creatives").get_by_role("listitem").filter(has_text=title)


def test_creatives_look_as_on_their_platform_and_are_edited_in_place_with_the_keyboard(
    visit: Visit, wb: Workbench, project_id: int
) -> None:
    page = visit(f"?page=gallery&project={project_id}&sort=title")
    long, mail, post = card(page, "A long one"), card(page, "A mail"), card(page, "A post")
    # LinkedIn folds after three lines; an e-mail is a row of the inbox, then a letter; X shows all.
    expect(long).not_to_contain_text("The third line folds")
    long.get_by_role("button", name="…more").click()
    expect(long).to_contain_text("The third line folds")
    expect(mail.locator(".inbox")).to_contain_text("A mail – Hi {{first_name|there}}, short and good.")
    expect(mail.locator(".letter")).to_contain_text("Subject: A mail")
    expect(post.locator(".marked")).to_have_text(
        ["https://example.com/a-very-long-address-that-weighs-23", "#logistics"]
    )
    assert findings(page) == []
    # From card to card, select, edit: no mouse.
    long.focus()
    page.keyboard.press("ArrowRight")
    expect(mail).to_be_focused()
    page.keyboard.press("Space")
    expect(page.get_by_text("1 selected")).to_be_visible()
    expect(mail.get_by_role("checkbox")).to_be_checked()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("e")
    editing = page.get_by_role("listitem", name="Edit for X")
    text = editing.get_by_label("Text", exact=True)
    expect(text).to_be_focused()
    # A link weighs 23, whatever its length; an emoji 2. Counted while the keyboard is in the text.
    expect(editing.get_by_text("79 of 280 weighted characters")).to_be_visible()
    expect(editing.get_by_role("status").filter(has_text="The same text as “There already”")).to_be_visible()
    page.keyboard.insert_text(" 👩‍🚀")
    expect(editing.get_by_text("82 of 280 weighted characters")).to_be_visible()
    expect(text).to_be_focused()
    expect(editing.get_by_text("Kept as your draft")).to_be_visible()
    assert findings(page) == []
    # Somebody else's change redraws the cards and leaves the editor, its text and the cursor alone.
    with wb.session(Actor("Ben", Role.ADMIN)) as db:
        ops.create_creative(db, project_id, "linkedin", title="By Ben", body_text="Hello.")
    expect(card(page, "By Ben")).to_be_visible()
    expect(text).to_be_focused()
    expect(text).to_have_value(f"{POST} 👩‍🚀")
    # The tab is lost: the draft is there again.
    page.reload()
    card(page, "A post").get_by_role("button", name=re.compile("^Edit")).click()
    expect(editing.get_by_text("This is your unsaved draft")).to_be_visible()
    expect(text).to_have_value(f"{POST} 👩‍🚀")
    page.keyboard.press("Control+Enter")
    told(page, "Saved as version 2")
    expect(card(page, "A post")).to_be_focused()
    # Somebody was faster: both texts, and one's own goes on top.
    page.keyboard.press("e")
    text.fill("Ada's words")
    with wb.session(Actor("Ben", Role.ADMIN)) as db:
        own = next(one["id"] for one in ops.get_creatives_for_project(db, project_id, search="A post"))
        ops.update_creative(db, project_id, own or 0, {"body_text": "Ben's words"})
    page.keyboard.press("Control+Enter")
    faster = dialog(page, "Somebody else was faster")
    expect(faster.get_by_role("table")).to_contain_text("Ben's words")
    expect(faster.get_by_role("table")).to_contain_text("Ada's words")
    faster.get_by_role("button", name="Keep mine as a new revision on top").click()
    expect(card(page, "A post")).to_contain_text("Ada's words")
    # Written anew, seen word by word, and only then kept; and back to what it was, compared first.
    card(page, "A post").get_by_role("button", name=re.compile("^Regenerate")).click()
    anew = dialog(page, "Write it anew")
    anew.get_by_role("button", name="Propose", exact=True).click()
    expect(anew.locator("del").first).to_be_visible()
    expect(anew.locator("ins").first).to_be_visible()
    assert findings(page) == []
    expect(card(page, "Ada's words")).to_have_count(1)
    anew.get_by_role("button", name="Keep it").click()
    expect(card(page, "Ada's words")).to_have_count(0)
    page.get_by_role("button", name=re.compile("^Versions: ")).nth(0).wait_for()
    with wb.session() as db:
        title = ops.get_creative(db, project_id, own or 0)["title"]
    card(page, title).get_by_role("button", name=re.compile("^Versions")).click()
    versions = dialog(page, "Versions")
    versions.get_by_role("row").filter(has_text="Ada's words").get_by_role("button", name="Compare").click()
    expect(versions.locator("ins").filter(has_text="Ada's words").first).to_be_visible()
    versions.get_by_role("button", name="Restore version 4").click()
    expect(card(page, "Ada's words")).to_have_count(1)


def test_what_a_decision_does_to_each_is_seen_before_and_taken_back_in_one_step(
    visit: Visit, wb: Workbench, page: Page, project_id: int
) -> None:
    with wb.session() as db:
        factories.creative(db, db.get_one(Project, project_id), "twitter", title="Blank", body_text="")
        db.commit()
    visit(f"?page=gallery&project={project_id}&status=DRAFT&theme=dark")
    page.get_by_role("button", name="Select all 4").click()
    page.get_by_role("button", name="Approve…").click()
    approving = dialog(page, "Approve 4?")
    expect(approving).to_contain_text("3 will be approved. 1 cannot: see why.")
    expect(approving.get_by_role("row").filter(has_text="Blank")).to_contain_text("The text is empty")
    assert findings(page) == []
    approving.get_by_role("button", name="Approve 3").click()
    told(page, "3 approved, 1 not: The text is empty").get_by_role("button", name="Undo").click()
    told(page, "3 taken back")
    expect(card(page, "A mail").get_by_text("draft", exact=True)).to_be_visible()
    for title in ("A mail", "A post", "A long one"):
        card(page, title).get_by_role("checkbox").check()
    expect(page.get_by_text("4 selected")).to_be_visible()
    card(page, "Blank").get_by_role("checkbox").uncheck()
    page.get_by_role("button", name="Approve…").click()
    dialog(page, "Approve 3?").get_by_role("button", name="Approve 3").click()
    told(page, "3 approved.")
    visit(f"?page=gallery&project={project_id}&status=APPROVED&sort=title")
    page.get_by_role("button", name="Select all 3").click()
    page.get_by_role("button", name="Schedule…").click()
    scheduling = dialog(page, "Schedule 3")
    first = (datetime.now(ZoneInfo(ZONE)) + timedelta(days=2)).date()
    scheduling.get_by_label("First one at").fill(f"{first} 00:00")
    scheduling.get_by_label("Or at these times of day").fill("09:00, 15:00")
    scheduling.get_by_label("At most a day").fill("2")
    scheduling.get_by_role("button", name="Show who gets what").click()
    expect(scheduling).to_contain_text("2 posts and 1 e-mail to 1 people will be queued. 1 skipped")
    expect(scheduling).to_contain_text("1 say what goes out near them already")
    expect(scheduling.get_by_role("row").filter(has_text="X refuses a post")).to_contain_text("The same text as “There")
    # Two on the first day at the slots, the third on the next; what stands there already is there as well.
    calendar = scheduling.get_by_role("grid")
    planned = calendar.get_by_role("button", name=re.compile("would be scheduled"))
    expect(planned).to_have_count(3)
    expect(calendar.get_by_role("gridcell").filter(has=page.get_by_text("A mail"))).to_contain_text("A long one")
    expect(calendar.get_by_role("button", name=re.compile("There already"))).to_be_visible()
    assert findings(page) == []
    scheduling.get_by_role("button", name="Schedule 3").click()
    message = told(page, "3 scheduled.")
    message.get_by_role("button", name="Undo").click()
    told(page, "3 taken back")
    with wb.session() as db:
        assert {row["title"] for row in ops.get_queue(db, project_id, status="QUEUED")} == {"There already"}
    page.get_by_role("button", name="Select all 3").click()
    page.get_by_role("button", name="Delete…").click()
    dialog(page, "Delete 3?").get_by_role("button", name="Delete 3").click()
    expect(page.get_by_text("No creative fits these filters.")).to_be_visible()
    told(page, "3 deleted.").get_by_role("button", name="Undo").click()
    expect(card(page, "A mail")).to_be_visible()
    # Deleted yesterday, wanted back today: no message offers the undo any more.
    page.get_by_role("button", name="Select all 3").click()
    page.get_by_role("button", name="Delete…").click()
    dialog(page, "Delete 3?").get_by_role("button", name="Delete 3").click()
    visit(f"?page=gallery&project={project_id}&status=deleted")
    expect(page.get_by_role("button", name="Approve…")).to_be_hidden()
    page.get_by_role("button", name="Select all 3").click()
    page.get_by_role("button", name="Restore…").click()
    dialog(page, "Restore 3?").get_by_role("button", name="Restore 3").click()
    told(page, "3 restored.")
    with wb.session() as db:
        assert ops.count_creatives(db, project_id, status="APPROVED") == 3


def test_ten_thousand_are_filtered_searched_sorted_paged_and_selected_by_address_and_by_click(
    visit: Visit, wb: Workbench, page: Page, project_id: int
) -> None:
    with wb.session() as db:
        fill(db, db.get_one(Project, project_id), 9_996)
        db.commit()
    visit(f"?page=gallery&project={project_id}&sort=title&at=3")
    expect(page.get_by_text("Page 3 of 417")).to_be_visible()
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_text("73–96 of 10,000")).to_be_visible()
    page.wait_for_url(re.compile("at=4"))
    page.go_back()
    expect(page.get_by_text("Page 3 of 417")).to_be_visible()
    page.get_by_role("button", name="Select page (24)").click()
    expect(page.get_by_text("24 selected")).to_be_visible()
    page.get_by_role("button", name="Last", exact=True).click()
    expect(page.get_by_text("9,985–10,000 of 10,000")).to_be_visible()
    expect(page.get_by_role("checkbox", checked=True)).to_have_count(0)
    page.get_by_role("button", name="Select all 10,000").click()
    expect(page.get_by_text("10,000 selected")).to_be_visible()
    page.get_by_role("button", name="Approve…").click()
    expect(dialog(page, "Approve 10,000?")).to_contain_text("9,999 will be approved. 1 stays as it is")
    page.keyboard.press("Escape")
    page.get_by_label("Search", exact=True).and_(page.get_by_role("textbox")).fill("Number 3331")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1–3 of 3")).to_be_visible()
    page.wait_for_url(re.compile(r"q=Number\+3331"))
    assert "at=" not in page.url
    # On a phone: the editor fits, and a filter that fits nothing helps out.
    page.set_viewport_size({"width": 390, "height": 844})
    card(page, "Number 3331").first.get_by_role("button", name=re.compile("^Edit")).click()
    expect(page.get_by_role("button", name="Save", exact=True)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert findings(page) == []
    page.keyboard.press("Escape")
    visit(f"?page=gallery&project={project_id}&q=no such words")
    page.get_by_role("button", name="Clear the filters").click()
    expect(page.get_by_text("1–24 of 10,000")).to_be_visible()


def test_a_viewer_reads_and_is_offered_nothing_else(visit: Visit, wb: Workbench, page: Page, project_id: int) -> None:
    wb.actor = lambda: Actor("Vic", Role.VIEWER)  # type: ignore[method-assign]
    visit(f"?page=gallery&project={project_id}")
    expect(card(page, "A mail")).to_be_visible()
    expect(page.get_by_role("checkbox")).to_have_count(0)
    for name in ("Approve…", "Schedule…", "Delete…", "Confirm stale…", "Select all 4"):
        expect(page.get_by_role("button", name=name)).to_be_hidden()
    expect(page.get_by_role("button", name="New creative…")).to_be_disabled()
    expect(card(page, "A mail").get_by_role("button")).to_have_count(2)
    card(page, "A mail").focus()
    page.keyboard.press("e")
    page.keyboard.press("Delete")
    page.keyboard.press("v")
    dialog(page, "Versions")
    expect(page.get_by_role("button", name="Save", exact=True)).to_have_count(0)

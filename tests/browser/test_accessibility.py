"""What axe-core finds on the pages, and what is done with the keyboard alone."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests import factories
from tests.browser.axe import STILL, findings
from workbench.bootstrap import Workbench
from workbench.enums import AttemptStatus, CreativeStatus, StrategyStatus

Visit = Callable[..., Page]

#: Every page, and every view of the Control Tower.
VIEWS = (
    "page=command", "page=war-room", "page=war-room&project=0", "page=gallery", "page=leads", "page=control-tower",
    *(f"page=control-tower&show={show}" for show in ("queue&view=list", "failed", "unknown", "timeline")),
    *(f"page=control-tower&show={show}" for show in ("charts", "audit")),
)  # fmt: skip


@pytest.fixture
def project_id(wb: Workbench) -> int:
    """A project with something in every list: what waits, what failed, people, and a strategy to decide on."""
    with wb.session() as db:
        made = factories.project(db, client="Northwind Coffee", name="Autumn launch")
        factories.strategy(db, made, status=StrategyStatus.APPROVED)
        factories.strategy(db, made, text="# Plan\n\nOwn the **weekend** ritual.\n\n| a | b |\n|---|---|\n| 1 | 2 |")
        for status in CreativeStatus:
            factories.creative(db, made, "email", title=f"A mail {status.value.lower()}", status=status)
        factories.queued(db, factories.creative(db, made, "linkedin", title="A queued post", body_text="Soon."))
        failed = factories.creative(db, made, "linkedin", title="A failed post", status=CreativeStatus.FAILED)
        row = factories.queued(db, failed, status="FAILED", last_error="The token has expired. Renew it, then retry.")
        factories.attempt(
            db, queue_id=row.id, content_item_id=failed.id, channel="linkedin", status=AttemptStatus.FAILED,
            last_error="The token has expired. Renew it, then retry.",
        )  # fmt: skip
        campaign = factories.campaign(db, made, name="Operations managers")
        factories.lead(db, campaign, name="Ann Miller", consent_status="CONSENTED", status="REPLIED")
        factories.lead(db, campaign, name="Bob Stone", consent_status="DNC", status="MANUAL_REVIEW")
        db.commit()
        return made.id


def still(page: Page) -> Page:
    """The page once it has drawn what it read, and no ripple of a click is left."""
    page.wait_for_function("() => window.Bokeh?.documents[0]?.is_idle")
    page.wait_for_function(STILL)
    return page


def turn(page: Page, query: str) -> Page:
    """Another view in the same window, as the back button opens it."""
    page.evaluate(
        "(query) => { history.pushState(null, '', query); window.dispatchEvent(new PopStateEvent('popstate')) }", query
    )
    name = {"command": "Command", "war-room": "War Room", "control-tower": "Control Tower"}
    key = query.split("page=")[1].split("&")[0]
    expect(page.get_by_role("heading", level=1, name=name.get(key, key.capitalize()))).to_be_attached()
    return page


# What axe says of colours depends on the theme, of the rest on the width: two of the four pairs see all of it.
@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 390)])
def test_no_page_has_a_serious_finding_of_axe(
    visit: Visit, page: Page, project_id: int, theme: str, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    visit(f"?project={project_id}&theme={theme}")
    found = {}
    for view in VIEWS:
        turn(page, f"?{view}{'' if 'project=' in view else f'&project={project_id}'}&theme={theme}")
        found[view] = findings(still(page))
        expect(page.get_by_role("heading", level=1)).to_have_count(1)
    assert not any(found.values()), "\n".join(f"{view}: {one}" for view, told in found.items() for one in told)


def focused(page: Page) -> str:
    """What has the focus, through all shadow roots, as a person would call it."""
    return str(
        page.evaluate(
            """() => {
              let el = document.activeElement
              while (el?.shadowRoot?.activeElement) { el = el.shadowRoot.activeElement }
              const label = el.labels?.[0]?.textContent ?? ""
              return el === document.body ? "nothing" : el.ariaLabel || label || el.textContent.trim()
            }"""
        )
    )


def dialog(page: Page) -> Locator:
    found = page.get_by_role("dialog")
    expect(found).to_be_visible()
    return found


#: Page -> the button that opens a dialog of it, by role and name.
OPENERS = {
    "command": ("button", "New project"),
    "war-room": ("button", "Reject…"),
    "gallery": ("button", re.compile("^Versions")),
    "leads": ("button", "Ann Miller"),
}


def test_a_dialog_holds_the_focus_has_no_finding_and_gives_the_focus_back(visit: Visit, project_id: int) -> None:
    found = {}
    for key, (role, name) in OPENERS.items():
        page = still(visit(f"?page={key}&project={project_id}"))
        opener = page.get_by_role(role, name=name).filter(visible=True).first  # type: ignore[arg-type]
        opener.focus()
        before = focused(page)
        page.keyboard.press("Enter")
        expect(dialog(page).get_by_role("button", name="close")).to_be_visible()
        found[key] = findings(still(page))
        for step in ["Tab"] * 9 + ["Shift+Tab"] * 10:
            page.keyboard.press(step)
            inside = dialog(page).evaluate(
                """(box) => {
                  let el = document.activeElement
                  while (el?.shadowRoot?.activeElement) { el = el.shadowRoot.activeElement }
                  for (; el; el = el.parentNode ?? el.host) { if (el === box) { return true } }
                  return false
                }"""
            )
            assert inside, (key, step, focused(page))
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        assert focused(page) == before, key
    assert not any(found.values()), "\n".join(f"{key}: {one}" for key, told in found.items() for one in told)


def test_escape_asks_before_it_throws_away_what_was_typed(visit: Visit) -> None:
    page = still(visit())
    page.get_by_role("button", name="New project").click()
    name = dialog(page).get_by_label("Name of the project")
    expect(name).to_be_focused()
    page.keyboard.type("Autumn launch")
    page.keyboard.press("Escape")
    expect(page.get_by_text("Escape again throws it away")).to_be_visible()
    expect(name).to_have_value("Autumn launch")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_window_with_typed_text_in_a_dialog_asks_before_it_is_left(visit: Visit) -> None:
    page = still(visit())
    asked: list[str] = []
    page.on("dialog", lambda question: (asked.append(question.type), question.accept()))
    page.get_by_role("button", name="New project").click()
    expect(dialog(page).get_by_label("Name of the project")).to_be_focused()
    page.reload()
    assert asked == []
    still(page).get_by_role("button", name="New project").click()
    dialog(page).get_by_label("Name of the project").press_sequentially("Autumn")
    page.reload()
    assert asked == ["beforeunload"]


def test_the_first_stop_of_the_keyboard_leads_past_the_header(visit: Visit, project_id: int) -> None:
    page = still(visit(f"?page=leads&project={project_id}"))
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name="Leads", exact=True)).to_be_focused()
    assert page.title() == "Leads · Autumn launch · Command Center"
    outline = """() => {
      let el = document.activeElement
      while (el.shadowRoot?.activeElement) { el = el.shadowRoot.activeElement }
      return getComputedStyle(el).outlineStyle
    }"""
    for _ in range(6):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement !== document.body"):
            assert page.evaluate(outline) != "none" or "MuiInput" in page.evaluate(
                outline.replace("getComputedStyle(el).outlineStyle", "el.className")
            ), focused(page)

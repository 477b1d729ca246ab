"""The War Room in a real browser: reading, writing, deciding, comparing, saving and printing."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, WebSocketRoute, expect

from tests import factories
from tests.browser import pdf
from tests.browser.axe import findings
from tests.browser.parts import dialog, press
from workbench import operator_services as ops
from workbench.bootstrap import Workbench
from workbench.enums import CreativeStatus, ProjectState, StrategyStatus
from workbench.models import Project

Visit = Callable[..., Page]

HOSTILE = "<script>window.ran = 1</script> <img src=x onerror='window.ran = 1'> [x](javascript:window.ran=1)"
ARABIC = "مرحبا بكم في القهوة"
TEXT = f"# Plan\n\n{HOSTILE}\n\n## {ARABIC}\n\n{'x' * 300}\n\n" + "".join(
    f"| {'wide' * 8} {number} | {'words ' * 30} |\n" + ("|---|---|\n" if number == 0 else "") for number in range(40)
)


@pytest.fixture
def project_id(wb: Workbench) -> int:
    """A strategy in force, another that waits for approval, and three creatives made from the first."""
    with wb.session() as db:
        made = factories.project(db, client="Northwind Coffee", name="Autumn launch", timezone="Europe/Berlin")
        factories.strategy(db, made, text="# Plan\n\nOwn the weekday ritual.", status=StrategyStatus.APPROVED)
        factories.creative(db, made, "linkedin", title="Waiting", body_text="Soon.", status=CreativeStatus.APPROVED)
        factories.queued(db, factories.creative(db, made, "linkedin", title="Queued", body_text="Soon."))
        factories.creative(db, made, "linkedin", title="Sent", body_text="Done.", status=CreativeStatus.PUBLISHED)
        factories.strategy(db, made, text="# Plan\n\nOwn the weekend ritual.")
        other = factories.project(db, name="Refill launch", state=ProjectState.STRATEGY)
        factories.strategy(db, other, text="# Refill")
        db.commit()
        return made.id


def tab(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name).click()


def text_area(page: Page) -> Locator:
    return page.get_by_label("Strategy, in markdown")


def accessible(page: Page) -> None:
    told = findings(page)
    assert not told, "\n".join(told)


def test_a_strategy_is_edited_compared_and_decided_and_what_became_stale_is_confirmed(
    visit: Visit, wb: Workbench, project_id: int
) -> None:
    page = visit(f"?page=war-room&project={project_id}")
    expect(page.get_by_text("Waiting for approval")).to_be_visible()
    accessible(page)

    tab(page, "Edit")
    text_area(page).fill("# Plan\n\nOwn the **quiet** ritual.")
    expect(page.get_by_role("region", name="Preview").locator("strong", has_text="quiet")).to_be_visible()
    expect(page.get_by_text("Draft kept at")).to_be_visible()
    expect(page.get_by_role("tab", name="Edit · draft")).to_be_visible()
    accessible(page)
    text_area(page).press("Control+s")
    expect(page.get_by_text("Saved as revision 3")).to_be_visible()

    tab(page, "Changes")  # what is in force with the newest
    expect(page.locator("del", has_text="weekday")).to_be_visible()
    expect(page.locator("ins", has_text="quiet")).to_be_visible()
    page.get_by_label("From", exact=True).click()
    page.get_by_role("menuitem", name=re.compile("^2 · draft")).click()
    expect(page.locator("del", has_text="weekend")).to_be_visible()
    press(page, "Inline")
    expect(page.locator("td", has=page.locator("del", has_text="weekend")).locator("ins")).to_have_count(1)
    page.wait_for_url("**from=2**layout=inline**")
    accessible(page)

    press(page, "Reject…")
    dialog(page, "Reject revision 3").get_by_label("Reason").fill("Say why it is quiet")
    press(page, "Reject")
    expect(page.get_by_text("“Say why it is quiet”")).to_be_visible()
    press(page, "Approve…")
    approving = dialog(page, "Approve revision 3")
    expect(approving).to_contain_text("It comes into force in place of revision 1.")
    expect(approving).to_contain_text("2 creatives made from another revision become stale")
    expect(approving).to_contain_text("1 of them is on the queue")
    approving.get_by_label("Reason").fill("It is said elsewhere")
    press(approving, "Approve revision 3")
    expect(page.get_by_text("Approved, in force by Ada")).to_be_visible()

    tab(page, "History")
    decision = page.get_by_role("region", name="Decisions and revisions").get_by_role("listitem").nth(1)
    for words in ("Ada approved revision 3", "in place of revision 1", "2 creatives stale", "It is said elsewhere"):
        expect(decision).to_contain_text(words)
    accessible(page)
    decision.get_by_role("button").click()
    page.wait_for_url("**view=changes**from=1**to=3**")

    expect(page.get_by_text("2 creatives were not made from revision 3")).to_be_visible()
    press(page, "Confirm all…")
    press(dialog(page, "Confirm 2 creatives?"), "Confirm 2")
    expect(page.get_by_text("2 confirmed for the strategy in force.")).to_be_visible()
    expect(page.get_by_text("2 creatives were not made")).to_be_hidden()
    page.get_by_role("region", name="Messages").get_by_role("button", name="Undo").last.click()
    press(page, "Show them")
    grid = page.get_by_role("region", name="Creatives").get_by_role("listitem")
    expect(grid.filter(has_text="Soon.")).to_have_count(2)
    page.go_back()
    page.get_by_role("button", name=re.compile("1 more waits for a decision: Refill launch")).click()
    expect(page.get_by_role("heading", name="Refill launch")).to_be_visible()
    with wb.session() as db:
        assert ops.get_project_context(db, project_id)["approved_number"] == 3


def test_nothing_typed_is_lost(
    visit: Visit, page: Page, context: BrowserContext, wb: Workbench, project_id: int
) -> None:
    address = f"?page=war-room&project={project_id}&view=edit"
    visit(address)
    text_area(page).fill("# Half a thought")
    page.get_by_role("link", name="Command", exact=True).click()  # before the draft was kept
    expect(page.get_by_role("heading", name="Projects")).to_be_visible()
    page.get_by_role("link", name="War Room").click()
    expect(text_area(page)).to_have_value("# Half a thought")
    expect(page.get_by_text("Draft kept at")).to_be_visible()

    other = visit(address, on=context.new_page())  # a second window finds it
    expect(other.get_by_text("This is your unsaved draft")).to_contain_text("started from revision 2")
    press(other, "What differs")
    expect(dialog(other, "What your draft changes").locator("ins", has_text="Half a thought")).to_be_visible()
    other.keyboard.press("Escape")
    text_area(other).fill("# The other window's")
    expect(other.get_by_text("Draft kept at")).to_be_visible()
    text_area(page).fill("# This window's")  # which does not know of that
    expect(page.get_by_text("Another window of yours keeps another draft")).to_be_visible()
    page.close()  # without having chosen
    other.close()

    third = visit(address, on=context.new_page())
    expect(text_area(third)).to_have_value("# The other window's")
    press(third, "Compare and choose…")
    choosing = dialog(third, "Two texts of yours")
    expect(choosing).to_contain_text("# This window's")
    press(choosing, "Take the other text")
    expect(text_area(third)).to_have_value("# This window's")

    press(third, "Discard my draft")
    expect(text_area(third)).to_have_value("# Plan\n\nOwn the weekend ritual.")
    third.get_by_role("region", name="Messages").get_by_role("button", name="Undo").last.click()
    expect(text_area(third)).to_have_value("# This window's")
    third.close()
    with wb.session() as db:
        assert ops.get_draft(db, "strategy", project_id)["text"] == "# This window's"  # type: ignore[index]
        assert len(ops.get_strategies(db, project_id)) == 2


def test_what_the_server_never_heard_is_found_again(
    visit: Visit, page: Page, context: BrowserContext, project_id: int
) -> None:
    """The connection breaks, or the server dies, and the person goes on typing and closes the window."""
    broken: list[bool] = []

    def through(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        socket.on_message(lambda part: None if broken else server.send(part))

    page.route_web_socket(re.compile("/ws"), through)
    address = f"?page=war-room&project={project_id}&view=edit"
    visit(address)
    expect(text_area(page)).to_be_visible()
    broken.append(True)
    text_area(page).fill("# Never heard")
    page.wait_for_function("() => Object.keys(localStorage).some((key) => key.startsWith('workbench-unsent:'))")
    page.close()
    again = context.new_page()
    # A copy of the last three seconds could be that of a window in use.
    again.add_init_script("const now = Date.now; Date.now = () => now() + 60000")
    visit(address, on=again)
    expect(again.get_by_text("never reached the server")).to_be_visible()
    press(again, "Compare and choose…")
    press(dialog(again, "Two texts of yours"), "Take the other text")
    expect(text_area(again)).to_have_value("# Never heard")
    again.wait_for_function("() => !Object.keys(localStorage).some((key) => key.startsWith('workbench-unsent:'))")


def test_the_brief_keeps_its_revisions_and_what_is_typed(visit: Visit, wb: Workbench, project_id: int) -> None:
    page = visit(f"?page=war-room&project={project_id}")
    page.get_by_role("button", name="Edit", exact=True).click()
    dialog(page, "Edit the brief").get_by_label("Goal").fill("Thirty demos")
    press(page, "Cancel")
    page.get_by_role("button", name="Edit", exact=True).click()
    expect(page.get_by_text("These are your unsaved answers")).to_be_visible()
    press(dialog(page, "Edit the brief"), "Save as a revision")
    expect(page.get_by_text("Revision 2 by Ada")).to_be_visible()
    press(page, "Revisions…")
    comparing = dialog(page, "Revisions of the brief")
    expect(comparing.locator("ins", has_text="Thirty")).to_be_visible()
    accessible(page)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_the_document_is_saved_and_printed_and_nothing_in_it_runs(
    visit: Visit, page: Page, context: BrowserContext, wb: Workbench, project_id: int, tmp_path: Path
) -> None:
    with wb.session() as db:
        ops.save_strategy(db, project_id, TEXT, 2)
        ops.reject_strategy(db, project_id, HOSTILE)
        ops.save_intake(db, project_id, {"goal": HOSTILE})
    # The dialog of the browser itself cannot be seen from here: what it would be given can.
    page.add_init_script(
        """const found = Object.getOwnPropertyDescriptor(HTMLIFrameElement.prototype, "contentWindow")
        Object.defineProperty(HTMLIFrameElement.prototype, "contentWindow", {get() {
          if (!this.src.startsWith("blob:")) { return found.get.call(this) }
          return {print: () => { window.printed = [this.src, document.title, this.sandbox.value] }}
        }})"""
    )
    visit(f"?page=war-room&project={project_id}")

    def choose(what: str) -> None:
        press(page, "Save or print")
        page.get_by_role("checkbox", name="With the brief").check()
        page.get_by_role("checkbox", name="With the decisions").check()
        press(page, what)

    press(page, "Save or print")
    accessible(page)
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Save or print")).to_be_focused()

    with page.expect_download() as markdown:
        choose("Markdown (.md)")
    assert markdown.value.suggested_filename == "northwind-coffee-autumn-launch-strategy-3.md"
    assert markdown.value.path().read_text(encoding="utf-8").startswith(TEXT)
    with page.expect_download() as html:
        choose("Web page (.html)")
    saved = tmp_path / html.value.suggested_filename
    html.value.save_as(saved)
    assert saved.name == "northwind-coffee-autumn-launch-strategy-3.html"
    choose("Print or save as PDF…")
    page.wait_for_function("() => window.printed")
    source, title, sandbox = page.evaluate("() => window.printed")
    assert title == "northwind-coffee-autumn-launch-strategy-3"
    assert "allow-scripts" not in sandbox
    printed = page.evaluate("(source) => fetch(source).then((answer) => answer.text())", source)
    strip = re.compile(r"Saved [^(]*")
    assert strip.sub("", printed) == strip.sub("", saved.read_text(encoding="utf-8"))

    paper = context.new_page()
    paper.route("**/*", lambda route: route.fulfill(body=printed, content_type="text/html; charset=utf-8"))
    paper.goto("http://localhost/strategy")
    assert paper.evaluate("window.ran") is None
    accessible(paper)
    expect(paper.get_by_text(HOSTILE.split(" [")[0]).first).to_be_visible()
    sheets = pdf.pages(paper.pdf(format="A4"))
    assert len(sheets) > 1
    words = "".join(sheets)
    for there in (
        "Northwind Coffee",
        "revision 3 by Ada",
        "window.ran = 1",
        "words words",
        "Brief",
        "rejected revision",
    ):
        assert there in words
    for chrome in ("Command Center", "Control Tower", "Approve", "Save or print", "Pause"):
        assert chrome not in words
    assert all(f"{number} / {len(sheets)}" in sheet for number, sheet in enumerate(sheets, 1))
    paper.close()


def test_long_words_wide_tables_and_other_directions_fit_a_phone(
    visit: Visit, page: Page, wb: Workbench, project_id: int
) -> None:
    with wb.session() as db:
        ops.save_strategy(db, project_id, TEXT, 2)
        ops.save_intake(db, project_id, {"goal": "y" * 400, "audience": ARABIC})
        db.get_one(Project, project_id).name = "N" * 600
        db.commit()
    page.set_viewport_size({"width": 390, "height": 844})
    visit(f"?page=war-room&project={project_id}&theme=dark")
    for name in ("Read", "Edit", "Changes", "History"):
        tab(page, name)
        expect(page.get_by_role("tab", name=name)).to_have_attribute("aria-selected", "true")
        page.wait_for_function("() => Bokeh.documents[0].is_idle")
        inside = page.get_by_role("main").evaluate("(main) => main.scrollWidth <= main.clientWidth")
        assert inside, name
        accessible(page)
    heading = page.locator("h4", has_text=ARABIC).first
    tab(page, "Read")
    expect(heading).to_be_visible()
    assert heading.evaluate("(one) => getComputedStyle(one).unicodeBidi") == "plaintext"
    press(page, "Pause project…")
    asked = page.get_by_role("dialog")
    expect(asked.get_by_role("button", name="Pause now")).to_be_in_viewport(ratio=1)
    expect(asked.get_by_role("button", name="close")).to_be_in_viewport(ratio=1)
    assert page.evaluate("window.ran") is None

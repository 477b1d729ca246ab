"""The frame around the pages, the Command page and the War Room, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, WebSocketRoute, expect

from tests import factories
from tests.browser.axe import findings
from tests.browser.parts import dialog, told
from tests.serving import until
from workbench import operator_services as ops
from workbench.bootstrap import Workbench
from workbench.enums import ProjectState, Role, StrategyStatus
from workbench.models import Project
from workbench.operator_services.users import add_user
from workbench.services.audit import Actor

Visit = Callable[..., Page]
BEN = Actor("Ben", Role.ADMIN)


@pytest.fixture
def project_id(wb: Workbench) -> int:
    """A project in STRATEGY with two revisions, the second of which waits for approval."""
    with wb.session() as db:
        made = factories.project(db, client="Northwind Coffee", name="Autumn launch", state=ProjectState.STRATEGY)
        factories.strategy(db, made, text="# Plan\n\nOwn the weekday ritual.", status=StrategyStatus.REJECTED)
        factories.strategy(db, made, text="# Plan\n\nOwn the weekend ritual.")
        db.commit()
        return made.id


def card(page: Page, name: str) -> object:
    return page.get_by_role("listitem", name=re.compile(name))


def column(page: Page, name: str) -> object:
    return page.get_by_role("region", name=re.compile(f"^{name}", re.IGNORECASE))


def test_a_link_opens_the_view_it_names_and_back_returns(visit: Visit, project_id: int) -> None:
    page = visit(f"?page=war-room&project={project_id}")
    expect(page.get_by_role("heading", name="Autumn launch", exact=True)).to_be_visible()
    expect(page.get_by_role("combobox", name="Project")).to_have_value(str(project_id))
    page.get_by_role("link", name="Command", exact=True).click()
    expect(page.get_by_role("heading", name="Projects")).to_be_visible()
    page.wait_for_url("**page=command**")
    page.go_back()
    expect(page.get_by_role("heading", name="Autumn launch", exact=True)).to_be_visible()


def test_back_and_forward_restore_every_view_and_whoever_is_shown(
    visit: Visit, wb: Workbench, page: Page, project_id: int
) -> None:
    with wb.session() as db:
        made = db.get_one(Project, project_id)
        ann = factories.lead(db, factories.campaign(db, made), name="Ann Miller").id
        factories.creative(db, made, "linkedin", title="A post", body_text="Soon.")
        db.commit()
    of = f"&project={project_id}"
    steps: list[tuple[str, Callable[[], object], Callable[[], Locator]]] = [
        ("page=command", lambda: None, lambda: card(page, "Autumn launch")),
        ("page=war-room", lambda: tab("War Room"), lambda: page.get_by_role("heading", name="Plan").first),
        (
            "view=changes",
            lambda: page.get_by_role("tab", name="Changes").click(),
            lambda: page.get_by_role("deletion").filter(has_text="weekday").first,
        ),
        ("page=gallery", lambda: tab("Gallery"), lambda: page.get_by_text("Soon.").filter(visible=True)),
        (
            "status=FAILED",
            lambda: select("Status", "Failed"),
            lambda: page.get_by_text("No creative fits these filters."),
        ),
        ("page=leads", lambda: tab("Leads"), lambda: page.get_by_role("button", name="Ann Miller")),
        (
            f"lead={ann}",
            lambda: page.get_by_role("button", name="Ann Miller").click(),
            lambda: dialog(page, "Ann Miller").get_by_text("Nothing has passed"),
        ),
        (
            "page=leads",
            lambda: page.keyboard.press("Escape"),
            lambda: page.get_by_role("button", name="Ann Miller"),
        ),
        ("page=control-tower", lambda: tab("Control Tower"), lambda: page.get_by_role("grid")),
        (
            "show=audit",
            lambda: page.get_by_role("tab", name="Audit log").click(),
            lambda: page.get_by_role("region", name="Audit log"),
        ),
    ]

    def tab(name: str) -> None:
        page.get_by_role("navigation", name="Pages").get_by_role("link", name=name, exact=True).click()

    def select(label: str, option: str) -> None:
        page.get_by_label(label, exact=True).filter(visible=True).click()
        page.get_by_role("menuitem", name=option).click()

    def is_there(named: str, sign: Callable[[], Locator]) -> None:
        expect(page).to_have_url(re.compile(re.escape(named)))
        expect(page).to_have_url(re.compile(f"project={project_id}"))
        expect(sign()).to_be_visible()
        if not named.startswith("lead="):
            expect(page.get_by_role("dialog").filter(visible=True)).to_have_count(0)
            assert "lead=" not in page.url

    visit(f"?page=command{of}")
    for named, act, sign in steps:
        act()
        is_there(named, sign)
    # Other colours are no view to go back to.
    page.get_by_role("button", name="Toggle theme").click()
    page.wait_for_url("**theme=dark**")
    for named, _, sign in reversed(steps[:-1]):
        page.go_back()
        is_there(named, sign)
    for named, _, sign in steps[1:]:
        page.go_forward()
        is_there(named, sign)
    # A link that somebody kept opens what it named, until it is gone: then it says so.
    visit(f"?page=leads{of}&lead={ann}")
    is_there(f"lead={ann}", steps[6][2])
    with wb.session(BEN) as db:
        ops.erase_lead(db, ann, "They asked for it")
    page.reload()
    expect(page.get_by_role("alert")).to_have_text(f"There is no lead {ann}. It may have been erased.")
    expect(page).not_to_have_url(re.compile("lead="))
    visit("?page=gallery&project=999")
    expect(page.get_by_role("alert")).to_have_text("There is no project 999 (any more). Choose another one.")
    expect(page.get_by_role("button", name=re.compile("^Autumn launch"))).to_be_visible()


def test_an_empty_workbench_says_how_to_begin(visit: Visit, wb: Workbench) -> None:
    page = visit()
    page.get_by_role("button", name="New project").click()
    page.get_by_label("Name of the project").fill("Autumn launch")
    page.get_by_label("Client").fill("Northwind Coffee")
    page.get_by_label("Goal").fill("More wholesale enquiries")
    page.get_by_label("Audience").fill("Cafe owners")
    page.get_by_role("button", name="Create project").click()
    expect(page.get_by_role("heading", name="Autumn launch", exact=True)).to_be_visible()
    page.get_by_role("button", name="Write a first draft from the brief").click()
    expect(page.get_by_text("Waiting for approval").filter(visible=True)).to_be_visible()
    with wb.session() as db:
        assert ops.get_strategies(db, 1)[0]["number"] == 1


def test_somebody_elses_change_appears_by_itself(visit: Visit, wb: Workbench, project_id: int) -> None:
    page = visit()
    expect(card(page, "Autumn launch")).to_be_visible()
    with wb.session(BEN) as db:
        ops.create_project(db, "Made by Ben")
        ops.set_system_pause(db, True, reason="Wrong price")
    expect(card(page, "Made by Ben")).to_be_visible(timeout=5_000)
    expect(page.get_by_text("Paused, confirmed")).to_be_visible(timeout=5_000)


def test_one_switch_stops_everything_and_resuming_shows_what_would_go_out(visit: Visit, wb: Workbench) -> None:
    page = visit()
    page.get_by_role("button", name="Pause").click()
    page.get_by_label("Reason").fill("Wrong price")
    page.get_by_role("button", name="Pause now").click()
    expect(page.get_by_text("Paused by Ada: Wrong price")).to_be_visible()
    with wb.session() as db:
        assert ops.get_system_pause(db)
    page.get_by_role("link", name="War Room").click()
    expect(page.get_by_text("Paused by Ada: Wrong price")).to_be_visible()
    page.get_by_role("button", name="Resume…", exact=True).click()
    expect(page.get_by_text("Nothing is overdue")).to_be_visible()
    page.get_by_role("button", name="Resume", exact=True).click()
    expect(page.get_by_text("Paused by Ada: Wrong price")).to_be_hidden()
    with wb.session() as db:
        assert not ops.get_system_pause(db)


def test_a_forbidden_drag_snaps_back_and_says_why(visit: Visit, project_id: int) -> None:
    page = visit()
    card(page, "Autumn launch").drag_to(column(page, "done"))
    expect(page.get_by_role("alert")).to_contain_text("STRATEGY")
    expect(column(page, "strategy").get_by_role("listitem", name=re.compile("Autumn launch"))).to_be_visible()


def test_a_card_is_moved_by_keyboard_and_by_drag(visit: Visit, wb: Workbench) -> None:
    with wb.session() as db:
        first, second = factories.project(db, name="By keyboard"), factories.project(db, name="By drag")
        db.commit()
    page = visit()
    card(page, "By keyboard").focus()
    page.keyboard.press("Shift+ArrowRight")
    expect(column(page, "strategy").get_by_role("listitem", name=re.compile("By keyboard"))).to_be_focused()
    card(page, "By drag").drag_to(column(page, "strategy"))
    expect(column(page, "strategy").get_by_role("listitem")).to_have_count(2)

    def states() -> list[str]:
        with wb.session() as db:
            return [ops.get_project_context(db, one.id)["state"] for one in (first, second)]

    until(lambda: states() == ["STRATEGY"] * 2, "both moves are stored", pause=lambda: page.wait_for_timeout(200))
    page.keyboard.press("Escape")
    card(page, "By keyboard").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="By keyboard", exact=True)).to_be_visible()


#: How far the page reaches to the right, in pixels: its main part scrolls by itself.
WIDEST = """() => {
  const find = (root) => root.querySelector(".main-content")
    ?? [...root.querySelectorAll("*")].map((el) => el.shadowRoot && find(el.shadowRoot)).find(Boolean)
  return find(document).scrollWidth
}"""


@pytest.mark.parametrize("width", [390, 1280])
def test_everything_of_the_header_fits(visit: Visit, page: Page, project_id: int, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    for query in ("?", "?page=war-room", "?page=gallery", "?page=leads", "?page=control-tower"):
        visit(f"{query}&project={project_id}")
        page.wait_for_function("() => Bokeh.documents[0].is_idle")
        for item in (
            page.get_by_role("combobox", name="Project"),
            page.get_by_role("banner").get_by_role("button", name="Pause"),
            page.get_by_title("Ada, admin"),
            page.get_by_title(re.compile("Nothing leaves this machine")),
            page.get_by_role("button", name="Toggle theme"),
        ):
            box = item.bounding_box()
            assert box is not None
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width
        assert page.evaluate(WIDEST) <= width


def test_the_theme_stays_in_the_address(visit: Visit, page: Page) -> None:
    visit()
    dark = "() => getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(dark)
    page.get_by_role("button", name="Toggle theme").click()
    page.wait_for_url("**theme=dark**")
    assert page.evaluate(dark) != light
    page.reload()
    page.get_by_role("navigation", name="Pages").wait_for()
    assert page.evaluate(dark) != light


PAYLOADS = [
    "<script>window.ran = 1</script>",
    "<img src=x onerror='window.ran = 1'>",
    "<svg onload='window.ran = 1'>",
    '"><img src=x onerror=window.ran=1>',
    "</textarea><script>window.ran = 1</script>",
    "[x](javascript:window.ran=1)",
    "&lt;img src=x onerror=window.ran=1&gt;",
    "{{constructor.constructor('window.ran=1')()}}",
]


def test_no_text_of_a_person_runs(visit: Visit, wb: Workbench) -> None:
    hostile = "\n".join(PAYLOADS)
    with wb.session() as db:
        for number, payload in enumerate(PAYLOADS):
            one = ops.create_project(db, payload, f"{payload} {number}", goal=hostile, audience=hostile)
            ops.save_strategy(db, one, hostile, 0)
            ops.save_strategy(db, one, hostile + "\nmore", 1)
            ops.reject_strategy(db, one, payload, number=2)
            ops.save_draft(db, "strategy", one, hostile + "\nmine", 2)
        ops.set_system_pause(db, True, reason=PAYLOADS[0])
    page = visit("?project=1")
    for payload in PAYLOADS:
        expect(
            page.get_by_role("region", name=re.compile("^Strategy|^Intake")).get_by_text(payload).first
        ).to_be_visible()
    expect(page.get_by_text(f"Paused by Ada: {PAYLOADS[0]}")).to_be_visible()
    page.get_by_role("button", name="Resume…", exact=True).click()
    expect(page.get_by_text(f"It was paused because: {PAYLOADS[0]}")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("link", name="War Room").click()
    for tab in ("Read", "Edit", "Changes", "History"):
        page.get_by_role("tab", name=tab).click()
        expect(page.get_by_text(PAYLOADS[1]).filter(visible=True).first).to_be_visible()
    expect(page.get_by_label("Strategy, in markdown")).to_have_value(hostile + "\nmine")
    assert page.evaluate("window.ran") is None


def test_a_lost_connection_is_said(visit: Visit, wb: Workbench, page: Page, faults: list[str]) -> None:
    sockets: list[WebSocketRoute] = []

    def through(socket: WebSocketRoute) -> None:
        socket.connect_to_server()
        sockets.append(socket)

    page.route_web_socket(re.compile("/ws"), through)
    visit()
    expect(page.get_by_role("heading", name="Welcome")).to_be_visible()
    sockets[0].close(code=1001, reason="the server is going away")
    expect(page.get_by_text("The connection to the server is lost")).to_be_visible()
    # Nothing was typed: as soon as the server answers, the page is opened anew by itself.
    expect(page.get_by_text("The connection to the server is lost")).to_be_hidden()
    expect(page.get_by_role("heading", name="Welcome")).to_be_visible()
    # What is being typed is left alone, and the person is told.
    page.get_by_role("button", name="New project").click()
    goal = dialog(page, "New project").get_by_label("Goal")
    goal.fill("More wholesale enquiries")
    sockets[-1].close(code=1001, reason="the server is going away")
    expect(page.get_by_text("The server is back").first).to_be_visible()
    expect(page.get_by_role("region", name="Messages")).to_contain_text("copy it, then reload")
    expect(goal).to_have_value("More wholesale enquiries")
    # So is what is typed in a page's own editor, when it may not have arrived.
    with wb.session() as db:
        factories.creative(db, factories.project(db), title="Two hours")
        db.commit()
    visit("?page=gallery&project=1")
    page.locator("article.card").get_by_role("button", name=re.compile("^Edit")).click()
    text = page.get_by_role("listitem", name="Edit for Email").get_by_label("Text", exact=True)
    text.fill("Half a thought")
    sockets[-1].close(code=1001, reason="the server is going away")
    expect(page.get_by_text("The server is back").first).to_be_visible()
    expect(text).to_have_value("Half a thought")
    assert all("console" in fault for fault in faults)
    faults.clear()


def test_who_clicks_twice_or_holds_enter_does_it_once(visit: Visit, wb: Workbench, page: Page) -> None:
    visit()
    page.get_by_role("button", name="New project").dblclick()
    making = dialog(page, "New project")
    making.get_by_label("Name of the project").fill("Autumn launch")
    making.get_by_role("button", name="Create project").dblclick()
    expect(page.get_by_role("heading", name="Autumn launch", exact=True)).to_be_visible()
    visit("?page=gallery&project=1")
    page.get_by_role("button", name="New creative…").click()
    dialog(page, "New creative").get_by_role("button", name="Make it").focus()
    for _ in range(3):
        page.keyboard.down("Enter")
    page.keyboard.up("Enter")
    told(page, "The draft was made.")
    expect(page.get_by_role("dialog").filter(visible=True)).to_have_count(0)
    expect(page.locator("article.card")).to_have_count(4)
    expect(page.get_by_role("alert")).to_have_count(0)
    with wb.session() as db:
        assert (len(ops.list_projects(db)), ops.count_creatives(db, 1)) == (1, 4)


def test_a_click_is_answered_before_the_page_has_said_that_it_is_ready(page: Page, visit: Visit) -> None:
    """BokehJS says so some time after it has drawn the page, and a person may be faster."""

    def through(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        parts: list[str | bytes] = []

        def pass_on(part: str | bytes) -> None:
            parts.append(part)
            if len(parts) == 3:  # header, metadata and content of one message
                if '"document_ready"' not in str(part):
                    for one in parts:
                        server.send(one)
                parts.clear()

        socket.on_message(pass_on)

    page.route_web_socket(re.compile("/ws"), through)
    visit("?page=leads")
    page.get_by_role("button", name="Import leads").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()


def test_whoever_signed_in_signs_out_on_a_phone_too(wb: Workbench, page: Page, request: pytest.FixtureRequest) -> None:
    with wb.session() as db:
        add_user(db, "Maya", "admin", "correct horse battery")
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(request.getfixturevalue("server").url + "?page=leads")
    page.get_by_label("Name").fill("Maya")
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**page=leads**")
    person = page.get_by_role("banner").get_by_label("Ada, admin")
    person.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert findings(page) == []
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Sign out")).to_be_hidden()
    person.click()
    page.get_by_role("link", name="Sign out").click()
    page.wait_for_url("**/login")
    page.go_back()
    page.wait_for_url("**/login**")

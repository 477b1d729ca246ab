"""Gallery, Leads and Control Tower in a real browser: links, narrow screens, bad input, hostile text, other people."""

from __future__ import annotations

import re
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests import factories
from tests.browser.parts import dialog
from tests.serving import HERE, free_port, running
from workbench import operator_services as ops
from workbench.bootstrap import Workbench
from workbench.enums import AttemptStatus, CreativeStatus, Role, StrategyStatus
from workbench.services.audit import Actor

Visit = Callable[..., Page]
BEN = Actor("Ben", Role.ADMIN)
PAGES = ("command", "war-room", "gallery", "leads", "control-tower")
PAYLOADS = ("<script>window.ran = 1</script>", "<img src=x onerror='window.ran = 1'>")


@pytest.fixture
def project_id(wb: Workbench) -> int:
    """A project with a strategy in force, three creatives (one on the queue, one failed), and two people."""
    with wb.session() as db:
        made = factories.project(db, client="Northwind Coffee", name="Autumn launch")
        factories.strategy(db, made, status=StrategyStatus.APPROVED)
        factories.creative(db, made, "email", title="A mail", status=CreativeStatus.APPROVED)
        factories.creative(db, made, "twitter", title="A short post", body_text="Short and good.")
        queued = factories.creative(db, made, "linkedin", title="A queued post", body_text="Soon.")
        factories.queued(db, queued)
        failed = factories.creative(db, made, "linkedin", title="A failed post", body_text="Not today.")
        row = factories.queued(db, failed, status="FAILED", last_error="The token has expired. Renew it, then retry.")
        failed.status = CreativeStatus.FAILED
        factories.attempt(
            db, queue_id=row.id, content_item_id=failed.id, channel="linkedin", status=AttemptStatus.FAILED,
            last_error="The token has expired. Renew it, then retry.",
        )  # fmt: skip
        campaign = factories.campaign(db, made, name="Operations managers in mid-sized logistics firms")
        factories.lead(db, campaign, name="Ann Miller", title="Head of Operations", company="Analytical Freight GmbH")
        factories.lead(db, campaign, name="Bob Stone", consent_status="DNC")
        db.commit()
        return made.id


def card(page: Page, words: str) -> Locator:
    return page.get_by_role("region", name="Creatives").get_by_role("listitem").filter(has_text=words)


def loaded(page: Page, key: str) -> None:
    """The page named has read its data."""
    signs: dict[str, Any] = {
        "command": page.get_by_role("heading", name="Projects"),
        "war-room": page.get_by_role("heading", name="Autumn launch"),
        "gallery": card(page, "A mail"),
        "leads": page.get_by_role("button", name="Ann Miller"),
        "control-tower": page.get_by_text("A queued post").filter(visible=True).first,
    }
    expect(signs[key]).to_be_visible()


def test_a_link_opens_page_project_and_filters(visit: Visit, project_id: int) -> None:
    page = visit(f"?page=gallery&project={project_id}&platform=linkedin&status=FAILED")
    expect(card(page, "A failed post")).to_be_visible()
    expect(card(page, "")).to_have_count(1)
    expect(page.get_by_label("Platform", exact=True)).to_have_text("LinkedIn")
    visit(f"?page=leads&project={project_id}&consent=DNC")
    expect(page.get_by_role("button", name="Bob Stone")).to_be_visible()
    expect(page.get_by_role("button", name="Ann Miller")).to_have_count(0)
    visit("?page=control-tower&show=failed")
    expect(page.get_by_role("region", name="Failed").get_by_text("The token has expired")).to_be_visible()


def test_a_page_of_one_project_offers_the_projects_while_none_is_chosen(visit: Visit, project_id: int) -> None:
    page = visit("?page=gallery")
    page.get_by_role("button", name=re.compile("^Autumn launch")).click()
    loaded(page, "gallery")
    assert f"project={project_id}" in page.url


@pytest.mark.parametrize("width", [390, 1280])
def test_no_page_is_wider_than_the_screen(visit: Visit, page: Page, project_id: int, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    for key in PAGES:
        visit(f"?page={key}&project={project_id}")
        loaded(page, key)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, key
        main = page.get_by_role("main").bounding_box()
        assert main is not None
        assert main["width"] <= width, key
    # A dialog with a table in it has to fit as well.
    page.goto(page.url.replace("control-tower", "leads"))
    page.get_by_role("button", name="Ann Miller").click()
    box = dialog(page, "Ann Miller").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width


def test_a_post_over_its_limit_is_marked_while_it_is_typed_and_is_not_saved(
    visit: Visit, wb: Workbench, project_id: int
) -> None:
    page = visit(f"?page=gallery&project={project_id}")
    card(page, "A short post").get_by_role("button", name=re.compile("^Edit")).click()
    editing = page.get_by_role("listitem", name="Edit for X")
    text = editing.get_by_label("Text", exact=True)
    text.fill("x" * 281)
    expect(editing.get_by_text("281 of 280")).to_be_visible()
    expect(editing.get_by_text("1 too many. Shorten it.")).to_be_visible()
    editing.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert").filter(has_text="1 too many. Shorten it.")).to_be_visible()
    expect(text).to_have_value("x" * 281)
    with wb.session() as db:
        texts = {one["title"]: one["body_text"] for one in ops.get_creatives_for_project(db, project_id)}
    assert texts["A short post"] == "Short and good."


def test_a_schedule_that_cannot_be_is_refused_with_what_to_do_and_queues_nothing(
    visit: Visit, wb: Workbench, project_id: int
) -> None:
    page = visit(f"?page=gallery&project={project_id}")
    card(page, "A mail").get_by_role("checkbox").check()
    page.get_by_role("button", name="Schedule…").click()
    scheduling = dialog(page, "Schedule 1")
    start = scheduling.get_by_label("First one at")
    show = scheduling.get_by_role("button", name="Show who gets what")
    for wrong, words in {"2020-01-01 09:00": "past", "tomorrow at nine": "is not a date and time"}.items():
        start.fill(wrong)
        show.click()
        expect(page.get_by_role("alert").filter(has_text=words).first).to_be_visible()
    start.fill("2099-01-01 09:00")
    scheduling.get_by_label("Minutes between two").fill("soon")
    show.click()
    expect(page.get_by_role("alert").filter(has_text="whole number")).to_be_visible()
    with wb.session() as db:
        assert {row["title"] for row in ops.get_queue(db, project_id)} == {"A queued post", "A failed post"}


def test_a_dialog_closes_by_cancel_by_its_cross_and_by_escape(visit: Visit, project_id: int) -> None:
    page = visit(f"?page=gallery&project={project_id}")
    mail = card(page, "A mail")
    ways: dict[str, Callable[[Locator], None]] = {
        "Send a test": lambda testing: testing.get_by_role("button", name="Cancel").click(),
        "Regenerate": lambda asking: asking.get_by_role("button", name="close").click(),
        "Preview as a lead": lambda _: page.keyboard.press("Escape"),
    }
    titles = {"Send a test": "Send a test to myself", "Regenerate": "Write it anew", "Preview as a lead": "Preview"}
    for label, close in ways.items():
        mail.get_by_role("button", name=re.compile(f"^{label}")).click()
        close(dialog(page, titles[label]))
        expect(page.get_by_role("dialog")).to_have_count(0)
    expect(mail).to_be_visible()


def test_somebody_elses_work_appears_by_itself(visit: Visit, wb: Workbench, project_id: int) -> None:
    page = visit(f"?page=gallery&project={project_id}")
    loaded(page, "gallery")
    with wb.session(BEN) as db:
        ops.create_creative(db, project_id, "linkedin", title="Made by Ben", body_text="Hello from another session.")
    expect(card(page, "Made by Ben")).to_be_visible()
    visit(f"?page=control-tower&project={project_id}&view=list")
    loaded(page, "control-tower")
    with wb.session(BEN) as db:
        ops.set_project_pause(db, project_id, True, "Legal has a question")
    waiting = page.get_by_role("row").filter(has_text="A queued post")
    expect(waiting).to_contain_text("Its project is paused")


def test_no_text_of_a_person_or_a_file_runs(visit: Visit, wb: Workbench, project_id: int) -> None:
    script, image = PAYLOADS
    with wb.session() as db:
        campaign = ops.create_campaign(db, project_id, image)["id"]
        file = f'name,email,company,title\n"{script}",eve@example.com,"{image}","{image}"\n'
        ops.import_leads(db, campaign, file.encode(), filename="hostile.csv")
        lead = ops.list_leads(db, search="eve@example.com")[0]["id"]
        ops.record_contact_event(db, lead, channel="email", direction="INBOUND", summary=image)
        made = ops.create_creative(db, project_id, "email", title=script, body_text=image, caption=image)
        ops.bulk_approve_creatives(db, project_id, [made["id"]])
        ops.bulk_schedule_creatives(db, project_id, [made["id"]])
        ops.set_gateway_pause(db, "email", True, image)
    page = visit(f"?page=leads&project={project_id}")
    page.get_by_role("button", name=script).click()
    expect(dialog(page, script).get_by_text(image).first).to_be_visible()
    visit(f"?page=gallery&project={project_id}")
    hostile = card(page, script)
    expect(hostile.get_by_text(image).first).to_be_visible()
    hostile.get_by_role("button", name=re.compile("^Versions")).click()
    expect(dialog(page, "Versions").get_by_text(image).first).to_be_visible()
    page.keyboard.press("Escape")
    hostile.get_by_role("button", name=re.compile("^Preview as a lead")).click()
    expect(dialog(page, "Preview").get_by_text(image).first).to_be_visible()
    for show in ("queue", "queue&view=list", "timeline", "audit"):
        visit(f"?page=control-tower&project={project_id}&show={show}")
        expect(page.get_by_role("row").nth(1)).to_be_visible()
        expect(page.get_by_text(image).filter(visible=True).first).to_be_visible()
    visit(f"?page=command&project={project_id}")
    expect(page.get_by_text(script).filter(visible=True).first).to_be_visible()
    assert page.evaluate("window.ran") is None


def test_panel_serve_works_too_and_says_that_no_worker_is_alive(page: Page, tmp_path: Path) -> None:
    port = free_port()
    app = Path(__file__).parents[2] / "panel_app.py"
    command = [sys.executable, "-m", "panel", "serve", str(app), "--address", HERE, "--port", str(port)]
    address = f"http://{HERE}:{port}/panel_app"
    with running(command, address, tmp_path / "var", signal.SIGTERM):
        page.goto(address)
        expect(page.get_by_role("status").filter(has_text="No worker is alive")).to_be_visible()
        expect(page.get_by_role("heading", name="Welcome. There are no projects yet.")).to_be_visible()
        page.goto("about:blank")

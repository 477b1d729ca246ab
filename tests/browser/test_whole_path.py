"""The whole job of an operator in one sitting, in a real browser, on an empty folder: from a lead file to a sent mail.

Server and worker are processes of their own, as ``workbench serve`` starts them. The context of conftest.py fails the
test on a request to another host, a page error or a complaint on the console.
"""

from __future__ import annotations

import csv
import email
import email.policy
import re
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from playwright.sync_api import Locator, Page, expect

from tests.browser.parts import dialog, press, told
from tests.serving import serving, until

LEADS = """\
First Name,Last Name,Title,Company,Email,Email Status,Person Linkedin Url,Website
Ada,Lovelace,Head of Operations,Analytical Freight,ada@example.com,Verified,http://www.linkedin.com/in/ada,https://example.com
Grace,Hopper,VP Logistics,Harbour Lines,grace@example.com,Verified,http://www.linkedin.com/in/grace,https://example.com
Alan,Turing,Warehouse Manager,Enigma Cold Storage,alan@example.com,Verified,http://www.linkedin.com/in/alan,https://example.com
Nobody,Atall,COO,Broken Row Ltd,not-an-address,Verified,,https://example.com
Ada,Lovelace,Head of Operations,Analytical Freight,ADA@example.com,Verified,http://www.linkedin.com/in/ada,https://example.com
"""
ZONE = "Europe/Berlin"


def test_from_a_lead_file_to_a_sent_message(page: Page, tmp_path: Path) -> None:
    data, file = tmp_path / "var", tmp_path / "leads.csv"
    file.write_text(LEADS, encoding="utf-8")
    with serving(data) as (address, _):
        open_empty_workbench(page, address)
        import_into_a_new_project(page, file)
        import_again(page, file)
        never_contact(page, "Alan Turing")
        complete_the_brief(page)
        draft_reject_edit_approve(page)
        find_the_decisions_after_a_reload(page)
        read_the_drafts(page)
        edit_one(page)
        regenerate_one(page)
        delete_one_and_take_it_back(page)
        approve_all(page)
        preview_as(page, "Ada Lovelace")
        send_a_test(page, data)
        due = schedule_all(page)
        pause(page)
        nothing_goes_out(page, data, due)
        resume(page)
        watch_it_go_out(page, data)
        read_the_mails(data)
        record_a_reply(page, "Grace Hopper")
        see_the_numbers_move(page)
        gateways_say_that_they_are_unconfigured(page)
        page.goto("about:blank")
    with serving(data) as (address, _):
        everything_is_still_there(page, address)


# Finding one's way


def go(page: Page, name: str) -> None:
    page.get_by_role("navigation", name="Pages").get_by_role("link", name=name, exact=True).click()
    expect(page.get_by_role("link", name=name, exact=True)).to_have_attribute("aria-current", "page")


def choose_project(page: Page, name: str) -> None:
    page.get_by_role("banner").get_by_role("combobox", name="Project").select_option(name)


def see(where: Page | Locator, words: str | re.Pattern[str], *, exact: bool = False) -> None:
    """The words are on the screen. (Pages that were left stay in the document, hidden.)"""
    expect(where.get_by_text(words, exact=exact).filter(visible=True).first).to_be_visible()


def choose(where: Locator, label: str, option: str | re.Pattern[str]) -> None:
    """Choose from one of panel-material-ui's selects, whose options say that they are menu items."""
    where.get_by_label(label, exact=True).click()
    where.get_by_role("menuitem", name=option).click()


def row(page: Page, words: str) -> Locator:
    return page.get_by_role("row").filter(has_text=words)


def card(page: Page, platform: str) -> Locator:
    return (
        page.get_by_role("region", name="Creatives")
        .get_by_role("listitem")
        .filter(has=page.get_by_text(re.compile(rf"^{platform}( ·|$)")))
    )


def rows_of(data: Path, sql: str) -> list[Any]:
    with closing(sqlite3.connect(f"file:{data / 'workbench.db'}?mode=ro", uri=True)) as database:
        return database.execute(sql).fetchall()


def mails(data: Path) -> list[EmailMessage]:
    """Real messages in the outbox, tests to oneself apart."""
    found = [email.message_from_bytes(one.read_bytes(), policy=email.policy.default) for one in outbox(data, "email")]
    return [mail for mail in found if not str(mail["Subject"]).startswith("[Test]")]


def outbox(data: Path, platform: str) -> list[Path]:
    return sorted((data / "outbox" / platform).glob("*.*"))


# The path


def open_empty_workbench(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.get_by_role("heading", name="Welcome. There are no projects yet.")).to_be_visible()
    expect(page.get_by_role("button", name="Load the demo…")).to_be_visible()
    press(page, "Import a CSV file")
    see(page, "No leads yet. Import a CSV file to begin.")


def choose_file(page: Page, file: Path) -> Locator:
    press(page, "Import leads")
    importing = dialog(page, "Import leads")
    importing.locator("input[type=file]").set_input_files(file)
    see(importing, "read as an Apollo export")
    return importing


def import_into_a_new_project(page: Page, file: Path) -> None:
    importing = choose_file(page, file)
    for header, field in {"First Name": "First name", "Email": "E-mail address", "Title": "Job title"}.items():
        expect(importing.get_by_label(header, exact=True)).to_have_text(field)
    importing.get_by_label("Name of the new project").fill("Autumn launch")
    importing.get_by_label("Client", exact=True).fill("Northwind Coffee")
    importing.get_by_label("Name of the new campaign").fill("Operations managers")
    press(importing, "Import 5 rows")
    see(importing, "5 rows: 3 imported, 1 merged, 0 unchanged, 1 rejected.")
    with page.expect_download() as download:
        press(importing, "Download rejected rows")
    with open(download.value.path(), encoding="utf-8-sig", newline="") as rejected:
        refused = list(csv.DictReader(rejected))
    assert [(one["rejected_row"], one["Email"]) for one in refused] == [("5", "not-an-address")]
    assert "address" in refused[0]["rejected_reason"]
    press(importing, "Show the leads")
    see(page, "1–3 of 3")


def import_again(page: Page, file: Path) -> None:
    importing = choose_file(page, file)
    press(importing, "Import 5 rows")
    see(importing, "5 rows: 0 imported, 0 merged, 4 unchanged, 1 rejected.")
    press(importing, "Show the leads")
    see(page, "1–3 of 3")


def never_contact(page: Page, name: str) -> None:
    row(page, name).get_by_role("checkbox").check()
    press(page, "Change 1…")
    changing = dialog(page, "Change 1 lead")
    see(changing, "1 will change.")
    press(changing, "Change")
    expect(row(page, name).get_by_text("Do not contact")).to_be_visible()


def complete_the_brief(page: Page) -> None:
    go(page, "War Room")
    expect(page.get_by_role("heading", name="Autumn launch")).to_be_visible()
    press(page, "Edit")
    brief = dialog(page, "Edit the brief")
    brief.get_by_label("Goal").fill("Twenty demos a month")
    brief.get_by_label("Audience").fill("Operations managers")
    brief.get_by_label("Constraints").fill("No discounts")
    press(brief, "Save as a revision")
    told(page, re.compile("Brief saved as revision"))
    expect(page.get_by_role("definition").filter(has_text="Twenty demos a month")).to_be_visible()


def draft_reject_edit_approve(page: Page) -> None:
    press(page, "Write a first draft from the brief")
    see(page, "Waiting for approval")
    press(page, "Reject…")
    rejecting = dialog(page, "Reject revision 1")
    rejecting.get_by_label("Reason").fill("Say whom we leave out")
    press(rejecting, "Reject")
    see(page, "“Say whom we leave out”")
    page.get_by_role("tab", name="Edit").click()
    text = page.get_by_label("Strategy, in markdown")
    text.fill(f"{text.input_value()}\n\n## Left out\n\nEverybody with **fewer than ten** trucks.")
    expect(page.locator("strong", has_text="fewer than ten").first).to_be_visible()
    press(page, "Save as a revision")
    told(page, "Saved as revision 2")
    press(page, "Approve…")
    press(dialog(page, "Approve revision 2"), "Approve revision 2")
    see(page, "Approved, in force by")


def find_the_decisions_after_a_reload(page: Page) -> None:
    page.reload()
    see(page, "Approved, in force by")
    expect(page.get_by_role("heading", name="Left out")).to_be_visible()
    page.get_by_role("tab", name="History").click()
    history = page.get_by_role("region", name="Decisions and revisions")
    expect(history.get_by_role("combobox")).to_have_count(0)  # there are no kinds to choose from
    for words in ("approved revision 2", "rejected revision 1", "wrote a first draft by template"):
        decision = history.get_by_role("listitem").filter(has_text=words)
        expect(decision).to_contain_text("just now")
    expect(history.get_by_role("listitem").filter(has_text="rejected")).to_contain_text("“Say whom we leave out”")


def read_the_drafts(page: Page) -> None:
    go(page, "Gallery")
    for platform in ("LinkedIn", "X", "Email"):
        expect(card(page, platform).get_by_text("template", exact=True)).to_be_visible()
        expect(card(page, platform).get_by_text("draft", exact=True)).to_be_visible()


def edit_one(page: Page) -> None:
    press(card(page, "X"), re.compile("^Edit"))
    editing = page.get_by_role("listitem", name="Edit for X")
    editing.get_by_label("Text", exact=True).fill("Which step of a shipment costs you most?")
    see(editing, "40 of 280")
    press(editing, "Save")
    told(page, "Saved as version 2")
    expect(card(page, "X").get_by_text("Which step of a shipment costs you most?")).to_be_visible()
    expect(card(page, "X").get_by_text("written by hand")).to_be_visible()


def regenerate_one(page: Page) -> None:
    before = card(page, "LinkedIn").inner_text()
    press(card(page, "LinkedIn"), re.compile("^Regenerate"))
    regenerating = dialog(page, "Write it anew")
    regenerating.get_by_label("What should be different?").fill("Shorter, please")
    press(regenerating, "Propose")
    expect(regenerating.get_by_role("table").get_by_role("insertion").first).to_be_visible()
    press(regenerating, "Keep it")
    expect(card(page, "LinkedIn").get_by_text("v2", exact=True)).to_be_visible()
    expect(card(page, "LinkedIn").get_by_text("template", exact=True)).to_be_visible()
    assert card(page, "LinkedIn").inner_text() != before


def delete_one_and_take_it_back(page: Page) -> None:
    press(card(page, "Email"), re.compile("^Delete"))
    expect(card(page, "Email")).to_have_count(0)
    press(told(page, "Deleted."), "Undo")
    expect(card(page, "Email")).to_be_visible()


def approve_all(page: Page) -> None:
    press(page, "Select all 3")
    see(page, "3 selected")
    press(page, "Approve…")
    press(dialog(page, "Approve 3?"), "Approve 3")
    told(page, "3 approved.")
    for platform in ("LinkedIn", "X", "Email"):
        expect(card(page, platform).get_by_text("approved", exact=True)).to_be_visible()


def preview_as(page: Page, name: str) -> None:
    press(card(page, "Email"), re.compile("^Preview as a lead"))
    preview = dialog(page, "Preview")
    choose(preview, "As it reaches", re.compile(name))
    see(preview, re.compile(rf"\b{name.split()[0]}\b"))
    expect(preview.get_by_text("{{first_name")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(preview).to_be_hidden()


def send_a_test(page: Page, data: Path) -> None:
    press(card(page, "Email"), re.compile("^Send a test to myself"))
    testing = dialog(page, "Send a test to myself")
    testing.get_by_label("Your address").fill("me@example.com")
    press(testing, "Send test")
    told(page, "Test sent: It is in the outbox folder.")
    (test,) = outbox(data, "email")
    assert email.message_from_bytes(test.read_bytes(), policy=email.policy.default)["To"] == "me@example.com"
    assert mails(data) == []


def schedule_all(page: Page, in_seconds: int = 40) -> datetime:
    press(page, "Select all 3")
    press(page, "Schedule…")
    scheduling = dialog(page, "Schedule 3")
    due = datetime.now(ZoneInfo(ZONE)).replace(microsecond=0) + timedelta(seconds=in_seconds)
    scheduling.get_by_label("First one at").fill(f"{due:%Y-%m-%d %H:%M:%S}")
    zone = scheduling.get_by_label("Time zone")
    zone.fill(ZONE)
    page.get_by_role("option", name=ZONE).click()
    scheduling.get_by_label("Minutes between two").fill("0")
    press(scheduling, "Show who gets what")
    see(scheduling, "2 posts and 1 e-mail to 2 people will be queued.")
    see(scheduling, "2 people", exact=True)
    expect(row(page, "Email").get_by_text(re.compile(r"1 skipped: .*contact.* \(1\)"))).to_be_visible()
    press(scheduling, "Schedule 3")
    told(page, "3 scheduled.")
    for platform in ("LinkedIn", "X", "Email"):
        expect(card(page, platform).get_by_text("scheduled", exact=True)).to_be_visible()
    return due


def pause(page: Page) -> None:
    press(page, "Pause")
    pausing = dialog(page, "Pause everything")
    pausing.get_by_label("Reason").fill("Wrong price")
    press(pausing, "Pause now")
    see(page, "Paused, confirmed")
    see(page, re.compile("Wrong price"))


def nothing_goes_out(page: Page, data: Path, due: datetime) -> None:
    assert datetime.now(ZoneInfo(ZONE)) < due, "the machine was too slow: it was due before the pause"
    go(page, "Control Tower")
    press(page, "List")
    why = (
        page.get_by_role("region", name="Schedule")
        .get_by_role("row")
        .filter(has_text="Everything is paused: Wrong price")
    )
    expect(why).to_have_count(3)
    worker_beats = "SELECT count(*) FROM worker_heartbeats WHERE beat_at > datetime('now', '-5 seconds')"
    # Well past the time, with a worker that is alive and would have sent them.
    until(
        lambda: datetime.now(ZoneInfo(ZONE)) > due + timedelta(seconds=4) and rows_of(data, worker_beats) != [(0,)],
        "they are due and the worker is alive",
        seconds=120,
        pause=lambda: page.wait_for_timeout(500),
    )
    assert rows_of(data, "SELECT DISTINCT status FROM execution_queue") == [("QUEUED",)]
    assert rows_of(data, "SELECT count(*) FROM cam_outreach_attempts WHERE status <> 'PENDING'") == [(0,)]
    assert mails(data) == []
    assert outbox(data, "linkedin") == outbox(data, "twitter") == []


def resume(page: Page) -> None:
    press(page, "Resume…")
    resuming = dialog(page, "Resume sending")
    expect(resuming.get_by_role("row").filter(has_text="Email")).to_be_visible()
    expect(resuming.get_by_label("Send now, spread out by the caps")).to_be_checked()
    press(resuming, "Resume")
    told(page, "Resumed")
    expect(page.get_by_text("Paused, confirmed")).to_be_hidden()


def watch_it_go_out(page: Page, data: Path) -> None:
    page.get_by_role("tab", name="Timeline").click()
    timeline = page.get_by_role("region", name="Timeline")
    sent = timeline.get_by_role("row").filter(has=page.get_by_text("sent", exact=True))
    expect(sent).to_have_count(4, timeout=60_000)
    expect(sent.filter(has_text="Grace Hopper")).to_be_visible()
    expect(timeline.get_by_role("row").filter(has_text="Alan Turing")).to_have_count(0)
    assert len(outbox(data, "linkedin")) == len(outbox(data, "twitter")) == 1


def read_the_mails(data: Path) -> None:
    received = {mail["To"].addresses[0].addr_spec: mail for mail in mails(data)}
    assert sorted(received) == ["ada@example.com", "grace@example.com"]
    for mail in received.values():
        assert re.fullmatch(r"<https?://\S+/unsubscribe/\S+>", mail["List-Unsubscribe"])
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "Ada" in received["ada@example.com"].get_body(("plain",)).get_content()  # type: ignore[union-attr]


def record_a_reply(page: Page, name: str) -> None:
    go(page, "Leads")
    press(row(page, name), name)
    history = dialog(page, name)
    see(history, "Sent (simulated)")
    press(history, "Record a reply")
    history.get_by_label("What was said").fill("Call me on Tuesday")
    press(history, "Save reply")
    told(page, "The reply stands in their history.")
    again = dialog(page, name)
    expect(again.get_by_label("What was said")).to_have_count(0)
    see(again, "Call me on Tuesday")
    again.get_by_role("button", name="close").first.click()
    expect(row(page, name).get_by_text("Replied")).to_be_visible()


def see_the_numbers_move(page: Page) -> None:
    go(page, "Command")
    choose_project(page, "All projects")
    for words in ("High intent: 1", "Sent successfully: 100.0%", "Leads: 3", "Waiting for approval: 0", "Overdue: 0"):
        expect(page.get_by_role("button", name=re.compile(f"^{re.escape(words)}\\."))).to_be_visible()
    board = page.get_by_role("region", name=re.compile("^Execution, 1"))
    expect(board.get_by_role("listitem", name=re.compile("Autumn launch"))).to_be_visible()
    feed = page.get_by_role("region", name=re.compile("^Activity"))
    for words in ("Grace Hopper wrote to us", "Everything resumed", "Everything paused"):
        expect(feed.get_by_text(words)).to_be_visible()
    press(page, re.compile("^High intent: 1"))
    see(page, "1–1 of 1")
    expect(row(page, "Grace Hopper")).to_be_visible()


def gateways_say_that_they_are_unconfigured(page: Page) -> None:
    go(page, "Control Tower")
    gateways = page.get_by_role("region", name="Gateways").get_by_role("listitem")
    expect(gateways).to_have_count(5)
    expect(gateways.get_by_text("unconfigured", exact=True)).to_have_count(5)
    see(page, "alive", exact=True)


def everything_is_still_there(page: Page, address: str) -> None:
    page.goto(f"{address}/?page=war-room&project=1")
    see(page, "Approved, in force by")
    page.get_by_role("tab", name="History").click()
    history = page.get_by_role("region", name="Decisions and revisions")
    see(history, "“Say whom we leave out”")
    see_the_numbers_move(page)
    choose_project(page, "Autumn launch")
    go(page, "Gallery")
    for platform in ("LinkedIn", "X", "Email"):
        expect(card(page, platform).get_by_text("published", exact=True)).to_be_visible()
    go(page, "Control Tower")
    page.get_by_role("tab", name="Timeline").click()
    sent = page.get_by_role("region", name="Timeline").get_by_role("row")
    expect(sent.filter(has=page.get_by_text("sent", exact=True))).to_have_count(4)

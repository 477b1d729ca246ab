"""An operator's work on PostgreSQL, in a real browser, with server and worker as processes of their own.

Every other browser test runs on SQLite. What differs (who sees whose change when, what a pause waits for, how a page
searches) is walked through here.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session, sessionmaker

from tests import factories
from tests.browser import test_whole_path as path
from tests.browser.parts import dialog, press, told
from tests.serving import serving, until
from workbench import operator_services as ops
from workbench.clock import now
from workbench.db import make_engine, make_sessions
from workbench.enums import AttemptStatus, QueueStatus, Role
from workbench.operator_services._edge import build_runtime
from workbench.services.audit import Actor
from workbench.settings import Settings

pytestmark = pytest.mark.postgres


@pytest.fixture
def postgres(fresh_postgres_url: str) -> Iterator[Engine]:
    engine = make_engine(fresh_postgres_url)
    yield engine
    engine.dispose()


@pytest.fixture
def bens(postgres: Engine, fresh_postgres_url: str, tmp_path: Path) -> sessionmaker[Session]:
    """Sessions of somebody else, who works from Python."""
    runtime = build_runtime(Settings(database_url=fresh_postgres_url, data_dir=tmp_path / "ben"))
    sessions = make_sessions(postgres)
    sessions.configure(info={"runtime": runtime, "actor": Actor("Ben", Role.ADMIN)})
    return sessions


def test_an_operators_day_on_postgresql(
    page: Page,
    tmp_path: Path,
    postgres: Engine,
    bens: sessionmaker[Session],
    fresh_postgres_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WORKBENCH_DATABASE_URL", fresh_postgres_url)
    data, file = tmp_path / "var", tmp_path / "leads.csv"
    file.write_text(path.LEADS, encoding="utf-8")
    with serving(data) as (address, _):
        path.open_empty_workbench(page, address)
        path.import_into_a_new_project(page, file)
        path.never_contact(page, "Alan Turing")
        path.complete_the_brief(page)
        write_and_approve_the_strategy(page)
        path.read_the_drafts(page)
        path.approve_all(page)
        second = page.context.new_page()
        second.goto(address)
        see_what_others_change(page, second, postgres, bens)
        pause_while_something_is_in_flight(page, second, postgres, bens)
        due = path.schedule_all(page, in_seconds=15)
        find_in_the_palette(page)
        until(lambda: now() > due, "it is due", pause=lambda: page.wait_for_timeout(200))
        path.resume(page)
        path.go(page, "Control Tower")
        path.watch_it_go_out(page, data)
        expect(second.get_by_role("listitem", name=re.compile("Autumn launch")).get_by_text("4 sent")).to_be_visible()
        export_the_audit_log(page)
        for one in (page, second):
            one.goto("about:blank")
    what_the_database_says(postgres)


def write_and_approve_the_strategy(page: Page) -> None:
    press(page, "Write a first draft from the brief")
    path.see(page, "Waiting for approval")
    page.get_by_role("tab", name="Edit").click()
    page.get_by_label("Strategy, in markdown").fill("# Plan\n\nOwn the **weekday** ritual.")
    press(page, "Save as a revision")
    told(page, "Saved as revision 2")
    press(page, "Approve…")
    press(dialog(page, "Approve revision 2"), "Approve revision 2")
    path.see(page, "Approved, in force by")


def see_what_others_change(page: Page, second: Page, postgres: Engine, bens: sessionmaker[Session]) -> None:
    """By the contract and by bare SQL, on two pages that nobody touches."""
    card = second.get_by_role("listitem", name=re.compile("Autumn launch"))
    expect(card).to_be_visible()
    mail = path.card(page, "Email")
    with bens() as db:
        own = next(one["id"] for one in ops.get_creatives_for_project(db, 1, platform="email"))
        ops.update_creative(db, 1, own or 0, {"title": "Ben's subject"})
    expect(mail.get_by_text("Subject: Ben's subject")).to_be_visible()
    expect(mail.get_by_text("draft", exact=True)).to_be_visible()
    expect(card.get_by_text("1 to approve")).to_be_visible()
    with bens() as db:
        ops.bulk_approve_creatives(db, 1, [own or 0])
    expect(mail.get_by_text("approved", exact=True)).to_be_visible()
    expect(card.get_by_text("1 to approve")).to_be_hidden()
    with postgres.begin() as connection:
        connection.exec_driver_sql("UPDATE projects SET client = 'Southwind Tea' WHERE id = 1")
    expect(card.get_by_text("Southwind Tea")).to_be_visible()
    expect(mail.get_by_text("Southwind Tea").first).to_be_visible()


def pause_while_something_is_in_flight(page: Page, second: Page, postgres: Engine, bens: sessionmaker[Session]) -> None:
    """One attempt has been handed over when the pause comes, and lands after it."""
    with bens() as db:
        post = factories.creative(db, factories.project(db, name="Under way"), "linkedin")
        row = factories.queued(
            db, post, status=QueueStatus.RUNNING, worker_id="elsewhere", lease_expires_at=now() + timedelta(hours=1)
        )
        factories.attempt(
            db, queue_id=row.id, content_item_id=post.id, channel="linkedin", status=AttemptStatus.SENDING
        )
        db.commit()
    press(page, "Pause")
    pausing = dialog(page, "Pause everything")
    pausing.get_by_label("Reason").fill("Wrong price")
    press(pausing, "Pause now")
    for one in (page, second):
        path.see(one, "Pausing: 1 in flight")
    with postgres.begin() as connection:
        for table, status in {"cam_outreach_attempts": "SENT", "execution_queue": "DONE"}.items():
            connection.exec_driver_sql(f"UPDATE {table} SET status = '{status}'")
    for one in (page, second):
        path.see(one, "Paused, confirmed")


def find_in_the_palette(page: Page) -> None:
    for words, kind, found in (
        ("hopper harbour", "Leads", "Grace Hopper"),
        ("ben's sub", "Creatives", "Ben's subject"),
    ):
        page.keyboard.press("Control+k")
        palette = page.get_by_role("dialog", name="Search and commands")
        palette.get_by_role("combobox").fill(words)
        hits = palette.get_by_role("group", name=kind).get_by_role("option")
        expect(hits).to_have_count(1)
        expect(hits).to_contain_text(found)
        page.keyboard.press("Enter")
        if kind == "Leads":
            dialog(page, found).get_by_role("button", name="close").first.click()
            path.see(page, "1–3 of 3")
    expect(path.card(page, "Email").get_by_text("scheduled", exact=True)).to_be_visible()


def export_the_audit_log(page: Page) -> None:
    path.choose_project(page, "All projects")
    page.get_by_role("tab", name="Audit log").click()
    path.see(page, "Everything resumed")
    with page.expect_download() as download:
        press(page, "Download as CSV")
    with open(download.value.path(), encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    done = {row["Action"]: row for row in rows}
    assert {"leads.import", "strategy.approve", "creative.schedule", "safety.resume"} <= done.keys()
    assert done["safety.pause"]["Reason"] == "Wrong price"
    assert {row["Who"] for row in rows} > {"Ben"}


def what_the_database_says(postgres: Engine) -> None:
    def rows(sql: str) -> list[tuple[Any, ...]]:
        with postgres.connect() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(sql)]

    assert rows("SELECT version()")[0][0].startswith("PostgreSQL")
    assert rows("SELECT consent_status, count(*) FROM cam_leads GROUP BY 1 ORDER BY 1") == [("DNC", 1), ("UNKNOWN", 2)]
    assert rows("SELECT number, status FROM strategies ORDER BY 1") == [(1, "SUPERSEDED"), (2, "APPROVED")]
    assert rows("SELECT platform, status FROM content_items WHERE project_id = 1 ORDER BY 1") == [
        ("email", "PUBLISHED"), ("linkedin", "PUBLISHED"), ("twitter", "PUBLISHED"),
    ]  # fmt: skip
    assert rows("SELECT status, count(*) FROM cam_outreach_attempts GROUP BY 1 ORDER BY 1") == [
        ("SENT", 5), ("SKIPPED", 1),
    ]  # fmt: skip
    assert rows("SELECT system_paused FROM cam_safety_settings") == [(False,)]

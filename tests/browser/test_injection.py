"""Hostile text in every field, on every surface: nothing runs, nothing is fetched, and it is read as it was written."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests import injections
from tests.browser import parts
from tests.browser.conftest import Running
from tests.browser.hostile import TRAP, look, settle
from workbench import operator_services as ops
from workbench.bootstrap import Workbench
from workbench.panels.charts import as_html
from workbench.panels.strategy_document import Document
from workbench.panels.strategy_history import history

Visit = Callable[..., Page]
#: What opens something to look at, and changes nothing.
OPENS = re.compile(r"^(Edit|Versions|Regenerate|Preview|Waiting for approval|Stale creatives|.*…$)")


@pytest.fixture
def context(context: BrowserContext) -> BrowserContext:
    context.add_init_script(TRAP)
    return context


@pytest.fixture
def hostile(wb: Workbench) -> int:
    """A project of hostile texts."""
    with wb.session() as db:
        return injections.fill(db)


class Explorer:
    """Opens what there is to open and looks at it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.payloads = injections.payloads()
        self.read: dict[str, set[str]] = {}
        self.opened: set[str] = set()

    def look(self, where: str) -> None:
        settle(self.page)
        self.read[where] = look(self.page, where, self.payloads)

    def tabs(self, where: str) -> None:
        """Each tab of the page in turn, and what its first row opens."""
        tabs = self.page.get_by_role("main").get_by_role("tab").filter(visible=True)
        for index in range(tabs.count()):
            name = tabs.nth(index).inner_text()
            press(tabs.nth(index))
            self.look(f"{where}, {name}")

    def dialogs(self, where: str) -> None:
        """What the buttons open, one of each name, and the first row of a table."""
        buttons = self.page.get_by_role("main").get_by_role("button", disabled=False).filter(visible=True)
        for name in buttons.evaluate_all("buttons => buttons.map((one) => one.ariaLabel || one.innerText.trim())"):
            opens = OPENS.match(name)
            if opens and opens[1] not in self.opened:
                self.opened.add(opens[1])
                self.open(buttons.and_(self.page.get_by_role("button", name=name)), f"{where}, {opens[1]}")
        row = self.page.get_by_role("row").get_by_role("button").filter(visible=True)
        if row.count():
            self.open(row, f"{where}, a row")

    def open(self, button: Locator, where: str) -> None:
        press(button.first)
        self.look(where)
        self.close()

    def close(self) -> None:
        """Close what is open, by Escape or by its own button."""
        self.page.keyboard.press("Escape")
        settle(self.page)
        for way in ("Cancel", "close"):
            left = self.page.get_by_role("button", name=way, exact=True).filter(visible=True)
            left.evaluate_all("buttons => buttons.forEach((one) => one.click())")
            settle(self.page)

    def search(self) -> None:
        """What the palette finds."""
        self.page.keyboard.press("Control+k")
        self.page.get_by_role("combobox", name="Search or command").fill("ran")
        self.page.get_by_role("listbox", name="Found").get_by_role("option").nth(2).wait_for()
        self.look("palette")


def press(button: Locator) -> None:
    """Click it wherever it is: long texts may leave little of it to hit."""
    button.evaluate("button => button.click()", timeout=5_000)


SURFACES = {
    "command": "?page=command",
    "war room": "?page=war-room&project={id}",
    "gallery": "?page=gallery&project={id}",
    "leads": "?page=leads&project={id}",
    "control tower": "?page=control-tower&project={id}",
    "list": "?page=control-tower&view=list",
}


def test_hostile_text_in_every_field_is_text_on_every_surface(visit: Visit, page: Page, hostile: int) -> None:
    explorer = Explorer(page)
    for where, query in SURFACES.items():
        visit(query.format(id=hostile))
        explorer.look(where)
        explorer.dialogs(where)
        explorer.tabs(where)
    explorer.search()
    silent = [where for where in (*SURFACES, "palette") if len(explorer.read[where]) < 3]
    assert silent == [], "no hostile text is shown there, so nothing was proved"
    unread = set(explorer.payloads) - set().union(*explorer.read.values())
    assert unread == set()


def test_hostile_text_is_text_in_messages_in_a_saved_strategy_and_in_a_report(
    visit: Visit, page: Page, server: Running, wb: Workbench, hostile: int
) -> None:
    name = "</script><img src=x onerror=ran()>"
    visit("?page=command")
    parts.press(page, "New project")
    asked = parts.dialog(page, "New project")
    asked.get_by_label("Name of the project").fill(name)
    parts.press(asked, "Create project")
    parts.told(page, f"{name} was created.")
    expect(page).to_have_title(f"War Room · {name} · Command Center")
    explorer = Explorer(page)
    explorer.look("message")

    with wb.session() as db:
        context, revision = ops.get_project_context(db, hostile), ops.get_strategies(db, hostile)[0]
        decisions = history(ops.get_audit_log(db, project_id=hostile, entity="strategy"))
    saved = {
        "strategy": Document(context, revision, True, decisions).html(),
        "report": as_html(name, wb.charts.delivery(hostile), wb.charts.funnel(hostile)),
    }
    page.route("**/saved/*", lambda route: route.fulfill(body=saved[route.request.url.rpartition("/")[2]]))
    for where in saved:
        page.goto(f"{server.url}saved/{where}")
        explorer.look(where)
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    assert len(explorer.read["strategy"]) > 10


def test_every_table_has_a_poisoned_row(wb: Workbench, hostile: int) -> None:
    texts = set(injections.payloads())
    assert len(texts) >= 200
    clean: dict[str, Any] = {}
    with wb.session() as db:
        for table in injections.Base.metadata.sorted_tables:
            for column in injections.free_columns(table):
                if table.name in injections.OWN:
                    continue
                values = [str(value) for value in db.scalars(injections.sa.select(column)).all()]
                if values and not any(any(text[:10] in value for text in texts) for value in values):
                    clean[f"{table.name}.{column.name}"] = values[:1]
    assert clean == {}

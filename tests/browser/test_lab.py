"""``workbench lab``: the pages in a real JupyterLab. The context's fixture fails on requests to other hosts."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx
import nbformat
import pytest
from playwright.sync_api import BrowserContext, Locator, Page, Response, expect

from tests import factories, injections
from tests.browser.hostile import TRAP, look, settle
from tests.browser.parts import dialog, press, start_an_import
from tests.serving import COMMAND, HERE, free_port, running, until
from workbench import open_workbench
from workbench import operator_services as ops
from workbench.bootstrap import Workbench
from workbench.enums import StrategyStatus

#: JupyterLab, a kernel and the browser share the machine with whatever else is running.
PATIENCE = 120_000
#: A saved page is links to the scripts and its data.
LARGEST_PAGE = 500_000

PEOPLE = ("Grace Hopper", "Ada Lovelace")
#: A Wednesday.
DAY = "2099-06-03"

#: What a notebook shows beside the pages: tables, charts, printed text, and errors that quote what was asked for.
SHOWN = r"""
from IPython.display import display
import pandas as pd
pd.set_option("display.max_colwidth", None, "display.max_rows", None, "display.max_columns", None)
for view in ("attention", "pipeline", "timeline", "activity", "delivery", "cohorts", "queue_ahead", "funnel"):
    display(getattr(wb.metrics, view)())
%%
for table in ("projects", "strategies", "content_items", "cam_leads", "cam_contact_events", "audit_events"):
    display(wb.sql(f"select * from {table}"))
%%
wb.sql("select unnest($texts) as text", texts=TEXTS).style
%%
print(*TEXTS, sep="\n\n")
%%
wb.charts.delivery(1)
%%
wb.charts.funnel(1)
%%
try:
    wb.gallery("<script>ran()</script>")
except Exception:
    get_ipython().showtraceback()
wb.sql("select '<img src=x onerror=ran()>' from nowhere")
"""
#: The charts show numbers only.
SILENT = 2


@dataclass
class Lab:
    """A JupyterLab below a base URL, as behind a proxy, on a folder of notebooks."""

    url: str
    notebooks: Path
    data_dir: Path

    def kernels(self) -> str:
        return f"{self.url}api/kernels"

    def write(self, name: str, *cells: str) -> Path:
        """A notebook of these cells, which no kernel has run."""
        kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
        made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(one) for one in cells], metadata=kernel)
        path = self.notebooks / f"{name}.ipynb"
        nbformat.write(made, path)
        return path


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """JupyterLab for all tests here. It is ended as a service is: Ctrl-C makes it ask."""
    folder = tmp_path_factory.mktemp("lab")
    made = Lab(f"http://{HERE}:{free_port()}/desk/", folder / "notebooks", folder / "data")
    made.notebooks.mkdir()
    port = httpx.URL(made.url).port
    options = [
        "--no-browser", "--allow-root", "-y", "--IdentityProvider.token=", f"--ServerApp.root_dir={made.notebooks}",
        f"--ServerApp.port={port}", "--ServerApp.port_retries=0", "--ServerApp.base_url=/desk/",
        "--ServerApp.disable_check_xsrf=True",  # kernels are ended by plain requests
    ]  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
            patch.setenv(name, str(folder / name))
        with running([*COMMAND, "lab", *options], f"{made.url}lab", made.data_dir, stop_with=signal.SIGTERM):
            yield made


@pytest.fixture
def lab(started: Lab) -> Iterator[Lab]:
    """JupyterLab, with the kernels of a test ended after it."""
    yield started
    for session in httpx.get(f"{started.url}api/sessions").json():
        httpx.delete(f"{started.url}api/sessions/{session['id']}").raise_for_status()


@pytest.fixture
def wb(tmp_path: Path) -> Iterator[Workbench]:
    """The workbench whose data folder a notebook opens too."""
    made = open_workbench(data_dir=tmp_path / "data")
    yield made
    made.close()


def kernel_is_ready(lab: Lab) -> bool:
    """Whether the notebook's kernel waits for work. Jupyter may answer with an error while it starts one."""
    answer = httpx.get(lab.kernels(), timeout=20)
    return answer.is_success and any(
        (kernel["connections"] or 0) > 0 and kernel["execution_state"] == "idle" for kernel in answer.json()
    )


def run_all_cells(page: Page, lab: Lab, notebook: Path) -> None:
    """Open the notebook and run it from top to bottom."""
    page.set_default_timeout(PATIENCE)
    page.goto(f"{lab.url}lab/tree/{notebook.name}?reset")
    # Before its kernel answers, JupyterLab shows it as idle too, and asks which one to run the cells in.
    until(
        lambda: kernel_is_ready(lab),
        "the notebook has its kernel",
        seconds=PATIENCE / 1000,
        pause=lambda: page.wait_for_timeout(200),
    )
    page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").wait_for()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).click()


def saved(page: Page, notebook: Path) -> str:
    """The notebook as JupyterLab writes it to the disk."""

    def is_saving(answer: Response) -> bool:
        return answer.request.method == "PUT" and f"/api/contents/{notebook.name}" in answer.url

    with page.expect_response(is_saving, timeout=PATIENCE) as saving:
        page.get_by_role("menuitem", name="File", exact=True).click()
        page.get_by_text("Save Notebook", exact=True).click()
    assert saving.value.ok
    return notebook.read_text()


def comes_true(page: Page, true: Callable[[], object], what: str) -> None:
    """What a click does is shown before the database has it."""
    until(true, what, pause=lambda: page.wait_for_timeout(200))


def opening(wb: Workbench) -> str:
    return f"from workbench import open_workbench\nwb = open_workbench(data_dir={str(wb.settings.data_dir)!r})"


def test_a_page_in_jupyterlab_acts_on_the_database_and_asks_nobody_else(lab: Lab, page: Page) -> None:
    notebook = lab.write("desk", "from workbench import open_workbench\nwb = open_workbench()", "wb.command()")
    run_all_cells(page, lab, notebook)

    page.get_by_role("button", name="New project").first.click()
    page.get_by_label("Name of the project").click()
    page.keyboard.type("Added by hand")  # a, b and dd are also what JupyterLab makes and deletes cells with
    page.get_by_role("button", name="Create project").click()

    page.get_by_text("Added by hand was created.").wait_for()
    expect(page.get_by_text("Project Added by hand created")).to_be_visible(timeout=PATIENCE)
    expect(page.locator(".jp-CodeCell")).to_have_count(2)
    there = page.get_by_role("region", name=re.compile("^Strategy, "))
    page.get_by_role("listitem", name=re.compile("Added by hand")).drag_to(there)
    expect(there.get_by_role("listitem")).to_have_count(1, timeout=PATIENCE)
    expect(page.get_by_text("Jupyter news")).to_have_count(0)
    wb = open_workbench(data_dir=lab.data_dir)

    def is_there() -> bool:
        with wb.session() as db:
            return [(row["name"], row["state"]) for row in ops.list_projects(db)] == [("Added by hand", "STRATEGY")]

    comes_true(page, is_there, "the project is at its strategy")
    wb.close()
    # What is saved holds links to the scripts, not the scripts.
    assert "workbench-static" in saved(page, notebook)
    assert notebook.stat().st_size < LARGEST_PAGE


@pytest.fixture
def project_id(wb: Workbench) -> int:
    """A strategy that waits for approval, two drafts, a post planned for a Wednesday, and people."""
    with wb.session() as db:
        project = factories.project(db, client="Northwind Coffee", name="Autumn launch", timezone="Europe/Berlin")
        factories.strategy(db, project, status=StrategyStatus.APPROVED)
        factories.strategy(db, project, text="# Plan\n\nOwn the weekend ritual.")
        factories.creative(db, project, "linkedin", title="The ritual", body_text="Make time for it.")
        factories.creative(db, project, "twitter", title="Another", body_text="Not this one.")
        planned = factories.creative(db, project, "linkedin", title="On the third", body_text="Hello")
        local = {"local_time": f"{DAY}T09:00:00", "timezone": "Europe/Berlin"}
        factories.queued(db, planned, datetime.fromisoformat(f"{DAY}T09:00:00+02:00"), **local)
        campaign = factories.campaign(db, project, name="Carriers")
        for name in PEOPLE:
            factories.lead(db, campaign, name=name, email=f"{name.split()[0].lower()}@example.com")
        db.commit()
        return project.id


def test_every_page_is_worked_with_in_jupyterlab(lab: Lab, page: Page, wb: Workbench, project_id: int) -> None:
    """Each part leaves something in the database."""
    names = ("war_room", "gallery", "leads", "control_tower")
    small = "from workbench.services import lead_import\nlead_import.CHUNK = 20"
    june = f"tower = wb.control_tower({project_id})\ntower.state.filters = {{'date': '{DAY}'}}\ntower"
    shown = [f"wb.{name}({project_id})" for name in names[:-1]]
    notebook = lab.write("pages", f"{opening(wb)}\n{small}", *shown, june)
    run_all_cells(page, lab, notebook)
    cells = {name: page.locator(".jp-CodeCell").nth(place) for place, name in enumerate(names, 1)}

    press(cells["war_room"], "Approve…")
    press(dialog(page, "Approve revision 2"), "Approve revision 2")
    expect(cells["war_room"].get_by_text("Approved, in force by")).to_be_visible()

    edit_in_place(page, cells["gallery"])

    people = cells["leads"]
    people.get_by_role("textbox", name="Search").fill("grace")
    people.get_by_role("textbox", name="Search").press("Enter")
    expect(people.locator("tbody tr")).to_have_count(1)
    people.locator("tbody tr").get_by_role("button").first.click()
    expect(dialog(page, "Grace Hopper")).to_contain_text("grace@example.com")
    press(dialog(page, "Grace Hopper"), re.compile("close", re.IGNORECASE))
    stands = cancel_an_import(page, people)

    tower = cells["control_tower"]
    move_by_keyboard(page, tower)
    press(tower, "Pause LinkedIn")
    dialog(page, re.compile("Pause")).get_by_label("Reason").fill("token expired")
    press(page, "Pause now")
    expect(tower.get_by_text("paused: token expired")).to_be_visible()

    with wb.session() as db:
        assert ops.get_project_context(db, project_id)["approved_number"] == 2
        texts = {row["title"]: row["body_text"] for row in ops.get_creatives_for_project(db, project_id)}
        assert texts["The ritual"] == "Make time for it, daily."
        assert 0 < ops.count_leads(db, project_id=project_id) - len(PEOPLE) == stands < 4_000
        assert [row["local_time"] for row in ops.get_queue(db)] == ["2099-06-10T09:00:00"]
        assert ops.get_gateway_status(db)["linkedin"]["paused"]
    press(tower, "Resume LinkedIn")
    press(dialog(page, re.compile("Resume")), "Resume")
    expect(tower.get_by_role("button", name="Pause LinkedIn")).to_be_visible()
    with wb.session() as db:
        assert not ops.get_gateway_status(db)["linkedin"]["paused"]
    saved(page, notebook)
    assert notebook.stat().st_size < len(names) * LARGEST_PAGE


def edit_in_place(page: Page, gallery: Locator) -> None:
    gallery.get_by_role("textbox", name="Search").fill("ritual")
    gallery.get_by_role("textbox", name="Search").press("Enter")
    card = gallery.get_by_role("region", name="Creatives").get_by_role("listitem")
    expect(card).to_have_count(1)
    press(card, re.compile("^Edit"))
    text = gallery.get_by_label("Text", exact=True)
    text.press("End")
    text.press("Control+k")  # JupyterLab's, if anybody's: the palette is the application's
    expect(page.get_by_role("combobox", name="Search or command")).to_have_count(0)
    text.fill("Make time for it, daily.")
    text.press("Control+Enter")
    expect(gallery.get_by_text("Saved as version 2")).to_be_visible()


def cancel_an_import(page: Page, people: Locator) -> int:
    """Answers how many rows the page says are in."""
    importing = start_an_import(page, people)
    press(importing, re.compile("^Cancel the import"))
    stopped = importing.get_by_text(re.compile("Cancelled: .* of 4,000 rows were dealt with, and that stays"))
    expect(stopped).to_be_visible()
    said = re.search(r"([\d,]+) of 4,000", stopped.inner_text())
    assert said
    press(importing, "Show the leads")
    expect(page.get_by_role("dialog")).to_have_count(0)
    return int(said[1].replace(",", ""))


def move_by_keyboard(page: Page, tower: Locator) -> None:
    post = tower.get_by_role("button", name=re.compile(r"^09:00 On the third,"))
    post.focus()
    page.keyboard.press("Shift+ArrowDown")  # which in JupyterLab selects cells
    press(dialog(page, "Another time?"), "Reschedule")
    there = tower.get_by_role("gridcell", name=re.compile("^Wednesday 10 June 2099,"))
    expect(there).to_contain_text("On the third")


def test_hostile_text_is_text_in_jupyterlab(lab: Lab, page: Page, context: BrowserContext, wb: Workbench) -> None:
    """A page in each cell, and what else a notebook shows: nothing runs, and all can be read."""
    context.add_init_script(TRAP)
    with wb.session() as db:
        project_id = injections.fill(db)
    pages = ["wb.command()", *(f"wb.{one}({project_id})" for one in ("war_room", "gallery", "leads", "control_tower"))]
    others = [cell.strip() for cell in SHOWN.split("%%")]
    notebook = lab.write("hostile", f"{opening(wb)}\nTEXTS = {injections.payloads()!r}", *pages, *others)
    run_all_cells(page, lab, notebook)
    cells = page.locator(".jp-CodeCell")
    expect(cells.last.get_by_text("QueryError").first).to_be_visible(timeout=PATIENCE)
    expect(cells.nth(len(pages)).get_by_role("region", name="Calendar")).to_be_visible(timeout=PATIENCE)
    settle(page)
    cells.evaluate_all("cells => cells.forEach((cell, place) => { cell.dataset.place = place })")
    payloads = injections.payloads()
    read = [
        look(page, shown, payloads, within=f"[data-place='{place}'] .jp-OutputArea")
        for place, shown in enumerate([*pages, *others], 1)
    ]
    assert len([texts for texts in read if not texts]) == SILENT, "no hostile text is shown there"
    assert set(payloads) - set().union(*read) == set()

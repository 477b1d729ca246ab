"""``workbench lab``: the pages in a real JupyterLab. The context's fixture fails on requests to other hosts."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import nbformat
import pytest
from playwright.sync_api import Page, Response, expect

from tests.serving import COMMAND, HERE, free_port, running, until
from workbench import open_workbench
from workbench.operator_services import list_projects

#: JupyterLab, a kernel and the browser share the machine with whatever else is running.
PATIENCE = 120_000
CELLS = ["from workbench import open_workbench\nwb = open_workbench()", "wb.command()"]


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    cells = [nbformat.v4.new_code_cell(source) for source in CELLS]
    made = nbformat.v4.new_notebook(cells=cells, metadata=kernel)
    path = tmp_path / "notebooks" / "desk.ipynb"
    path.parent.mkdir()
    nbformat.write(made, path)
    return path


@pytest.fixture
def lab(tmp_path: Path, data_dir: Path, notebook: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """JupyterLab's address, below a base URL as behind a proxy. It is ended as a service is: Ctrl-C makes it ask."""
    for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
        monkeypatch.setenv(name, str(tmp_path / name))
    port = free_port()
    address = f"http://{HERE}:{port}/desk/lab"
    options = [
        "--no-browser", "--allow-root", "-y", "--IdentityProvider.token=", f"--ServerApp.root_dir={notebook.parent}",
        f"--ServerApp.port={port}", "--ServerApp.port_retries=0", "--ServerApp.base_url=/desk/",
    ]  # fmt: skip
    with running([*COMMAND, "lab", *options], address, data_dir, stop_with=signal.SIGTERM):
        yield address


def kernel_is_ready(lab: str) -> bool:
    """Whether the notebook's kernel waits for work. Jupyter may answer with an error while it starts one."""
    answer = httpx.get(f"{lab.removesuffix('/lab')}/api/kernels", timeout=20)
    return answer.is_success and any(
        (kernel["connections"] or 0) > 0 and kernel["execution_state"] == "idle" for kernel in answer.json()
    )


def run_all_cells(page: Page, lab: str, notebook: Path) -> None:
    """Open the notebook and run it from top to bottom."""
    page.set_default_timeout(PATIENCE)
    page.goto(f"{lab}/tree/{notebook.name}?reset")
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


def test_a_page_in_jupyterlab_acts_on_the_database_and_asks_nobody_else(
    lab: str, page: Page, data_dir: Path, notebook: Path
) -> None:
    run_all_cells(page, lab, notebook)

    page.get_by_role("button", name="New project").first.click()
    page.get_by_label("Name of the project").click()
    page.keyboard.type("Added by hand")  # a, b and dd are also what JupyterLab makes and deletes cells with
    page.get_by_role("button", name="Create project").click()

    page.get_by_text("Added by hand was created.").wait_for()
    expect(page.get_by_text("Project Added by hand created")).to_be_visible(timeout=PATIENCE)
    expect(page.locator(".jp-CodeCell")).to_have_count(len(CELLS))
    there = page.get_by_role("region", name=re.compile("^Strategy, "))
    page.get_by_role("listitem", name=re.compile("Added by hand")).drag_to(there)
    expect(there.get_by_role("listitem")).to_have_count(1, timeout=PATIENCE)
    expect(page.get_by_text("Jupyter news")).to_have_count(0)
    wb = open_workbench(data_dir=data_dir)

    def is_there() -> bool:  # the card lands before the database has it
        with wb.session() as db:
            return [(row["name"], row["state"]) for row in list_projects(db)] == [("Added by hand", "STRATEGY")]

    until(is_there, "the project is at its strategy", pause=lambda: page.wait_for_timeout(200))
    wb.close()

    # What is saved holds links to the scripts, not the scripts.
    def is_saving(answer: Response) -> bool:
        return answer.request.method == "PUT" and f"/api/contents/{notebook.name}" in answer.url

    with page.expect_response(is_saving, timeout=PATIENCE) as saved:
        page.get_by_role("menuitem", name="File", exact=True).click()
        page.get_by_text("Save Notebook", exact=True).click()
    assert saved.value.ok
    assert "workbench-static" in notebook.read_text()
    assert notebook.stat().st_size < 500_000

"""``workbench serve`` as a person starts it: a process of its own, on a real port, with its worker."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import panel_material_ui  # noqa: F401 - so that this process knows the models of the page
import psutil
import pytest
from bokeh.client import pull_session

from tests import factories
from tests.serving import COMMAND, free_port, running, serving, until
from workbench import Workbench, open_workbench
from workbench.db import transaction
from workbench.operator_services import add_user, get_lead, get_workers
from workbench.secret import secret_key
from workbench.services.unsubscribe import make_token

PASSWORD = "correct horse battery"


@pytest.fixture
def wb(tmp_path: Path) -> Iterator[Workbench]:
    """The workbench the server will serve, opened beside it."""
    made = open_workbench(data_dir=tmp_path)
    yield made
    made.close()


def test_one_command_serves_with_a_worker_and_ctrl_c_stops_both(wb: Workbench) -> None:
    with serving(wb.settings.data_dir) as (address, process):
        page = httpx.get(address, timeout=60)
        assert page.status_code == 200
        assert not re.search(r"(?:src|href)=[\"']https?://", page.text), "the page refers to another host"
        children = psutil.Process(process.pid).children(recursive=True)
        assert children, "no worker runs beside the app"
        with wb.session() as db:
            until(lambda: any(worker["alive"] for worker in get_workers(db)), "the worker shows a sign of life")
    assert process.returncode == 0
    gone, alive = psutil.wait_procs(children, timeout=30)
    assert (len(gone), alive) == (len(children), [])


def test_following_an_unsubscribe_link_changes_nothing_and_posting_to_it_acts(wb: Workbench) -> None:
    with wb.session() as db:
        with transaction(db, write=True):
            person = factories.lead(db, factories.campaign(db, factories.project(db)))
            lead_id, address_norm = person.id, str(person.email_norm)
            token = make_token(secret_key(wb.settings), lead_id, address_norm)
        with serving(wb.settings.data_dir, "--no-worker") as (address, _):
            link = f"{address}/unsubscribe/{token}"
            asked = httpx.get(link, timeout=60)
            assert asked.status_code == 200
            assert '<form method="post">' in asked.text
            assert address_norm not in asked.text
            assert get_lead(db, lead_id)["lead"]["suppressed"] is False

            # As a mailbox provider does it (RFC 8058): one POST, this body, no cookie.
            done = httpx.post(link, data={"List-Unsubscribe": "One-Click"}, timeout=60)
            assert done.status_code == 200
            assert get_lead(db, lead_id)["lead"]["suppressed"] is True
            assert httpx.post(link, timeout=60).status_code == 200, "a second time is harmless"

            forged = httpx.post(f"{address}/unsubscribe/{token[:-2]}xx", timeout=60)
            assert forged.status_code == 404
            assert "default-src 'none'" in forged.headers["Content-Security-Policy"]


def test_with_users_everybody_signs_in(wb: Workbench) -> None:
    with wb.session() as db:
        add_user(db, "Maya", "admin", PASSWORD)
    with (
        serving(wb.settings.data_dir, "--no-worker") as (address, _),
        httpx.Client(base_url=address, timeout=60) as browser,
    ):
        turned_away = browser.get("/")
        assert turned_away.status_code == 302
        assert "login" in turned_away.headers["location"]
        assert "http" not in re.sub(r"<!doctype.*?>", "", browser.get("/login").text), "the sign-in page loads nothing"

        wrong = browser.post("/login", data={"username": "<b>Maya", "password": "wrong"})
        assert wrong.status_code == 403
        assert "&lt;b&gt;Maya" in wrong.text

        asked = browser.get("/?page=leads&q=Ann").headers["location"]
        right = browser.post(asked, data={"username": "maya", "password": PASSWORD})
        assert right.headers["location"] == "/?page=leads&q=Ann"
        assert right.status_code == 302
        cookie = right.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert browser.get("/").status_code == 200
        assert browser.get("/logout").headers["location"] == "/login"
        assert browser.get("/").status_code == 302

        for _ in range(5):
            browser.post("/login", data={"username": "Omar", "password": "wrong"})
        blocked = browser.post("/login", data={"username": "Omar", "password": PASSWORD})
        assert blocked.status_code == 429


def _refused(wb: Workbench, *arguments: str) -> str:
    environment = {**os.environ, "WORKBENCH_DATA_DIR": str(wb.settings.data_dir)}
    done = subprocess.run(
        [*COMMAND, "serve", "--no-worker", *arguments], env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    return done.stderr


def test_a_server_that_others_can_reach_refuses_to_run_without_sign_in(wb: Workbench) -> None:
    assert "workbench users add" in _refused(wb, "--address", "0.0.0.0", "--port", str(free_port()))


def test_a_port_that_is_taken_is_named(wb: Workbench) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        taken = str(listener.getsockname()[1])
        assert f"Port {taken}" in _refused(wb, "--port", taken)


def _models_of(address: str) -> str:
    """What the server at ``address`` tells a browser to show."""
    with pull_session(url=address) as session:
        return str(session.document.to_json())


def test_panel_serve_bound_to_everything_shows_why_it_shows_nothing(wb: Workbench) -> None:
    app = Path(__file__).parents[2] / "panel_app.py"
    port = free_port()
    address = f"http://127.0.0.1:{port}/panel_app"
    command = [sys.executable, "-m", "panel", "serve", str(app), "--port", str(port)]
    origin = ["--allow-websocket-origin", f"127.0.0.1:{port}"]
    # In a thread of its own: a browser test before this one leaves its event loop running in the main thread.
    with (
        running([*command, *origin], address, wb.settings.data_dir, signal.SIGTERM),
        ThreadPoolExecutor(1) as thread,
    ):
        models = thread.submit(_models_of, address).result(timeout=60)
    assert "workbench users add" in models
    assert "Control Tower" not in models

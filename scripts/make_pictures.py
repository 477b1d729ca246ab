"""Take the pictures under docs/pictures from the real thing: ``make pictures``.

A demo agency made for one fixed moment, at which both the server's and the browser's time stand still, so that the
same code makes the same pictures. Needs the Chromium that the browser tests use (``make chromium`` finds one).
"""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import Browser, sync_playwright

from workbench import Workbench, open_workbench
from workbench.clock import now
from workbench.db import transaction
from workbench.models import WorkerHeartbeat
from workbench.web import make_server

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "pictures"
AS_OF = "2026-11-20T09:00:00Z"
WHO = "Maya Lindqvist"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
WIDE, NARROW = (1440, 900), (390, 844)


class Picture(NamedTuple):
    name: str
    query: str
    #: A text of the page that stands there when its data have arrived.
    sign: str
    size: tuple[int, int] = WIDE
    dark: bool = False


def pictures() -> Iterator[Picture]:
    """Every page, light and dark, wide and as a phone shows it; and some of what they open."""
    for page in (
        Picture("command", "?page=command", "Activity"),
        Picture("war-room", "?page=war-room&project=2", "Brief"),
        Picture("gallery", "?page=gallery&project=1", "1–24 of"),
        Picture("leads", "?page=leads&intent=high", "1–50 of"),
        Picture("control-tower", "?page=control-tower", "November 2026"),
    ):
        yield page
        yield page._replace(name=f"{page.name}-dark", dark=True)
        yield page._replace(name=f"{page.name}-narrow", size=NARROW)
        yield page._replace(name=f"{page.name}-narrow-dark", size=NARROW, dark=True)
    yield Picture("war-room-changes", "?page=war-room&project=2&view=changes", "Target niche")
    yield Picture("control-tower-week", "?page=control-tower&view=week&project=3", "16 – 22 Nov 2026")
    yield Picture("control-tower-list", "?page=control-tower&view=list", "Why it is not going out")
    yield Picture("control-tower-charts", "?page=control-tower&show=charts", "Success rate")
    yield Picture("control-tower-charts-dark", "?page=control-tower&show=charts", "Success rate", dark=True)


def show_a_worker(wb: Workbench) -> None:
    """As when a worker runs beside the app; a real one would write its host's name and process into the picture."""
    with wb.session() as db, transaction(db, write=True):
        db.add(WorkerHeartbeat(worker_id="studio:4217:pictures", host="studio", pid=4217))


@contextmanager
def served(wb: Workbench) -> Iterator[str]:
    """The address of a server for ``wb``, in a thread of this process: its time stands still here."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ready, servers = threading.Event(), list[Any]()

    def run() -> None:
        asyncio.set_event_loop(asyncio.new_event_loop())
        server = make_server(wb, port=port)
        servers.append(server)
        server.start()
        server.io_loop.add_callback(ready.set)
        server.io_loop.start()

    threading.Thread(target=run, daemon=True).start()
    ready.wait(60)
    yield f"http://127.0.0.1:{port}/"
    servers[0].io_loop.add_callback(servers[0].io_loop.stop)


def take(browser: Browser, address: str, picture: Picture, moment: datetime) -> None:
    width, height = picture.size
    context = browser.new_context(
        viewport={"width": width, "height": height}, reduced_motion="reduce", timezone_id="UTC", locale="en-GB"
    )
    page = context.new_page()
    page.clock.set_fixed_time(moment)
    page.goto(address + picture.query + ("&theme=dark" if picture.dark else ""))
    page.get_by_text(picture.sign).filter(visible=True).first.wait_for(timeout=60_000)
    page.wait_for_load_state("networkidle")
    page.evaluate("document.fonts.ready")
    target = FOLDER / f"{picture.name}.png"
    page.screenshot(path=target, animations="disabled", caret="hide")
    context.close()
    print(f"{target.relative_to(ROOT)}  {target.stat().st_size // 1024} KB")


def main() -> None:
    found = ROOT / ".venv" / "chromium-path"
    chromium = os.environ.get("CHROMIUM") or (found.read_text().strip() if found.exists() else None)
    FOLDER.mkdir(parents=True, exist_ok=True)
    wb = open_workbench(demo=True, as_of=AS_OF, actor=WHO)
    # On loopback, without users, the person would be whoever runs this.
    wb.acting_as = lambda name: wb  # type: ignore[method-assign]
    show_a_worker(wb)
    with served(wb) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        for picture in pictures():
            take(browser, address, picture, now())
        browser.close()
    wb.close()


if __name__ == "__main__":
    main()

"""The pages under load: the first load, going from page to page, clicks with many pages open, memory over many visits.

``workbench serve`` runs on demo data in a process of its own. A real Chromium takes the first two; the others need a
hundred open pages, which :mod:`tests.screens` keeps open over the real websocket.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path
from typing import Final

import httpx
import psutil

from benchmarks.load_browser import SIGNS, chromium, first_load, page_switches
from benchmarks.load_empty import SIGN
from tests.screens import PATIENCE_SECONDS, Screen, Sign
from tests.serving import HERE, free_port, running, serving

ROUNDS: Final = 10
SCREENS: Final = 100
#: Each person clicks about so often, for a minute.
THINK_SECONDS: Final = 10.0
CLICKING_SECONDS: Final = 60.0
VISITS: Final = 200
#: Bokeh looks every 17 seconds for sessions that nobody has been connected to for 15.
FORGOTTEN_SECONDS: Final = 40.0

#: What somebody on each page does, over and over; every tenth round on the board is a move, which everybody sees.
Click = Callable[[Screen], Awaitable[float]]


def main() -> None:
    with serving(Path(tempfile.mkdtemp()), "--demo", "--no-worker") as (address, process):
        address += "/"
        _print_first_load(address)
        _print_switches(address)
        server = psutil.Process(process.pid)
        asyncio.run(_print_clicks(address, server))
        asyncio.run(_print_memory(address, server))


# In the browser


def _print_first_load(address: str) -> None:
    mine: list[float] = []
    empty: list[float] = []
    with _empty_page() as bare, chromium() as browser:
        for _ in range(ROUNDS):
            mine.append(first_load(browser, address, SIGNS["Command"]))
            empty.append(first_load(browser, bare, SIGN))
    ours, theirs = statistics.median(mine), statistics.median(empty)
    print(
        f"first load, nothing cached, median of {ROUNDS}: {ours / theirs:.2f} times an empty panel-material-ui page"
        f" (target 1.7)   {ours:.2f} s against {theirs:.2f} s",
        flush=True,
    )


@contextmanager
def _empty_page() -> Iterator[str]:
    port = free_port()
    address = f"http://{HERE}:{port}/"
    with running([sys.executable, "-m", "benchmarks.load_empty", str(port)], address, Path(tempfile.mkdtemp())):
        yield address


def _print_switches(address: str) -> None:
    with chromium() as browser:
        rounds = [page_switches(browser, address) for _ in range(3)]
    for name in SIGNS:
        first, again = (statistics.median(taken[name][which] for taken in rounds) for which in (0, 1))
        opened = f"{first * 1000:4.0f} ms when it is opened, " if name != "Command" else ""
        print(f"to {name:13}: {opened}{again * 1000:4.0f} ms when it is come back to (target 300 ms)", flush=True)


# Over the websocket


async def _print_clicks(address: str, server: psutil.Process) -> None:
    taken: dict[str, list[float]] = defaultdict(list)
    async with httpx.AsyncClient(timeout=120) as client:
        screens = []
        for number, (query, clicks) in enumerate(islice(cycle(_PEOPLE), SCREENS)):
            screens.append((number, await Screen.open(client, address, query), clicks))
        for _, screen, clicks in screens:  # pages that are opened for the first time are measured in the browser
            for click in clicks.values():
                await click(screen)
        await asyncio.sleep(5)
        used = sum(server.cpu_times()[:2])
        end = time.monotonic() + CLICKING_SECONDS
        await asyncio.gather(*(_click_until(end, taken, *each) for each in screens))
        used = sum(server.cpu_times()[:2]) - used
        await asyncio.gather(*(screen.close() for _, screen, _ in screens))
    everything = [seconds for each in taken.values() for seconds in each]
    for name, each in sorted(taken.items()):
        print(f"  {name:22} {_p95(each) * 1000:4.0f} ms at the 95th percentile of {len(each)}", flush=True)
    print(
        f"{SCREENS} open pages, {len(everything)} clicks: {_p95(everything) * 1000:.0f} ms at the 95th percentile"
        f" (target 150 ms), {statistics.median(everything) * 1000:.0f} ms at the median;"
        f" the server used {used / CLICKING_SECONDS:.0%} of a core",
        flush=True,
    )


async def _click_until(
    end: float, taken: dict[str, list[float]], number: int, screen: Screen, clicks: dict[str, Click]
) -> None:
    chance = random.Random(number)  # so that every run clicks alike
    await asyncio.sleep(chance.uniform(0, THINK_SECONDS))
    for name, click in cycle(clicks.items()):
        if time.monotonic() >= end:
            return
        try:
            taken[name].append(await click(screen))
        except TimeoutError:
            taken[name].append(PATIENCE_SECONDS)
            print(f"  Nothing answered this click in {PATIENCE_SECONDS:.0f} s: {name}", flush=True)
        await asyncio.sleep(chance.uniform(0.5, 1.5) * THINK_SECONDS)


def _p95(seconds: list[float]) -> float:
    return statistics.quantiles(seconds, n=20)[-1] if len(seconds) > 1 else seconds[0]


async def _tab(screen: Screen, page: str) -> float:
    return await screen.message("Strip", screen.changed("Strip", "page"), type="go", page=page)


async def _choose_project(screen: Screen, project: int) -> float:
    return await screen.message("TopBar", screen.changed("TopBar", "project_id"), type="project", id=project)


async def _move_card(screen: Screen) -> float:
    """The demo's project 8 is done; it is opened again, and finished again by the next who clicks."""
    now = {card["id"]: card["state"] for card in screen.latest("Board")["cards"]}
    other = "EXECUTION" if now[8] == "DONE" else "DONE"
    return await screen.message("Board", screen.changed("Board", "cards"), type="move", id=8, state=other)


async def _new_project(screen: Screen) -> float:
    """Open the dialog, and close it for the next time. It is made when it is first opened, then kept."""
    try:
        answered = screen.changed("Dialog", "open")
    except LookupError:
        answered = screen.shown("Dialog")
    taken = await screen.message("Board", answered, type="add")
    await screen.set("Dialog", "open", False)
    return taken


async def _filter(screen: Screen, label: str, values: tuple[str, str], answered: Sign) -> float:
    """Set a filter to whichever of the two labels it does not show."""
    value = values[screen.latest("Select", label=label).get("value") == values[0]]
    return await screen.choose("Select", answered, label=label, value=value)


async def _edit(screen: Screen) -> float:
    id = next(item["id"] for item in screen.latest("CreativeGrid")["items"] if "edit" in item["actions"])
    return await screen.message(
        "CreativeGrid", screen.changed("CreativeGrid", "editing"), type="act", key="edit", id=id
    )


async def _select(screen: Screen) -> float:
    grid = screen.latest("CreativeGrid")
    ids, on = [item["id"] for item in grid["items"][:3]], not grid.get("selected")
    answered = screen.changed("CreativeGrid", "selected")
    return await screen.message("CreativeGrid", answered, type="choose", ids=ids, on=on)


_COMMAND: Final[dict[str, Click]] = {
    "choose a project": lambda screen: _choose_project(screen, 1),
    "open a dialog": _new_project,
    "choose none": lambda screen: _choose_project(screen, 0),
    "go to Leads": lambda screen: _tab(screen, "leads"),
    "come back": lambda screen: _tab(screen, "command"),
}
_GALLERY: Final[dict[str, Click]] = {
    "filter creatives": lambda screen: _filter(
        screen, "Platform", ("LinkedIn", "Email"), screen.changed("CreativeGrid", "items")
    ),
    "select creatives": _select,
    "edit a creative": _edit,
    "go to the War Room": lambda screen: _tab(screen, "war-room"),
    "come back": lambda screen: _tab(screen, "gallery"),
}
_LEADS: Final[dict[str, Click]] = {
    "filter leads": lambda screen: _filter(
        screen, "Consent", ("Not asked", "Consented"), screen.changed("Table", "total", label="Leads")
    ),
    "go to Control Tower": lambda screen: _tab(screen, "control-tower"),
    "come back": lambda screen: _tab(screen, "leads"),
}
_TOWER: Final[dict[str, Click]] = {
    "go to Command": lambda screen: _tab(screen, "command"),
    "come back": lambda screen: _tab(screen, "control-tower"),
}
#: Who looks at what, again and again until there are enough of them: address and clicks.
_PEOPLE: Final[list[tuple[str, dict[str, Click]]]] = [
    ("?page=command", _COMMAND),
    ("?page=gallery&project=1", _GALLERY),
    ("?page=leads&project=2", _LEADS),
    ("?page=command", _COMMAND),
    ("?page=control-tower", _TOWER),
    ("?page=gallery&project=3", _GALLERY),
    ("?page=command", _COMMAND),
    ("?page=command", {"move a card": _move_card, **_COMMAND}),
    ("?page=gallery&project=2", _GALLERY),
    ("?page=leads", _LEADS),
]


async def _print_memory(address: str, server: psutil.Process) -> None:
    async with httpx.AsyncClient(timeout=120) as client:
        await _visit(client, address, VISITS // 4)
        await asyncio.sleep(FORGOTTEN_SECONDS)
        before = server.memory_info().rss
        await _visit(client, address, VISITS)
        await asyncio.sleep(FORGOTTEN_SECONDS)
        left = server.memory_info().rss - before
    print(
        f"memory after {VISITS} visits: {left / 2**20:+.0f} MB of {before / 2**20:.0f} MB (target 0)",
        flush=True,
    )


async def _visit(client: httpx.AsyncClient, address: str, times: int) -> None:
    for _ in range(times):
        await (await Screen.open(client, address)).close()


if __name__ == "__main__":
    main()

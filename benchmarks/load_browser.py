"""What a person at a browser waits for: the first load with nothing cached, and going from page to page.

Times are taken by Chromium itself, from the start of the navigation (or the click) to the frame in which the text that
tells that the page is there can be seen.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
FOUND = Path(__file__).parents[1] / ".venv" / "chromium-path"
PATIENCE_MS = 60_000

#: A text that can be seen once the page's data have arrived.
SIGNS = {
    "Command": "Activity",
    "War Room": "Pause project",
    "Gallery": "1–24 of",
    "Leads": "1–50 of",
    "Control Tower": "Month",
}

_SEEING = """
function* texts(root) {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT)
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (node.nodeType === Node.TEXT_NODE) { yield node } else if (node.shadowRoot) { yield* texts(node.shadowRoot) }
  }
}
const found = (words, selector = "*") => {
  for (const node of texts(document)) {
    const element = node.parentElement
    if (node.data.includes(words) && element?.matches(selector) && element.checkVisibility()) { return element }
  }
}
"""
_SEEN_AT = f"(words) => {{ {_SEEING} return found(words) ? performance.now() : 0 }}"
_SWITCH = f"""async ([tab, words]) => {{ {_SEEING}
  const link = found(tab, "a.tab")
  const began = performance.now()
  link.click()
  while (!found(words)) {{ await new Promise(requestAnimationFrame) }}
  return performance.now() - began
}}"""


@contextmanager
def chromium() -> Iterator[Browser]:
    path = os.environ.get("CHROMIUM") or (FOUND.read_text().strip() if FOUND.exists() else None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


def first_load(browser: Browser, address: str, sign: str) -> float:
    """Seconds from nothing to ``sign`` on the screen, in a browser that has never seen the page."""
    with browser.new_context(viewport={"width": 1440, "height": 900}) as context:
        page = context.new_page()
        page.goto(address, wait_until="commit", timeout=PATIENCE_MS)
        seen = page.wait_for_function(_SEEN_AT, arg=sign, polling="raf", timeout=PATIENCE_MS)
        return float(seen.json_value()) / 1000


def page_switches(browser: Browser, address: str) -> dict[str, tuple[float, float]]:
    """Page -> seconds until it stands there: when it is opened for the first time, and when it is come back to."""
    first: dict[str, float] = {}
    again: dict[str, float] = {}
    with browser.new_context(viewport={"width": 1440, "height": 900}) as context:
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.goto(f"{address}?page=command&project=1")
        page.wait_for_function(_SEEN_AT, arg=SIGNS["Command"], polling="raf")
        order = [name for name in SIGNS if name != "Command"]
        for taken, names in ((first, order), (again, ["Command", *order])):
            for name in names:
                page.wait_for_timeout(1500)  # what the page before still does is not this one's
                taken[name] = page.evaluate(_SWITCH, [name, SIGNS[name]]) / 1000
    return {name: (first.get(name, again[name]), again[name]) for name in SIGNS}

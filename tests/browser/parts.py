"""What the tests of several pages look for and press."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import Locator, Page, expect

from workbench.services.progress import Progress


def dialog(page: Page, title: str | re.Pattern[str]) -> Locator:
    """The open dialog of this title."""
    found = page.get_by_role("dialog").filter(has=page.get_by_role("heading", name=title))
    expect(found).to_be_visible()
    return found


def told(page: Page, words: str | re.Pattern[str]) -> Locator:
    """The message, on the screen, that says so."""
    message = page.get_by_role("region", name="Messages").get_by_role("status").filter(has_text=words)
    expect(message).to_be_visible()
    return message


def press(where: Page | Locator, name: str | re.Pattern[str]) -> None:
    """Press the button of this name."""
    where.get_by_role("button", name=name, exact=isinstance(name, str)).click()


def start_an_import(page: Page, where: Page | Locator) -> Locator:
    """Import a file of 4,000 people; answers the dialog in which it goes on."""
    press(where, "Import leads")
    importing = dialog(page, "Import leads")
    file = "name,email\n" + "".join(f"New {n},new{n}@example.com\n" for n in range(4_000))
    importing.locator("input[type=file]").set_input_files(
        {"name": "people.csv", "mimeType": "text/csv", "buffer": file.encode()}
    )
    press(importing, "Import 4,000 rows")
    return importing


def cancel_by_keyboard(page: Page, working: Locator) -> None:
    """Cancel the long work of this dialog, which is at the next stop of the keyboard."""
    page.keyboard.press("Tab")
    expect(working.get_by_role("button", name="Cancel")).to_be_focused()
    page.keyboard.press("Enter")


def hold_until_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Long work waits after its first part until somebody cancels it: so a test cannot come too late."""
    tell = Progress.tell

    def held(self: Progress, done: int, total: int) -> bool:
        tell(self, done, total)
        while self._cancelled is not None and not self._cancelled():
            time.sleep(0.02)
        return self._cancelled is not None

    monkeypatch.setattr(Progress, "tell", held)

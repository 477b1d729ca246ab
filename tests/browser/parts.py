"""What the tests of several pages look for and press."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect


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

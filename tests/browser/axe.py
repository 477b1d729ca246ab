"""axe-core in a page of the tests: what a screen reader, or a weak eye, would stumble over."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

#: The findings that a test fails for.
GRAVE = {"serious", "critical"}

#: Whether nothing fades or slides any more, in any shadow root. A spinner may go on.
STILL = """() => {
  const inner = (root) => [...root.querySelectorAll('*')].flatMap((one) => one.shadowRoot ?? [])
  const roots = (root) => [root, ...inner(root).flatMap(roots)]
  const moves = (one) => one.playState === 'running' && one.effect.getComputedTiming().iterations !== Infinity
  return !roots(document).some((root) => root.getAnimations().some(moves))
}"""


def findings(page: Page, within: str | None = None) -> list[str]:
    """The serious and critical findings on what is shown, each with its rule and the elements it names.

    ``within`` is a CSS selector: only that part of the page. Components stand in shadow roots, and axe looks into
    them. What fades in is waited for, as its colours are not yet what they will be; what loads is not.
    """
    page.wait_for_function(STILL)
    if page.evaluate("() => !window.axe"):
        page.evaluate(Axe().axe_script)
    results = page.evaluate("(within) => axe.run(within ?? document, {resultTypes: ['violations']})", within)
    told = []
    for violation in results["violations"]:
        if violation["impact"] in GRAVE:
            for node in violation["nodes"]:
                where = " ".join(str(step) for step in node["target"])
                told.append(
                    f"{violation['id']} ({violation['impact']}): {where}\n  {node['failureSummary']}\n  {node['html']}"
                )
    return told

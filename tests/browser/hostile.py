"""Looking at a page on which every text is hostile: what came of it in the DOM, and which of the texts can be read."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

#: Runs before anything of the page does: whatever a text manages to call is counted.
TRAP = """
window.__ran = []
for (const name of ["ran", "alert", "confirm", "prompt", "print"]) {
  window[name] = (...given) => { window.__ran.push(`${name}(${given})`) }
}
"""

#: Goes through all elements, also behind shadow roots. A text that was taken for markup shows as an element, an
#: attribute or an address that the workbench itself never makes.
LOOK = r"""(within) => {
  const bad = [], texts = []
  const FORBIDDEN = new Set(["iframe", "frame", "frameset", "object", "embed", "applet", "portal", "base", "marquee",
    "math", "audio", "video", "form", "foreignobject", "animate", "set", "handler", "plaintext", "xmp", "isindex",
    "keygen", "bgsound", "custom-tag"])
  // JupyterLab makes links of all that looks like an address in what is printed. They open in a window of their own
  // that knows nothing of the one it came from; there a browser runs none of them.
  const in_print = (el) => el.closest(".jp-RenderedText") && el.target === "_blank" && el.rel.includes("noopener")
  // In a notebook, a page's data stand in a script. What ended it would be another element.
  const is_data = (el) => /^\(function\(root\) {\s+var docs_json = /.test(el.textContent)
  const show = (el) => el.outerHTML.slice(0, 200)
  const visit = (root) => {
    for (const el of root.querySelectorAll("*")) {
      const tag = el.localName
      if (FORBIDDEN.has(tag)) { bad.push(show(el)) }
      for (const {name, value} of el.attributes) {
        if (/^on/i.test(name)) { bad.push(show(el)) }
        if (/^(href|src|action|formaction|data|xlink:href|poster|srcset|ping|background)$/i.test(name)) {
          if (/^\s*(javascript|vbscript|data:text)/i.test(value) && !in_print(el)) { bad.push(show(el)) }
          if (tag !== "a" && /far\.example/.test(value)) { bad.push(show(el)) }
        }
        if (name === "style" && /far\.example|ran\(/.test(value)) { bad.push(show(el)) }
        if (["title", "aria-label", "placeholder", "alt"].includes(name)) { texts.push(value) }
      }
      if (/^(script|style|link|meta)$/.test(tag) && /far\.example|\bran\(/.test(el.outerHTML)
          && !/application\/(json|vnd)/.test(el.type) && !is_data(el)) { bad.push(show(el)) }
      if (tag === "input" || tag === "textarea" || tag === "select") { texts.push(el.value) }
      if (el.shadowRoot) { visit(el.shadowRoot) }
      // A text may be drawn in parts, such as the links in a post.
      if (el.childElementCount && el.textContent.length < 5000 && !el.querySelector("script, style")) {
        texts.push(el.textContent)
      }
      for (const child of el.childNodes) {
        if (child.nodeType === Node.TEXT_NODE && !/^(script|style)$/.test(tag)) { texts.push(child.data) }
      }
    }
  }
  for (const root of within ? document.querySelectorAll(within) : [document]) { visit(root) }
  return {bad, ran: window.__ran, text: texts.join("\n\u0000\n"), title: document.title}
}"""


def look(page: Page, where: str, payloads: list[str], within: str = "") -> set[str]:
    """Which of the texts can be read on the page as they were written, blanks aside.

    Fails when one became anything else than text.

    ``within`` narrows what is looked at to what stands inside elements of this selector.
    """
    found: dict[str, Any] = page.evaluate(LOOK, within)
    assert found["ran"] == [], f"{where}: a text ran"
    assert found["bad"] == [], f"{where}: a text became part of the page"
    shown = _closed_up(found["text"])
    return {text for text in payloads if _closed_up(text) in shown}


def settle(page: Page) -> None:
    """Wait until the page has said nothing and drawn nothing new for a moment."""
    page.evaluate(
        """() => new Promise((resolve) => {
          let timer = setTimeout(resolve, 300)
          const on = new MutationObserver(() => { clearTimeout(timer); timer = setTimeout(resolve, 150) })
          const watch = (root) => {
            on.observe(root, {subtree: true, childList: true, characterData: true})
            for (const el of root.querySelectorAll("*")) { if (el.shadowRoot) { watch(el.shadowRoot) } }
          }
          watch(document)
          setTimeout(resolve, 1500)
        })"""
    )


def _closed_up(text: str) -> str:
    return "".join(text.split())

from __future__ import annotations

from html.parser import HTMLParser

import panel as pn
import panel_material_ui as pmu
import pytest

from workbench.panels import safe

PAYLOADS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<iframe src='javascript:alert(1)'></iframe>",
    "<a href='javascript:alert(1)'>click</a>",
    "[click](javascript:alert(1))",
    "[click](JaVaScRiPt:alert(1))",
    "[click](data:text/html,<script>alert(1)</script>)",
    "[click](vbscript:msgbox(1))",
    "![x](https://evil.example/pixel.png)",
    "![x](javascript:alert(1))",
    '<https://ok.example/"onmouseover=alert(1)>',
    "[x]: javascript:alert(1)\n\n[x]",
    "<style>@import 'https://evil.example/x.css'</style>",
    "<div style='background:url(https://evil.example/x)'>x</div>",
    "<form action='https://evil.example'><input name=q></form>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "`<img src=x onerror=alert(1)>`",
    "```\n<img src=x onerror=alert(1)>\n```",
    "```html onload=alert(1)\nx\n```",
    "| <img src=x onerror=alert(1)> |\n|-|\n| <script>alert(1)</script> |",
    "<!--<img src='--><img src=x onerror=alert(1)>'>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\x00<script>alert(1)</script>",
]


class Tags(HTMLParser):
    """The tags of a piece of HTML, as a browser would find them."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize("payload", PAYLOADS)
def test_nothing_in_markdown_runs_or_loads(payload: str) -> None:
    for tag, attributes in Tags(safe.markdown_html(payload)).found:
        assert tag in {"p", "a", "code", "pre", "table", "thead", "tbody", "tr", "th", "td"}
        assert set(attributes) <= {"href", "target", "rel", "class"}
        assert (attributes.get("href") or "https:").startswith(("https:", "http:", "mailto:"))


@pytest.mark.parametrize("payload", PAYLOADS)
def test_cleaning_leaves_nothing_that_runs_or_loads(payload: str) -> None:
    for tag, attributes in Tags(safe.clean(payload)).found:
        assert tag in safe._TAGS
        assert not any(name.startswith("on") or name in ("style", "src", "srcdoc", "action") for name in attributes)
        assert (attributes.get("href") or "https:").startswith(("https:", "http:", "mailto:"))


@pytest.mark.parametrize("payload", [text for text in PAYLOADS if text.startswith("<") and "\n" not in text])
def test_raw_html_is_shown_as_it_was_written(payload: str) -> None:
    assert safe.escape(payload).replace("&#x27;", "'") in safe.markdown_html(payload).replace("&#x27;", "'") or (
        payload.startswith("<https:")
    )


def test_markdown_keeps_what_a_document_needs() -> None:
    shown = safe.markdown_html(
        "# Plan\n\n1. **bold** *soft* ~~gone~~\n\n| a | b |\n|-|-|\n| 1 | 2 |\n\n[x](https://ok.example/)"
    )
    for wanted in ("<h1>Plan</h1>", "<strong>bold</strong>", "<em>soft</em>", "<s>gone</s>", "<td>2</td>", "<ol>"):
        assert wanted in shown
    assert 'href="https://ok.example/"' in shown
    assert 'rel="noopener noreferrer nofollow"' in shown


def test_an_image_is_named_and_not_fetched() -> None:
    assert safe.markdown_html("![Our *logo*](https://evil.example/x.png)") == "<p>[image: Our *logo*]</p>\n"


@pytest.mark.parametrize("payload", PAYLOADS)
def test_text_is_shown_letter_by_letter(payload: str) -> None:
    assert safe.text_html(payload) == f'<div class="is-text">{safe.escape(payload)}</div>'
    assert "<" not in safe.escape(payload)
    assert '"' not in safe.escape(payload)


def test_every_html_pane_of_the_process_is_cleaned() -> None:
    for pane in (pn.pane.HTML("<b>x</b><img src=x onerror=alert(1)>"), safe.text("x")):
        assert pane.sanitize_html
    model = pn.pane.HTML("<b>x</b><img src=x onerror=alert(1)>").get_root()
    assert model.text == "&lt;b&gt;x&lt;/b&gt;"


@pytest.mark.parametrize("pane", [pn.pane.Markdown, pn.pane.Alert, pmu.Typography])
def test_panes_of_markdown_take_no_raw_html(pane: type) -> None:
    root = pane("<img src=x onerror=alert(1)>").get_root()
    shown = root.text if hasattr(root, "text") else root.data.object
    assert "<img" not in shown.replace("&lt;", "<").replace("&amp;lt;img", "")


def test_a_bare_string_in_a_layout_takes_no_raw_html() -> None:
    root = pn.Column("<img src=x onerror=alert(1)>").get_root()
    assert "&lt;img" not in root.children[0].text.replace("&amp;lt;img", "")


def test_headings_of_a_text_stand_below_those_of_the_page_around_it() -> None:
    html = safe.markdown_html("# One\n\nSetext\n---\n\n##### Five", below=2)
    assert html.split("\n")[:3] == ["<h3>One</h3>", "<h4>Setext</h4>", "<h6>Five</h6>"]
    assert safe.markdown_html("# One").strip() == "<h1>One</h1>"

"""Text of people and models on its way to the screen: as text, or as markdown in which nothing can run.

Panel's panes and panel-material-ui's Typography render raw HTML inside a string by default. Importing this
module turns that off for the whole process, as a second line: the first is that pages use :func:`text` and
:func:`markdown`, component parameters (JavaScript puts them in ``textContent``) and widget values.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any, Final

import nh3
import panel as pn
import panel_material_ui as pmu
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

from workbench.panels.theme import style

#: What our own HTML and rendered markdown are made of. No images (they call out), no forms, no inline style.
# fmt: off
_TAGS: Final = frozenset(
    {
        "a", "article", "b", "blockquote", "br", "caption", "code", "dd", "del", "details", "div", "dl", "dt",
        "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "ins", "kbd", "li", "ol", "p", "pre", "s",
        "section", "small", "span", "strong", "sub", "summary", "sup", "table", "tbody", "td", "th", "thead",
        "time", "tr", "ul",
    }
)
# fmt: on
_ATTRIBUTES: Final = {
    "*": {"class", "data-tone", "title", "aria-label", "aria-hidden", "role"},
    "a": {"href", "target"},
    "ol": {"start"},
    "time": {"datetime"},
    "td": {"colspan"},
    "th": {"colspan", "scope"},
}
_SCHEMES: Final = frozenset({"http", "https", "mailto"})


def escape(value: object) -> str:
    """``value`` for use inside our own HTML, in text and in quoted attributes."""
    return html.escape("" if value is None else str(value), quote=True)


def clean(markup: str) -> str:
    """``markup`` without anything that could run, load or pretend: unknown tags go, their text stays."""
    return nh3.clean(
        markup,
        tags=set(_TAGS),
        attributes=_ATTRIBUTES,
        url_schemes=set(_SCHEMES),
        url_relative="deny",
        clean_content_tags={"script", "style"},
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )


def _image_as_text(renderer: RendererHTML, tokens: Sequence[Token], index: int, *_: Any) -> str:
    # The picture itself would be fetched from somebody's server, telling them who reads.
    return f"[image: {escape(tokens[index].content)}]"


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"])
    parser.add_render_rule("image", _image_as_text)
    return parser


_MARKDOWN: Final = _parser()


def markdown_html(source: str, *, below: int = 0) -> str:
    """Markdown as HTML, its headings ``below`` as many of the page around it: with 2 a ``#`` is an h3.

    Raw HTML in it is shown as it was written; links leave in a new tab; images are named.
    """
    tokens = _MARKDOWN.parse(source)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1:]) + below)}"
    return clean(_MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {}))


def pane_options(**params: Any) -> dict[str, Any]:
    """How a pane with our HTML is laid out and styled; ``params`` go on top."""
    sheets = [style("tokens.css"), style("document.css"), *params.pop("stylesheets", [])]
    return {"sizing_mode": "stretch_width", "margin": 0, "stylesheets": sheets} | params


def markdown(source: str = "", **params: Any) -> pn.pane.HTML:
    """A pane that shows markdown; change it with ``pane.object = safe.markdown_html(text)``."""
    return pn.pane.HTML(markdown_html(source), **pane_options(**params))


def text(value: object, *, kind: str = "text", **params: Any) -> pn.pane.HTML:
    """A pane that shows ``value`` as it is. ``kind``: text, note, title, heading, label, or error."""
    return pn.pane.HTML(text_html(value, kind), **pane_options(**params))


def text_html(value: object, kind: str = "text") -> str:
    """The HTML behind :func:`text`, to change such a pane's ``object``."""
    tag = {"title": "h2", "heading": "h3"}.get(kind, "div")
    return f'<{tag} class="is-{escape(kind)}">{escape(value)}</{tag}>'


def harden() -> None:
    """Make the panes' own defaults safe in this process. May be called again."""
    pn.pane.HTML.param.sanitize_html.default = True
    pn.pane.HTML.param.sanitize_hook.default = clean
    for pane in (pn.pane.Markdown, pmu.Typography):
        pane.param.renderer_options.default = {"html": False}


harden()

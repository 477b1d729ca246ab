"""The few plain pages outside the workbench: no script, nothing from elsewhere, every value escaped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tornado.template import Loader
from tornado.web import RequestHandler

_loader = Loader(str(Path(__file__).parent / "templates"), autoescape="xhtml_escape")


class PlainPage(RequestHandler):
    """Renders a template of this package with headers that let a browser do nothing but show it."""

    def set_default_headers(self) -> None:
        self.set_header(
            "Content-Security-Policy",
            "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; "
            "base-uri 'none'",
        )
        self.set_header("Cache-Control", "no-store")
        self.set_header("Referrer-Policy", "no-referrer")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("X-Robots-Tag", "noindex")

    def show(self, template: str, **values: Any) -> None:
        self.write(_loader.load(template).generate(**values))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        self.show("message.html", title="That did not work", text="Please try again in a moment.")

"""One-click unsubscribe by RFC 8058: a POST acts, with no cookie and no login; a GET only asks.

Mail scanners follow links, so following one must change nothing. The link holds a signed token and no address.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.orm import Session
from tornado.ioloop import IOLoop

from workbench.errors import InputError
from workbench.operator_services.leads import unsubscribe
from workbench.web.pages import PlainPage

#: Where it is mounted; the path an e-mail's link has.
ROUTE = r"/unsubscribe/([A-Za-z0-9_.\-]{1,400})"


class Unsubscribe(PlainPage):
    def initialize(self, sessions: Callable[[], Session]) -> None:
        self.sessions = sessions

    def get(self, token: str) -> None:
        self.show("unsubscribe.html")

    async def post(self, token: str) -> None:
        # The database may make us wait for another writer: not on the thread that serves everybody.
        if await IOLoop.current().run_in_executor(None, self._unsubscribe, token):
            self.show("message.html", title="Done", text="You are unsubscribed and will get no more e-mail from us.")
        else:
            self.set_status(404)
            self.show(
                "message.html",
                title="This link does not work",
                text="It may have been cut off. Open the whole link from the e-mail, or answer the e-mail instead.",
            )

    def _unsubscribe(self, token: str) -> bool:
        with self.sessions() as db:
            try:
                return unsubscribe(db, token)
            except InputError:
                return False

    def check_xsrf_cookie(self) -> None:
        """A mailbox provider posts on the reader's behalf and has no cookie (RFC 8058, section 3.2)."""

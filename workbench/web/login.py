"""Sign-in with local users: Panel's cookies, our hashes, our page, and no guessing at speed."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Callable
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode, urlsplit

from panel.auth import BasicAuthProvider, BasicLoginHandler
from sqlalchemy.orm import Session
from tornado.ioloop import IOLoop

from workbench.operator_services.users import sign_in
from workbench.services.audit import Actor
from workbench.web.pages import PlainPage


class Throttle:
    """At most ``limit`` failures a key within ``seconds``. Kept in memory: a restart forgives."""

    def __init__(self, limit: int = 5, seconds: float = 300, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit, self._seconds, self._clock = limit, seconds, clock
        self._failures: dict[str, deque[float]] = defaultdict(deque)

    def blocked(self, key: str) -> bool:
        recent = self._failures.get(key)
        while recent and recent[0] <= self._clock() - self._seconds:
            recent.popleft()
        if recent is not None and not recent:
            del self._failures[key]
        return bool(recent) and len(recent or ()) >= self._limit

    def failed(self, key: str) -> None:
        self._failures[key].append(self._clock())


def way_back(asked: str) -> str:
    """Where to go after signing in: our own page, at the view that ``asked`` names, whatever place it is of. Pure."""
    try:
        view = parse_qsl(urlsplit(asked).query)
    except ValueError:
        view = []
    return f"/?{urlencode(view)}" if view else "/"


class LoginPage(PlainPage, BasicLoginHandler):
    """Shows the form, checks it, and sets the cookie that Panel reads."""

    sessions: ClassVar[Callable[[], Session]]
    throttle: ClassVar[Throttle]

    def get(self) -> None:
        self.show("login.html", problem="", name="")

    async def post(self) -> None:
        name = self.get_body_argument("username", "").strip()
        password = self.get_body_argument("password", "")
        key = f"{self.request.remote_ip} {name.lower()}"
        if type(self).throttle.blocked(key):
            self.set_status(429)
            self.show("login.html", problem="Too many tries. Wait five minutes and try again.", name=name)
            return
        actor = await IOLoop.current().run_in_executor(None, self._check, name, password)
        if actor is None:
            type(self).throttle.failed(key)
            self.set_status(403)
            self.show("login.html", problem="Name or password is wrong.", name=name)
            return
        self.set_current_user(actor.name)
        self.redirect(way_back(self.get_query_argument("next", "")))

    def _check(self, name: str, password: str) -> Actor | None:
        with type(self).sessions() as db:
            return sign_in(db, name, password)

    def set_secure_cookie(self, name: str, value: str | bytes, *args: Any, **kwargs: Any) -> None:
        """Panel sets its cookies without these two."""
        kwargs.update(samesite="Lax", secure=self.request.protocol == "https")
        super().set_secure_cookie(name, value, *args, **kwargs)


class LogoutPage(PlainPage):
    """Forgets who signed in, and asks who is there now."""

    def get(self) -> None:
        self.clear_all_cookies()
        self.redirect("/login")


class LocalUsers(BasicAuthProvider):
    """Panel's sign-in provider over the users table."""

    def __init__(self, sessions: Callable[[], Session]) -> None:
        # The provider's interface takes a class, so what its instances need stands on a class of this server's own.
        self._handler = type("LoginPage", (LoginPage,), {"sessions": staticmethod(sessions), "throttle": Throttle()})
        super().__init__()

    @property
    def login_handler(self) -> type[LoginPage]:
        return self._handler

    @property
    def logout_handler(self) -> type[LogoutPage]:
        return LogoutPage

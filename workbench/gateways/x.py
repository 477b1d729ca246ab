"""Posts on X by the API v2, with a user-context token."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from workbench.accounts import Account
from workbench.enums import Gateway, GatewayState, Platform
from workbench.gateways.base import Adapter, Finding, Message, Outcome, Rejected, Sent
from workbench.gateways.http import Answer, HttpLine, classify_refusal, first_text
from workbench.platform_rules import post_text

API: Final = "https://api.x.com"
#: The limits that X reports, the narrowest last.
WINDOWS: Final = ("x-rate-limit", "x-app-limit-24hour", "x-user-limit-24hour")
WARN_BELOW: Final = 0.1


class XSender(Adapter[HttpLine, Mapping[str, str], Answer]):
    """Publishes as the user whose token it holds."""

    gateway = Gateway.X
    platform = Platform.TWITTER

    def __init__(self, account: Account, *, seconds: float) -> None:
        super().__init__(account.name, account.secret)
        self._account, self._seconds = account, seconds
        self._api = (account.base_url or API).rstrip("/")

    def open(self) -> HttpLine:
        return HttpLine(self._seconds)

    def close(self, line: HttpLine) -> None:
        line.close()

    def build(self, message: Message) -> Mapping[str, str]:
        return build_post(message)

    def call(self, line: HttpLine, request: Mapping[str, str]) -> Answer:
        return line.request("POST", f"{self._api}/2/tweets", headers=self._headers(), body=request)

    def classify(self, reply: Answer, request: Mapping[str, str]) -> Outcome:
        if reply.ok:
            data = reply.fields().get("data")
            found = data.get("id") if isinstance(data, dict) else None
            return Sent(found if isinstance(found, str) else None)
        outcome = classify_refusal(reply, "X", _explain, limit_ends(reply) if reply.status == 429 else None)
        if isinstance(outcome, Rejected) and reply.status == 403 and "duplicate" in _explain(reply).lower():
            return replace(outcome, duplicate=True)
        return outcome

    def look(self) -> Finding:
        with HttpLine(self._seconds) as line:
            answer = line.request("GET", f"{self._api}/2/users/me", headers=self._headers())
        return judge_user(answer, self._account.identity)

    def _headers(self) -> dict[str, str]:
        token = self._account.secret.get_secret_value() if self._account.secret else ""
        return {"Authorization": f"Bearer {token}"}


def build_post(message: Message) -> Mapping[str, str]:
    """The body of the request."""
    return {"text": post_text(message.body_text, message.caption)}


def limit_ends(answer: Answer) -> datetime | None:
    """When the limit that was hit starts afresh: the latest reset of the windows that are used up, or of all."""
    resets = {window: answer.epoch(f"{window}-reset") for window in WINDOWS}
    used_up = [resets[window] for window in WINDOWS if answer.count(f"{window}-remaining") == 0]
    return max((moment for moment in used_up or resets.values() if moment), default=None)


def judge_user(answer: Answer, identity: str) -> Finding:
    """What the answer to ``GET /2/users/me`` says about the account that should speak as ``identity``."""
    facts = _headroom(answer)
    if answer.status == 429:
        return Finding(GatewayState.WARN, "X limits how often it may be asked; the token was not checked.", facts)
    if not answer.ok:
        advice = " Check the token: it must be one of the user, not of the app." if answer.status in (401, 403) else ""
        return Finding(GatewayState.DOWN, f"X answered {answer.status}: {_explain(answer)}.{advice}", facts)
    data = answer.fields().get("data")
    user = data.get("username") if isinstance(data, dict) else None
    if not isinstance(user, str):
        return Finding(GatewayState.WARN, "X answered, but did not say whose token this is.", facts)
    facts["username"] = user
    if user.lower() != identity.removeprefix("@").lower():
        return Finding(
            GatewayState.DOWN,
            f"The token belongs to @{user}, the account says {identity}. Correct one of them before anything is "
            "posted in the wrong name.",
            facts,
        )
    limit, remaining = facts.get("limit"), facts.get("remaining")
    if limit and remaining is not None and remaining < limit * WARN_BELOW:
        return Finding(GatewayState.WARN, f"Only {remaining} of {limit} requests are left.", facts)
    return Finding(GatewayState.OK, f"The token is valid for @{user}.", facts)


def _headroom(answer: Answer) -> dict[str, Any]:
    """Limit, remaining and reset of the narrowest window that X reports. Absent is unknown, not unhealthy."""
    facts: dict[str, Any] = {}
    for window in WINDOWS:
        limit, remaining = answer.count(f"{window}-limit"), answer.count(f"{window}-remaining")
        if limit is None or remaining is None:
            continue
        if not facts or remaining * facts["limit"] < facts["remaining"] * limit:
            reset = answer.epoch(f"{window}-reset")
            facts = {"limit": limit, "remaining": remaining, "reset_at": reset.isoformat() if reset else None}
    return facts


def _explain(answer: Answer) -> str:
    fields = answer.fields()
    errors = fields.get("errors")
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    return first_text(fields.get("detail"), first.get("message"), first.get("detail"), fields.get("title"))

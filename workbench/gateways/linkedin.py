"""Posts on LinkedIn by the versioned Posts API."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from workbench.accounts import Account
from workbench.clock import now
from workbench.enums import Gateway, GatewayState, Platform
from workbench.gateways.base import Adapter, Deferred, Finding, Message, Outcome, Sent
from workbench.gateways.http import Answer, HttpLine, believable, classify_refusal, first_text
from workbench.platform_rules import post_text

API: Final = "https://api.linkedin.com"
OAUTH: Final = "https://www.linkedin.com"
#: What the "little text" format of ``commentary`` gives a meaning to.
_RESERVED = re.compile(r"[\\<>#~_|\[\]*(){}@]")
WARN_BEFORE_EXPIRY: Final = timedelta(days=14)
#: LinkedIn promises a version for a year; a month before that is over somebody should look.
VERSION_MONTHS: Final = 12
WARN_BEFORE_END: Final = timedelta(days=31)


def escape_little_text(text: str) -> str:
    """``text`` as a ``commentary`` that LinkedIn shows exactly so."""
    return _RESERVED.sub(r"\\\g<0>", text)


class LinkedInSender(Adapter[HttpLine, Mapping[str, Any], Answer]):
    """Publishes as the account's author URN."""

    gateway = Gateway.LINKEDIN
    platform = Platform.LINKEDIN

    def __init__(self, account: Account, *, version: str, seconds: float) -> None:
        super().__init__(account.name, account.secret, account.client_secret)
        self._account, self._version, self._seconds = account, version, seconds
        self._api = (account.base_url or API).rstrip("/")
        self._oauth = (account.base_url or OAUTH).rstrip("/")

    def open(self) -> HttpLine:
        return HttpLine(self._seconds)

    def close(self, line: HttpLine) -> None:
        line.close()

    def build(self, message: Message) -> Mapping[str, Any]:
        return build_post(message, self._account.identity)

    def call(self, line: HttpLine, request: Mapping[str, Any]) -> Answer:
        return line.request("POST", f"{self._api}/rest/posts", headers=self._headers(), body=request)

    def classify(self, reply: Answer, request: Mapping[str, Any]) -> Outcome:
        if reply.ok:
            found = reply.headers.get("x-restli-id") or reply.fields().get("id")
            return Sent(found if isinstance(found, str) else None)
        if reply.status == 426:
            return Deferred(_expired_version(self._version), hold=True)
        retry_at = None
        if reply.status == 429:
            # No header says when; the limits are per day and start afresh at 00:00 UTC.
            retry_at = reply.retry_at() or believable(_next_midnight(now()))
        return classify_refusal(reply, "LinkedIn", _explain, retry_at)

    def look(self) -> Finding:
        finding = self._look_at_token()
        if finding.state is not GatewayState.DOWN and now().date() >= version_end(self._version) - WARN_BEFORE_END:
            # Only then: a request to the versioned API counts against the day's limit.
            with HttpLine(self._seconds) as line:
                answer = line.request("GET", f"{self._api}/rest/me", headers=self._headers())
            if answer.status == 426:
                return Finding(GatewayState.DOWN, _expired_version(self._version), finding.facts)
        return finding

    def _headers(self) -> dict[str, str]:
        token = self._account.secret.get_secret_value() if self._account.secret else ""
        return {
            "Authorization": f"Bearer {token}",
            "LinkedIn-Version": self._version,
            "X-Restli-Protocol-Version": "2.0.0",
        }

    def _look_at_token(self) -> Finding:
        client = self._account.client_id, self._account.client_secret
        if not client[0] or not client[1] or not self._account.secret:
            return Finding(
                GatewayState.WARN,
                "A token is set, but its expiry cannot be checked. Give the account client_id and client_secret_env.",
                {"api_version": self._version},
            )
        form = {
            "client_id": client[0],
            "client_secret": client[1].get_secret_value(),
            "token": self._account.secret.get_secret_value(),
        }
        with HttpLine(self._seconds) as line:
            answer = line.request("POST", f"{self._oauth}/oauth/v2/introspectToken", form=form)
        if not answer.ok:
            state = GatewayState.WARN if answer.status == 429 else GatewayState.DOWN
            return Finding(state, f"LinkedIn answered {answer.status} to the token check: {_explain(answer)}")
        return judge_token(answer.fields(), self._version, now())


def build_post(message: Message, author: str) -> Mapping[str, Any]:
    """The body of the request: a public text post in the main feed."""
    return {
        "author": author,
        "commentary": escape_little_text(post_text(message.body_text, message.caption)),
        "visibility": "PUBLIC",
        "distribution": {
            "feedDistribution": "MAIN_FEED",
            "targetEntities": [],
            "thirdPartyDistributionChannels": [],
        },
        "lifecycleState": "PUBLISHED",
        "isReshareDisabledByAuthor": False,
    }


def judge_token(fields: Mapping[str, Any], version: str, at: datetime) -> Finding:
    """What introspectToken's answer means at the moment ``at``."""
    facts: dict[str, Any] = {"api_version": version, "token_status": str(fields.get("status", "unknown"))}
    if isinstance(fields.get("scope"), str):
        facts["scope"] = fields["scope"]
    active = fields.get("active")
    if not isinstance(active, bool):
        return Finding(GatewayState.WARN, "LinkedIn answered, but did not say whether the token is valid.", facts)
    if not active:
        return Finding(
            GatewayState.DOWN,
            f"The token is not valid any more ({facts['token_status']}). Make a new one and set it.",
            facts,
        )
    expires = fields.get("expires_at")
    left: timedelta | None = None
    if isinstance(expires, int) and 0 < expires < 10**11:
        moment = datetime.fromtimestamp(expires, UTC)
        left = moment - at
        facts |= {"expires_at": moment.isoformat(), "days_left": max(left.days, 0)}
        if left <= timedelta(0):
            return Finding(GatewayState.DOWN, "The token has expired. Make a new one and set it.", facts)
        if left < WARN_BEFORE_EXPIRY:
            return Finding(GatewayState.WARN, f"The token expires in {_days(left)}. Make a new one.", facts)
    ends = version_end(version)
    facts["version_guaranteed_until"] = ends.isoformat()
    if at.date() >= ends - WARN_BEFORE_END:
        return Finding(
            GatewayState.WARN,
            f"API version {version} is guaranteed until {ends:%d %B %Y} only. Set WORKBENCH_LINKEDIN_API_VERSION "
            "to a newer one.",
            facts,
        )
    return Finding(GatewayState.OK, f"The token is valid for {_days(left)}." if left else "The token is valid.", facts)


def version_end(version: str) -> date:
    """The first day on which LinkedIn may have switched ``version`` (YYYYMM) off."""
    months = int(version[:4]) * 12 + int(version[4:]) - 1 + VERSION_MONTHS
    return date(months // 12, months % 12 + 1, 1)


def _days(left: timedelta) -> str:
    return "less than a day" if left.days == 0 else "1 day" if left.days == 1 else f"{left.days} days"


def _next_midnight(at: datetime) -> datetime:
    return (at + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)


def _expired_version(version: str) -> str:
    return (
        f"LinkedIn has switched API version {version} off (426). Set WORKBENCH_LINKEDIN_API_VERSION to a newer one; "
        "the post itself is fine."
    )


def _explain(answer: Answer) -> str:
    fields = answer.fields()
    return first_text(fields.get("message"), fields.get("error_description"), fields.get("error"))

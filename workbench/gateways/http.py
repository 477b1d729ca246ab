"""One HTTP call, bounded in time and size, and what its answer is evidence of."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any, Final

import httpx

from workbench.clock import now
from workbench.gateways.base import Deferred, NoProof, NotAccepted, Outcome, Rejected, Unknown
from workbench.gateways.watchdog import Watchdog

#: More of an answer is never read; the answers expected here have a few hundred bytes (Apollo: 100 people).
LONGEST_ANSWER: Final = 4 * 1024 * 1024
#: A retry time further away than this is not believed.
FURTHEST_RETRY: Final = timedelta(days=31)


@dataclass(frozen=True)
class Answer:
    """What came back: the status is certain, the body as much as arrived."""

    status: int
    headers: httpx.Headers
    body: bytes

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    def fields(self) -> dict[str, Any]:
        """The body as a JSON object; empty when it is anything else."""
        try:
            found = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    def retry_at(self) -> datetime | None:
        """The moment that ``Retry-After`` names, in either of its forms."""
        value = self.headers.get("retry-after", "").strip()
        if value.isdecimal():
            return believable(now() + timedelta(seconds=min(int(value), 10**9)))
        try:
            moment = parsedate_to_datetime(value)
        except ValueError:
            return None
        return believable(moment if moment.tzinfo else moment.replace(tzinfo=UTC))

    def epoch(self, header: str) -> datetime | None:
        """The moment that a header gives in seconds since 1970."""
        value = self.headers.get(header, "").strip()
        if not value.isdecimal() or len(value) > 11:
            return None
        return believable(datetime.fromtimestamp(int(value), UTC))

    def count(self, header: str) -> int | None:
        """A header that holds a number."""
        value = self.headers.get(header, "").strip()
        return int(value) if value.isdecimal() and len(value) < 16 else None


def believable(moment: datetime) -> datetime | None:
    """``moment`` in UTC, not before now; None when it is absurdly far away."""
    moment = moment.astimezone(UTC)
    return None if moment > now() + FURTHEST_RETRY else max(moment, now())


@lru_cache(maxsize=1)
def trust() -> ssl.SSLContext:
    """The authorities whose certificates are believed. Reading them takes longer than many a call: once is enough."""
    return httpx.create_ssl_context()


class HttpLine:
    """Calls of one batch. Each has a connection of its own: a kept one may die unnoticed between two calls, and
    then nobody knows whether the second was heard."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._watchdog = Watchdog()
        self._client = httpx.Client(
            timeout=seconds,
            verify=trust(),
            limits=httpx.Limits(max_keepalive_connections=0),
            headers={"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "workbench"},
        )

    def __enter__(self) -> HttpLine:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Free what the calls held."""
        self._client.close()
        self._watchdog.close()

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        form: Mapping[str, str] | None = None,
    ) -> Answer:
        """One call: ``body`` goes as JSON, ``form`` as a form.

        Raises :class:`NotAccepted` when it failed before anything was sent, :class:`NoProof` when it failed later
        and no status came back. Redirects are not followed.
        """
        heard = False

        def trace(event: str, info: Mapping[str, Any]) -> None:
            nonlocal heard
            if event.endswith("connect_tcp.complete"):
                self._watchdog.watch(info["return_value"].get_extra_info("socket"))
            elif event.endswith("send_request_headers.started"):
                heard = True

        try:
            with (
                self._watchdog.limit(self._seconds),
                self._client.stream(
                    method, url, headers=headers, json=body, data=form, extensions={"trace": trace}
                ) as response,
            ):
                return Answer(response.status_code, response.headers, _read(response))
        except httpx.LocalProtocolError as error:  # refused by our own side; its words may repeat a header
            raise NotAccepted("The request could not be put together. Check the account's token.", hold=True) from error
        except httpx.HTTPError as error:
            reason = self._reason(error, heard)
            raise (NoProof(reason) if heard else NotAccepted(reason, hold=_is_untrusted(error))) from error
        finally:
            self._watchdog.forget()

    def _reason(self, error: httpx.HTTPError, heard: bool) -> str:
        if self._watchdog.expired or isinstance(error, httpx.TimeoutException):
            return f"No whole answer within {self._seconds:g} seconds." if heard else "No connection in time."
        if not heard:
            return f"No connection: {error}"
        return "The connection was lost before an answer came."


def _is_untrusted(error: BaseException | None) -> bool:
    """Whether the far side's certificate is at the bottom of ``error``."""
    while error is not None and not isinstance(error, ssl.SSLCertVerificationError):
        error = error.__cause__ or error.__context__
    return error is not None


def _read(response: httpx.Response) -> bytes:
    """As much of the body as comes. The status is the far side's word; a body that breaks off takes nothing back."""
    read = b""
    try:
        for chunk in response.iter_raw():
            read += chunk
            if len(read) > LONGEST_ANSWER:
                break
    except httpx.HTTPError:
        pass
    return read


def classify_refusal(
    answer: Answer, who: str, explain: Callable[[Answer], str], retry_at: datetime | None = None
) -> Outcome:
    """What an answer other than 2xx is evidence of. ``retry_at``: what the platform's own headers say."""
    status = answer.status
    retry_at = retry_at or answer.retry_at()
    reason = f"{who} answered {status}: {explain(answer)}"
    if status in (408, 425, 429):
        return Deferred(reason, retry_at)
    if status == 503 and answer.retry_at():
        return Deferred(reason, retry_at)
    if 300 <= status < 400:
        return Rejected(f"{reason}. It points elsewhere: check the account's base_url.")
    if 400 <= status < 500:
        return Rejected(reason)
    return Unknown(f"{reason}. Whether it was published is not known.")


def first_text(*values: object) -> str:
    """The first of ``values`` that is text with something in it."""
    return next((value.strip() for value in values if isinstance(value, str) and value.strip()), "no reason given")

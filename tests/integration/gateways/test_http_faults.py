"""Posts against servers that misbehave: the outcome follows the evidence, for LinkedIn and X alike."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from tests.conftest import NOW
from tests.integration.gateways.making import LIMIT, TOKEN, linkedin, message, send, x
from tests.servers import (
    Behaviour,
    HttpServer,
    answer,
    drip,
    free_port,
    half_a_head,
    hang_up,
    nonsense,
    reset,
    stall,
)
from workbench.enums import Platform
from workbench.gateways.base import Deferred, Outcome, Rejected, Sender, Sent, Unknown

Maker = Callable[..., Sender]
BOTH = pytest.mark.parametrize(
    ("make", "platform"),
    [
        pytest.param(linkedin, Platform.LINKEDIN, id="linkedin"),
        pytest.param(x, Platform.TWITTER, id="x"),
    ],
)


def one(make: Maker, platform: Platform, url: str) -> Outcome:
    (outcome,) = send(make(url), message(platform))
    return outcome


@BOTH
@pytest.mark.parametrize(
    ("behave", "expected"),
    [
        pytest.param(answer(201, body=b"{broken"), Sent, id="201 with broken JSON"),
        pytest.param(answer(201, body=b"[1, 2]"), Sent, id="201 with other JSON"),
        pytest.param(answer(201, body=b"\xff\xfe"), Sent, id="201 with no text"),
        pytest.param(answer(201, {"data": {"id": 7}}), Sent, id="201 with a number for an id"),
        pytest.param(answer(200, body=b""), Sent, id="200 with nothing"),
        pytest.param(answer(202, {}), Sent, id="202"),
        pytest.param(answer(201, {"id": "9"}, promise=1000), Sent, id="201 with half a body"),
        pytest.param(answer(201, body=b"[" * 100_000), Sent, id="201 with JSON too deep to read"),
        pytest.param(answer(301, headers={"Location": "/elsewhere"}), Rejected, id="301"),
        pytest.param(answer(307, headers={"Location": "/elsewhere"}), Rejected, id="307"),
        pytest.param(answer(400, {"message": "bad", "detail": "bad"}), Rejected, id="400"),
        pytest.param(answer(401, {}), Rejected, id="401"),
        pytest.param(answer(403, {}), Rejected, id="403"),
        pytest.param(answer(404, body=b"<html>"), Rejected, id="404"),
        pytest.param(answer(409, {}), Rejected, id="409"),
        pytest.param(answer(422, {}), Rejected, id="422"),
        pytest.param(answer(422, {}, promise=99), Rejected, id="422 with half a body"),
        pytest.param(answer(408, {}), Deferred, id="408"),
        pytest.param(answer(425, {}), Deferred, id="425"),
        pytest.param(answer(429, {}), Deferred, id="429"),
        pytest.param(answer(503, {}, headers={"Retry-After": "30"}), Deferred, id="503 with Retry-After"),
        pytest.param(answer(503, {}), Unknown, id="503 without Retry-After"),
        pytest.param(answer(503, {}, headers={"Retry-After": "soon"}), Unknown, id="503 with nonsense"),
        pytest.param(answer(500, {}), Unknown, id="500"),
        pytest.param(answer(502, body=b"<html>"), Unknown, id="502"),
        pytest.param(answer(504, {}), Unknown, id="504"),
        pytest.param(answer(599, {}), Unknown, id="599"),
        pytest.param(reset, Unknown, id="reset after the request was read"),
        pytest.param(hang_up, Unknown, id="hangs up without a word"),
        pytest.param(half_a_head, Unknown, id="breaks off in the headers"),
        pytest.param(nonsense, Unknown, id="speaks something else"),
        pytest.param(stall, Unknown, id="says nothing"),
        pytest.param(drip(b""), Unknown, id="drips before the status"),
        pytest.param(drip(b"HTTP/1.1 201 Created\r\nX-A: "), Unknown, id="drips in the headers"),
    ],
)
def test_the_outcome_follows_the_evidence(
    make: Maker, platform: Platform, behave: Behaviour, expected: type[Outcome], server: HttpServer
) -> None:
    server.behave = behave
    outcome = one(make, platform, server.url)
    assert isinstance(outcome, expected)
    assert len(server.received) == 1, "it was asked exactly once"
    assert TOKEN not in repr(outcome)


@BOTH
def test_a_refused_connection_is_deferred(make: Maker, platform: Platform) -> None:
    assert isinstance(one(make, platform, f"http://127.0.0.1:{free_port()}"), Deferred)


@BOTH
def test_a_reset_before_the_request_was_read_proves_nothing(
    make: Maker, platform: Platform, server: HttpServer
) -> None:
    """Our side cannot tell it from a reset after: both are Unknown."""
    server.deaf = True
    assert isinstance(one(make, platform, server.url), Unknown)


@BOTH
@pytest.mark.parametrize(
    "behave",
    [stall, drip(b""), drip(b"HTTP/1.1 201 Created\r\nX-A: "), drip(b"HTTP/1.1 500 No\r\n\r\n")],
    ids=["stall", "before the status", "in the headers", "in the body"],
)
def test_the_whole_call_ends_at_its_limit_however_slow_the_answer_comes(
    make: Maker, platform: Platform, behave: Behaviour, server: HttpServer
) -> None:
    server.behave = behave
    started = time.monotonic()
    outcome = one(make, platform, server.url)
    assert isinstance(outcome, Unknown)
    assert time.monotonic() - started < LIMIT * 1.5


@BOTH
def test_a_status_that_came_counts_even_when_the_body_never_ends(
    make: Maker, platform: Platform, server: HttpServer
) -> None:
    server.behave = drip(b"HTTP/1.1 201 Created\r\nx-restli-id: urn:li:share:1\r\n\r\n")
    assert isinstance(one(make, platform, server.url), Sent)


@BOTH
def test_an_endless_body_is_not_read_to_its_end(make: Maker, platform: Platform, server: HttpServer) -> None:
    server.behave = answer(500, body=b"x" * 20_000_000)
    outcome = one(make, platform, server.url)
    assert isinstance(outcome, Unknown)
    assert len(outcome.reason) < 600


@BOTH
@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("90", NOW + timedelta(seconds=90)),
        ("0", NOW),
        (format_datetime(NOW + timedelta(hours=2), usegmt=True), NOW + timedelta(hours=2)),
        (format_datetime(NOW - timedelta(hours=2), usegmt=True), NOW),
    ],
)
def test_the_far_sides_own_time_is_kept(
    make: Maker,
    platform: Platform,
    status: int,
    header: str,
    expected: datetime,
    server: HttpServer,
    frozen_now: datetime,
) -> None:
    server.behave = answer(status, {}, headers={"Retry-After": header})
    outcome = one(make, platform, server.url)
    assert isinstance(outcome, Deferred)
    assert outcome.retry_at == expected


@BOTH
@pytest.mark.parametrize("status", [400, 403, 500, 429])
def test_a_server_that_repeats_the_token_does_not_get_it_into_our_records(
    make: Maker, platform: Platform, status: int, server: HttpServer
) -> None:
    said = f"bad token Bearer {TOKEN}\r\nX: 1\x00"
    server.behave = answer(status, {"message": said, "detail": said})
    outcome = one(make, platform, server.url)
    assert not isinstance(outcome, Sent)
    assert "bad token" in outcome.reason
    assert TOKEN not in repr(outcome)
    assert "\n" not in outcome.reason
    assert "\x00" not in outcome.reason


@BOTH
def test_a_token_that_is_no_header_is_not_sent_and_not_shown(
    make: Maker, platform: Platform, server: HttpServer
) -> None:
    from pydantic import SecretStr

    (outcome,) = send(make(server.url, secret=SecretStr("secret\nX-Evil: 1")), message(platform))
    assert isinstance(outcome, Deferred)
    assert outcome.hold
    assert "secret" not in outcome.reason.replace("secret_env", "")
    assert server.received == []


@BOTH
def test_each_message_of_a_batch_is_judged_by_itself(make: Maker, platform: Platform, server: HttpServer) -> None:
    told = iter([answer(500), answer(201, {}), answer(400)])

    def behave(connection: socket.socket, request: object) -> None:
        next(told)(connection, request)  # type: ignore[arg-type]

    server.behave = behave
    outcomes = send(make(server.url), *(message(platform, key=f"k{number}") for number in range(3)))
    assert [type(outcome) for outcome in outcomes] == [Unknown, Sent, Rejected]


class TestLinkedIn:
    def test_posts_as_the_documentation_says(self, server: HttpServer) -> None:
        server.behave = answer(201, body=b"", headers={"x-restli-id": "urn:li:share:7"})
        (outcome,) = send(linkedin(server.url), message(Platform.LINKEDIN, body_text="Hi (all) #news", caption="More"))
        assert outcome == Sent("urn:li:share:7")
        (request,) = server.received
        assert (request.method, request.path) == ("POST", "/rest/posts")
        assert request.headers["authorization"] == f"Bearer {TOKEN}"
        assert request.headers["linkedin-version"] == "202610"
        assert request.headers["x-restli-protocol-version"] == "2.0.0"
        assert request.headers["content-type"] == "application/json"
        assert request.json == {
            "author": "urn:li:organization:42",
            "commentary": "Hi \\(all\\) \\#news\n\nMore",
            "visibility": "PUBLIC",
            "distribution": {
                "feedDistribution": "MAIN_FEED",
                "targetEntities": [],
                "thirdPartyDistributionChannels": [],
            },
            "lifecycleState": "PUBLISHED",
            "isReshareDisabledByAuthor": False,
        }

    def test_an_expired_api_version_is_no_fault_of_the_post(self, server: HttpServer) -> None:
        server.behave = answer(426, {"message": "NONEXISTENT_VERSION", "status": 426})
        outcome = one(linkedin, Platform.LINKEDIN, server.url)
        assert isinstance(outcome, Deferred)
        assert outcome.hold, "it waits for a person and costs the post no try"
        assert "WORKBENCH_LINKEDIN_API_VERSION" in outcome.reason

    def test_without_a_header_the_limit_ends_at_midnight_utc(self, server: HttpServer, frozen_now: datetime) -> None:
        server.behave = answer(429, {"message": "throttled"})
        outcome = one(linkedin, Platform.LINKEDIN, server.url)
        assert isinstance(outcome, Deferred)
        assert outcome.retry_at == datetime(2026, 11, 20, tzinfo=UTC)

    def test_the_reason_is_what_linkedin_said(self, server: HttpServer) -> None:
        server.behave = answer(422, {"message": "commentary is too long", "serviceErrorCode": 100, "status": 422})
        outcome = one(linkedin, Platform.LINKEDIN, server.url)
        assert outcome == Rejected("LinkedIn answered 422: commentary is too long")


class TestX:
    def test_posts_as_the_documentation_says(self, server: HttpServer) -> None:
        server.behave = answer(201, {"data": {"id": "1460", "text": "Grüße 🎉"}})
        (outcome,) = send(x(server.url), message(Platform.TWITTER, body_text="Grüße 🎉"))
        assert outcome == Sent("1460")
        (request,) = server.received
        assert (request.method, request.path) == ("POST", "/2/tweets")
        assert request.headers["authorization"] == f"Bearer {TOKEN}"
        assert request.json == {"text": "Grüße 🎉"}

    @pytest.mark.parametrize(
        ("headers", "seconds"),
        [
            ({"x-rate-limit-remaining": "0", "x-rate-limit-reset": "600"}, 600),
            (
                {
                    "x-rate-limit-remaining": "14",
                    "x-rate-limit-reset": "600",
                    "x-user-limit-24hour-remaining": "0",
                    "x-user-limit-24hour-reset": "7200",
                },
                7200,
            ),
            (
                {
                    "x-rate-limit-remaining": "0",
                    "x-rate-limit-reset": "600",
                    "x-user-limit-24hour-remaining": "3",
                    "x-user-limit-24hour-reset": "7200",
                },
                600,
            ),
            ({"x-rate-limit-reset": "600"}, 600),
            ({"x-rate-limit-reset": "-600"}, 0),
            ({"x-rate-limit-reset": "tomorrow"}, None),
            ({"x-rate-limit-reset": "99999999999999"}, None),
            ({"x-rate-limit-reset": "8640000"}, None),  # a hundred days: not believed
            ({}, None),
        ],
    )
    def test_a_rate_limit_is_waited_out_by_its_headers(
        self, headers: dict[str, str], seconds: int | None, server: HttpServer, frozen_now: datetime
    ) -> None:
        def absolute(name: str, value: str) -> str:
            relative = name.endswith("-reset") and value.lstrip("-").isdecimal() and len(value) < 10
            return str(int(NOW.timestamp()) + int(value)) if relative else value

        sent = {name: absolute(name, value) for name, value in headers.items()}
        server.behave = answer(429, {"title": "Too Many Requests"}, headers=sent)
        outcome = one(x, Platform.TWITTER, server.url)
        assert isinstance(outcome, Deferred)
        assert outcome.retry_at == (None if seconds is None else NOW + timedelta(seconds=seconds))

    @pytest.mark.parametrize(
        ("detail", "duplicate"),
        [
            ("You are not allowed to create a Tweet with duplicate content.", True),
            ("You are not permitted to perform this action.", False),
        ],
    )
    def test_a_duplicate_is_told_from_any_other_403(self, detail: str, duplicate: bool, server: HttpServer) -> None:
        server.behave = answer(403, {"detail": detail, "title": "Forbidden", "status": 403})
        outcome = one(x, Platform.TWITTER, server.url)
        assert outcome == Rejected(f"X answered 403: {detail}", duplicate=duplicate)

"""People search against a real HTTP server."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr

from tests.servers import HttpServer, answer, free_port, hang_up, stall
from workbench.enums import GatewayState
from workbench.errors import GatewayFault, InputError
from workbench.gateways.apollo import ApolloClient

KEY = "apollo-key-nobody-may-see"
PERSON = {
    "id": "p1",
    "first_name": "Lea",
    "last_name_obfuscated": "Ex***e",
    "title": "CTO",
    "organization": {"name": "Example Ltd"},
    "linkedin_url": "https://www.linkedin.com/in/lea",
}


def client(url: str, seconds: float = 1) -> ApolloClient:
    return ApolloClient(base_url=url, api_key=SecretStr(KEY), seconds=seconds)


def test_searches_as_the_documentation_says(server: HttpServer) -> None:
    server.behave = answer(200, {"people": [PERSON], "total_entries": 240})
    page = client(server.url).search({"person_titles": ["CTO"]}, page=2)
    (request,) = server.received
    assert (request.method, request.path) == ("POST", "/api/v1/mixed_people/api_search")
    assert request.headers["x-api-key"] == KEY
    assert request.json == {"person_titles": ["CTO"], "page": 2, "per_page": 100}
    (person,) = page.people
    assert (person.apollo_id, person.name, person.company) == ("p1", "Lea Ex***e", "Example Ltd")
    assert (page.number, page.total, page.has_more) == (2, 240, True)


@pytest.mark.parametrize(
    ("said", "total", "has_more"),
    [
        ({"people": [], "total_entries": 0}, 0, False),
        ({"people": [], "pagination": {"total_entries": 101}}, 101, True),
        ({"people": [], "total_entries": "1,234"}, 1234, True),
        ({"people": [], "total_entries": 150.0}, 150, True),
        ({"people": [], "total_entries": "many"}, None, False),
        ({"people": [], "total_entries": True}, None, False),
        ({"people": [PERSON] * 100}, None, True),
        ({"people": [PERSON] * 99}, None, False),
        ({"people": ["nobody", None, PERSON], "total_entries": 3}, 3, False),
    ],
)
def test_the_total_is_read_however_it_is_written(
    said: dict[str, Any], total: int | None, has_more: bool, server: HttpServer
) -> None:
    server.behave = answer(200, said)
    page = client(server.url).search({})
    assert (page.total, page.has_more) == (total, has_more)


def test_the_last_page_has_no_next(server: HttpServer) -> None:
    server.behave = answer(200, {"people": [], "total_entries": 10**6})
    assert not client(server.url).search({}, page=500).has_more


@pytest.mark.parametrize(("page", "per_page"), [(0, 100), (501, 100), (1, 0), (1, 101)])
def test_a_page_that_does_not_exist_is_not_asked_for(page: int, per_page: int, server: HttpServer) -> None:
    with pytest.raises(InputError, match="pages 1 to 500"):
        client(server.url).search({}, page=page, per_page=per_page)
    assert server.received == []


@pytest.mark.parametrize(
    ("behave", "words"),
    [
        (answer(401, {"error": f"bad key {KEY}"}), "WORKBENCH_APOLLO_API_KEY"),
        (answer(403, {"error": "no"}), "WORKBENCH_APOLLO_API_KEY"),
        (answer(422, {"error": "unknown filter"}), "unknown filter"),
        (answer(429, {"message": "slow down"}, headers={"Retry-After": "60"}), "too often"),
        (answer(500, body=b"<html>"), "500"),
        (answer(200, body=b"{"), "list of people"),
        (hang_up, "cannot be asked"),
        (stall, "cannot be asked"),
    ],
)
def test_an_answer_without_people_is_an_error_that_says_what_to_do(behave: Any, words: str, server: HttpServer) -> None:
    server.behave = behave
    with pytest.raises(GatewayFault) as caught:
        client(server.url).search({})
    assert words in caught.value.message
    assert KEY not in caught.value.message
    assert len(server.received) == 1


HEALTHY = {"healthy": True, "is_logged_in": True}


@pytest.mark.parametrize(
    ("behave", "state", "words"),
    [
        (answer(200, HEALTHY), GatewayState.OK, "valid"),
        (answer(200, {"healthy": True, "is_logged_in": False}), GatewayState.DOWN, "does not accept the key"),
        (answer(200, {"healthy": False, "is_logged_in": True}), GatewayState.DOWN, "not healthy"),
        (answer(200, {}), GatewayState.DOWN, "not healthy"),
        (
            answer(200, HEALTHY, headers={"x-rate-limit-daily": "600", "x-daily-requests-left": "12"}),
            GatewayState.WARN,
            "12 of 600 daily",
        ),
        (answer(401, {"error": f"bad key {KEY}"}), GatewayState.DOWN, "401"),
        (answer(429, {}), GatewayState.WARN, "how often"),
        (stall, GatewayState.DOWN, "cannot be asked"),
    ],
)
def test_the_probe_needs_both_flags(behave: Any, state: GatewayState, words: str, server: HttpServer) -> None:
    server.behave = behave
    probe = client(server.url).probe()
    assert probe.state is state
    assert words in probe.detail
    assert KEY not in repr(probe)
    assert server.received[0].path == "/api/v1/auth/health"


def test_the_limits_are_shown(server: HttpServer) -> None:
    headers = {"x-rate-limit-minute": "50", "x-minute-requests-left": "49", "x-rate-limit-hourly": "?"}
    server.behave = answer(200, HEALTHY, headers=headers)
    assert client(server.url).probe().facts == {"minute_limit": 50, "minute_left": 49}


def test_nobody_there_is_down() -> None:
    assert client(f"http://127.0.0.1:{free_port()}").probe().state is GatewayState.DOWN

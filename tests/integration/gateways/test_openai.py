"""The language model behind a real HTTP server: whole texts, or an error that says what to do."""

from __future__ import annotations

import time
from typing import Any

import pytest
from pydantic import SecretStr

from tests.servers import HttpServer, answer, drip, free_port, half_a_head, reset, stall
from workbench.enums import GatewayState
from workbench.errors import GatewayFault
from workbench.gateways.openai import ModelClient

KEY = "sk-nobody-may-see"


def client(url: str, *, seconds: float = 5, model: str | None = "small") -> ModelClient:
    return ModelClient(base_url=f"{url}/v1", model=model, api_key=SecretStr(KEY), seconds=seconds)


def completion(content: Any = " Hello \n", reason: str = "stop") -> dict[str, Any]:
    message = {"role": "assistant", "content": content}
    return {
        "id": "c1",
        "object": "chat.completion",
        "created": 1,
        "model": "small",
        "choices": [{"index": 0, "message": message, "finish_reason": reason}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
    }


def test_asks_the_model_and_returns_its_text(server: HttpServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "from-outside")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "from-outside")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/not-this")
    server.behave = answer(200, completion())
    assert client(server.url).complete("Be brief.", "Greet.") == "Hello"
    (request,) = server.received
    assert (request.method, request.path) == ("POST", "/v1/chat/completions")
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.json == {
        "model": "small",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Greet."}],
    }
    assert "from-outside" not in str(request.headers), "the settings are the only reader of the environment"


@pytest.mark.parametrize(
    ("behave", "words"),
    [
        (answer(200, completion(reason="length")), "cut off"),
        (answer(200, completion(reason="content_filter")), "content filter"),
        (answer(200, completion("")), "empty"),
        (answer(200, completion("  \n")), "empty"),
        (answer(200, completion(None)), "empty"),
        (answer(200, {"choices": []}), "no text"),
        (answer(200, {}), "no text"),
        (answer(200, body=b"{broken"), "OpenAI-compatible"),
        (answer(200, body=b"<html>", headers={"Content-Type": "text/html"}), "no text"),
        (answer(401, {"error": {"message": "bad key", "code": "invalid_api_key"}}), "WORKBENCH_OPENAI_API_KEY"),
        (answer(403, {"error": {"message": "no"}}), "WORKBENCH_OPENAI_API_KEY"),
        (answer(404, {"error": {"message": "no such model"}}), "WORKBENCH_OPENAI_MODEL"),
        (answer(400, {"error": {"message": "too long", "code": "context_length_exceeded"}}), "too long"),
        (answer(429, {"error": {"message": "pay", "code": "insufficient_quota"}}), "will not help"),
        (answer(429, {"error": {"message": "slow down", "code": "rate_limit_exceeded"}}), "too often"),
        (answer(500, {"error": {"message": "oops"}}), "500"),
        (answer(503, body=b"busy"), "503"),
        (reset, "cannot be reached"),
        (half_a_head, "cannot be reached"),
        (answer(302, headers={"Location": "/elsewhere"}), "302"),
    ],
)
def test_what_is_no_whole_text_is_an_error_that_says_what_to_do(behave: Any, words: str, server: HttpServer) -> None:
    server.behave = behave
    with pytest.raises(GatewayFault) as caught:
        client(server.url).complete("Be brief.", "Greet.")
    assert words in caught.value.message
    assert len(server.received) == 1, "asked once"


def test_a_rate_limit_says_when(server: HttpServer, frozen_now: Any) -> None:
    server.behave = answer(429, {"error": {"message": "slow down"}}, headers={"Retry-After": "20"})
    with pytest.raises(GatewayFault) as caught:
        client(server.url).complete("a", "b")
    assert caught.value.retry_at is not None
    assert (caught.value.retry_at - frozen_now).total_seconds() == 20


def test_a_server_that_repeats_the_key_does_not_get_it_shown(server: HttpServer) -> None:
    server.behave = answer(401, {"error": {"message": f"Incorrect API key provided: {KEY}"}})
    with pytest.raises(GatewayFault) as caught:
        client(server.url).complete("a", "b")
    assert KEY not in caught.value.message
    assert KEY not in repr(client(server.url))


def test_nobody_there_is_said(server: HttpServer) -> None:
    with pytest.raises(GatewayFault, match="cannot be reached"):
        client(f"http://127.0.0.1:{free_port()}").complete("a", "b")


@pytest.mark.parametrize(
    "behave", [stall, drip(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")], ids=["stall", "drip"]
)
def test_the_whole_request_ends_at_its_limit(behave: Any, server: HttpServer) -> None:
    server.behave = behave
    started = time.monotonic()
    with pytest.raises(GatewayFault, match="within 1 seconds"):
        client(server.url, seconds=1).complete("a", "b")
    assert time.monotonic() - started < 3


def test_without_a_model_it_is_not_asked(server: HttpServer) -> None:
    with pytest.raises(GatewayFault, match="WORKBENCH_OPENAI_MODEL"):
        client(server.url, model=None).complete("a", "b")
    assert server.received == []


MODELS = {"object": "list", "data": [{"id": "small", "object": "model"}, {"id": "large", "object": "model"}]}


@pytest.mark.parametrize(
    ("behave", "state", "words"),
    [
        (answer(200, MODELS), GatewayState.OK, "has small"),
        (answer(200, {"object": "list", "data": []}), GatewayState.WARN, "does not list the model small"),
        (
            answer(
                200,
                MODELS,
                headers={"x-ratelimit-limit-requests": "100", "x-ratelimit-remaining-requests": "9"},
            ),
            GatewayState.WARN,
            "9 of 100",
        ),
        (answer(401, {"error": {"message": "bad key"}}), GatewayState.DOWN, "WORKBENCH_OPENAI_API_KEY"),
        (answer(500, {}), GatewayState.DOWN, "500"),
        (answer(429, {"error": {"message": "slow down"}}), GatewayState.WARN, "too often"),
        (answer(429, {"error": {"message": "pay", "code": "insufficient_quota"}}), GatewayState.DOWN, "no quota"),
        (answer(200, body=b"{broken"), GatewayState.DOWN, "OpenAI-compatible"),
        (answer(200, body=b"<html>", headers={"Content-Type": "text/html"}), GatewayState.DOWN, "OpenAI-compatible"),
        (answer(200, {"models": []}), GatewayState.WARN, "list of models"),
        (answer(200, ["small"]), GatewayState.WARN, "list of models"),
        (reset, GatewayState.DOWN, "cannot be reached"),
    ],
)
def test_the_probe_lists_the_models(behave: Any, state: GatewayState, words: str, server: HttpServer) -> None:
    server.behave = behave
    probe = client(server.url).probe()
    assert probe.state is state
    assert words in probe.detail
    assert probe.latency_ms is not None
    (request,) = server.received
    assert (request.method, request.path) == ("GET", "/v1/models")

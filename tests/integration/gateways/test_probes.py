"""Health as it is found by asking: LinkedIn's token, X's user and limits."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from pydantic import SecretStr

from tests.conftest import NOW
from tests.integration.gateways.making import TOKEN, linkedin, x
from tests.servers import HttpServer, Received, answer, free_port, stall
from workbench import clock
from workbench.enums import GatewayState
from workbench.gateways.base import Probe

CLIENT = {"client_id": "app-1", "client_secret": SecretStr("client-secret-nobody-may-see")}


def in_days(days: float) -> int:
    return int((NOW + timedelta(days=days)).timestamp())


class TestLinkedIn:
    def probe(self, server: HttpServer) -> Probe:
        return linkedin(server.url, **CLIENT).probe()

    def test_asks_about_its_token(self, server: HttpServer, frozen_now: datetime) -> None:
        server.behave = answer(
            200, {"active": True, "status": "active", "expires_at": in_days(59.5), "scope": "w_member_social"}
        )
        probe = self.probe(server)
        assert (probe.state, probe.facts["days_left"]) == (GatewayState.OK, 59)
        assert probe.facts["scope"] == "w_member_social"
        (request,) = server.received
        assert (request.method, request.path) == ("POST", "/oauth/v2/introspectToken")
        assert parse_qs(request.body.decode()) == {
            "client_id": ["app-1"],
            "client_secret": ["client-secret-nobody-may-see"],
            "token": [TOKEN],
        }

    @pytest.mark.parametrize(
        ("said", "state", "words"),
        [
            ({"active": True, "expires_at": in_days(14)}, GatewayState.OK, "valid for 14 days"),
            ({"active": True, "expires_at": in_days(13.9)}, GatewayState.WARN, "expires in 13 days"),
            ({"active": True, "expires_at": in_days(1.5)}, GatewayState.WARN, "expires in 1 day."),
            ({"active": True, "expires_at": in_days(0.5)}, GatewayState.WARN, "less than a day"),
            ({"active": True, "expires_at": in_days(-1)}, GatewayState.DOWN, "has expired"),
            ({"active": True}, GatewayState.OK, "The token is valid."),
            ({"active": True, "expires_at": "soon"}, GatewayState.OK, "The token is valid."),
            ({"active": False, "status": "revoked"}, GatewayState.DOWN, "revoked"),
            ({}, GatewayState.WARN, "did not say"),
            ({"active": "yes"}, GatewayState.WARN, "did not say"),
        ],
    )
    def test_says_how_long_the_token_lives(
        self, said: dict[str, Any], state: GatewayState, words: str, server: HttpServer, frozen_now: datetime
    ) -> None:
        server.behave = answer(200, said)
        probe = self.probe(server)
        assert probe.state is state
        assert words in probe.detail

    @pytest.mark.parametrize(
        ("status", "state"), [(400, GatewayState.DOWN), (401, GatewayState.DOWN), (429, GatewayState.WARN)]
    )
    def test_says_what_linkedin_answered(self, status: int, state: GatewayState, server: HttpServer) -> None:
        server.behave = answer(status, {"error": "invalid_client", "error_description": "no such app"})
        probe = self.probe(server)
        assert probe.state is state
        assert f"{status}" in probe.detail
        assert "no such app" in probe.detail

    @pytest.mark.parametrize("client", [CLIENT, {}], ids=["token checked", "token not checked"])
    @pytest.mark.parametrize(
        ("at", "status", "state", "asked"),
        [
            (datetime(2027, 8, 30, tzinfo=UTC), 426, None, False),
            (datetime(2027, 9, 1, tzinfo=UTC), 403, GatewayState.WARN, True),
            (datetime(2027, 9, 1, tzinfo=UTC), 200, GatewayState.WARN, True),
            (datetime(2027, 9, 1, tzinfo=UTC), 426, GatewayState.DOWN, True),
            (datetime(2028, 9, 1, tzinfo=UTC), 426, GatewayState.DOWN, True),
        ],
    )
    def test_a_version_near_its_end_is_tried(
        self,
        client: dict[str, Any],
        at: datetime,
        status: int,
        state: GatewayState | None,
        asked: bool,
        server: HttpServer,
    ) -> None:
        def behave(connection: socket.socket, request: Received) -> None:
            told = answer(200, {"active": True}) if request.method == "POST" else answer(status, {})
            told(connection, request)

        server.behave = behave
        with clock.frozen(at):
            probe = linkedin(server.url, **client).probe()
        tries = [request for request in server.received if request.method == "GET"]
        assert [(one.path, one.headers["linkedin-version"]) for one in tries] == [("/rest/me", "202610")] * asked
        assert state is None or probe.state is state
        assert ("switched API version 202610 off" in probe.detail) is (state is GatewayState.DOWN)

    def test_without_a_client_it_does_not_pretend_to_know(self, server: HttpServer) -> None:
        probe = linkedin(server.url).probe()
        assert probe.state is GatewayState.WARN
        assert "client_id" in probe.detail
        assert server.received == []


class TestX:
    def probe(self, server: HttpServer) -> Probe:
        return x(server.url).probe()

    def test_asks_whose_token_it_is(self, server: HttpServer) -> None:
        server.behave = answer(
            200,
            {"data": {"id": "1", "username": "Acme"}},
            headers={"x-rate-limit-limit": "75", "x-rate-limit-remaining": "74"},
        )
        probe = self.probe(server)
        assert probe.state is GatewayState.OK
        assert probe.facts == {"limit": 75, "remaining": 74, "reset_at": None, "username": "Acme"}
        (request,) = server.received
        assert (request.method, request.path) == ("GET", "/2/users/me")

    def test_a_token_of_somebody_else_is_down_before_it_speaks_in_the_wrong_name(self, server: HttpServer) -> None:
        server.behave = answer(200, {"data": {"id": "2", "username": "competitor"}})
        probe = self.probe(server)
        assert probe.state is GatewayState.DOWN
        assert "@competitor" in probe.detail

    def test_little_headroom_is_a_warning_in_whichever_window(self, server: HttpServer) -> None:
        server.behave = answer(
            200,
            {"data": {"username": "acme"}},
            headers={
                "x-rate-limit-limit": "75",
                "x-rate-limit-remaining": "74",
                "x-user-limit-24hour-limit": "100",
                "x-user-limit-24hour-remaining": "9",
            },
        )
        probe = self.probe(server)
        assert probe.state is GatewayState.WARN
        assert "9 of 100" in probe.detail

    @pytest.mark.parametrize(
        ("behave", "state", "words"),
        [
            (answer(401, {"title": "Unauthorized"}), GatewayState.DOWN, "Check the token"),
            (answer(403, {"detail": "app-only"}), GatewayState.DOWN, "not of the app"),
            (answer(429, {}), GatewayState.WARN, "limits how often"),
            (answer(503, {}), GatewayState.DOWN, "503"),
            (answer(200, body=b"{"), GatewayState.WARN, "did not say whose"),
            (stall, GatewayState.DOWN, "seconds"),
        ],
    )
    def test_says_what_it_found(self, behave: Any, state: GatewayState, words: str, server: HttpServer) -> None:
        server.behave = behave
        probe = self.probe(server)
        assert probe.state is state
        assert words in probe.detail

    def test_nobody_there_is_down(self) -> None:
        assert x(f"http://127.0.0.1:{free_port()}").probe().state is GatewayState.DOWN

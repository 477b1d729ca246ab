"""Which account gets out how: in simulation into the outbox, in live only with what it needs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from tests.servers import HttpServer, answer
from workbench.accounts import Account
from workbench.enums import Gateway, GatewayState, Mode, Platform
from workbench.errors import NotConfigured
from workbench.gateways.base import Message, Sent
from workbench.gateways.linkedin import LinkedInSender
from workbench.gateways.outbox import OutboxSender
from workbench.gateways.registry import Gateways
from workbench.gateways.smtp import SmtpSender
from workbench.gateways.x import XSender
from workbench.settings import Settings

ADAPTERS = {Platform.LINKEDIN: LinkedInSender, Platform.TWITTER: XSender, Platform.EMAIL: SmtpSender}


def account(platform: Platform, name: str = "acme", **values: Any) -> Account:
    fields: dict[Platform, dict[str, Any]] = {
        Platform.LINKEDIN: {"identity": "urn:li:organization:1", "secret": SecretStr("t")},
        Platform.TWITTER: {"identity": "@acme", "secret": SecretStr("t")},
        Platform.EMAIL: {"identity": "news@acme.example", "base_url": "smtp://127.0.0.1:2525"},
    }
    return Account(**{"name": name, "platform": platform} | fields[platform] | values)


ALL = tuple(account(platform) for platform in Platform)


def gateways(tmp_path: Path, *accounts: Account, **settings: Any) -> Gateways:
    values = {"data_dir": tmp_path, "public_url": "https://mail.acme.example"} | settings
    return Gateways(Settings(**values), accounts)


def test_accounts_are_found_by_platform(tmp_path: Path) -> None:
    second = account(Platform.EMAIL, "beta")
    found = gateways(tmp_path, *ALL, second).accounts_for(Platform.EMAIL)
    assert [one.name for one in found] == ["acme", "beta"]


@pytest.mark.parametrize("platform", Platform)
def test_in_live_an_account_speaks_through_its_own_gateway(platform: Platform, tmp_path: Path) -> None:
    sender = gateways(tmp_path, *ALL).sender(platform, "acme", Mode.LIVE)
    assert type(sender) is ADAPTERS[platform]
    assert (sender.gateway, sender.account) == (platform.gateway, "acme")


@pytest.mark.parametrize("platform", Platform)
@pytest.mark.parametrize("accounts", [(), ALL], ids=["nothing configured", "all configured"])
def test_in_simulation_everything_goes_into_the_outbox(
    accounts: tuple[Account, ...], platform: Platform, tmp_path: Path
) -> None:
    sender = gateways(tmp_path, *accounts, public_url=None).sender(platform, "acme", Mode.SIMULATION)
    assert type(sender) is OutboxSender
    message = Message(
        platform, "k", "News", "Hello", recipient="lea@example.com", unsubscribe_url="http://localhost:5006/u/1"
    )
    with sender.connect() as channel:
        assert channel.send(message) == Sent("simulated:k")
    (file,) = (tmp_path / "outbox" / platform.value).iterdir()
    speaks = (
        {"linkedin": "urn:li:organization:1", "twitter": "@acme", "email": "news@acme.example"}[platform.value]
        if accounts
        else "simulation"
    )
    assert speaks in file.read_text() or platform is Platform.LINKEDIN


@pytest.mark.parametrize(
    ("one", "settings", "says"),
    [
        (account(Platform.LINKEDIN, secret=None), {}, "secret_env"),
        (account(Platform.TWITTER, secret=None), {}, "secret_env"),
        (account(Platform.EMAIL, base_url=None), {}, "base_url"),
        (account(Platform.EMAIL, base_url="smtp://me@mail.example.com"), {}, "Give it a password"),
        (account(Platform.EMAIL), {"public_url": None}, "WORKBENCH_PUBLIC_URL"),
    ],
    ids=["linkedin without token", "x without token", "no server", "no password", "no public address"],
)
def test_in_live_an_account_that_lacks_something_is_an_error_that_names_it(
    one: Account, settings: dict[str, Any], says: str, tmp_path: Path
) -> None:
    configured = gateways(tmp_path, one, **settings)
    with pytest.raises(NotConfigured) as caught:
        configured.sender(one.platform, "acme", Mode.LIVE)
    assert says in caught.value.message
    assert not configured.configured(one.platform.gateway)
    (probe,) = configured.probe(one.platform.gateway)
    assert (probe.state, probe.account) == (GatewayState.UNCONFIGURED, "acme")
    assert says in probe.detail


@pytest.mark.parametrize("platform", Platform)
def test_in_live_nobody_speaks_through_an_account_that_is_not_theirs(platform: Platform, tmp_path: Path) -> None:
    others = [account(platform, "client-b"), *(one for one in ALL if one.platform is not platform)]
    with pytest.raises(NotConfigured, match="acme"):
        gateways(tmp_path, *others).sender(platform, "acme", Mode.LIVE)


@pytest.mark.parametrize("gateway", Gateway)
def test_what_is_not_configured_is_said_to_be_so(gateway: Gateway, tmp_path: Path) -> None:
    nothing = gateways(tmp_path)
    assert not nothing.configured(gateway)
    (probe,) = nothing.probe(gateway)
    assert (probe.gateway, probe.state) == (gateway, GatewayState.UNCONFIGURED)
    assert "WORKBENCH_" in probe.detail
    assert probe.latency_ms is None


@pytest.mark.parametrize("platform", Platform)
def test_what_is_configured_is_said_to_be_so(platform: Platform, tmp_path: Path) -> None:
    assert gateways(tmp_path, account(platform)).configured(platform.gateway)


def test_each_account_is_probed(tmp_path: Path) -> None:
    with HttpServer(answer(200, {"data": {"username": "acme"}})) as server:
        accounts = [
            account(Platform.TWITTER, "one", base_url=server.url),
            account(Platform.TWITTER, "two", identity="@other", base_url=server.url),
            account(Platform.TWITTER, "three", secret=None),
        ]
        probes = gateways(tmp_path, *accounts).probe(Gateway.X)
    assert [(probe.account, probe.state) for probe in probes] == [
        ("one", GatewayState.OK),
        ("two", GatewayState.DOWN),
        ("three", GatewayState.UNCONFIGURED),
    ]


@pytest.mark.parametrize(
    ("settings", "there"),
    [
        ({}, False),
        ({"openai_model": "small"}, False),
        ({"openai_base_url": "http://localhost:11434/v1"}, False),
        ({"openai_base_url": "http://localhost:11434/v1", "openai_model": "small"}, True),
        ({"openai_api_key": "sk-1", "openai_model": "small"}, True),
    ],
)
def test_a_model_needs_a_name_and_a_server_or_a_key(settings: dict[str, str], there: bool, tmp_path: Path) -> None:
    found = gateways(tmp_path, **settings)
    assert (found.model is not None) is there
    assert found.configured(Gateway.OPENAI) is there


def test_model_and_people_search_are_probed_where_the_settings_say(tmp_path: Path) -> None:
    with HttpServer(answer(200, {"data": [], "healthy": True, "is_logged_in": True})) as server:
        found = gateways(
            tmp_path,
            openai_base_url=f"{server.url}/v1",
            openai_model="small",
            apollo_base_url=server.url,
            apollo_api_key="k",
        )
        states = {gateway: found.probe(gateway)[0].state for gateway in (Gateway.OPENAI, Gateway.APOLLO)}
    assert states == {Gateway.OPENAI: GatewayState.WARN, Gateway.APOLLO: GatewayState.OK}
    assert [request.path for request in server.received] == ["/v1/models", "/api/v1/auth/health"]


def test_the_slow_client_library_is_not_imported_until_a_model_is_used() -> None:
    import subprocess
    import sys

    code = "import sys, workbench.gateways.registry; sys.exit('openai' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

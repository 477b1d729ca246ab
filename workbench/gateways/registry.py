"""Which accounts there are, and how each gets out. The one place that knows all gateways."""

from __future__ import annotations

from collections.abc import Callable

from workbench.accounts import Account
from workbench.enums import Gateway, GatewayState, Mode, Platform
from workbench.errors import NotConfigured
from workbench.gateways.apollo import ApolloClient
from workbench.gateways.base import Probe, Sender
from workbench.gateways.linkedin import LinkedInSender
from workbench.gateways.openai import ModelClient
from workbench.gateways.outbox import OutboxSender
from workbench.gateways.smtp import SmtpSender, SmtpServer
from workbench.gateways.x import XSender
from workbench.settings import Settings

#: The account that speaks in simulation when none is configured.
SIMULATION = "simulation"
#: OpenAI itself, for who sets a key and no address.
OPENAI = "https://api.openai.com/v1"

_PLATFORMS = {platform.gateway: platform for platform in Platform}


class Gateways:
    """Opens no connection by itself; cheap to make."""

    def __init__(self, settings: Settings, accounts: tuple[Account, ...]) -> None:
        self._settings, self._accounts = settings, accounts

    def accounts_for(self, platform: Platform) -> list[Account]:
        """The accounts that may speak on ``platform``, as declared."""
        return [account for account in self._accounts if account.platform == platform]

    def sender(self, platform: Platform, account_name: str, mode: Mode) -> Sender:
        """The way out of one account. In simulation it leads into the outbox folder, whatever is configured.

        Raises :class:`NotConfigured`, saying what to set, when in live the account cannot send.
        """
        account = next((a for a in self.accounts_for(platform) if a.name == account_name), None)
        if mode is Mode.SIMULATION:
            return OutboxSender(
                platform,
                self._settings.data_dir / "outbox",
                account=account_name,
                identity=account.identity if account else None,
            )
        if account is None:
            raise NotConfigured(
                f"No {platform.label} account called {account_name} is configured. Declare it in the file that "
                "WORKBENCH_ACCOUNTS names, or bind the project to one that is."
            )
        if missing := self.missing(account):
            raise NotConfigured(f"The {platform.label} account {account.name} cannot send yet. {missing}")
        return self._live(account)

    def missing(self, account: Account) -> str | None:
        """What ``account`` still needs before it can send live, as a sentence; None when it needs nothing."""
        if account.platform is not Platform.EMAIL:
            return None if account.secret else "Give it a token: name its environment variable in secret_env."
        if not account.base_url:
            return "Give it a base_url such as smtp://user@mail.example.com:587."
        if SmtpServer.from_url(account.base_url).user and not account.secret:
            return "Give it a password: name its environment variable in secret_env."
        if not self._settings.public_url:
            return "Set WORKBENCH_PUBLIC_URL: e-mail goes out only with a link to unsubscribe."
        return None

    def configured(self, gateway: Gateway) -> bool:
        """Whether anything can be done with ``gateway``: one account that can send, or a key."""
        if gateway is Gateway.OPENAI:
            return self.model is not None
        if gateway is Gateway.APOLLO:
            return self.apollo is not None
        return any(self.missing(account) is None for account in self.accounts_for(_PLATFORMS[gateway]))

    @property
    def model(self) -> ModelClient | None:
        """The language model, when one is configured."""
        settings = self._settings
        if not settings.openai_model or not (settings.openai_base_url or settings.openai_api_key):
            return None
        return ModelClient(
            base_url=settings.openai_base_url or OPENAI,
            model=settings.openai_model,
            api_key=settings.openai_api_key,
            seconds=settings.model_timeout_seconds,
        )

    @property
    def apollo(self) -> ApolloClient | None:
        """People search, when a key is configured."""
        settings = self._settings
        if not settings.apollo_api_key:
            return None
        return ApolloClient(
            base_url=settings.apollo_base_url, api_key=settings.apollo_api_key, seconds=settings.send_timeout_seconds
        )

    def to_probe(self) -> dict[Gateway, list[str]]:
        """The configured gateways, each with the accounts whose probe calls out (no account: one without a name)."""
        found = {
            gateway: [account.name for account in self.accounts_for(platform) if self.missing(account) is None]
            for gateway, platform in _PLATFORMS.items()
        }
        if self.model is not None:
            found[Gateway.OPENAI] = [self._settings.openai_model or ""]
        if self.apollo is not None:
            found[Gateway.APOLLO] = [""]
        return {gateway: accounts for gateway, accounts in found.items() if accounts}

    def probe(self, gateway: Gateway) -> list[Probe]:
        """Look at ``gateway`` now, once per account. Calls out; takes up to the time limit for each.

        One probe in the state unconfigured when nothing is configured. Never raises for what it finds.
        """
        if gateway in (Gateway.OPENAI, Gateway.APOLLO):
            client = self.model if gateway is Gateway.OPENAI else self.apollo
            return [client.probe() if client else _unconfigured(gateway, "", _HOW[gateway])]
        accounts = self.accounts_for(_PLATFORMS[gateway])
        return [self._probe_account(account) for account in accounts] or [_unconfigured(gateway, "", _HOW[gateway])]

    def _probe_account(self, account: Account) -> Probe:
        if missing := self.missing(account):
            return _unconfigured(account.platform.gateway, account.name, missing)
        return self._live(account).probe()

    def _live(self, account: Account) -> Sender:
        seconds = self._settings.send_timeout_seconds
        make: dict[Platform, Callable[[], Sender]] = {
            Platform.LINKEDIN: lambda: LinkedInSender(
                account, version=self._settings.linkedin_api_version, seconds=seconds
            ),
            Platform.TWITTER: lambda: XSender(account, seconds=seconds),
            Platform.EMAIL: lambda: SmtpSender(account, seconds=seconds),
        }
        return make[account.platform]()


def _unconfigured(gateway: Gateway, account: str, detail: str) -> Probe:
    return Probe(gateway, account, GatewayState.UNCONFIGURED, detail)


_HOW = {
    Gateway.LINKEDIN: "No account. Declare one in the file that WORKBENCH_ACCOUNTS names.",
    Gateway.X: "No account. Declare one in the file that WORKBENCH_ACCOUNTS names.",
    Gateway.EMAIL: "No account. Set WORKBENCH_SMTP_URL and WORKBENCH_EMAIL_FROM, or declare one in the file that "
    "WORKBENCH_ACCOUNTS names.",
    Gateway.OPENAI: "No model: drafts are written by template. Set WORKBENCH_OPENAI_BASE_URL (or "
    "WORKBENCH_OPENAI_API_KEY) and WORKBENCH_OPENAI_MODEL.",
    Gateway.APOLLO: "No key. Set WORKBENCH_APOLLO_API_KEY.",
}

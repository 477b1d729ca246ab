"""What the workbench is told from outside. The only reader of the environment.

Every setting is an environment variable with the prefix ``WORKBENCH_``. Accounts (who posts and sends) stand
in a TOML file named by ``WORKBENCH_ACCOUNTS``; it names the environment variables of their secrets, never the
secrets.
"""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import unquote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from workbench import server_urls
from workbench.enums import Platform
from workbench.errors import NotConfigured

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_LINKEDIN_AUTHOR = re.compile(r"urn:li:(person|organization|organizationBrand):[A-Za-z0-9_-]+")
_X_HANDLE = re.compile(r"@?[A-Za-z0-9_]{1,15}")
_MAILBOX = re.compile(r"[^@\s<>]+@[^@\s<>]+|[^<>]*<[^@\s<>]+@[^@\s<>]+>")


class Account(BaseModel):
    """A named identity that posts or sends."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: str = Field(min_length=1, max_length=100)
    platform: Platform
    #: LinkedIn: the author URN. X: the handle. Email: the From address, with or without a display name.
    identity: str = Field(min_length=1, max_length=320)
    #: Where the API is (LinkedIn and X have a default), or for e-mail ``smtp://user@host:587`` / ``smtps://…``.
    base_url: str | None = None
    #: The name of the environment variable that holds the token or the SMTP password.
    secret_env: str | None = None
    #: LinkedIn only: for the token's health check.
    client_id: str | None = None
    client_secret_env: str | None = None
    secret: SecretStr | None = Field(default=None, exclude=True, repr=False)
    client_secret: SecretStr | None = Field(default=None, exclude=True, repr=False)
    per_minute: int = Field(default=30, ge=1)
    per_day: int = Field(default=2000, ge=1)

    @model_validator(mode="after")
    def _usable(self) -> Self:
        """Caught here, at the start, rather than by the far side in the middle of a campaign."""
        if _CONTROL.search(self.name) or _CONTROL.search(self.identity):
            raise ValueError("a name or identity holds a line break or another control character; remove it")
        shape, example = {
            Platform.LINKEDIN: (_LINKEDIN_AUTHOR, "an author URN such as urn:li:organization:123456"),
            Platform.TWITTER: (_X_HANDLE, "a handle such as @acme"),
            Platform.EMAIL: (_MAILBOX, "an address such as news@example.com or Acme <news@example.com>"),
        }[self.platform]
        if not shape.fullmatch(self.identity):
            raise ValueError(f"identity must be {example}")
        if self.base_url is not None:
            (server_urls.smtp if self.platform is Platform.EMAIL else server_urls.api)(self.base_url)
        return self


class Settings(BaseSettings):
    """Frozen. Read once where the workbench is opened, then passed down."""

    # An error must not repeat what was set: it may be a password.
    model_config = SettingsConfigDict(env_prefix="WORKBENCH_", frozen=True, extra="ignore", hide_input_in_errors=True)

    database_url: str | None = Field(
        default=None,
        description="SQLAlchemy URL of the operational database. Default: SQLite in the data folder.",
    )
    data_dir: Path = Field(
        default=Path("var"),
        description="Where the embedded database, its backups, the outbox, rejected rows and the mirror's file go.",
    )
    public_url: str | None = Field(
        default=None,
        description="The https address under which recipients reach this workbench; unsubscribe links start "
        "with it. E-mail goes live only with it.",
    )
    secret_key: SecretStr | None = Field(
        default=None,
        description="Signs unsubscribe links and sign-in cookies. Default: made once and kept in the data "
        "folder, readable by its owner only.",
    )
    accounts: Path | None = Field(default=None, description="TOML file that declares the accounts.")
    smtp_url: SecretStr | None = Field(
        default=None,
        description="Shorthand for a single e-mail account: smtp://user:password@host:587 (STARTTLS), smtps://…:465.",
    )
    email_from: str | None = Field(default=None, description="From address of the account made from SMTP_URL.")
    test_recipient: str | None = Field(default=None, description="Address that 'send a test to myself' suggests.")
    postal_address: str | None = Field(
        default=None, description="The sender's postal address, put at the foot of every e-mail."
    )
    openai_base_url: str | None = Field(
        default=None, description="An OpenAI-compatible server, for example http://localhost:11434/v1."
    )
    openai_api_key: SecretStr | None = Field(default=None, description="Its key.")
    openai_model: str | None = Field(default=None, description="Its model. Drafts are template-written without one.")
    apollo_api_key: SecretStr | None = Field(default=None, description="Apollo key for lead discovery.")
    apollo_base_url: str = Field(default="https://api.apollo.io", description="Apollo's address.")
    model_timeout_seconds: Annotated[int, Field(ge=1)] = Field(
        default=120, description="Hard limit of one request to the language model."
    )
    linkedin_api_version: str = Field(
        default="202610",
        pattern=r"^20\d\d(0[1-9]|1[0-2])$",
        description="LinkedIn-Version header, YYYYMM. A version lives for at least 12 months.",
    )
    staleness_minutes: Annotated[int, Field(ge=1)] = Field(
        default=60, description="Items overdue by more than this wait for a person."
    )
    lease_seconds: Annotated[int, Field(ge=10)] = Field(
        default=120, description="How long a worker holds a claimed item without renewing it."
    )
    send_timeout_seconds: Annotated[int, Field(ge=1)] = Field(
        default=30, description="Hard limit of one call to a gateway. Must stay below the lease."
    )
    email_batch: Annotated[int, Field(ge=1, le=100)] = Field(
        default=10, description="E-mails sent over one connection between two looks at the queue."
    )
    worker_poll_seconds: Annotated[float, Field(gt=0)] = Field(
        default=1.0, description="How often an idle worker looks for work."
    )
    probe_interval_seconds: Annotated[int, Field(ge=10)] = Field(
        default=300,
        description="How often workers probe each configured gateway. After three times this without a probe its "
        "state is unknown.",
    )
    timezone: str = Field(default="UTC", description="IANA zone of new projects.")

    @field_validator("public_url")
    @classmethod
    def _reachable(cls, value: str | None) -> str | None:
        return server_urls.api(value).geturl().rstrip("/") if value else None

    @field_validator("openai_base_url", "apollo_base_url")
    @classmethod
    def _safe_for_a_key(cls, value: str | None) -> str | None:
        return server_urls.api(value).geturl().rstrip("/") if value else None

    @field_validator("smtp_url")
    @classmethod
    def _smtp(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None or not value.get_secret_value():
            return None
        server_urls.smtp(value.get_secret_value())
        return value

    @field_validator("email_from", "test_recipient", "postal_address")
    @classmethod
    def _blank_is_none(cls, value: str | None) -> str | None:
        return value.strip() or None if value else None

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(
                f"there is no time zone {value!r}; give an IANA name such as Europe/Berlin or UTC"
            ) from error
        return value

    @model_validator(mode="after")
    def _calls_end_within_the_lease(self) -> Self:
        if self.send_timeout_seconds >= self.lease_seconds:
            raise ValueError(
                f"WORKBENCH_SEND_TIMEOUT_SECONDS is {self.send_timeout_seconds} and must stay below "
                f"WORKBENCH_LEASE_SECONDS, which is {self.lease_seconds}: a call must end while its worker "
                "holds the item"
            )
        return self

    @property
    def url(self) -> str:
        """The database URL in force."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'workbench.db').resolve()}"

    @property
    def embedded(self) -> bool:
        """Whether the database is SQLite, which the workbench backs up and migrates by itself."""
        return self.url.startswith("sqlite")


def load(**overrides: Any) -> Settings:
    """Settings from the environment, with ``overrides`` on top.

    Raises :class:`NotConfigured`, naming each fault.
    """
    try:
        return Settings(**overrides)
    except ValidationError as error:
        faults = "; ".join(_named(fault) for fault in error.errors(include_input=False))
        raise NotConfigured(f"The settings are not usable. {faults}.") from error


def _named(fault: Any) -> str:
    message = _plain(fault["msg"])
    if not fault["loc"]:  # about several settings: it names them itself
        return message
    return f"WORKBENCH_{'_'.join(str(part) for part in fault['loc']).upper()}: {message}"


def _plain(message: str) -> str:
    return message.removeprefix("Value error, ").rstrip(".")


def load_accounts(settings: Settings) -> tuple[Account, ...]:
    """The accounts the settings declare, secrets filled in from the environment. No file, no accounts.

    The file holds one table per account: ``[[account]]`` with the fields of :class:`Account`.
    ``WORKBENCH_SMTP_URL`` adds one e-mail account named ``default``; its password leaves the URL and
    becomes the account's secret.

    Raises :class:`NotConfigured` when the file is missing or wrong, two accounts share a platform and name, a
    secret's variable is not set, or ``WORKBENCH_SMTP_URL`` comes without ``WORKBENCH_EMAIL_FROM``.
    """
    accounts = [_account(entry) for entry in _declared(settings.accounts)]
    if settings.smtp_url:
        accounts.append(_from_smtp_url(settings.smtp_url.get_secret_value(), settings.email_from))
    seen: set[tuple[str, str]] = set()
    for account in accounts:
        key = (account.platform.value, account.name)
        if key in seen:
            raise NotConfigured(f"Two {account.platform.label} accounts are called {account.name}. Rename one.")
        seen.add(key)
    return tuple(accounts)


def _declared(path: Path | None) -> list[dict[str, Any]]:
    if path is None:
        return []
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise NotConfigured(f"WORKBENCH_ACCOUNTS names {path}, which cannot be read: {error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise NotConfigured(f"{path} is not valid TOML: {error}") from error
    entries = found.pop("account", [])
    if found or not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        unknown = ", ".join(sorted(found)) or "account"
        raise NotConfigured(f"{path} may hold [[account]] tables only. Check: {unknown}.")
    return entries


def _account(entry: dict[str, Any]) -> Account:
    name = entry.get("name", "?")
    for field in ("secret", "client_secret"):
        if field in entry:
            raise NotConfigured(
                f"Account {name}: write the name of an environment variable in {field}_env, not the secret."
            )
    if server_urls.holds_password(entry.get("base_url")):
        raise NotConfigured(
            f"Account {name}: base_url holds a password. Take it out, put it into an environment variable "
            "and write that variable's name in secret_env."
        )
    filled = dict(entry)
    for field in ("secret", "client_secret"):
        variable = entry.get(f"{field}_env")
        if variable:
            value = os.environ.get(str(variable))
            if not value:
                raise NotConfigured(f"Account {name}: the environment variable {variable} is not set.")
            filled[field] = SecretStr(value)
    try:
        return Account(**filled)
    except ValidationError as error:
        raise NotConfigured(f"Account {name} in the accounts file is not usable. {_faults_of(error)}.") from error


def _from_smtp_url(url: str, sender: str | None) -> Account:
    """The account that ``WORKBENCH_SMTP_URL`` stands for. The user stays in the URL, not the password."""
    if sender is None:
        raise NotConfigured("WORKBENCH_SMTP_URL is set, but no From address. Set WORKBENCH_EMAIL_FROM as well.")
    parts = server_urls.smtp(url)
    user, at, server = parts.netloc.rpartition("@")
    name, _, password = user.partition(":")
    try:
        return Account(
            name="default",
            platform=Platform.EMAIL,
            identity=sender,
            base_url=f"{parts.scheme}://{name}{at}{server}",
            secret=SecretStr(unquote(password)) if password else None,
        )
    except ValidationError as error:
        raise NotConfigured(
            f"The account made from WORKBENCH_SMTP_URL and WORKBENCH_EMAIL_FROM is not usable. {_faults_of(error)}."
        ) from error


def _faults_of(error: ValidationError) -> str:
    return "; ".join(
        ": ".join(filter(None, (".".join(map(str, fault["loc"])), _plain(fault["msg"]))))
        for fault in error.errors(include_input=False)
    )

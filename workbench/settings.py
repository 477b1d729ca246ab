"""What the workbench is told from outside. The only reader of the environment.

Every setting is an environment variable with the prefix ``WORKBENCH_``. Accounts (who posts and sends) stand in a
TOML file named by ``WORKBENCH_ACCOUNTS``; it names the environment variables of their secrets, never the secrets.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from workbench.enums import Platform
from workbench.errors import NotConfigured


class Account(BaseModel):
    """A named identity that posts or sends."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=100)
    platform: Platform
    #: LinkedIn: the author URN. X: the handle. Email: the From address, with or without a display name.
    identity: str = Field(min_length=1, max_length=320)
    #: Where the API is, or ``smtp://user@host:587`` / ``smtps://…`` / for email; a default for LinkedIn and X.
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


class Settings(BaseSettings):
    """Frozen. Read once where the workbench is opened, then passed down."""

    model_config = SettingsConfigDict(env_prefix="WORKBENCH_", frozen=True, extra="ignore")

    database_url: str | None = Field(
        default=None,
        description="SQLAlchemy URL of the operational database. Default: SQLite in the data folder.",
    )
    data_dir: Path = Field(
        default=Path("var"), description="Where the embedded database, its backups, the outbox and rejected rows go."
    )
    public_url: str | None = Field(
        default=None,
        description="The https address under which recipients reach this workbench; unsubscribe links start with it. "
        "E-mail goes live only with it.",
    )
    secret_key: SecretStr | None = Field(
        default=None,
        description="Signs unsubscribe links and sign-in cookies. Default: made once and kept in the data folder, readable by its owner only.",
    )
    accounts: Path | None = Field(default=None, description="TOML file that declares the accounts.")
    smtp_url: SecretStr | None = Field(
        default=None,
        description="Shorthand for a single e-mail account: smtp://user:password@host:587 (STARTTLS), smtps://…:465.",
    )
    email_from: str | None = Field(default=None, description="From address of the account made from SMTP_URL.")
    test_recipient: str | None = Field(
        default=None, description="Address that 'send a test to myself' suggests."
    )
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
    linkedin_api_version: str = Field(default="202610", description="LinkedIn-Version header, YYYYMM.")
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
    timezone: str = Field(default="UTC", description="IANA zone of new projects.")

    @field_validator("public_url")
    @classmethod
    def _no_trailing_slash(cls, value: str | None) -> str | None:
        return value.rstrip("/") if value else None

    @property
    def url(self) -> str:
        """The database URL in force."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'workbench.db').resolve()}"

    @property
    def embedded(self) -> bool:
        """Whether the database is SQLite, which the workbench backs up and migrates by itself."""
        return self.url.startswith("sqlite")


def load(**overrides: Any) -> Settings:
    """Settings from the environment, with ``overrides`` on top. Raises :class:`NotConfigured`, naming each fault."""
    try:
        return Settings(**overrides)
    except ValidationError as error:
        faults = "; ".join(
            f"WORKBENCH_{'_'.join(str(part) for part in fault['loc']).upper()}: {fault['msg']}" for fault in error.errors()
        )
        raise NotConfigured(f"The settings are not usable. {faults}") from error


def load_accounts(settings: Settings) -> tuple[Account, ...]:
    """The accounts the settings declare, secrets filled in from the environment. No file, no accounts.

    The file holds one table per account: ``[[account]]`` with the fields of :class:`Account`.
    Raises :class:`NotConfigured` when the file is missing or wrong, two accounts share a platform and name, or a
    secret's variable is not set.
    """
    entries: list[dict[str, Any]] = []
    if settings.accounts:
        try:
            entries = tomllib.loads(settings.accounts.read_text(encoding="utf-8")).get("account", [])
        except OSError as error:
            raise NotConfigured(f"WORKBENCH_ACCOUNTS names {settings.accounts}, which cannot be read: {error}") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise NotConfigured(f"{settings.accounts} is not valid TOML: {error}") from error
    accounts = [_account(entry) for entry in entries]
    if settings.smtp_url and settings.email_from:
        accounts.append(
            Account(
                name="default", platform=Platform.EMAIL, identity=settings.email_from,
                base_url=settings.smtp_url.get_secret_value(),
            )
        )
    seen: set[tuple[str, str]] = set()
    for account in accounts:
        key = (account.platform.value, account.name)
        if key in seen:
            raise NotConfigured(f"Two {account.platform.label} accounts are called {account.name}. Rename one.")
        seen.add(key)
    return tuple(accounts)


def _account(entry: dict[str, Any]) -> Account:
    name = entry.get("name", "?")
    for field in ("secret", "client_secret"):
        if field in entry:
            raise NotConfigured(f"Account {name}: write the name of an environment variable in {field}_env, not the secret.")
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
        faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise NotConfigured(f"Account {name} in the accounts file is not usable. {faults}") from error

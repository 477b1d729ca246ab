"""What the workbench is told from outside. Every setting is an environment variable with the prefix ``WORKBENCH_``.

Accounts (who posts and sends) stand in a file of their own: :mod:`workbench.accounts`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from workbench import server_urls
from workbench.errors import NotConfigured


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
    message = plain(fault["msg"])
    if not fault["loc"]:  # about several settings: it names them itself
        return message
    return f"WORKBENCH_{'_'.join(str(part) for part in fault['loc']).upper()}: {message}"


def plain(message: str) -> str:
    """A message of pydantic's without what it puts in front and behind."""
    return message.removeprefix("Value error, ").rstrip(".")

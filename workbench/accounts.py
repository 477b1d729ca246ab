"""Who posts and sends: the accounts that stand in the TOML file ``WORKBENCH_ACCOUNTS`` names.

The file names the environment variables of their secrets, never the secrets.
"""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import Any, Self
from urllib.parse import unquote

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from workbench import server_urls
from workbench.enums import Platform
from workbench.errors import NotConfigured
from workbench.settings import Settings, plain

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
        ": ".join(filter(None, (".".join(map(str, fault["loc"])), plain(fault["msg"]))))
        for fault in error.errors(include_input=False)
    )

"""Who posts and sends: what the accounts file may say, and that secrets stay secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.accounts import load_accounts
from workbench.enums import Platform
from workbench.errors import NotConfigured
from workbench.settings import Settings

PASSWORD = "p/w@rd 1"


def accounts_file(tmp_path: Path, text: str) -> Settings:
    path = tmp_path / "accounts.toml"
    path.write_text(text, encoding="utf-8")
    return Settings(accounts=path)


class TestSmtpUrl:
    def settings(self, url: str = "smtp://me%40example.com:p%2Fw%40rd%201@mail.example.com:587") -> Settings:
        return Settings(smtp_url=url, email_from="Acme <news@example.com>")

    def test_makes_one_email_account_named_default(self) -> None:
        (account,) = load_accounts(self.settings())
        assert (account.name, account.platform, account.identity) == (
            "default",
            Platform.EMAIL,
            "Acme <news@example.com>",
        )

    def test_the_user_stays_in_the_url_and_the_password_becomes_the_secret(self) -> None:
        (account,) = load_accounts(self.settings())
        assert account.base_url == "smtp://me%40example.com@mail.example.com:587"
        assert account.secret is not None
        assert account.secret.get_secret_value() == PASSWORD

    def test_the_password_is_in_no_repr_and_in_no_dump(self) -> None:
        settings = self.settings()
        (account,) = load_accounts(settings)
        shown = f"{settings!r} {account!r} {account!s} {account.model_dump()} {account.model_dump_json()}"
        assert "p%2Fw" not in shown
        assert PASSWORD not in shown

    def test_without_user_or_password(self) -> None:
        (account,) = load_accounts(self.settings("smtp://localhost:1025"))
        assert (account.base_url, account.secret) == ("smtp://localhost:1025", None)

    def test_without_a_from_address_is_refused(self) -> None:
        with pytest.raises(NotConfigured, match="Set WORKBENCH_EMAIL_FROM"):
            load_accounts(Settings(smtp_url="smtp://localhost:1025"))

    @pytest.mark.parametrize("sender", ["news", "a@example.com\r\nBcc: b@example.com", "a@b@c"])
    def test_with_a_from_address_that_is_none_is_refused(self, sender: str) -> None:
        with pytest.raises(NotConfigured, match="WORKBENCH_EMAIL_FROM"):
            load_accounts(Settings(smtp_url="smtp://localhost:1025", email_from=sender))


class TestAccountsFile:
    def test_no_file_no_accounts(self) -> None:
        assert load_accounts(Settings()) == ()

    def test_secrets_come_from_the_variables_it_names(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ACME_TOKEN", "token-1")
        settings = accounts_file(
            tmp_path,
            '[[account]]\nname = "acme"\nplatform = "linkedin"\n'
            'identity = "urn:li:organization:1"\nsecret_env = "ACME_TOKEN"\n',
        )
        (account,) = load_accounts(settings)
        assert account.secret is not None
        assert account.secret.get_secret_value() == "token-1"
        assert "token-1" not in repr(account)

    @pytest.mark.parametrize(
        ("fields", "says"),
        [
            ('secret = "geheim"', "name of an environment variable in secret_env"),
            ('secret_env = "NOT_SET_ANYWHERE"', "NOT_SET_ANYWHERE is not set"),
            ('colour = "red"', "colour"),
            ("per_minute = 0", "per_minute"),
            ('identity = "acme"', "author URN"),
            ('identity = "urn:li:person:1\\r\\nX: 1"', "control character"),
            ('base_url = "http://api.example.com"', "https://"),
            ('platform = "twitter"\nidentity = "no handle"', "a handle such as @acme"),
            ('platform = "email"\nidentity = "acme"', "an address such as"),
            (
                'platform = "email"\nidentity = "a@example.com"\nbase_url = "smtp://me:geheim@example.com"',
                "holds a password",
            ),
            (
                'platform = "email"\nidentity = "a@example.com"\nbase_url = "https://example.com"',
                "must start with smtp://",
            ),
        ],
    )
    def test_a_wrong_account_is_refused_by_name(self, fields: str, says: str, tmp_path: Path) -> None:
        lines = {"platform": '"linkedin"', "identity": '"urn:li:person:1"'}
        lines |= dict(line.split(" = ", 1) for line in fields.splitlines())
        body = "\n".join(f"{name} = {value}" for name, value in lines.items())
        with pytest.raises(NotConfigured) as caught:
            load_accounts(accounts_file(tmp_path, f'[[account]]\nname = "acme"\n{body}\n'))
        assert says in caught.value.message
        assert "acme" in caught.value.message
        assert "geheim" not in f"{caught.value} {caught.value.__cause__}"

    def test_two_accounts_of_one_platform_need_two_names(self, tmp_path: Path) -> None:
        one = '[[account]]\nname = "acme"\nplatform = "twitter"\nidentity = "@acme"\n'
        with pytest.raises(NotConfigured, match="Two X accounts are called acme"):
            load_accounts(accounts_file(tmp_path, one + one))

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("[[account]\n", "not valid TOML"),
            ("[account]\nname = 'a'\n", "may hold"),
            ("[[acount]]\nname = 'a'\n", "Check: acount"),
        ],
    )
    def test_a_file_of_another_shape_is_refused(self, text: str, says: str, tmp_path: Path) -> None:
        with pytest.raises(NotConfigured, match=r"accounts\.toml") as caught:
            load_accounts(accounts_file(tmp_path, text))
        assert says in caught.value.message

    def test_a_missing_file_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(NotConfigured, match="cannot be read"):
            load_accounts(Settings(accounts=tmp_path / "none.toml"))

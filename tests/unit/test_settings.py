"""What the workbench is told from outside: faults are named at the start, and secrets stay secret."""

from __future__ import annotations

import pytest

from workbench.errors import NotConfigured
from workbench.settings import Settings, load


def test_a_setting_is_read_from_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_STALENESS_MINUTES", "15")
    assert load().staleness_minutes == 15


def test_settings_do_not_change_once_read() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings().timezone = "Europe/Berlin"


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("TIMEZONE", "Mars/Olympus", "no time zone 'Mars/Olympus'; give an IANA name"),
        ("TIMEZONE", "", "no time zone"),
        ("TIMEZONE", "../../etc/passwd", "no time zone"),
        ("PUBLIC_URL", "http://mail.example.com", "must start with https://"),
        ("PUBLIC_URL", "mail.example.com", "names no server"),
        ("PUBLIC_URL", "https://me:pw@mail.example.com", "without user, password"),
        ("PUBLIC_URL", "https://mail.example.com/?a=b", "without user, password, ? or #"),
        ("PUBLIC_URL", "https://mail.example.com/\r\nX: 1", "names no server"),
        ("SMTP_URL", "ftp://me:pw@mail.example.com", "must start with smtp://"),
        ("SMTP_URL", "smtp://mail.example.com:99999", "cannot be read"),
        ("SMTP_URL", "smtp://mail.example.com/inbox", "must end after host and port"),
        ("SMTP_URL", "smtp://", "names no server"),
        ("OPENAI_BASE_URL", "http://models.example.com/v1", "must start with https://"),
        ("APOLLO_BASE_URL", "http://api.example.com", "must start with https://"),
        ("LINKEDIN_API_VERSION", "202613", "LINKEDIN_API_VERSION"),
        ("SEND_TIMEOUT_SECONDS", "120", "must stay below WORKBENCH_LEASE_SECONDS"),
        ("EMAIL_BATCH", "many", "EMAIL_BATCH"),
    ],
)
def test_a_wrong_setting_is_refused_by_name(
    variable: str, value: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"WORKBENCH_{variable}", value)
    with pytest.raises(NotConfigured) as caught:
        load()
    assert says in caught.value.message
    assert f"WORKBENCH_{variable}" in caught.value.message


def test_every_wrong_setting_is_named_at_once() -> None:
    with pytest.raises(NotConfigured) as caught:
        load(timezone="Mars/Olympus", public_url="http://mail.example.com")
    assert "WORKBENCH_TIMEZONE" in caught.value.message
    assert "WORKBENCH_PUBLIC_URL" in caught.value.message


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_on_this_machine_the_public_address_may_be_plain_http(host: str) -> None:
    assert load(public_url=f"http://{host}:5006/").public_url == f"http://{host}:5006"


def test_a_refused_smtp_url_does_not_show_its_password() -> None:
    with pytest.raises(NotConfigured) as caught:
        load(smtp_url="imap://me:geheim@mail.example.com")
    chain = [caught.value, caught.value.__cause__]
    assert not any("geheim" in f"{error} {error!r}" for error in chain)

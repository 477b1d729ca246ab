"""Simulation writes what would have been sent, whole, into files with harmless names."""

from __future__ import annotations

import json
import os
from email import message_from_bytes
from email.policy import default as modern
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import NOW
from workbench.enums import GatewayState, Platform
from workbench.gateways.base import Deferred, Message, Outcome, Sent
from workbench.gateways.outbox import OutboxSender, file_name


def sent(folder: Path, message: Message) -> Outcome:
    with OutboxSender(message.platform, folder, account="acme").connect() as channel:
        return channel.send(message)


def email(key: str = "item-1:lead-2", **values: str) -> Message:
    fields = {"recipient": "lea@example.com", "unsubscribe_url": "http://localhost:5006/u/1"} | values
    return Message(Platform.EMAIL, key, "Grüße", "Hallo Köln", **fields)


def test_an_email_is_a_file_that_a_mail_program_opens(tmp_path: Path) -> None:
    assert sent(tmp_path, email()) == Sent("simulated:item-1:lead-2")
    (file,) = (tmp_path / "email").iterdir()
    assert file.suffix == ".eml"
    parsed = message_from_bytes(file.read_bytes(), policy=modern)
    assert parsed["Subject"] == "Grüße"
    assert parsed["To"] == "lea@example.com"
    assert parsed["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "Hallo Köln" in parsed.get_content()


@pytest.mark.parametrize(
    ("platform", "request_body"),
    [(Platform.TWITTER, {"text": "Hi (all)"}), (Platform.LINKEDIN, {"commentary": "Hi \\(all\\)"})],
)
def test_a_post_is_the_request_that_the_platform_would_get(
    platform: Platform, request_body: dict[str, str], tmp_path: Path, frozen_now: object
) -> None:
    sent(tmp_path, Message(platform, "item-7", "Working title", "Hi (all)"))
    (file,) = (tmp_path / platform.value).iterdir()
    written = json.loads(file.read_text())
    assert written["simulated"] is True
    assert written["text"] == "Hi (all)"
    assert written["key"] == "item-7"
    assert written["written_at"] == NOW.isoformat()
    assert written["request"].items() >= request_body.items()


def test_the_same_thing_sent_again_replaces_its_file(tmp_path: Path) -> None:
    for _ in range(3):
        sent(tmp_path, email())
    assert len(list((tmp_path / "email").iterdir())) == 1


@given(st.text())
def test_a_key_cannot_leave_the_folder(key: str) -> None:
    name = file_name(key)
    assert name == os.path.basename(name)
    assert not name.startswith(".")
    assert name.isascii()
    assert len(name) <= 80


@given(st.lists(st.text(), unique=True, min_size=2, max_size=2))
def test_two_keys_have_two_files(keys: list[str]) -> None:
    assert file_name(keys[0]) != file_name(keys[1])


def test_a_full_disk_leaves_no_half_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", no_room)
    outcome = sent(tmp_path, email())
    assert isinstance(outcome, Deferred)
    assert "No space left on device" in outcome.reason
    assert list((tmp_path / "email").iterdir()) == []


def test_the_probe_says_when_a_file_stands_where_the_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("in the way")
    probe = OutboxSender(Platform.EMAIL, tmp_path / "outbox", account="acme").probe()
    assert probe.state is GatewayState.DOWN
    assert str(tmp_path) in probe.detail


def test_the_probe_says_where_the_messages_go_and_makes_nothing(tmp_path: Path) -> None:
    probe = OutboxSender(Platform.EMAIL, tmp_path / "var" / "outbox", account="acme").probe()
    assert probe.state is GatewayState.OK
    assert str(tmp_path) in probe.detail
    assert list(tmp_path.iterdir()) == []

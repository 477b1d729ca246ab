"""The fixed sequence, and words of the far side made fit to be kept."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from workbench.enums import Gateway, GatewayState, Platform
from workbench.gateways.base import (
    Adapter,
    Deferred,
    Finding,
    Invalid,
    Message,
    NoProof,
    NotAccepted,
    Outcome,
    Rejected,
    Scrubber,
    Sent,
    Unknown,
)


class Recording(Adapter[list[str], str, str]):
    """Writes down its steps, and fails at the one it is told to."""

    gateway = Gateway.LINKEDIN
    platform = Platform.LINKEDIN

    def __init__(self, fails_at: str = "", fault: Exception | None = None) -> None:
        super().__init__("acme", SecretStr("geheim"))
        self.steps: list[str] = []
        self._fails_at, self._fault = fails_at, fault

    def _step(self, name: str) -> None:
        self.steps.append(name)
        if name == self._fails_at and self._fault:
            raise self._fault

    def open(self) -> list[str]:
        self._step("open")
        return self.steps

    def close(self, line: list[str]) -> None:
        self._step("close")

    def build(self, message: Message) -> str:
        self._step("build")
        return message.body_text

    def validate(self, request: str) -> None:
        self._step("validate")

    def call(self, line: list[str], request: str) -> str:
        self._step("call")
        return "said: " + request

    def classify(self, reply: str, request: str) -> Outcome:
        self._step("classify")
        return Sent(reply)

    def look(self) -> Finding:
        self._step("look")
        return Finding(GatewayState.OK, "fine, geheim")


HELLO = Message(Platform.LINKEDIN, "k", "", "Hello")


def test_the_steps_come_in_one_order() -> None:
    adapter = Recording()
    with adapter.connect() as channel:
        assert channel.send(HELLO) == Sent("said: Hello")
    assert adapter.steps == ["open", "build", "validate", "call", "classify", "close"]


@pytest.mark.parametrize(
    ("step", "fault", "expected", "last"),
    [
        ("build", Invalid("no geheim"), Rejected("no •••"), "build"),
        ("validate", Invalid("no geheim"), Rejected("no •••"), "validate"),
        ("call", NotAccepted("no geheim"), Deferred("no •••"), "call"),
        ("call", NotAccepted("no geheim", hold=True), Deferred("no •••", hold=True), "call"),
        ("call", NoProof("no geheim"), Unknown("no •••"), "call"),
    ],
)
def test_a_fault_ends_the_sequence_in_its_outcome(step: str, fault: Exception, expected: Outcome, last: str) -> None:
    adapter = Recording(step, fault)
    assert adapter.send_over([], HELLO) == expected
    assert adapter.steps[-1] == last


def test_content_is_checked_before_anything_is_built() -> None:
    adapter = Recording()
    assert isinstance(adapter.send_over([], Message(Platform.LINKEDIN, "k", "", "")), Rejected)
    assert adapter.steps == []


def test_a_mistake_of_the_program_is_no_outcome() -> None:
    with pytest.raises(ZeroDivisionError):
        Recording("call", ZeroDivisionError()).send_over([], HELLO)


@pytest.mark.parametrize("fault", [NotAccepted("lost geheim"), NoProof("lost geheim")])
def test_a_probe_that_fails_is_down(fault: Exception) -> None:
    probe = Recording("look", fault).probe()
    assert (probe.state, probe.detail) == (GatewayState.DOWN, "lost •••")


def test_a_probe_shows_no_secret() -> None:
    assert Recording().probe().detail == "fine, •••"


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("plain", "plain"),
        (" two\r\n lines\x00\x1b[31m ", "two lines [31m"),
        ("Bearer geheim-lang and geheim", "Bearer ••• and •••"),
        ("half \ud83d an emoji", "half an emoji"),
        ("x" * 1000, "x" * 399 + "…"),
    ],
)
def test_what_the_far_side_says_is_made_fit_to_be_kept(said: str, kept: str) -> None:
    scrub = Scrubber(SecretStr("geheim"), None, SecretStr("geheim-lang"), SecretStr(""))
    assert scrub(said) == kept

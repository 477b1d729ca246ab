"""What holds for every way out, whatever is behind it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.integration.gateways.making import LIMIT, TOKEN, linkedin, message, send, smtp, x
from tests.servers import HttpServer, MailSink, answer, free_port, mail_server, rude_mail_server, stall
from workbench.enums import GatewayState, Platform
from workbench.gateways.base import Deferred, Message, Rejected, Sender, Sent, Unknown
from workbench.gateways.outbox import OutboxSender


@dataclass
class Way:
    """A sender, and how its far side can be looked at and made to fail."""

    platform: Platform
    sender: Sender
    #: How many messages the far side accepted.
    accepted: Callable[[], int]
    #: The same sender with nobody behind it, and with somebody who takes the message and then says nothing.
    nobody: Callable[[], Sender]
    mute: Callable[[], Sender]
    mute_outcome: type

    def message(self, **values: object) -> Message:
        return replace(message(self.platform), **values)  # type: ignore[arg-type]


def http_way(stack: ExitStack, platform: Platform, make: Callable[..., Sender], good: dict[str, object]) -> Way:
    server = stack.enter_context(HttpServer(answer(201, good)))
    silent = stack.enter_context(HttpServer(stall))
    return Way(
        platform,
        make(server.url),
        accepted=lambda: len(server.received),
        nobody=lambda: make(f"http://127.0.0.1:{free_port()}"),
        mute=lambda: make(silent.url),
        mute_outcome=Unknown,
    )


def mail_way(stack: ExitStack) -> Way:
    sink = MailSink()
    port = stack.enter_context(mail_server(sink, password=TOKEN))
    silent = stack.enter_context(rude_mail_server(lambda connection: connection.recv(1) and None))
    return Way(
        Platform.EMAIL,
        smtp(port, user="me", password=TOKEN),
        accepted=lambda: len(sink.mails),
        nobody=lambda: smtp(free_port(), user="me", password=TOKEN),
        mute=lambda: smtp(silent, user="me", password=TOKEN),
        mute_outcome=Deferred,  # it never greeted, so it cannot have taken anything
    )


def outbox_way(platform: Platform, folder: Path) -> Way:
    blocked = folder / "a file"
    blocked.write_text("in the way")
    box = folder / "outbox"
    return Way(
        platform,
        OutboxSender(platform, box, account="simulation"),
        accepted=lambda: len(list(box.glob("*/[!.]*"))),
        nobody=lambda: OutboxSender(platform, blocked, account="simulation"),
        mute=lambda: OutboxSender(platform, blocked, account="simulation"),
        mute_outcome=Deferred,
    )


@pytest.fixture(params=["linkedin", "x", "email", "simulated linkedin", "simulated twitter", "simulated email"])
def way(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Way]:
    with ExitStack() as stack:
        if request.param == "linkedin":
            yield http_way(stack, Platform.LINKEDIN, linkedin, {"id": "urn:li:share:1"})
        elif request.param == "x":
            yield http_way(stack, Platform.TWITTER, x, {"data": {"id": "1"}})
        elif request.param == "email":
            yield mail_way(stack)
        else:
            yield outbox_way(Platform(request.param.removeprefix("simulated ")), tmp_path)


def test_what_is_fine_is_sent_once_with_an_id(way: Way) -> None:
    (outcome,) = send(way.sender, way.message())
    assert isinstance(outcome, Sent)
    assert outcome.external_id
    assert way.accepted() == 1


def test_a_batch_is_sent_in_full(way: Way) -> None:
    outcomes = send(way.sender, *(way.message(key=f"item-{number}") for number in range(4)))
    assert [type(outcome) for outcome in outcomes] == [Sent] * 4
    assert way.accepted() == 4


@pytest.mark.parametrize(
    "changes",
    [
        {"body_text": ""},
        {"body_text": "NUL \x00"},
        {"body_text": "x" * 60_000},
        {"body_text": "\ud83d half an emoji"},
        {"platform": None},
    ],
    ids=["empty", "NUL", "too long", "half a character", "another platform's"],
)
def test_what_the_editor_would_refuse_is_rejected_before_anything_is_called(
    changes: dict[str, object], way: Way
) -> None:
    if changes == {"platform": None}:
        changes = {"platform": Platform.EMAIL if way.platform is not Platform.EMAIL else Platform.LINKEDIN}
    wrong, right = send(way.sender, way.message(**changes), way.message())
    assert isinstance(wrong, Rejected)
    assert wrong.reason
    assert not wrong.bounce
    assert isinstance(right, Sent), "the rest of the batch is not held up"
    assert way.accepted() == 1


def test_nobody_there_is_an_outcome_and_no_error(way: Way) -> None:
    sender = way.nobody()
    with sender.connect() as channel:
        outcome = channel.send(way.message())
    assert isinstance(outcome, Deferred)
    assert outcome.reason
    assert outcome.retry_at is None


def test_a_far_side_that_says_nothing_is_cut_at_the_limit(way: Way) -> None:
    started = time.monotonic()
    (outcome,) = send(way.mute(), way.message())
    assert isinstance(outcome, way.mute_outcome)
    assert time.monotonic() - started < LIMIT * 2


def test_a_probe_changes_nothing_and_says_how_long_it_took(way: Way) -> None:
    probe = way.sender.probe()
    assert probe.gateway is way.platform.gateway
    assert probe.gateway is way.sender.gateway
    assert probe.account == way.sender.account
    assert probe.latency_ms is not None
    assert probe.state in (GatewayState.OK, GatewayState.WARN, GatewayState.DOWN)


def test_secrets_are_in_no_outcome_probe_or_repr(way: Way) -> None:
    seen = [way.sender, way.sender.probe(), *send(way.sender, way.message())]
    for sender in (way.nobody(), way.mute()):
        seen += [sender, sender.probe(), *send(sender, way.message())]
    assert not [one for one in seen if TOKEN in repr(one)]


def test_one_sender_serves_several_batches_at_the_same_time(way: Way) -> None:
    with way.sender.connect() as first, way.sender.connect() as second:
        outcomes = [first.send(way.message(key="a")), second.send(way.message(key="b"))]
        outcomes += [first.send(way.message(key="c")), second.send(way.message(key="d"))]
    assert [type(outcome) for outcome in outcomes] == [Sent] * 4
    assert way.accepted() == 4


def test_leaving_a_batch_by_an_error_hangs_up_and_lets_the_error_out(way: Way) -> None:
    def stop_in_the_middle() -> None:
        with way.sender.connect() as channel:
            channel.send(way.message())
            raise RuntimeError("the worker stops")

    with pytest.raises(RuntimeError, match="the worker stops"):
        stop_in_the_middle()
    assert way.accepted() == 1

"""Guessing passwords: how often, and for how long a name is shut after it."""

from __future__ import annotations

import pytest

from workbench.web.login import Throttle, way_back


@pytest.mark.parametrize(
    ("asked", "there"),
    [
        ("/?page=leads&project=3&q=Ann+Miller", "/?page=leads&project=3&q=Ann+Miller"),
        ("/", "/"),
        ("", "/"),
        ("https://example.com/?page=leads", "/?page=leads"),
        ("//example.com", "/"),
        ("/?page=leads\r\nSet-Cookie: a=b", "/?page=leadsSet-Cookie%3A+a%3Db"),
        ("/?q=\x00", "/?q=%00"),
        ("//[", "/"),
    ],
)
def test_signing_in_leads_to_the_view_that_was_asked_for_and_to_no_other_place(asked: str, there: str) -> None:
    assert way_back(asked) == there


def test_too_many_failures_shut_a_key_until_the_first_of_them_is_old_enough_and_no_other_key() -> None:
    seconds = [0.0]
    throttle = Throttle(limit=3, seconds=60, clock=lambda: seconds[0])
    for moment in (0.0, 10.0, 20.0):
        seconds[0] = moment
        assert not throttle.blocked("here ada")
        throttle.failed("here ada")
    assert throttle.blocked("here ada")
    assert not throttle.blocked("here grace")
    seconds[0] = 59.9
    assert throttle.blocked("here ada")
    seconds[0] = 60.0
    assert not throttle.blocked("here ada")
    throttle.failed("here ada")
    assert throttle.blocked("here ada")


def test_who_failed_long_ago_may_fail_as_often_again() -> None:
    seconds = [0.0]
    throttle = Throttle(limit=2, seconds=60, clock=lambda: seconds[0])
    throttle.failed("here ada")
    throttle.failed("here ada")
    seconds[0] = 1_000.0
    assert not throttle.blocked("here ada")
    throttle.failed("here ada")
    assert not throttle.blocked("here ada")

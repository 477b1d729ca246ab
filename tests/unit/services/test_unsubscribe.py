"""The unsubscribe link is signed, opaque about the person, and only ever about the address it was sent to."""

from __future__ import annotations

import base64
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import InputError
from workbench.services.unsubscribe import make_token, read_token

SECRET = "s" * 32


def test_a_token_comes_back_as_what_it_was_made_for() -> None:
    link = read_token(SECRET, make_token(SECRET, 12, "ada@example.com"))
    assert link.lead_id == 12


def test_a_token_fits_into_a_link_and_into_a_header() -> None:
    token = make_token(SECRET, 2**31 - 1, "a" * 64 + "@example.com")
    assert re.fullmatch(r"[A-Za-z0-9_.\-]{1,120}", token)


def test_a_token_reveals_neither_name_nor_address() -> None:
    payload = make_token(SECRET, 12, "ada@example.com").split(".")[0]
    shown = base64.urlsafe_b64decode(payload + "==").decode()
    assert re.fullmatch(r'\[12,"[0-9a-f]{16}"\]', shown)


def test_the_check_in_it_cannot_be_made_without_the_key() -> None:
    one, other = (read_token(secret, make_token(secret, 12, "ada@example.com")) for secret in (SECRET, "t" * 32))
    assert one.check != other.check


def test_the_same_person_gets_the_same_link_every_time_and_others_another() -> None:
    assert make_token(SECRET, 12, "ada@example.com") == make_token(SECRET, 12, "ada@example.com")
    assert len({make_token(SECRET, *to) for to in [(12, "ada@x.com"), (12, "bob@x.com"), (13, "ada@x.com")]}) == 3


@pytest.mark.parametrize(
    "token",
    ["", "x", "a.b", "WzEyLCJhIl0.x", "é", "\x00", "a" * 100_000, make_token("t" * 32, 12, "ada@example.com")],
)
def test_what_was_not_signed_here_is_refused(token: str) -> None:
    with pytest.raises(InputError, match="Open it again from the e-mail"):
        read_token(SECRET, token)


@given(st.data())
def test_a_changed_token_is_refused(data: st.DataObject) -> None:
    token = make_token(SECRET, 12, "ada@example.com")
    place = data.draw(st.integers(0, len(token) - 2))  # the last letter holds padding bits that count for nothing
    letter = data.draw(st.sampled_from("abcXYZ019-_.").filter(lambda letter: letter != token[place]))
    with pytest.raises(InputError):
        read_token(SECRET, token[:place] + letter + token[place + 1 :])

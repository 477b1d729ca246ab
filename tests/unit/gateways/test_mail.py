"""Whatever a title, a name or an address holds, a mail has exactly the headers it was given."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import default as modern

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.enums import Platform
from workbench.gateways.base import Invalid, Message
from workbench.gateways.mail import build_email, message_id, sender_address

HEADERS = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "Content-Type",
    "Content-Transfer-Encoding",
    "MIME-Version",
]


def message(**values: str) -> Message:
    fields = {
        "title": "News",
        "body_text": "Hello",
        "recipient": "lea@example.com",
        "unsubscribe_url": "https://mail.acme.example/u/1",
    } | values
    return Message(Platform.EMAIL, "k", **fields)


@given(title=st.text(min_size=1), name=st.text(), body=st.text(), postal=st.text())
def test_no_text_can_add_a_header(title: str, name: str, body: str, postal: str) -> None:
    try:
        mail = build_email(
            message(title=title, recipient_name=name, body_text=body, postal_address=postal), "a@acme.example"
        )
    except Invalid:
        return
    raw = mail.as_bytes()
    assert raw.isascii()
    assert message_from_bytes(raw, policy=modern).keys() == HEADERS


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=150))
def test_a_subject_arrives_as_it_was_written(title: str) -> None:
    raw = build_email(message(title=title), "a@acme.example").as_bytes()
    assert message_from_bytes(raw, policy=modern)["Subject"] == title


@pytest.mark.parametrize(
    ("identity", "shown"),
    [
        ("news@acme.example", "news@acme.example"),
        ("Acme <news@acme.example>", "Acme <news@acme.example>"),
        ('"Acme, Inc." <news@acme.example>', '"Acme, Inc." <news@acme.example>'),
        ("news@köln.example", "news@xn--kln-sna.example"),
    ],
)
def test_a_from_address_may_have_a_name(identity: str, shown: str) -> None:
    assert str(sender_address(identity)) == shown


@pytest.mark.parametrize("identity", ["", "acme", "a@b@c", "a@example.com\nBcc: b@example.com", "größe@acme.example"])
def test_what_is_no_from_address_is_refused(identity: str) -> None:
    with pytest.raises(Invalid):
        sender_address(identity)


def test_an_id_tells_nothing_about_the_recipient() -> None:
    made = message_id("item-1:lea@example.com", "acme.example")
    assert made == message_id("item-1:lea@example.com", "acme.example")
    assert "lea" not in made

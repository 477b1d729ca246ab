"""Whatever a title, a name or an address holds, a mail has exactly the headers it was given."""

from __future__ import annotations

from email import message_from_bytes
from email.header import decode_header, make_header
from email.policy import default as modern
from email.utils import parseaddr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.enums import Platform
from workbench.gateways.base import Invalid, Message
from workbench.gateways.mail import build_email, message_id, sender_mailbox

HEADERS = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
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
    assert mail.raw.isascii()
    assert max(map(len, mail.raw.split(b"\r\n"))) <= 998
    assert b"\n" not in mail.raw.replace(b"\r\n", b"")
    assert message_from_bytes(mail.raw, policy=modern).keys() == HEADERS


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=150))
def test_a_subject_arrives_as_it_was_written(title: str) -> None:
    raw = build_email(message(title=title), "a@acme.example").raw
    assert message_from_bytes(raw, policy=modern)["Subject"] == title


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["C", "Zl", "Zp"]), max_size=300))
def test_a_name_arrives_as_it_was_written(name: str) -> None:
    raw = build_email(message(recipient_name=name), "a@acme.example").raw
    shown, address = parseaddr(message_from_bytes(raw)["To"])
    assert address == "lea@example.com"
    assert str(make_header(decode_header(shown))) == name.strip()


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["C"], include_characters="\n\t"), min_size=1))
def test_a_text_arrives_as_it_was_written(text: str) -> None:
    try:
        raw = build_email(message(body_text=text), "a@acme.example").raw
    except Invalid:
        return
    arrived = message_from_bytes(raw, policy=modern).get_content().replace("\r\n", "\n")
    assert arrived == f"{text.strip()}\n\n-- \nUnsubscribe: https://mail.acme.example/u/1\n"


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
    assert sender_mailbox(identity).header("From") == shown


@pytest.mark.parametrize("identity", ["", "acme", "a@b@c", "a@example.com\nBcc: b@example.com", "größe@acme.example"])
def test_what_is_no_from_address_is_refused(identity: str) -> None:
    with pytest.raises(Invalid):
        sender_mailbox(identity)


def test_an_id_tells_nothing_about_the_recipient() -> None:
    made = message_id("item-1:lea@example.com", "acme.example")
    assert made == message_id("item-1:lea@example.com", "acme.example")
    assert "lea" not in made

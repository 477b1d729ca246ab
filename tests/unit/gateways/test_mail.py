"""Whatever a title, a name or an address holds, a mail has exactly the headers it was given."""

from __future__ import annotations

import re
from dataclasses import replace
from email import message_from_bytes
from email.header import decode_header, make_header
from email.policy import default as modern
from email.utils import parseaddr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.addresses import normalise
from workbench.enums import Platform
from workbench.errors import InputError
from workbench.gateways.base import Invalid, Message, check_content
from workbench.gateways.mail import build_email, message_id, sender_mailbox
from workbench.placeholders import FIELDS
from workbench.services.creative_text import CreativeText
from workbench.services.messages import fill_in

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


#: What means something in a header or an address, and what looks like it, or becomes it once it is written in ASCII.
_SHOWN = 'aé@＠.。．,，;；:：<＜>＞"＂()（）[]\\ \u3000\u200b\u202eß℀=?_%'
_HIDDEN = "\r\n\x00\t\x0b\x0c\x85\u2028\u2029\ud800"
_TRICKS = st.text(_SHOWN, max_size=15) | st.text(_SHOWN + _HIDDEN, max_size=15)
_ADDRESSES = st.builds("{}@{}.example".format, _TRICKS, _TRICKS) | _TRICKS.map("lea@example.com{}".format)
_FIELDS = {
    "title": _TRICKS,
    "recipient_name": _TRICKS,
    "recipient": _ADDRESSES,
    "unsubscribe_url": _TRICKS.map("https://mail.acme.example/{}".format),
    "postal_address": _TRICKS,
    "body_text": _TRICKS,
    "key": _TRICKS,
}


def whole(raw: bytes, recipient: str) -> None:
    """The mail has the headers it was given, each once, and one reader."""
    parsed = message_from_bytes(raw, policy=modern)
    assert parsed.keys() == HEADERS
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert [one.addr_spec for one in parsed["To"].addresses] == [recipient]
    assert len(parsed["From"].addresses) == 1
    assert not parsed.defects


@pytest.mark.parametrize("field", _FIELDS)
@given(data=st.data())
def test_no_trick_in_a_field_adds_a_header_or_a_reader(field: str, data: st.DataObject) -> None:
    written = replace(message(), **{field: data.draw(_FIELDS[field])})
    try:
        check_content(written, Platform.EMAIL)
        mail = build_email(written, "Acme <news@acme.example>")
    except Invalid:
        return
    assert re.fullmatch(r"[!-~]+@[!-~]+", mail.recipient)
    whole(mail.raw, mail.recipient)


@given(_TRICKS.map("{} <news@acme.example>".format) | _ADDRESSES)
def test_no_trick_in_the_from_name_adds_a_header_or_a_sender(identity: str) -> None:
    try:
        mail = build_email(message(), identity)
    except Invalid:
        return
    whole(mail.raw, "lea@example.com")


@given(address=_ADDRESSES)
def test_an_address_that_is_taken_by_the_leads_is_one_reader(address: str) -> None:
    try:
        kept = normalise(address)
    except InputError:
        return
    assert re.fullmatch(r"[!-~]+@[!-~]+", kept)
    whole(build_email(message(recipient=kept), "a@acme.example").raw, kept)


@given(fields=st.dictionaries(st.sampled_from(FIELDS), _TRICKS | st.text(max_size=20), min_size=1))
def test_nothing_in_a_leads_fields_adds_a_header(fields: dict[str, str]) -> None:
    every = " ".join(f"{{{{{name}|there}}}}" for name in FIELDS)
    text, missing = fill_in(Platform.EMAIL, CreativeText(f"For {every}", f"Dear {every}", every), fields)
    assert not missing
    try:
        mail = build_email(message(title=text.title, body_text=text.body_text, caption=text.caption), "a@acme.example")
    except Invalid:
        return
    whole(mail.raw, "lea@example.com")


@pytest.mark.parametrize(
    "address",
    [
        "lea@example.com＠evil.example",
        "lea@example.com，eve＠evil.example",
        "lea@＜evil＞.example",
        "l@exa\u3000mple.de",
    ],
)
def test_an_address_that_becomes_another_in_ascii_is_refused(address: str) -> None:
    with pytest.raises(Invalid):
        build_email(message(recipient=address), "a@acme.example")


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

"""One spelling for each mailbox, and nothing that could break out of a header."""

from __future__ import annotations

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from workbench.addresses import looks_like, normalise
from workbench.errors import InputError


@pytest.mark.parametrize(
    ("given_as", "spelled"),
    [
        ("ada@example.com", "ada@example.com"),
        ("  Ada.Lovelace@Example.COM\n", "ada.lovelace@example.com"),
        ("ada+news@example.com", "ada+news@example.com"),
        ("ada@exämple.com", "ada@xn--exmple-cua.com"),
        ("ada@XN--EXMPLE-CUA.com", "ada@xn--exmple-cua.com"),
        ("ada!#$%&'*/=?^`{|}~@example.com", "ada!#$%&'*/=?^`{|}~@example.com"),
        ("a@mail.sub-domain.example.co.uk", "a@mail.sub-domain.example.co.uk"),
    ],
)
def test_two_spellings_of_a_mailbox_give_one(given_as: str, spelled: str) -> None:
    assert normalise(given_as) == spelled


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("", "missing"),
        ("   ", "missing"),
        ("ada", "@-sign"),
        ("ada@", "@-sign"),
        ("@example.com", "@-sign"),
        ("ada@localhost", "period"),
        ("ada@mail.test", "special-use"),
        ("ada@@example.com", "not valid"),
        ("ada..b@example.com", "two periods"),
        (".ada@example.com", "period"),
        ("ada@example..com", "period"),
        ("ada@-example.com", "hyphen"),
        ("ada@ab--cd.example.com", "dashes"),
        ("Ada <ada@example.com>", "display name"),
        ("ada@example.com, bob@example.com", "not valid"),
        ('"ada b"@example.com', "Quoting"),
        ("ada@[192.0.2.1]", "bracketed"),
        ("ada b@example.com", "SPACE"),
        ("jörg@example.com", "before the @-sign"),
        ("a" * 65 + "@example.com", "too long"),
        ("a@" + "b" * 64 + ".example.com", "not valid"),
        ("a@" + "b." * 130 + "example.com", "limit is 254"),
    ],
)
def test_what_is_not_one_ordinary_address_is_refused_with_the_fault(address: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        normalise(address)


@pytest.mark.parametrize(
    "control", ["\r\n", "\n", "\r", "\t", "\x00", "\x0b", "\x1b", "\x7f", "\x85", "\u2028", "\u2029"]
)
@pytest.mark.parametrize(
    "where", ["ada{}bcc@example.com", "ada@example.com{}Bcc: eve@example.com", "ada@exa{}mple.com"]
)
def test_characters_that_could_add_a_header_are_refused(control: str, where: str) -> None:
    with pytest.raises(InputError):
        normalise(where.format(control))


def test_the_error_does_not_repeat_the_address() -> None:
    with pytest.raises(InputError) as caught:
        normalise("secret.person@exa mple.com")
    assert "secret" not in str(caught.value)


def test_what_is_not_text_is_refused() -> None:
    with pytest.raises(InputError, match="must be text"):
        normalise(None)  # type: ignore[arg-type]


_TEXT = st.text(st.sampled_from("aZ09.-_+@ä'% \n<>\""), max_size=12)


@given(st.one_of(st.emails(), st.builds("{}@{}".format, _TEXT, _TEXT), st.builds("{}@{}.com".format, _TEXT, _TEXT)))
def test_the_quick_way_answers_like_the_library(address: str) -> None:
    plain = address.strip().lower()
    try:
        valid = validate_email(plain, check_deliverability=False, allow_smtputf8=False, strict=True)
        expected: str | None = f"{valid.local_part.lower()}@{valid.ascii_domain}"
    except EmailNotValidError:
        expected = None
    if expected is None:
        with pytest.raises(InputError):
            normalise(address)
    else:
        assert normalise(address) == expected
        assert normalise(expected) == expected


@pytest.mark.parametrize(
    ("value", "shaped"),
    [
        ("ada@example.com", True),
        (" ada@example.com ", True),
        ("a..b@example.com", True),
        ("Email", False),
        ("ada@localhost", False),
        ("@handle", False),
        ("write to ada@example.com", False),
        ("ada@example.com, bob@example.com", False),
        ("", False),
    ],
)
def test_an_address_is_told_by_its_shape(value: str, shaped: bool) -> None:
    assert looks_like(value) is shaped

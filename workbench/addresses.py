"""E-mail addresses: one spelling for each mailbox, nothing that could break out of a mail header. Pure."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from email_validator import EmailNotValidError, validate_email

from workbench.errors import InputError

#: What SMTP allows (RFC 5321 4.5.3.1).
LONGEST: Final = 254
LONGEST_LOCAL: Final = 64

#: The local parts of nearly every real address; what is not one of these takes the long way.
_PLAIN_LOCAL: Final = re.compile(r"[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*").fullmatch
_SHAPE: Final = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s,;<>\".]{2,}").fullmatch
#: C0, DEL, C1 and the two separators that some software treats as line ends.
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]").search


def normalise(address: str) -> str:
    """The one spelling of ``address``: trimmed, lower case, its domain in IDNA's ASCII form.

    Two spellings of the same mailbox give the same text. (A mail server may in theory tell ``Ada@`` from
    ``ada@``; none in use does, and writing to the same person twice is the worse mistake.)

    Raises :class:`InputError`, naming the fault, for anything that is not exactly one address that ordinary
    mail servers accept. Line breaks and other control characters inside it are refused, not removed: they
    could add headers to a message. The error never repeats the address, since it may end up in a log.
    """
    if not isinstance(address, str):
        raise InputError("An e-mail address must be text.")
    plain = address.strip().lower()
    if not plain:
        raise InputError("The e-mail address is missing.")
    if len(plain) > LONGEST:
        raise InputError(f"The e-mail address is {len(plain):,} characters long; the limit is {LONGEST}.")
    local, at, domain = plain.partition("@")
    if at and len(local) <= LONGEST_LOCAL and _PLAIN_LOCAL(local):
        known = _domain(domain)
        whole = f"{local}@{known}"
        if known and len(whole) <= LONGEST:
            return whole
    return _by_the_book(plain)


def looks_like(value: str) -> bool:
    """Whether ``value`` has the shape of an address, good or bad: what tells data from headers."""
    return bool(_SHAPE(value.strip()))


@lru_cache(maxsize=50_000)
def _domain(domain: str) -> str:
    """``domain`` in ASCII, ``""`` when it is not usable. Cached: a million people work at fewer companies."""
    try:
        return validate_email(f"a@{domain}", check_deliverability=False, allow_smtputf8=False, strict=True).ascii_domain
    except EmailNotValidError:
        return ""


def _by_the_book(plain: str) -> str:
    if _CONTROL(plain):
        raise InputError("The e-mail address holds a line break or another control character. Remove it.")
    try:
        valid = validate_email(plain, check_deliverability=False, allow_smtputf8=False, strict=True)
    except EmailNotValidError as error:
        raise InputError(f"The e-mail address is not valid: {error} Correct it.") from error
    return f"{valid.local_part.lower()}@{valid.ascii_domain}"

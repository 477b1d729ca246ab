"""Which column of a lead file is what: the headers that Apollo, HubSpot, LinkedIn and people really write. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, Literal

from workbench.errors import LeadFileInvalid

Origin = Literal["apollo", "hubspot", "linkedin", "plain"]

#: What a column can be read as, with the words a person chooses it by. Any other column is kept as enrichment.
FIELDS: Final[Mapping[str, str]] = {
    "email": "E-mail address",
    "name": "Full name",
    "first_name": "First name",
    "last_name": "Last name",
    "title": "Job title",
    "company": "Company",
    "linkedin_url": "LinkedIn address",
    "consent_status": "Consent (UNKNOWN, CONSENTED or DNC)",
    "do_not_contact": "Do not contact (yes or no)",
}

#: Headers as :func:`_plain` spells them; where a file has several of one field, the one named first here is it.
_ALIASES: Final[Mapping[str, tuple[str, ...]]] = {
    "email": (
        *("email", "e mail", "email address", "e mail address", "work email", "business email"),
        *("primary email", "contact email", "mail", "email 1"),
    ),
    "name": ("name", "full name", "contact name", "person name", "lead name", "contact"),
    "first_name": ("first name", "firstname", "given name", "forename", "first"),
    "last_name": ("last name", "lastname", "surname", "family name", "last"),
    "title": ("title", "job title", "jobtitle", "position", "role"),
    "company": (
        *("company", "company name", "organization", "organisation", "organization name", "account name"),
        *("associated company", "primary associated company", "employer", "company name for emails"),
    ),
    "linkedin_url": (
        *("person linkedin url", "linkedin url", "linkedin profile url", "linkedin profile", "linkedin"),
        *("hs linkedin url", "linkedin bio", "profile url"),
    ),
    "consent_status": ("consent status", "consent"),
    "do_not_contact": (
        *("do not contact", "do not email", "dnc", "unsubscribed from all email", "unsubscribed"),
        *("opted out of all email", "email opt out", "opted out", "opt out"),
    ),
}

#: Headers that only one source writes.
_MARKS: Final[Mapping[Origin, frozenset[str]]] = {
    "apollo": frozenset({"person linkedin url", "company name for emails", "apollo contact id", "apollo account id"}),
    "linkedin": frozenset({"connected on"}),
    "hubspot": frozenset({"record id", "record id contact", "contact owner", "hs object id", "create date"}),
}


def origin(header: Sequence[str]) -> Origin:
    """Which program wrote a file with these headers; ``plain`` when none of those we know."""
    spelled = {_plain(cell) for cell in header}
    return next((source for source, marks in _MARKS.items() if spelled & marks), "plain")


def recognise(header: Sequence[str]) -> dict[str, str | None]:
    """Each header with the field of :data:`FIELDS` it is read as, None where it is kept as enrichment.

    No field is given twice.
    """
    spelled = {_plain(cell): cell for cell in reversed(header)}
    found: dict[str, str | None] = dict.fromkeys(header)
    for field, aliases in _ALIASES.items():
        known = next((alias for alias in aliases if alias in spelled), None)
        if known is None and field == "linkedin_url" and origin(header) == "linkedin" and "url" in spelled:
            known = "url"  # In LinkedIn's own export a plain URL is the profile's.
        if known is not None:
            found[spelled[known]] = field
    return found


def choose(header: Sequence[str], columns: Mapping[str, str | None] | None) -> dict[str, str | None]:
    """What is recognised, with a person's own choices on top (header → field, or None for enrichment).

    A field chosen for one column is taken from the column it was recognised in. Raises :class:`LeadFileInvalid`
    for a column or field that does not exist, a field chosen twice, or when no column holds the address.
    """
    chosen = dict(columns or {})
    for column, field in chosen.items():
        if column not in header:
            raise LeadFileInvalid(f"The file has no column {column!r}. Its columns: {_listed(header)}.")
        if field is not None and field not in FIELDS:
            raise LeadFileInvalid(
                f"A column cannot be read as {field!r}. Choose one of {', '.join(FIELDS)}, or leave it out."
            )
    fields = [field for field in chosen.values() if field is not None]
    for field in fields:
        if fields.count(field) > 1:
            raise LeadFileInvalid(f"Two columns are chosen as {FIELDS[field].lower()}. Choose one of them.")
    result = {
        column: chosen.get(column, None if field in fields else field) for column, field in recognise(header).items()
    }
    if "email" not in result.values():
        raise LeadFileInvalid(
            "No column holds e-mail addresses. The first line of the file must name its columns, one of them "
            f"Email; or choose which column it is. The columns found: {_listed(header)}."
        )
    return result


def _plain(header: str) -> str:
    """``header`` in lower case, its words apart by one space: ``E-Mail_Address`` → ``e mail address``."""
    return re.sub(r"[\W_]+", " ", header).strip().lower()


def _listed(header: Sequence[str], at_most: int = 12) -> str:
    shown = ", ".join(cell if len(cell) <= 40 else cell[:39] + "…" for cell in header[:at_most])
    return shown + (f" and {len(header) - at_most} more" if len(header) > at_most else "")

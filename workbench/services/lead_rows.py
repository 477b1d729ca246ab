"""One row of a lead file as a lead, or the reason why not; and what a lead gains from a second row. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from workbench.addresses import normalise
from workbench.enums import Consent
from workbench.errors import InputError

#: Characters that the tables hold.
LIMITS: Final[Mapping[str, int]] = {
    "name": 300,
    "first_name": 150,
    "title": 300,
    "company": 300,
    "linkedin_url": 500,
}

_LIMITS: Final = tuple(LIMITS.items())

#: What a second row about the same person may fill in, in the order it is told.
FILLABLE: Final = ("name", "first_name", "title", "company", "linkedin_url")

_YES: Final = frozenset({"yes", "y", "true", "1", "x"})
_NO: Final = frozenset({"no", "n", "false", "0"})
_CONSENTED: Final = _YES | {"consented", "consent", "opted in", "opt in", "opt-in", "granted", "subscribed"}
_REFUSED: Final = _NO | {
    *("dnc", "do not contact", "opted out", "opt out", "opt-out", "refused", "denied", "withdrawn"),
    *("unsubscribed",),
}
_DO_NOT: Final = _YES | (_REFUSED - _NO)
_NO_ANSWER: Final = frozenset({"", "unknown", "n/a", "na", "none", "-", "not asked", "not set"})

#: What stands before a name rather than in it.
_TITLES: Final = frozenset({"dr", "prof", "mr", "mrs", "ms", "mx", "miss", "sir", "herr", "frau", "mme"})
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")

Lead = dict[str, Any]


class RowRejected(Exception):
    """This row can't become a lead; the message says why and what would mend it."""


class RowReader:
    """Turns the cells of a row into a lead, by what each column was recognised or chosen as."""

    def __init__(self, header: Sequence[str], columns: Mapping[str, str | None]) -> None:
        self._width = len(header)
        self._header = header
        self._place = {field: header.index(column) for column, field in columns.items() if field is not None}
        self._extra = [(place, column) for place, column in enumerate(header) if columns.get(column) is None]
        places = ("name", "first_name", "last_name", "title", "company", "linkedin_url")
        self._at = [self._place.get(field) for field in places]
        self._tells_consent = not self._place.keys().isdisjoint(("consent_status", "do_not_contact"))

    def read(self, cells: Sequence[str]) -> Lead:
        """``email``, ``email_norm``, ``consent_status``, ``enrichment_data`` (None when empty) and all of
        :data:`FILLABLE` (None when missing). Raises :class:`RowRejected`.

        Values are kept as the text they are, whatever a spreadsheet would make of ``=1+1``; line breaks within
        them become spaces, so that none gets into a subject.
        """
        if len(cells) != self._width and (len(cells) < self._width or any(cells[self._width :])):
            raise RowRejected(
                f"It has {len(cells)} cells where the header has {self._width}. Put values that hold the separator "
                "in quotation marks, or add what is missing."
            )
        raw = cells[self._place["email"]].strip()
        try:
            address = normalise(raw)
        except InputError as error:
            raise RowRejected(error.message) from error
        lead = self.read_rest(cells)
        lead["email"], lead["email_norm"] = raw, address
        return lead

    def read_rest(self, cells: Sequence[str]) -> Lead:
        """What :meth:`read` reads, without the address. Raises :class:`RowRejected`."""
        kept = [cell.strip() for cell in cells]
        # By far the most rows hold nothing but letters.
        lines = kept if "".join(kept).isprintable() else [_one_line(cell) for cell in cells]
        name_at, first_at, last_at, title_at, company_at, url_at = self._at
        first = lines[first_at] if first_at is not None else ""
        name = lines[name_at] if name_at is not None else ""
        if not name and last_at is not None:
            name = f"{first} {lines[last_at]}".strip()
        name = name or first
        extra = {column: value for place, column in self._extra if (value := kept[place])}
        url: str | None = lines[url_at] if url_at is not None else ""
        if url and (link := web_address(url)) is None and url_at is not None:
            extra[self._header[url_at]], url = url, None
        elif url:
            url = link
        lead: Lead = {
            "consent_status": self._consent(cells) if self._tells_consent else Consent.UNKNOWN,
            "name": name or None,
            "first_name": first or first_name_of(name),
            "title": (lines[title_at] or None) if title_at is not None else None,
            "company": (lines[company_at] or None) if company_at is not None else None,
            "linkedin_url": url or None,
            "enrichment_data": extra or None,
        }
        for field, limit in _LIMITS:
            value = lead[field]
            if value is not None and len(value) > limit:
                raise RowRejected(
                    f"Its {field.replace('_', ' ')} has {len(value):,} characters; the limit is {limit}. Shorten it."
                )
        return lead

    def _cell(self, cells: Sequence[str], field: str) -> str:
        place = self._place.get(field)
        return _one_line(cells[place]) if place is not None else ""

    def _consent(self, cells: Sequence[str]) -> Consent:
        refused = self._cell(cells, "do_not_contact").lower()
        if refused in _DO_NOT:
            return Consent.DNC
        if refused not in _NO and refused not in _NO_ANSWER:
            raise RowRejected(f"Do not contact is {_short(refused)}. Write yes or no.")
        given = self._cell(cells, "consent_status").lower()
        if given in _NO_ANSWER:
            return Consent.UNKNOWN
        if given in _CONSENTED:
            return Consent.CONSENTED
        if given in _REFUSED:
            return Consent.DNC
        raise RowRejected(f"Its consent is {_short(given)}. Write UNKNOWN, CONSENTED or DNC, or leave the column out.")


def first_name_of(name: str) -> str | None:
    """The first of exactly two words, when both can be names; None when it would be a guess.

    ``Ada Lovelace`` → ``Ada``. Not for ``Lovelace, Ada``, ``Dr Lovelace``, ``A. Lovelace`` or three words.
    """
    words = name.split()
    if len(words) != 2 or not all(word.replace("-", "").replace("'", "").isalpha() for word in words):
        return None
    first = words[0]
    return first if len(first) > 1 and first.lower() not in _TITLES else None


def web_address(value: str) -> str | None:
    """``value`` as an http(s) address, with ``https://`` put in front of a bare host; None when it is none.

    Anything else, a ``javascript:`` link for example, must never become something to click on.
    """
    if re.match(r"https?://[^\s/]+\.[^\s]+$", value, re.IGNORECASE):
        return value
    if re.match(r"(?:[a-z0-9-]+\.)+[a-z]{2,}(?:/\S*)?$", value, re.IGNORECASE):
        return f"https://{value}"
    return None


def gained(have: Mapping[str, Any], row: Lead) -> Lead:
    """The columns of the lead ``have`` that ``row``, about the same person, changes; empty when none.

    Only what is missing is filled in; nothing is overwritten. Consent never gets weaker: DNC stays, and a DNC in
    the row always counts.
    """
    changes: Lead = {field: row[field] for field in FILLABLE if not have[field] and row[field]}
    was, now = have["consent_status"], row["consent_status"]
    if now != was and (now == Consent.DNC or was == Consent.UNKNOWN):
        changes["consent_status"] = now
    known, extra = have["enrichment_data"] or {}, row["enrichment_data"] or {}
    if not extra.keys() <= known.keys():
        changes["enrichment_data"] = {**known, **{key: extra[key] for key in extra if key not in known}}
    return changes


def _one_line(value: str) -> str:
    if value.isprintable():  # by far the most
        return value.strip()
    return _CONTROL.sub("", " ".join(value.split()))


def _short(value: str) -> str:
    return repr(value if len(value) <= 40 else value[:39] + "…")

"""People search at Apollo, for lead discovery."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, NoReturn

from pydantic import SecretStr

from workbench.enums import Gateway, GatewayState
from workbench.errors import GatewayFault, InputError
from workbench.gateways.base import NoProof, NotAccepted, Probe, Scrubber
from workbench.gateways.http import Answer, HttpLine, first_text

PER_PAGE: Final = 100
LAST_PAGE: Final = 500
WINDOWS: Final = ("minute", "hourly", "daily")
WARN_BELOW: Final = 0.1
#: What stands in the place of an address that was not paid for.
LOCKED: Final = "email_not_unlocked@"


@dataclass(frozen=True)
class Person:
    """One person found. Apollo's search names no e-mail address; that takes an enrichment."""

    apollo_id: str
    name: str
    first_name: str = ""
    last_name: str = ""
    title: str = ""
    company: str = ""
    linkedin_url: str = ""
    #: Everything Apollo said about them, as it came.
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def email(self) -> str:
        """The work address, in the answer to an enrichment; empty when Apollo has none or keeps it locked."""
        found = _text(self.raw, "email")
        return "" if found.startswith(LOCKED) else found


@dataclass(frozen=True)
class Page:
    """One page of a search. ``total`` is how many people match in all, None when Apollo does not say."""

    people: list[Person]
    number: int
    total: int | None
    has_more: bool
    #: Requests that are left, by window (``minute``, ``hourly``, ``daily``), as far as Apollo says.
    left: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Match:
    """The answer to an enrichment. ``person`` is None when Apollo does not know them; ``left`` as of a page."""

    person: Person | None
    left: Mapping[str, int] = field(default_factory=dict)


class ApolloClient:
    """Asks Apollo with one key."""

    def __init__(self, *, base_url: str, api_key: SecretStr, seconds: float) -> None:
        self._base, self._key, self._seconds = base_url.rstrip("/"), api_key, seconds
        self._clean = Scrubber(api_key)

    def __repr__(self) -> str:
        return f"<ApolloClient {self._base}>"

    def search(self, criteria: Mapping[str, Any], page: int = 1, per_page: int = PER_PAGE) -> Page:
        """One page of the people that match ``criteria`` (Apollo's own names: ``person_titles``,
        ``person_locations``, ``q_keywords`` …).

        Raises :class:`InputError` for a page that does not exist, :class:`GatewayFault` when Apollo does not answer
        with people; its ``context["status"]`` is the HTTP status, when there was one.
        """
        if not 1 <= page <= LAST_PAGE or not 1 <= per_page <= PER_PAGE:
            raise InputError(f"Apollo has pages 1 to {LAST_PAGE} of 1 to {PER_PAGE} people. Narrow the search.")
        body = {**criteria, "page": page, "per_page": per_page}
        answer = self._ask("POST", "/api/v1/mixed_people/api_search", body)
        if not answer.ok:
            self._refuse(answer)
        return replace(read_page(answer.fields(), page, per_page), left=_left(answer))

    def match(self, apollo_id: str) -> Match:
        """What Apollo knows of one person, their work address included. Costs a credit when it finds them.

        Personal addresses are not asked for. Raises :class:`GatewayFault` when Apollo does not answer.
        """
        answer = self._ask("POST", "/api/v1/people/match", {"id": apollo_id, "reveal_personal_emails": False})
        if answer.status == 404:
            return Match(None, _left(answer))
        if not answer.ok:
            self._refuse(answer)
        fields = answer.fields()
        if "person" not in fields:
            raise GatewayFault("Apollo answered, but not with a person. Try again later.")
        entry = fields["person"]
        return Match(_person(entry) if isinstance(entry, dict) else None, _left(answer))

    def probe(self) -> Probe:
        """Whether the key is valid, and how much of the limits is left. Never raises for what it finds."""
        started = time.perf_counter()
        try:
            answer = self._ask("GET", "/api/v1/auth/health")
            state, detail, facts = judge_health(answer)
        except GatewayFault as fault:
            state, detail, facts = GatewayState.DOWN, fault.message, {}
        latency = round((time.perf_counter() - started) * 1000, 1)
        return Probe(Gateway.APOLLO, "", state, self._clean(detail), latency, facts)

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Answer:
        headers = {"x-api-key": self._key.get_secret_value(), "Cache-Control": "no-cache"}
        try:
            with HttpLine(self._seconds) as line:
                return line.request(method, f"{self._base}{path}", headers=headers, body=body)
        except (NotAccepted, NoProof) as fault:
            raise GatewayFault(f"Apollo cannot be asked. {self._clean(str(fault))} Try again later.") from fault

    def _refuse(self, answer: Answer) -> NoReturn:
        said = self._clean(_explain(answer))
        if answer.status in (401, 403):
            words = f"Apollo refused the key ({answer.status}): {said} Check WORKBENCH_APOLLO_API_KEY."
        elif answer.status == 429:
            words = f"Apollo is asked too often: {said} Try again later."
        else:
            words = f"Apollo answered {answer.status}: {said}"
        raise GatewayFault(words, retry_at=answer.retry_at(), status=answer.status)


def read_page(fields: Mapping[str, Any], number: int, per_page: int) -> Page:
    """A page out of Apollo's answer. Raises :class:`GatewayFault` when there is no list of people in it."""
    people = fields.get("people")
    if not isinstance(people, list):
        raise GatewayFault("Apollo answered, but not with a list of people. Try again later.")
    total = _total(fields)
    reached = number * per_page
    has_more = number < LAST_PAGE and (reached < total if total is not None else len(people) == per_page)
    return Page([_person(entry) for entry in people if isinstance(entry, dict)], number, total, has_more)


def judge_health(answer: Answer) -> tuple[GatewayState, str, dict[str, Any]]:
    """What ``auth/health`` says. Both of its flags are needed: it answers healthy to a wrong key too."""
    fields, facts = answer.fields(), _headroom(answer)
    if answer.status == 429:
        return GatewayState.WARN, "Apollo limits how often it may be asked; the key was not checked.", facts
    if not answer.ok:
        return GatewayState.DOWN, f"Apollo answered {answer.status}: {_explain(answer)}", facts
    if fields.get("healthy") is not True:
        return GatewayState.DOWN, "Apollo says that it is not healthy.", facts
    if fields.get("is_logged_in") is not True:
        return GatewayState.DOWN, "Apollo does not accept the key. Check WORKBENCH_APOLLO_API_KEY.", facts
    for window in WINDOWS:
        limit, left = facts.get(f"{window}_limit"), facts.get(f"{window}_left")
        if limit and left is not None and left < limit * WARN_BELOW:
            return GatewayState.WARN, f"Only {left} of {limit} {window} requests are left.", facts
    return GatewayState.OK, "The key is valid.", facts


def _left(answer: Answer) -> dict[str, int]:
    found = {window: answer.count(f"x-{window}-requests-left") for window in WINDOWS}
    return {window: count for window, count in found.items() if count is not None}


def _headroom(answer: Answer) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    for window in WINDOWS:
        for name, header in (("limit", f"x-rate-limit-{window}"), ("left", f"x-{window}-requests-left")):
            if (count := answer.count(header)) is not None:
                facts[f"{window}_{name}"] = count
    return facts


def _total(fields: Mapping[str, Any]) -> int | None:
    pagination = fields.get("pagination")
    nested = pagination.get("total_entries") if isinstance(pagination, dict) else None
    for found in (fields.get("total_entries"), nested):
        if isinstance(found, bool):
            continue
        if isinstance(found, int | float) and found >= 0:
            return int(found)
        if isinstance(found, str) and found.replace(",", "").isdecimal():
            return int(found.replace(",", ""))
    return None


def _person(entry: dict[str, Any]) -> Person:
    organization = entry.get("organization")
    first = _text(entry, "first_name")
    last = _text(entry, "last_name") or _text(entry, "last_name_obfuscated")
    return Person(
        apollo_id=_text(entry, "id"),
        name=_text(entry, "name") or f"{first} {last}".strip(),
        first_name=first,
        last_name=last,
        title=_text(entry, "title"),
        company=_text(organization, "name") if isinstance(organization, dict) else "",
        linkedin_url=_text(entry, "linkedin_url"),
        raw=entry,
    )


def _text(entry: Mapping[str, Any], name: str) -> str:
    value = entry.get(name)
    return value.strip() if isinstance(value, str) else ""


def _explain(answer: Answer) -> str:
    fields = answer.fields()
    return first_text(fields.get("error"), fields.get("message"), fields.get("error_message"))

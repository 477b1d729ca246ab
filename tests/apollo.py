"""Apollo as its documentation describes it, behind :class:`tests.servers.HttpServer`; it can be told to misbehave."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.servers import Behaviour, Received, answer

SEARCH, MATCH = "/api/v1/mixed_people/api_search", "/api/v1/people/match"


def person(number: int, **values: Any) -> dict[str, Any]:
    """Somebody whom Apollo knows, whole."""
    return {
        "id": f"p{number}",
        "first_name": "Lea",
        "last_name": f"Example-{number}",
        "name": f"Lea Example-{number}",
        "title": "COO",
        "email": f"lea{number}@example.com",
        "email_status": "verified",
        "linkedin_url": f"http://www.linkedin.com/in/lea-{number}",
        "city": "Kiel",
        "country": "Germany",
        "organization": {"name": "Example Ltd", "industry": "logistics", "estimated_num_employees": 40},
    } | values


def in_a_search(whole: dict[str, Any]) -> dict[str, Any]:
    """The same person in the answer to a search: no address, no whole last name."""
    return {
        "id": whole.get("id"),
        "first_name": whole.get("first_name"),
        "last_name_obfuscated": "Ex***e",
        "title": whole.get("title"),
        "has_email": bool(whole.get("email")),
        "organization": {"name": whole["organization"]["name"]},
    }


@dataclass
class FakeApollo:
    """The far side. ``before`` is called with every request, and may answer it itself (with a Behaviour)."""

    people: list[dict[str, Any]]
    before: Callable[[Received], Behaviour | None] = lambda _request: None
    headers: dict[str, str] = field(default_factory=dict)
    #: The pages that were searched, and the ids that were paid for, in order.
    searched: list[int] = field(default_factory=list)
    matched: list[str] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)

    def __call__(self, connection: socket.socket, request: Received) -> None:
        own = self.before(request)
        if own is not None:
            own(connection, request)
            return
        said = {SEARCH: self._search, MATCH: self._match}[request.path](request.json)
        answer(200, said, headers=self.headers)(connection, request)

    def _search(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(asked)
        self.searched.append(asked["page"])
        start = (asked["page"] - 1) * asked["per_page"]
        shown = self.people[start : start + asked["per_page"]]
        return {"total_entries": len(self.people), "people": [in_a_search(one) for one in shown]}

    def _match(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.matched.append(asked["id"])
        return {"person": next((one for one in self.people if one["id"] == asked["id"]), None)}

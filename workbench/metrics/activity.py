"""The activity feed: keyset pages over the ``activity`` view, and each row in words an operator reads."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from workbench.clock import as_utc
from workbench.enums import Platform
from workbench.errors import InputError
from workbench.metrics.audit_words import audit_words
from workbench.metrics.view import Source
from workbench.metrics.views import ACTIVITY, moment, page_size

#: What ``sources`` may name, and the parameter of the view that lets it in.
SOURCES: Final = {"attempt": "attempts", "audit": "audits", "contact": "contacts", "discovery": "searches"}
#: What ``kind`` may name, and the parameters of the view that let in nothing else.
KINDS: Final[dict[str, dict[str, Any]]] = {
    "sent": {"attempts": 1, "outcome": "SENT"},
    "trouble": {"attempts": 1, "trouble": 1},
    "replies": {"contacts": 1, "direction": "INBOUND"},
    "contacts": {"contacts": 1},
    "decisions": {"audits": 1},
    "searches": {"searches": 1},
}
_SOURCE_OF_BRANCH: Final = {1: "attempt", 2: "audit", 3: "contact", 4: "discovery", 5: "discovery"}

#: Above every branch and id: where the first page begins.
_ABOVE: Final = 2**31 - 1


class Key(NamedTuple):
    """A row's place in the feed; the order is downwards in all three."""

    at: datetime
    branch: int
    id: int


class Words(NamedTuple):
    event: str
    detail: str
    #: ok, info, warn or error.
    tone: str


def encode(key: Key) -> str:
    """``key`` as the cursor a caller passes back."""
    return base64.urlsafe_b64encode(f"{key.at.isoformat()}|{key.branch}|{key.id}".encode()).decode("ascii")


def decode(cursor: object) -> Key:
    """The place a cursor stands for. Raises :class:`InputError` for what is not one."""
    try:
        at, branch, id_ = base64.urlsafe_b64decode(str(cursor).encode("ascii")).decode("ascii").split("|")
        key = Key(as_utc(datetime.fromisoformat(at)), int(branch), int(id_))
    except (ValueError, binascii.Error, InputError) as error:
        raise InputError(
            f"{cursor!r} marks no place in the activity. Leave before= out to start at the newest."
        ) from error
    if key.branch not in _SOURCE_OF_BRANCH or not 0 < key.id <= _ABOVE:
        raise InputError(f"{cursor!r} marks no place in the activity. Leave before= out to start at the newest.")
    return key


def activity(
    source: Source,
    *,
    limit: int = 25,
    project_id: int | None = None,
    before: str | None = None,
    sources: Iterable[str] | None = None,
    kind: str | None = None,
    as_of: datetime | None = None,
) -> list[dict[str, Any]]:
    """One page of the feed, newest first: time, event, detail, project_id, source, source_id, tone, cursor.

    The page begins at ``as_of`` (default: now), or after the row whose ``cursor`` is ``before``. ``sources`` are
    keys of :data:`SOURCES`; ``kind``, a key of :data:`KINDS`, names what else alone is wanted. Raises
    :class:`InputError` for a cursor, limit, source or kind that cannot be, and for a source and a kind together.
    """
    start = decode(before) if before is not None else Key(moment(as_of), _ABOVE, _ABOVE)
    if sources is not None and not (isinstance(sources, Iterable) and all(isinstance(name, str) for name in sources)):
        raise InputError(f"sources is a list of names among {', '.join(SOURCES)}.")
    wanted = set(SOURCES if sources is None else sources)
    if unknown := wanted - set(SOURCES):
        raise InputError(f"There is no source {sorted(unknown)[0]!r}. Choose among {', '.join(SOURCES)}.")
    if kind is not None and (sources is not None or not isinstance(kind, str) or kind not in KINDS):
        raise InputError(f"kind is one of {', '.join(KINDS)}, and takes the place of sources.")
    narrowed: dict[str, Any] = {parameter: int(name in wanted) for name, parameter in SOURCES.items()}
    if kind is not None:
        narrowed = (
            dict.fromkeys(SOURCES.values(), 0) | {"outcome": None, "trouble": None, "direction": None} | KINDS[kind]
        )
    rows = ACTIVITY.rows(
        source,
        limit=page_size(limit),
        project_id=project_id,
        before=start.at,
        before_branch=start.branch,
        before_id=start.id,
        **narrowed,
    )
    return [_event(row) for row in rows]


def _event(row: Mapping[str, Any]) -> dict[str, Any]:
    words = describe(row)
    return {
        "time": row["at"],
        "event": words.event,
        "detail": words.detail,
        "project_id": row["project_id"],
        "source": _SOURCE_OF_BRANCH[row["branch"]],
        "source_id": row["id"],
        "tone": words.tone,
        "cursor": encode(Key(row["at"], row["branch"], row["id"])),
    }


def describe(row: Mapping[str, Any]) -> Words:
    """One row of the ``activity`` view in words. Of a person nothing is said but the name."""
    if row["branch"] == 1:
        return _attempt(row)
    if row["branch"] == 2:
        facts = json.loads(row["facts"]) if row["facts"] else None
        words = audit_words(
            row["what"], row["entity"] or "", row["entity_id"], facts if isinstance(facts, dict) else {}
        )
        by = f"by {row['actor']}" if row["actor"] else ""
        return Words(words.event, _join(row["title"], row["project"], by, row["words"]), words.tone)
    if row["branch"] == 3:
        who = row["lead"] or "A lead"
        kind = (row["words"] or "note").replace("_", " ")
        if row["what"] == "INBOUND":
            return Words(f"{who} wrote to us", _join(kind, f"by {row['platform']}", row["campaign"]), "ok")
        return Words(f"{who} was contacted", _join(kind, f"by {row['platform']}", row["campaign"]), "info")
    return _search(row)


def _attempt(row: Mapping[str, Any]) -> Words:
    mail = row["platform"] == Platform.EMAIL
    where = _label(row["platform"])
    title = f"“{row['title']}”" if row["title"] else ""
    whom = f"to {row['lead'] or 'somebody whose data was erased'}" if mail else ""
    simulated = row["mode"] == "simulation"
    detail = _join(_join(title, whom, between=" "), row["campaign"] or row["project"])
    if row["what"] == "SENT":
        done = "E-mail sent" if mail else f"Posted on {where}"
        return Words(f"{done} (simulated)" if simulated else done, detail, "ok")
    if row["what"] == "FAILED":
        refused = "E-mail not delivered" if mail else f"{where} refused a post"
        return Words(_join(refused, row["words"], between=": "), detail, "error")
    unclear = "Nobody knows whether an e-mail arrived" if mail else f"Nobody knows whether a post reached {where}"
    return Words(_join(unclear, row["words"], between=": "), detail, "warn")


def _search(row: Mapping[str, Any]) -> Words:
    detail = _join(row["entity"], row["campaign"])
    if row["branch"] == 4:
        return Words("Search for leads started", detail, "info")
    if row["what"] == "FAILED":
        return Words(_join("Search for leads failed", row["words"], between=": "), detail, "error")
    if row["what"] == "CANCELLED":
        return Words("Search for leads cancelled", detail, "warn")
    return Words("Search for leads finished", detail, "ok")


def _label(platform: str | None) -> str:
    try:
        return Platform(platform or "").label
    except ValueError:  # a row from before the workbench, with a channel of its own
        return platform or "?"


def _join(*parts: str | None, between: str = " · ") -> str:
    return between.join(part for part in parts if part)

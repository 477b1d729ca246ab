"""Finding leads among very many: filtered, searched, sorted and counted by the mirror, in every row.

A database that keeps rows one by one would need an index for each way to sort, each of which every import pays for,
and could not find the middle of a word by any; columns of a million names are read through in some milliseconds.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from workbench.clock import now
from workbench.enums import LeadStatus
from workbench.metrics.mirror import Mirror
from workbench.services.contact_events import UNSUBSCRIBE
from workbench.services.leads import RECENT_CONTACT, SORTS, LeadFilter


def count(mirror: Mirror, which: LeadFilter) -> int:
    """How many leads these are."""
    where, values = _conditions(which)
    [row] = mirror.rows(f"SELECT count(*) AS leads FROM cam_leads WHERE {where}", values)  # noqa: S608
    return int(row["leads"])


def by_campaign(mirror: Mirror) -> dict[int, int]:
    """How many leads each campaign has; one that has none is left out."""
    query = "SELECT campaign_id, count(*) AS leads FROM cam_leads GROUP BY campaign_id"
    return {int(row["campaign_id"]): int(row["leads"]) for row in mirror.rows(query, {})}


def ids(
    mirror: Mirror,
    which: LeadFilter,
    *,
    sort: str = "id",
    descending: bool = False,
    offset: int = 0,
    limit: int = 50,
) -> Sequence[int]:
    """The ids of one page of these leads, in the order of :func:`workbench.services.leads.rows`."""
    if sort not in SORTS:
        raise ValueError(sort)  # it becomes part of the query
    where, values = _conditions(which)
    way = "DESC" if descending else "ASC"
    order = f'"{sort}" {way} NULLS LAST, id {way}'
    query = f"SELECT id FROM cam_leads WHERE {where} ORDER BY {order} LIMIT $limit OFFSET $offset"  # noqa: S608
    return [int(row["id"]) for row in mirror.rows(query, {**values, "limit": limit, "offset": offset})]


def _conditions(which: LeadFilter) -> tuple[str, dict[str, Any]]:
    """What :meth:`LeadFilter.conditions` says, in DuckDB's words: the condition, and the values it names."""
    found, values = ["true"], dict[str, Any]()

    def add(condition: str, **given: Any) -> None:
        found.append(condition)
        values.update(given)

    if which.project_id is not None:
        mine = "SELECT id FROM cam_campaigns WHERE project_id = $project"
        add(f"campaign_id IN ({mine})", project=which.project_id)
    if which.campaign_id is not None:
        add("campaign_id = $campaign", campaign=which.campaign_id)
    if which.status is not None:
        add("status::VARCHAR = $status", status=which.status.value)
    if which.consent is not None:
        add("consent_status = $consent", consent=which.consent.value)
    if which.source is not None:
        add("source::VARCHAR = $source", source=which.source.value)
    if which.tag:
        add("contains(tags::VARCHAR, $tag)", tag=json.dumps(which.tag))
    if which.suppressed is not None:
        there = "coalesce(email_norm IN (SELECT address_norm FROM suppressions), false)"
        add(there if which.suppressed else f"NOT {there}")
    for number, word in enumerate((which.search or "").split()):
        name = f"word{number}"
        add(f"contains(search_text, ${name})", **{name: word.lower()})
    if which.high_intent:
        wrote = (
            "SELECT lead_id FROM cam_contact_events WHERE direction::VARCHAR = 'INBOUND'"
            " AND event_type::VARCHAR <> $unsubscribe AND event_at > $since AND event_at <= $now"
        )
        keen = f"'{LeadStatus.REPLIED}', '{LeadStatus.QUALIFIED}'"
        moment = now()
        add(
            f"(status::VARCHAR IN ({keen}) OR id IN ({wrote}))",
            unsubscribe=UNSUBSCRIBE,
            since=moment - RECENT_CONTACT,
            now=moment,
        )
    return " AND ".join(found), values

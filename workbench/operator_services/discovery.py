"""Finding people at Apollo: looking, starting a search that a worker carries out, following and cancelling it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy.orm import Session

from workbench.enums import Role
from workbench.errors import InputError, NotConfigured
from workbench.gateways.apollo import ApolloClient, Person
from workbench.operator_services._edge import as_id, operation, optional_text, runtime_of
from workbench.operator_services.types import DiscoveryPreview, DiscoveryRow, FoundPerson
from workbench.services import campaigns, discovery, discovery_criteria, discovery_people, projects
from workbench.services.discovery import MOST_PEOPLE, Search

#: What people may be searched by, with the words a person chooses it by; and the values that are given.
SEARCH_FIELDS: Final = discovery_criteria.FIELDS
SENIORITIES: Final = discovery_criteria.SENIORITIES
COMPANY_SIZES: Final = discovery_criteria.SIZES

_PREVIEWED: Final = 25
_MOST_LISTED: Final = 200


def preview_discovery(db: Session, campaign_id: int, criteria: Mapping[str, Any]) -> DiscoveryPreview:
    """How many people at Apollo fit, and the first 25 of them. Costs no credit and changes nothing. For operators.

    ``criteria``: any of ``titles``, ``seniorities``, ``locations``, ``company_locations``, ``company_sizes`` (lists
    of texts; a size is ``from-to``) and ``keywords`` (a text). Calls out, and holds no transaction meanwhile.

    Raises :class:`NotFoundError`, :class:`InputError`, :class:`NotConfigured` without an Apollo key, and
    :class:`GatewayFault` when Apollo does not answer.
    """
    with operation(db, Role.OPERATOR, write=False):
        campaign = campaigns.get_campaign(db, as_id(campaign_id, "campaign"))
        wanted = discovery_criteria.read(criteria)
        apollo = _apollo(db)
        campaign_id = campaign.id
    page = apollo.search(discovery_criteria.to_apollo(wanted), per_page=_PREVIEWED)
    with operation(db, Role.OPERATOR, write=False):
        known = discovery_people.known(db, campaign_id, [person.apollo_id for person in page.people])
    return {
        "campaign_id": campaign_id,
        "name": discovery_criteria.name_of(wanted),
        "total": page.total,
        "people": [_person(person, known=person.apollo_id in known) for person in page.people],
    }


def start_discovery(
    db: Session, campaign_id: int, criteria: Mapping[str, Any], *, max_people: int, max_credits: int = 0
) -> DiscoveryRow:
    """Have a worker search Apollo and make up to ``max_people`` leads of a campaign. For operators.

    ``criteria`` as for :func:`preview_discovery`. ``max_credits`` is how many addresses may be asked for, each of
    which may cost an Apollo credit; whoever comes after that, or has none, becomes a lead without an address. People
    the campaign has already are merged and cost nothing. Pausing everything, the project or Apollo holds it.

    Raises :class:`NotFoundError`, :class:`InputError`, and :class:`NotConfigured` without an Apollo key.
    """
    with operation(db, Role.OPERATOR, write=True) as actor:
        campaign = campaigns.get_campaign(db, as_id(campaign_id, "campaign"))
        wanted = discovery_criteria.read(criteria)
        people = _number(max_people, "max_people", 1, MOST_PEOPLE)
        paid = _number(max_credits, "max_credits", 0, people)
        _apollo(db)
        job = discovery.start(db, actor, campaign, wanted, max_people=people, max_credits=paid)
        return _one(db, job.id)


def list_discoveries(db: Session, project_id: int | None = None, *, limit: int = 50) -> list[DiscoveryRow]:
    """The newest searches of a project, or of all, with how far each is. Raises :class:`NotFoundError`."""
    with operation(db, Role.VIEWER, write=False):
        if project_id is not None:
            projects.get_project(db, as_id(project_id, "project"))
        most = _number(limit, "limit", 1, _MOST_LISTED)
        return [
            _row(search)
            for search in discovery.searches(db, configured=_configured(db), project_id=project_id, limit=most)
        ]


def cancel_discovery(db: Session, discovery_id: int, reason: str | None = None) -> DiscoveryRow:
    """End a search that is not over; who was found by then stays in the campaign. For operators.

    Repeating it is harmless. Raises :class:`NotFoundError`, :class:`InvalidTransition` for one that is over.
    """
    with operation(db, Role.OPERATOR, write=True) as actor:
        job = discovery.cancel(db, actor, as_id(discovery_id, "search"), optional_text(reason, "The reason"))
        return _one(db, job.id)


def _apollo(db: Session) -> ApolloClient:
    client = runtime_of(db).gateways.apollo
    if client is None:
        raise NotConfigured("Apollo is not configured. Set WORKBENCH_APOLLO_API_KEY and start the workbench again.")
    return client


def _configured(db: Session) -> bool:
    return runtime_of(db).gateways.apollo is not None


def _number(value: object, name: str, least: int, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise InputError(f"{name} is {value!r:.80}; give a whole number from {least:,} to {most:,}.")
    return value


def _one(db: Session, discovery_id: int) -> DiscoveryRow:
    (search,) = discovery.searches(db, configured=_configured(db), discovery_id=discovery_id)
    return _row(search)


def _row(search: Search) -> DiscoveryRow:
    job = search.job
    return {
        "id": job.id,
        "campaign_id": job.campaign_id,
        "campaign": search.campaign,
        "project_id": search.project_id,
        "name": job.name,
        "status": str(job.status),
        "why": search.why,
        "error": job.error_message,
        "found": job.found,
        "max_people": job.max_people,
        "pages_done": job.pages_done,
        "seen": job.seen,
        "added": job.added,
        "merged": job.merged,
        "unchanged": job.unchanged,
        "rejected": job.rejected,
        "rejections": [{"reason": reason, "count": count} for reason, count in (job.rejections or {}).items()],
        "without_email": job.without_email,
        "max_credits": job.max_credits,
        "credits_used": job.credits_used,
        "started_by": job.started_by,
        "next_attempt_at": job.next_attempt_at,
        "created_at": job.created_at,
        "completed_at": job.completed_at,
    }


def _person(person: Person, *, known: bool) -> FoundPerson:
    has_email = person.raw.get("has_email")
    return {
        "name": person.name,
        "title": person.title,
        "company": person.company,
        "location": discovery_people.place(person.raw),
        "has_email": has_email if isinstance(has_email, bool) else None,
        "known": known,
    }

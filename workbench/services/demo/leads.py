"""The demo's campaigns, the searches for people, and the files they were imported from."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from workbench.enums import Consent, DiscoveryStatus, LeadSource, LeadStatus, ProjectState
from workbench.models import Campaign, DiscoveryJob, Lead
from workbench.services.demo.telling import MARA, PRIYA, Telling


def gather(telling: Telling, times: list[datetime], sizes: list[int]) -> list[dict[str, Any]]:
    """Campaigns and people of one project: the rows of its leads, in the order they came in.

    Whoever the e-mail at one of ``times`` was meant for, ``sizes`` of them, was imported before it; the rest after
    the last one.
    """
    campaigns = _start_campaigns(telling, times)
    bounds = [0, *sizes, telling.client.leads]
    moments = [at - timedelta(days=1, hours=2) for at in times]
    day_before = telling.as_of - timedelta(days=1)
    moments.append(min(moments[-1] + timedelta(days=2), day_before) if moments else telling.at(-3, 12))
    leads: list[dict[str, Any]] = []
    for number, at in enumerate(moments):
        count = bounds[number + 1] - bounds[number]
        # The first files fill every campaign, the later ones one each.
        into = campaigns if number == 0 else [campaigns[number % len(campaigns)]]
        for part, campaign_id in enumerate(into):
            share = count // len(into) + (part < count % len(into))
            if share:
                leads += _import(telling, campaign_id, share, at + timedelta(minutes=9 * part))
    return leads


def _start_campaigns(t: Telling, times: list[datetime]) -> list[int]:
    began = times[0] - timedelta(days=3) if times else t.at(-4, 12)
    ids = []
    for number, name in enumerate(t.client.campaigns):
        at = began + timedelta(minutes=7 * number)
        stopped = name == "Former subscribers"
        campaign_id = t.rows.add(
            Campaign,
            project_id=t.project_id,
            name=name,
            description=f"{name}: {t.client.project.lower()}",
            target_niche=t.client.niche or None,
            active=not stopped,
            max_emails_per_day=None if number % 3 else 400,
            created_at=at,
            updated_at=at,
        )
        ids.append(campaign_id)
        limit = {"name": name, "max_emails_per_day": None if number % 3 else 400}
        t.audit(at, MARA, "campaign.create", "campaign", campaign_id, after=limit)
        if stopped:
            t.audit(
                t.at(-3, 11),
                PRIYA,
                "campaign.stop",
                "campaign",
                campaign_id,
                reason="They were asked twice; that is enough.",
                before={"active": True},
                after={"active": False},
            )
        _search(t, campaign_id, number, at)
    return ids


def _search(t: Telling, campaign_id: int, number: int, at: datetime) -> None:
    state, error, created = DiscoveryStatus.DONE, None, at + timedelta(minutes=2)
    completed = created + timedelta(minutes=t.dice.randint(2, 25))
    if number == 0 and t.client.state is ProjectState.INTAKE:
        # Not one that waits: nobody may pay for a search that a demo made up.
        state = DiscoveryStatus.CANCELLED
    elif number == 1 and t.client.state is ProjectState.CREATIVE:
        state, error = DiscoveryStatus.FAILED, "Apollo answered 429: the daily limit is used up. Try tomorrow."
    elif number % 2:
        return
    t.rows.add(
        DiscoveryJob,
        campaign_id=campaign_id,
        name=f"{t.client.job_titles[number % len(t.client.job_titles)]}s, {t.client.industries[0].lower()}",
        criteria={"titles": list(t.client.job_titles[:3]), "keywords": t.client.industries[0]},
        status=state.value,
        error_message=error,
        created_at=created,
        completed_at=completed,
    )


def _import(t: Telling, campaign_id: int, count: int, at: datetime) -> list[dict[str, Any]]:
    leads = []
    source = LeadSource.APOLLO if campaign_id % 2 else LeadSource.CSV
    for _ in range(count):
        person = t.people.draw(t.client)
        enriched = source is LeadSource.APOLLO
        id_ = t.rows.add(
            Lead,
            campaign_id=campaign_id,
            name=person.name,
            first_name=person.first_name,
            title=person.title,
            company=person.company,
            email=person.email,
            email_norm=person.email,
            linkedin_url=None,
            source=source.value,
            status=(LeadStatus.ENRICHED if enriched else LeadStatus.NEW).value,
            stage=None,
            lead_score=round(t.dice.betavariate(2, 3) * 100, 1) if enriched else None,
            tags=[t.client.tag] if enriched else None,
            consent_status=(Consent.CONSENTED if t.dice.random() < 0.18 else Consent.UNKNOWN).value,
            enrichment_data=person.enrichment if enriched else None,
            notes=None,
            last_contacted_at=None,
            next_action_at=None,
            last_replied_at=None,
            created_at=at,
            updated_at=at,
        )
        leads.append(t.rows.get(Lead, id_))
    counts = {"imported": count, "merged": 0, "unchanged": 0, "rejected": 0}
    after = {**counts, "origin": source.value, "fields": ["company", "email", "first_name", "name", "title"]}
    t.audit(at, MARA, "leads.import", "campaign", campaign_id, after=after)
    return leads

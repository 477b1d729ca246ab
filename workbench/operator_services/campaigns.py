"""Campaigns: making them, listing them, stopping and starting them."""

from __future__ import annotations

from typing import cast

from sqlalchemy.orm import Session

from workbench.enums import Role
from workbench.errors import InputError
from workbench.metrics import lead_search
from workbench.operator_services._edge import as_id, mirror_of, operation, optional_text, require_text
from workbench.operator_services.types import CampaignRow
from workbench.services import campaigns, projects


def create_campaign(
    db: Session,
    project_id: int,
    name: str,
    *,
    description: str | None = None,
    target_niche: str | None = None,
    max_emails_per_day: int | None = None,
) -> CampaignRow:
    """A new, active campaign of a project. For operators.

    ``max_emails_per_day`` None is no limit of its own. Raises :class:`NotFoundError`, and :class:`InputError` for a
    name that is blank or taken.
    """
    with operation(db, Role.OPERATOR, write=True) as actor:
        project = projects.get_project(db, as_id(project_id, "project"))
        campaign = campaigns.create(
            db,
            actor,
            project,
            require_text(name, "A campaign needs a name.", longest=200),
            description=optional_text(description, "The description", longest=10_000),
            target_niche=optional_text(target_niche, "The niche", longest=10_000),
            max_emails_per_day=_cap(max_emails_per_day),
        )
        return _row(db, campaign.id)


def list_campaigns(db: Session, project_id: int | None = None) -> list[CampaignRow]:
    """Campaigns with how many leads each has, by project and name. Raises :class:`NotFoundError`."""
    with operation(db, Role.VIEWER, write=False):
        if project_id is not None:
            projects.get_project(db, as_id(project_id, "project"))
        mirror = mirror_of(db)
        counted = None if mirror is None else lead_search.by_campaign(mirror)
        return [cast(CampaignRow, dict(row)) for row in campaigns.rows(db, project_id=project_id, counted=counted)]


def set_campaign_active(db: Session, campaign_id: int, active: bool, reason: str | None = None) -> CampaignRow:
    """Stop a campaign's e-mails (operators) or let them go out again (approvers), like any other pause.

    Once a stop is committed no e-mail to its leads starts. Repeating it is harmless. Raises :class:`NotFoundError`.
    """
    if not isinstance(active, bool):
        raise InputError(f"active must be True or False, not {active!r:.80}.")
    with operation(db, Role.APPROVER if active else Role.OPERATOR, write=True) as actor:
        campaign = campaigns.get_campaign(db, as_id(campaign_id, "campaign"))
        campaigns.set_active(db, actor, campaign, active, optional_text(reason, "The reason"))
        return _row(db, campaign.id)


def _row(db: Session, campaign_id: int) -> CampaignRow:
    [row] = campaigns.rows(db, campaign_id=campaign_id)
    return cast(CampaignRow, dict(row))


def _cap(value: int | None) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 2**31:
        raise InputError("E-mails a day must be a whole number from 1, or nothing for no limit.")
    return value

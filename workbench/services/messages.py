"""What one recipient would read: a creative with a lead's fields filled in."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.orm import Session

from workbench import placeholders
from workbench.enums import Platform
from workbench.errors import NotFoundError
from workbench.models import Campaign, Lead
from workbench.services.creative_text import CreativeText


def lead_fields(lead: Lead) -> dict[str, str | None]:
    """What placeholders may name, of this lead."""
    return {field: getattr(lead, field) for field in placeholders.FIELDS}


def find_lead(session: Session, project_id: int, lead_id: int) -> Lead:
    """The lead, if one of the project's campaigns has it. Raises :class:`NotFoundError`."""
    lead = session.scalar(
        sa.select(Lead)
        .join(Campaign, Campaign.id == Lead.campaign_id)
        .where(Lead.id == lead_id, Campaign.project_id == project_id)
        .execution_options(populate_existing=True)
    )
    if lead is None:
        raise NotFoundError(f"There is no lead {lead_id} in project {project_id}.")
    return lead


def fill_in(platform: Platform, text: CreativeText, fields: Mapping[str, str | None]) -> tuple[CreativeText, list[str]]:
    """``text`` as a recipient with these ``fields`` gets it, and the placeholders nothing was known for.

    A post has no recipient, so it stays as it is.
    """
    if platform is not Platform.EMAIL:
        return text, []
    title, missing = placeholders.render(text.title, fields, single_line=True)
    body, missing_in_body = placeholders.render(text.body_text, fields)
    caption, missing_in_caption = placeholders.render(text.caption, fields)
    every = dict.fromkeys([*missing, *missing_in_body, *missing_in_caption])
    return CreativeText(title, body, caption), list(every)

"""What a creative said before. A version never changes: going back to one writes it again as the newest."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from workbench.errors import NotFoundError
from workbench.models import ContentItem, ContentVersion, Project
from workbench.services import creatives
from workbench.services.audit import Actor
from workbench.services.creative_text import CreativeText


def versions(session: Session, creative_id: int) -> Sequence[ContentVersion]:
    """Every version of the creative, newest first."""
    query = sa.select(ContentVersion).where(ContentVersion.content_item_id == creative_id)
    return session.scalars(query.order_by(ContentVersion.number.desc())).all()


def restore_version(session: Session, actor: Actor, project: Project, creative_id: int, number: object) -> ContentItem:
    """Write version ``number`` again as the newest, labelled with who or what wrote it then.

    Nothing happens when the creative says that already. Raises :class:`NotFoundError` for a version it does
    not have, and what :func:`workbench.services.creatives.open_for_edit` raises.
    """
    item = creatives.get_item(session, project.id, creative_id)
    version = _find(session, item, number)
    if CreativeText.of(version) == CreativeText.of(item):
        return item
    item = creatives.open_for_edit(session, actor, project.id, creative_id)
    return creatives.write_version(
        session,
        actor,
        project,
        item,
        CreativeText.of(version),
        action="creative.restore_version",
        source=version.source,
        instruction=version.instruction,
        restored=version.number,
    )


def _find(session: Session, item: ContentItem, number: object) -> ContentVersion:
    found = None
    if isinstance(number, int) and not isinstance(number, bool) and 0 < number < 2**31:
        found = session.scalar(
            sa.select(ContentVersion).where(ContentVersion.content_item_id == item.id, ContentVersion.number == number)
        )
    if found is None:
        raise NotFoundError(f"Creative {item.id} has no version {number!r}.")
    return found

"""Creatives: finding one, and what a person does to its text."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from workbench.errors import NotFoundError
from workbench.models import ContentItem, Project


def get_item(
    session: Session, project_id: int, creative_id: int, *, deleted: bool = False, lock: bool = False
) -> ContentItem:
    """The creative of that project. A deleted one is only found with ``deleted``; ``lock`` holds its row.

    Raises :class:`NotFoundError`, for one of another project too.
    """
    query = sa.select(ContentItem).where(ContentItem.id == creative_id, ContentItem.project_id == project_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    item = session.scalar(query)
    if item is None:
        raise NotFoundError(f"There is no creative {creative_id} in project {project_id}.")
    if item.deleted_at is not None and not deleted:
        raise NotFoundError(f"Creative {creative_id} was deleted. Restore it first.")
    return item


def is_stale(item: ContentItem, project: Project) -> bool:
    """Whether the creative was not made from the strategy that is in force now.

    One that was made before any strategy was approved is stale once one is.
    """
    return item.strategy_id != project.approved_strategy_id

"""The first drafts of a project are written once, by whoever looks first."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from workbench.clock import now
from workbench.models import ContentItem, Project


def wanted(session: Session, project: Project) -> bool:
    """Whether nobody looked yet and nobody wrote a creative by hand either, deleted ones included."""
    return project.drafted_at is None and not _has_creatives(session, project.id)


def claim(session: Session, project: Project) -> bool:
    """True for exactly one caller, who writes them in this transaction; any other waits for it and gets False."""
    claimed = session.execute(
        sa.update(Project)
        .where(Project.id == project.id, Project.drafted_at.is_(None))
        .values(drafted_at=now())
        .returning(Project.id)
    ).all()
    return bool(claimed) and not _has_creatives(session, project.id)


def _has_creatives(session: Session, project_id: int) -> bool:
    return session.scalar(sa.select(ContentItem.id).where(ContentItem.project_id == project_id).limit(1)) is not None

"""One search over projects, creatives and leads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from workbench.models import ContentItem, Project

#: Words of a search that count: more would only make it slow.
MOST_WORDS: Final = 8


def projects(session: Session, text: str, limit: int) -> Sequence[sa.RowMapping]:
    """id, name, client and state of projects that have every word of ``text`` in name or client, by name."""
    places = (Project.name, Project.client)
    query = sa.select(Project.id, Project.name, Project.client, Project.state).where(*_every_word(text, places))
    query = query.order_by(_begins(Project.name, text), sa.func.lower(Project.name), Project.id)
    return session.execute(query.limit(limit)).mappings().all()


def creatives(session: Session, text: str, limit: int) -> Sequence[sa.RowMapping]:
    """id, title, words (the text's beginning), platform, status and project of creatives that are not deleted and have
    every word of ``text`` in title, text or caption. Titles that begin with it come first, then what changed last."""
    item = ContentItem
    query = (
        sa.select(
            *(item.id, item.title, sa.func.substr(item.body_text, 1, 200).label("words"), item.platform, item.status),
            *(item.project_id, Project.name.label("project")),
        )
        .join(Project, Project.id == item.project_id)
        .where(item.deleted_at.is_(None), *_every_word(text, (item.title, item.body_text, item.caption)))
        .order_by(_begins(item.title, text), item.updated_at.desc(), item.id.desc())
    )
    return session.execute(query.limit(limit)).mappings().all()


def project_names(session: Session, ids: set[int]) -> dict[int, str]:
    """The names of these projects, by id."""
    rows = session.execute(sa.select(Project.id, Project.name).where(Project.id.in_(ids)))
    return {row.id: row.name for row in rows}


def _every_word(text: str, places: Sequence[Any]) -> list[sa.ColumnElement[bool]]:
    words = text.split()[:MOST_WORDS]
    return [sa.or_(*(place.icontains(word, autoescape=True) for place in places)) for word in words]


def _begins(place: Any, text: str) -> sa.ColumnElement[int]:
    return sa.case((place.istartswith(text, autoescape=True), 0), else_=1)

"""Unsaved texts, kept so that a crash loses nothing: private to their writer, never a revision."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from workbench.clock import as_utc, now
from workbench.errors import EditConflict, InputError, NotFoundError
from workbench.models import ContentItem, Draft, Project
from workbench.services import texts

#: What a draft may belong to. A strategy's and a brief's ``entity_id`` is their project's.
ENTITIES: dict[str, type[Project] | type[ContentItem]] = {
    "strategy": Project,
    "intake": Project,
    "creative": ContentItem,
}
LONGEST = 200_000


def get(session: Session, actor_name: str, entity: object, entity_id: int, *, lock: bool = False) -> Draft | None:
    """The writer's own draft (held, with ``lock``), or None. Raises :class:`InputError` for an unknown kind."""
    _kind(entity)
    query = sa.select(Draft).where(Draft.entity == entity, Draft.entity_id == entity_id, Draft.actor == actor_name)
    query = query.execution_options(populate_existing=True)
    return session.scalar(query.with_for_update() if lock else query)


def save(
    session: Session,
    actor_name: str,
    entity: object,
    entity_id: int,
    text: object,
    base: object,
    unless_newer_than: datetime | None = None,
) -> Draft:
    """Keep ``text``, replacing the writer's earlier draft of the same thing.

    ``base`` is the revision or version it was started from. Raises :class:`NotFoundError` when the thing does
    not exist, :class:`InputError` for a text that cannot be stored, and :class:`EditConflict` when another text was
    kept after ``unless_newer_than``: by another window of the same person.
    """
    limit = None if unless_newer_than is None else as_utc(unless_newer_than)
    words = texts.checked(text, "The draft", LONGEST)
    if isinstance(base, bool) or not isinstance(base, int) or not 0 <= base < 2**31:
        raise InputError("base is the number of the revision or version that the draft was started from.")
    owner = _kind(entity)
    if session.scalar(sa.select(owner.id).where(owner.id == entity_id)) is None:
        raise NotFoundError(f"There is no {entity} {entity_id} to keep a draft of.")
    draft = get(session, actor_name, entity, entity_id, lock=True)
    if draft is None:
        draft = Draft(entity=str(entity), entity_id=entity_id, actor=actor_name, text=words, base=base)
        try:
            with session.begin_nested():
                session.add(draft)
            return draft
        except IntegrityError:  # the same person's other window was faster
            draft = session.scalars(
                sa.select(Draft).where(Draft.entity == entity, Draft.entity_id == entity_id, Draft.actor == actor_name)
            ).one()
    if limit is not None and draft.updated_at > limit and draft.text != words:
        raise EditConflict(
            "Another window of yours keeps another draft of this. Nothing was overwritten.",
            theirs=draft.text,
            yours=words,
            base=draft.base,
            updated_at=draft.updated_at,
        )
    draft.text, draft.base, draft.updated_at = words, base, now()
    session.flush()
    return draft


def discard(
    session: Session, actor_name: str, entity: object, entity_id: int, unless_newer_than: datetime | None = None
) -> None:
    """Throw the writer's own draft away, if there is one that was not kept after ``unless_newer_than``."""
    _kind(entity)
    query = sa.delete(Draft).where(Draft.entity == entity, Draft.entity_id == entity_id, Draft.actor == actor_name)
    if unless_newer_than is not None:
        query = query.where(Draft.updated_at <= as_utc(unless_newer_than))
    session.execute(query)


def _kind(entity: object) -> type[Project] | type[ContentItem]:
    if not isinstance(entity, str) or entity not in ENTITIES:
        raise InputError(f"A draft belongs to one of {', '.join(ENTITIES)}, not to {entity!r}.")
    return ENTITIES[entity]

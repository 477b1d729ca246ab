"""Unsaved texts, kept so that a crash loses nothing: private to their writer, never a revision."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from workbench.errors import InputError, NotFoundError
from workbench.models import ContentItem, Draft, Project
from workbench.services import texts

#: What a draft may belong to. A strategy's and a brief's ``entity_id`` is their project's.
ENTITIES: dict[str, type[Project] | type[ContentItem]] = {
    "strategy": Project,
    "intake": Project,
    "creative": ContentItem,
}
LONGEST = 200_000


def get(session: Session, actor_name: str, entity: object, entity_id: int) -> Draft | None:
    """The writer's own draft, or None. Raises :class:`InputError` for an unknown kind."""
    _kind(entity)
    query = sa.select(Draft).where(Draft.entity == entity, Draft.entity_id == entity_id, Draft.actor == actor_name)
    return session.scalar(query.execution_options(populate_existing=True))


def save(session: Session, actor_name: str, entity: object, entity_id: int, text: object, base: object) -> Draft:
    """Keep ``text``, replacing the writer's earlier draft of the same thing.

    ``base`` is the revision or version it was started from. Raises :class:`NotFoundError` when the thing does
    not exist, :class:`InputError` for a text that cannot be stored.
    """
    words = texts.checked(text, "The draft", LONGEST)
    if isinstance(base, bool) or not isinstance(base, int) or not 0 <= base < 2**31:
        raise InputError("base is the number of the revision or version that the draft was started from.")
    owner = _kind(entity)
    if session.scalar(sa.select(owner.id).where(owner.id == entity_id)) is None:
        raise NotFoundError(f"There is no {entity} {entity_id} to keep a draft of.")
    draft = get(session, actor_name, entity, entity_id)
    if draft is None:
        draft = Draft(entity=str(entity), entity_id=entity_id, actor=actor_name, text=words, base=base)
        try:
            with session.begin_nested():
                session.add(draft)
            return draft
        except IntegrityError:
            # The same person's other window was faster: the later text wins, as it does within one window.
            draft = session.scalars(
                sa.select(Draft).where(Draft.entity == entity, Draft.entity_id == entity_id, Draft.actor == actor_name)
            ).one()
    draft.text, draft.base = words, base
    session.flush()
    return draft


def discard(session: Session, actor_name: str, entity: object, entity_id: int) -> None:
    """Throw the writer's own draft away, if there is one."""
    _kind(entity)
    session.execute(
        sa.delete(Draft).where(Draft.entity == entity, Draft.entity_id == entity_id, Draft.actor == actor_name)
    )


def _kind(entity: object) -> type[Project] | type[ContentItem]:
    if not isinstance(entity, str) or entity not in ENTITIES:
        raise InputError(f"A draft belongs to one of {', '.join(ENTITIES)}, not to {entity!r}.")
    return ENTITIES[entity]

"""Creatives: finding one, and what a person does to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from workbench.clock import now
from workbench.enums import ACTIVE_QUEUE, CREATIVE_TRANSITIONS, CreativeStatus, Platform, check_transition
from workbench.errors import EditConflict, InputError, InvalidTransition, NotFoundError
from workbench.models import ContentItem, ContentVersion, Project, QueueRow
from workbench.services import creative_text, texts
from workbench.services.audit import Actor, record
from workbench.services.creative_text import CreativeText
from workbench.services.schedules import take_off_queue

OPERATOR = "operator"

_C = CreativeStatus
_FINAL = {
    _C.PUBLISHING: "is being sent right now. Wait until that has ended.",
    _C.PUBLISHED: "was published. Make a new creative instead.",
    _C.UNKNOWN: "may have been sent, nobody knows yet. Reconcile it in the Control Tower first.",
}


def get_item(
    session: Session, project_id: int, creative_id: int, *, deleted: bool = False, lock: bool = False
) -> ContentItem:
    """The creative as the database has it now. ``deleted`` finds deleted ones too, ``lock`` holds its row.

    Raises :class:`NotFoundError`, for a creative of another project too.
    """
    query = (
        sa.select(ContentItem)
        .where(ContentItem.id == creative_id, ContentItem.project_id == project_id)
        .execution_options(populate_existing=True)
    )
    item = session.scalar(query.with_for_update(key_share=True) if lock else query)
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


def create(
    session: Session, actor: Actor, project: Project, platform: Platform, text: CreativeText, *, source: str
) -> ContentItem:
    """A new creative in DRAFT: a blank sheet, or a text that its platform would take."""
    if not text.blank:
        creative_text.check(platform, text)
    item = ContentItem(
        project_id=project.id, strategy_id=project.approved_strategy_id, platform=platform, **asdict(text)
    )
    session.add(item)
    session.flush()
    session.add(ContentVersion(content_item_id=item.id, number=1, source=source, author=actor.name, **asdict(text)))
    record(
        session,
        actor,
        "creative.create",
        "creative",
        item.id,
        project_id=project.id,
        after={**_state(item), "platform": platform.value, "source": source},
    )
    return item


def update(session: Session, actor: Actor, project: Project, creative_id: int, changes: object) -> ContentItem:
    """Change ``title``, ``body_text`` or ``caption``: a new version in DRAFT, unless all is as it was.

    ``changes["version"]``, when given, is the version the person saw. Raises :class:`EditConflict` when it is
    not the newest, :class:`ContentInvalid`, :class:`InvalidTransition`.
    """
    wanted, base = _check_changes(changes)
    item = get_item(session, project.id, creative_id)
    if _changed(item, wanted, base) == CreativeText.of(item):
        return item
    item = open_for_edit(session, actor, project.id, creative_id)
    # Read again under the lock: what was true a moment ago may not be any more.
    text = _changed(item, wanted, base)
    return write_version(session, actor, project, item, text, action="creative.update", source=OPERATOR)


def _check_changes(changes: object) -> tuple[dict[str, str], int | None]:
    if not isinstance(changes, Mapping):
        raise InputError('Give the changes as a dict, for example {"title": "Hello", "version": 3}.')
    known = (*creative_text.LONGEST, "version")
    unknown = [str(key) for key in changes if key not in known]
    if unknown:
        raise InputError(
            f"A creative has no field {', '.join(unknown)} to change. It has {', '.join(known)}.",
            unknown=unknown,
        )
    base = changes.get("version")
    if base is not None and (isinstance(base, bool) or not isinstance(base, int)):
        raise InputError("version is the number of the version you edited.")
    names = {"title": "The title", "body_text": "The text", "caption": "The caption"}
    wanted = {
        field: texts.checked(changes[field], names[field], longest)
        for field, longest in creative_text.LONGEST.items()
        if field in changes
    }
    return wanted, base


def _changed(item: ContentItem, wanted: Mapping[str, str], base: int | None) -> CreativeText:
    after = replace(CreativeText.of(item), **wanted)
    if base is not None and base != item.version:
        raise conflict(item, after)
    return after


def conflict(item: ContentItem, yours: CreativeText) -> EditConflict:
    """The error for ``yours``, written without having seen what ``item`` says now.

    Its context holds ``theirs_text`` and ``yours_text``, each with title, body_text and caption.
    """
    theirs = CreativeText.of(item)
    return EditConflict(
        f"Creative {item.id} was changed while you were editing: it is at version {item.version} now. "
        "Nothing was overwritten.",
        theirs=theirs.whole(),
        yours=yours.whole(),
        version=item.version,
        theirs_text=asdict(theirs),
        yours_text=asdict(yours),
    )


def check_editable(item: ContentItem) -> None:
    """Raise :class:`InvalidTransition` when the text cannot change any more."""
    status = CreativeStatus(item.status)
    if status in _FINAL:
        raise InvalidTransition(f"Creative {item.id} {_FINAL[status]}", state=status, to=_C.DRAFT)


def open_for_edit(session: Session, actor: Actor, project_id: int, creative_id: int) -> ContentItem:
    """The creative off the queue and with its row held, ready for another text.

    Raises :class:`NotFoundError`, :class:`InvalidTransition`.
    """
    item = get_item(session, project_id, creative_id)
    check_editable(item)
    if item.status == _C.SCHEDULED:
        # Queue rows are locked before their items, as the worker does it.
        take_off_queue(session, actor, [item.id], reason="Its text was changed.")
    item = get_item(session, project_id, creative_id, lock=True)
    check_editable(item)
    _check_off_queue(session, item)
    check_transition(CREATIVE_TRANSITIONS, CreativeStatus(item.status), _C.DRAFT, f"Creative {item.id}")
    return item


def write_version(
    session: Session,
    actor: Actor,
    project: Project,
    item: ContentItem,
    text: CreativeText,
    *,
    action: str,
    source: str,
    instruction: str | None = None,
    restored: int | None = None,
) -> ContentItem:
    """Give ``item``, opened for edit, its next version: in DRAFT, and based on the strategy in force.

    ``restored`` is the number of the older version that says the same. Raises :class:`ContentInvalid`.
    """
    creative_text.check(Platform(item.platform), text)
    before = _state(item)
    number = item.version + 1
    version = ContentVersion(
        content_item_id=item.id,
        number=number,
        source=source,
        instruction=instruction,
        author=actor.name,
        **asdict(text),
    )
    try:
        with session.begin_nested():
            session.add(version)
    except IntegrityError as error:
        raise conflict(get_item(session, project.id, item.id), text) from error
    item.title, item.body_text, item.caption = text.title, text.body_text, text.caption
    item.version = number
    item.status = _C.DRAFT
    item.strategy_id = project.approved_strategy_id
    session.flush()
    record(
        session,
        actor,
        action,
        "creative",
        item.id,
        project_id=project.id,
        before=before,
        after={**_state(item), "source": source, **({"restored": restored} if restored else {})},
    )
    return item


def delete(session: Session, actor: Actor, project: Project, creative_id: int) -> None:
    """Hide the creative until it is restored. A queued one is taken off the queue. Harmless to repeat.

    Raises :class:`InvalidTransition` while it is being sent, or its outcome is unknown.
    """
    item = get_item(session, project.id, creative_id, deleted=True)
    if item.deleted_at is not None:
        return
    _check_deletable(item)
    before = {**_state(item), "deleted": False}
    if item.status in (_C.SCHEDULED, _C.PUBLISHED):
        # A published e-mail is queued too while it is tried again for those it failed to reach.
        take_off_queue(session, actor, [item.id], reason="It was deleted.")
    item = get_item(session, project.id, creative_id, deleted=True, lock=True)
    _check_deletable(item)
    _check_off_queue(session, item)
    item.deleted_at = now()
    session.flush()
    after = {**_state(item), "deleted": True}
    record(
        session,
        actor,
        "creative.delete",
        "creative",
        item.id,
        project_id=project.id,
        before=before,
        after=after,
    )


def _check_deletable(item: ContentItem) -> None:
    status = CreativeStatus(item.status)
    if status in (_C.PUBLISHING, _C.UNKNOWN):
        raise InvalidTransition(f"Creative {item.id} {_FINAL[status]}", state=status)


def _check_off_queue(session: Session, item: ContentItem) -> None:
    """Nobody put ``item``, held by now, on the queue between being taken off and being held."""
    query = sa.select(QueueRow.id).where(QueueRow.content_item_id == item.id, QueueRow.status.in_(ACTIVE_QUEUE))
    if session.scalar(query.limit(1)) is not None:
        raise InvalidTransition(
            f"Creative {item.id} was put on the queue by somebody else at this moment. Look at it, and do it again.",
            state=item.status,
        )


def restore(session: Session, actor: Actor, project: Project, creative_id: int) -> ContentItem:
    """Bring a deleted creative back as it was; a queued one comes back APPROVED. Harmless to repeat."""
    item = get_item(session, project.id, creative_id, deleted=True, lock=True)
    if item.deleted_at is None:
        return item
    before = {**_state(item), "deleted": True}
    item.deleted_at = None
    session.flush()
    after = {**_state(item), "deleted": False}
    record(
        session,
        actor,
        "creative.restore",
        "creative",
        item.id,
        project_id=project.id,
        before=before,
        after=after,
    )
    return item


def _state(item: ContentItem) -> dict[str, object]:
    return {"status": CreativeStatus(item.status).value, "version": item.version}

"""Creatives: list, write, regenerate, approve, preview."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy.orm import Session

from workbench.enums import Platform, Role
from workbench.generation import gather, model, templates
from workbench.operator_services import _gallery
from workbench.operator_services._edge import as_id, operation, runtime_of
from workbench.operator_services.types import BulkResult, Creative, CreativeVersion, RenderedMessage
from workbench.services import (
    creative_bulk,
    creative_text,
    creative_versions,
    creatives,
    gallery,
    messages,
    projects,
    texts,
)
from workbench.services.creative_text import CreativeText

LONGEST_INSTRUCTION = 2_000


def get_creatives_for_project(
    db: Session,
    project_id: int,
    *,
    platform: str | None = None,
    status: str | Sequence[str] | None = None,
    search: str | None = None,
    stale: bool | None = None,
    include_deleted: bool = False,
    sort: str = "updated",
    page: int = 1,
    page_size: int = 50,
) -> list[Creative]:
    """One page of the project's creatives. For viewers.

    ``status`` may be one or several, ``search`` is looked for in all three texts, ``sort`` is updated or created
    (newest first), scheduled (next first) or title; ``page`` starts at 1, ``page_size`` goes up to 1,000.

    The first call ever for a project without creatives writes a draft for each platform by template; a viewer
    sees them without their being stored, with id None. Raises :class:`NotFoundError`, :class:`InputError`.
    """
    wanted = gallery.filters(platform, status, search, stale, include_deleted)
    unsaved = _gallery.first_drafts(db, as_id(project_id, "project"))
    with operation(db, Role.VIEWER, write=False):
        project = projects.get_project(db, project_id)
        cards = gallery.page(db, project, wanted, sort=sort, number=page, size=page_size)
        if unsaved:
            return _gallery.matching(unsaved, wanted)[(page - 1) * page_size : page * page_size]
        return [_gallery.shape(card, project) for card in cards]


def count_creatives(
    db: Session,
    project_id: int,
    *,
    platform: str | None = None,
    status: str | Sequence[str] | None = None,
    search: str | None = None,
    stale: bool | None = None,
    include_deleted: bool = False,
) -> int:
    """How many creatives :func:`get_creatives_for_project` has over all pages with these filters. For viewers."""
    wanted = gallery.filters(platform, status, search, stale, include_deleted)
    unsaved = _gallery.first_drafts(db, as_id(project_id, "project"))
    with operation(db, Role.VIEWER, write=False):
        if unsaved:
            return len(_gallery.matching(unsaved, wanted))
        return gallery.count(db, projects.get_project(db, project_id), wanted)


def get_creative(db: Session, project_id: int, creative_id: int) -> Creative:
    """One creative, deleted or not. For viewers. Raises :class:`NotFoundError`, for another project's too."""
    with operation(db, Role.VIEWER, write=False):
        project = projects.get_project(db, as_id(project_id, "project"))
        item = creatives.get_item(db, project.id, as_id(creative_id, "creative"), deleted=True)
        return _gallery.shape_item(db, item, project)


def create_creative(
    db: Session, project_id: int, platform: str, *, title: str = "", body_text: str = "", caption: str = ""
) -> Creative:
    """A new creative in DRAFT: a blank sheet, or a text that its platform takes. For operators.

    Raises :class:`ContentInvalid`, :class:`InputError` for an unknown platform.
    """
    with operation(db, Role.OPERATOR, write=True) as actor:
        project = projects.get_project(db, as_id(project_id, "project"))
        text = creative_text.check_storable(title, body_text, caption)
        item = creatives.create(db, actor, project, gallery.platform_of(platform), text, source=creatives.OPERATOR)
        return _gallery.shape_item(db, item, project)


def update_creative(db: Session, project_id: int, creative_id: int, changes: Mapping[str, object]) -> Creative:
    """Change ``title``, ``body_text`` or ``caption``: a new version, in DRAFT. For operators.

    A queued creative is taken off the queue first; nothing happens when all is as it was. ``changes["version"]``,
    when given, is the version the person saw: :class:`EditConflict` when it is not the newest. Raises
    :class:`ContentInvalid` for what its platform refuses, :class:`InvalidTransition` once it is being sent.
    """
    with operation(db, Role.OPERATOR, write=True) as actor:
        project = projects.get_project(db, as_id(project_id, "project"))
        item = creatives.update(db, actor, project, as_id(creative_id, "creative"), changes)
        return _gallery.shape_item(db, item, project)


def regenerate_creative(db: Session, project_id: int, creative_id: int, instruction: str | None = None) -> Creative:
    """A new version by the language model, or by the next template when none is configured. For operators.

    ``source`` says which; a template cannot follow ``instruction``, and ``note`` says so. The old version stays
    restorable. The model is called outside any transaction: when somebody changed the creative meanwhile, its
    text is not stored and :class:`EditConflict` carries it. Raises :class:`ContentInvalid` when the model's text
    does not fit twice, :class:`InvalidTransition` once the creative is being sent, and the model's own errors.
    """
    asked = texts.checked(instruction or "", "The instruction", LONGEST_INSTRUCTION).strip() or None
    with operation(db, Role.OPERATOR, write=False):
        project = projects.get_project(db, as_id(project_id, "project"))
        item = creatives.get_item(db, project.id, as_id(creative_id, "creative"))
        creatives.check_editable(item)
        brief = gather.brief_of(db, project)
        platform, current, version = Platform(item.platform), CreativeText.of(item), item.version
    # No transaction is open here: the answer may take a minute.
    writer = runtime_of(db).gateways.model
    if writer is None:
        text, source = templates.another(platform, brief, version, current), templates.SOURCE
    else:
        text, source = model.creative(writer, platform, brief, current, asked), model.source(writer)
    with operation(db, Role.OPERATOR, write=True) as actor:
        project = projects.get_project(db, project_id)
        item = creatives.open_for_edit(db, actor, project.id, creative_id)
        if item.version != version:
            raise creatives.conflict(item, text)
        creatives.write_version(
            db,
            actor,
            project,
            item,
            text,
            action="creative.regenerate",
            source=source,
            instruction=asked,
        )
        return _gallery.shape_item(db, item, project)


def delete_creative(db: Session, project_id: int, creative_id: int) -> None:
    """Hide a creative until it is restored; a queued one is taken off the queue. For operators.

    Raises :class:`InvalidTransition` while it is being sent or its outcome is unknown.
    """
    with operation(db, Role.OPERATOR, write=True) as actor:
        project = projects.get_project(db, as_id(project_id, "project"))
        creatives.delete(db, actor, project, as_id(creative_id, "creative"))


def restore_creative(db: Session, project_id: int, creative_id: int) -> Creative:
    """Bring a deleted creative back as it was; one that was queued comes back APPROVED. For operators."""
    with operation(db, Role.OPERATOR, write=True) as actor:
        project = projects.get_project(db, as_id(project_id, "project"))
        item = creatives.restore(db, actor, project, as_id(creative_id, "creative"))
        return _gallery.shape_item(db, item, project)


def get_creative_versions(db: Session, project_id: int, creative_id: int) -> list[CreativeVersion]:
    """Everything the creative ever said, newest first. For viewers."""
    with operation(db, Role.VIEWER, write=False):
        wanted = as_id(creative_id, "creative")
        item = creatives.get_item(db, as_id(project_id, "project"), wanted, deleted=True)
        return [
            {
                "id": one.id,
                "creative_id": item.id,
                "number": one.number,
                "title": one.title,
                "body_text": one.body_text,
                "caption": one.caption,
                "source": one.source,
                "instruction": one.instruction,
                "author": one.author,
                "created_at": one.created_at,
            }
            for one in creative_versions.versions(db, item.id)
        ]


def restore_creative_version(db: Session, project_id: int, creative_id: int, number: int) -> Creative:
    """Write an older version again as the newest, in DRAFT. For operators.

    Harmless when the creative says that already. Raises :class:`NotFoundError`, :class:`InvalidTransition`.
    """
    with operation(db, Role.OPERATOR, write=True) as actor:
        project = projects.get_project(db, as_id(project_id, "project"))
        wanted = as_id(creative_id, "creative")
        item = creative_versions.restore_version(db, actor, project, wanted, number)
        return _gallery.shape_item(db, item, project)


def bulk_approve_creatives(
    db: Session, project_id: int, ids: Sequence[int], *, versions: Mapping[int, int] | None = None
) -> BulkResult:
    """Approve drafts that their platforms take, and say for each id what happened. For approvers.

    ``versions`` maps an id to the version that was read: an item changed since then is not approved. What is
    approved already counts as done. ``batch_id`` is for ``undo_batch``. Raises :class:`InputError` when ``ids``
    is not a list.
    """
    with operation(db, Role.APPROVER, write=True) as actor:
        project = projects.get_project(db, as_id(project_id, "project"))
        return _gallery.shape_bulk(creative_bulk.approve(db, actor, project, ids, versions))


def confirm_creatives(db: Session, project_id: int, ids: Sequence[int]) -> BulkResult:
    """Base stale creatives on the strategy in force without changing them. For approvers.

    Raises :class:`InvalidTransition` when no strategy is in force, :class:`InputError` when ``ids`` is not a list.
    """
    with operation(db, Role.APPROVER, write=True) as actor:
        project = projects.get_project(db, as_id(project_id, "project"))
        return _gallery.shape_bulk(creative_bulk.confirm(db, actor, project, ids))


def preview_message(db: Session, project_id: int, creative_id: int, lead_id: int | None = None) -> RenderedMessage:
    """The creative as one lead of the project would read it; without a lead, with its fallbacks. For viewers.

    ``missing`` names the placeholders nothing is known for, ``problems`` what the platform would refuse in the
    text as rendered. Raises :class:`NotFoundError`, for another project's creative or lead too.
    """
    with operation(db, Role.VIEWER, write=False):
        project = projects.get_project(db, as_id(project_id, "project"))
        item = creatives.get_item(db, project.id, as_id(creative_id, "creative"), deleted=True)
        fields: Mapping[str, str | None] = {}
        if lead_id is not None:
            fields = messages.lead_fields(messages.find_lead(db, project.id, as_id(lead_id, "lead")))
        platform = Platform(item.platform)
        text, missing = messages.fill_in(platform, CreativeText.of(item), fields)
        return {
            "platform": platform.value,
            "title": text.title,
            "body_text": text.body_text,
            "caption": text.caption,
            "missing": missing,
            "problems": creative_text.problems(platform, text),
        }

"""Creatives: list, write, regenerate, approve, preview."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy.orm import Session

from workbench.enums import Platform, Role
from workbench.operator_services import _gallery
from workbench.operator_services._edge import as_id, operation
from workbench.operator_services.types import Creative, CreativeVersion, RenderedMessage
from workbench.services import (
    creative_text,
    creative_versions,
    creatives,
    gallery,
    messages,
    projects,
)
from workbench.services.creative_text import CreativeText
from workbench.services.gallery import MOST_SELECTED as MOST_SELECTED


def get_creatives_for_project(
    db: Session,
    project_id: int,
    *,
    platform: str | None = None,
    status: str | Sequence[str] | None = None,
    search: str | None = None,
    stale: bool | None = None,
    include_deleted: bool = False,
    only_deleted: bool = False,
    sort: str = "updated",
    page: int = 1,
    page_size: int = 50,
) -> list[Creative]:
    """One page of the project's creatives. For viewers.

    ``only_deleted`` asks for what ``restore_creative`` brings back, ``include_deleted`` for that too. ``status`` may
    be one or several, ``search`` is looked for in all three texts, ``sort`` is updated, created
    (newest first), oldest, scheduled (next first), title, status (as work goes on) or platform; ``page`` starts at
    1, ``page_size`` goes up to 1,000.

    The first call ever for a project without creatives writes a draft for each platform by template; a viewer
    sees them without their being stored, with id None. Raises :class:`NotFoundError`, :class:`InputError`.
    """
    wanted = gallery.filters(platform, status, search, stale, include_deleted, only_deleted)
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
    only_deleted: bool = False,
) -> int:
    """How many creatives :func:`get_creatives_for_project` has over all pages with these filters. For viewers."""
    wanted = gallery.filters(platform, status, search, stale, include_deleted, only_deleted)
    unsaved = _gallery.first_drafts(db, as_id(project_id, "project"))
    with operation(db, Role.VIEWER, write=False):
        if unsaved:
            return len(_gallery.matching(unsaved, wanted))
        return gallery.count(db, projects.get_project(db, project_id), wanted)


def find_creative_ids(
    db: Session,
    project_id: int,
    *,
    platform: str | None = None,
    status: str | Sequence[str] | None = None,
    search: str | None = None,
    stale: bool | None = None,
    only_deleted: bool = False,
    sort: str = "updated",
) -> dict[int, int]:
    """The id and version of every creative that matches, in their order, up to 10,000: what a bulk call takes.

    For viewers. Deleted ones are in it only when they alone are asked for, first drafts that are not stored never.
    Raises :class:`NotFoundError`, :class:`InputError`.
    """
    wanted = gallery.filters(platform, status, search, stale, only_deleted=only_deleted)
    with operation(db, Role.VIEWER, write=False):
        project = projects.get_project(db, as_id(project_id, "project"))
        return gallery.versions(db, project, wanted, sort=sort)


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

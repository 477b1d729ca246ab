"""How creatives are shown, and the drafts that are there when a project's gallery is opened for the first time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy.orm import Session

from workbench.clock import now
from workbench.enums import CreativeStatus, Platform, Role
from workbench.generation import gather, templates
from workbench.models import ContentItem, Project
from workbench.operator_services._edge import operation
from workbench.operator_services.types import BulkResult, Creative
from workbench.services import creatives, gallery, projects
from workbench.services import first_drafts as drafts
from workbench.services.creative_bulk import Bulk
from workbench.services.creative_text import CreativeText, problems


def first_drafts(db: Session, project_id: int) -> list[Creative]:
    """Write the first drafts if they are due. For a viewer, who writes nothing: what they would be."""
    with operation(db, Role.VIEWER, write=False) as actor:
        project = projects.get_project(db, project_id)
        if not drafts.wanted(db, project):
            return []
        if not actor.role.allows(Role.OPERATOR):
            brief = gather.brief_of(db, project)
            return [_unsaved(project, platform, templates.creative(platform, brief)) for platform in Platform]
    with operation(db, Role.OPERATOR, write=True) as actor:
        project = projects.get_project(db, project_id)
        if drafts.claim(db, project):
            brief = gather.brief_of(db, project)
            for platform in Platform:
                text = templates.creative(platform, brief)
                creatives.create(db, actor, project, platform, text, source=templates.SOURCE)
    return []


def matching(unsaved: Sequence[Creative], wanted: gallery.Filters) -> list[Creative]:
    """Those of ``unsaved`` that the filters let through."""
    return [
        one
        for one in unsaved
        if not wanted.only_deleted
        and (wanted.platform is None or one["platform"] == wanted.platform)
        and (not wanted.statuses or one["status"] in wanted.statuses)
        and (wanted.stale is None or one["stale"] == wanted.stale)
        and (
            wanted.search is None
            or wanted.search.lower() in f"{one['title']}\n{one['body_text']}\n{one['caption']}".lower()
        )
    ]


def shape_item(db: Session, item: ContentItem, project: Project) -> Creative:
    """``item`` as the contract returns it."""
    return shape(gallery.cards(db, [item])[0], project)


def shape(card: gallery.Card, project: Project) -> Creative:
    """A card as the contract returns it."""
    item, queue = card.item, card.queue
    note = templates.CANNOT_FOLLOW if card.source == templates.SOURCE and card.instruction else None
    return {
        "id": item.id,
        "project_id": item.project_id,
        "platform": str(item.platform),
        "title": item.title,
        "body_text": item.body_text,
        "caption": item.caption,
        "status": str(item.status),
        "version": item.version,
        "stale": creatives.is_stale(item, project),
        "source": card.source,
        "note": note,
        "problems": problems(Platform(item.platform), CreativeText.of(item)),
        "scheduled_time": queue.scheduled_time if queue else None,
        "queue_id": queue.id if queue else None,
        "account": queue.account if queue else None,
        "last_error": queue.last_error if queue else None,
        "deleted": item.deleted_at is not None,
        "created_at": item.created_at,
        "updated_at": item.updated_at,
    }


def _unsaved(project: Project, platform: Platform, text: CreativeText) -> Creative:
    moment = now()
    return {
        "id": None,
        "project_id": project.id,
        "platform": platform.value,
        **asdict(text),  # type: ignore[typeddict-item]  # mypy does not see the three keys
        "status": CreativeStatus.DRAFT.value,
        "version": 0,
        "stale": False,
        "source": templates.SOURCE,
        "note": None,
        "problems": problems(platform, text),
        "scheduled_time": None,
        "queue_id": None,
        "account": None,
        "last_error": None,
        "deleted": False,
        "created_at": moment,
        "updated_at": moment,
    }


def shape_bulk(bulk: Bulk) -> BulkResult:
    """The answers of a bulk decision as the contract returns them."""
    done = sum(outcome.ok for outcome in bulk.outcomes)
    return {
        "batch_id": bulk.batch_id,
        "done": done,
        "failed": len(bulk.outcomes) - done,
        "outcomes": [{"id": one.id, "ok": one.ok, "status": one.status, "reason": one.reason} for one in bulk.outcomes],
    }

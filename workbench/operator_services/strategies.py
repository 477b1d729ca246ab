"""Strategies: read, write, decide; and the unsaved texts of whoever writes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from workbench.enums import CreativeStatus, Role
from workbench.generation import gather, templates
from workbench.models import Draft, Project, Strategy
from workbench.operator_services._edge import as_id, operation, optional_text
from workbench.operator_services.types import ApprovalPreview, DraftText, StrategyRevision, WaitingStrategy
from workbench.services import drafts, projects, strategies


def get_project_strategy_doc(db: Session, project_id: int) -> str:
    """The newest revision's markdown. For viewers.

    When there is none, a first draft is written from the brief by template, stored as revision 1 in DRAFT and
    returned; a viewer gets it without its being stored. Raises :class:`NotFoundError`.
    """
    wanted = as_id(project_id, "project")
    with operation(db, Role.VIEWER, write=False) as actor:
        project = projects.get_project(db, wanted)
        newest = strategies.newest(db, project.id)
        if newest is not None:
            return newest.text
        if not actor.role.allows(Role.OPERATOR):
            return templates.strategy(gather.brief_of(db, project))
    with operation(db, Role.OPERATOR, write=True) as actor:
        # With the project held, whoever else looked at the same moment waits here and then finds it written.
        project = projects.get_project(db, wanted, lock=True)
        newest = strategies.newest(db, project.id)
        if newest is None:
            text = templates.strategy(gather.brief_of(db, project))
            newest = strategies.add(db, actor, project, text, "strategy.draft")
        return newest.text


def get_strategies(db: Session, project_id: int) -> list[StrategyRevision]:
    """Every revision, newest first. For viewers."""
    with operation(db, Role.VIEWER, write=False):
        project = projects.get_project(db, as_id(project_id, "project"))
        return [_revision(project, one) for one in strategies.revisions(db, project.id)]


def save_strategy(db: Session, project_id: int, text: str, base_number: int) -> StrategyRevision:
    """A new revision in DRAFT, stored exactly as it is written; what is in force stays in force. For operators.

    ``base_number`` is the revision it was written on (0: there was none). Raises :class:`EditConflict` when that
    is not the newest, :class:`InputError` for a text that is empty or longer than 50,000 characters.
    """
    with operation(db, Role.OPERATOR, write=True) as actor:
        project = projects.get_project(db, as_id(project_id, "project"), lock=True)
        return _revision(project, strategies.save(db, actor, project, text, base_number))


def approve_strategy(
    db: Session, project_id: int, reason: str | None = None, *, number: int | None = None
) -> StrategyRevision:
    """Put the newest revision in force. Older ones become SUPERSEDED. For approvers.

    ``number`` is the revision that was read: :class:`EditConflict` when it is not the newest any more. Approving
    what is in force is harmless. Raises :class:`NotFoundError` when there is no such revision.
    """
    with operation(db, Role.APPROVER, write=True) as actor:
        project = projects.get_project(db, as_id(project_id, "project"), lock=True)
        return _revision(project, strategies.approve(db, actor, project, number, optional_text(reason, "The reason")))


def preview_approval(db: Session, project_id: int, number: int) -> ApprovalPreview:
    """What approving revision ``number`` would change. For viewers.

    ``replaces`` is the revision in force now; ``stale`` counts the creatives still to be published that were made from
    another revision than ``number``, ``queued`` those of them that are on the queue: they go out only once each is
    confirmed, edited or regenerated. Raises :class:`NotFoundError`.
    """
    with operation(db, Role.VIEWER, write=False):
        project = projects.get_project(db, as_id(project_id, "project"))
        revision = strategies.get(db, project, number)
        stale = strategies.made_from_another(db, project, revision)
        in_force = strategies.in_force(db, project)
        return {
            "number": revision.number,
            "replaces": in_force.number if in_force and in_force.id != revision.id else None,
            "stale": sum(stale.values()),
            "queued": stale.get(CreativeStatus.SCHEDULED, 0),
        }


def list_waiting_strategies(db: Session) -> list[WaitingStrategy]:
    """Projects whose newest strategy waits for a decision, the longest-waiting first. For viewers."""
    with operation(db, Role.VIEWER, write=False):
        return [
            {
                "project_id": project.id,
                "project_name": project.name,
                "client": project.client,
                "number": revision.number,
                "author": revision.author,
                "created_at": revision.created_at,
            }
            for project, revision in strategies.waiting(db)
        ]


def reject_strategy(db: Session, project_id: int, reason: str, *, number: int | None = None) -> StrategyRevision:
    """Reject the newest revision, or with ``number`` the one in force, for a reason. For approvers.

    Rejecting the one in force leaves nothing in force; its queued items come back to APPROVED and the project to
    STRATEGY. What is rejected already stays as it is. Raises like :func:`approve_strategy`, and
    :class:`InputError` without a reason.
    """
    with operation(db, Role.APPROVER, write=True) as actor:
        project = projects.get_project(db, as_id(project_id, "project"), lock=True)
        return _revision(project, strategies.reject(db, actor, project, number, reason))


def _revision(project: Project, strategy: Strategy) -> StrategyRevision:
    return {
        "id": strategy.id,
        "project_id": strategy.project_id,
        "number": strategy.number,
        "text": strategy.text,
        "status": str(strategy.status),
        "in_force": strategy.id == project.approved_strategy_id,
        "rejection_reason": strategy.rejection_reason,
        "author": strategy.author,
        "decided_by": strategy.decided_by,
        "decided_at": strategy.decided_at,
        "created_at": strategy.created_at,
    }


def save_draft(
    db: Session, entity: str, entity_id: int, text: str, base: int, *, unless_newer_than: datetime | None = None
) -> DraftText:
    """Keep an unsaved text for its writer: private, no revision, no audit event. For operators.

    ``entity`` is strategy or intake (``entity_id`` is then the project's) or creative; ``base`` the number it was
    started from. With ``unless_newer_than`` (aware), the ``updated_at`` of the draft that this window knows,
    :class:`EditConflict` when another window of the same person kept another text since; without it the later text
    wins. Raises :class:`NotFoundError`, :class:`InputError`.
    """
    with operation(db, Role.OPERATOR, write=True) as actor:
        wanted = as_id(entity_id, str(entity))
        return _draft(drafts.save(db, actor.name, entity, wanted, text, base, unless_newer_than))


def get_draft(db: Session, entity: str, entity_id: int) -> DraftText | None:
    """One's own unsaved text, or None. For operators."""
    with operation(db, Role.OPERATOR, write=False) as actor:
        draft = drafts.get(db, actor.name, entity, as_id(entity_id, str(entity)))
        return _draft(draft) if draft else None


def discard_draft(db: Session, entity: str, entity_id: int, *, unless_newer_than: datetime | None = None) -> None:
    """Throw one's own unsaved text away. Harmless when there is none. For operators.

    One that was kept after ``unless_newer_than`` (aware), by another window, stays.
    """
    with operation(db, Role.OPERATOR, write=True) as actor:
        drafts.discard(db, actor.name, entity, as_id(entity_id, str(entity)), unless_newer_than)


def _draft(draft: Draft) -> DraftText:
    return {"text": draft.text, "base": draft.base, "updated_at": draft.updated_at}

"""Decisions on many creatives at once: shown before, answered one by one, and taken back in one step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy.orm import Session

from workbench.enums import Role
from workbench.errors import InputError
from workbench.models import Project
from workbench.operator_services import _gallery
from workbench.operator_services._edge import as_id, operation
from workbench.operator_services.types import BulkResult, DecisionPreview
from workbench.services import creative_bulk, projects
from workbench.services.creative_bulk import Decision

_DECISIONS: Final[Mapping[str, Callable[[Project, Any], Decision]]] = {
    "approve": lambda _, versions: creative_bulk.approval(versions),
    "confirm": lambda project, _: creative_bulk.confirmation(project),
    "delete": lambda *_: creative_bulk.deletion(),
    "restore": lambda *_: creative_bulk.restoration(),
}


def preview_creative_decision(
    db: Session, project_id: int, decision: str, ids: Sequence[int], *, versions: Mapping[int, int] | None = None
) -> DecisionPreview:
    """What ``decision`` (approve, confirm, delete or restore) would do to each id, as things stand. For viewers.

    ``versions`` as in :func:`bulk_approve_creatives`. Raises :class:`NotFoundError`, :class:`InputError`, and
    :class:`InvalidTransition` when nothing can be confirmed because no strategy is in force.
    """
    if not isinstance(decision, str) or decision not in _DECISIONS:
        raise InputError(f"{decision!r:.80} is not a decision. Choose one of {', '.join(_DECISIONS)}.")
    with operation(db, Role.VIEWER, write=False):
        project = projects.get_project(db, as_id(project_id, "project"))
        found = creative_bulk.preview(db, project, _DECISIONS[decision](project, versions), ids)
        return {
            "changing": sum(one.changed for one in found),
            "unchanged": sum(one.ok and not one.changed for one in found),
            "refused": sum(not one.ok for one in found),
            "outcomes": [
                {
                    "id": one.id,
                    "ok": one.ok,
                    "status": one.status,
                    "reason": one.reason,
                    "changes": one.changed,
                    "note": one.note,
                    "title": one.title,
                    "platform": one.platform,
                }
                for one in found
            ],
        }


def bulk_approve_creatives(
    db: Session, project_id: int, ids: Sequence[int], *, versions: Mapping[int, int] | None = None
) -> BulkResult:
    """Approve drafts that their platforms take, and say for each id what happened. For approvers.

    ``versions`` maps an id to the version that was read: an item changed since then is not approved. What is
    approved already counts as done. ``batch_id`` is for ``undo_batch``. Raises :class:`InputError` when ``ids``
    is not a list.
    """
    return _decide(db, Role.APPROVER, project_id, "approve", ids, versions)


def confirm_creatives(db: Session, project_id: int, ids: Sequence[int]) -> BulkResult:
    """Base stale creatives on the strategy in force without changing them. For approvers.

    Raises :class:`InvalidTransition` when no strategy is in force, :class:`InputError` when ``ids`` is not a list.
    """
    return _decide(db, Role.APPROVER, project_id, "confirm", ids)


def bulk_delete_creatives(db: Session, project_id: int, ids: Sequence[int]) -> BulkResult:
    """Hide creatives until they are restored; those that are queued come off the queue. For operators.

    One that is being sent, or whose outcome is unknown, stays. ``undo_batch`` brings them back; those that were
    queued come back APPROVED. Raises :class:`InputError` when ``ids`` is not a list.
    """
    return _decide(db, Role.OPERATOR, project_id, "delete", ids)


def bulk_restore_creatives(db: Session, project_id: int, ids: Sequence[int]) -> BulkResult:
    """Bring deleted creatives back as they were; what was queued comes back APPROVED. For operators.

    What is not deleted counts as done. ``undo_batch`` deletes those again that are still as they came back. Raises
    :class:`InputError` when ``ids`` is not a list.
    """
    return _decide(db, Role.OPERATOR, project_id, "restore", ids)


def _decide(
    db: Session,
    role: Role,
    project_id: int,
    decision: str,
    ids: Sequence[int],
    versions: Mapping[int, int] | None = None,
) -> BulkResult:
    with operation(db, role, write=True) as actor:
        project = projects.get_project(db, as_id(project_id, "project"))
        return _gallery.shape_bulk(
            creative_bulk.decide(db, actor, project, _DECISIONS[decision](project, versions), ids)
        )

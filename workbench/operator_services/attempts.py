"""Many failed or unknown attempts settled in one step."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import asdict
from typing import cast

from sqlalchemy.orm import Session

from workbench.enums import Role
from workbench.errors import InputError
from workbench.operator_services._edge import as_ids, operation, require_text
from workbench.operator_services.types import BulkResult, DecisionOutcome, DecisionPreview
from workbench.services import attempts
from workbench.services.attempts import Decision
from workbench.services.safety import mode_of


def preview_attempts(db: Session, attempt_ids: Sequence[int], decision: str) -> DecisionPreview:
    """What :func:`settle_attempts` would do to each, as things stand; nothing is changed. For viewers.

    Raises :class:`InputError` for a decision there is not.
    """
    with operation(db, Role.VIEWER, write=False):
        planned = attempts.plan(db, as_ids(attempt_ids, "attempt"), _decision(decision), mode_of(db))
        changing = sum(one.changes for one in planned)
        refused = sum(not one.ok for one in planned)
        return {
            "changing": changing,
            "unchanged": len(planned) - changing - refused,
            "refused": refused,
            "outcomes": [cast(DecisionOutcome, asdict(one)) for one in planned],  # a test compares the fields
        }


def settle_attempts(db: Session, attempt_ids: Sequence[int], decision: str, reason: str) -> BulkResult:
    """Settle many failed or unknown attempts in one step; an answer for every id. For approvers.

    ``retry``: those that FAILED are tried again, now, and no others of their row. ``sent`` and ``not_sent``: what
    became of those that are UNKNOWN, as ``reconcile_unknown`` says it of one. ``undo_batch`` takes it back where
    no worker came to it since. Raises :class:`InputError` for a decision there is not, and without a reason.
    """
    with operation(db, Role.APPROVER, write=True) as actor:
        wanted, ids = _decision(decision), as_ids(attempt_ids, "attempt")
        asked = "Say why they are tried again." if wanted == "retry" else "Say how you know: what did you find?"
        why, batch_id = require_text(reason, asked), str(uuid.uuid4())
        answers = attempts.settle(db, actor, ids, wanted, why, mode_of(db), batch_id)
        done = sum(one.ok for one in answers)
        return {
            "batch_id": batch_id if any(one.changes for one in answers) else None,
            "done": done,
            "failed": len(answers) - done,
            "outcomes": [{"id": one.id, "ok": one.ok, "status": one.status, "reason": one.reason} for one in answers],
        }


def _decision(decision: str) -> Decision:
    if decision not in attempts.DECISIONS:
        raise InputError(f"{decision!r:.80} is not a decision. Say {', '.join(attempts.DECISIONS)}.")
    return cast(Decision, decision)

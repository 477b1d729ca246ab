"""Decisions about many leads at once: consent, status, tags, campaign; what they would do, and a file of the leads."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final, TextIO
from uuid import uuid4

from sqlalchemy.orm import Session

from workbench.enums import Consent, LeadStatus, Role
from workbench.errors import InputError
from workbench.operator_services._edge import as_id, operation, optional_text
from workbench.operator_services.leads import LONGEST_TAG, MOST_LEADS, one_of
from workbench.operator_services.types import BulkResult, LeadChangePreview
from workbench.services import campaigns, lead_changes, lead_export, leads, projects
from workbench.services.audit import record
from workbench.services.lead_changes import MOST_TAGS, LeadChange, LeadChanges
from workbench.services.leads import ConsentChange

_NO_ID: Final = "There is no lead {!r:.80}: an id is a whole number."


def set_consent(db: Session, lead_ids: Sequence[int], consent: str, reason: str | None = None) -> BulkResult:
    """Set whether these leads may be written to: UNKNOWN, CONSENTED or DNC. For operators.

    A lead that is DNC anywhere is mailed from no project. Taking DNC back needs a ``reason``; any reason is kept for
    good and must not name the person. Each id gets its outcome, what is no id too; one that is so already is ``ok``
    and unchanged. ``undo_batch`` takes the whole call back. Raises :class:`InputError`.
    """
    with operation(db, Role.OPERATOR, write=True) as actor:
        to = one_of(Consent, consent, "consent")
        ids, wrong = _ids(lead_ids)
        batch_id = str(uuid4())
        changes = leads.set_consent(db, actor, ids, to, optional_text(reason, "The reason"), batch_id)
        return _result(batch_id, [*changes, *wrong])


def change_leads(
    db: Session,
    lead_ids: Sequence[int],
    *,
    status: str | None = None,
    add_tags: Sequence[str] = (),
    remove_tags: Sequence[str] = (),
    campaign_id: int | None = None,
    reason: str | None = None,
) -> BulkResult:
    """Change the status, the tags or the campaign of these leads; what is left out stays. For operators.

    A lead moves to another campaign of its own project only, and not where its address stands already. Tags and
    ``reason`` are kept for good and must not name the person. Each id gets its outcome; one that is so already is
    ``ok`` and unchanged. ``undo_batch`` takes the whole call back. Raises :class:`NotFoundError` for an unknown
    campaign, :class:`InputError`.
    """
    with operation(db, Role.OPERATOR, write=True) as actor:
        to = _changes(db, status, add_tags, remove_tags, campaign_id)
        ids, wrong = _ids(lead_ids)
        batch_id = str(uuid4())
        changes = lead_changes.change(db, actor, ids, to, optional_text(reason, "The reason"), batch_id)
        return _result(batch_id, [*changes, *wrong])


def preview_lead_changes(
    db: Session,
    lead_ids: Sequence[int],
    *,
    consent: str | None = None,
    status: str | None = None,
    add_tags: Sequence[str] = (),
    remove_tags: Sequence[str] = (),
    campaign_id: int | None = None,
    reason: str | None = None,
) -> LeadChangePreview:
    """What :func:`set_consent` (with ``consent``) or :func:`change_leads` would do. Changes nothing. For operators."""
    with operation(db, Role.OPERATOR, write=False) as actor:
        ids, wrong = _ids(lead_ids)
        why = optional_text(reason, "The reason")
        found: list[Any]
        if consent:
            found = list(leads.preview_consent(db, ids, one_of(Consent, consent, "consent"), why))
        else:
            to = _changes(db, status, add_tags, remove_tags, campaign_id)
            found = list(lead_changes.change(db, actor, ids, to, why, None))
        told = [*found, *wrong]
        reasons = Counter(one.reason or "" for one in told if not one.ok)
        return {
            "changing": sum(one.ok and one.changed for one in told),
            "unchanged": sum(one.ok and not one.changed for one in told),
            "refused": sum(not one.ok for one in told),
            "reasons": [{"reason": reason, "count": number} for reason, number in reasons.most_common()],
        }


def export_leads(db: Session, lead_ids: Sequence[int] | None, to: TextIO, *, project_id: int | None = None) -> int:
    """Write these leads (None: all, or all of a project) as CSV into an open text file; answers how many.

    For operators. Open the file with ``newline=""`` and ``encoding="utf-8-sig"``, which spreadsheets need. Rows are
    read and written a thousand at a time. A cell that a spreadsheet would run gets an apostrophe in front. That it was
    done is noted in the audit log.
    """
    with operation(db, Role.OPERATOR, write=False):
        if not isinstance(to, io.TextIOBase):
            raise InputError('Give a text file that is open for writing: open("leads.csv", "w", newline="").')
        if project_id is not None:
            projects.get_project(db, as_id(project_id, "project"))
        ids = None if lead_ids is None else _ids(lead_ids, most=None)[0]
        written = lead_export.write(db, to, ids, project_id)
    with operation(db, Role.OPERATOR, write=True) as actor:
        record(db, actor, "leads.export", "lead", None, project_id=project_id, after={"rows": written})
    return written


def _ids(values: object, *, most: int | None = MOST_LEADS) -> tuple[list[int], list[LeadChange]]:
    """Each id once, and an answer for each value that could be none."""
    if isinstance(values, str | bytes | dict) or not isinstance(values, Iterable):
        raise InputError("Give the ids of the leads as a list of numbers, for example [1, 2, 3].")
    ids: dict[int, None] = {}
    wrong = []
    for value in values:
        if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 2**31:
            wrong.append(LeadChange(value, False, reason=_NO_ID.format(value)))
        else:
            ids[value] = None
    if most is not None and len(ids) > most:
        raise InputError(f"That is {len(ids):,} leads; a call takes up to {most:,}. Do it in parts.")
    return list(ids), wrong


def _changes(
    db: Session, status: str | None, add: Sequence[str], remove: Sequence[str], campaign_id: int | None
) -> LeadChanges:
    to = LeadChanges(
        status=one_of(LeadStatus, status, "lead status") if status else None,
        add_tags=_tags(add),
        remove_tags=_tags(remove),
        campaign_id=campaigns.get_campaign(db, as_id(campaign_id, "campaign")).id if campaign_id is not None else None,
    )
    if to == LeadChanges():
        raise InputError("Say what is to change: the status, tags or the campaign.")
    return to


def _tags(values: Sequence[str]) -> tuple[str, ...]:
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise InputError("Give the tags as a list of words.")
    tags = [optional_text(value, "A tag", longest=LONGEST_TAG) for value in values]
    if len(tags) > MOST_TAGS:
        raise InputError(f"That is {len(tags)} tags; a call takes up to {MOST_TAGS}.")
    return tuple(dict.fromkeys(tag for tag in tags if tag))


def _result(batch_id: str, changes: Sequence[ConsentChange | LeadChange]) -> BulkResult:
    return {
        "batch_id": batch_id if any(change.changed for change in changes) else None,
        "done": sum(change.ok for change in changes),
        "failed": sum(not change.ok for change in changes),
        "outcomes": [
            {"id": change.lead_id, "ok": change.ok, "status": _state(change), "reason": change.reason}
            for change in changes
        ],
    }


def _state(change: ConsentChange | LeadChange) -> str | None:
    state = change.consent if isinstance(change, ConsentChange) else change.status
    return str(state) if state else None

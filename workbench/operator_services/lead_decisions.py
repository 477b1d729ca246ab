"""Decisions about many leads at once: consent, status, tags, campaign; what they would do, and a file of the leads."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, TextIO
from uuid import uuid4

from sqlalchemy.orm import Session

from workbench.enums import Consent, LeadStatus, Role
from workbench.errors import InputError, StoppedHalfway, WorkbenchError
from workbench.operator_services._edge import as_id, operation, optional_text
from workbench.operator_services.leads import LONGEST_TAG, MOST_LEADS, one_of
from workbench.operator_services.types import LeadChangePreview, LongBulkResult
from workbench.services import campaigns, lead_changes, lead_export, leads, projects
from workbench.services.audit import Actor, record
from workbench.services.lead_changes import MOST_TAGS, LeadChange, LeadChanges
from workbench.services.leads import ConsentChange
from workbench.services.progress import Progress

#: Leads in one transaction.
PART: Final = MOST_LEADS
_NO_ID: Final = "There is no lead {!r:.80}: an id is a whole number."


def set_consent(
    db: Session,
    lead_ids: Sequence[int],
    consent: str,
    reason: str | None = None,
    *,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> LongBulkResult:
    """Set whether these leads may be written to: UNKNOWN, CONSENTED or DNC. For operators.

    A lead that is DNC anywhere is mailed from no project. Taking DNC back needs a ``reason``; any reason is kept for
    good and must not name the person. Each id gets its outcome, what is no id too; one that is so already is ``ok``
    and unchanged. ``undo_batch`` takes the whole call back. Raises :class:`InputError`.

    More than 10,000 leads are changed 10,000 at a time, each part whole and at once for all to see. After each
    ``progress`` is called with the leads done and the leads there are, and ``cancelled`` is asked whether to stop.
    Raises :class:`StoppedHalfway` when a later part fails; what was changed before then stays.
    """
    to = one_of(Consent, consent, "consent")
    why = optional_text(reason, "The reason")

    def change(actor: Actor, ids: Sequence[int], batch_id: str) -> Sequence[ConsentChange]:
        return leads.set_consent(db, actor, ids, to, why, batch_id)

    return _in_parts(db, lead_ids, change, Progress(progress, cancelled))


def change_leads(
    db: Session,
    lead_ids: Sequence[int],
    *,
    status: str | None = None,
    add_tags: Sequence[str] = (),
    remove_tags: Sequence[str] = (),
    campaign_id: int | None = None,
    reason: str | None = None,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> LongBulkResult:
    """Change the status, the tags or the campaign of these leads; what is left out stays. For operators.

    A lead moves to another campaign of its own project only, and not where its address stands already. Tags and
    ``reason`` are kept for good and must not name the person. Each id gets its outcome; one that is so already is
    ``ok`` and unchanged. ``undo_batch`` takes the whole call back. Raises :class:`NotFoundError` for an unknown
    campaign, :class:`InputError`. More than 10,000 leads are changed as :func:`set_consent` does it.
    """
    why = optional_text(reason, "The reason")

    def change(actor: Actor, ids: Sequence[int], batch_id: str) -> Sequence[LeadChange]:
        to = _changes(db, status, add_tags, remove_tags, campaign_id)
        return lead_changes.change(db, actor, ids, to, why, batch_id)

    return _in_parts(db, lead_ids, change, Progress(progress, cancelled))


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
        to = None if consent else _changes(db, status, add_tags, remove_tags, campaign_id)
        kinds = Counter[tuple[bool, bool, str]]((False, False, one.reason or "") for one in wrong)
        for part in _parts(ids):
            found: Sequence[ConsentChange | LeadChange]
            if to is None:
                found = leads.preview_consent(db, part, one_of(Consent, str(consent), "consent"), why)
            else:
                found = lead_changes.change(db, actor, part, to, why, None)
            kinds.update((one.ok, one.changed, one.reason or "") for one in found)
        reasons = Counter({reason: number for (ok, _, reason), number in kinds.items() if not ok})
        return {
            "changing": sum(number for (ok, changed, _), number in kinds.items() if ok and changed),
            "unchanged": sum(number for (ok, changed, _), number in kinds.items() if ok and not changed),
            "refused": reasons.total(),
            "reasons": [{"reason": reason, "count": number} for reason, number in reasons.most_common()],
        }


def export_leads(
    db: Session,
    lead_ids: Sequence[int] | None,
    to: TextIO,
    *,
    project_id: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> int:
    """Write these leads (None: all, or all of a project) as CSV into an open text file; answers how many.

    For operators. Open the file with ``newline=""`` and ``encoding="utf-8-sig"``, which spreadsheets need. Rows are
    read and written a thousand at a time. A cell that a spreadsheet would run gets an apostrophe in front. That it was
    done is noted in the audit log.

    ``progress`` is called with the leads written and the leads there are, and ``cancelled`` asked whether to stop,
    after each thousand. Raises :class:`Cancelled`; what is in the file by then is for the caller to throw away.
    """
    with operation(db, Role.OPERATOR, write=False):
        if not isinstance(to, io.TextIOBase):
            raise InputError('Give a text file that is open for writing: open("leads.csv", "w", newline="").')
        if project_id is not None:
            projects.get_project(db, as_id(project_id, "project"))
        ids = None if lead_ids is None else _ids(lead_ids)[0]
        written = lead_export.write(db, to, ids, project_id, Progress(progress, cancelled))
    with operation(db, Role.OPERATOR, write=True) as actor:
        record(db, actor, "leads.export", "lead", None, project_id=project_id, after={"rows": written})
    return written


def _in_parts(
    db: Session,
    lead_ids: Sequence[int],
    change: Callable[[Actor, Sequence[int], str], Sequence[ConsentChange | LeadChange]],
    progress: Progress,
) -> LongBulkResult:
    """``change`` some leads at a time, each part an operation of its own, and one batch to take back."""
    ids, wrong = _ids(lead_ids)
    batch_id = str(uuid4())
    many = len(ids) + len(wrong) > PART
    result: LongBulkResult = {
        "batch_id": None, "done": 0, "failed": 0, "outcomes": [], "total": len(ids) + len(wrong), "cancelled": False,
    }  # fmt: skip
    *parts, last = _parts(ids)
    for number, part in enumerate([*parts, last]):
        try:
            with operation(db, Role.OPERATOR, write=True) as actor:
                changes = change(actor, part, batch_id)
        except WorkbenchError as error:
            if not number:
                raise
            done = result["done"] + result["failed"]
            raise StoppedHalfway(
                f"It stopped after {done:,} of {result['total']:,} leads. Those stay as they are now; mend the cause "
                f"and do it again for the rest. The cause: {error.message}",
                done=done,
                batch_id=result["batch_id"],
            ) from error
        _take(result, [*changes, *wrong] if number == len(parts) else changes, many=many)
        if result["batch_id"] is None and any(one.changed for one in changes):
            result["batch_id"] = batch_id
        if progress.tell(result["done"] + result["failed"], result["total"]):
            result["cancelled"] = True
            break
    return result


def _take(result: LongBulkResult, changes: Sequence[ConsentChange | LeadChange], *, many: bool) -> None:
    done = sum(one.ok for one in changes)
    result["done"] += done
    result["failed"] += len(changes) - done
    for one in changes:
        if not many or (not one.ok and len(result["outcomes"]) < PART):
            result["outcomes"].append({"id": one.lead_id, "ok": one.ok, "status": _state(one), "reason": one.reason})


def _parts(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """``ids`` in parts of :data:`PART`; one part, of nothing, when there are none."""
    for start in range(0, max(1, len(ids)), PART):
        yield ids[start : start + PART]


def _ids(values: object) -> tuple[list[int], list[LeadChange]]:
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


def _state(change: ConsentChange | LeadChange) -> str | None:
    state = change.consent if isinstance(change, ConsentChange) else change.status
    return str(state) if state else None

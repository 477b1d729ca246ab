"""Lead files: looking at one, and bringing its people into a campaign."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from itertools import islice
from pathlib import Path
from typing import Final
from uuid import uuid4

from sqlalchemy.orm import Session

from workbench.clock import now
from workbench.enums import LeadSource, Role
from workbench.errors import ImportStopped, LeadFileInvalid, WorkbenchError
from workbench.operator_services._edge import as_id, operation, optional_dict, optional_text, runtime_of
from workbench.operator_services.types import ImportPreview, ImportResult
from workbench.services import campaigns, lead_columns, lead_import, rejected_rows
from workbench.services.audit import Actor, record
from workbench.services.lead_file import SEPARATORS, LeadFile, open_lead_file
from workbench.services.lead_rows import RowReader
from workbench.services.progress import Progress

#: What a column of a lead file can be read as, with the words a person chooses it by.
LEAD_FIELDS: Final = lead_columns.FIELDS

_SAMPLE_ROWS: Final = 5


def preview_leads(db: Session, data: bytes | str | Path, *, encoding: str | None = None) -> ImportPreview:
    """What a file of leads looks like, for a person to confirm before it is imported. Changes nothing.

    ``data`` is the file's bytes, its path, or its text; ``encoding`` overrides what is detected. The whole file is
    read: ``rows`` is exact, and one that would fail half-way fails here. The sample is its first five rows.
    Raises :class:`LeadFileInvalid`; a file without a recognised e-mail column is shown, and the column chosen then.
    """
    with operation(db, Role.VIEWER, write=False):
        pass
    file = open_lead_file(data, encoding)
    rows = 0
    sample: list[dict[str, str]] = []
    for _, cells in file.rows():
        rows += 1
        if len(sample) < _SAMPLE_ROWS:
            sample.append(dict(zip(file.header, cells, strict=False)))
    return {
        "encoding": file.encoding,
        "separator": SEPARATORS[file.separator],
        "rows": rows,
        "columns": lead_columns.recognise(file.header),
        "sample": sample,
        "origin": lead_columns.origin(file.header),
    }


def import_leads(
    db: Session,
    campaign_id: int,
    data: bytes | str | Path,
    *,
    columns: Mapping[str, str | None] | None = None,
    filename: str = "",
    encoding: str | None = None,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> ImportResult:
    """Import a file of leads into a campaign. For operators.

    ``data`` is the file's bytes, its path, or its text. ``columns`` (header → one of :data:`LEAD_FIELDS`, or None
    to keep it as enrichment) changes what is recognised; ``encoding`` overrides what is detected.

    Every row that is not blank is *imported*; *merged* with the lead that has its address in this campaign, of
    which only missing fields are filled and consent never weakened; *unchanged*; or *rejected*, into a file in
    the data folder that can be mended and imported again. ``outcomes`` names every row up to 10,000; of a longer
    file only rows merged and rejected, at most 10,000 (the counts and the rejected file are always complete).
    Importing a file a second time changes nothing.

    The whole file is read before anything is written; then 5,000 rows at a time are committed, so that others go on
    writing meanwhile. After each of these ``progress`` is called with the rows done and the rows there are, and
    ``cancelled`` is asked whether to stop: what is in then stays, ``rows`` is how many rows of the file that is, and
    importing the file again goes on with the rest.

    Raises :class:`NotFoundError`, and :class:`LeadFileInvalid` for a file that can't be read as a list of leads;
    nothing was changed then. Raises :class:`ImportStopped` when something fails after the first 5,000 rows.
    """
    with operation(db, Role.OPERATOR, write=False):
        campaigns.get_campaign(db, as_id(campaign_id, "campaign"))
    # The file is looked at before the write lock is taken: others need not wait for a file that is none.
    file = open_lead_file(data, encoding)
    chosen = lead_columns.choose(file.header, optional_dict(columns, "columns"))
    total = file.count()
    original = optional_text(filename, "The file's name") or (data.name if isinstance(data, Path) else "")
    folder = runtime_of(db).settings.data_dir / rejected_rows.FOLDER
    name = rejected_rows.file_name(now(), campaign_id, original)
    rejects = rejected_rows.RejectedRows(folder, name, file.header)
    run = _Import(db, campaign_id, file, chosen, total, rejects)
    try:
        stopped = run.run(Progress(progress, cancelled))
    except BaseException as error:
        rejects.discard()
        if isinstance(error, WorkbenchError) and run.tally.rows:
            raise ImportStopped(
                f"The import stopped after {run.tally.rows:,} of {total:,} rows. Those are in and stay; mend the cause "
                f"and import the file again for the rest. The cause: {error.message}",
                done=run.tally.rows,
            ) from error
        raise
    kept = rejects.keep()
    counts = run.tally.counts
    return {
        "campaign_id": campaign_id,
        "project_id": run.project_id,
        "rows": run.tally.rows,
        "total": total,
        "cancelled": stopped,
        "imported": counts["imported"],
        "merged": counts["merged"],
        "unchanged": counts["unchanged"],
        "rejected": counts["rejected"],
        "outcomes": [{"row": row, "outcome": outcome, "reason": why} for row, outcome, why in run.tally.outcomes],
        "rejected_file": str(kept) if kept else None,
    }


class _Import:
    """Takes a file's rows, a chunk in each operation; the last one also writes the audit event."""

    def __init__(
        self,
        db: Session,
        campaign_id: int,
        file: LeadFile,
        chosen: Mapping[str, str | None],
        total: int,
        rejects: rejected_rows.RejectedRows,
    ) -> None:
        self.tally = lead_import.Tally()
        self.project_id = 0
        self._db = db
        self._campaign_id = campaign_id
        self._file = file
        self._total = total
        self._rejects = rejects
        self._reader = RowReader(file.header, chosen)
        self._at = now()
        self._batch_id = str(uuid4())
        origin = lead_columns.origin(file.header)
        source = LeadSource.APOLLO if origin == "apollo" else LeadSource.CSV
        self._leads = lead_import.LeadImport(campaign_id, source, self._at)
        self._facts = {
            "origin": origin,
            "fields": sorted({field for field in chosen.values() if field}),
            # The leads that came with it were made at this moment.
            "at": self._at.isoformat(),
        }

    def run(self, progress: Progress) -> bool:
        """Import until the end. Says whether it was cancelled before."""
        rows = self._file.rows()
        while True:
            self._take(list(islice(rows, lead_import.CHUNK)))
            done = self.tally.rows
            cancelled = progress.tell(done, self._total)
            if done >= self._total:
                return False
            if cancelled:
                self._rejects.finish()
                with operation(self._db, Role.OPERATOR, write=True) as actor:
                    self._record(actor, "leads.import_cancel", {**self.tally.counts, "rows": done})
                return True

    def _take(self, chunk: list[tuple[int, list[str]]]) -> None:
        rows = lead_import.read(self._reader, chunk)
        done = self.tally.rows + len(rows)
        if done < self._total and not rows:
            raise LeadFileInvalid("The file changed while it was read. Import it again.")
        with operation(self._db, Role.OPERATOR, write=True) as actor:
            self.project_id = campaigns.get_campaign(self._db, self._campaign_id).project_id
            outcomes = self._leads.take(self._db, rows)
            for (number, cells, _), (_, outcome, why) in zip(rows, outcomes, strict=True):
                if outcome == "rejected":
                    self._rejects.add(number, cells, why or "")
            if done >= self._total:
                self._rejects.finish()
                counts: Counter[str] = Counter(outcome for _, outcome, _ in outcomes)
                all_ = {outcome: number + counts[outcome] for outcome, number in self.tally.counts.items()}
                self._record(actor, "leads.import", all_)
            elif not self.tally.rows:
                self._record(actor, "leads.import_begin", {"rows": self._total})
        for told in outcomes:
            self.tally.add(*told)

    def _record(self, actor: Actor, action: str, facts: Mapping[str, int]) -> None:
        record(
            self._db,
            actor,
            action,
            "campaign",
            self._campaign_id,
            project_id=self.project_id,
            batch_id=self._batch_id,
            after={**facts, **self._facts},
        )

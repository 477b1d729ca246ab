"""Lead files: looking at one, and bringing its people into a campaign."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from sqlalchemy.orm import Session

from workbench.clock import now
from workbench.enums import LeadSource, Role
from workbench.operator_services._edge import as_id, operation, optional_dict, optional_text, runtime_of
from workbench.operator_services.types import ImportPreview, ImportResult
from workbench.services import campaigns, lead_columns, lead_import, rejected_rows
from workbench.services.audit import record
from workbench.services.lead_file import SEPARATORS, LeadFile, open_lead_file
from workbench.services.lead_rows import RowReader

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
    progress: Callable[[int, int | None], None] | None = None,
) -> ImportResult:
    """Import a file of leads into a campaign, as a whole or not at all. For operators.

    ``data`` is the file's bytes, its path, or its text. ``columns`` (header → one of :data:`LEAD_FIELDS`, or None
    to keep it as enrichment) changes what is recognised; ``encoding`` overrides what is detected. ``progress`` is
    called with the rows done and about how many there are.

    Every row that is not blank is *imported*; *merged* with the lead that has its address in this campaign, of
    which only missing fields are filled and consent never weakened; *unchanged*; or *rejected*, into a file in
    the data folder that can be mended and imported again. ``outcomes`` names every row up to 10,000; of a longer
    file only rows merged and rejected, at most 10,000 (the counts and the rejected file are always complete).
    Importing a file a second time changes nothing.

    Raises :class:`NotFoundError`, and :class:`LeadFileInvalid` for a file that can't be read as a list of leads;
    nothing was changed then.
    """
    with operation(db, Role.OPERATOR, write=False):
        campaigns.get_campaign(db, as_id(campaign_id, "campaign"))
    # The file is looked at before the write lock is taken: others need not wait for a file that is none.
    file = open_lead_file(data, encoding)
    chosen = lead_columns.choose(file.header, optional_dict(columns, "columns"))
    original = optional_text(filename, "The file's name") or (data.name if isinstance(data, Path) else "")
    folder = runtime_of(db).settings.data_dir / rejected_rows.FOLDER
    name = rejected_rows.file_name(now(), campaign_id, original)
    rejects = rejected_rows.RejectedRows(folder, name, file.header)
    try:
        result = _import(db, campaign_id, file, chosen, rejects, progress)
    except BaseException:
        rejects.discard()
        raise
    kept = rejects.keep()
    result["rejected_file"] = str(kept) if kept else None
    return result


def _import(
    db: Session,
    campaign_id: int,
    file: LeadFile,
    chosen: Mapping[str, str | None],
    rejects: rejected_rows.RejectedRows,
    progress: Callable[[int, int | None], None] | None,
) -> ImportResult:
    with operation(db, Role.OPERATOR, write=True) as actor:
        campaign = campaigns.get_campaign(db, campaign_id)
        origin = lead_columns.origin(file.header)
        tally = lead_import.import_rows(
            db,
            campaign,
            file,
            RowReader(file.header, chosen),
            rejects,
            source=LeadSource.APOLLO if origin == "apollo" else LeadSource.CSV,
            progress=progress,
        )
        rejects.finish()
        record(
            db,
            actor,
            "leads.import",
            "campaign",
            campaign.id,
            project_id=campaign.project_id,
            after={
                **tally.counts,
                "origin": origin,
                "fields": sorted({field for field in chosen.values() if field}),
            },
        )
        return {
            "campaign_id": campaign.id,
            "project_id": campaign.project_id,
            "rows": tally.rows,
            "imported": tally.counts["imported"],
            "merged": tally.counts["merged"],
            "unchanged": tally.counts["unchanged"],
            "rejected": tally.counts["rejected"],
            "outcomes": [{"row": row, "outcome": outcome, "reason": reason} for row, outcome, reason in tally.outcomes],
            "rejected_file": None,
        }

"""The dialog that imports leads: choose a file, confirm the columns, choose where to, see what became of every row."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import panel as pn
import panel_material_ui as pmu

from workbench import operator_services as ops
from workbench.operator_services.lead_files import LEAD_FIELDS
from workbench.operator_services.types import ImportPreview, ImportResult
from workbench.panels import safe
from workbench.panels.base import StateView, action, quietly
from workbench.panels.components.download import Download
from workbench.panels.components.table import Table
from workbench.panels.long_work import LongWork
from workbench.panels.new_project import typed
from workbench.panels.tools import lined_up, tool
from workbench.services.progress import Asked, Tell

#: Files above this are imported from the command line: a browser would hold them in memory several times over.
LARGEST_MB: Final = 50
TITLE: Final = "Import leads"
NEW: Final = "new"
KEEP: Final = ""


class LeadImport:
    """Three steps in one dialog; nothing is written before the last."""

    def __init__(self, page: StateView) -> None:
        self.page = page
        self.state = page.state
        self.data = b""
        self.filename = ""
        self.rejected: str | None = None
        self._campaigns_of = NEW
        self.work = LongWork(page.state, "Import of leads")
        self.steps = pn.Column(sizing_mode="stretch_width")
        self._dialog: Any = None
        #: Whether an import ended while its dialog was closed.
        self._unseen = False

    def open(self) -> None:
        """Step one: the file; or how far an import is that goes on, or what it came to while nobody looked."""
        if self.work.running or self._unseen:
            self._unseen = False
            self._open()
            return
        self._campaigns_of = NEW
        self.file = pn.widgets.FileInput(accept=".csv,.tsv,.txt", multiple=False, sizing_mode="stretch_width")
        self.file.param.watch(self._click_file, "value")
        self.steps = pn.Column(
            safe.text(
                "A CSV file from Apollo, HubSpot, LinkedIn, or a plain one with an e-mail column. "
                f"Up to {LARGEST_MB} MB here; larger ones with: workbench import FILE.",
                kind="note",
            ),
            self.file,
            sizing_mode="stretch_width",
        )
        self._open()

    def _open(self) -> None:
        self._dialog = self.page.open_dialog(TITLE, self.steps, width="md")

    @action
    def _click_file(self, event: Any) -> None:
        if not event.new:
            return
        if len(event.new) > LARGEST_MB * 1024 * 1024:
            self.state.fail(f"That file is larger than {LARGEST_MB} MB. Import it with: workbench import FILE.")
            return
        preview = self.state.call(ops.preview_leads, event.new)
        self.data, self.filename = event.new, self.file.filename or "leads.csv"
        self._show_columns(preview)

    def _show_columns(self, preview: ImportPreview) -> None:
        """Step two: which column is what, and where the leads go."""
        choices = {"Keep with the lead": KEEP, **{label: field for field, label in LEAD_FIELDS.items()}}
        self.columns = {
            header: pmu.Select(label=header, options=choices, value=field or KEEP, **tool(256))
            for header, field in preview["columns"].items()
        }
        projects = {
            f"{row['name']}{' · ' + row['client'] if row['client'] else ''}": str(row["id"])
            for row in self.state.projects
        }
        here = str(self.state.project_id) if self.state.project_id else NEW
        self.project = pmu.Select(
            label="Project", options={"New project…": NEW, **projects}, value=here, sizing_mode="stretch_width"
        )
        self.project_name = pmu.TextInput(label="Name of the new project", max_length=200, sizing_mode="stretch_width")
        self.client = pmu.TextInput(label="Client", max_length=200, sizing_mode="stretch_width")
        self.campaign = pmu.Select(
            label="Campaign", options={"New campaign…": NEW}, value=NEW, sizing_mode="stretch_width"
        )
        self.campaign_name = pmu.TextInput(
            label="Name of the new campaign", max_length=200, sizing_mode="stretch_width"
        )
        self.project.param.watch(self._update_target, "value")
        self.campaign.param.watch(self._update_target, "value")
        self._update_target()
        shown = list(preview["columns"])[:6]
        sample = Table(
            label="The first rows of the file",
            columns=[{"key": header, "label": header} for header in shown],
            rows=[
                {"id": number, **{h: row.get(h, "")[:80] for h in shown}}
                for number, row in enumerate(preview["sample"], 1)
            ],
            total=len(preview["sample"]),
        )
        origin = {"apollo": "an Apollo export", "hubspot": "a HubSpot export", "linkedin": "a LinkedIn export"}
        self.steps[:] = lined_up(
            safe.text(
                f"{self.filename}: {preview['rows']:,} rows, {preview['encoding']}, separated by "
                f"{preview['separator']}, "
                f"read as {origin.get(preview['origin'], 'a plain list')}. Is every column what it is said to be?",
                kind="note",
            ),
            pn.FlexBox(*self.columns.values(), gap="14px 12px", margin=(10, 10), sizing_mode="stretch_width"),
            sample,
            self.project,
            self.project_name,
            self.client,
            self.campaign,
            self.campaign_name,
            self.page.buttons(pmu.Button(label=f"Import {preview['rows']:,} rows", on_click=self._click_import)),
        )

    def _update_target(self, *_: Any) -> None:
        """Offer the campaigns of the project chosen, and ask for names of what is new."""
        project = self.project.value
        if project != self._campaigns_of:
            self._campaigns_of = project
            rows = [] if project == NEW else self.state.call(ops.list_campaigns, int(project))
            self.campaign.param.update(
                options={"New campaign…": NEW, **{row["name"]: str(row["id"]) for row in rows}},
                value=str(rows[0]["id"]) if rows else NEW,
            )
        self.project_name.visible = self.client.visible = project == NEW
        self.campaign_name.visible = self.campaign.value == NEW

    @action
    def _click_import(self, *_: Any) -> None:
        columns = {header: widget.value or None for header, widget in self.columns.items()}
        project_id, campaign_id = self._target()
        confirm = list(self.steps)

        def run(tell: Tell, cancelled: Asked) -> ImportResult:
            return self.state.call(
                ops.import_leads,
                campaign_id,
                self.data,
                columns=columns,
                filename=self.filename,
                progress=tell,
                cancelled=cancelled,
            )

        def show(*parts: Any) -> None:
            self.steps[:] = parts

        self.work.start(
            run,
            lambda result: self._show_result(result, project_id),
            show=lambda: show(self.work.part),
            words="Reading the file…",
            cancel="Cancel the import",
            failed=lambda: show(*confirm),
        )

    def _target(self) -> tuple[int, int]:
        """The project and campaign chosen, made when they are new. Remembered, so that a second try reuses them."""
        if self.project.value == NEW:
            made = self.state.call(ops.create_project, typed(self.project_name), typed(self.client))
            self.state.poll(force=True)
            label = f"{typed(self.project_name)} (new)"
            self.project.param.update(options={**self.project.options, label: str(made)}, value=str(made))
        project_id = int(self.project.value)
        if self.campaign.value == NEW:
            row = self.state.call(ops.create_campaign, project_id, typed(self.campaign_name))
            self.campaign.param.update(
                options={**self.campaign.options, row["name"]: str(row["id"])}, value=str(row["id"])
            )
        return project_id, int(self.campaign.value)

    def _show_result(self, result: ImportResult, project_id: int) -> None:
        """Step three: what became of the rows."""
        self.rejected = result["rejected_file"]
        words = (
            f"{result['rows']:,} rows: {result['imported']:,} imported, {result['merged']:,} merged, "
            f"{result['unchanged']:,} unchanged, {result['rejected']:,} rejected."
        )
        if result["cancelled"]:
            words = (
                f"Cancelled: {result['rows']:,} of {result['total']:,} rows were dealt with, and that stays. {words} "
                "Import the file again to go on with the rest."
            )
        parts: list[Any] = [safe.text(words)]
        if self.rejected:
            refused = [outcome for outcome in result["outcomes"] if outcome["outcome"] == "rejected"][:100]
            parts += [
                Table(
                    label="Rejected rows",
                    columns=[{"key": "row", "label": "Row", "kind": "number"}, {"key": "reason", "label": "Why"}],
                    rows=[{"id": one["row"], "row": one["row"], "reason": one["reason"]} for one in refused],
                    total=result["rejected"],
                    page_size=100,
                ),
                safe.text("Download the rejected rows, mend them there, and import that file.", kind="note"),
                Download(label="Download rejected rows", filename=Path(self.rejected).name, write=self._rejected_csv),
            ]
        self._unseen = not self._dialog.open
        if self._unseen:
            self.state.tell(f"{words} Import leads shows it row by row.", "warn" if result["rejected"] else "ok")
        done = pmu.Button(label="Show the leads", on_click=lambda *_: self._click_done(project_id))
        self.steps[:] = lined_up(*parts, pn.Row(pn.layout.HSpacer(), done, sizing_mode="stretch_width", margin=(8, 0)))

    @quietly
    def _rejected_csv(self) -> str:
        with open(self.rejected or "", encoding="utf-8-sig", newline="") as file:
            return file.read()

    def _click_done(self, project_id: int) -> None:
        self.page.close_dialog()
        self.state.go("leads", project_id=project_id)

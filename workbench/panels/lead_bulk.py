"""The dialogs over many leads: change them after a look at what that does, or write them to a file."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Iterator, Sequence
from typing import IO, Any, Final

import panel_material_ui as pmu

from workbench import operator_services as ops
from workbench.enums import Consent, LeadStatus
from workbench.errors import InputError
from workbench.operator_services.types import LeadChangePreview, LongBulkResult
from workbench.panels import safe
from workbench.panels.base import PageView, action, quietly
from workbench.panels.components.download import Download
from workbench.panels.lead_words import CONSENT_WORDS, word
from workbench.panels.long_work import LongWork
from workbench.panels.new_project import typed
from workbench.panels.tools import lined_up
from workbench.services.progress import Asked, Tell

#: Up to so many are changed while one waits; more in parts, beside the page.
AT_ONCE: Final = 10_000
CHANGES: Final = {
    "Consent": "consent",
    "Status": "status",
    "Add tags": "add_tags",
    "Remove tags": "remove_tags",
    "Move to another campaign": "campaign_id",
}
MOST_EXPORTED: Final = 1_000_000
CLOSING_EXPORT: Final = (
    "You may close this and go on working; its button brings it back. When the tab is closed, nothing is saved."
)
#: To look at more beforehand would take longer than anybody waits for.
MOST_PREVIEWED: Final = 100_000
UNSEEN: Final = (
    "These are too many to be looked at beforehand. Each is looked at when it is changed; you can cancel at any time, "
    "and one undo takes all back."
)
FILE: Final = "leads.csv"
#: How much of a file the browser gets at once.
PART_CHARACTERS: Final = 1_000_000


def preview_words(preview: LeadChangePreview) -> str:
    """What a change would do, as a person says it. Pure."""
    parts = [f"{preview['changing']:,} will change"]
    if preview["unchanged"]:
        parts.append(f"{preview['unchanged']:,} are so already")
    parts += [f"{one['count']:,} not: {one['reason']}" for one in preview["reasons"]]
    return "; ".join(parts) + ("" if parts[-1].endswith(".") else ".")


class LeadBulk:
    """Two dialogs over the Leads page."""

    def __init__(self, page: PageView) -> None:
        self.page = page
        self.state = page.state
        self.ids: Sequence[int] = ()
        self.work = LongWork(page.state, "Change of leads", unit="leads")
        self.exporting = LongWork(page.state, "Export of leads", unit="leads", closing=CLOSING_EXPORT)
        self._title = ""
        self._changing: Any = None
        self._exporting: Any = None
        #: A file that is written and not saved yet.
        self._written: IO[str] | None = None

    def open(self, ids: Sequence[int]) -> None:
        """Ask what is to become of these leads; or show how far a change is that goes on."""
        if self.work.running:
            self._show_work()
            return
        self.ids = ids
        wide: dict[str, Any] = {"sizing_mode": "stretch_width"}
        self.what = pmu.Select(label="What to change", options=CHANGES, value="consent", **wide)
        self.consent = pmu.Select(
            label="Consent", options={text: key for key, text in CONSENT_WORDS.items()}, value=Consent.DNC.value, **wide
        )
        self.status = pmu.Select(label="Status", options={word(one): one.value for one in LeadStatus}, **wide)
        self.tags = pmu.TextInput(label="Tags, separated by commas", max_length=500, **wide)
        campaigns = self.state.call(ops.list_campaigns, self.state.project_id)
        self.campaign = pmu.Select(label="Campaign", options={one["name"]: str(one["id"]) for one in campaigns}, **wide)
        self.reason = pmu.TextInput(label="Reason, without naming anybody (kept for good)", max_length=500, **wide)
        self.outlook = safe.text("", kind="note")
        self.note = safe.text("Somebody who must not be contacted is mailed from no project.", kind="note")
        self.what.param.watch(self._update, "value")
        for widget in (self.consent, self.status, self.campaign, self.tags, self.reason):
            widget.param.watch(self._update, "value")
        self._update()
        self._changing = self.page.open_dialog(
            f"Change {len(ids):,} {'lead' if len(ids) == 1 else 'leads'}",
            *lined_up(
                self.what,
                self.consent,
                self.note,
                self.status,
                self.tags,
                self.campaign,
                self.reason,
                self.outlook,
                self.page.buttons(pmu.Button(label="Change", on_click=self._click_change)),
            ),
        )

    def _update(self, *_: Any) -> None:
        """Show the fields of what is to change, and what it would do as things stand."""
        what = self.what.value
        self.consent.visible = self.note.visible = what == "consent"
        self.status.visible = what == "status"
        self.tags.visible = what in ("add_tags", "remove_tags")
        self.campaign.visible = what == "campaign_id"
        if len(self.ids) > MOST_PREVIEWED:
            self.outlook.object = safe.text_html(UNSEEN, "note")
            return
        try:
            preview = self.state.call(ops.preview_lead_changes, self.ids, **self._change(), reason=self._reason)
        except InputError as error:
            self.outlook.object = safe.text_html(error.message, "note")
        else:
            self.outlook.object = safe.text_html(preview_words(preview), "note")

    @property
    def _reason(self) -> str | None:
        return typed(self.reason) or None

    def _change(self) -> dict[str, Any]:
        what = self.what.value
        if what in ("add_tags", "remove_tags"):
            tags = [tag.strip() for tag in typed(self.tags).split(",") if tag.strip()]
            if not tags:
                raise InputError("Write the tags first.")
            return {what: tags}
        if what == "campaign_id":
            if not self.campaign.value:
                raise InputError("Choose a campaign first.")
            return {what: int(self.campaign.value)}
        return {what: self.consent.value if what == "consent" else self.status.value}

    @action
    def _click_change(self, *_: Any) -> None:
        change, reason, ids = self._change(), self._reason, self.ids
        if "consent" in change:

            def run(tell: Tell | None = None, asked: Asked | None = None) -> LongBulkResult:
                return self.state.call(
                    ops.set_consent, ids, change["consent"], reason=reason, progress=tell, cancelled=asked
                )
        else:

            def run(tell: Tell | None = None, asked: Asked | None = None) -> LongBulkResult:
                return self.state.call(ops.change_leads, ids, **change, reason=reason, progress=tell, cancelled=asked)

        if len(ids) <= AT_ONCE:
            self._show_changed(run())
        else:
            self._begin(f"Change {len(ids):,} leads", run, self._show_changed)

    def _begin(
        self, title: str, run: Callable[[Tell, Asked], LongBulkResult], then: Callable[[LongBulkResult], object]
    ) -> None:
        self._title = title
        self.work.part.label = title
        self.work.start(run, then, show=self._show_work, words="Beginning…", failed=self._close_work)

    def _show_work(self) -> None:
        self._changing = self.page.open_dialog(self._title, self.work.part)

    def _close_work(self) -> None:
        self._changing.open = False

    def _show_changed(self, result: LongBulkResult) -> None:
        self._close_work()
        batch = result["batch_id"]
        undo = (lambda: self._undo(batch, result["done"])) if batch else None
        done = f"{result['done']:,} {'lead is' if result['done'] == 1 else 'leads are'} as you said" + _refused(result)
        if result["cancelled"]:
            dealt = result["done"] + result["failed"]
            done = f"Cancelled after {dealt:,} of {result['total']:,} leads, and what was done stays: {done}"
        warn = result["failed"] or result["cancelled"]
        self.state.tell(done if done.endswith(".") else f"{done}.", "warn" if warn else "ok", undo=undo)

    def _undo(self, batch: str, many: int) -> None:
        if many <= AT_ONCE:
            self.state.call(ops.undo_batch, batch)
            return

        def run(tell: Tell, asked: Asked) -> LongBulkResult:
            return self.state.call(ops.undo_batch, batch, progress=tell, cancelled=asked)

        self._begin(f"Take back the change of {many:,} leads", run, lambda result: self._show_undone(batch, result))

    def _show_undone(self, batch: str, result: LongBulkResult) -> None:
        self._close_work()
        done = f"{result['done']:,} leads are as they were" + _refused(result)
        if result["cancelled"]:
            left = result["total"] - result["done"] - result["failed"]
            words = f"Cancelled: {done}; {left:,} stay changed until you go on with it."
            self.state.tell(words, "warn", undo=lambda: self._undo(batch, result["total"]))
        else:
            self.state.tell(done if done.endswith(".") else f"{done}.", "warn" if result["failed"] else "ok")

    @action
    def open_export(self, ids: Sequence[int]) -> None:
        """Offer these leads, or without any all that match the filters, as a file; a large one is written first."""
        if self.exporting.running or self._written is not None:
            self._show_export()
            return
        which = self.page.which()  # type: ignore[attr-defined]
        many = len(ids) if ids else self.state.call(ops.count_leads, **which)
        # Read at the click on the button: the list may have changed by then.
        self.exported = ids or None
        what = f"The {many:,} that are selected" if ids else f"All {many:,} that match the filters"
        words = f"{what}, as a CSV file for a spreadsheet. It holds personal data: the audit log notes it."
        label = f"{many:,} {'lead' if many == 1 else 'leads'}"
        if many <= AT_ONCE:
            button: Any = Download(label=f"Download {label}", filename=FILE, write=self._csv)
        else:
            button = pmu.Button(label=f"Write {label}", on_click=self._click_write)
        self._exporting = self.page.open_dialog("Export leads", safe.text(words), button)

    @quietly
    def _csv(self) -> str:
        written = io.StringIO(newline="")
        self.state.call(ops.export_leads, self._to_export(), written)
        return written.getvalue()

    def _to_export(self) -> Sequence[int]:
        if self.exported is not None:
            return self.exported
        return self.state.call(ops.find_lead_ids, **self.page.which(), most=MOST_EXPORTED)  # type: ignore[attr-defined]

    def _click_write(self, *_: Any) -> None:
        def run(tell: Tell, asked: Asked) -> IO[str]:
            # Nobody else can open it, and it is gone with the one who wrote it.
            file = tempfile.TemporaryFile("w+", encoding="utf-8", newline="")  # noqa: SIM115 - it is read from later
            self.state.call(ops.export_leads, self._to_export(), file, progress=tell, cancelled=asked)
            return file

        self.exporting.start(
            run, self._show_written, show=self._show_export, words="Looking for them…", failed=self._close_export
        )

    def _show_export(self) -> None:
        shown: list[Any] = [self.exporting.part]
        if self._written is not None:
            words = safe.text("The file is written. It is gone from the server once you have saved it.")
            shown = [words, Download(label="Save the file", filename=FILE, write=self._read_written)]
        self._exporting = self.page.open_dialog("Export leads", *shown)

    def _close_export(self) -> None:
        self._exporting.open = False

    def _show_written(self, file: IO[str]) -> None:
        self._written = file
        if self._exporting.open:
            self._show_export()
        else:
            self.state.tell("The file of leads is written. Export… saves it.")

    def _read_written(self) -> Iterator[str] | None:
        file, self._written = self._written, None
        return None if file is None else _parts(file)


def _refused(result: LongBulkResult) -> str:
    """What stands behind the number of those that were changed: how many were not, and why not the last of them."""
    return f", {result['failed']:,} not: {result['outcomes'][-1]['reason']}" if result["failed"] else ""


def _parts(file: IO[str]) -> Iterator[str]:
    """A file in pieces, from its beginning; closed when they are read."""
    with file:
        file.seek(0)
        while part := file.read(PART_CHARACTERS):
            yield part

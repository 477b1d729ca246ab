"""The dialogs over many leads: change them after a look at what that does, or write them to a file."""

from __future__ import annotations

import io
from typing import Any, Final

import panel_material_ui as pmu

from workbench import operator_services as ops
from workbench.enums import Consent, LeadStatus
from workbench.errors import InputError
from workbench.operator_services.types import LeadChangePreview
from workbench.panels import safe
from workbench.panels.base import PageView, action, quietly
from workbench.panels.components.download import Download
from workbench.panels.lead_words import CONSENT_WORDS, word
from workbench.panels.new_project import typed
from workbench.panels.tools import lined_up

CHANGES: Final = {
    "Consent": "consent",
    "Status": "status",
    "Add tags": "add_tags",
    "Remove tags": "remove_tags",
    "Move to another campaign": "campaign_id",
}
#: More would be too much for a browser; Python writes any number.
MOST_EXPORTED: Final = 100_000


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
        self.ids: list[int] = []

    def open(self, ids: list[int]) -> None:
        """Ask what is to become of these leads."""
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
        self.page.open_dialog(
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
        change = self._change()
        if "consent" in change:
            result = self.state.call(ops.set_consent, self.ids, change["consent"], reason=self._reason)
        else:
            result = self.state.call(ops.change_leads, self.ids, **change, reason=self._reason)
        self.page.close_dialog()
        batch = result["batch_id"]
        undo = (lambda: self.state.call(ops.undo_batch, batch)) if batch else None
        refused = [one["reason"] for one in result["outcomes"] if not one["ok"]]
        done = f"{result['done']:,} {'lead is' if result['done'] == 1 else 'leads are'} as you said"
        if refused:
            self.state.tell(f"{done}, {len(refused):,} not: {refused[0]}", "warn", undo=undo)
        else:
            self.state.tell(f"{done}.", undo=undo)

    def open_export(self, ids: list[int]) -> None:
        """Offer these leads, or without any all that match the filters, as a file."""
        # Read at the click on the button: the list may have changed by then.
        self.exported = ids or None
        many = len(ids) if ids else self.state.call(ops.count_leads, **self.page.which())  # type: ignore[attr-defined]
        if many > MOST_EXPORTED:
            raise InputError(
                f"These are {many:,} leads; a browser takes {MOST_EXPORTED:,}. Narrow the filters, or write them from "
                "Python with export_leads."
            )
        what = f"The {many:,} that are selected" if ids else f"All {many:,} that match the filters"
        self.page.open_dialog(
            "Export leads",
            safe.text(f"{what}, as a CSV file for a spreadsheet. It holds personal data: the audit log notes it."),
            Download(
                label=f"Download {many:,} {'lead' if many == 1 else 'leads'}", filename="leads.csv", write=self._csv
            ),
        )

    @quietly
    def _csv(self) -> str:
        ids = self.exported
        if ids is None:
            which = self.page.which()  # type: ignore[attr-defined]
            ids = self.state.call(ops.find_lead_ids, **which, most=MOST_EXPORTED)
        written = io.StringIO(newline="")
        self.state.call(ops.export_leads, ids, written)
        return written.getvalue()

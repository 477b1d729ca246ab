"""What is done to one creative: edit, regenerate, versions, preview as a lead, a test to oneself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import panel as pn
import panel_material_ui as pmu

from workbench import operator_services as ops
from workbench.enums import Platform, Role
from workbench.errors import EditConflict
from workbench.operator_services.types import Creative, ItemOutcome
from workbench.panels import safe
from workbench.panels.base import StateView, action
from workbench.panels.components.table import Table
from workbench.panels.layout import bar
from workbench.panels.new_project import typed
from workbench.platform_rules import counts, problems_as_written

#: Leads offered at once in the preview.
OFFERED = 30


class CreativeDialogs:
    """The Gallery's dialogs about one creative."""

    def __init__(self, page: StateView) -> None:
        self.page = page
        self.state = page.state

    def open(self, key: str, project_id: int, creative_id: int) -> None:
        """Read the creative again and open the dialog for ``key``. Raises :class:`NotFoundError`."""
        self.project_id, self.creative_id = project_id, creative_id
        self.creative = self.state.call(ops.get_creative, project_id, creative_id)
        openers = {
            "edit": self._open_edit,
            "regenerate": self._open_regenerate,
            "versions": self._open_versions,
            "preview": self._open_preview,
            "test": self._open_test,
        }
        openers[key]()

    def show_outcomes(self, refused: Sequence[ItemOutcome]) -> None:
        """Name what a bulk call did not do, and why."""
        rows = [{"id": one["id"], "number": one["id"], "reason": one["reason"]} for one in refused[:200]]
        columns = [{"key": "number", "label": "Creative", "kind": "number"}, {"key": "reason", "label": "Why not"}]
        self.page.open_dialog(
            f"{len(refused):,} were left as they are",
            Table(label="Not done", columns=columns, rows=rows, total=len(refused), page_size=200),
            width="md",
            closes_on_click=True,
        )

    # Edit

    def _open_edit(self) -> None:
        item = self.creative
        email = item["platform"] == Platform.EMAIL
        self.title = pmu.TextInput(
            label="Subject" if email else "Title (for you; it is not posted)",
            value=item["title"],
            max_length=500,
            sizing_mode="stretch_width",
        )
        self.text = pmu.TextAreaInput(
            label="Text",
            value=item["body_text"],
            rows=10,
            max_rows=24,
            auto_grow=True,
            max_length=200_000,
            sizing_mode="stretch_width",
        )
        self.caption = pmu.TextInput(
            label="Postscript (added after a blank line)",
            value=item["caption"],
            max_length=10_000,
            sizing_mode="stretch_width",
            visible=not email or bool(item["caption"]),
        )
        self.counter = safe.text("", kind="note")
        for widget in (self.title, self.text, self.caption):
            widget.param.watch(self._update_counter, ["value", "value_input"])
        self._update_counter()
        hint = "{{first_name|there}} becomes the lead's first name, or “there”. Also: name, title, company, email."
        self.conflict = pn.Column(sizing_mode="stretch_width")
        self.page.open_dialog(
            f"Edit for {Platform(item['platform']).label}",
            self.title,
            self.text,
            self.caption,
            self.counter,
            *([safe.text(hint, kind="note")] if email else []),
            self.conflict,
            self.page.buttons(pmu.Button(label="Save", on_click=self._click_save)),
            width="md",
        )

    def _update_counter(self, *_: Any) -> None:
        platform = Platform(self.creative["platform"])
        words = (typed(self.title), typed(self.text), typed(self.caption))
        used, faults = counts(platform, *words), problems_as_written(platform, *words)
        text = f"{used['used']:,} of {used['limit']:,} {used['unit']}"
        self.counter.object = safe.text_html(" ".join([text + ".", *faults]), "error" if faults else "note")

    @action
    def _click_save(self, *_: Any) -> None:
        changes = {"title": typed(self.title), "body_text": typed(self.text), "caption": typed(self.caption)}
        try:
            saved = self.state.call(
                ops.update_creative,
                self.project_id,
                self.creative_id,
                {**changes, "version": self.creative["version"]},
            )
        except EditConflict as conflict:
            self._show_conflict(conflict)
            return
        self.page.close_dialog()
        again = (
            " It has to be approved again." if self.creative["status"] != "DRAFT" and saved["status"] == "DRAFT" else ""
        )
        self.state.tell(f"Saved as version {saved['version']}.{again}")

    def _show_conflict(self, conflict: EditConflict) -> None:
        newest = self.state.call(ops.get_creative, self.project_id, self.creative_id)

        def keep_mine(*_: Any) -> None:
            self.creative = newest
            self._click_save()

        def take_theirs(*_: Any) -> None:
            self.creative = newest
            self._open_edit()

        self.conflict[:] = [
            safe.text(f"{conflict.message} What is stored now:", kind="error"),
            safe.text(conflict.theirs),
            bar(
                pmu.Button(label="Save mine as the next version", variant="outlined", on_click=keep_mine),
                pmu.Button(label="Take theirs", variant="outlined", on_click=take_theirs),
            ),
        ]

    # Regenerate

    def _open_regenerate(self) -> None:
        self.instruction = pmu.TextAreaInput(
            label="What should be different? (may be left empty)", rows=3, max_length=2_000, sizing_mode="stretch_width"
        )
        self.page.open_dialog(
            "Write it anew",
            safe.text("The old version is kept and can be restored.", kind="note"),
            self.instruction,
            self.page.buttons(pmu.Button(label="Regenerate", icon="auto_awesome", on_click=self._click_regenerate)),
        )

    @action
    def _click_regenerate(self, *_: Any) -> None:
        made: Creative = self.state.call(
            ops.regenerate_creative, self.project_id, self.creative_id, typed(self.instruction) or None
        )
        self.page.close_dialog()
        if made["note"]:
            self.state.tell(made["note"], "info")
        else:
            self.state.tell(f"Version {made['version']} is there.")

    # Versions

    def _open_versions(self) -> None:
        versions = self.state.call(ops.get_creative_versions, self.project_id, self.creative_id)
        editable = self.state.may(Role.OPERATOR) and not self.creative["deleted"]
        rows = [
            {
                "id": one["number"],
                "number": f"v{one['number']}",
                "text": "\n".join(part for part in (one["title"], one["body_text"], one["caption"]) if part),
                "source": one["source"].replace("operator", "by hand"),
                "author": " · ".join(part for part in (one["author"], one["instruction"]) if part),
                "at": one["created_at"].isoformat(),
                "actions": ["restore"] if editable and one["number"] != self.creative["version"] else [],
            }
            for one in versions
        ]
        columns = [
            {"key": "number", "label": "Version"},
            {"key": "text", "label": "Text"},
            {"key": "source", "label": "Made", "sub": "author"},
            {"key": "at", "label": "When", "kind": "time"},
        ]
        self.versions = Table(
            label="Versions",
            columns=columns,
            rows=rows,
            total=len(rows),
            page_size=max(1, len(rows)),
            actions=[{"key": "restore", "label": "Restore"}],
            on_act=self._click_restore,
        )
        self.page.open_dialog("Versions", self.versions, width="lg", closes_on_click=True)

    @action
    def _click_restore(self, key: str, id: int) -> None:
        made = self.state.call(ops.restore_creative_version, self.project_id, self.creative_id, id)
        self.page.close_dialog()
        self.state.tell(f"Version {id} is back, as version {made['version']}.")

    # Preview and test

    def _open_preview(self) -> None:
        self.lead_search = pmu.TextInput(
            label="Find a lead", placeholder="Name, company or address", sizing_mode="stretch_width"
        )
        self.lead = pmu.Select(
            label="As it reaches", options={"Nobody in particular": ""}, value="", sizing_mode="stretch_width"
        )
        self.rendered = pn.Column(sizing_mode="stretch_width")
        self.lead_search.param.watch(self._find_leads, "value")
        self.lead.param.watch(self._show_rendered, "value")
        self._find_leads()
        self._show_rendered()
        parts = [self.lead_search, self.lead] if self.creative["platform"] == Platform.EMAIL else []
        self.page.open_dialog("Preview", *parts, self.rendered, width="md", closes_on_click=True)

    def _find_leads(self, *_: Any) -> None:
        found = self.state.call(
            ops.list_leads, project_id=self.project_id, search=typed(self.lead_search) or None, page_size=OFFERED
        )
        offered = {
            f"{row['name'] or row['email']} · {row['company'] or row['campaign']} (#{row['id']})": str(row["id"])
            for row in found
        }
        self.lead.options = {"Nobody in particular": "", **offered}

    @action
    def _show_rendered(self, *_: Any) -> None:
        lead_id = int(self.lead.value) if self.lead.value else None
        message = self.state.call(ops.preview_message, self.project_id, self.creative_id, lead_id)
        missing = (
            f"Nothing is known for: {', '.join(message['missing'])}. It would not be sent."
            if message["missing"]
            else ""
        )
        self.rendered[:] = [
            *([safe.text(message["title"], kind="heading")] if message["title"] else []),
            safe.text(message["body_text"]),
            *([safe.text(message["caption"])] if message["caption"] else []),
            *(safe.text(fault, kind="error") for fault in [missing, *message["problems"]] if fault),
        ]

    def _open_test(self) -> None:
        self.recipient = pmu.TextInput(
            label="Your address",
            value=self.state.host.settings.test_recipient or "",
            sizing_mode="stretch_width",
            visible=self.creative["platform"] == Platform.EMAIL,
        )
        where = "It really goes out." if self.state.mode == "live" else "In simulation it goes into the outbox folder."
        self.page.open_dialog(
            "Send a test to myself",
            safe.text(f"{where} Nothing is counted, and no lead is touched.", kind="note"),
            self.recipient,
            self.page.buttons(pmu.Button(label="Send test", icon="send", on_click=self._click_test)),
        )

    @action
    def _click_test(self, *_: Any) -> None:
        result = self.state.call(ops.send_test, self.project_id, self.creative_id, typed(self.recipient) or None)
        if result["outcome"] == "sent":
            self.page.close_dialog()
        self.state.tell(
            f"Test {result['outcome']}: {result['detail']}", "ok" if result["outcome"] == "sent" else "error"
        )

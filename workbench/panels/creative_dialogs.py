"""What is done to one creative: regenerate, versions, preview as a lead, a test to oneself."""

from __future__ import annotations

from typing import Any

import panel as pn
import panel_material_ui as pmu

from workbench import operator_services as ops
from workbench.enums import Platform, Role
from workbench.operator_services.types import Creative, CreativeVersion, Proposal
from workbench.panels import diff_html, safe
from workbench.panels.base import action
from workbench.panels.gallery_items import source_words
from workbench.panels.new_project import typed
from workbench.panels.paged_table import paged_table
from workbench.panels.theme import style
from workbench.panels.tools import lined_up
from workbench.platform_rules import counts

#: Leads offered at once in the preview.
OFFERED = 30


def _whole(one: Creative | CreativeVersion | Proposal) -> str:
    """The three texts as one, for somebody who compares two."""
    return "\n\n".join(part for part in (one["title"], one["body_text"], one["caption"]) if part)


def _difference(old: str, new: str, left: str, right: str) -> pn.pane.HTML:
    return pn.pane.HTML(
        diff_html.html(old, new, left=left, right=right), **safe.pane_options(stylesheets=[style("diff.css")])
    )


class CreativeDialogs:
    """The Gallery's dialogs about one creative."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.state = page.state

    def open(self, key: str, project_id: int, creative_id: int) -> None:
        """Read the creative again and open the dialog for ``key``. Raises :class:`NotFoundError`."""
        self.project_id, self.creative_id = project_id, creative_id
        self.creative = self.state.call(ops.get_creative, project_id, creative_id)
        openers = {
            "regenerate": self._open_regenerate,
            "versions": self._open_versions,
            "preview": self._open_preview,
            "test": self._open_test,
        }
        openers[key]()

    # Regenerate: a proposal, beside what is stored, and only then a version

    def _open_regenerate(self) -> None:
        self.instruction = pmu.TextAreaInput(
            label="What should be different? (may be left empty)", rows=2, max_length=2_000, sizing_mode="stretch_width"
        )
        self.proposal: Proposal | None = None
        self.compared = pn.Column(sizing_mode="stretch_width", margin=0)
        self.propose_button = pmu.Button(label="Propose", icon="auto_awesome", on_click=self._click_propose)
        self.keep_button = pmu.Button(label="Keep it", color="success", disabled=True, on_click=self._click_keep)
        self.page.open_dialog(
            "Write it anew",
            safe.text("You see the difference first. The old version can always be restored.", kind="note"),
            self.instruction,
            self.compared,
            self.page.buttons(self.propose_button, self.keep_button),
            width="lg",
        )

    @action
    def _click_propose(self, *_: Any) -> None:
        self.propose_button.disabled = self.keep_button.disabled = True
        self.compared[:] = [
            safe.text("It is being written. With a language model this may take a minute.", kind="note")
        ]
        made: Proposal | None = None
        try:
            made = self.state.call(
                ops.propose_creative, self.project_id, self.creative_id, typed(self.instruction) or None
            )
        finally:
            self._show_proposal(made)

    def _show_proposal(self, made: Proposal | None) -> None:
        self.proposal = made
        self.propose_button.disabled, self.propose_button.label = False, "Propose another"
        self.keep_button.disabled = made is None
        if made is None:
            self.compared[:] = []
            return
        platform = Platform(self.creative["platform"])
        used = counts(platform, made["title"], made["body_text"], made["caption"])
        told = f"{source_words(made['source']).capitalize()}. {used['used']:,} of {used['limit']:,} {used['unit']}."
        self.compared[:] = lined_up(
            safe.text(f"{told} {made['note'] or ''}", kind="note"),
            _difference(_whole(self.creative), _whole(made), f"Now, version {made['base']}", "Proposed"),
        )

    @action
    def _click_keep(self, *_: Any) -> None:
        if self.proposal is None:
            return
        made: Creative = self.state.call(ops.keep_proposal, self.project_id, self.creative_id, self.proposal)
        self.page.close_dialog()
        self.state.tell(f"Version {made['version']} is there.")

    # Versions

    def _open_versions(self) -> None:
        self.versions_read = self.state.call(ops.get_creative_versions, self.project_id, self.creative_id)
        rows = [
            {
                "id": one["number"],
                "number": f"v{one['number']}",
                "text": _whole(one)[:300],
                "source": source_words(one["source"]),
                "author": " · ".join(part for part in (one["author"], one["instruction"]) if part),
                "at": one["created_at"].isoformat(),
                "actions": ["compare"] if one["number"] != self.creative["version"] else [],
            }
            for one in self.versions_read
        ]
        columns = [
            {"key": "number", "label": "Version"},
            {"key": "text", "label": "Text"},
            {"key": "source", "label": "Made", "sub": "author"},
            {"key": "at", "label": "When", "kind": "time"},
        ]
        self.versions = paged_table(
            "Versions",
            columns,
            rows,
            actions=[{"key": "compare", "label": "Compare"}],
            zone=self.page.grid.zone,
            on_act=self._click_compare,
        )
        self.compared = pn.Column(sizing_mode="stretch_width", margin=0)
        self.page.open_dialog("Versions", self.compared, self.versions, width="lg", closes_on_click=True)

    @action
    def _click_compare(self, key: str, id: int) -> None:
        older = next((one for one in self.versions_read if one["number"] == id), None)
        if older is None:
            return
        may = self.state.may(Role.OPERATOR) and not self.creative["deleted"]
        self.restore_button = pmu.Button(
            label=f"Restore version {id}", disabled=not may, on_click=lambda *_: self._click_restore(id)
        )
        now_words = f"Now, version {self.creative['version']}"
        self.compared[:] = lined_up(
            _difference(_whole(self.creative), _whole(older), now_words, f"Version {id}"),
            pn.Row(pn.layout.HSpacer(), self.restore_button, sizing_mode="stretch_width"),
        )

    @action
    def _click_restore(self, id: int) -> None:
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

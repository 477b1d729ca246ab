"""One lead: everything that passed, and what can be written down or undone about them."""

from __future__ import annotations

from typing import Any, Final

import panel as pn
import panel_material_ui as pmu

from workbench import operator_services as ops
from workbench.enums import Role
from workbench.operator_services.types import LeadHistory
from workbench.panels import safe
from workbench.panels.base import StateView, action
from workbench.panels.components.table import Table
from workbench.panels.layout import bar
from workbench.panels.new_project import typed
from workbench.panels.tools import tool

CHANNELS: Final = {"E-mail": "email", "LinkedIn": "linkedin", "X": "twitter", "Phone": "phone", "Other": "other"}
_TONES: Final = {
    "SENT": "ok",
    "FAILED": "error",
    "UNKNOWN": "error",
    "SKIPPED": "",
    "PENDING": "info",
    "SENDING": "info",
}


def history_lines(history: LeadHistory) -> list[dict[str, Any]]:
    """Contacts and attempts of a lead as one list, newest first."""
    lines = [
        {
            "at": event["event_at"],
            "what": {
                "text": f"{'Received' if event['direction'] == 'INBOUND' else 'Sent'}: {event['event_type']}",
                "tone": "ok" if event["direction"] == "INBOUND" else "",
            },
            "detail": event["summary"],
            "channel": event["channel"],
        }
        for event in history["events"]
    ] + [
        {
            "at": attempt["attempted_at"] or attempt["created_at"],
            "what": {
                "text": attempt["status"].capitalize() + (" (simulated)" if attempt["mode"] == "simulation" else ""),
                "tone": _TONES.get(attempt["status"], ""),
            },
            "detail": " · ".join(text for text in (attempt["creative"], attempt["last_error"]) if text),
            "channel": attempt["channel"],
        }
        for attempt in history["attempts"]
    ]
    lines.sort(key=lambda line: line["at"], reverse=True)
    return [{**line, "id": number, "at": line["at"].isoformat()} for number, line in enumerate(lines, 1)]


class LeadHistoryView:
    """A dialog over the Leads page."""

    def __init__(self, page: StateView) -> None:
        self.page = page
        self.state = page.state

    def open(self, lead_id: int) -> None:
        """Read the lead and show it. Raises :class:`NotFoundError`."""
        self.lead_id = lead_id
        history = self.state.call(ops.get_lead, lead_id)
        lead = history["lead"]
        facts = {
            "Title": lead["title"],
            "Company": lead["company"],
            "E-mail": lead["email"],
            "LinkedIn": lead["linkedin_url"],
            "Campaign": lead["campaign"],
            "Source": lead["source"],
            "Score": lead["lead_score"],
            **history["enrichment"],
        }
        may_write = self.state.may(Role.OPERATOR)
        suppressed = lead["suppressed"]
        self.address = lead["email"] or ""
        actions = [
            pmu.Button(
                label="Record a reply",
                disabled=not may_write,
                on_click=lambda *_: self._ask_event("reply"),
                **tool(),
            ),
            pmu.Button(
                label="Add a note",
                variant="outlined",
                disabled=not may_write,
                on_click=lambda *_: self._ask_event("note"),
                **tool(),
            ),
            pmu.Button(
                label="Allow this address again" if suppressed else "Suppress address",
                variant="outlined",
                disabled=not (may_write and self.address),
                on_click=lambda *_: self._ask_suppression(suppressed),
                **tool(),
            ),
            pmu.Button(
                label="Erase person",
                variant="outlined",
                color="error",
                disabled=not self.state.may(Role.APPROVER),
                on_click=self._ask_erasure,
                **tool(),
            ),
        ]
        lines = history_lines(history)
        self.table = Table(
            label="History",
            columns=[
                {"key": "at", "label": "When", "kind": "time"},
                {"key": "what", "label": "What", "kind": "chip"},
                {"key": "channel", "label": "Channel"},
                {"key": "detail", "label": "Detail"},
            ],
            rows=lines,
            total=len(lines),
            page_size=max(1, len(lines)),
            zone=self.state.host.settings.timezone,
            empty="Nothing has passed between them and us yet.",
        )
        self.form = pn.Column(sizing_mode="stretch_width")
        self.facts = Table(
            label="What is known",
            columns=[{"key": "name", "label": "Fact"}, {"key": "value", "label": "Value"}],
            rows=[
                {"id": n, "name": name, "value": str(value)}
                for n, (name, value) in enumerate(facts.items(), 1)
                if value
            ],
            total=sum(bool(value) for value in facts.values()),
            page_size=max(1, len(facts)),
        )
        self.page.open_dialog(
            lead["name"] or lead["email"] or f"Lead {lead_id}",
            bar(*actions),
            self.form,
            self.table,
            self.facts,
            width="md",
        )

    def _ask_event(self, kind: str) -> None:
        self.kind = kind
        self.channel = pmu.Select(label="By", options=CHANNELS, value="email", width=180)
        self.summary = pmu.TextAreaInput(label="What was said", rows=3, max_length=10_000, sizing_mode="stretch_width")
        button = pmu.Button(label="Save reply" if kind == "reply" else "Save note", on_click=self._click_event)
        self.form[:] = [self.channel, self.summary, bar(button)]

    @action
    def _click_event(self, *_: Any) -> None:
        self.state.call(
            ops.record_contact_event,
            self.lead_id,
            channel=self.channel.value,
            event_type=self.kind,
            direction="INBOUND" if self.kind == "reply" else "OUTBOUND",
            summary=typed(self.summary) or None,
        )
        self.state.tell(
            "The reply stands in their history." if self.kind == "reply" else "The note stands in their history."
        )
        self.open(self.lead_id)

    def _ask_suppression(self, suppressed: bool) -> None:
        self.suppressed = suppressed
        self.reason = pmu.TextInput(label="Reason", sizing_mode="stretch_width")
        label = "Allow again" if suppressed else "Send nothing to this address any more"
        self.form[:] = [self.reason, bar(pmu.Button(label=label, on_click=self._click_suppression))]

    @action
    def _click_suppression(self, *_: Any) -> None:
        operation = ops.lift_suppression if self.suppressed else ops.suppress_address
        self.state.call(operation, self.address, typed(self.reason))
        self.open(self.lead_id)
        self.state.tell(
            "It may be written to again." if self.suppressed else "Nothing is sent there any more, in any project."
        )

    def _ask_erasure(self, *_: Any) -> None:
        self.reason = pmu.TextInput(label="Reason, without naming them (kept for good)", sizing_mode="stretch_width")
        self.confirm = pmu.TextInput(label="Type ERASE to confirm", sizing_mode="stretch_width")
        self.form[:] = [
            safe.text(
                "Everything personal about them goes, in every project; what was sent stays as a number. "
                "Nothing is sent to their address again. This cannot be undone.",
                kind="error",
            ),
            self.reason,
            self.confirm,
            bar(pmu.Button(label="Erase person", color="error", on_click=self._click_erase)),
        ]

    @action
    def _click_erase(self, *_: Any) -> None:
        if typed(self.confirm).strip() != "ERASE":
            self.state.fail("Type ERASE in capitals to confirm. Nothing was erased.")
            return
        self.state.call(ops.erase_lead, self.lead_id, typed(self.reason))
        self.page.close_dialog()
        self.state.tell("They are erased, and will not be written to again.")

"""One lead: everything that passed, and what can be written down or undone about them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import panel as pn
import panel_material_ui as pmu

from workbench import operator_services as ops
from workbench.enums import Role
from workbench.errors import InputError, WorkbenchError
from workbench.operator_services.types import ErasurePreview, LeadHistory
from workbench.panels import safe
from workbench.panels.base import action
from workbench.panels.layout import bar
from workbench.panels.lead_words import CONSENT_WORDS, SOURCE_WORDS, word
from workbench.panels.new_project import typed
from workbench.panels.paged_table import paged_table
from workbench.panels.theme import style
from workbench.panels.tools import tool

CHANNELS: Final = {"E-mail": "email", "LinkedIn": "linkedin", "X": "twitter", "Phone": "phone", "Other": "other"}
PAGE_SIZE: Final = 25
#: Of a longer fact this much is shown, and the rest when that is asked for.
SHORT: Final = 200
_TONES: Final = {
    "SENT": "ok",
    "FAILED": "error",
    "UNKNOWN": "error",
    "SKIPPED": "",
    "PENDING": "info",
    "SENDING": "info",
}
_CHANGES: Final = {
    "lead.consent": "Consent changed",
    "lead.change": "Changed",
    "lead.unsubscribe": "Unsubscribed",
    "leads.import": "Imported",
    "leads.import_cancel": "Imported",
    "suppression.add": "Address suppressed",
}


def history_lines(history: LeadHistory) -> list[dict[str, Any]]:
    """Contacts, attempts and decisions about a lead as one list, newest first."""
    lines = [
        {
            "at": event["event_at"],
            "what": {
                "text": f"{'Received' if event['direction'] == 'INBOUND' else 'Sent'}: {event['event_type']}",
                "tone": "ok" if event["direction"] == "INBOUND" else "",
            },
            "detail": event["summary"],
            "by": event["channel"],
        }
        for event in history["events"]
    ]
    lines += [
        {
            "at": attempt["attempted_at"] or attempt["created_at"],
            "what": {
                "text": attempt["status"].capitalize() + (" (simulated)" if attempt["mode"] == "simulation" else ""),
                "tone": _TONES.get(attempt["status"], ""),
            },
            "detail": " · ".join(text for text in (attempt["creative"], attempt["last_error"]) if text),
            "by": attempt["channel"],
        }
        for attempt in history["attempts"]
    ]
    lines += [
        {
            "at": change["at"],
            "what": {"text": _CHANGES.get(change["action"], change["action"]), "tone": ""},
            "detail": " · ".join(text for text in (change_words(change), change["reason"]) if text),
            "by": change["actor"],
        }
        for change in history["changes"]
    ]
    lines.sort(key=lambda line: line["at"], reverse=True)
    return [{**line, "id": number, "at": line["at"].isoformat()} for number, line in enumerate(lines, 1)]


def change_words(change: Mapping[str, Any]) -> str:
    """What became different by a decision, in words. Pure."""
    before, after = change["before"] or {}, change["after"] or {}
    told = []
    if "consent_status" in after:
        was, now = (CONSENT_WORDS.get(str(one), "") for one in (before.get("consent_status"), after["consent_status"]))
        told.append(f"{was} → {now}")
    if "status" in after and change["action"] == "lead.change":
        told.append(f"{word(before.get('status') or '')} → {word(after['status'])}")
    if "tags" in after:
        was_, now_ = before.get("tags") or [], after["tags"] or []
        told += [f"+ {tag}" for tag in now_ if tag not in was_] + [f"− {tag}" for tag in was_ if tag not in now_]
    if "campaign_id" in after:
        told.append("moved to another campaign")
    if change["action"].startswith("leads.import"):
        told.append(f"with {after.get('imported', 0):,} others" if after.get("imported", 0) > 1 else "by itself")
    return ", ".join(told)


def facts_pane(facts: Mapping[str, Any]) -> pn.pane.HTML:
    """What is known as a list of terms; what is empty is left out, and what is very long is folded."""

    def shown(value: str) -> str:
        if len(value) <= SHORT:
            return safe.escape(value)
        begin = safe.escape(f"{value[:SHORT]}… Show all")
        return f"<details><summary><span>{begin}</span><span>Show less</span></summary>{safe.escape(value)}</details>"

    lines = [f"<dt>{safe.escape(name)}</dt><dd>{shown(str(value))}</dd>" for name, value in facts.items() if value]
    return pn.pane.HTML(f"<dl>{''.join(lines)}</dl>", **safe.pane_options(stylesheets=[style("facts.css")]))


def outlook_words(outlook: ErasurePreview) -> str:
    """What an erasure would remove, and what would stay. Pure."""
    leads = f"{outlook['leads']:,} {'lead' if outlook['leads'] == 1 else 'leads'} ({', '.join(outlook['campaigns'])})"
    gone = [leads, f"{outlook['contact_events']:,} contacts"]
    if outlook["drafts"]:
        gone.append(f"{outlook['drafts']:,} unsaved texts")
    stays = f"What was sent stays as numbers about nobody: {outlook['attempts']:,} messages"
    if outlook["pending"]:
        stays += f", {outlook['pending']:,} of them not begun and skipped"
    return (
        f"This removes {', '.join(gone)}, and rows that name them in files of rejected rows. {stays}. "
        "A fingerprint of the address stays, so that no list brings them back and nothing is sent to them. "
        "This cannot be undone."
    )


class LeadHistoryView:
    """A dialog over the Leads page. The address names who is shown, as long as they are."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.state = page.state
        self.dialog: pmu.Dialog | None = None
        self._named = ""

    def show(self, lead_id: int) -> None:
        """Open the history of this lead and name it in the address."""
        self._named = ""
        self.state.go(**{**self.state.filters, "lead": str(lead_id)})
        self.follow()

    def follow(self) -> None:
        """Show whom the address names, and nobody else. It is told when there is no such lead."""
        named = self.state.filters.get("lead", "")
        if named == self._named:
            return
        self._named = named
        if (shown := self.dialog) is not None:
            self.dialog = None
            shown.open = False
        if not named:
            return
        try:
            if not (named.isascii() and named.isdigit() and len(named) < 10):
                raise InputError(f"“{named:.20}” is not the number of a lead. Look for the person by name.")
            self.open(int(named))
        except WorkbenchError as error:
            self.state.fail(error)
            self._forget()

    def _forget(self) -> None:
        self._named = ""
        if self.page.shown:
            self.state.go(**{**self.state.filters, "lead": ""})

    def _on_open(self, event: Any) -> None:
        if event.obj is self.dialog and not event.new:
            self.dialog = None
            self._forget()

    def open(self, lead_id: int) -> None:
        """Read the lead and show it. Raises :class:`NotFoundError`."""
        self.lead_id = lead_id
        history = self.state.call(ops.get_lead, lead_id)
        lead = history["lead"]
        suppressed = lead["suppressed"]
        facts = {
            "Title": lead["title"],
            "Company": lead["company"],
            "E-mail": lead["email"],
            "Status": word(lead["status"]),
            "Consent": CONSENT_WORDS.get(lead["consent_status"], lead["consent_status"])
            + (" · suppressed: nothing is sent to this address" if suppressed else ""),
            "Tags": ", ".join(lead["tags"] or ()),
            "LinkedIn": lead["linkedin_url"],
            "Campaign": lead["campaign"],
            "Source": SOURCE_WORDS.get(lead["source"], lead["source"]),
            "Score": lead["lead_score"],
            **history["enrichment"],
        }
        may_write = self.state.may(Role.OPERATOR)
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
        self.table = paged_table(
            "History",
            [
                {"key": "at", "label": "When", "kind": "time"},
                {"key": "what", "label": "What", "kind": "chip"},
                {"key": "by", "label": "By"},
                {"key": "detail", "label": "Detail", "kind": "long"},
            ],
            history_lines(history),
            size=PAGE_SIZE,
            zone=self.page.zone,
            empty="Nothing has passed between them and us yet.",
        )
        self.form = pn.Column(sizing_mode="stretch_width")
        self.facts = facts_pane(facts)
        self.dialog = self.page.open_dialog(
            lead["name"] or lead["email"] or f"Lead {lead_id}",
            bar(*actions),
            self.form,
            self.facts,
            self.table,
            width="md",
        )
        self.dialog.param.watch(self._on_open, "open")

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
        self.open(self.lead_id)
        self.state.tell(
            "The reply stands in their history." if self.kind == "reply" else "The note stands in their history."
        )

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

    @action
    def _ask_erasure(self, *_: Any) -> None:
        self.reason = pmu.TextInput(label="Reason, without naming them (kept for good)", sizing_mode="stretch_width")
        self.confirm = pmu.TextInput(label="Type ERASE to confirm", sizing_mode="stretch_width")
        self.form[:] = [
            safe.text(outlook_words(self.state.call(ops.preview_erasure, self.lead_id)), kind="error"),
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

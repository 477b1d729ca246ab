"""Audit events in words for people who do not know table names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple


class AuditWords(NamedTuple):
    event: str
    #: ok, info, warn or error.
    tone: str


#: action → words and tone. ``{id}`` is what was acted on, any other name a fact of the event's ``after``.
WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "attempt.reconcile": ("An unknown outcome was settled: {status}", "ok"),
    "batch.undo": ("Taken back: {undone}", "info"),
    "campaign.create": ("Campaign {name} created", "info"),
    "campaign.start": ("Campaign {id} is mailed again", "ok"),
    "campaign.stop": ("Campaign {id} is not mailed any more", "warn"),
    "creative.approve": ("Creative {id} approved", "ok"),
    "creative.confirm": ("Creative {id} confirmed for the strategy in force", "ok"),
    "creative.create": ("Creative {id} written", "info"),
    "creative.delete": ("Creative {id} deleted", "warn"),
    "creative.regenerate": ("Creative {id} written anew", "info"),
    "creative.restore": ("Creative {id} brought back", "info"),
    "creative.restore_version": ("Creative {id} went back to an earlier version", "info"),
    "creative.schedule": ("Creative {id} scheduled for {local_time} {timezone}", "ok"),
    "creative.test": ("Creative {id} sent as a test", "info"),
    "creative.update": ("Creative {id} edited, now version {version}", "info"),
    "demo.load": ("The empty database was filled with demo data", "info"),
    "discovery.cancel": ("Search for people {id} cancelled after {seen}", "warn"),
    "discovery.start": ("Search for up to {max_people} people asked for", "info"),
    "gateway.pause": ("Gateway {gateway} paused", "warn"),
    "gateway.resume": ("Gateway {gateway} resumed", "ok"),
    "intake.save": ("Brief {number} saved", "info"),
    "lead.change": ("Lead {id} changed", "info"),
    "lead.consent": ("Consent of lead {id} set to {consent_status}", "info"),
    "lead.contact": ("Contact with lead {id} recorded", "info"),
    "lead.erase": ("Lead {id} erased", "warn"),
    "lead.unsubscribe": ("Lead {id} unsubscribed", "warn"),
    "leads.export": ("{rows} leads written to a file", "warn"),
    "leads.import": ("Leads imported: {imported} new, {merged} merged, {rejected} rejected", "ok"),
    "leads.import_begin": ("Import of {rows} rows of leads begun", "info"),
    "leads.import_cancel": ("Import of leads cancelled after {rows} rows, which stay", "warn"),
    "mode.change": ("The installation is in {mode} mode now", "warn"),
    "project.bind": ("Account for {platform} set to {account}", "info"),
    "project.create": ("Project {name} created", "ok"),
    "project.move": ("Project moved to {state}", "info"),
    "project.pause": ("Project paused", "warn"),
    "project.resume": ("Project resumed", "ok"),
    "safety.pause": ("Everything paused", "warn"),
    "safety.resume": ("Everything resumed", "ok"),
    "schedule.cancel": ("Taken off the queue", "warn"),
    "schedule.miss": ("Missed its time and waits for a person", "error"),
    "schedule.reschedule": ("Moved to {local_time} {timezone}", "info"),
    "schedule.retry": ("What failed is tried again", "info"),
    "strategy.approve": ("Strategy {number} approved", "ok"),
    "strategy.draft": ("Strategy {number} drafted by template", "info"),
    "strategy.reject": ("Strategy {number} rejected", "warn"),
    "strategy.save": ("Strategy {number} saved", "info"),
    "suppression.add": ("An address was suppressed", "warn"),
    "suppression.import": ("{added} addresses suppressed from a list", "warn"),
    "suppression.lift": ("An address may be written to again", "info"),
    "user.add": ("User {name} added as {role}", "info"),
    "user.disable": ("A user was shut out", "warn"),
    "user.enable": ("A user may sign in again", "info"),
    "user.password": ("A password was changed", "info"),
    "user.role": ("A user is {role} now", "info"),
}

#: What an entity is called on the screens, for actions that are not listed yet.
_NOUNS: Final[Mapping[str, str]] = {"intake": "brief", "queue": "queue item", "safety": "pause switch"}


class _Facts(dict[str, Any]):
    """Facts an older event may not have are left out, rather than failing the whole feed."""

    def __missing__(self, key: str) -> str:
        return "?"


def audit_words(action: str, entity: str, entity_id: int | None, facts: Mapping[str, Any]) -> AuditWords:
    """What ``action`` was, in a few words. An action without words of its own is spelled out."""
    if action in WORDS:
        text, tone = WORDS[action]
        return AuditWords(text.format_map(_Facts(facts, id=entity_id if entity_id is not None else "?")), tone)
    verb = action.rpartition(".")[2].replace("_", " ")
    noun = _NOUNS.get(entity, entity.replace("_", " ")).capitalize()
    return AuditWords(" ".join(part for part in (noun, str(entity_id or ""), verb) if part), "info")

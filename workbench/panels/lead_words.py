"""States and sources of leads in the words of the screen. Pure."""

from __future__ import annotations

from typing import Any, Final

from workbench.enums import Consent, LeadSource

CONSENT_WORDS: Final = {
    Consent.UNKNOWN.value: "Not asked",
    Consent.CONSENTED.value: "Consented",
    Consent.DNC.value: "Do not contact",
}
SOURCE_WORDS: Final = {
    LeadSource.CSV.value: "A file",
    LeadSource.APOLLO.value: "Apollo",
    LeadSource.MANUAL.value: "By hand",
    LeadSource.OTHER.value: "Other",
}
REASON_WORDS: Final = {
    "unsubscribe": "Unsubscribed",
    "bounce": "Bounced",
    "complaint": "Complained",
    "operator": "Decided here",
}
_STATUS_TONES: Final = {"REPLIED": "ok", "QUALIFIED": "ok", "LOST": "", "MANUAL_REVIEW": "warn", "CONTACTED": "info"}
_CONSENT_TONES: Final = {"CONSENTED": "ok", "DNC": "error"}


def word(state: str) -> str:
    """A state as a person would write it."""
    return state.replace("_", " ").capitalize()


def status_chip(status: str) -> dict[str, str]:
    return {"text": word(status), "tone": _STATUS_TONES.get(status, "")}


def consent_chips(consent: str, suppressed: bool) -> list[dict[str, Any]]:
    chips = [{"text": CONSENT_WORDS.get(consent, word(consent)), "tone": _CONSENT_TONES.get(consent, "")}]
    if suppressed:
        chips.append({"text": "Suppressed", "tone": "error", "title": "Nothing is sent to this address."})
    return chips

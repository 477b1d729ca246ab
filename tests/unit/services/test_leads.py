"""Consent is taken back from DNC only with a reason."""

from __future__ import annotations

import pytest

from workbench.enums import Consent
from workbench.services.leads import consent_refusal


@pytest.mark.parametrize(
    ("now", "to", "reason", "allowed"),
    [
        ("UNKNOWN", Consent.CONSENTED, None, True),
        ("UNKNOWN", Consent.DNC, None, True),
        ("CONSENTED", Consent.UNKNOWN, None, True),
        ("CONSENTED", Consent.DNC, None, True),
        ("DNC", Consent.DNC, None, True),
        ("DNC", Consent.CONSENTED, None, False),
        ("DNC", Consent.UNKNOWN, " ", False),
        ("DNC", Consent.CONSENTED, "Asked to hear from us again", True),
    ],
)
def test_do_not_contact_is_taken_back_only_with_a_reason(
    now: str, to: Consent, reason: str | None, allowed: bool
) -> None:
    refusal = consent_refusal(now, to, reason)
    assert (refusal is None) is allowed
    assert refusal is None or "Say why" in refusal

"""The message for one recipient: complete, with an identity that stays the same however often it is tried."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from typing import Any

from workbench.enums import Platform
from workbench.execution.queue import Claim
from workbench.gateways.base import Message
from workbench.secret import secret_key
from workbench.services.creative_text import CreativeText
from workbench.services.unsubscribe import link
from workbench.settings import Settings


def writer(settings: Settings, claim: Claim) -> Callable[[Any, CreativeText], Message]:
    """A function from an attempt's row and its filled-in text to the message.

    The key is the same for a creative and a recipient in this installation, whoever sends it and however often, so
    that a receiver can drop a double; it tells nobody the address. The creative's time of making is in it because
    a database that was made anew counts its ids from 1 again.
    """
    secret = secret_key(settings)

    def write(row: Any, text: CreativeText) -> Message:
        recipient = row.address_norm if claim.platform is Platform.EMAIL else None
        name = f"{claim.content_item_id}:{claim.item_created_at.isoformat()}:{recipient or ''}"
        return Message(
            platform=claim.platform,
            key=hmac.new(secret.encode(), name.encode(), hashlib.sha256).hexdigest()[:32],
            title=text.title,
            body_text=text.body_text,
            caption=text.caption,
            recipient=recipient,
            recipient_name=row.lead_name if recipient else None,
            unsubscribe_url=link(settings, secret, row.lead_id or 0, recipient) if recipient else None,
            postal_address=settings.postal_address if recipient else None,
        )

    return write

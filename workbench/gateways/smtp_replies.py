"""What a mail server's last reply is evidence of. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from workbench.gateways.base import Deferred, Outcome, Rejected, Sent, Unknown

#: What the server is asked before it hears of a message, but for its size.
OF_THE_ACCOUNT: Final = {"connect": "mail server", "starttls": "mail server", "auth": "user and password"} | {
    "mail": "From address"
}
TOO_BIG: Final = 552
#: Refusals of a recipient that mean the mailbox itself.
BOUNCES: Final = (550, 551, 553)
_AT: Final = {
    "connect": "to the connection",
    "starttls": "to STARTTLS",
    "auth": "to the password",
    "mail": "to the sender",
    "rcpt": "to the recipient",
    "data": "to DATA",
    "end": "to the message",
}


@dataclass(frozen=True)
class SmtpReply:
    """What the server said last, and to what: connect, starttls, auth, mail, rcpt, data or end (of the data)."""

    stage: str
    code: int
    text: str


def classify_reply(reply: SmtpReply, identifier: str) -> Outcome:
    """What the last reply is evidence of. ``identifier`` becomes the external id."""
    if reply.stage == "end" and 200 <= reply.code < 300:
        return Sent(identifier)
    reason = f"The mail server answered {reply.code} {_AT[reply.stage]}: {reply.text}"
    if 500 <= reply.code < 600:
        if reply.stage in OF_THE_ACCOUNT and reply.code != TOO_BIG:
            return Deferred(f"{reason} Check the account's {OF_THE_ACCOUNT[reply.stage]}.", hold=True)
        return Rejected(reason, bounce=_is_bounce(reply))
    if reply.stage == "end" and not 400 <= reply.code < 500:
        return Unknown(f"{reason} The mail may have gone out.")
    return Deferred(reason)


def _is_bounce(reply: SmtpReply) -> bool:
    """Whether the server refuses the mailbox. An enhanced code says more than the plain one: X.7.1 (policy) or
    X.3 and X.4 (the system, the network) is no reason never to write to somebody again."""
    if reply.stage != "rcpt" or reply.code not in BOUNCES:
        return False
    enhanced = reply.text.split(" ", 1)[0].split(".")
    if len(enhanced) == 3 and all(part.isdecimal() for part in enhanced):
        return enhanced[1] in ("1", "2")
    return True

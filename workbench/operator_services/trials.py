"""Sending a creative to oneself, to see it as it arrives."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from workbench.addresses import normalise
from workbench.enums import Mode, Platform, Role
from workbench.errors import ContentInvalid, InputError, InvalidTransition
from workbench.gateways.base import Deferred, Message, Outcome, Rejected, Sender, Sent
from workbench.models import GatewaySetting
from workbench.operator_services._edge import Runtime, as_id, operation, runtime_of
from workbench.operator_services.types import SentTest
from workbench.secret import secret_key
from workbench.services import creatives, messages, safety
from workbench.services.audience import refused_among
from workbench.services.audit import record
from workbench.services.creative_text import CreativeText, problems
from workbench.services.projects import account_for, get_project
from workbench.services.suppressions import is_suppressed
from workbench.services.unsubscribe import link


@dataclass(frozen=True)
class Trial:
    """A test that is ready to go."""

    message: Message
    sender: Sender
    mode: Mode


def send_test(
    db: Session, project_id: int, creative_id: int, to: str | None = None, lead_id: int | None = None
) -> SentTest:
    """Send an e-mail to ``to`` (else ``WORKBENCH_TEST_RECIPIENT``) as the given lead would read it. For operators.

    It goes the real way: through the project's account in live, into the outbox folder in simulation. It is marked
    as a test, counts as no attempt, and its unsubscribe link stops nobody. A post has no private reader: in
    simulation its preview goes into the outbox, in live it is refused. Without a lead, placeholders that have no
    fallback stay as they are written.

    Raises :class:`NotFoundError`; :class:`ContentInvalid` for a text the platform would refuse;
    :class:`InvalidTransition` while sending is paused, for a post in live, and for a recipient who may not be mailed;
    :class:`InputError` without a valid recipient; :class:`NotConfigured` for an account that cannot send.
    """
    project, creative = as_id(project_id, "project"), as_id(creative_id, "creative")
    lead = None if lead_id is None else as_id(lead_id, "lead")
    with operation(db, Role.OPERATOR, write=False):
        trial = _prepare(db, runtime_of(db), project, creative, to, lead)
    # Outside any transaction: a gateway may take its time.
    with trial.sender.connect() as channel:
        outcome = channel.send(trial.message)
    answer = _answer(outcome, trial)
    with operation(db, Role.OPERATOR, write=True) as actor:
        # The address is not kept: it may be a person's.
        after = {"outcome": answer["outcome"], "mode": trial.mode.value}
        record(db, actor, "creative.test", "creative", creative, project_id=project, after=after)
    return answer


def _prepare(
    db: Session, runtime: Runtime, project_id: int, creative_id: int, to: str | None, lead_id: int | None
) -> Trial:
    project = get_project(db, project_id)
    item = creatives.get_item(db, project.id, creative_id)
    platform, mode = Platform(item.platform), safety.mode_of(db)
    _check_not_paused(db, platform, project.paused)
    if platform is not Platform.EMAIL and mode is Mode.LIVE:
        raise InvalidTransition(
            f"A post on {platform.label} has no private reader: everybody would see the test. Preview it instead, or "
            "test it in simulation mode."
        )
    text = CreativeText.of(item)
    if faults := problems(platform, text):
        raise ContentInvalid(faults, platform=platform.value)
    account = account_for(db, project, platform, runtime.accounts, mode)
    sender = runtime.gateways.sender(platform, account, mode)
    key = uuid.uuid4().hex
    if platform is not Platform.EMAIL:
        post = Message(platform, key, text.title, text.body_text, text.caption)
        return Trial(post, sender, mode)
    address = _recipient(db, to or runtime.settings.test_recipient)
    if lead_id is not None:
        text, missing = messages.fill_in(
            platform, text, messages.lead_fields(messages.find_lead(db, project.id, lead_id))
        )
        if missing:
            named = ", ".join(f"{{{{{name}}}}}" for name in missing)
            raise ContentInvalid([f"This lead has no value for {named}, so the e-mail would skip them."])
    text = replace(text, title=f"[Test] {text.title}")
    return Trial(_email(runtime, key, text, address), sender, mode)


def _email(runtime: Runtime, key: str, text: CreativeText, address: str) -> Message:
    settings = runtime.settings
    return Message(
        Platform.EMAIL,
        key,
        text.title,
        text.body_text,
        text.caption,
        recipient=address,
        unsubscribe_url=link(settings, secret_key(settings), 0, address),
        postal_address=settings.postal_address,
    )


def _check_not_paused(db: Session, platform: Platform, project_paused: bool) -> None:
    gateway = sa.select(GatewaySetting.id).where(GatewaySetting.gateway == platform.gateway, GatewaySetting.paused)
    if safety.is_paused(db) or project_paused or db.scalar(gateway) is not None:
        raise InvalidTransition("Sending is paused, and a test is sent too. Resume first.")


def _recipient(db: Session, to: str | None) -> str:
    if not to or not isinstance(to, str):
        raise InputError("Say to which address the test goes, or set WORKBENCH_TEST_RECIPIENT.")
    address = normalise(to)
    if is_suppressed(db, address) or refused_among(db, [address]):
        raise InvalidTransition("This address may not be mailed: it is suppressed, or asked not to be contacted.")
    return address


def _answer(outcome: Outcome, trial: Trial) -> SentTest:
    said: Literal["sent", "rejected", "deferred", "unknown"]
    if isinstance(outcome, Sent):
        said = "sent"
        detail = "It is in the outbox folder." if trial.mode is Mode.SIMULATION else "Its gateway took it."
    else:
        said = "rejected" if isinstance(outcome, Rejected) else "unknown"
        said = "deferred" if isinstance(outcome, Deferred) else said
        detail = outcome.reason
    return {"outcome": said, "detail": detail, "to": trial.message.recipient, "mode": trial.mode.value}

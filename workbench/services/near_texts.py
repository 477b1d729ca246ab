"""The texts that stand on the queue or went out, and what a new one repeats of them."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from workbench.clock import now
from workbench.enums import Platform, QueueStatus
from workbench.errors import NotConfigured, ScheduleInvalid
from workbench.models import ContentItem, ContentVersion, Project, QueueRow
from workbench.platform_rules import post_text
from workbench.services import repeats
from workbench.services.creative_text import CreativeText
from workbench.services.projects import SIMULATED, bound_accounts, choose_account
from workbench.services.repeats import NEAR, Text
from workbench.services.schedules import chunks
from workbench.services.scheduling import Planned
from workbench.services.ways import Ways

#: Of more texts than these, those that go out last are compared.
MOST: Final = 20_000

#: Rows that never went out, and will not by themselves.
_NOT_OUT: Final = (QueueStatus.CANCELLED, QueueStatus.FAILED)


def of_plan(session: Session, project: Project, planned: Sequence[Planned], ways: Ways) -> Mapping[int, dict[str, Any]]:
    """Creative → what its text repeats within a week of its slot: another slot, or what is queued or was sent."""
    going = {one.id: one for one in planned if one.ok and one.slot and one.slot.utc}
    if not going:
        return {}
    written = _texts(session, list(going))
    plan = [
        Text(one.id, _channel(project.id, one.platform, one.account), _moment(one), written[one.id])
        for one in going.values()
        if one.id in written
    ]
    moments = [text.at for text in plan]
    accounts = {one.account for one in going.values() if one.account}
    rows = _standing(session, project, accounts, ways, min(moments) - NEAR, max(moments) + NEAR)
    about = {one.id: (project.id, one.title, one.platform) for one in going.values()}
    return _told(plan, rows, about)


def of_text(
    session: Session, project: Project, platform: Platform, text: CreativeText, ways: Ways, own: int | None
) -> dict[str, Any] | None:
    """What ``text`` would repeat if it went out now, or together with what is queued; ``own`` is its creative."""
    try:
        bound = bound_accounts(session, project.id).get(platform.value)
        account = choose_account(project.name, platform, bound, ways.accounts, ways.mode)
    except (NotConfigured, ScheduleInvalid):
        account = SIMULATED
    moment = now()
    rows = _standing(session, project, {account}, ways, moment - NEAR, None)
    channel = _channel(project.id, platform, account)
    words = post_text(text.body_text, text.caption)
    # It has no time of its own yet: what is queued counts as near, whenever it goes out.
    found = repeats.find(
        [Text(own or 0, channel, moment, words)],
        [Text(row.content_item_id, _channel_of(row), moment, _words(row)) for row in rows],
    )
    if (repeat := found.get(own or 0)) is None:
        return None
    times = [row for row in rows if row.content_item_id == repeat.of]
    return _shape(repeat.of, times[0].project_id, times[0].title, platform, times[0].scheduled_time, repeat.same)


def _told(
    plan: Sequence[Text], rows: Sequence[Any], about: dict[int, tuple[int, str, str]]
) -> Mapping[int, dict[str, Any]]:
    standing = [Text(row.content_item_id, _channel_of(row), row.scheduled_time, _words(row)) for row in rows]
    known = {row.content_item_id: (row.project_id, row.title, row.platform) for row in rows} | about
    return {
        key: _shape(found.of, *known[found.of], found.at, found.same)
        for key, found in repeats.find(plan, standing).items()
    }


def _shape(of: int, project_id: int, title: str, platform: str, at: datetime, same: bool) -> dict[str, Any]:
    names = ("creative_id", "project_id", "title", "platform", "at", "same")
    return dict(zip(names, (of, project_id, title, str(platform), at, same), strict=True))


def _standing(
    session: Session, project: Project, accounts: set[str], ways: Ways, since: datetime, until: datetime | None
) -> Sequence[Any]:
    row, item, version = QueueRow, ContentItem, ContentVersion
    shared = sa.and_(row.account.in_(accounts - {SIMULATED}), item.platform != Platform.EMAIL)
    query = (
        sa.select(row.content_item_id, row.account, row.scheduled_time, item.project_id, item.platform)
        .add_columns(version.title, version.body_text, version.caption)
        .join(item, item.id == row.content_item_id)
        .join(version, version.id == row.content_version_id)
        .where(
            row.mode == ways.mode,
            row.status.not_in(_NOT_OUT),
            row.scheduled_time >= since,
            sa.or_(item.project_id == project.id, shared),
        )
        .order_by(row.scheduled_time.desc(), row.id.desc())
        .limit(MOST)
    )
    return session.execute(query if until is None else query.where(row.scheduled_time <= until)).all()


def _texts(session: Session, ids: Sequence[int]) -> dict[int, str]:
    item, found = ContentItem, dict[int, str]()
    for chunk in chunks(ids):
        query = sa.select(item.id, item.body_text, item.caption).where(item.id.in_(chunk))
        found |= {row.id: _words(row) for row in session.execute(query)}
    return found


def _words(row: Any) -> str:
    return post_text(row.body_text, row.caption)


def _moment(one: Planned) -> datetime:
    assert one.slot is not None
    assert one.slot.utc is not None
    return one.slot.utc


def _channel_of(row: Any) -> Hashable:
    return _channel(row.project_id, row.platform, row.account)


def _channel(project_id: int, platform: str, account: str | None) -> Hashable:
    """Who reads it: the followers of one account; or the people of one project."""
    own = platform == Platform.EMAIL or account in (None, SIMULATED)
    return (str(platform), project_id) if own else (str(platform), account)

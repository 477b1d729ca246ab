"""Lists of creatives: filtered, searched, sorted and paged by the database, in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar, TypeVarTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from workbench.enums import ACTIVE_QUEUE, CreativeStatus, Platform
from workbench.errors import InputError
from workbench.models import ContentItem, ContentVersion, Project, QueueRow
from workbench.services import strategies, texts

LARGEST_PAGE = 1_000
SORTS = ("updated", "created", "oldest", "scheduled", "title", "status", "platform")
#: As many as a bulk call is meant for.
MOST_SELECTED = 10_000

Kind = TypeVar("Kind", bound=StrEnum)
Columns = TypeVarTuple("Columns")

#: The states in which the newest queue row speaks for the creative; before them it is history.
_ON_ITS_WAY = (
    CreativeStatus.SCHEDULED,
    CreativeStatus.PUBLISHING,
    CreativeStatus.PUBLISHED,
    CreativeStatus.FAILED,
    CreativeStatus.UNKNOWN,
)


@dataclass(frozen=True)
class Filters:
    """Which creatives of a project: None asks for nothing."""

    platform: Platform | None = None
    statuses: tuple[CreativeStatus, ...] = ()
    search: str | None = None
    #: Without a status only those that can still be published.
    stale: bool | None = None
    include_deleted: bool = False
    only_deleted: bool = False


@dataclass(frozen=True)
class Card:
    """A creative, where its newest version comes from, and its queue row if that still speaks for it."""

    item: ContentItem
    source: str
    instruction: str | None
    queue: QueueRow | None


def filters(
    platform: object = None,
    status: object = None,
    search: object = None,
    stale: bool | None = None,
    include_deleted: bool = False,
    only_deleted: bool = False,
) -> Filters:
    """The filters a person asked for. ``status`` may be one or several. Raises :class:`InputError`."""
    wanted = status if isinstance(status, list | tuple | set | frozenset) else [status] if status else []
    return Filters(
        platform=platform_of(platform) if platform else None,
        statuses=tuple(_one_of(CreativeStatus, one, "status") for one in wanted),
        search=texts.checked(search, "The search", 200).strip() or None if search is not None else None,
        stale=stale,
        include_deleted=bool(include_deleted),
        only_deleted=bool(only_deleted),
    )


def platform_of(value: object) -> Platform:
    """``value`` as a platform. Raises :class:`InputError`."""
    return _one_of(Platform, value, "platform")


def _one_of(kind: type[Kind], value: object, what: str) -> Kind:
    try:
        return kind(str(value))
    except ValueError as error:
        raise InputError(f"{value!r} is not a {what}. Choose one of {', '.join(kind)}.") from error


def count(session: Session, project: Project, wanted: Filters) -> int:
    """How many creatives of the project match."""
    query = sa.select(sa.func.count()).select_from(ContentItem).where(*_conditions(project, wanted))
    return session.scalar(query) or 0


def page(
    session: Session, project: Project, wanted: Filters, *, sort: object, number: object, size: object
) -> list[Card]:
    """Page ``number`` (from 1) of the creatives that match. Raises :class:`InputError`."""
    at = _whole(number, "page", 10**9)
    limit = _whole(size, "page_size", LARGEST_PAGE)
    ids = _sorted(sa.select(ContentItem.id), project, wanted, sort).limit(limit).offset((at - 1) * limit)
    # The page is found by ids alone: sorting whole texts would carry all of them.
    wanted_ids = session.scalars(ids).all()
    query = sa.select(ContentItem).where(ContentItem.id.in_(wanted_ids)).execution_options(populate_existing=True)
    found = {item.id: item for item in session.scalars(query)}
    return cards(session, [found[one] for one in wanted_ids if one in found])


def versions(session: Session, project: Project, wanted: Filters, *, sort: object) -> dict[int, int]:
    """Id → version of those that match, in their order, up to :data:`MOST_SELECTED`. Raises :class:`InputError`."""
    query = _sorted(sa.select(ContentItem.id, ContentItem.version), project, wanted, sort).limit(MOST_SELECTED)
    return {row.id: row.version for row in session.execute(query)}


def _sorted(query: sa.Select[*Columns], project: Project, wanted: Filters, sort: object) -> sa.Select[*Columns]:
    if sort not in SORTS:
        raise InputError(f"{sort!r} is not a way to sort. Choose one of {', '.join(SORTS)}.")
    item = ContentItem
    query = query.where(*_conditions(project, wanted))
    if sort == "scheduled":
        queue = sa.and_(QueueRow.content_item_id == item.id, QueueRow.status.in_(ACTIVE_QUEUE))
        query = query.outerjoin(QueueRow, queue)
        return query.order_by(sa.nulls_last(QueueRow.scheduled_time), item.id)
    if sort == "title":
        return query.order_by(sa.func.lower(item.title), item.id)
    if sort == "oldest":
        return query.order_by(item.created_at, item.id)
    newest = (item.updated_at.desc(), item.id.desc())
    if sort == "status":
        # In the order in which work goes on, not of the alphabet.
        return query.order_by(
            sa.case({one.value: n for n, one in enumerate(CreativeStatus)}, value=item.status), *newest
        )
    if sort == "platform":
        return query.order_by(item.platform, *newest)
    return query.order_by(item.created_at.desc(), item.id.desc()) if sort == "created" else query.order_by(*newest)


def _whole(value: object, what: str, largest: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= largest:
        raise InputError(f"{what} must be a whole number from 1 to {largest:,}, not {value!r}.")
    return value


def _conditions(project: Project, wanted: Filters) -> list[sa.ColumnElement[bool]]:
    item = ContentItem
    found: list[sa.ColumnElement[bool]] = [item.project_id == project.id]
    if wanted.only_deleted:
        found.append(item.deleted_at.is_not(None))
    elif not wanted.include_deleted:
        found.append(item.deleted_at.is_(None))
    if wanted.platform:
        found.append(item.platform == wanted.platform)
    if wanted.statuses:
        found.append(item.status.in_(wanted.statuses))
    if wanted.stale is not None:
        stale = item.strategy_id.is_distinct_from(project.approved_strategy_id)
        found.append(stale if wanted.stale else sa.not_(stale))
        if wanted.stale and not wanted.statuses:
            found.append(item.status.in_(strategies.TO_COME))  # as the number of stale creatives counts them
    if wanted.search:
        columns = (item.title, item.body_text, item.caption)
        found.append(sa.or_(*(column.icontains(wanted.search, autoescape=True) for column in columns)))
    return found


def cards(session: Session, items: Sequence[ContentItem]) -> list[Card]:
    """What stands beside each of ``items`` on screen, in two more statements."""
    if not items:
        return []
    ids = [item.id for item in items]
    version = ContentVersion
    newest = (
        sa.select(version.content_item_id, version.source, version.instruction)
        .join(
            ContentItem,
            sa.and_(ContentItem.id == version.content_item_id, ContentItem.version == version.number),
        )
        .where(version.content_item_id.in_(ids))
    )
    written = {row.content_item_id: (row.source, row.instruction) for row in session.execute(newest)}
    rows = sa.select(QueueRow).where(QueueRow.content_item_id.in_(ids)).order_by(QueueRow.id)
    queued = {row.content_item_id: row for row in session.scalars(rows.execution_options(populate_existing=True))}
    return [
        Card(
            item,
            *written.get(item.id, ("operator", None)),
            queue=queued.get(item.id) if item.status in _ON_ITS_WAY else None,
        )
        for item in items
    ]

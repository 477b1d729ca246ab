"""Creatives, their versions, and what becomes of one for a recipient."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, TypedDict


class Creative(TypedDict):
    #: None when a viewer sees template drafts that were not saved.
    id: int | None
    project_id: int
    platform: str
    title: str
    body_text: str
    caption: str
    status: str
    version: int
    stale: bool
    #: Of the newest version: ``operator``, ``template`` or ``model:NAME``.
    source: str
    #: What to know about the newest version, e.g. that a template could not follow the instruction.
    note: str | None
    #: Problems its platform would have with it; empty when it may be approved.
    problems: list[str]
    scheduled_time: datetime | None
    queue_id: int | None
    account: str | None
    last_error: str | None
    deleted: bool
    created_at: datetime
    updated_at: datetime


class CreativeVersion(TypedDict):
    id: int
    creative_id: int
    number: int
    title: str
    body_text: str
    caption: str
    source: str
    instruction: str | None
    author: str
    created_at: datetime


class Proposal(TypedDict):
    """Another text for a creative, not stored: for somebody to compare, and to keep or not."""

    creative_id: int
    #: The version it was written from.
    base: int
    title: str
    body_text: str
    caption: str
    #: ``template`` or ``model:NAME``.
    source: str
    instruction: str | None
    #: What to know about it, e.g. that a template could not follow the instruction.
    note: str | None


class Repeat(TypedDict):
    """A text on its way out, or sent, that another one says again within a week."""

    creative_id: int
    project_id: int
    title: str
    platform: str
    #: When it goes, or went, out.
    at: datetime
    #: Word for word, but for case, spaces and punctuation; else nearly so.
    same: bool


class RenderedMessage(TypedDict):
    platform: str
    title: str
    body_text: str
    caption: str
    #: Placeholders that had no value for this lead.
    missing: list[str]
    problems: list[str]


class SentTest(TypedDict):
    outcome: Literal["sent", "rejected", "deferred", "unknown"]
    detail: str
    #: None for a post.
    to: str | None
    mode: str

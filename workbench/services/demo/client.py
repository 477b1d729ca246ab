"""What a demo client is: the brief, what the strategy says, and topics to write about."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.enums import ProjectState


@dataclass(frozen=True)
class Topic:
    """One thing to say. Every text made of it uses the same hook, two paragraphs and a question."""

    title: str
    hook: str
    point: str
    proof: str
    ask: str


@dataclass(frozen=True)
class Client:
    """One client with one project. ``leads`` and ``mails`` are for the demo at scale 1."""

    name: str
    project: str
    state: ProjectState
    timezone: str
    goal: str
    audience: str
    constraints: str
    budget: str
    niche: str
    positioning: str
    #: (message, what proves it)
    messages: tuple[tuple[str, str], ...]
    guardrails: tuple[str, ...]
    topics: tuple[Topic, ...]
    #: Names of its campaigns.
    campaigns: tuple[str, ...]
    industries: tuple[str, ...]
    job_titles: tuple[str, ...]
    sender: str
    tag: str
    leads: int
    #: E-mails that went out in the last 90 days, and how many people the average one reached.
    mails: int = 0
    reach: int = 0
    #: Whether it posted in the last 90 days.
    posts: bool = False

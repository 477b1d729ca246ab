"""What a search finds."""

from __future__ import annotations

from typing import Literal, TypedDict


class SearchHit(TypedDict):
    """A project, creative or lead."""

    kind: Literal["project", "creative", "lead"]
    id: int
    #: The name of the project or person, or the title of the creative (its first words without one).
    title: str
    #: What tells it from others of the name: client, platform and status, company.
    detail: str
    project_id: int
    #: The name of the project it belongs to.
    project: str

"""The address of the browser and the state of the session say the same: page, project, filters, theme.

``?page=gallery&project=3&status=DRAFT`` opens that view; every name that is not one of ours is a filter.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from workbench.panels.state import PAGES, WorkbenchState

#: Names in the address that are not filters. ``theme`` is read by Panel itself.
_OWN: Final = ("page", "project", "theme")
_LONGEST: Final = 200


def read(search: str) -> dict[str, Any]:
    """Values for the state from a query string. What makes no sense in it is left out."""
    given = dict(parse_qsl(search.removeprefix("?")))
    page = given.get("page")
    project = given.get("project", "")
    return {
        "page": page if page in PAGES else next(iter(PAGES)),
        "project_id": int(project) if project.isascii() and project.isdigit() and 0 < int(project) < 2**31 else None,
        "filters": {
            name: value[:_LONGEST] for name, value in given.items() if name not in _OWN and name.isidentifier()
        },
    }


def page_of(value: str) -> int:
    """The page of a list that the address names; 1 for what is none. Pure."""
    return max(1, int(value)) if value.isascii() and value.isdigit() and len(value) < 9 else 1


def write(page: str, project_id: int | None, filters: Mapping[str, str], *, dark: bool = False) -> str:
    """The query string of a view, ready to stand behind the path."""
    values: dict[str, str] = {"page": page}
    if project_id is not None:
        values["project"] = str(project_id)
    values |= {name: value for name, value in filters.items() if value}
    if dark:
        values["theme"] = "dark"
    return "?" + urlencode(values)


def of(state: WorkbenchState) -> str:
    """The query string of what ``state`` shows."""
    return write(state.page, state.project_id, state.filters, dark=state.dark)

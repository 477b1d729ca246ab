"""The search of the palette: projects, creatives and leads by the words in them."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from workbench.enums import Platform, Role
from workbench.errors import InputError
from workbench.metrics import lead_search
from workbench.operator_services._edge import mirror_of, operation, optional_text
from workbench.operator_services.types import SearchHit
from workbench.services import leads
from workbench.services import search as found

__all__ = ["search"]

#: The most of each kind.
LARGEST = 50


def search(db: Session, text: str, *, limit: int = 5) -> list[SearchHit]:
    """Up to ``limit`` (1–50) projects, then creatives, then leads that have every word of ``text``, in either case.

    Words are looked for anywhere in a project's name and client, in a creative's title, text and caption, and in what
    :func:`list_leads` searches of a lead. Nothing deleted or erased is found; a blank text finds nothing. Titles that
    begin with the text come first, then what is newest. Raises :class:`InputError`.
    """
    most = _most(limit)
    words = optional_text(text, "The search", longest=200)
    with operation(db, Role.VIEWER, write=False):
        if words is None:
            return []
        hits: list[SearchHit] = [
            {
                "kind": "project",
                "id": row["id"],
                "title": row["name"],
                "detail": " · ".join(part for part in (row["client"], row["state"].capitalize()) if part),
                "project_id": row["id"],
                "project": row["name"],
            }
            for row in found.projects(db, words, most)
        ]
        hits += [
            {
                "kind": "creative",
                "id": row["id"],
                "title": row["title"] or _first_line(row["words"]) or f"Creative {row['id']}",
                "detail": f"{_platform(row['platform'])}, {row['status'].lower()}",
                "project_id": row["project_id"],
                "project": row["project"],
            }
            for row in found.creatives(db, words, most)
        ]
        people = _people(db, words, most)
        names = found.project_names(db, {row["project_id"] for row in people})
        hits += [
            {
                "kind": "lead",
                "id": row["id"],
                "title": row["name"] or row["email"] or f"Lead {row['id']}",
                "detail": " · ".join(part for part in (row["company"], row["campaign"]) if part),
                "project_id": row["project_id"],
                "project": names.get(row["project_id"], ""),
            }
            for row in people
        ]
        return hits


def _people(db: Session, text: str, limit: int) -> Sequence[sa.RowMapping]:
    """Leads as :func:`list_leads` answers them, newest first."""
    which, mirror = leads.LeadFilter(search=text), mirror_of(db)
    if mirror is None:
        return leads.rows(db, which, sort="id", descending=True, limit=limit)
    return leads.rows_of(db, lead_search.ids(mirror, which, sort="id", descending=True, limit=limit))


def _most(limit: object) -> int:
    """``limit`` as a number of hits of each kind. Raises :class:`InputError`."""
    if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= LARGEST:
        raise InputError(f"limit must be a whole number from 1 to {LARGEST}, not {limit!r}.")
    return limit


def _first_line(text: str | None) -> str:
    return (text or "").strip().partition("\n")[0].strip()[:80]


def _platform(name: str) -> str:
    return Platform(name).label if name in set(Platform) else name

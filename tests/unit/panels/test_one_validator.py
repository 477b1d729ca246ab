"""Editor, approval and worker give one answer for one text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import sqlalchemy as sa

from tests import factories
from workbench import operator_services as ops
from workbench.bootstrap import Workbench
from workbench.enums import AttemptStatus, CreativeStatus, Platform, StrategyStatus
from workbench.execution.worker import Worker
from workbench.models import ContentItem, OutreachAttempt, Project
from workbench.panels import Gallery, WorkbenchState
from workbench.platform_rules import problems_as_written

TEXTS = {
    "fine": {"title": "News", "body_text": "We ship on Fridays."},
    "empty": {"title": "News", "body_text": " \n"},
    "one too many for X": {"title": "News", "body_text": "x" * 281},
    "one too many with its postscript": {"title": "News", "body_text": "x" * 278, "caption": "y"},
    "just fits by its link": {"title": "News", "body_text": "x" * 256 + " https://example.com/" + "y" * 200},
    "emoji at the limit": {"title": "News", "body_text": "👩\u200d🚀" * 140},
    "emoji beyond it": {"title": "News", "body_text": "👩\u200d🚀" * 141},
    "one too many for LinkedIn": {"title": "News", "body_text": "x" * 3_001},
    "one too many for e-mail": {"title": "News", "body_text": "x" * 50_001},
    "no title": {"title": "", "body_text": "We ship on Fridays."},
    "long title": {"title": "t" * 201, "body_text": "We ship on Fridays."},
    "line break in the title": {"title": "News\u2028Bcc: all@example.com", "body_text": "We ship on Fridays."},
    "control character": {"title": "News", "body_text": "We ship\x1b[31m on Fridays."},
    "what X refuses": {"title": "News", "body_text": "We ship\ufeff on Fridays."},
}
#: Only people see these: the worker has filled them in, or left the recipient out.
PLACEHOLDERS = {
    "known": {"title": "News", "body_text": "Hello {{first_name|there}}"},
    "unknown": {"title": "News", "body_text": "Hello {{frist_name}}"},
    "not closed": {"title": "News for {{name", "body_text": "Hello"},
}


@pytest.fixture
def project(wb: Workbench) -> int:
    with wb.session() as db:
        made = factories.project(db)
        factories.strategy(db, made, status=StrategyStatus.APPROVED)
        factories.lead(db, factories.campaign(db, made))
        db.commit()
        return made.id


Texts = Mapping[str, dict[str, str]]


def stored(wb: Workbench, project: int, platform: Platform, texts: Texts, **values: Any) -> dict[str, int]:
    """A creative for each text, that got in past the contract."""
    with wb.session() as db:
        of = db.get_one(Project, project)
        made = {
            name: factories.creative(db, of, platform.value, **{"caption": ""} | text | values)
            for name, text in texts.items()
        }
        db.commit()
        return {name: item.id for name, item in made.items()}


def in_the_editor(state: WorkbenchState, project: int, items: Mapping[str, int]) -> dict[str, str]:
    view = Gallery(state)
    state.poll(force=True)
    state.go("gallery", project_id=project)
    said = {}
    for name, item in items.items():
        view.grid._handle_msg({"type": "act", "key": "edit", "id": item})
        said[name] = " ".join(view.grid.editing["problems"])
    return said


def at_approval(wb: Workbench, project: int, items: Mapping[str, int]) -> dict[str, str]:
    with wb.session() as db:
        outcomes = ops.bulk_approve_creatives(db, project, list(items.values()))["outcomes"]
    reasons = {outcome["id"]: "" if outcome["ok"] else outcome["reason"] or "" for outcome in outcomes}
    return {name: reasons[item] for name, item in items.items()}


def in_the_worker(wb: Workbench, items: Mapping[str, int]) -> dict[str, str]:
    with wb.session() as db:
        rows = {name: factories.queued(db, db.get_one(ContentItem, item)).id for name, item in items.items()}
        db.commit()
        Worker(wb.engine, wb.runtime).run_once()
        found = {row.queue_id: row for row in db.scalars(sa.select(OutreachAttempt))}
    assert {row.status for row in found.values()} == {AttemptStatus.SENT, AttemptStatus.FAILED}
    return {name: found[row].last_error or "" for name, row in rows.items()}


@pytest.mark.parametrize("platform", Platform)
def test_the_three_say_the_same(wb: Workbench, state: WorkbenchState, project: int, platform: Platform) -> None:
    expected = {
        name: " ".join(problems_as_written(platform, text["title"], text["body_text"], text.get("caption", "")))
        for name, text in TEXTS.items()
    }
    queued = stored(wb, project, platform, TEXTS, status=CreativeStatus.APPROVED)
    assert in_the_worker(wb, queued) == expected
    drafts = stored(wb, project, platform, TEXTS)
    assert in_the_editor(state, project, drafts) == expected
    assert at_approval(wb, project, drafts) == expected


@pytest.mark.parametrize("platform", Platform)
def test_editor_and_approval_say_the_same_of_placeholders(
    wb: Workbench, state: WorkbenchState, project: int, platform: Platform
) -> None:
    drafts = stored(wb, project, platform, PLACEHOLDERS)
    said = in_the_editor(state, project, drafts)
    assert said == at_approval(wb, project, drafts)
    wrong = {name for name, words in said.items() if words}
    # Braces alone are text in a post.
    assert wrong == ({"unknown", "not closed"} if platform is Platform.EMAIL else {"known", "unknown"})

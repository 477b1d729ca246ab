"""Open pages read again when something has changed, not too often, and not at all when nothing has."""

from __future__ import annotations

import functools
import gc
import weakref

import pytest
import sqlalchemy as sa
from bokeh.document import Document
from sqlalchemy.orm import Session

from tests.serving import until
from workbench import operator_services as ops
from workbench.bootstrap import Workbench
from workbench.panels import WorkbenchState
from workbench.panels.following import APART_SECONDS, PULSE_SECONDS, WAITING_SECONDS, Following, Seen, is_due


def rename(wb: Workbench, name: str) -> None:
    with wb.engine.begin() as connection:
        connection.execute(sa.text("UPDATE projects SET name = :name"), {"name": name})


@pytest.mark.parametrize(
    ("since", "changed", "loading", "trouble", "due"),
    [
        (APART_SECONDS, False, "", "", False),
        (APART_SECONDS, True, "", "", True),
        (APART_SECONDS * 0.9, True, "", "", False),
        (WAITING_SECONDS, False, "", "", False),
        (WAITING_SECONDS, False, "Loading", "", True),
        (WAITING_SECONDS, False, "", "No server", True),
        (PULSE_SECONDS, False, "", "", True),
    ],
)
def test_a_page_looks_again_when_it_is_behind_and_now_and_then(
    state: WorkbenchState,
    wb: Workbench,
    project_id: int,
    since: float,
    changed: bool,
    loading: str,
    trouble: str,
    due: bool,
) -> None:
    state.poll(force=True)
    if changed:
        rename(wb, "Other")
    state.param.update(loading=loading, trouble=trouble)
    assert is_due(state, since, Seen()) is due


def test_every_open_page_follows_a_change_and_one_reading_serves_them_all(
    state: WorkbenchState, wb: Workbench, project_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.metrics.watch.SHARED_SECONDS", 600)
    states = [state, *(WorkbenchState(wb) for _ in range(4))]
    for one in states:
        one.poll(force=True)
    read: list[int] = []
    list_projects = ops.list_projects

    @functools.wraps(list_projects)
    def counted(db: Session) -> object:
        read.append(1)
        return list_projects(db)

    monkeypatch.setattr(ops, "list_projects", counted)
    pages = Following()
    documents = [Document() for _ in states]
    for one, document in zip(states, documents, strict=True):
        pages.add(one, document, one.poll)
    rename(wb, "Seen by all")
    until(lambda: all(one.projects[0]["name"] == "Seen by all" for one in states), "all pages have followed")
    assert len(read) == 1
    for document in documents:
        pages.remove(document)
    until(lambda: pages._thread is None, "the thread has ended with its pages")


def test_what_somebody_has_just_committed_is_read_by_himself(
    state: WorkbenchState, wb: Workbench, project_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even when the shared look is older than the commit, as it may be on PostgreSQL."""
    state.poll()
    token = state.changes
    monkeypatch.setattr(wb._mirror.watch, "token", lambda: token)
    rename(wb, "Mine")
    state.poll(force=True)
    assert state.projects[0]["name"] == "Mine"


def test_a_page_that_fails_stops_no_other(
    state: WorkbenchState, wb: Workbench, project_id: int, caplog: pytest.LogCaptureFixture
) -> None:
    broken = WorkbenchState(wb)

    def fail(seen: str | None) -> None:
        raise RuntimeError("odd")

    pages, mine, other = Following(), Document(), Document()
    pages.add(broken, other, fail)
    pages.add(state, mine, state.poll)
    until(lambda: state.projects, "the other page has followed")
    until(lambda: "could not be brought up to date" in caplog.text, "it is logged")
    pages.remove(mine)
    pages.remove(other)


def test_a_page_that_was_closed_is_let_go_of(wb: Workbench, project_id: int) -> None:
    pages, document = Following(), Document()
    gone = weakref.ref(opened := WorkbenchState(wb))
    pages.add(opened, document, opened.poll)
    del opened
    until(lambda: getattr(gone(), "projects", None), "it has followed")
    pages.remove(document)
    until(lambda: (gc.collect(), gone() is None)[1], "it is forgotten")
    assert len(pages) == 0
    until(lambda: pages._thread is None, "the thread has ended")

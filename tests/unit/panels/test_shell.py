from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable
from typing import Any

import panel as pn
import pytest

from workbench import operator_services as ops
from workbench.bootstrap import Workbench
from workbench.enums import Role
from workbench.panels import Shell, WorkbenchState
from workbench.panels.shell import VIEWS
from workbench.panels.state import PAGES
from workbench.panels.war_room import WarRoom


@pytest.fixture
def shell(state: WorkbenchState) -> Shell:
    made = Shell(state)
    made.__panel__()
    return made


def banners(shell: Shell) -> dict[str, Any]:
    return {banner["key"]: banner for banner in shell.strip.banners}


def busy_watchers() -> int:
    return len(pn.state.param.watchers.get("busy", {}).get("value", []))


def test_there_is_a_view_for_every_page() -> None:
    assert list(VIEWS) == list(PAGES)


def test_only_the_page_that_is_shown_is_built(shell: Shell) -> None:
    assert list(shell.pages) == ["command"]
    shell.strip._handle_msg({"type": "go", "page": "war-room"})
    assert list(shell.pages) == ["command", "war-room"]
    assert [column.visible for column in shell.content] == [False, True]


def test_a_page_that_corrects_its_address_while_it_is_read_is_built_once(shell: Shell) -> None:
    shell.state.go("leads", lead="999")
    assert (list(shell.pages), len(shell.content)) == (["command", "leads"], 2)
    assert "There is no lead 999" in shell.state.message.text
    assert shell.state.filters == {}


def test_a_link_to_a_project_that_is_gone_says_so(shell: Shell) -> None:
    shell.strip._handle_msg({"type": "back", "search": "?page=gallery&project=999"})
    assert "There is no project 999 (any more)." in shell.state.message.text
    assert (shell.state.page, shell.state.project_id) == ("gallery", None)


def test_a_page_is_built_once_though_a_poll_and_a_click_show_it_at_the_same_time(
    shell: Shell, wb: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    with wb.session() as db:
        ops.create_project(db, name="New")
    building, polled = threading.Event(), threading.Event()
    refresh = WarRoom.refresh

    def slowly(self: WarRoom) -> None:
        building.set()
        polled.wait(1)  # in vain, when the poll waits for the click
        refresh(self)

    monkeypatch.setattr(WarRoom, "refresh", slowly)
    click = threading.Thread(target=shell.state.go, args=("war-room",))
    click.start()
    assert building.wait(10)
    shell.state.poll(force=True)
    polled.set()
    click.join()
    assert len(shell.content) == len(shell.pages) == 2


def test_a_page_that_was_left_is_found_as_it_was(shell: Shell) -> None:
    first = shell.pages["command"]
    shell.strip._handle_msg({"type": "go", "page": "war-room"})
    shell.strip._handle_msg({"type": "go", "page": "command"})
    assert shell.pages["command"] is first
    assert [column.visible for column in shell.content] == [True, False]


def test_a_page_keeps_its_filters_while_another_one_is_open(shell: Shell) -> None:
    shell.state.go("gallery", status="DRAFT")
    shell.strip._handle_msg({"type": "go", "page": "command"})
    assert shell.state.filters == {}
    shell.strip._handle_msg({"type": "go", "page": "gallery"})
    assert shell.state.filters == {"status": "DRAFT"}


def test_a_page_that_does_not_exist_is_not_opened(shell: Shell) -> None:
    shell.strip._handle_msg({"type": "go", "page": "cockpit"})
    assert shell.state.page == "command"


def test_tabs_are_links_to_what_they_open(shell: Shell, project_id: int) -> None:
    shell.state.poll()
    shell.topbar._handle_msg({"type": "project", "id": project_id})
    links = {tab["key"]: tab["href"] for tab in shell.strip.pages}
    assert links["gallery"] == f"?page=gallery&project={project_id}"
    assert shell.state.project_id == project_id
    shell.topbar._handle_msg({"type": "project", "id": 0})
    assert shell.state.project_id is None


def test_back_opens_the_view_of_that_address(shell: Shell, project_id: int) -> None:
    shell.state.poll()
    shell.strip._handle_msg({"type": "back", "search": f"?page=gallery&project={project_id}&status=DRAFT"})
    assert (shell.state.page, shell.state.project_id, shell.state.filters) == (
        "gallery",
        project_id,
        {"status": "DRAFT"},
    )


def test_the_header_says_mode_project_person_and_role(shell: Shell, project_id: int) -> None:
    shell.state.poll()
    bar = shell.topbar
    assert (bar.mode, bar.person, bar.role, bar.pause_state) == ("simulation", "Ada", "admin", "running")
    assert bar.projects == [{"id": project_id, "name": "Autumn launch", "client": "Northwind Coffee"}]


def test_live_mode_reaches_the_header_of_an_open_page(shell: Shell) -> None:
    shell.state.call(ops.set_mode, "live", "Go")
    shell.state.poll()
    assert shell.topbar.mode == "live"


def test_a_pause_by_somebody_else_is_on_every_open_page(
    shell: Shell, session_of: Callable[[str, Role], WorkbenchState]
) -> None:
    session_of("Ben", Role.OPERATOR).call(ops.set_system_pause, True, reason="Wrong price")
    shell.state.poll()
    assert banners(shell)["resume"]["title"] == "Paused, confirmed"
    assert shell.topbar.pause_state == "paused"


def test_the_banner_opens_the_resume_dialog(shell: Shell) -> None:
    shell.state.call(ops.set_system_pause, True, reason="Wrong price")
    shell.state.poll()
    shell.strip._handle_msg({"type": "banner", "key": "resume"})
    (dialog,) = shell.switch.overlay
    assert dialog.title == "Resume sending"


def test_no_worker_is_said_on_every_page(shell: Shell) -> None:
    assert "workbench worker" in banners(shell)["worker"]["text"]


def test_a_database_that_cannot_be_read_is_said_on_every_page(shell: Shell) -> None:
    shell.state.trouble = "The database is locked."
    assert "locked" in banners(shell)["trouble"]["text"]
    shell.state.trouble = ""
    assert "trouble" not in banners(shell)


def test_the_header_comes_up_whatever_is_wrong_with_a_page(
    state: WorkbenchState, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(VIEWS["command"], "_update", broken)
    shell = Shell(state)
    page = shell.__panel__()
    assert shell.topbar in list(page.header)
    assert "did not foresee" in shell.messages.toaster.toasts[-1]["text"]
    assert "cannot be shown" in caplog.text


def test_messages_appear_and_can_be_undone(shell: Shell) -> None:
    undone: list[int] = []
    shell.state.tell("Deleted.", undo=lambda: undone.append(1))
    number = shell.messages.toaster.toasts[-1]["id"]
    for _ in range(2):
        shell.messages.toaster._handle_msg({"type": "undo", "id": number})
    assert undone == [1]


def test_a_click_of_anybody_is_not_pushed_to_every_open_page(state: WorkbenchState) -> None:
    """pmu.Page binds its busy to the process-wide pn.state.busy."""
    before = busy_watchers()
    shell = Shell(state)
    assert busy_watchers() == before
    with pn.util.edit_readonly(pn.state):
        pn.state.busy = True
    try:
        assert not shell.page.busy
    finally:
        with pn.util.edit_readonly(pn.state):
            pn.state.busy = False


def test_its_own_work_is_shown(shell: Shell) -> None:
    with shell.state.working():
        assert shell.strip.busy
    assert not shell.strip.busy


def test_a_session_that_ended_leaves_nothing_behind(wb: Workbench) -> None:
    shell = Shell(WorkbenchState(wb))
    shell.__panel__()
    page, state = weakref.ref(shell.page), weakref.ref(shell.state)
    del shell
    gc.collect()
    assert page() is None
    assert state() is None


def test_the_theme_is_in_the_address(shell: Shell) -> None:
    shell.page.dark_theme = True
    assert shell.state.dark
    assert all("theme=dark" in tab["href"] for tab in shell.strip.pages)
    shell.page.dark_theme = False
    assert not any("theme" in tab["href"] for tab in shell.strip.pages)

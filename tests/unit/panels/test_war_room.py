from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests import factories
from workbench import operator_services as ops
from workbench.bootstrap import Workbench
from workbench.enums import Role
from workbench.models import Project
from workbench.panels import WarRoom, WorkbenchState
from workbench.panels.strategy_decision import consequences
from workbench.panels.war_room import NEXT, steps
from workbench.services.audit import Actor

OTHER = Actor("Ben", Role.ADMIN)


def open_room(state: WorkbenchState, project_id: int | None) -> WarRoom:
    state.poll(force=True)
    room = WarRoom(state)
    state.go("war-room", project_id=project_id)
    return room


@pytest.fixture
def room(state: WorkbenchState, project_id: int) -> WarRoom:
    return open_room(state, project_id)


def by_somebody_else(wb: Workbench, operation: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    with wb.session(OTHER) as db:
        return operation(db, *args, **kwargs)


def newest(room: WarRoom) -> Any:
    return room.state.call(ops.get_strategies, room.state.project_id)[0]


def conflict_buttons(view: Any) -> dict[str, Any]:
    (dialog,) = view.overlay
    return {one.label: one for one in dialog[-1] if hasattr(one, "label")}


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("INTAKE", ["current", "todo", "todo", "todo", "todo"]),
        ("CREATIVE", ["done", "done", "current", "todo", "todo"]),
        ("DONE", ["done", "done", "done", "done", "current"]),
    ],
)
def test_the_stepper_shows_where_the_project_stands(state: str, expected: list[str]) -> None:
    assert [step["status"] for step in steps(state)] == expected


def test_every_state_says_what_comes_next() -> None:
    assert set(NEXT) == set(factories.ProjectState)


def test_without_a_project_one_can_be_chosen(state: WorkbenchState, project_id: int) -> None:
    room = open_room(state, None)
    assert not room.room.visible
    assert room.choose.view.visible
    room.choose.links._handle_msg({"type": "follow", "page": "war-room", "project": project_id})
    assert room.room.visible
    assert not room.choose.view.visible


def answer(room: WarRoom, label: str) -> str:
    return next(one["text"] for one in room.brief.view.answers if one["label"] == label)


def pressable(room: WarRoom) -> list[str]:
    return [one["key"] for one in room.strategy.decision.view.buttons]


def press(room: WarRoom, key: str) -> None:
    room.strategy.decision.view._handle_msg({"type": "press", "key": key})


# The brief


def test_one_project_is_paused_and_resumed_alone(room: WarRoom) -> None:
    room._click_pause()
    room.pausing.reason.value = "The client called"
    room.pausing._click_pause()
    assert (room.head.switch, room.head.paused) == ("Resume project…", True)
    assert not room.state.paused
    (paused,) = room.state.pause["projects"]
    assert (paused["id"], paused["reason"]) == (room.state.project_id, "The client called")
    room._click_pause()
    assert "The client called" in room.pausing.overlay[0][0].object
    room.pausing._click_resume()
    assert (room.head.switch, room.head.paused) == ("Pause project…", False)
    assert room.state.pause["projects"] == []


def test_an_edit_of_the_brief_makes_a_revision(room: WarRoom) -> None:
    room.brief._click_edit()
    room.brief.inputs["goal"].value = "Thirty demos"
    room.brief._click_save()
    context = room.state.call(ops.get_project_context, room.state.project_id)
    assert (context["goal"], context["intake_number"]) == ("Thirty demos", 2)
    assert answer(room, "Goal") == "Thirty demos"


def test_a_brief_somebody_else_changed_shows_both_and_loses_nothing(room: WarRoom, wb: Workbench) -> None:
    room.brief._click_edit()
    by_somebody_else(wb, ops.save_intake, room.state.project_id, {"goal": "Theirs"})
    room.brief.inputs["goal"].value = "Mine"
    room.brief._click_save()
    assert "Theirs" in room.brief.overlay[0][1].object
    assert "Mine" in room.brief.overlay[0][1].object
    conflict_buttons(room.brief)["Keep mine as a new revision on top"].clicks += 1
    goals = [one["goal"] for one in room.state.call(ops.get_intakes, room.state.project_id)]
    assert goals[:2] == ["Mine", "Theirs"]


def test_their_brief_can_be_taken(room: WarRoom, wb: Workbench) -> None:
    room.brief._click_edit()
    by_somebody_else(wb, ops.save_intake, room.state.project_id, {"goal": "Theirs"})
    room.brief.inputs["goal"].value = "Mine"
    room.brief._click_save()
    conflict_buttons(room.brief)["Take theirs"].clicks += 1
    assert room.state.call(ops.get_project_context, room.state.project_id)["goal"] == "Theirs"
    assert answer(room, "Goal") == "Theirs"


# Reading and deciding


def test_the_newest_revision_is_read_as_sanitised_markdown(room: WarRoom, wb: Workbench) -> None:
    by_somebody_else(wb, ops.save_strategy, room.state.project_id, "# Hi\n\n<script>alert(1)</script>", 2)
    room.state.poll()
    room.strategy._click_newest()
    assert "<h3>Hi</h3>" in room.strategy.document.object
    assert "<script" not in room.strategy.document.object


def test_approving_puts_the_revision_in_force(room: WarRoom) -> None:
    approve(room)
    assert (newest(room)["status"], newest(room)["in_force"]) == ("APPROVED", True)
    assert "in force" in room.strategy.status.object
    assert pressable(room) == ["reject"]


def test_a_rejection_needs_a_reason(room: WarRoom) -> None:
    press(room, "reject")
    room.strategy.decision._click_confirm_reject(2)
    assert newest(room)["status"] == "DRAFT"
    assert room.strategy.decision.reason.error_state
    room.strategy.decision.reason.value = "Too generic <b>"
    room.strategy.decision._click_confirm_reject(2)
    assert newest(room)["rejection_reason"] == "Too generic <b>"
    assert "Too generic &lt;b&gt;" in room.strategy.status.object
    assert pressable(room) == ["approve"]


def approve(room: WarRoom) -> None:
    press(room, "approve")
    (dialog,) = room.strategy.decision.overlay
    (button,) = [one for one in dialog[-1] if str(getattr(one, "label", "")).startswith("Approve revision")]
    button.clicks += 1


def test_only_what_was_read_is_approved(room: WarRoom, wb: Workbench) -> None:
    """Somebody saves another revision in the second before the click."""
    by_somebody_else(wb, ops.save_strategy, room.state.project_id, "Not what Ada read", 2)
    approve(room)
    assert newest(room)["status"] == "DRAFT"
    assert "Ben saved revision 3" in room.state.message.text


def test_a_newer_revision_is_announced_and_not_swapped_in(room: WarRoom, wb: Workbench) -> None:
    by_somebody_else(wb, ops.save_strategy, room.state.project_id, "Newer", 2)
    room.state.poll()
    assert room.strategy.number == 2
    assert "weekend" in room.strategy.document.object
    assert room.strategy.newer.visible
    assert "Revision 3 by Ben" in room.strategy.newer_text.object
    assert pressable(room) == []
    room.strategy._click_newest()
    assert room.strategy.number == 3
    assert pressable(room) == ["reject", "approve"]


def test_the_changes_between_any_two_revisions_are_shown(room: WarRoom) -> None:
    room.strategy.tabs._handle_msg({"type": "choose", "key": "changes"})
    assert "<del>weekday</del>" in room.strategy.comparison.result.object
    assert "<ins>weekend</ins>" in room.strategy.comparison.result.object
    room.strategy.comparison.old.value = 2
    room.strategy.comparison.new.value = 1
    assert "<del>weekend</del>" in room.strategy.comparison.result.object


@pytest.mark.parametrize(
    ("preview", "told"),
    [
        ({"replaces": None, "stale": 0, "queued": 0}, "It comes into force."),
        ({"replaces": 2, "stale": 0, "queued": 0}, "It comes into force in place of revision 2."),
        ({"replaces": 2, "stale": 1, "queued": 0}, "1 creative made from another revision becomes stale: nothing"),
        ({"replaces": 2, "stale": 1_200, "queued": 3}, "1,200 creatives made from another revision become stale"),
        ({"replaces": 2, "stale": 1_200, "queued": 3}, "3 of them are on the queue."),
    ],
)
def test_an_approval_says_first_what_it_changes(preview: Any, told: str) -> None:
    assert told in consequences(preview)


def test_an_approver_is_led_to_the_strategy_that_waits_longest(room: WarRoom, wb: Workbench) -> None:
    with wb.session() as db:
        waiting = [factories.project(db, name=name) for name in ("First <b>", "Second")]
        for one in waiting:
            factories.strategy(db, one)
        db.commit()
    room.state.poll()
    assert room.head.waiting == "2 more wait for a decision: First <b> ›"
    room.head._handle_msg({"type": "follow"})
    assert room.state.project_id == waiting[0].id


def test_an_operator_is_not_asked_to_decide(session_of: Callable[[str, Role], WorkbenchState], project_id: int) -> None:
    state = session_of("Oda", Role.OPERATOR)
    room = open_room(state, project_id)
    with state.session() as db:
        other = factories.project(db)
        factories.strategy(db, other)
        db.commit()
    state.poll()
    assert room.head.waiting == ""
    assert pressable(room) == []
    assert room.strategy.editor.view is room.strategy.editor.form


def test_what_is_stale_is_counted_confirmed_and_had_back(room: WarRoom, wb: Workbench) -> None:
    project_id = room.state.project_id
    with wb.session() as db:
        project = db.get(Project, project_id)
        made = [factories.creative(db, project, "linkedin", body_text="Hello") for _ in range(3)]
        made[2].status = "PUBLISHED"
        db.commit()
    approve(room)
    assert "2 creatives were not made from revision 2" in room.stale.text.object
    assert len(room.state.call(ops.find_creative_ids, project_id)) == 3  # looking has written no first drafts
    room.stale._click_confirm()
    (dialog,) = room.stale.overlay
    conflict_buttons(room.stale)["Confirm 2"].clicks += 1
    assert dialog.open is False
    assert not room.stale.view.visible
    room.state.message.undo()
    room.state.poll(force=True)
    assert room.stale.view.visible
    room.stale.open.clicks += 1
    assert (room.state.page, room.state.filters) == ("gallery", {"stale": "yes"})


def test_the_brief_shows_what_its_revisions_changed(room: WarRoom, wb: Workbench) -> None:
    for goal in ("Twenty demos", "Thirty demos"):
        by_somebody_else(wb, ops.save_intake, room.state.project_id, {"goal": goal})
    room.state.poll()
    assert (room.brief.view.number, room.brief.view.author) == (3, "Ben")
    room.brief._click_revisions()
    assert "<del>Twenty</del>" in room.brief.comparison.result.object
    room.brief.comparison.old.value = 1
    assert "<del>More</del>" in room.brief.comparison.result.object


def test_answers_that_were_not_saved_are_offered_again_until_they_are_thrown_away(room: WarRoom) -> None:
    room.brief._click_edit()
    room.brief.inputs["goal"].value_input = "Half a thou"
    room.brief.close_dialog()
    room.brief._click_edit()
    assert room.brief.inputs["goal"].value == "Half a thou"
    room.brief._click_discard()
    room.brief._click_edit()
    assert room.brief.inputs["goal"].value == "More demos"
    room.state.message.undo()
    room.brief._click_edit()
    assert room.brief.inputs["goal"].value == "Half a thou"
    room.brief._click_save()
    assert room.state.call(ops.get_draft, "intake", room.state.project_id) is None


def test_opening_a_project_opens_no_comparison(room: WarRoom) -> None:
    assert room.state.filters == {}
    assert room.strategy.tabs.active == "read"


def test_view_revision_and_what_is_compared_stand_in_the_address(state: WorkbenchState, project_id: int) -> None:
    state.poll(force=True)
    room = WarRoom(state)
    state.go("war-room", project_id=project_id, view="changes", layout="inline", **{"from": "2", "to": "1"})
    assert "<del>weekend</del> <ins>weekday</ins>" in room.strategy.comparison.result.object
    room.strategy.comparison.layout.value = "beside"
    assert state.filters == {"view": "changes", "from": "2", "to": "1"}
    state.go(project_id=project_id, revision="1")
    assert "weekday" in room.strategy.document.object
    state.go(project_id=project_id)
    assert "weekend" in room.strategy.document.object
    state.go(project_id=project_id, view="secrets", revision="99", layout="upside down")
    assert (room.strategy.tabs.active, room.strategy.number) == ("read", 2)


def test_the_history_says_who_decided_what_when_and_why(room: WarRoom) -> None:
    room.state.call(ops.reject_strategy, room.state.project_id, "Too generic", number=2)
    room.strategy.tabs._handle_msg({"type": "choose", "key": "history"})
    entry = room.strategy.decisions.events[0]
    assert (entry["event"], entry["detail"]) == ("Ada rejected revision 2", "“Too generic”")
    assert entry["time"].endswith("+00:00")


def test_an_unknown_tab_changes_nothing(room: WarRoom) -> None:
    room.strategy.tabs._handle_msg({"type": "choose", "key": "secrets"})
    assert room.strategy.tabs.active == "read"


def test_a_first_draft_is_written_only_when_asked_for(state: WorkbenchState, wb: Workbench) -> None:
    with wb.session() as db:
        made = factories.project(db)
        db.commit()
    room = open_room(state, made.id)
    assert room.strategy.empty.visible
    assert state.call(ops.get_strategies, made.id) == []
    room.strategy.first.clicks += 1
    assert newest(room)["number"] == 1
    assert room.strategy.filled.visible
    assert not room.strategy.empty.visible


def test_a_gap_in_the_brief_is_named_before_the_draft_is_written(state: WorkbenchState, wb: Workbench) -> None:
    with wb.session() as db:
        made = ops.create_project(db, "Bare")
    room = open_room(state, made)
    assert "goal and the audience" in room.strategy.empty_note.object


def test_a_viewer_reads_and_cannot_decide(session_of: Callable[[str, Role], WorkbenchState], project_id: int) -> None:
    room = open_room(session_of("Vera", Role.VIEWER), project_id)
    assert "weekend" in room.strategy.document.object
    assert (pressable(room), room.brief.view.may_edit, room.head.may_switch) == ([], False, False)
    assert "needs the role operator" in room.strategy.editor.view.object
    approve(room)
    assert "approver" in room.state.message.text


def test_a_view_is_made_when_it_is_first_opened(room: WarRoom) -> None:
    strategy = room.strategy
    assert not any(view.objects for view in strategy.views.values())
    assert len(room.body.select()) <= 30, "each costs the first opening some milliseconds"
    for key, view in strategy.views.items():
        strategy.tabs._handle_msg({"type": "choose", "key": key})
        assert view.visible
        assert len(view) == 1
        assert [name for name, one in strategy.views.items() if one.visible] == [key]
    strategy.tabs._handle_msg({"type": "choose", "key": "read"})
    assert strategy.document.visible
    assert not any(view.visible for view in strategy.views.values())


# Editing


def type_in(room: WarRoom, text: str) -> None:
    editor = room.strategy.editor.editor
    editor._handle_msg({"type": "typed", "sheet": editor.sheet, "text": text, "serial": 1})


def test_typing_shows_a_preview_and_keeps_a_private_draft(room: WarRoom, wb: Workbench) -> None:
    type_in(room, "# New <img src=x onerror=alert(1)>")
    assert "<h3>New &lt;img" in room.strategy.editor.preview.object
    assert room.state.call(ops.get_draft, "strategy", room.state.project_id)["text"].startswith("# New")
    assert by_somebody_else(wb, ops.get_draft, "strategy", room.state.project_id) is None
    assert len(room.state.call(ops.get_strategies, room.state.project_id)) == 2


def test_a_draft_survives_the_loss_of_the_session(room: WarRoom, wb: Workbench) -> None:
    type_in(room, "# Half a thought")
    again = open_room(WorkbenchState(wb), room.state.project_id)
    assert again.strategy.editor.editor.text == "# Half a thought"
    assert again.strategy.editor.notice.visible
    assert "unsaved draft" in again.strategy.editor.notice_text.object


def test_a_draft_can_be_discarded_and_had_back(room: WarRoom) -> None:
    type_in(room, "# Half a thought")
    room.strategy.editor.discard.clicks += 1
    assert room.state.call(ops.get_draft, "strategy", room.state.project_id) is None
    assert "weekend" in room.strategy.editor.editor.text
    room.state.message.undo()
    assert room.strategy.editor.editor.text == "# Half a thought"


def test_of_two_windows_none_overwrites_the_other_and_the_person_chooses(room: WarRoom, wb: Workbench) -> None:
    other = open_room(WorkbenchState(wb), room.state.project_id)
    type_in(room, "# One")
    type_in(other, "# Other")
    assert "Another window of yours" in other.strategy.editor.notice_text.object
    assert room.state.call(ops.get_draft, "strategy", room.state.project_id)["text"] == "# One"
    other.strategy.editor._click_compare()
    conflict_buttons(other.strategy.editor)["Keep this window's"].clicks += 1
    assert room.state.call(ops.get_draft, "strategy", room.state.project_id)["text"] == "# Other"
    type_in(room, "# One more")
    room.strategy.editor._click_compare()
    conflict_buttons(room.strategy.editor)["Take the other text"].clicks += 1
    assert room.strategy.editor.editor.text == "# Other"


def test_a_link_to_a_revision_that_is_not_there_says_so(room: WarRoom) -> None:
    room.state.go(revision="99")
    assert room.state.message.text == "There is no revision 99 of this strategy. The newest one is shown."
    assert room.strategy.number == 2


def test_a_saved_revision_leaves_the_draft_of_another_window_alone(room: WarRoom, wb: Workbench) -> None:
    other = open_room(WorkbenchState(wb), room.state.project_id)
    type_in(other, "# Other")
    type_in(room, "# One")
    room.strategy.editor.save.clicks += 1
    assert newest(room)["text"] == "# One"
    assert room.state.call(ops.get_draft, "strategy", room.state.project_id)["text"] == "# Other"


def test_the_last_words_on_a_project_that_was_left_become_its_draft(room: WarRoom, wb: Workbench) -> None:
    with wb.session() as db:
        other = factories.project(db)
        factories.strategy(db, other, text="# Other")
        db.commit()
    editor, first = room.strategy.editor.editor, room.state.project_id
    sheet = editor.sheet
    room.state.go(project_id=other.id)
    editor._handle_msg({"type": "typed", "sheet": sheet, "text": "# Last words", "serial": 1})
    assert room.strategy.draft.text == "# Other"
    assert room.state.call(ops.get_draft, "strategy", first)["text"] == "# Last words"
    editor._handle_msg({"type": "typed", "sheet": "strategy:1:made up", "text": "# Forged", "serial": 2})
    assert room.state.call(ops.get_draft, "strategy", other.id) is None


def test_a_text_that_the_browser_kept_is_offered(room: WarRoom) -> None:
    editor = room.strategy.editor
    found = {"type": "found", "sheet": editor.editor.sheet, "text": "# Found", "base": 1, "at": 1_764_000_000_000}
    editor.editor._handle_msg(found | {"at": -1})
    assert not editor.notice.visible
    editor.editor._handle_msg(found)
    assert "never reached the server" in editor.notice_text.object
    editor._click_compare()
    conflict_buttons(editor)["Take the other text"].clicks += 1
    assert (editor.draft.text, editor.draft.base) == ("# Found", 1)


@pytest.mark.parametrize("kind", ["md", "html", "print"])
def test_the_revision_on_the_screen_is_saved(room: WarRoom, wb: Workbench, kind: str) -> None:
    sent: list[Any] = []
    room.strategy.menu.view._send_msg = sent.append
    by_somebody_else(wb, ops.save_strategy, room.state.project_id, "# Newer", 2)
    room.strategy.menu.view._handle_msg({"type": "make", "kind": kind, "brief": True, "decisions": True})
    (made,) = sent
    assert made["name"].startswith("northwind-coffee-autumn-launch-strategy-2")
    assert "weekend" in made["text"]
    assert "More demos" in made["text"]
    assert "Ben saved revision 3" in made["text"]


def test_saving_makes_a_revision_shows_it_and_forgets_the_draft(room: WarRoom) -> None:
    type_in(room, "# Better")
    room.strategy.editor.save.clicks += 1
    assert (newest(room)["number"], newest(room)["text"], newest(room)["author"]) == (3, "# Better", "Ada")
    assert (room.strategy.number, room.strategy.tabs.active) == (3, "read")
    assert room.state.call(ops.get_draft, "strategy", room.state.project_id) is None


def test_the_keyboard_saves_what_was_typed_last(room: WarRoom) -> None:
    editor = room.strategy.editor.editor
    editor._handle_msg({"type": "save", "sheet": editor.sheet, "text": "# By keyboard", "serial": 1})
    assert newest(room)["text"] == "# By keyboard"


def test_saving_the_same_text_makes_no_revision(room: WarRoom) -> None:
    room.strategy.editor.save.clicks += 1
    assert newest(room)["number"] == 2
    assert "nothing to save" in room.state.message.text


@pytest.mark.parametrize(("text", "words"), [("   ", "empty"), ("x" * 50_001, "50,000")])
def test_a_text_that_cannot_be_a_strategy_is_refused_and_kept(room: WarRoom, text: str, words: str) -> None:
    type_in(room, text)
    room.strategy.editor.save.clicks += 1
    assert newest(room)["number"] == 2
    assert words in room.state.message.text
    assert room.strategy.draft.text == text


def test_whoever_saves_second_sees_both_texts_and_may_put_theirs_on_top(room: WarRoom, wb: Workbench) -> None:
    type_in(room, "# Mine")
    by_somebody_else(wb, ops.save_strategy, room.state.project_id, "# Theirs", 2)
    room.strategy.editor.save.clicks += 1
    shown = room.strategy.editor.overlay[0][1].object
    assert "# Theirs" in shown.replace("<del>", "").replace("</del>", "")
    assert newest(room)["text"] == "# Theirs"
    conflict_buttons(room.strategy.editor)["Keep mine as a new revision on top"].clicks += 1
    texts = [one["text"] for one in room.state.call(ops.get_strategies, room.state.project_id)]
    assert texts[:2] == ["# Mine", "# Theirs"]


def test_whoever_saves_second_may_take_theirs(room: WarRoom, wb: Workbench) -> None:
    type_in(room, "# Mine")
    by_somebody_else(wb, ops.save_strategy, room.state.project_id, "# Theirs", 2)
    room.strategy.editor.save.clicks += 1
    conflict_buttons(room.strategy.editor)["Take theirs"].clicks += 1
    assert newest(room)["text"] == "# Theirs"
    assert room.strategy.editor.editor.text == "# Theirs"
    assert room.strategy.number == 3


def test_what_is_being_typed_is_not_replaced_by_a_newer_revision(room: WarRoom, wb: Workbench) -> None:
    type_in(room, "# Mine")
    by_somebody_else(wb, ops.save_strategy, room.state.project_id, "# Theirs", 2)
    room.state.poll()
    assert room.strategy.draft.text == "# Mine"
    assert "Ben saved revision 3" in room.strategy.editor.notice_text.object


def test_another_project_starts_with_its_own_text(room: WarRoom, wb: Workbench) -> None:
    with wb.session() as db:
        other = factories.project(db)
        factories.strategy(db, other, text="# Other")
        db.commit()
    type_in(room, "# Mine")
    room.state.go(project_id=other.id)
    assert (room.strategy.number, room.strategy.draft.text) == (1, "# Other")
    assert room.state.call(ops.get_draft, "strategy", other.id) is None

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from tests import factories
from workbench import operator_services as ops
from workbench.bootstrap import Workbench
from workbench.clock import now
from workbench.enums import Role, StrategyStatus
from workbench.models import Project
from workbench.panels import Gallery, WorkbenchState
from workbench.panels.gallery_items import actions_of
from workbench.panels.scheduling import skipped_words
from workbench.services.audit import Actor


@pytest.fixture
def ready(wb: Workbench) -> int:
    """A project with a strategy in force, an e-mail, a post, and two people of whom one must not be contacted."""
    with wb.session() as db:
        made = factories.project(db, client="Northwind", name="Launch")
        factories.strategy(db, made, status=StrategyStatus.APPROVED)
        factories.creative(db, made, "email", title="Hello", body_text="Hi {{first_name|there}}")
        factories.creative(db, made, "linkedin", title="Post", body_text="A post for everybody")
        campaign = factories.campaign(db, made)
        factories.lead(db, campaign, name="Ann", first_name="Ann")
        factories.lead(db, campaign, name="Bob", consent_status="DNC")
        db.commit()
        return made.id


@pytest.fixture
def view(state: WorkbenchState, ready: int) -> Gallery:
    state.poll(force=True)
    view = Gallery(state)
    state.go("gallery", project_id=ready)
    return view


def card(view: Gallery, platform: str) -> dict[str, Any]:
    return next(item for item in view.grid.items if item["platform"] == platform)


def act(view: Gallery, key: str, platform: str = "email") -> None:
    view.grid._handle_msg({"type": "act", "key": key, "id": card(view, platform)["id"]})


def choose_all(view: Gallery) -> list[int]:
    view._click_all()
    return list(view.selection)


def decide(view: Gallery, key: str) -> None:
    """Preview the decision on what is selected, and take it."""
    view.decisions.open(key)
    view.decisions._click_go()


def approve_all(view: Gallery) -> list[int]:
    ids = choose_all(view)
    decide(view, "approve")
    return ids


def tell(view: Gallery, type_: str, platform: str, body: str, **more: Any) -> None:
    """What the editor in the card's place says."""
    texts = {"id": card(view, platform)["id"], "turn": next(_turns), "title": "Hello", "body": body, "caption": ""}
    view.grid._handle_msg({"type": type_, **texts, **more})


_turns = count(1)


def test_without_a_project_one_is_asked_for(state: WorkbenchState) -> None:
    view = Gallery(state)
    state.go("gallery")
    view.refresh()
    assert not view.content.visible


def test_an_edit_counts_by_the_platforms_rules_while_typing_and_makes_a_version(view: Gallery) -> None:
    act(view, "edit", "linkedin")
    assert (view.grid.editing["body"], view.grid.editing["used"]) == ("A post for everybody", 20)
    tell(view, "typed", "linkedin", "x" * 3_001, still=False)
    assert (view.grid.editing["used"], view.grid.editing["limit"]) == (3_001, 3_000)
    assert "1 too many" in view.grid.editing["problems"][0]
    tell(view, "save", "linkedin", "x" * 3_001)
    assert view.state.message.tone == "error"
    assert card(view, "linkedin")["version"] == 1
    tell(view, "save", "linkedin", "A better post")
    assert (card(view, "linkedin")["version"], card(view, "linkedin")["post"]) == (2, "A better post")
    assert view.grid.editing == {}


def test_what_was_overtaken_on_its_way_is_not_counted(view: Gallery) -> None:
    act(view, "edit", "linkedin")
    tell(view, "typed", "linkedin", "the newest words", still=False)
    own = card(view, "linkedin")["id"]
    old = {"id": own, "turn": 0, "title": "", "body": "older", "caption": "", "still": True}
    view.grid._handle_msg({"type": "typed", **old})
    assert view.grid.editing["used"] == len("the newest words")


def test_what_was_typed_is_kept_as_a_draft_and_offered_again(
    view: Gallery, session_of: Callable[[str, Role], WorkbenchState]
) -> None:
    act(view, "edit", "linkedin")
    tell(view, "typed", "linkedin", "Half a", still=False)
    assert not view.grid.editing["draft"]
    tell(view, "typed", "linkedin", "Half a thought", still=True)
    assert view.grid.editing["draft"]
    assert card(view, "linkedin")["version"] == 1
    # Another window of the same person, as after a crash; and somebody else, whom it does not concern.
    for name, expected in (("Ada", "Half a thought"), ("Ben", "A post for everybody")):
        again = Gallery(session_of(name, Role.ADMIN))
        again.state.poll(force=True)
        again.state.go("gallery", project_id=view.state.project_id)
        act(again, "edit", "linkedin")
        assert again.grid.editing["body"] == expected
        assert ("unsaved draft" in again.grid.editing["note"]) is (name == "Ada")
    tell(view, "discard", "linkedin", "Half a thought")
    assert (view.grid.editing["body"], view.grid.editing["draft"]) == ("A post for everybody", False)
    tell(view, "typed", "linkedin", "Another thought", still=True)
    tell(view, "close", "linkedin", "Another thought, closed")
    assert view.grid.editing == {}
    act(view, "edit", "linkedin")
    assert view.grid.editing["body"] == "Another thought, closed"
    tell(view, "save", "linkedin", "Another thought, saved")
    act(view, "edit", "linkedin")
    assert not view.grid.editing["draft"]


def test_two_who_edit_the_same_text_lose_nothing(view: Gallery, wb: Workbench, ready: int) -> None:
    act(view, "edit")
    with wb.session(Actor("Ben", Role.ADMIN)) as db:
        ops.update_creative(db, ready, card(view, "email")["id"], {"body_text": "Ben's words"})
    tell(view, "save", "email", "Ada's words")
    assert view._dialog is not None
    shown = str(view._dialog.objects[1].object).replace("&#x27;", "'")
    assert "Ben" in shown
    assert "Ada" in shown
    view.refresh()
    assert card(view, "email")["post"] == "Ben's words"
    view.editing._click_keep_mine(2)
    assert card(view, "email")["post"] == "Ada's words"
    texts = {row["body_text"] for row in view.state.call(ops.get_creative_versions, ready, card(view, "email")["id"])}
    assert {"Ben's words", "Ada's words"} <= texts


def test_theirs_may_be_taken_instead(view: Gallery, wb: Workbench, ready: int) -> None:
    act(view, "edit")
    with wb.session(Actor("Ben", Role.ADMIN)) as db:
        ops.update_creative(db, ready, card(view, "email")["id"], {"body_text": "Ben's words"})
    tell(view, "save", "email", "Ada's words")
    view.editing._click_take_theirs()
    assert view.grid.editing["body"] == "Ben's words"


def test_a_proposal_is_compared_before_it_is_kept_and_an_old_version_before_it_is_restored(view: Gallery) -> None:
    before = card(view, "email")["post"]
    act(view, "regenerate")
    dialog = view.dialogs
    assert dialog.keep_button.disabled
    dialog.instruction.value = "Shorter"
    dialog._click_propose()
    assert "<ins>" in dialog.compared[1].object
    assert "cannot follow" in dialog.compared[0].object
    assert card(view, "email")["post"] == before
    dialog._click_keep()
    assert card(view, "email")["source"] == "template"
    assert card(view, "email")["post"] != before
    act(view, "versions")
    dialog.versions._handle_msg({"type": "act", "key": "compare", "id": 1})
    assert "<ins>" in dialog.compared[0].object
    dialog.restore_button.clicks += 1
    assert (card(view, "email")["post"], card(view, "email")["version"]) == (before, 3)


def test_what_is_deleted_comes_back(view: Gallery) -> None:
    act(view, "delete")
    assert [item["platform"] for item in view.grid.items] == ["linkedin"]
    view.state.message.undo()
    view.refresh()
    assert len(view.grid.items) == 2
    choose_all(view)
    decide(view, "delete")
    assert view.grid.items == []
    view.state.message.undo()
    view.refresh()
    assert len(view.grid.items) == 2


def test_the_deleted_are_listed_alone_and_come_back_together(view: Gallery) -> None:
    choose_all(view)
    decide(view, "delete")
    view.status.value = "deleted"
    assert {item["status"] for item in view.grid.items} == {"deleted"}
    offered = [
        button.label for button in view.bulk_bar if getattr(button, "label", "").endswith("…") and button.visible
    ]
    assert offered == ["Restore…"]
    view._click_all()
    assert len(view.selection) == 2
    decide(view, "restore")
    assert view.grid.items == []
    assert view.state.message.text == "2 restored."
    view.state.message.undo()
    view.refresh()
    assert len(view.grid.items) == 2
    view._click_all()
    view.status.value = ""
    assert (view.grid.items, view.selection, view.restore_button.visible) == ([], {}, False)


def test_a_decision_is_shown_for_each_before_it_is_taken(view: Gallery, wb: Workbench, ready: int) -> None:
    with wb.session() as db:
        bad = factories.creative(db, db.get_one(Project, ready), "twitter", title="Long", body_text="x" * 281)
        db.commit()
    choose_all(view)
    view.decisions.open("approve")
    assert view._dialog is not None
    assert "2 will be approved. 1 cannot: see why. You can take it back" in view._dialog.objects[0].object
    first = view.decisions.table.rows[0]
    assert (first["title"], first["what"]["text"]) == ("Long", "stays as it is")
    assert "280" in first["why"]
    assert {item["status"] for item in view.grid.items} == {"draft"}
    view.decisions._click_go()
    assert list(view.selection) == [bad.id]
    assert "2 approved, 1 not" in view.state.message.text
    view.state.message.undo()
    view.refresh()
    assert {item["status"] for item in view.grid.items} == {"draft"}


def test_what_changes_nothing_is_not_said_to_be_taken_back(view: Gallery) -> None:
    approve_all(view)
    choose_all(view)
    view.decisions.open("approve")
    assert view._dialog is not None
    assert "None will be approved. 2 stay as they are: nothing to do.<" in view._dialog.objects[0].object
    view.state.go("gallery", project_id=view.state.project_id, q="nothing like it")
    assert not view.all_button.visible


def test_several_are_approved_at_once_and_it_can_be_taken_back(view: Gallery) -> None:
    approve_all(view)
    assert {item["status"] for item in view.grid.items} == {"approved"}
    view.state.message.undo()
    view.refresh()
    assert {item["status"] for item in view.grid.items} == {"draft"}


def test_what_somebody_changed_meanwhile_is_not_approved_and_stays_selected(
    view: Gallery, wb: Workbench, ready: int
) -> None:
    choose_all(view)
    changed = card(view, "email")["id"]
    with wb.session(Actor("Ben", Role.ADMIN)) as db:
        ops.update_creative(db, ready, changed, {"body_text": "Not what Ada read"})
    decide(view, "approve")
    assert view.grid.selected == [changed]
    assert card(view, "email")["status"] == "draft"
    assert card(view, "linkedin")["status"] == "approved"


def test_before_anything_is_queued_it_is_shown_who_gets_what(view: Gallery, ready: int) -> None:
    approve_all(view)
    choose_all(view)
    view._click_schedule()
    dialog = view.scheduling
    dialog.start.value = f"{now() + timedelta(days=1):%Y-%m-%d} 09:00"
    dialog._click_preview()
    summary = dialog.steps[0].object
    assert "1 e-mail to 1 people" in summary
    assert "1 skipped" in summary
    assert view.state.call(ops.get_queue, ready) == []
    dialog._click_schedule()
    assert {item["status"] for item in view.grid.items} == {"scheduled"}
    view.state.message.undo()
    view.refresh()
    assert {item["status"] for item in view.grid.items} == {"approved"}


@pytest.mark.parametrize(("start", "says"), [
    ("yesterday", ""), ("2001-01-01 09:00", "past"), ("2027-03-28 02:30", "does not exist"),
])  # fmt: skip
def test_a_time_that_cannot_be_is_refused_before_the_preview(view: Gallery, start: str, says: str) -> None:
    approve_all(view)
    choose_all(view)
    view._click_schedule()
    view.scheduling.zone.value = "Europe/Berlin"
    view.scheduling.start.value = start
    view.scheduling._click_preview()
    told = view.state.message.text + str(getattr(view.scheduling, "preview", None) and view.scheduling.preview.rows)
    assert says in told
    assert view.state.call(ops.get_queue, view.state.project_id) == []


def test_in_live_mode_the_number_of_people_is_typed(view: Gallery) -> None:
    dialog = view.scheduling
    approve_all(view)
    choose_all(view)
    view._click_schedule()
    dialog.start.value = f"{now() + timedelta(days=1):%Y-%m-%d} 09:00"
    dialog._click_preview()
    assert not dialog.confirm.visible, "simulation asks for nothing"
    dialog.confirm.visible, dialog.people = True, 4_812
    dialog.confirm.value = "481"
    dialog._click_schedule()
    assert view.state.message.tone == "error"
    assert {item["status"] for item in view.grid.items} == {"approved"}
    dialog.confirm.value = "4,812"
    dialog._click_schedule()
    assert {item["status"] for item in view.grid.items} == {"scheduled"}


def test_a_message_is_previewed_as_a_given_lead_reads_it(view: Gallery) -> None:
    act(view, "preview")
    assert "Hi there" in view.dialogs.rendered[1].object
    ann = next(value for label, value in view.dialogs.lead.options.items() if label.startswith("Ann"))
    view.dialogs.lead.value = ann
    assert "Hi Ann" in view.dialogs.rendered[1].object


def test_a_test_goes_to_the_outbox_in_simulation_and_touches_no_lead(view: Gallery, wb: Workbench) -> None:
    act(view, "test")
    view.dialogs.recipient.value = "me@example.com"
    view.dialogs._click_test()
    assert view.state.message.tone == "ok", view.state.message.text
    (mail,) = (wb.settings.data_dir / "outbox").rglob("*.eml")
    assert "me@example.com" in mail.read_text()
    assert all(not row["last_contacted_at"] for row in view.state.call(ops.list_leads))


def test_filters_narrow_the_grid_and_stand_in_the_address(view: Gallery) -> None:
    view.platform.value = "email"
    assert view.state.filters == {"platform": "email"}
    assert [item["platform"] for item in view.grid.items] == ["email"]
    act(view, "delete")
    view.platform.value = ""
    view.status.value = "deleted"
    assert card(view, "email")["actions"] == ["restore"]
    view.grid._handle_msg({"type": "unfilter"})
    assert view.state.filters == {}


def test_the_order_and_the_page_stand_in_the_address_and_another_filter_begins_at_page_one(
    view: Gallery, wb: Workbench, ready: int
) -> None:
    with wb.session() as db:
        for number in range(30):
            factories.creative(db, db.get_one(Project, ready), "linkedin", title=f"T{number:02}")
        db.commit()
    view.sort.value = "title"
    view.grid._handle_msg({"type": "turn", "page": 2})
    assert view.state.filters == {"sort": "title", "at": "2"}
    assert [item["title"] for item in view.grid.items][-1] == "T29"
    view.platform.value = "linkedin"
    assert view.state.filters == {"sort": "title", "platform": "linkedin"}
    for nonsense in ("0", "-1", "x", "999999999999", "²"):
        view.state.go(at=nonsense, sort="nonsense")
        assert view.grid.items


def test_a_page_or_all_that_match_are_selected_across_pages(view: Gallery, wb: Workbench, ready: int) -> None:
    with wb.session() as db:
        for number in range(30):
            factories.creative(db, db.get_one(Project, ready), "linkedin", title=f"T{number:02}")
        db.commit()
    view.refresh()
    assert view.page_button.label == "Select page (24)"
    view._click_page()
    assert len(view.selection) == 24
    view.grid._handle_msg({"type": "turn", "page": 2})
    assert view.grid.selected == []
    view.grid._handle_msg({"type": "choose", "ids": [view.grid.items[0]["id"], 999_999], "on": True})
    assert len(view.selection) == 25
    view.grid._handle_msg({"type": "choose", "ids": [view.grid.items[0]["id"]], "on": False})
    assert len(view.selection) == 24
    view._click_all()
    assert len(view.selection) == 32
    view.choose_only([])
    assert view.selection == {}


def test_what_was_selected_or_edited_in_one_project_is_not_taken_to_another(
    view: Gallery, wb: Workbench, project_id: int
) -> None:
    choose_all(view)
    act(view, "edit")
    view.state.poll(force=True)
    view.state.go(project_id=project_id)
    assert (view.selection, view.grid.editing) == ({}, {})


def test_a_text_that_repeats_another_is_warned_of_in_the_preview_and_in_the_editor(
    view: Gallery, wb: Workbench, ready: int
) -> None:
    with wb.session() as db:
        project = db.get_one(Project, ready)
        there = factories.creative(db, project, "linkedin", title="There", body_text="A post for everybody!")
        factories.queued(db, there, now() + timedelta(days=2), account="simulation")
        db.commit()
    view.refresh()
    post = next(item["id"] for item in view.grid.items if item["title"] == "Post")
    view.grid._handle_msg({"type": "act", "key": "edit", "id": post})
    assert "The same text as “There”" in view.grid.editing["repeat"]
    view.grid._handle_msg({"type": "choose", "ids": [post], "on": True})
    decide(view, "approve")
    view.grid._handle_msg({"type": "choose", "ids": [post], "on": True})
    view._click_schedule()
    view.scheduling.start.value = f"{now() + timedelta(days=1):%Y-%m-%d} 09:00"
    view.scheduling._click_preview()
    assert "1 say what goes out near them" in view.scheduling.steps[0].object
    assert "The same text as “There”" in view.scheduling.preview.rows[0]["why"]
    days = {day["date"]: day["items"] for day in view.scheduling.calendar.grid.days}
    looks = [item.get("look") for items in days.values() for item in items]
    assert sorted(looks, key=str) == [None, "proposed"], "the slot, and beside it what stands there already"


def test_the_calendar_of_a_schedule_turns_and_opens_a_day(view: Gallery) -> None:
    approve_all(view)
    choose_all(view)
    view._click_schedule()
    view.scheduling.start.value = "2027-01-06 09:00"
    view.scheduling._click_preview()
    calendar = view.scheduling.calendar
    assert (calendar.grid.heading, len(calendar.grid.days)) == ("4 – 24 Jan 2027", 21)
    calendar.grid._handle_msg({"type": "turn", "step": 1})
    assert calendar.grid.heading == "25 Jan – 14 Feb 2027"
    calendar.grid._handle_msg({"type": "show", "day": "2027-01-06"})
    assert [item["time"] for item in calendar.grid.days[0]["items"]] == ["09:00", "10:00"]
    calendar.grid._handle_msg({"type": "choose", "view": "week"})
    assert len(calendar.grid.days) == 7


def test_a_new_creative_is_made_by_hand(view: Gallery) -> None:
    view._click_new()
    view.new_platform.value = "twitter"
    view.new_text.value = "Short and good."
    view._click_make()
    assert card(view, "twitter")["source"] == "written by hand"


@pytest.mark.parametrize(("status", "deleted", "may_write", "expected"), [
    ("DRAFT", False, True, {"edit", "regenerate", "versions", "preview", "test", "delete"}),
    ("DRAFT", False, False, {"versions", "preview"}),
    ("PUBLISHED", False, True, {"versions", "preview", "test", "delete"}),
    ("UNKNOWN", False, True, {"versions", "preview", "test"}),
    ("DRAFT", True, True, {"restore"}),
    ("DRAFT", True, False, set()),
])  # fmt: skip
def test_only_what_the_state_and_the_role_allow_is_offered(
    status: str, deleted: bool, may_write: bool, expected: set[str]
) -> None:
    creative: Any = {"id": 1, "status": status, "deleted": deleted}
    assert set(actions_of(creative, may_write=may_write)) == expected


def test_people_who_are_skipped_are_counted_with_the_reason() -> None:
    skipped: Any = [{"reason": "do not contact", "count": 30}, {"reason": "unsubscribed", "count": 7}]
    assert skipped_words(skipped) == "37 skipped: do not contact (30), unsubscribed (7)"
    assert skipped_words([]) == ""

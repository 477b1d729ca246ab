from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests import factories
from workbench import operator_services as ops
from workbench.bootstrap import Workbench
from workbench.clock import now
from workbench.enums import Role, StrategyStatus
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
    return list(view.grid.selected)


def approve_all(view: Gallery) -> list[int]:
    ids = choose_all(view)
    view._click_approve()
    return ids


def test_without_a_project_one_is_asked_for(state: WorkbenchState) -> None:
    view = Gallery(state)
    state.go("gallery")
    view.refresh()
    assert not view.content.visible


def test_an_edit_counts_by_the_platforms_rules_while_typing_and_makes_a_version(view: Gallery) -> None:
    act(view, "edit", "linkedin")
    view.dialogs.text.value = "x" * 3_001
    assert "3,001 of 3,000" in view.dialogs.counter.object
    view.dialogs._click_save()
    assert view.state.message.tone == "error"
    assert card(view, "linkedin")["version"] == 1
    view.dialogs.text.value = "A better post"
    view.dialogs._click_save()
    assert (card(view, "linkedin")["version"], card(view, "linkedin")["body"]) == (2, "A better post")


def test_two_who_edit_the_same_text_lose_nothing(view: Gallery, wb: Workbench, ready: int) -> None:
    act(view, "edit")
    with wb.session(Actor("Ben", Role.ADMIN)) as db:
        ops.update_creative(db, ready, card(view, "email")["id"], {"body_text": "Ben's words"})
    view.dialogs.text.value = "Ada's words"
    view.dialogs._click_save()
    conflict = view.dialogs.conflict
    assert "Ben's words" in conflict[1].object.replace("&#x27;", "'")
    view.refresh()
    assert card(view, "email")["body"] == "Ben's words"
    keep_mine = conflict[2][0]
    keep_mine.clicks += 1
    assert card(view, "email")["body"] == "Ada's words"
    texts = {row["body_text"] for row in view.state.call(ops.get_creative_versions, ready, card(view, "email")["id"])}
    assert {"Ben's words", "Ada's words"} <= texts


def test_a_version_is_regenerated_and_the_old_one_restored(view: Gallery) -> None:
    before = card(view, "email")["body"]
    act(view, "regenerate")
    view.dialogs._click_regenerate()
    assert card(view, "email")["source"] == "template"
    assert card(view, "email")["body"] != before
    act(view, "versions")
    view.dialogs.versions._handle_msg({"type": "act", "key": "restore", "id": 1})
    assert (card(view, "email")["body"], card(view, "email")["version"]) == (before, 3)


def test_what_is_deleted_comes_back(view: Gallery) -> None:
    act(view, "delete")
    assert [item["platform"] for item in view.grid.items] == ["linkedin"]
    view.state.message.undo()
    view.refresh()
    assert len(view.grid.items) == 2
    choose_all(view)
    view._click_delete_now()
    assert view.grid.items == []
    view.state.message.undo()
    view.refresh()
    assert len(view.grid.items) == 2


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
    view._click_approve()
    assert view.grid.selected == [changed]
    assert card(view, "email")["status"] == "draft"
    assert card(view, "linkedin")["status"] == "approved"


def test_before_anything_is_queued_it_is_shown_who_gets_what(view: Gallery, ready: int) -> None:
    view.grid.selected = approve_all(view)
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
    view.grid.selected = approve_all(view)
    view._click_schedule()
    view.scheduling.zone.value = "Europe/Berlin"
    view.scheduling.start.value = start
    view.scheduling._click_preview()
    told = view.state.message.text + str(getattr(view.scheduling, "preview", None) and view.scheduling.preview.rows)
    assert says in told
    assert view.state.call(ops.get_queue, view.state.project_id) == []


def test_in_live_mode_the_number_of_people_is_typed(view: Gallery) -> None:
    dialog = view.scheduling
    view.grid.selected = approve_all(view)
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
    assert skipped_words(skipped) == "37 skipped: 30 do not contact, 7 unsubscribed"
    assert skipped_words([]) == ""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests import factories
from workbench import operator_services as ops
from workbench.bootstrap import Workbench
from workbench.clock import now
from workbench.enums import AttemptStatus, CreativeStatus, ProjectState, Role
from workbench.operator_services.types import AttentionMetrics, PipelineProject
from workbench.panels import Command, WorkbenchState
from workbench.panels.command import LISTS, attention_cards, board_card, waiting_links
from workbench.panels.new_project import typed
from workbench.panels.state import PAGES
from workbench.panels.tower_filters import narrowing

NOTHING: AttentionMetrics = {
    "leads": 0, "high_intent": 0, "approvals_pending": 0, "execution_success": None, "failed_last_24h": 0,
    "unknown_outcomes": 0, "overdue": 0, "missed": 0, "gateways_down": 0, "stale_creatives": 0,
    "other_mode_attempts": 0, "mode": "simulation", "as_of": datetime(2026, 11, 19, tzinfo=UTC),
}  # fmt: skip
PROJECT: PipelineProject = {
    "id": 1, "name": "Launch", "client": "Acme", "state": "STRATEGY", "clarity": 60, "strategy_status": "DRAFT",
    "paused": False, "lead_count": 1200, "outreach_count": 34, "creatives": 0, "creatives_draft": 0,
    "creatives_approved": 0, "creatives_scheduled": 0, "creatives_published": 0, "creatives_failed": 0,
    "creatives_unknown": 0, "next_scheduled": None, "platforms": [],
}  # fmt: skip


def card(cards: list[dict[str, str]], key: str) -> dict[str, str]:
    return next(card for card in cards if card["key"] == key)


def chips(**changes: Any) -> dict[str, str]:
    shown = board_card({**PROJECT, "strategy_status": None, **changes})  # type: ignore[typeddict-item]
    return {chip["text"]: chip["tone"] for chip in shown["chips"]}


@pytest.fixture
def page(state: WorkbenchState) -> Command:
    made = Command(state)
    state.poll(force=True)
    return made


def test_nothing_to_do_looks_calm() -> None:
    assert {one["tone"] for one in attention_cards(NOTHING)} == {"calm"}


def test_a_success_rate_nobody_measured_is_not_a_number() -> None:
    assert card(attention_cards(NOTHING), "success")["value"] == "–"


@pytest.mark.parametrize(
    ("rate", "shown", "tone"), [(1.0, "100.0%", "ok"), (0.0, "0.0%", "warn"), (0.949, "94.9%", "warn")]
)
def test_a_success_rate_that_was_measured_is_shown(rate: float, shown: str, tone: str) -> None:
    success = card(attention_cards({**NOTHING, "execution_success": rate}), "success")
    assert (success["value"], success["tone"]) == (shown, tone)


def test_attempts_of_the_other_mode_are_said_to_be_apart() -> None:
    cards = attention_cards({**NOTHING, "execution_success": 1.0, "other_mode_attempts": 1234})
    assert "1,234 in the other mode" in card(cards, "success")["detail"]


def test_every_number_opens_a_list() -> None:
    keys = {one["key"] for one in attention_cards(NOTHING)}
    assert keys == set(LISTS) | {"approvals", "stale"}
    assert {page for page, _ in LISTS.values()} <= set(PAGES)


@pytest.mark.parametrize(
    ("changes", "chip", "tone"),
    [
        ({"strategy_status": "DRAFT"}, "Needs approval", "error"),
        ({"strategy_status": "REJECTED"}, "Strategy rejected", "warn"),
        ({"paused": True}, "Paused", "warn"),
        ({"creatives_failed": 2}, "2 failed", "error"),
        ({"creatives_unknown": 1}, "1 unknown", "error"),
        ({"creatives_scheduled": 3}, "3 scheduled", "info"),
        ({"state": "CREATIVE", "creatives_draft": 4}, "4 to approve", "warn"),
        ({"platforms": ["twitter"]}, "X", ""),
    ],
)
def test_a_card_says_what_it_waits_for(changes: dict[str, Any], chip: str, tone: str) -> None:
    assert chips(**changes) == {chip: tone}


@pytest.mark.parametrize("changes", [{"creatives_draft": 4}, {"state": "DONE", "strategy_status": "DRAFT"}])
def test_a_card_does_not_ask_for_what_is_not_due(changes: dict[str, Any]) -> None:
    assert chips(**changes) == {}


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        ({"state": "INTAKE"}, "Brief 60% complete"),
        ({"state": "INTAKE", "clarity": 100}, "Brief is complete"),
        ({}, "1,200 leads · 34 sent"),
    ],
)
def test_a_card_says_how_far_it_is(changes: dict[str, Any], note: str) -> None:
    assert board_card({**PROJECT, **changes})["note"] == note  # type: ignore[typeddict-item]


def test_what_waits_for_approval_is_linked_project_by_project() -> None:
    links = waiting_links([PROJECT, {**PROJECT, "id": 2, "client": "", "strategy_status": None, "creatives_draft": 2}])
    assert [(link["text"], link["detail"], link["page"], link["project"]) for link in links] == [
        ("Acme / Launch", "Strategy", "war-room", 1),
        ("Launch", "2 creatives", "gallery", 2),
    ]


def test_without_projects_the_page_says_how_to_begin(page: Command) -> None:
    assert page.first_run.visible
    assert not page.main.visible


def test_a_project_made_elsewhere_appears_on_the_board(page: Command, project_id: int) -> None:
    page.state.poll()
    assert not page.first_run.visible
    assert [one["id"] for one in page.board.cards] == [project_id]


def test_an_allowed_move_is_stored(page: Command, wb: Workbench) -> None:
    with wb.session() as db:
        made = factories.project(db)
        db.commit()
    page.board._handle_msg({"type": "move", "id": made.id, "state": "STRATEGY"})
    assert page.state.call(ops.get_project_context, made.id)["state"] == "STRATEGY"
    assert page.board.cards[0]["state"] == "STRATEGY"


def test_a_forbidden_move_goes_back_and_says_why(
    page: Command, project_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused: list[int] = []
    monkeypatch.setattr(page.board, "refuse", refused.append)
    page.board._handle_msg({"type": "move", "id": project_id, "state": "DONE"})
    assert refused == [project_id]
    assert "STRATEGY" in page.state.message.text
    assert page.board.cards[0]["state"] == "STRATEGY"


def test_a_viewer_cannot_move_or_add(session_of: Callable[[str, Role], WorkbenchState], project_id: int) -> None:
    page = Command(session_of("Vera", Role.VIEWER))
    page.state.poll(force=True)
    assert (page.board.movable, page.board.may_add) == (False, False)
    page.board._handle_msg({"type": "move", "id": project_id, "state": "CREATIVE"})
    page.board._handle_msg({"type": "add"})
    assert "operator" in page.state.message.text
    assert len(page.overlay) == 0


def test_the_feed_loads_on_without_gap_or_repetition(page: Command, wb: Workbench) -> None:
    with wb.session() as db:
        for number in range(60):
            ops.create_project(db, f"Project {number}")
    page.state.poll()
    assert page.feed.more
    first = [event["id"] for event in page.feed.events]
    assert len(first) == 25
    page.feed._handle_msg({"type": "more"})
    page.feed._handle_msg({"type": "more"})
    ids = [event["id"] for event in page.feed.events]
    assert ids[:25] == first
    assert len(set(ids)) == len(ids) == 60
    assert not page.feed.more


def test_a_change_keeps_what_was_loaded_of_the_feed(page: Command, wb: Workbench) -> None:
    with wb.session() as db:
        for number in range(40):
            ops.create_project(db, f"Project {number}")
    page.state.poll()
    page.feed._handle_msg({"type": "more"})
    with wb.session() as db:
        ops.create_project(db, "One more")
    page.state.poll()
    assert len(page.feed.events) == 40
    assert "One more" in page.feed.events[0]["detail"] + page.feed.events[0]["event"]


def test_the_chosen_project_narrows_the_feed(page: Command, wb: Workbench) -> None:
    with wb.session() as db:
        ops.create_project(db, "One")
        two = ops.create_project(db, "Two")
    page.state.poll()
    page.state.go(project_id=two)
    assert {event["project_id"] for event in page.feed.events} == {two}
    assert page.feed.heading == "Activity of Two"


def test_opening_a_card_opens_its_war_room(page: Command, project_id: int) -> None:
    page.board._handle_msg({"type": "open", "id": project_id})
    assert (page.state.page, page.state.project_id) == ("war-room", project_id)


def test_a_number_opens_the_list_behind_it(page: Command) -> None:
    page.metrics._handle_msg({"type": "open", "key": "failed"})
    assert (page.state.page, page.state.filters) == ("control-tower", {"show": "failed", "range": "24h"})


def behind(state: WorkbenchState, key: str) -> int:
    """How long the list behind a number is, as the page it opens asks for it."""
    page, filters = LISTS.get(key, ("", {}))
    if page == "leads":
        return state.call(ops.count_leads, high_intent=filters.get("intent") == "high")
    if key == "gateways":
        return sum(1 for gateway in state.call(ops.get_gateway_status) if gateway["health"] == "down")
    asked = narrowing(filters, ("status", "range"), now(), ZoneInfo("UTC"))
    if key in ("failed", "unknown"):
        return state.call(ops.count_open_attempts, key.upper(), **asked)
    if key in ("overdue", "missed"):
        return state.call(ops.count_queue, overdue=filters.get("due") == "overdue", **asked)
    projects = state.call(ops.get_projects_pipeline)
    if key == "stale":
        return sum(state.call(ops.count_creatives, project["id"], stale=True) for project in projects)
    drafts = sum(state.call(ops.count_creatives, project["id"], status="DRAFT") for project in projects)
    return drafts + sum(link["page"] == "war-room" for link in waiting_links(projects))


def test_the_list_behind_each_number_is_as_long_as_it_says(page: Command, wb: Workbench, project_id: int) -> None:
    with wb.session() as db:
        project = db.get_one(factories.Project, project_id)
        approved = factories.strategy(db, project, status=factories.StrategyStatus.APPROVED)
        factories.strategy(db, project)
        for status in CreativeStatus:
            factories.creative(db, project, status=status, strategy_id=approved.id - 1)
        campaign = factories.campaign(db, project)
        factories.lead(db, campaign, status="REPLIED")
        lead = factories.lead(db, campaign)
        for status, age in ((s, a) for s in AttemptStatus for a in (1, 30)):
            row = factories.queued(db, factories.creative(db, project, status=CreativeStatus.PUBLISHED), status="DONE")
            factories.attempt(
                db, campaign, queue_id=row.id, content_item_id=row.content_item_id, lead_id=lead.id,
                address_norm=lead.email_norm, status=status, attempted_at=now() - timedelta(hours=age),
            )  # fmt: skip
        for status, late in (("QUEUED", 60), ("QUEUED", 2), ("QUEUED", -60), ("MISSED", 9000)):
            made = factories.creative(db, project, status=CreativeStatus.PUBLISHED)
            factories.queued(db, made, status=status, scheduled_time=now() - timedelta(minutes=late))
        db.commit()
    page.refresh()
    numbers = {card["key"]: card["value"] for card in page.metrics.cards}
    assert {key: numbers.pop(key) for key in ("gateways", "success")} == {"gateways": "0", "success": "33.3%"}
    assert "0" not in numbers.values(), numbers
    assert {key: str(behind(page.state, key)) for key in numbers} == numbers


def test_what_waits_for_approval_opens_where_it_is_decided(page: Command, project_id: int) -> None:
    page.state.poll()
    page.metrics._handle_msg({"type": "open", "key": "approvals"})
    (dialog,) = page.overlay
    (links,) = dialog
    assert links.links == [
        {"text": "Northwind Coffee / Autumn launch", "detail": "Strategy", "page": "war-room", "project": project_id}
    ]
    links._handle_msg({"type": "follow", "page": "war-room", "project": project_id})
    assert (page.state.page, page.state.project_id) == ("war-room", project_id)
    assert not dialog.open


def test_stale_creatives_are_listed_by_project(page: Command, wb: Workbench, project_id: int) -> None:
    with wb.session() as db:
        project = db.get_one(factories.Project, project_id)
        approved = factories.strategy(db, project, status=factories.StrategyStatus.APPROVED)
        factories.creative(db, project, strategy_id=approved.id - 1)
        db.commit()
    page.metrics._handle_msg({"type": "open", "key": "stale"})
    (dialog,) = page.overlay
    assert [link["project"] for link in dialog[0].links] == [project_id]


def test_a_project_is_made_from_the_dialog(page: Command) -> None:
    page.board._handle_msg({"type": "add"})
    form = page.new_project
    form.name.value = "Autumn launch"
    form.client.value = "Northwind Coffee"
    form.brief["goal"].value = "More wholesale enquiries"
    form._click_create()
    made = page.state.project_id
    context = page.state.call(ops.get_project_context, made)
    assert (context["project_name"], context["client"], context["goal"], context["state"]) == (
        "Autumn launch", "Northwind Coffee", "More wholesale enquiries", ProjectState.INTAKE,
    )  # fmt: skip
    assert page.state.page == "war-room"


def test_a_project_without_a_name_keeps_the_dialog_and_what_was_typed(page: Command) -> None:
    page.board._handle_msg({"type": "add"})
    page.new_project.client.value = "Northwind Coffee"
    page.new_project._click_create()
    assert page.state.message.text == "A project needs a name."
    assert page.overlay[0].open
    assert page.new_project.client.value == "Northwind Coffee"


def test_the_dialog_for_a_new_project_is_kept_and_comes_back_empty(page: Command) -> None:
    page.board._handle_msg({"type": "add"})
    (first,) = page.overlay
    page.new_project.client.value_input = "Northwind Coffee"
    page.new_project.brief["goal"].value = "More wholesale enquiries"
    page.close_dialog()
    opened = page.state.dialogs
    page.board._handle_msg({"type": "add"})
    assert list(page.overlay) == [first]
    assert first.open
    assert page.state.dialogs == opened + 1
    assert {typed(widget) for widget in (page.new_project.client, *page.new_project.brief.values())} == {""}


def test_the_dialog_for_a_new_project_is_made_anew_once_another_took_its_place(page: Command) -> None:
    page.board._handle_msg({"type": "add"})
    (first,) = page.overlay
    page.metrics._handle_msg({"type": "open", "key": "stale"})
    page.board._handle_msg({"type": "add"})
    (second,) = page.overlay
    assert second is not first
    assert (second.title, second.open) == ("New project", True)

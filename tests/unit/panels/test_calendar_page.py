"""The calendar of the Control Tower without a browser: what it shows, and what a drop comes to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests import factories
from workbench import operator_services as ops
from workbench.bootstrap import Workbench
from workbench.clock import now
from workbench.enums import QueueStatus, Role, StrategyStatus
from workbench.errors import NotFoundError
from workbench.panels import ControlTower, WorkbenchState

#: A Wednesday, far enough ahead that it stays in the future.
DAY = "2099-06-03"


@pytest.fixture
def planned(wb: Workbench) -> dict[str, int]:
    """A project in Berlin with a post planned for nine o'clock there, and one that was missed."""
    with wb.session() as db:
        project = factories.project(db, client="Northwind", name="Launch", timezone="Europe/Berlin")
        factories.strategy(db, project, status=StrategyStatus.APPROVED)
        berlin = {"timezone": "Europe/Berlin", "local_time": f"{DAY}T09:00:00"}
        nine = datetime.fromisoformat(f"{DAY}T07:00+00:00")
        post = factories.queued(db, factories.creative(db, project, "linkedin", title="Next"), nine, **berlin)
        late = factories.creative(db, project, "twitter", title="Late")
        missed = factories.queued(db, late, now() - timedelta(days=1), status=QueueStatus.MISSED)
        db.commit()
        return {"project": project.id, "post": post.id, "missed": missed.id}


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the calendar told the browser."""
    return []


@pytest.fixture
def tower(
    state: WorkbenchState, planned: dict[str, int], told: list[Any], monkeypatch: pytest.MonkeyPatch
) -> ControlTower:
    state.poll(force=True)
    made = ControlTower(state)
    monkeypatch.setattr(made.calendar.grid, "_send_msg", told.append)
    state.go("control-tower", project_id=planned["project"], date=DAY)
    return made


def days_of(tower: ControlTower) -> dict[str, list[str]]:
    return {day["date"]: [item["title"] for item in day["items"]] for day in tower.calendar.grid.days if day["items"]}


def drop(tower: ControlTower, id: int, day: str, hour: int = -1) -> None:
    tower.calendar.grid._handle_msg({"type": "move", "id": id, "day": day, "hour": hour})


def queued(tower: ControlTower, id: int) -> Any:
    return tower.state.call(ops.get_queue_item, id)


def test_a_month_of_the_projects_zone_is_what_the_page_opens_with(tower: ControlTower) -> None:
    grid = tower.calendar.grid
    assert (grid.view, grid.heading, grid.zone, len(grid.days)) == ("month", "June 2099", "Europe/Berlin", 35)
    assert days_of(tower) == {DAY: ["Next"]}
    assert not tower.lists.view.visible


@pytest.mark.parametrize(
    ("filters", "view"),
    [
        ({}, "month"),
        ({"view": "week"}, "week"),
        ({"view": "day"}, "day"),
        ({"view": "list"}, "list"),
        ({"view": "<script>"}, "month"),
        # The numbers of the Command page open lists.
        ({"status": "MISSED"}, "list"),
        ({"due": "overdue"}, "list"),
    ],
)
def test_the_address_says_which_view_is_open(tower: ControlTower, filters: dict[str, str], view: str) -> None:
    tower.state.go(show="queue", **filters)
    assert tower.calendar.grid.view == view
    assert tower.lists.view.visible == (view == "list")
    assert tower.plan.visible
    tower.state.go(show="failed", **filters)
    assert not tower.plan.visible
    assert tower.lists.view.visible


def test_turning_and_choosing_stand_in_the_address_and_keep_the_platform(tower: ControlTower) -> None:
    send = tower.calendar.grid._handle_msg
    tower._click_filter("platform", "linkedin")
    send({"type": "turn", "step": 1})
    assert tower.state.filters == {"platform": "linkedin", "date": "2099-07-01"}
    assert days_of(tower) == {}
    send({"type": "turn", "step": -1})
    send({"type": "choose", "view": "week"})
    assert tower.state.filters == {"platform": "linkedin", "date": "2099-06-01", "view": "week"}
    assert tower.calendar.grid.heading == "1 – 7 Jun 2099"
    send({"type": "show", "day": DAY})
    assert (tower.calendar.grid.view, days_of(tower)) == ("day", {DAY: ["Next"]})
    tower._click_filter("platform", "twitter")
    assert days_of(tower) == {}
    send({"type": "turn", "step": 0})
    assert "date" not in tower.state.filters
    (today,) = tower.calendar.grid.days
    assert today["today"]


def test_a_drop_changes_nothing_before_it_is_confirmed(
    tower: ControlTower, planned: dict[str, int], told: list[Any]
) -> None:
    before = queued(tower, planned["post"])
    drop(tower, planned["post"], "2099-06-10")
    assert queued(tower, planned["post"]) == before
    assert tower._dialog is not None
    words = str(tower._dialog.objects[1].object)
    assert "Now: Wed 3 Jun 2099, 09:00 Europe/Berlin" in words
    assert "Then: Wed 10 Jun 2099, 09:00 Europe/Berlin" in words
    tower.close_dialog()
    assert queued(tower, planned["post"]) == before
    assert told == [{"type": "settled", "id": planned["post"], "moved": False}]


def test_a_confirmed_drop_keeps_the_time_of_day_and_is_moved_back_on_request(
    tower: ControlTower, planned: dict[str, int], told: list[Any]
) -> None:
    drop(tower, planned["post"], "2099-12-10")
    tower.calendar.reason.value = "After the fair"
    tower.calendar._click_confirm()
    moved = queued(tower, planned["post"])
    assert (moved["local_time"], moved["timezone"]) == ("2099-12-10T09:00:00", "Europe/Berlin")
    assert moved["scheduled_time"] == datetime(2099, 12, 10, 8, tzinfo=UTC)
    assert told == [{"type": "settled", "id": planned["post"], "moved": True}]
    assert tower.state.call(ops.get_audit_log, action="schedule.reschedule")[0]["reason"] == "After the fair"
    assert days_of(tower) == {}
    tower.state.message.undo()
    assert queued(tower, planned["post"])["local_time"] == f"{DAY}T09:00:00"


def test_a_drop_at_an_hour_of_the_week_keeps_the_minutes(tower: ControlTower, planned: dict[str, int]) -> None:
    tower.state.go(view="week", date=DAY)
    drop(tower, planned["post"], "2099-06-04", 16)
    tower.calendar._click_confirm()
    assert queued(tower, planned["post"])["local_time"] == "2099-06-04T16:00:00"
    (item,) = next(day["items"] for day in tower.calendar.grid.days if day["items"])
    assert (item["time"], item["hour"]) == ("16:00", 16)


@pytest.mark.parametrize(
    ("day", "hour", "words"),
    [
        ("2020-01-01", -1, "is past"),
        ("2099-03-29", 2, "does not exist in Europe/Berlin"),
        ("2099-10-25", 2, "happens twice in Europe/Berlin"),
    ],
)
def test_a_drop_that_cannot_be_is_put_back_with_the_reason(
    tower: ControlTower, planned: dict[str, int], told: list[Any], day: str, hour: int, words: str
) -> None:
    before = queued(tower, planned["post"])
    drop(tower, planned["post"], day, hour)
    assert words in tower.state.message.text
    assert tower.state.message.tone == "error"
    assert told == [{"type": "settled", "id": planned["post"], "moved": False}]
    assert (queued(tower, planned["post"]), tower._dialog) == (before, None)


def test_what_a_manipulated_page_sends_as_a_day_changes_nothing(tower: ControlTower, planned: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="isoformat"):
        drop(tower, planned["post"], "<script>")
    drop(tower, 99, DAY)
    assert "There is no queue row 99" in tower.state.message.text
    assert queued(tower, planned["post"])["local_time"] == f"{DAY}T09:00:00"


def test_a_drop_of_what_somebody_else_moved_meanwhile_is_refused(
    tower: ControlTower, planned: dict[str, int], told: list[Any]
) -> None:
    drop(tower, planned["post"], "2099-06-10")
    tower.state.call(ops.reschedule, planned["post"], "2099-06-20T12:00")
    tower.calendar._click_confirm()
    assert "Sat 20 Jun 2099, 12:00 Europe/Berlin" in tower.state.message.text
    assert queued(tower, planned["post"])["local_time"] == "2099-06-20T12:00:00"
    assert told == [{"type": "settled", "id": planned["post"], "moved": False}]


def test_what_was_moved_again_since_is_not_moved_back(tower: ControlTower, planned: dict[str, int]) -> None:
    drop(tower, planned["post"], "2099-06-10")
    tower.calendar._click_confirm()
    undo = tower.state.message.undo
    tower.state.call(ops.reschedule, planned["post"], "2099-06-20T12:00")
    with pytest.raises(Exception, match="Meanwhile it is queued, for Sat 20 Jun 2099"):
        undo()
    assert queued(tower, planned["post"])["local_time"] == "2099-06-20T12:00:00"


def test_what_was_missed_is_queued_again_by_a_drop_and_there_is_no_way_back(
    tower: ControlTower, planned: dict[str, int]
) -> None:
    tower.state.go(show="queue")
    drop(tower, planned["missed"], (now() + timedelta(days=3)).date().isoformat())
    assert tower._dialog is not None
    assert "It was missed; it is queued again." in str(tower._dialog.objects[1].object)
    tower.calendar._click_confirm()
    assert queued(tower, planned["missed"])["status"] == "QUEUED"
    assert tower.state.message.undo is None


def test_the_card_says_all_and_offers_what_is_possible(
    tower: ControlTower, planned: dict[str, int], told: list[Any]
) -> None:
    tower.calendar.grid._handle_msg({"type": "open", "id": planned["post"]})
    card: Any = tower._dialog
    for words in ("queued", "Wed 3 Jun 2099, 09:00 Europe/Berlin", "2099-06-03 07:00", "LinkedIn", "Launch", "not due"):
        assert words in card.objects[0].object
    buttons = {button.label: button for button in card.objects[1]}
    assert list(buttons) == ["Open in Gallery", "Reschedule…", "Cancel…"]
    buttons["Reschedule…"].clicks += 1
    assert (tower.dialogs.when.value, tower.dialogs.zone.value) == (f"{DAY} 09:00", "Europe/Berlin")
    tower.dialogs.when.value = f"{DAY} 11:15"
    tower.dialogs._click_move()
    assert queued(tower, planned["post"])["local_time"] == f"{DAY}T11:15:00"
    assert told[-1] == {"type": "focus", "id": planned["post"]}
    buttons["Open in Gallery"].clicks += 1
    assert (tower.state.page, tower.state.filters["q"]) == ("gallery", "Next")


def test_who_may_not_move_is_offered_nothing_and_refused_all_the_same(
    session_of: Callable[[str, Role], WorkbenchState], planned: dict[str, int]
) -> None:
    state = session_of("Olga", Role.OPERATOR)
    tower = ControlTower(state)
    state.go("control-tower", project_id=planned["project"], date=DAY)
    assert [item["movable"] for day in tower.calendar.grid.days for item in day["items"]] == [False]
    tower.calendar.grid._handle_msg({"type": "open", "id": planned["post"]})
    card: Any = tower._dialog
    assert [button.label for button in card.objects[1]] == ["Open in Gallery"]
    drop(tower, planned["post"], "2099-06-10")
    assert "needs the role approver" in state.message.text
    assert queued(tower, planned["post"])["local_time"] == f"{DAY}T09:00:00"


def test_a_row_that_is_gone_is_said_to_be_gone(tower: ControlTower) -> None:
    tower.calendar.grid._handle_msg({"type": "open", "id": 99})
    assert "There is no queue row 99" in tower.state.message.text
    with pytest.raises(NotFoundError):
        queued(tower, 99)

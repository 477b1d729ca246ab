from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from tests import factories
from workbench import operator_services as ops
from workbench.bootstrap import Workbench
from workbench.clock import now
from workbench.enums import AttemptStatus, CreativeStatus, Gateway, GatewayState, QueueStatus, Role, StrategyStatus
from workbench.models import Project
from workbench.operator_services._edge import build_runtime
from workbench.panels import ControlTower, WorkbenchState
from workbench.panels.tower_lines import queue_line
from workbench.services import gateway_checks


@pytest.fixture
def planned(wb: Workbench) -> dict[str, int]:
    """A project with one post planned, one failed and one of unknown outcome, each on its queue row."""
    with wb.session() as db:
        project = factories.project(db, client="Northwind", name="Launch")
        factories.strategy(db, project, status=StrategyStatus.APPROVED)
        future = factories.creative(db, project, "linkedin", title="Next")
        failed = factories.creative(db, project, "twitter", title="Refused")
        unknown = factories.creative(db, project, "linkedin", title="Lost")
        rows = {
            "planned": factories.queued(db, future, now() + timedelta(hours=3)),
            "failed": factories.queued(db, failed, now() - timedelta(hours=3), status=QueueStatus.FAILED),
            "unknown": factories.queued(db, unknown, now() - timedelta(hours=3), status=QueueStatus.UNKNOWN),
        }
        failed.status, unknown.status = CreativeStatus.FAILED, CreativeStatus.UNKNOWN
        for item, key, status in (
            (failed, "failed", AttemptStatus.FAILED),
            (unknown, "unknown", AttemptStatus.UNKNOWN),
        ):
            factories.attempt(
                db,
                queue_id=rows[key].id,
                content_item_id=item.id,
                channel=item.platform,
                status=status,
                last_error="429 from X",
            )
        db.commit()
        return {"project": project.id, **{key: row.id for key, row in rows.items()}}


@pytest.fixture
def tower(state: WorkbenchState, planned: dict[str, int]) -> ControlTower:
    state.poll(force=True)
    made = ControlTower(state)
    state.go("control-tower", project_id=planned["project"], view="list")
    return made


def row_of(tower: ControlTower, title: str) -> dict[str, Any]:
    return next(row for row in tower.lists.table.rows if row["title"] == title)


def test_what_no_list_has_shown_yet_is_not_made(state: WorkbenchState, planned: dict[str, int]) -> None:
    state.poll(force=True)
    tower = ControlTower(state)
    state.go("control-tower", project_id=planned["project"])
    assert len(tower.body.select()) <= 20, "each costs the first opening some milliseconds"
    assert (list(tower.filters.controls), tower.lists.view.objects, tower.charts.views) == (["platform"], [], {})
    state.go("control-tower", show="audit")
    assert [one.label for one in tower.filters.view if one.visible] == ["What was done", "When", "Who", "Search"]
    assert list(tower.lists.bar) == [tower.lists.export]
    state.go("control-tower", show="failed")
    assert [one.label for one in tower.filters.view if one.visible] == ["Platform", "When"]
    assert list(tower.lists.bar) == [tower.lists.note, tower.lists.many["retry"], tower.lists.export]


def test_the_schedule_says_of_every_row_why_it_is_not_going_out(tower: ControlTower) -> None:
    assert {row["title"] for row in tower.lists.table.rows} == {"Next", "Refused", "Lost"}
    assert row_of(tower, "Next")["why"]
    assert set(row_of(tower, "Next")["actions"]) == {"move", "cancel"}
    assert row_of(tower, "Refused")["actions"] == ["retry"]


def test_a_row_is_moved_and_the_wall_time_of_its_zone_is_kept(tower: ControlTower, planned: dict[str, int]) -> None:
    tower.lists.table._handle_msg({"type": "act", "key": "move", "id": planned["planned"]})
    tower.dialogs.when.value = f"{now() + timedelta(days=2):%Y-%m-%d} 09:30"
    assert tower.dialogs.zone.value == "UTC"
    tower.dialogs.zone.value = "Europe/Berlin"
    tower.dialogs._click_move()
    (row,) = [row for row in tower.state.call(ops.get_queue, planned["project"]) if row["title"] == "Next"]
    assert (row["local_time"][11:16], row["timezone"]) == ("09:30", "Europe/Berlin")


def test_a_row_is_cancelled_with_a_reason_and_that_is_taken_back(tower: ControlTower, planned: dict[str, int]) -> None:
    tower.lists.table._handle_msg({"type": "act", "key": "cancel", "id": planned["planned"]})
    tower.dialogs._click_cancel()
    assert tower.state.message.tone == "error", "a reason is needed"
    tower.dialogs.reason.value = "wrong week"
    tower.dialogs._click_cancel()
    assert row_of(tower, "Next")["status"]["text"] == "cancelled"
    tower.state.message.undo()
    tower.refresh()
    assert "queued" in {row["status"]["text"] for row in tower.lists.table.rows if row["title"] == "Next"}


def test_what_failed_is_tried_again_with_a_reason_after_a_preview_and_that_is_taken_back(tower: ControlTower) -> None:
    tower.state.go("control-tower", show="failed")
    (row,) = tower.lists.table.rows
    assert (row["title"], row["error"]) == ("Refused", "429 from X")
    tower.lists.table._handle_msg({"type": "act", "key": "retry", "id": row["id"]})
    settle = tower.lists.settle
    assert [(line["title"], line["what"]["text"]) for line in settle.table.rows] == [("Refused", "changes")]
    settle._click_confirm()
    assert tower.state.message.tone == "error", "a reason is needed"
    settle.reason.value = "X is back"
    settle._click_confirm()
    assert tower.lists.table.rows == []
    assert tower.state.message.text == "1 is tried again."
    tower.state.message.undo()
    tower.refresh()
    assert [line["error"] for line in tower.lists.table.rows] == ["429 from X"]


def test_many_of_unknown_outcome_are_ticked_and_settled_in_one_step(
    tower: ControlTower, planned: dict[str, int], wb: Workbench
) -> None:
    with wb.session() as db:
        for number in range(3):
            item = factories.creative(db, db.get_one(Project, planned["project"]), "linkedin", title=f"Lost {number}")
            row = factories.queued(db, item, now() - timedelta(hours=2), status=QueueStatus.UNKNOWN)
            item.status = CreativeStatus.UNKNOWN
            factories.attempt(
                db, queue_id=row.id, content_item_id=item.id, channel="linkedin", status=AttemptStatus.UNKNOWN
            )
        db.commit()
    tower.state.go("control-tower", show="unknown")
    lists = tower.lists
    assert len(lists.table.rows) == 4
    assert lists.table.selectable
    assert (lists.many["sent"].visible, lists.many["sent"].disabled, lists.many["retry"].visible) == (True, True, False)
    chosen = [row["id"] for row in lists.table.rows if row["title"] != "Lost"]
    lists.table._handle_msg({"type": "choose", "ids": chosen})
    lists.many["sent"].clicks += 1
    assert lists.settle.confirm.label == "They were sent (3)"
    lists.settle.reason.value = "all three stand on the page"
    lists.settle._click_confirm()
    assert [row["title"] for row in lists.table.rows] == ["Lost"]
    assert lists.table.selected == []
    assert tower.state.message.text == "3 count as sent."
    tower.state.message.undo()
    tower.refresh()
    assert len(lists.table.rows) == 4


def test_one_that_cannot_be_settled_is_named_before_and_left_as_it_is(tower: ControlTower) -> None:
    tower.state.go("control-tower", show="unknown")
    (row,) = tower.lists.table.rows
    tower.state.call(ops.reconcile_unknown, row["id"], "sent", "seen")
    tower.lists.settle.open("not_sent", [row["id"], 999])
    assert [line["what"]["text"] for line in tower.lists.settle.table.rows] == ["left as it is"] * 2
    assert tower.lists.settle.confirm.disabled
    assert not tower.lists.settle.reason.visible


def test_the_lists_are_turned_page_by_page_and_narrowed_by_the_address(
    tower: ControlTower, planned: dict[str, int], wb: Workbench
) -> None:
    with wb.session() as db:
        item = factories.creative(db, db.get_one(Project, planned["project"]), "email", title="Many")
        for hours in range(120):
            factories.queued(db, item, now() + timedelta(days=20, hours=hours), status=QueueStatus.CANCELLED)
        db.commit()
    state, table = tower.state, tower.lists.table
    tower.refresh()
    assert (table.total, table.page, len(table.rows)) == (123, 1, 100)
    table._handle_msg({"type": "turn", "page": 2})
    assert (state.filters["n"], table.page, len(table.rows)) == ("2", 2, 23)
    tower.filters.controls["status"].value = "FAILED"
    assert "n" not in state.filters
    assert [row["title"] for row in table.rows] == ["Refused"]
    state.go("control-tower", view="list", status="CANCELLED", range="next7")
    assert table.rows == []
    assert (table.empty, table.filtered) == ("Nothing fits these filters.", True)
    table._handle_msg({"type": "unfilter"})
    assert (table.total, table.filtered, state.filters) == (123, False, {"view": "list"})
    state.go("control-tower", view="list", status="nonsense", range="nonsense", platform="nonsense", n="nonsense")
    assert table.total == 123
    assert state.page == "control-tower"


@pytest.mark.parametrize(("outcome", "becomes"), [("sent", "PUBLISHED"), ("not_sent", "APPROVED")])
def test_an_unknown_outcome_is_decided_by_a_person_with_a_reason(
    tower: ControlTower, planned: dict[str, int], outcome: str, becomes: str
) -> None:
    tower.state.go("control-tower", project_id=planned["project"], show="unknown")
    (row,) = tower.lists.table.rows
    tower.lists.table._handle_msg({"type": "act", "key": outcome, "id": row["id"]})
    tower.dialogs.reason.value = "looked at the page"
    tower.dialogs._click_reconcile()
    assert tower.lists.table.rows == [], tower.state.message.text
    (lost,) = tower.state.call(ops.get_creatives_for_project, planned["project"], search="Lost")
    assert (lost["status"], lost["title"]) == (becomes, "Lost")


def test_gateways_are_said_to_be_unconfigured_and_one_is_paused_alone(tower: ControlTower) -> None:
    entries = {one["key"]: one for one in tower.gateways.gateways}
    assert {one["status"] for one in entries.values()} == {"unconfigured"}
    assert [key for key, one in entries.items() if one["pausable"]] == ["linkedin", "x", "email", "apollo"]
    tower.gateways._handle_msg({"type": "switch", "key": "x"})
    tower.pausing.reason.value = "rate limit"
    tower.pausing._click_pause()
    assert [one["key"] for one in tower.gateways.gateways if one["paused"]] == ["x"]
    assert not tower.state.paused
    assert "X: paused, confirmed" in tower.state.message.text
    (paused,) = (one for one in tower.gateways.gateways if one["paused"])
    assert "paused: rate limit" in paused["facts"]
    tower.gateways._handle_msg({"type": "switch", "key": "x"})
    assert "rate limit" in tower.pausing.overlay[0][0].object
    tower.pausing._click_resume()
    assert not any(one["paused"] for one in tower.gateways.gateways)
    tower.gateways._handle_msg({"type": "probe", "key": ""})
    assert not tower.gateways.probing


def test_timeline_and_audit_log_are_lists_of_the_same_page(tower: ControlTower) -> None:
    tower.state.go("control-tower", show="timeline")
    assert {row["title"] for row in tower.lists.table.rows} == {"Next", "Refused", "Lost"}
    tower.state.go("control-tower", show="audit")
    assert tower.lists.table.rows == []
    tower.state.call(ops.set_system_pause, True, "lunch")
    tower.state.call(ops.set_system_pause, False, "=back")
    tower.state.go("control-tower", project_id=None, show="audit")
    assert [row["reason"] for row in tower.lists.table.rows] == ["=back", "lunch"]
    tower.filters.controls["q"].value = "LUN"
    assert [row["reason"] for row in tower.lists.table.rows] == ["lunch"]
    tower.filters.controls["q"].value = ""
    tower.filters.controls["action"].value = "safety.resume"
    assert [row["reason"] for row in tower.lists.table.rows] == ["=back"]
    assert tower.lists.export.visible
    written = tower.lists.audit_csv()
    assert "'=back" in written
    assert "lunch" not in written
    tower.filters.controls["actor"].value = "Nobody"
    assert tower.lists.table.rows == []


def test_older_events_of_the_audit_log_are_a_page_away(tower: ControlTower) -> None:
    for flag in [True, False] * 51:
        tower.state.call(ops.set_system_pause, flag, "again")
    tower.state.go("control-tower", project_id=None, show="audit")
    newest = [row["id"] for row in tower.lists.table.rows]
    assert (len(newest), tower.lists.older.visible, tower.lists.newest.visible) == (100, True, False)
    tower.lists._click_older()
    older = [row["id"] for row in tower.lists.table.rows]
    assert max(older) < min(newest)
    assert (tower.lists.older.visible, tower.lists.newest.visible) == (False, True)
    tower.lists._click_newest()
    assert [row["id"] for row in tower.lists.table.rows] == newest


def test_a_viewer_is_offered_nothing_that_changes_anything(session_of: Any, planned: dict[str, int]) -> None:
    state = session_of("Vic", Role.VIEWER)
    tower = ControlTower(state)
    state.go("control-tower", project_id=planned["project"], view="list")
    assert tower.lists.table.actions == []
    assert not tower.gateways.may_act


def test_a_row_tells_how_many_got_it() -> None:
    item: Any = {
        "id": 1, "scheduled_time": datetime(2026, 11, 19, tzinfo=UTC), "local_time": "2026-11-19T01:00:00",
        "timezone": "Europe/Berlin", "title": "",
        "platform": "email", "project": "P", "account": "a", "status": "PARTIAL",
        "why": None, "last_error": None, "sent": 4_000, "failed": 2, "unknown": 0, "pending": 0, "skipped": 37,
    }  # fmt: skip
    line = queue_line(item)
    assert line["counts"] == "4,000 sent, 2 failed, 37 skipped"
    assert "Europe/Berlin" in line["zone"]
    assert line["actions"] == ["retry"]


def test_an_open_page_follows_probes_although_they_are_no_changes(tower: ControlTower, wb: Workbench) -> None:
    def mail() -> dict[str, Any]:
        return next(entry for entry in tower.gateways.gateways if entry["key"] == "email")

    settings = wb.settings.model_copy(
        update={
            "smtp_url": SecretStr("smtp://127.0.0.1:9"),
            "email_from": "a@example.com",
            "public_url": "https://x.example",
        }
    )
    wb.runtime = build_runtime(settings)
    tower.refresh()
    assert (mail()["status"], mail()["checked_at"]) == ("unknown", None)
    with wb.session() as db:
        gateway_checks.store(db, Gateway.EMAIL, "default", GatewayState.OK, detail="Fine", latency_ms=12.0)
        db.commit()
    tower.state._workers_seen = None  # as if ten seconds had passed
    tower.state.poll()
    assert (mail()["status"], mail()["latency_ms"], mail()["checked_at"] is None) == ("ok", 12.0, False)

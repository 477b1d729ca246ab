from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from tests import factories
from tests.apollo import FakeApollo, person
from tests.servers import HttpServer, answer
from workbench import operator_services as ops
from workbench.bootstrap import Workbench
from workbench.enums import Role
from workbench.execution.discovering import Discoverer
from workbench.operator_services._edge import build_runtime
from workbench.panels import Leads, WorkbenchState


@pytest.fixture
def apollo() -> FakeApollo:
    return FakeApollo([person(1), person(2, email=None), person(3, title="x" * 301)])


@pytest.fixture
def server(apollo: FakeApollo) -> Iterator[HttpServer]:
    with HttpServer(apollo) as running:
        yield running


@pytest.fixture
def configured(wb: Workbench, server: HttpServer) -> Workbench:
    settings = wb.settings.model_copy(update={"apollo_api_key": SecretStr("key"), "apollo_base_url": server.url})
    wb.runtime = build_runtime(settings)
    return wb


@pytest.fixture
def campaign(wb: Workbench, project_id: int) -> int:
    with wb.session() as db:
        project = db.get(factories.Project, project_id)
        assert project is not None
        made = factories.campaign(db, project, name="Carriers").id
        db.commit()
    return made


def opened(state: WorkbenchState, project_id: int) -> Leads:
    state.poll(force=True)
    view = Leads(state)
    state.go("leads", project_id=project_id)
    view._click_find()
    return view


def words(view: Leads) -> str:
    assert view._dialog is not None
    return " ".join(str(getattr(part, "object", "")) for part in view._dialog.objects)


def buttons(view: Leads) -> list[str]:
    assert view._dialog is not None
    return [button.label for button in view._dialog.select(lambda part: type(part).__name__ == "Button")]


def run_a_worker(wb: Workbench) -> None:
    client = wb.runtime.gateways.apollo
    assert client is not None
    Discoverer(wb.engine, wb.settings, client, "one").look()


def test_people_are_looked_at_then_searched_for_and_the_dialog_says_what_became_of_them(
    configured: Workbench, state: WorkbenchState, project_id: int, campaign: int, apollo: FakeApollo
) -> None:
    view = opened(state, project_id)
    dialog = view.finding
    dialog.lines["titles"].value = "COO\n\nHead of Operations\n"
    dialog.lines["locations"].value = "Berlin, Germany"
    dialog.seniorities.value, dialog.sizes.value = ["c_suite"], ["11-50"]
    assert "Start the search" not in buttons(view), "nothing is started unseen"
    dialog._click_look()
    assert apollo.asked[0] == {
        "person_titles": ["COO", "Head of Operations"],
        "person_seniorities": ["c_suite"],
        "person_locations": ["Berlin, Germany"],
        "organization_num_employees_ranges": ["11,50"],
        "page": 1,
        "per_page": 25,
    }
    assert "3 people fit" in dialog.found[0].object
    assert [row["name"] for row in dialog.found[1].rows] == ["Lea Ex***e"] * 3
    assert apollo.matched == [], "looking costs nothing"
    dialog.people.value, dialog.paid.value = "50", "5"
    dialog._click_start()
    assert dialog.searches is not None
    (row,) = dialog.searches.rows
    assert (row["state"]["text"], row["actions"]) == ("queued", ["cancel"])
    assert "No worker is alive" in row["why"]
    run_a_worker(configured)
    state.poll()
    (row,) = dialog.searches.rows
    assert (row["state"]["text"], row["progress"], row["actions"]) == ("done", "3 of 3", [])
    assert row["result"] == "2 new, 1 rejected, 1 without an address, 2 of 5 credits"
    assert "does not fit" in row["why"]
    assert len(view.table.rows) == 2


def test_without_a_key_it_says_what_to_set_and_offers_nothing_to_click(
    state: WorkbenchState, project_id: int, campaign: int
) -> None:
    view = opened(state, project_id)
    assert "WORKBENCH_APOLLO_API_KEY" in words(view)
    assert buttons(view) == []


def test_a_search_can_be_cancelled(
    configured: Workbench, state: WorkbenchState, project_id: int, campaign: int, apollo: FakeApollo
) -> None:
    view = opened(state, project_id)
    view.finding.keywords.value = "logistics"
    view.finding._click_look()
    view.finding._click_start()
    table = view.finding.searches
    assert table is not None
    table._handle_msg({"type": "act", "key": "cancel", "id": table.rows[0]["id"]})
    assert table.rows[0]["state"]["text"] == "cancelled"
    run_a_worker(configured)
    assert apollo.searched == [1], "only the look"


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [("people", "", "at most"), ("people", "many", "whole number"), ("paid", "999", "max_credits")],
)
def test_numbers_that_cannot_be_are_refused_in_words(
    field: str, value: str, said: str, configured: Workbench, state: WorkbenchState, project_id: int, campaign: int
) -> None:
    view = opened(state, project_id)
    view.finding.keywords.value = "logistics"
    view.finding._click_look()
    getattr(view.finding, field).value = value
    view.finding._click_start()
    assert view.state.message.tone == "error"
    assert said in view.state.message.text
    with configured.session() as db:
        assert ops.list_discoveries(db) == []


def test_what_apollo_refuses_is_told(
    configured: Workbench, state: WorkbenchState, project_id: int, campaign: int, apollo: FakeApollo
) -> None:
    apollo.before = lambda _request: answer(401, {"error": "bad key"})
    view = opened(state, project_id)
    view.finding.keywords.value = "logistics"
    view.finding._click_look()
    assert "WORKBENCH_APOLLO_API_KEY" in view.state.message.text
    view.finding.keywords.value = ""
    view.finding._click_look()
    assert "Say what people to look for" in view.state.message.text
    assert list(view.finding.found) == []


def test_a_viewer_sees_the_searches_and_can_start_none(
    configured: Workbench, session_of: Any, project_id: int, campaign: int
) -> None:
    with configured.session() as db:
        ops.start_discovery(db, campaign, {"keywords": "logistics"}, max_people=10)
    view = opened(session_of("Vic", Role.VIEWER), project_id)
    assert "role operator" in words(view)
    assert buttons(view) == []
    assert view.finding.searches is not None
    assert [row["actions"] for row in view.finding.searches.rows] == [[]]


def test_without_a_campaign_it_says_to_make_one(configured: Workbench, state: WorkbenchState, project_id: int) -> None:
    assert "Make a campaign first" in words(opened(state, project_id))

from __future__ import annotations

import threading
import time
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from tests import factories
from workbench import operator_services as ops
from workbench.bootstrap import Workbench
from workbench.clock import now
from workbench.enums import Direction, Role
from workbench.models import ContactEvent, Lead
from workbench.operator_services import lead_decisions
from workbench.panels import Leads, WorkbenchState, lead_bulk, leads, long_work
from workbench.panels.lead_import import NEW
from workbench.panels.safe import clean
from workbench.services import lead_import, undo

APOLLO = (
    b"First Name,Last Name,Title,Company,Email,City\n"
    b"Lena,Vogt,Head of Operations,Northwind,lena@example.com,Berlin\n"
    b"Omar,Haddad,COO,Helio,omar@example.com,Kiel\n"
    b"Kim,Park,Planner,Atlas,nonsense,Ulm\n"
)


@pytest.fixture
def view(state: WorkbenchState, project_id: int) -> Leads:
    state.poll(force=True)
    made = Leads(state)
    state.go("leads", project_id=project_id)
    return made


@pytest.fixture
def people(wb: Workbench, view: Leads) -> list[int]:
    """Three leads of one campaign, on the view."""
    with wb.session() as db:
        project = db.get(factories.Project, view.state.project_id)
        assert project is not None
        campaign = factories.campaign(db, project, name="Carriers")
        ids = [
            factories.lead(db, campaign, name=name, email=f"{name.lower()}@example.com").id
            for name in ("Ann", "Bob", "Cy")
        ]
        db.commit()
    view.state.poll(force=True)
    return ids


def shown(view: Leads) -> list[str]:
    return [row["who"] for row in view.table.rows]


def choose_file(view: Leads, data: bytes) -> None:
    view.importing.open()
    view.importing._click_file(SimpleNamespace(new=data))


def test_a_file_becomes_leads_of_a_new_project_and_campaign_and_every_row_is_accounted_for(
    view: Leads, wb: Workbench
) -> None:
    choose_file(view, APOLLO)
    dialog = view.importing
    assert {header: widget.value for header, widget in dialog.columns.items()} == {
        "First Name": "first_name", "Last Name": "last_name", "Title": "title", "Company": "company", "Email": "email",
        "City": "",
    }  # fmt: skip
    dialog.project.value = NEW
    dialog.project_name.value, dialog.client.value, dialog.campaign_name.value = "Winter", "Helio", "Freight"
    dialog._click_import()
    dialog.work.wait()
    text = dialog.steps[0].object
    assert "2 imported" in text
    assert "1 rejected" in text
    assert dialog.steps[1].rows[0]["row"] == 4
    assert "nonsense" in dialog._rejected_csv()
    with wb.session() as db:
        (project,) = [row for row in ops.list_projects(db) if row["name"] == "Winter"]
        assert len(ops.list_leads(db, project_id=project["id"])) == 2
    dialog._click_done(project["id"])
    assert sorted(shown(view)) == ["Lena Vogt", "Omar Haddad"]


def test_the_second_try_of_an_import_does_not_make_a_second_project(view: Leads, wb: Workbench) -> None:
    choose_file(view, APOLLO)
    dialog = view.importing
    dialog.project.value = NEW
    dialog.project_name.value, dialog.campaign_name.value = "Winter", ""
    dialog._click_import()
    dialog.work.wait()
    assert view.state.message.tone == "error", "a campaign needs a name"
    dialog.campaign_name.value = "Freight"
    dialog._click_import()
    dialog.work.wait()
    with wb.session() as db:
        assert [row["name"] for row in ops.list_projects(db)].count("Winter") == 1
        assert len(ops.list_leads(db)) == 2


def test_a_file_that_is_no_list_of_leads_says_what_to_do(view: Leads) -> None:
    choose_file(view, b"PK\x03\x04 spreadsheet")
    assert view.state.message.tone == "error"
    assert not hasattr(view.importing, "columns")


def test_filters_stand_in_the_address_and_narrow_the_table(view: Leads, people: list[int]) -> None:
    view.search.value = "Bo"
    assert view.state.filters == {"q": "Bo"}
    assert shown(view) == ["Bob"]
    view.search.value = ""
    with view.state.session() as db:
        ops.set_consent(db, people[:1], "DNC")
    view.consent.value = "DNC"
    assert shown(view) == ["Ann"]
    view.state.go("leads", intent="high")
    assert shown(view) == []
    with view.state.session() as db:
        ops.record_contact_event(db, people[2], channel="email", direction="INBOUND", event_type="reply")
    view.refresh()
    assert shown(view) == ["Cy"]


def test_sorting_and_turning_pages_is_done_by_the_database(view: Leads, people: list[int]) -> None:
    view.table._handle_msg({"type": "sort", "by": "name"})
    assert shown(view) == ["Ann", "Bob", "Cy"]
    view.table._handle_msg({"type": "sort", "by": "name"})
    assert shown(view) == ["Cy", "Bob", "Ann"]
    view.table._handle_msg({"type": "turn", "page": 99})
    assert view.table.page == 1
    view.table._handle_msg({"type": "sort", "by": "hash"})
    assert view.table.sorted_by == "name"
    assert view.state.filters["sort"] == "-name"
    view.state.go("leads", sort="company; DROP TABLE", p="-3", campaign="99", address="?", view="nowhere")
    assert sorted(shown(view)) == ["Ann", "Bob", "Cy"]


def test_consent_of_several_is_previewed_set_at_once_and_taken_back(view: Leads, people: list[int]) -> None:
    view.table._handle_msg({"type": "choose", "ids": people[:2]})
    assert view.change.label == "Change 2…"
    view._click_change()
    bulk = view.bulk
    assert "2 will change." in bulk.outlook.object
    bulk._click_change()
    assert {row["id"]: row["consent"][0]["text"] for row in view.table.rows} == {
        people[0]: "Do not contact",
        people[1]: "Do not contact",
        people[2]: "Not asked",
    }
    view.state.message.undo()
    view.refresh()
    assert {row["consent"][0]["text"] for row in view.table.rows} == {"Not asked"}


def test_tags_status_and_campaign_of_all_that_match_are_changed(view: Leads, people: list[int], wb: Workbench) -> None:
    with wb.session() as db:
        target = ops.create_campaign(db, view.state.project_id or 0, "Second")["id"]
    view._click_select_all()
    assert sorted(view.table.selected) == people
    for what, field, value, shows in (
        ("add_tags", "tags", "vip, hot", "3 will change."),
        ("status", "status", "QUALIFIED", "3 will change."),
        ("campaign_id", "campaign", str(target), "3 will change."),
        ("remove_tags", "tags", "hot, cold", "3 will change."),
        ("add_tags", "tags", "vip", "3 are so already."),
    ):
        view._click_change()
        view.bulk.what.value = what
        getattr(view.bulk, field).value = value
        assert shows in view.bulk.outlook.object
        view.bulk._click_change()
    view.refresh()
    assert {(row["tags"], row["status"]["text"], row["campaign"]) for row in view.table.rows} == {
        ("vip", "Qualified", "Second")
    }
    view._click_change()
    view.bulk.what.value, view.bulk.tags.value = "add_tags", " , "
    assert "Write the tags first." in view.bulk.outlook.object


def test_filters_that_leave_nobody_are_cleared_where_it_says_so(view: Leads, people: list[int]) -> None:
    view.state.go("leads", sort="name", address="free", tag="nobody has it")
    assert (view.table.empty, view.table.filtered) == ("No lead fits these filters.", True)
    view.table._handle_msg({"type": "unfilter"})
    assert (view.table.total, view.table.filtered, view.state.filters) == (len(people), False, {"sort": "name"})
    view.state.go("leads", view="replies", q="nothing like it")
    assert view.replies.table.filtered
    view.replies.table._handle_msg({"type": "unfilter"})
    assert view.state.filters == {"view": "replies"}


def test_what_is_chosen_is_written_to_a_file_else_all_that_match(view: Leads, people: list[int]) -> None:
    view.tag.value = "nobody has it"
    view._click_export()
    assert len(view.bulk._csv().splitlines()) == 1
    view.tag.value = ""
    view._choose(people[:2])
    view._click_export()
    rows = view.bulk._csv().splitlines()
    assert [row.split(",")[0] for row in rows] == ["Name", "Ann", "Bob"]


def test_what_people_wrote_is_listed_and_opens_who_wrote_it(view: Leads, people: list[int], wb: Workbench) -> None:
    with wb.session() as db:
        for number, id in enumerate(people * 20):
            ops.record_contact_event(
                db, id, channel="email", direction="INBOUND", event_type="reply", summary=f"Number {number}."
            )
    view.views._handle_msg({"type": "choose", "key": "replies"})
    assert view.state.filters == {"view": "replies"}
    replies = view.replies
    assert (len(replies.table.rows), replies.table.rows[0]["said"], replies.table.total) == (50, "Number 59.", 51)
    replies.table._handle_msg({"type": "turn", "page": 2})
    assert view.state.filters["p"] == "2"
    assert (len(replies.table.rows), replies.table.total) == (10, 60)
    replies.search.value = "number 17. cy"
    assert [row["who"] for row in replies.table.rows] == ["Cy"]
    replies.table._handle_msg({"type": "open", "id": replies.table.rows[0]["id"]})
    assert view.history.lead_id == people[2]


def test_the_address_names_the_person_who_is_shown_and_nobody_else(view: Leads, people: list[int]) -> None:
    view.state.go("leads", q="n")
    view.table._handle_msg({"type": "open", "id": people[0]})
    assert view.state.filters == {"q": "n", "lead": str(people[0])}
    first = view.history.dialog
    assert first is not None
    first.open = False
    assert view.state.filters == {"q": "n"}
    # As the buttons of the browser do it.
    view.state.go("leads", q="n", lead=str(people[1]))
    assert (view.history.lead_id, view.history.dialog is not None) == (people[1], True)
    again = view.history.dialog
    view.state.go("leads", q="n")
    assert (view.history.dialog, again and again.open) == (None, False)


@pytest.mark.parametrize(
    ("lead", "says"),
    [("999", "There is no lead 999. It may have been erased."), ("Ann", "“Ann” is not the number of a lead.")],
)
def test_a_link_to_nobody_says_so(view: Leads, people: list[int], lead: str, says: str) -> None:
    view.state.go("leads", lead=lead)
    assert says in view.state.message.text
    assert (view.state.filters, view.history.dialog, shown(view)) == ({}, None, ["Cy", "Bob", "Ann"])


def test_addresses_are_suppressed_from_a_list_and_allowed_again(view: Leads, people: list[int]) -> None:
    view.state.go("leads", view="suppressed")
    list_ = view.suppressed
    list_._click_add()
    list_.addresses.value, list_.reason.value = "ann@example.com\nnonsense\nnew@example.com", "They called"
    list_._click_suppress()
    assert "2 suppressed, 0 were already. 1 rows are no address; the first is row 2." in view.state.message.text
    view.refresh()
    assert [row["address"] for row in list_.table.rows] == ["new@example.com", "ann@example.com"]
    list_.search.value = "ann"
    [row] = list_.table.rows
    list_.table._handle_msg({"type": "act", "key": "lift", "id": row["id"]})
    list_.why.value = "They came back"
    list_._click_allow()
    view.refresh()
    assert list_.table.rows == []


def test_a_reply_a_suppression_and_its_lifting_stand_in_the_history(view: Leads, people: list[int]) -> None:
    view.table._handle_msg({"type": "open", "id": people[0]})
    history = view.history
    history._ask_event("reply")
    history.summary.value = "Please call me"
    history._click_event()
    assert history.table.rows[0]["detail"] == "Please call me"
    history._ask_suppression(False)
    history.reason.value = "asked by phone"
    history._click_suppression()
    assert {"text": "Suppressed", "tone": "error", "title": "Nothing is sent to this address."} in [
        chip for row in view.table.rows for chip in row["consent"]
    ]
    history._ask_suppression(True)
    history.reason.value = "asked again"
    history._click_suppression()
    assert all(len(row["consent"]) == 1 for row in view.table.rows)


def test_a_person_is_erased_only_when_erase_is_typed(view: Leads, people: list[int]) -> None:
    view.table._handle_msg({"type": "open", "id": people[0]})
    history = view.history
    history._ask_erasure()
    assert "This removes 1 lead (Carriers), 0 contacts" in history.form[0].object
    history.reason.value = "asked by letter"
    history._click_erase()
    assert view.state.message.tone == "error"
    assert "Ann" in shown(view)
    history.confirm.value = "ERASE"
    history._click_erase()
    assert "Ann" not in shown(view)


def test_a_campaign_is_added_stopped_and_started(view: Leads, people: list[int]) -> None:
    view._click_campaigns()
    dialog = view.campaigns
    dialog.name.value = "Second"
    dialog._click_add()
    assert [row["name"] for row in dialog.table.rows] == ["Carriers", "Second"]
    first = dialog.table.rows[0]["id"]
    dialog.table._handle_msg({"type": "act", "key": "stop", "id": first})
    assert dialog.table.rows[0]["state"]["text"] == "Stopped"
    dialog.table._handle_msg({"type": "act", "key": "start", "id": first})
    assert dialog.table.rows[0]["state"]["text"] == "Active"


def test_a_viewer_is_offered_nothing_that_changes_anything(session_of: Any, project_id: int) -> None:
    state = session_of("Vic", Role.VIEWER)
    view = Leads(state)
    state.go("leads", project_id=project_id)
    assert view.import_button.disabled
    assert view.campaigns_button.disabled
    assert not view.table.selectable
    state.go("leads", view="suppressed")
    assert view.suppressed.add.disabled
    assert view.suppressed.table.actions == []
    assert view.export.disabled


def test_an_import_shows_how_far_it_is_and_can_be_stopped(view: Leads, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lead_import, "CHUNK", 10)
    monkeypatch.setattr(long_work, "TELL_SECONDS", 0.0)
    choose_file(view, b"email\n" + b"".join(b"a%d@example.com\n" % number for number in range(35)))
    dialog = view.importing
    dialog.campaign_name.value = "Freight"
    told: list[tuple[str, int, int]] = []

    def stop_after_two(event: Any) -> None:
        part = dialog.work.part
        told.append((part.words, part.done, part.total))
        if part.done == 20:
            part._handle_msg({"type": "cancel"})

    dialog.work.part.param.watch(stop_after_two, "words")
    dialog._click_import()
    dialog.work.wait()
    assert told == [("Reading the file…", 0, 0), ("10 of 35 rows", 10, 35), ("20 of 35 rows", 20, 35)]
    assert "Cancelled: 20 of 35 rows were dealt with, and that stays. 20 rows: 20 imported" in dialog.steps[0].object
    with view.state.session() as db:
        assert ops.count_leads(db) == 20


def test_an_import_goes_on_while_its_dialog_is_closed_and_tells_what_it_came_to(
    view: Leads, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose_file(view, APOLLO)
    dialog = view.importing
    dialog.campaign_name.value = "Freight"
    seen, go_on = threading.Event(), threading.Event()
    the_import = ops.import_leads

    def slow(*args: Any, **kwargs: Any) -> Any:
        seen.set()
        go_on.wait()
        return the_import(*args, **kwargs)

    monkeypatch.setattr(ops, "import_leads", slow)
    dialog._click_import()
    seen.wait()
    view.close_dialog()
    dialog.open()
    assert dialog.steps.objects == [dialog.work.part], "it is found again by its button"
    view.close_dialog()
    go_on.set()
    dialog.work.wait()
    assert "2 imported, 0 merged, 0 unchanged, 1 rejected" in view.state.message.text
    dialog.open()
    assert "1 rejected" in dialog.steps[0].object
    dialog.open()
    assert "Up to 50 MB here" in dialog.steps[0].object


def test_more_than_are_changed_at_once_are_changed_beside_the_page_and_taken_back_in_one_step(
    view: Leads, people: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module, name in ((leads, "AT_ONCE"), (lead_bulk, "AT_ONCE"), (lead_decisions, "PART"), (undo, "PART")):
        monkeypatch.setattr(module, name, 2)
    view._click_select_all()
    assert (list(view.chosen_ids), view.table.selected_total) == (people, 3)
    assert sorted(view.table.selected) == people, "those on this page"
    view._click_change()
    bulk = view.bulk
    bulk.what.value, bulk.tags.value = "add_tags", "vip"
    assert "3 will change." in bulk.outlook.object
    monkeypatch.setattr(lead_bulk, "MOST_PREVIEWED", 2)
    bulk.tags.value = "vip "
    assert "too many to be looked at beforehand" in bulk.outlook.object
    bulk._click_change()
    bulk.work.wait()
    assert "3 leads are as you said." in view.state.message.text
    view.refresh()
    assert {row["tags"] for row in view.table.rows} == {"vip"}
    view.state.message.undo()
    bulk.work.wait()
    assert "3 leads are as they were." in view.state.message.text
    view._click_change()
    bulk.what.value, bulk.tags.value = "add_tags", "hot"
    bulk.work.part.param.watch(lambda event: event.new == 2 and bulk.work.cancel(), "done")
    monkeypatch.setattr(long_work, "TELL_SECONDS", 0.0)
    bulk._click_change()
    bulk.work.wait()
    assert "Cancelled after 2 of 3 leads, and what was done stays: 2 leads are as you said." in view.state.message.text
    view.table._handle_msg({"type": "choose", "ids": people[:1]})
    assert (view.chosen_ids, view.table.selected_total, view.change.label) == (people[:1], 0, "Change 1…")


def test_a_large_export_is_written_beside_the_page_and_then_saved_part_by_part(
    view: Leads, people: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lead_bulk, "AT_ONCE", 2)
    monkeypatch.setattr(lead_bulk, "PART_CHARACTERS", 50)
    view._click_export()
    bulk = view.bulk
    bulk._click_write()
    bulk.exporting.wait()
    [_, save] = bulk._exporting.objects
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(save, "_send_msg", sent.append)
    save._handle_msg({"type": "ask"})
    while sent[-1]["more"]:
        save._handle_msg({"type": "more"})
    assert len(sent) > 2
    assert sent[-1] == {"text": "", "more": False}
    rows = "".join(part["text"] for part in sent).splitlines()
    assert [row.split(",")[0] for row in rows] == ["Name", "Ann", "Bob", "Cy"]
    save._handle_msg({"type": "ask"})
    assert sent[-1] == {"text": None, "more": False}, "it was saved, and is gone"
    with view.state.session() as db:
        assert ops.get_audit_log(db, action="leads.export")[0]["after"] == {"rows": 3}


@pytest.mark.parametrize(
    ("typed", "read", "shows"),
    [
        (["Bo", "Cy"], ["Bo", "Cy"], ["Cy"]),
        (["Bo", "Cy", "Ann"], ["Bo", "Ann"], ["Ann"]),  # what was typed over while it waited is not looked for
        (["Bo", "Cy", "Bo"], ["Bo", "Bo"], ["Bob"]),
    ],
)
def test_of_what_is_typed_the_newest_is_shown_and_an_older_answer_that_comes_late_is_not(
    view: Leads, people: list[int], monkeypatch: pytest.MonkeyPatch, typed: list[str], read: list[str], shows: list[str]
) -> None:
    reading, go_on = threading.Event(), threading.Event()
    asked: list[str] = []
    the_list = ops.list_leads

    def slow(db: Any, **which: Any) -> Any:
        asked.append(which["search"])
        reading.set()
        go_on.wait()
        return the_list(db, **which)

    monkeypatch.setattr(ops, "list_leads", slow)
    drawn: list[list[str]] = []
    view.table.param.watch(lambda event: drawn.append([row["who"] for row in event.new]), "rows")

    def type_(number: int) -> threading.Thread:
        message = {"type": "type", "number": 100 + number, "text": typed[number]}
        thread = threading.Thread(target=view.search._handle_msg, args=(message,))
        thread.start()
        return thread

    threads = [type_(0)]
    reading.wait()
    for number in range(1, len(typed)):
        threads.append(type_(number))
        while view.search.newest < 100 + number:
            time.sleep(0.001)
    go_on.set()
    for thread in threads:
        thread.join()
    assert asked == read
    assert drawn == [shows]
    assert view.search.value == view.state.filters["q"] == typed[-1]


def test_a_search_that_the_address_brings_replaces_what_is_typed(
    view: Leads, people: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[Any] = []
    monkeypatch.setattr(view.search, "_send_msg", sent.append)
    view.search._handle_msg({"type": "type", "number": 1, "text": "Bo"})
    assert (shown(view), sent) == (["Bob"], [])
    view.state.go("leads", q="Ann")
    assert (shown(view), sent) == (["Ann"], [{"text": "Ann"}])


def test_a_long_history_is_turned_page_by_page_and_very_long_facts_are_folded(
    view: Leads, people: list[int], wb: Workbench
) -> None:
    with wb.session() as db:
        lead = db.get_one(Lead, people[0])
        lead.enrichment_data = {"Biography": "x" * 5_000, "City": "Kiel"}
        db.add_all(
            ContactEvent(
                lead_id=lead.id,
                channel="email",
                direction=Direction.INBOUND,
                event_type="reply",
                summary=f"Number {number}",
                event_at=now() - timedelta(minutes=number),
            )
            for number in range(5_000)
        )
        db.commit()
    view.table._handle_msg({"type": "open", "id": people[0]})
    table = view.history.table
    assert (len(table.rows), table.total, table.rows[0]["detail"]) == (25, 5_000, "Number 0")
    table._handle_msg({"type": "turn", "page": 200})
    assert (len(table.rows), table.page, table.rows[-1]["detail"]) == (25, 200, "Number 4999")
    facts = clean(view.history.facts.object)
    assert f"<span>{'x' * 200}… Show all</span><span>Show less</span></summary>{'x' * 5_000}</details>" in facts
    assert "<dd>Kiel</dd>" in facts

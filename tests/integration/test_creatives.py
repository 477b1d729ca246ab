"""One creative through the contract: written, changed, deleted, restored, previewed, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from tests import factories
from workbench import operator_services as contract
from workbench.enums import CreativeStatus, QueueStatus, Role, StrategyStatus
from workbench.errors import (
    ContentInvalid,
    EditConflict,
    InputError,
    InvalidTransition,
    NotFoundError,
    PermissionDenied,
)
from workbench.models import AuditEvent, ContentItem, ContentVersion, Project, QueueRow
from workbench.services.audit import Actor

Sessions = sessionmaker[Session]
_C = CreativeStatus


def as_role(sessions: Sessions, role: Role, name: str = "Vic") -> Session:
    return sessions(info={"actor": Actor(name, role)})


def events(db: Session, action: str) -> list[AuditEvent]:
    return list(db.scalars(sa.select(AuditEvent).where(AuditEvent.action == action).order_by(AuditEvent.id)))


def rows(db: Session, table: type[Any]) -> int:
    return db.scalar(sa.select(sa.func.count()).select_from(table)) or 0


@pytest.fixture
def project(db: Session) -> Project:
    """A project with a strategy in force."""
    made = factories.project(db)
    factories.strategy(db, made, status=StrategyStatus.APPROVED)
    db.commit()
    return made


@pytest.fixture
def item(db: Session, project: Project) -> ContentItem:
    """An e-mail in DRAFT at version 1."""
    made = factories.creative(db, project)
    db.commit()
    return made


def test_a_creative_is_written_and_read_back(db: Session, project: Project) -> None:
    text = "<script>alert(1)</script> 漢字 {{first_name|there}}\r\n "
    made = contract.create_creative(db, project.id, "email", title="Hello", body_text=text)
    assert made["id"] is not None
    assert contract.get_creative(db, project.id, made["id"]) == made
    assert (made["body_text"], made["status"], made["version"], made["source"]) == (text, "DRAFT", 1, "operator")
    assert (made["stale"], made["deleted"], made["problems"], made["note"]) == (False, False, [], None)
    assert (made["queue_id"], made["scheduled_time"], made["account"], made["last_error"]) == (None, None, None, None)
    (event,) = events(db, "creative.create")
    assert event.after == {"status": "DRAFT", "version": 1, "platform": "email", "source": "operator"}


def test_a_blank_sheet_may_be_made_and_says_what_it_lacks(db: Session, project: Project) -> None:
    assert contract.create_creative(db, project.id, "linkedin")["problems"]


@pytest.mark.parametrize(
    ("platform", "texts", "error", "words"),
    [
        ("twitter", {"body_text": "x" * 281}, ContentInvalid, "281"),
        ("linkedin", {"body_text": "x" * 3_001}, ContentInvalid, "3,001"),
        ("email", {"title": "Hi\nBcc: all@example.com", "body_text": "x"}, ContentInvalid, "one line"),
        ("email", {"body_text": "no subject"}, ContentInvalid, "subject"),
        ("email", {"title": "Hi", "body_text": "Dear {{lastname}}"}, ContentInvalid, "{{lastname}}"),
        ("twitter", {"body_text": "Hi {{first_name}}"}, ContentInvalid, "no recipient"),
        ("fax", {"body_text": "x"}, InputError, "linkedin"),
        (None, {"body_text": "x"}, InputError, "linkedin"),
        ("email", {"title": "x" * 501, "body_text": "x"}, InputError, "501"),
        ("email", {"title": "Hi", "body_text": "x" * 100_001}, InputError, "100,001"),
        ("email", {"title": "Hi", "body_text": "a\x00"}, InputError, "NUL"),
        ("email", {"title": None, "body_text": "a"}, InputError, "must be text"),
    ],
)
def test_what_its_platform_would_refuse_is_not_stored(
    db: Session, project: Project, platform: Any, texts: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        contract.create_creative(db, project.id, platform, **texts)
    assert (rows(db, ContentItem), rows(db, AuditEvent)) == (0, 0)


def test_an_edit_is_a_new_version_in_draft(db: Session, project: Project, item: ContentItem) -> None:
    changed = contract.update_creative(db, project.id, item.id, {"title": "New", "version": 1})
    assert (changed["title"], changed["body_text"]) == ("New", "Hello {{first_name|there}}")
    assert (changed["version"], changed["status"], changed["source"]) == (2, "DRAFT", "operator")
    versions = contract.get_creative_versions(db, project.id, item.id)
    assert [(one["number"], one["title"], one["author"]) for one in versions] == [
        (2, "New", "Ada"),
        (1, "Hello", "Ada"),
    ]
    (event,) = events(db, "creative.update")
    assert (event.entity, event.entity_id, event.project_id) == ("creative", item.id, project.id)
    assert event.before == {"status": "DRAFT", "version": 1}
    assert event.after == {"status": "DRAFT", "version": 2, "source": "operator"}


@pytest.mark.parametrize("changes", [{}, {"title": "Hello"}, {"title": "Hello", "version": 1}])
def test_an_edit_that_changes_nothing_makes_no_version(
    db: Session, project: Project, item: ContentItem, changes: dict[str, Any]
) -> None:
    item.status = _C.APPROVED
    db.commit()
    same = contract.update_creative(db, project.id, item.id, changes)
    assert (same["version"], same["status"]) == (1, "APPROVED")
    assert events(db, "creative.update") == []


@pytest.mark.parametrize("version", [0, 2, 99])
def test_an_edit_of_another_version_conflicts_with_both_texts(
    db: Session, project: Project, item: ContentItem, version: int
) -> None:
    with pytest.raises(EditConflict) as caught:
        contract.update_creative(db, project.id, item.id, {"title": "Mine", "version": version})
    assert caught.value.theirs == "Hello\n\nHello {{first_name|there}}"
    assert caught.value.yours == "Mine\n\nHello {{first_name|there}}"
    assert caught.value.context["version"] == 1
    assert caught.value.context["yours_text"]["title"] == "Mine"
    assert contract.get_creative(db, project.id, item.id)["title"] == "Hello"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"titel": "typo"}, "no field titel"),
        ({"status": "APPROVED"}, "no field status"),
        ({"title": 3}, "The title must be text"),
        ({"body_text": None}, "The text must be text"),
        ({"title": "New", "version": "1"}, "version is the number"),
        ({"title": "New", "version": True}, "version is the number"),
        ({"body_text": "a\x00"}, "NUL"),
        ({"body_text": "\ud83d"}, "half of a character"),
        ("title", "as a dict"),
        (None, "as a dict"),
        ({"title": "a\r\nBcc: b@example.com"}, "one line"),
        ({"body_text": "Hi {{nobody}}"}, "{{nobody}}"),
        ({"body_text": ""}, "empty"),
    ],
)
def test_an_edit_that_makes_no_sense_changes_nothing(
    db: Session, project: Project, item: ContentItem, changes: Any, words: str
) -> None:
    with pytest.raises(InputError, match=words):
        contract.update_creative(db, project.id, item.id, changes)
    stored = contract.get_creative(db, project.id, item.id)
    assert (stored["version"], stored["title"]) == (1, "Hello")
    assert rows(db, ContentVersion) == 1


ACTS: dict[str, Callable[[Session, int, int], object]] = {
    "update": lambda db, one, item: contract.update_creative(db, one, item, {"title": "New"}),
    "restore_version": lambda db, one, item: contract.restore_creative_version(db, one, item, 1),
}


def second_version(db: Session, item: ContentItem) -> None:
    """``item`` says something else than its version 1 now."""
    item.title, item.version = "Second", 2
    db.add(
        ContentVersion(content_item_id=item.id, number=2, title="Second", body_text=item.body_text, source="operator")
    )
    db.flush()


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("status", list(_C))
def test_a_text_changes_until_it_is_being_sent(
    db: Session, project: Project, item: ContentItem, status: _C, act: str
) -> None:
    second_version(db, item)
    if status is _C.SCHEDULED:
        factories.queued(db, item)
    item.status = status
    db.commit()
    if status in (_C.DRAFT, _C.APPROVED, _C.SCHEDULED, _C.FAILED):
        ACTS[act](db, project.id, item.id)
        assert contract.get_creative(db, project.id, item.id)["status"] == "DRAFT"
        assert contract.get_creative(db, project.id, item.id)["version"] == 3
    else:
        with pytest.raises(InvalidTransition, match=f"Creative {item.id}"):
            ACTS[act](db, project.id, item.id)
        assert contract.get_creative(db, project.id, item.id)["status"] == status
        assert contract.get_creative(db, project.id, item.id)["version"] == 2


def test_editing_a_queued_creative_takes_it_off_the_queue(db: Session, project: Project, item: ContentItem) -> None:
    row = factories.queued(db, item)
    db.commit()
    contract.update_creative(db, project.id, item.id, {"title": "New", "version": 1})
    db.refresh(row)
    assert row.status == QueueStatus.CANCELLED
    assert contract.get_creative(db, project.id, item.id)["queue_id"] is None
    assert [event.entity_id for event in events(db, "schedule.cancel")] == [row.id]


def test_a_refused_edit_leaves_a_queued_creative_on_the_queue(db: Session, project: Project, item: ContentItem) -> None:
    row = factories.queued(db, item)
    db.commit()
    with pytest.raises(ContentInvalid):
        contract.update_creative(db, project.id, item.id, {"body_text": "Hi {{nobody}}"})
    db.refresh(row)
    assert row.status == QueueStatus.QUEUED
    assert contract.get_creative(db, project.id, item.id)["status"] == "SCHEDULED"


def test_an_edit_bases_the_creative_on_the_strategy_in_force(db: Session, project: Project, item: ContentItem) -> None:
    factories.strategy(db, project, status=StrategyStatus.APPROVED)
    db.commit()
    assert contract.get_creative(db, project.id, item.id)["stale"] is True
    assert contract.update_creative(db, project.id, item.id, {"title": "New"})["stale"] is False


def test_a_queued_creative_says_when_through_whom_and_under_which_row(
    db: Session, project: Project, item: ContentItem
) -> None:
    old = factories.queued(db, item, status=QueueStatus.CANCELLED)
    row = factories.queued(db, item, account="acme", last_error="The server was busy.")
    db.commit()
    shown = contract.get_creative(db, project.id, item.id)
    assert old.id != row.id
    assert (shown["queue_id"], shown["account"], shown["last_error"]) == (row.id, "acme", "The server was busy.")
    assert shown["scheduled_time"] == row.scheduled_time


def test_a_deleted_creative_is_hidden_and_comes_back_as_it_was(
    db: Session, project: Project, item: ContentItem
) -> None:
    item.status = _C.APPROVED
    db.commit()
    before = contract.get_creative(db, project.id, item.id)
    contract.delete_creative(db, project.id, item.id)
    contract.delete_creative(db, project.id, item.id)
    assert contract.get_creatives_for_project(db, project.id) == []
    assert contract.get_creative(db, project.id, item.id)["deleted"] is True
    for call in (
        lambda: contract.update_creative(db, project.id, item.id, {"title": "New"}),
        lambda: contract.restore_creative_version(db, project.id, item.id, 1),
        lambda: contract.regenerate_creative(db, project.id, item.id),
    ):
        with pytest.raises(NotFoundError, match="was deleted"):
            call()
    after = contract.restore_creative(db, project.id, item.id)
    assert {**after, "updated_at": None} == {**before, "updated_at": None}
    assert contract.restore_creative(db, project.id, item.id) == after
    (gone,), (back,) = events(db, "creative.delete"), events(db, "creative.restore")
    assert gone.after == back.before == {"status": "APPROVED", "version": 1, "deleted": True}


def test_a_queued_creative_that_is_deleted_comes_back_approved(
    db: Session, project: Project, item: ContentItem
) -> None:
    row = factories.queued(db, item)
    db.commit()
    contract.delete_creative(db, project.id, item.id)
    db.refresh(row)
    assert row.status == QueueStatus.CANCELLED
    (event,) = events(db, "creative.delete")
    assert event.before == {"status": "SCHEDULED", "version": 1, "deleted": False}
    assert contract.restore_creative(db, project.id, item.id)["status"] == "APPROVED"


@pytest.mark.parametrize("status", [_C.PUBLISHING, _C.UNKNOWN])
def test_what_is_being_sent_or_unknown_cannot_be_deleted(
    db: Session, project: Project, item: ContentItem, status: _C
) -> None:
    item.status = status
    db.commit()
    with pytest.raises(InvalidTransition):
        contract.delete_creative(db, project.id, item.id)
    assert contract.get_creative(db, project.id, item.id)["deleted"] is False


def test_an_older_version_is_written_again_as_the_newest(db: Session, project: Project, item: ContentItem) -> None:
    db.execute(sa.update(ContentVersion).values(source="model:small", instruction="Shorter"))
    db.commit()
    contract.update_creative(db, project.id, item.id, {"title": "New"})
    restored = contract.restore_creative_version(db, project.id, item.id, 1)
    assert (restored["title"], restored["version"], restored["source"]) == ("Hello", 3, "model:small")
    newest = contract.get_creative_versions(db, project.id, item.id)[0]
    assert (newest["number"], newest["instruction"]) == (3, "Shorter")
    (event,) = events(db, "creative.restore_version")
    assert event.after == {"status": "DRAFT", "version": 3, "source": "model:small", "restored": 1}
    assert contract.restore_creative_version(db, project.id, item.id, 3)["version"] == 3


@pytest.mark.parametrize("number", [0, 2, -1, 2**40, "1", None, True])
def test_a_version_that_is_not_there_is_not_found(
    db: Session, project: Project, item: ContentItem, number: Any
) -> None:
    with pytest.raises(NotFoundError, match="has no version"):
        contract.restore_creative_version(db, project.id, item.id, number)


def test_a_preview_reads_as_the_lead_would(db: Session, project: Project) -> None:
    lead = factories.lead(db, factories.campaign(db, project), first_name="Lea\r\nBcc: x", company="Roth", title=None)
    item = factories.creative(
        db, project, title="{{first_name}} of {{company|you}}", body_text="Hi {{first_name|there}}, {{title}}"
    )
    db.commit()
    seen = contract.preview_message(db, project.id, item.id, lead.id)
    assert seen["title"] == "Lea Bcc: x of Roth"
    assert seen["missing"] == ["title"]
    assert "{{title}}" in seen["body_text"]
    without = contract.preview_message(db, project.id, item.id)
    assert (without["title"], without["missing"]) == ("{{first_name}} of you", ["first_name", "title"])
    assert without["body_text"].startswith("Hi there")


def test_a_preview_never_expands_what_a_lead_is_called(db: Session, project: Project) -> None:
    lead = factories.lead(db, factories.campaign(db, project), first_name="{{email}}", email="secret@example.com")
    item = factories.creative(db, project, body_text="Hi {{first_name}}")
    db.commit()
    assert contract.preview_message(db, project.id, item.id, lead.id)["body_text"] == "Hi {{email}}"


def test_a_post_is_previewed_as_it_stands(db: Session, project: Project) -> None:
    item = factories.creative(db, project, "linkedin", title="Inside", body_text="A post", caption="#one")
    db.commit()
    seen = contract.preview_message(db, project.id, item.id)
    assert (seen["platform"], seen["body_text"], seen["caption"]) == ("linkedin", "A post", "#one")
    assert (seen["missing"], seen["problems"]) == ([], [])


def test_a_lead_of_another_project_is_not_found(db: Session, project: Project, item: ContentItem) -> None:
    lead = factories.lead(db, factories.campaign(db, factories.project(db)))
    db.commit()
    for wrong in (lead.id, 999_999, "1", True):
        with pytest.raises(NotFoundError):
            contract.preview_message(db, project.id, item.id, wrong)  # type: ignore[arg-type]


CALLS: list[tuple[str, Role | None, Callable[[Session, int, int], object]]] = [
    ("get_creative", None, contract.get_creative),
    ("get_creative_versions", None, contract.get_creative_versions),
    ("preview_message", None, contract.preview_message),
    ("update_creative", Role.VIEWER, ACTS["update"]),
    ("regenerate_creative", Role.VIEWER, contract.regenerate_creative),
    ("restore_creative_version", Role.VIEWER, ACTS["restore_version"]),
    ("delete_creative", Role.VIEWER, contract.delete_creative),
    ("restore_creative", Role.VIEWER, contract.restore_creative),
    ("create_creative", Role.VIEWER, lambda db, one, _: contract.create_creative(db, one, "email")),
    ("bulk_approve_creatives", Role.OPERATOR, lambda db, one, item: contract.bulk_approve_creatives(db, one, [item])),
    ("confirm_creatives", Role.OPERATOR, lambda db, one, item: contract.confirm_creatives(db, one, [item])),
    ("get_creatives_for_project", None, lambda db, one, _: contract.get_creatives_for_project(db, one)),
    ("count_creatives", None, lambda db, one, _: contract.count_creatives(db, one)),
]


@pytest.mark.parametrize(("name", "below", "call"), CALLS, ids=[call[0] for call in CALLS])
def test_each_operation_is_refused_to_the_role_below(
    sessions: Sessions,
    project: Project,
    item: ContentItem,
    name: str,
    below: Role | None,
    call: Callable[[Session, int, int], object],
) -> None:
    if below is not None:
        with as_role(sessions, below) as db, pytest.raises(PermissionDenied):
            call(db, project.id, item.id)
        with sessions() as db:
            assert rows(db, AuditEvent) == 0
    enough = Role.VIEWER if below is None else list(Role)[below.rank + 1]
    with as_role(sessions, enough) as db:
        call(db, project.id, item.id)
        assert not db.in_transaction()


@pytest.mark.parametrize("wrong", [0, -3, 999_999, 2**40, "1", None, 1.5, True])
def test_a_creative_that_is_not_there_is_not_found(
    db: Session, project: Project, item: ContentItem, wrong: Any
) -> None:
    for _, _, call in CALLS[:8]:
        with pytest.raises(NotFoundError):
            call(db, project.id, wrong)
        with pytest.raises(NotFoundError):
            call(db, wrong, item.id)
    assert contract.get_creative(db, project.id, item.id)["version"] == 1


def test_a_creative_of_another_project_is_not_found(db: Session, item: ContentItem) -> None:
    other = factories.project(db)
    db.commit()
    for _, _, call in CALLS[:8]:
        with pytest.raises(NotFoundError, match=f"no creative {item.id} in project {other.id}"):
            call(db, other.id, item.id)


def test_a_session_that_read_before_sees_what_another_wrote_since(
    sessions: Sessions, project: Project, item: ContentItem
) -> None:
    with sessions() as early, sessions() as late:
        assert contract.get_creative(early, project.id, item.id)["version"] == 1
        contract.update_creative(late, project.id, item.id, {"title": "New"})
        assert contract.get_creative(early, project.id, item.id)["title"] == "New"


def test_the_queue_row_keeps_the_version_that_was_approved(db: Session, project: Project, item: ContentItem) -> None:
    row = factories.queued(db, item)
    db.commit()
    contract.update_creative(db, project.id, item.id, {"title": "New"})
    kept = db.scalar(
        sa.select(ContentVersion.number)
        .join(QueueRow, QueueRow.content_version_id == ContentVersion.id)
        .where(QueueRow.id == row.id)
    )
    assert kept == 1

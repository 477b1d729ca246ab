"""A new text by template or by a model behind a real HTTP server, on both databases."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from tests import factories
from tests.servers import HttpServer, Received, answer
from workbench import operator_services as contract
from workbench.enums import CreativeStatus, QueueStatus, Role, StrategyStatus
from workbench.errors import ContentInvalid, EditConflict, GatewayFault, InputError, InvalidTransition, NotFoundError
from workbench.models import AuditEvent, ContentItem, ContentVersion, Project
from workbench.operator_services._edge import Runtime, build_runtime
from workbench.services.audit import Actor
from workbench.settings import Settings

Sessions = sessionmaker[Session]
_C = CreativeStatus
ADA = Actor("Ada", Role.ADMIN)


@pytest.fixture
def project(db: Session) -> Project:
    made = factories.project(db)
    factories.strategy(db, made, text="# Plan\n\n## Message\n\nPlan in half the time", status=StrategyStatus.APPROVED)
    db.commit()
    return made


@pytest.fixture
def item(db: Session, project: Project) -> ContentItem:
    """A post for X in DRAFT at version 1."""
    made = factories.creative(db, project, "twitter", body_text="The old post")
    db.commit()
    return made


# Without a model


def test_a_template_writes_another_variant_each_time_and_says_so(
    db: Session, project: Project, item: ContentItem
) -> None:
    texts = []
    for version in (2, 3, 4):
        made = contract.regenerate_creative(db, project.id, item.id)
        assert (made["version"], made["source"], made["note"], made["problems"]) == (version, "template", None, [])
        texts.append(made["body_text"])
    assert len(set(texts)) == 3
    kept = contract.get_creative_versions(db, project.id, item.id)
    assert [one["number"] for one in kept] == [4, 3, 2, 1]
    assert contract.restore_creative_version(db, project.id, item.id, 1)["body_text"] == "The old post"


def test_a_proposal_is_stored_only_when_it_is_kept(db: Session, project: Project, item: ContentItem) -> None:
    proposal = contract.propose_creative(db, project.id, item.id, "Shorter")
    assert (proposal["base"], proposal["source"], "instruction" in (proposal["note"] or "")) == (1, "template", True)
    stored = contract.get_creative(db, project.id, item.id)
    assert (stored["version"], stored["body_text"]) == (1, "The old post")
    kept = contract.keep_proposal(db, project.id, item.id, proposal)
    assert (kept["version"], kept["body_text"], kept["source"]) == (2, proposal["body_text"], "template")
    assert contract.get_creative_versions(db, project.id, item.id)[0]["instruction"] == "Shorter"


def test_a_proposal_from_an_older_version_is_not_kept_and_not_lost(
    db: Session, project: Project, item: ContentItem
) -> None:
    proposal = contract.propose_creative(db, project.id, item.id)
    contract.update_creative(db, project.id, item.id, {"body_text": "Theirs"})
    with pytest.raises(EditConflict) as caught:
        contract.keep_proposal(db, project.id, item.id, proposal)
    assert caught.value.context["yours_text"]["body_text"] == proposal["body_text"]
    assert contract.get_creative(db, project.id, item.id)["body_text"] == "Theirs"


@pytest.mark.parametrize("changes", [
    {"source": "model:made-up"}, {"source": "operator"}, {"creative_id": 99}, {"base": "1"}, {"base": True},
    {"body_text": 3}, {"instruction": 7},
])  # fmt: skip
def test_what_nobody_proposed_is_not_kept(
    db: Session, project: Project, item: ContentItem, changes: dict[str, Any]
) -> None:
    proposal = contract.propose_creative(db, project.id, item.id)
    with pytest.raises(InputError):
        contract.keep_proposal(db, project.id, item.id, {**proposal, **changes})
    assert contract.get_creative(db, project.id, item.id)["version"] == 1


def test_a_template_cannot_follow_an_instruction_and_says_so(db: Session, project: Project, item: ContentItem) -> None:
    made = contract.regenerate_creative(db, project.id, item.id, "  Shorter, please ")
    assert made["source"] == "template"
    assert "cannot follow" in (made["note"] or "")
    assert contract.get_creatives_for_project(db, project.id)[0]["note"] == made["note"]
    newest = contract.get_creative_versions(db, project.id, item.id)[0]
    assert newest["instruction"] == "Shorter, please"
    assert contract.update_creative(db, project.id, item.id, {"title": "Mine"})["note"] is None


def test_every_platform_is_regenerated_into_what_it_takes(db: Session, project: Project) -> None:
    for first in contract.get_creatives_for_project(db, project.id):
        assert first["id"]
        made = contract.regenerate_creative(db, project.id, first["id"])
        assert made["problems"] == []
        assert made["body_text"] != first["body_text"]


@pytest.mark.parametrize("status", list(_C))
def test_a_text_is_regenerated_until_it_is_being_sent(
    db: Session, project: Project, item: ContentItem, status: _C
) -> None:
    row = factories.queued(db, item) if status is _C.SCHEDULED else None
    item.status = status
    db.commit()
    if status in (_C.DRAFT, _C.APPROVED, _C.SCHEDULED, _C.FAILED):
        assert contract.regenerate_creative(db, project.id, item.id)["status"] == "DRAFT"
        if row is not None:
            db.refresh(row)
            assert row.status == QueueStatus.CANCELLED
    else:
        with pytest.raises(InvalidTransition):
            contract.regenerate_creative(db, project.id, item.id)
        assert contract.get_creative(db, project.id, item.id)["version"] == 1


@pytest.mark.parametrize("instruction", ["x" * 2_001, 3, "a\x00"])
def test_an_instruction_that_cannot_be_kept_is_refused(
    db: Session, project: Project, item: ContentItem, instruction: Any
) -> None:
    with pytest.raises(InputError, match="The instruction"):
        contract.regenerate_creative(db, project.id, item.id, instruction)


# With one


def says(text: str) -> Any:
    """A chat completion that answers ``text``."""
    return {"choices": [{"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}]}


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer(answer(200, says("The new post"))) as running:
        yield running


@pytest.fixture
def with_model(sessions: Sessions, settings: Settings, server: HttpServer) -> Sessions:
    """Sessions of a workbench whose language model is ``server``."""
    configured = settings.model_copy(update={"openai_base_url": f"{server.url}/v1", "openai_model": "small"})
    sessions.configure(info={"runtime": build_runtime(configured), "actor": ADA})
    return sessions


def test_the_model_writes_from_brief_strategy_and_instruction(
    with_model: Sessions, server: HttpServer, project: Project, item: ContentItem
) -> None:
    with with_model() as db:
        made = contract.regenerate_creative(db, project.id, item.id, "Name a number")
        assert (made["body_text"], made["source"], made["note"]) == ("The new post", "model:small", None)
        assert (made["version"], made["status"], made["stale"]) == (2, "DRAFT", False)
        newest, old = contract.get_creative_versions(db, project.id, item.id)
        assert (newest["source"], newest["instruction"], newest["author"]) == ("model:small", "Name a number", "Ada")
        assert old["body_text"] == "The old post"
        event = db.scalars(sa.select(AuditEvent).where(AuditEvent.action == "creative.regenerate")).one()
        assert event.after == {"status": "DRAFT", "version": 2, "source": "model:small"}
    (request,) = server.received
    asked = json.dumps(request.json["messages"])
    for part in ("More demos", "Plan in half the time", "The old post", "Name a number", "280"):
        assert part in asked


def test_what_a_model_writes_is_stored_as_text(
    with_model: Sessions, server: HttpServer, project: Project, item: ContentItem
) -> None:
    server.behave = answer(200, says("<script>alert(1)</script> __import__('os')"))
    with with_model() as db:
        made = contract.regenerate_creative(db, project.id, item.id)
        assert made["body_text"] == "<script>alert(1)</script> __import__('os')"


def in_turn(*texts: str) -> Callable[[socket.socket, Received], None]:
    """Answer one text after the other."""
    left = list(texts)

    def behave(connection: socket.socket, request: Received) -> None:
        answer(200, says(left.pop(0)))(connection, request)

    return behave


def test_a_text_over_the_limit_is_asked_for_once_more(
    with_model: Sessions, server: HttpServer, project: Project, item: ContentItem
) -> None:
    server.behave = in_turn("x" * 281, "Short enough")
    with with_model() as db:
        assert contract.regenerate_creative(db, project.id, item.id)["body_text"] == "Short enough"
    assert "X takes 280" in json.dumps(server.received[1].json)


def test_a_text_over_the_limit_twice_is_an_error_and_changes_nothing(
    with_model: Sessions, server: HttpServer, project: Project, item: ContentItem
) -> None:
    server.behave = answer(200, says("x" * 281))
    with with_model() as db:
        with pytest.raises(ContentInvalid, match=r"twice.*280"):
            contract.regenerate_creative(db, project.id, item.id)
        assert contract.get_creative(db, project.id, item.id)["body_text"] == "The old post"
    assert len(server.received) == 2


@pytest.mark.parametrize(
    "behave",
    [
        answer(500, {"error": {"message": "overloaded"}}),
        answer(200, {"choices": []}),
        answer(200, {"choices": [{"message": {"content": "half a"}, "finish_reason": "length"}]}),
        answer(200, says("  ")),
    ],
    ids=["error", "no choice", "cut off", "empty"],
)
def test_a_model_that_fails_leaves_the_creative_alone(
    with_model: Sessions, server: HttpServer, project: Project, item: ContentItem, behave: Any
) -> None:
    server.behave = behave
    row_count = sa.select(sa.func.count()).select_from(ContentVersion)
    with with_model() as db:
        factories.queued(db, db.get_one(ContentItem, item.id))
        db.commit()
        with pytest.raises(GatewayFault):
            contract.regenerate_creative(db, project.id, item.id)
        assert contract.get_creative(db, project.id, item.id)["status"] == "SCHEDULED"
        assert db.scalar(row_count) == 1


def while_answering(act: Callable[[], object], text: str = "The new post") -> Callable[[socket.socket, Received], None]:
    """Do ``act`` while the caller waits, then answer."""

    def behave(connection: socket.socket, request: Received) -> None:
        act()
        answer(200, says(text))(connection, request)

    return behave


def test_the_model_is_called_outside_any_transaction(
    with_model: Sessions, server: HttpServer, project: Project, item: ContentItem
) -> None:
    """Another connection writes to the same database while the model answers: on SQLite a held lock would stop it."""
    with with_model() as db, with_model() as other:

        def write_elsewhere() -> None:
            assert not db.in_transaction()
            contract.create_creative(other, project.id, "linkedin", body_text="Written meanwhile")

        server.behave = while_answering(write_elsewhere)
        assert contract.regenerate_creative(db, project.id, item.id)["body_text"] == "The new post"
        assert contract.count_creatives(db, project.id, search="Written meanwhile") == 1


def test_a_text_that_was_changed_meanwhile_is_not_overwritten(
    with_model: Sessions, server: HttpServer, project: Project, item: ContentItem
) -> None:
    with with_model() as db, with_model() as other:
        server.behave = while_answering(
            lambda: contract.update_creative(other, project.id, item.id, {"body_text": "Theirs"})
        )
        with pytest.raises(EditConflict) as caught:
            contract.regenerate_creative(db, project.id, item.id)
        assert caught.value.context["theirs_text"]["body_text"] == "Theirs"
        assert caught.value.context["yours_text"]["body_text"] == "The new post"
        stored = contract.get_creative(db, project.id, item.id)
        assert (stored["body_text"], stored["version"]) == ("Theirs", 2)


def test_a_creative_that_was_deleted_meanwhile_stays_deleted(
    with_model: Sessions, server: HttpServer, project: Project, item: ContentItem
) -> None:
    with with_model() as db, with_model() as other:
        server.behave = while_answering(lambda: contract.delete_creative(other, project.id, item.id))
        with pytest.raises(NotFoundError, match="was deleted"):
            contract.regenerate_creative(db, project.id, item.id)
        assert contract.get_creative(db, project.id, item.id)["version"] == 1


def test_first_drafts_are_by_template_even_with_a_model(
    with_model: Sessions, server: HttpServer, project: Project
) -> None:
    with with_model() as db:
        assert {one["source"] for one in contract.get_creatives_for_project(db, project.id)} == {"template"}
    assert server.received == []


def test_a_runtime_without_a_model_has_none(runtime: Runtime) -> None:
    assert runtime.gateways.model is None

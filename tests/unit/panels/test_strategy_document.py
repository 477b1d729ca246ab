from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

import pytest

from workbench.operator_services.types import ProjectContext, StrategyRevision
from workbench.panels.strategy_document import Document

PAYLOADS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "</style></head><svg onload=alert(1)>",
    '"><iframe src="https://elsewhere.example">',
    "![seen](https://elsewhere.example/pixel.png)",
)


def document(text: str = "# Plan\n\nOwn the *weekend*.", *, decisions: Any = (), **values: Any) -> Document:
    context = {
        "project_name": "Autumn launch", "client": "Northwind Coffee", "timezone": "Europe/Berlin", "goal": "Demos",
        "audience": "Hauliers", "constraints": "", "budget": "", "target_niche": "",
    }  # fmt: skip
    revision = {
        "number": 4, "text": text, "status": "DRAFT", "in_force": False, "author": "Priya", "rejection_reason": None,
        "decided_by": None, "decided_at": None, "created_at": datetime(2026, 11, 20, 8, 30, tzinfo=UTC),
    }  # fmt: skip
    with_brief = values.pop("with_brief", False)
    context |= {name: value for name, value in values.items() if name in context}
    revision |= {name: value for name, value in values.items() if name in revision}
    return Document(cast(ProjectContext, context), cast(StrategyRevision, revision), with_brief, decisions)


@pytest.mark.parametrize(
    ("client", "name", "expected"),
    [
        ("Northwind Coffee", "Autumn launch", "northwind-coffee-autumn-launch-strategy-4.md"),
        ("", "../../etc/passwd", "etc-passwd-strategy-4.md"),
        ("Кофе", "秋", "кофе-秋-strategy-4.md"),
        ("", "!?", "project-strategy-4.md"),
        ("", "x" * 300, "x" * 100 + "-strategy-4.md"),
    ],
)
def test_a_file_is_named_after_client_project_and_revision(client: str, name: str, expected: str) -> None:
    assert document(client=client, project_name=name).file_name("md") == expected


def test_markdown_is_the_text_as_it_was_written() -> None:
    text = "# Plan\n\n- [ ] a & b <c>\n\n```\n*x*\n```\n"
    assert document(text).markdown() == text


def test_answers_and_decisions_that_look_like_markdown_stay_words() -> None:
    decided = {"time": "2026-11-20T09:00:00+00:00", "event": "Ben approved revision 4", "detail": "“# <b>”"}
    saved = document(goal="*Twenty* <b>", with_brief=True, decisions=[decided]).markdown()
    assert r"\*Twenty\* \<b\>" in saved
    assert "20 Nov 2026, 10:00: Ben approved revision 4. “\\# \\<b\\>”" in saved
    assert "Not said yet" in saved


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_field_of_the_saved_page_can_run_or_call_out(payload: str) -> None:
    decided = {"time": "2026-11-20T09:00:00+00:00", "event": payload, "detail": payload}
    shown = document(
        payload, client=payload, project_name=payload, author=payload, goal=payload, rejection_reason=payload,
        with_brief=True, decisions=[decided],
    ).html()  # fmt: skip
    assert "Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\"" in shown
    for tag in ("<script", "<img", "<svg", "<iframe", "<link", 'href="javascript'):
        assert tag not in shown.lower()
    assert shown.count("</style>") == 1


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "revision 4 by Priya, 20 Nov 2026, 09:30. A draft: it waits for approval."),
        (
            {"in_force": True, "decided_by": "Ben", "decided_at": datetime(2026, 11, 21, tzinfo=UTC)},
            "Approved and in force: Ben, 21 Nov 2026, 01:00.",
        ),
        ({"status": "REJECTED", "rejection_reason": "Too loud"}, "Rejected. Reason: Too loud"),
        ({"status": "SUPERSEDED"}, "Superseded."),
    ],
)  # fmt: skip
def test_on_paper_a_revision_says_what_it_is_and_what_was_decided(values: dict[str, Any], words: str) -> None:
    assert words in document(**values).html()


def test_brief_and_decisions_come_along_only_when_asked_for() -> None:
    assert "Hauliers" not in document().html() + document().markdown()
    assert "Hauliers" in document(with_brief=True).html()
